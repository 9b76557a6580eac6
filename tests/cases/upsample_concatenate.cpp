#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

struct Images {
  Shape x;
  std::int64_t skip_channels;

  Shape skip() const { return {x[0], 2 * x[1], 2 * x[2], skip_channels}; }
  Shape y() const { return {x[0], 2 * x[1], 2 * x[2], x[3] + skip_channels}; }
  std::string label() const { return to_string(x) + " and " + std::to_string(skip_channels); }
};

void add_both(std::vector<Case>& list, const Images& images, Size size) {
  list.push_back({.operation = &operations::upsample_concatenate,
                  .label = images.label(),
                  .inputs = {numbers(images.x), numbers(images.skip())},
                  .size = size});
  list.push_back({.operation = &operations::upsample_concatenate_backward,
                  .label = images.label(),
                  .inputs = {numbers(images.y())},
                  .attributes = {{"channels", {static_cast<double>(images.x[3])}}},
                  .reduction = 4,
                  .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  // Odd channels; blocks on all sides; blocks on one side only, of x, of skip, and of the result.
  for (const Images& images :
       {Images{{1, 1, 1, 1}, 1}, Images{{2, 5, 3, 7}, 19}, Images{{3, 3, 5, 32}, 16}, Images{{1, 4, 3, 16}, 5},
        Images{{2, 3, 2, 3}, 48}, Images{{2, 2, 3, 24}, 40}, Images{{1, 3, 1, 17}, 15}})
    add_both(list, images, Size::small);
  // The finest scale of YOLOv3 at 416 x 416.
  for (const Size size : {Size::large, Size::huge})
    add_both(list, {{measured_batch(size), 26, 26, 128}, 256}, size);
  return list;
}

std::vector<GradientCase> gradient_cases() {
  std::vector<GradientCase> list;
  for (const Images& images : {Images{{2, 3, 2, 3}, 4}, Images{{1, 1, 3, 16}, 2}}) {
    list.push_back({"upsample_concatenate/" + images.label(), [images](GradientTrace& g) {
                      const ValueId x = g.value(numbers(images.x));
                      return ops::upsample_concatenate(g.tracer, x, g.value(numbers(images.skip())));
                    }});
  }
  return list;
}

const Registration registration(cases(), gradient_cases());

}  // namespace
}  // namespace sleight::cases
