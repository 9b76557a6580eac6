#include "tools/common/prepared_images.h"

#include <cmath>
#include <utility>

#include "engine/ops/ops.h"
#include "engine/program/execute.h"

namespace sleight {

std::vector<Image> prepared_images(const BatchView& batch) {
  Tracer trace(Mode::inference);
  const std::int64_t n = batch.size;
  const ValueId images = trace.input("images", {n, batch.height, batch.width, 3}, DataType::uint8);
  const ValueId flips = trace.input("flips", {n}, DataType::int32);
  const ValueId partners = trace.input("partners", {n}, DataType::int32);
  const ValueId lambdas = trace.input("lambdas", {n}, DataType::float32);
  trace.result(ops::image_prepare(trace, images, flips, partners, lambdas, {.mean = {0, 0, 0}, .deviation = {1, 1, 1}}),
               "prepared");
  Context context("cpu", 1);
  Executable executable(std::move(trace.program()), context);
  executable.bind("images", batch.images.data());
  executable.bind("flips", batch.flips.data());
  executable.bind("partners", batch.partners.data());
  executable.bind("lambdas", batch.lambdas.data());
  executable.run();
  const auto values = executable.result<float>("prepared");
  std::vector<Image> prepared;
  const auto size = static_cast<std::size_t>(batch.height * batch.width * 3);
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    Image image(batch.height, batch.width);
    for (std::size_t k = 0; k < size; ++k) {
      image.view().pixels[k] = static_cast<std::uint8_t>(std::lround(values[i * size + k]));
    }
    prepared.push_back(std::move(image));
  }
  return prepared;
}

}  // namespace sleight
