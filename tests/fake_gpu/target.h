// The fake GPU's side of kernels/lib/launch.h: kernels are compiled by the host compiler for Cuda, and start_kernel
// queues them on a stream of the fake GPU, where the simt executor runs them when their turn comes.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "kernels/lib/execution_target.h"
#include "tests/fake_gpu/work.h"

#define SLEIGHT_TARGET_NAMESPACE fake_target

#include "kernels/simt/host_target.h"

namespace sleight::kernels {
inline namespace SLEIGHT_TARGET_NAMESPACE {

using Target = Cuda;

// The addresses among a kernel's arguments. Those inside of structures are not seen.
template <class... Arguments>
std::vector<fake::Access> addresses_in(const Arguments&... arguments) {
  std::vector<fake::Access> addresses;
  const auto look = [&](const auto& argument) {
    if constexpr (std::is_pointer_v<std::remove_cvref_t<decltype(argument)>>) addresses.push_back({argument, 0});
  };
  (look(arguments), ...);
  return addresses;
}

template <class... Parameters>
const char* start_kernel(Cuda target, const char* name, void (*kernel)(Parameters...), dim3 blocks, dim3 threads,
                         std::size_t dynamic_shared_bytes, Parameters... arguments) {
  const simt::Grid grid = {blocks, threads, dynamic_shared_bytes};
  const int error =
      fake::enqueue(target.stream, {.name = name, .accesses = addresses_in(arguments...), .run = [=] {
                                      simt::execute(name, grid, ThreadOrder::forward, [&] { kernel(arguments...); });
                                    }});
  return error == 0 ? nullptr : fake::describe_error(error);
}

}  // namespace SLEIGHT_TARGET_NAMESPACE
}  // namespace sleight::kernels
