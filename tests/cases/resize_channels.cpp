#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

Case make(const Shape& shape, std::int64_t channels, Size size) {
  return {.operation = &operations::resize_channels,
          .label = to_string(shape) + " to " + std::to_string(channels),
          .inputs = {numbers(shape)},
          .attributes = {{"channels", {static_cast<double>(channels)}}},
          .size = size};
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const auto& [shape, channels] :
       {std::pair{Shape{1}, 1}, std::pair{Shape{1}, 9}, std::pair{Shape{5}, 3}, std::pair{Shape{7, 3}, 8},
        std::pair{Shape{7, 8}, 3}, std::pair{Shape{9, 7, 7, 3}, 8}, std::pair{Shape{13, 255}, 256},
        std::pair{Shape{13, 256}, 255}, std::pair{Shape{31, 17}, 17}, std::pair{Shape{2, 5, 3, 5}, 1}})
    list.push_back(make(shape, channels, Size::small));
  // The weights of a first layer, their gradient, and an image as large.
  for (const auto& [shape, channels] : {std::pair{Shape{64, 7, 7, 3}, 8}, std::pair{Shape{64, 7, 7, 8}, 3}})
    list.push_back(make(shape, channels, Size::large));
  list.push_back(make({measured_batch(Size::huge), 224, 224, 3}, 8, Size::huge));
  return list;
}

std::vector<GradientCase> gradient_cases() {
  std::vector<GradientCase> list;
  for (const std::int64_t channels : {2, 7}) {
    list.push_back({"resize_channels/3x5 to " + std::to_string(channels), [channels](GradientTrace& g) {
                      return ops::resize_channels(g.tracer, g.value(numbers({3, 5})), channels);
                    }});
  }
  return list;
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases
