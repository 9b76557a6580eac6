#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

struct Pictures {
  Shape x;
  std::int64_t skip_channels;

  Shape skip() const { return {x[0], 2 * x[1], 2 * x[2], skip_channels}; }
  Shape y() const { return {x[0], 2 * x[1], 2 * x[2], x[3] + skip_channels}; }
  std::string label() const { return to_string(x) + " and " + std::to_string(skip_channels); }
};

void add_both(std::vector<Case>& list, const Pictures& pictures, Size size) {
  list.push_back({.operation = &operations::upsample_concatenate,
                  .label = pictures.label(),
                  .inputs = {numbers(pictures.x), numbers(pictures.skip())},
                  .size = size});
  list.push_back({.operation = &operations::upsample_concatenate_backward,
                  .label = pictures.label(),
                  .inputs = {numbers(pictures.y())},
                  .attributes = {{"channels", {static_cast<double>(pictures.x[3])}}},
                  .reduction = 4,
                  .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  // Odd channels; blocks on all sides; blocks on one side only, of x, of skip, and of the result.
  for (const Pictures& pictures :
       {Pictures{{1, 1, 1, 1}, 1}, Pictures{{2, 5, 3, 7}, 19}, Pictures{{3, 3, 5, 32}, 16}, Pictures{{1, 4, 3, 16}, 5},
        Pictures{{2, 3, 2, 3}, 48}, Pictures{{2, 2, 3, 24}, 40}, Pictures{{1, 3, 1, 17}, 15}})
    add_both(list, pictures, Size::small);
  // The finest scale of YOLOv3 at 416 x 416.
  for (const Size size : {Size::large, Size::huge})
    add_both(list, {{measured_batch(size), 26, 26, 128}, 256}, size);
  return list;
}

std::vector<GradientCase> gradient_cases() {
  std::vector<GradientCase> list;
  for (const Pictures& pictures : {Pictures{{2, 3, 2, 3}, 4}, Pictures{{1, 1, 3, 16}, 2}}) {
    list.push_back({"upsample_concatenate/" + pictures.label(), [pictures](GradientTrace& g) {
                      const ValueId x = g.value(numbers(pictures.x));
                      return ops::upsample_concatenate(g.tracer, x, g.value(numbers(pictures.skip())));
                    }});
  }
  return list;
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases
