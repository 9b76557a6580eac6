#include "tools/common/prepared_pictures.h"

#include <cmath>
#include <utility>

#include "engine/ops/ops.h"
#include "engine/program/execute.h"

namespace sleight {

std::vector<Picture> prepared_pictures(const BatchView& batch) {
  Tracer trace(Mode::inference);
  const std::int64_t n = batch.size;
  const ValueId images = trace.input("images", {n, batch.height, batch.width, 3}, DataType::uint8);
  const ValueId flips = trace.input("flips", {n}, DataType::int32);
  const ValueId partners = trace.input("partners", {n}, DataType::int32);
  const ValueId lambdas = trace.input("lambdas", {n}, DataType::float32);
  trace.result(ops::image_prepare(trace, images, flips, partners, lambdas, {.mean = {0, 0, 0}, .deviation = {1, 1, 1}}),
               "pictures");
  Context context("cpu", 1);
  Executable executable(std::move(trace.program()), context);
  executable.bind("images", batch.images.data());
  executable.bind("flips", batch.flips.data());
  executable.bind("partners", batch.partners.data());
  executable.bind("lambdas", batch.lambdas.data());
  executable.run();
  const auto values = executable.result<float>("pictures");
  std::vector<Picture> pictures;
  const auto size = static_cast<std::size_t>(batch.height * batch.width * 3);
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    Picture picture(batch.height, batch.width);
    for (std::size_t k = 0; k < size; ++k) {
      picture.view().pixels[k] = static_cast<std::uint8_t>(std::lround(values[i * size + k]));
    }
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

}  // namespace sleight
