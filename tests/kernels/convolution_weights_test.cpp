#include <cstdint>
#include <numeric>
#include <stdexcept>
#include <vector>

#include "catch2_adapter.h"
#include "kernels/lib/weight_view.h"

namespace sleight::tests {
namespace {

using kernels::WeightLayout;
using kernels::WeightView;

template <class T>
std::vector<T> permuted(const WeightView& from, const std::vector<T>& source, const WeightView& to) {
  std::vector<T> result(source.size());
  kernels::permute_weights(from, source.data(), to, result.data(), sizeof(T));
  return result;
}

template <class T>
void test_round_trips() {
  for (const std::int64_t inputs : {1, 3, 16, 48}) {
    for (const std::int64_t outputs : {16, 32}) {
      const WeightView checkpoint{outputs, inputs, 3, 5, kernels::layout_oihw()};
      std::vector<T> values(checkpoint.size());
      std::iota(values.begin(), values.end(), T{1});
      std::vector<WeightLayout> layouts = {
          kernels::layout_oihw(), kernels::layout_ohwi(inputs), {16, inputs}, {8, inputs}};
      if (inputs % 16 == 0) layouts.insert(layouts.end(), {{16, 16}, {8, 8}});
      for (const WeightLayout& layout : layouts) {
        CAPTURE(inputs, outputs, layout.output_lanes, layout.input_lanes);
        const WeightView stored{outputs, inputs, 3, 5, layout};
        const std::vector<T> there = permuted(checkpoint, values, stored);
        CHECK(there[stored.offset(7, inputs - 1, 2, 4)] == values[checkpoint.offset(7, inputs - 1, 2, 4)]);
        CHECK(permuted(stored, there, checkpoint) == values);
      }
    }
  }
}

}  // namespace

TEST_CASE("weights survive the way into every layout and back", "[convolution]") {
  test_round_trips<std::uint16_t>();
  test_round_trips<std::uint32_t>();
  test_round_trips<std::uint64_t>();
}

TEST_CASE("weight layouts lie in memory as their names say", "[convolution]") {
  // OIHW, OHWI, OIhw16i16o and Ohwi16o of 32 outputs, 48 inputs, 3 x 5; element (o, i, h, w) = (17, 18, 2, 4).
  CHECK(WeightView{32, 48, 3, 5, kernels::layout_oihw()}.offset(17, 18, 2, 4) == ((17 * 48 + 18) * 3 + 2) * 5 + 4);
  CHECK(WeightView{32, 48, 3, 5, kernels::layout_ohwi(48)}.offset(17, 18, 2, 4) == ((17 * 3 + 2) * 5 + 4) * 48 + 18);
  CHECK(WeightView{32, 48, 3, 5, {16, 16}}.offset(17, 18, 2, 4) == ((((1 * 3 + 1) * 3 + 2) * 5 + 4) * 16 + 2) * 16 + 1);
  CHECK(WeightView{32, 48, 3, 5, {16, 48}}.offset(17, 18, 2, 4) == (((1 * 3 + 2) * 5 + 4) * 48 + 18) * 16 + 1);
}

TEST_CASE("permute_weights refuses views that do not match", "[convolution]") {
  std::vector<float> a(36);
  std::vector<float> b(36);
  const WeightView good{4, 3, 3, 1, kernels::layout_oihw()};
  CHECK_THROWS_AS(kernels::permute_weights(good, a.data(), {3, 4, 3, 1, {1, 1}}, b.data(), 4), std::invalid_argument);
  CHECK_THROWS_AS(kernels::permute_weights(good, a.data(), {4, 3, 1, 3, {1, 1}}, b.data(), 4), std::invalid_argument);
  CHECK_THROWS_AS(kernels::permute_weights(good, a.data(), {4, 3, 3, 1, {3, 1}}, b.data(), 4), std::invalid_argument);
  CHECK_THROWS_AS(kernels::permute_weights(good, a.data(), {4, 3, 3, 1, {1, 0}}, b.data(), 4), std::invalid_argument);
  CHECK_THROWS_AS(kernels::permute_weights(good, a.data(), good, b.data(), 3), std::invalid_argument);
}

}  // namespace sleight::tests
