// Runs a case with the threads of each block in forward, reverse and shuffled order. A kernel whose result depends on
// the order has a race: on a GPU it would depend on the weather.
#pragma once

#include <cstddef>
#include <cstring>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>

#include "kernels/lib/execution_target.h"
#include "kernels/simt/executor.h"

namespace sleight::simt {

// Calls function(Simt{order}) for each order. It makes its own buffers, runs kernels and returns the result, a
// contiguous range of trivially copyable elements (std::vector, GuardedBuffer). Throws SimtError when two results
// differ in any bit; returns the result of the forward order.
template <class Function>
auto run_in_three_orders(Function&& function) {
  using kernels::ThreadOrder;
  auto forward = function(kernels::Simt{ThreadOrder::forward});
  using Result = decltype(forward);
  using Element = std::remove_cvref_t<decltype(*std::ranges::data(forward))>;
  static_assert(std::is_trivially_copyable_v<Element>);
  const auto compare = [&](const Result& other, const std::string& order) {
    const std::size_t count = std::ranges::size(forward);
    if (std::ranges::size(other) != count) throw SimtError("simt: results of different sizes in two thread orders");
    for (std::size_t i = 0; i < count; ++i) {
      if (std::memcmp(std::ranges::data(forward) + i, std::ranges::data(other) + i, sizeof(Element)) != 0) {
        throw SimtError("simt: a race: element " + std::to_string(i) + " of " + std::to_string(count) +
                        " differs between forward and " + order + " thread order");
      }
    }
  };
  compare(function(kernels::Simt{ThreadOrder::reverse}), "reverse");
  compare(function(kernels::Simt{ThreadOrder::shuffled}), "shuffled");
  return forward;
}

}  // namespace sleight::simt
