#include "tests/cases/resnet50_tensors.h"

#include <algorithm>
#include <iterator>

namespace sleight::cases {

std::vector<Shape> resnet50_parameters() {
  std::vector<Shape> list;
  const auto convolution = [&](std::int64_t from, std::int64_t to, std::int64_t kernel) {
    list.insert(list.end(), {{to, kernel, kernel, from}, {to}, {to}});
  };
  convolution(3, 64, 7);
  std::int64_t channels = 64;
  std::int64_t width = 64;
  for (const int blocks : {3, 4, 6, 3}) {
    for (int block = 0; block < blocks; ++block) {
      convolution(channels, width, 1);
      convolution(width, width, 3);
      convolution(width, 4 * width, 1);
      if (block == 0) convolution(channels, 4 * width, 1);  // of the shortcut
      channels = 4 * width;
    }
    width *= 2;
  }
  list.insert(list.end(), {{1000, channels}, {1000}});
  return list;
}

std::vector<Shape> resnet50_weights() {
  const std::vector<Shape> all = resnet50_parameters();
  std::vector<Shape> weights;
  std::copy_if(all.begin(), all.end(), std::back_inserter(weights),
               [](const Shape& shape) { return shape.size() > 1; });
  return weights;
}

std::vector<Shape> resnet50_running_statistics() {
  std::vector<Shape> list;
  for (const Shape& shape : resnet50_weights()) {
    if (shape.size() == 4) list.insert(list.end(), 2, Shape{shape.front()});
  }
  return list;
}

}  // namespace sleight::cases
