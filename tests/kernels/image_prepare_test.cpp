#include "kernels/image_prepare.h"

#include "engine/value/random.h"
#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

using kernels::ImagePrepare;

struct Batch {
  std::int64_t batch, height, width, channels;
  std::vector<std::uint8_t> images;
  std::vector<std::int32_t> flip, partner;
  std::vector<float> lambda;

  Batch(std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c) : batch(n), height(h), width(w), channels(c) {
    RandomStream random(7, RandomPurpose::test, static_cast<std::uint64_t>(n * 10000 + h * 100 + w));
    images.resize(static_cast<std::size_t>(n * h * w * 3));
    for (std::uint8_t& byte : images)
      byte = static_cast<std::uint8_t>(random.below(256));
    for (std::int64_t i = 0; i < n; ++i) {
      flip.push_back(static_cast<std::int32_t>(i % 2));
      partner.push_back(static_cast<std::int32_t>((i + 1) % n));
      lambda.push_back(static_cast<float>(random.uniform()));
    }
  }

  // A device that keeps to its contract reads only these copies, between red zones.
  template <class T, class Device>
  std::vector<double> prepare(Device device, bool use_flip, bool use_mixup) const {
    GuardedBuffer<std::uint8_t> image_buffer(images, "images");
    GuardedBuffer<std::int32_t> flip_buffer(flip, "flip");
    GuardedBuffer<std::int32_t> partner_buffer(partner, "partner");
    GuardedBuffer<float> lambda_buffer(lambda, "lambda");
    GuardedBuffer<T> out(static_cast<std::size_t>(batch * height * width * channels), "out");
    ImagePrepare arguments;
    arguments.images = image_buffer.data();
    arguments.flip = use_flip ? flip_buffer.data() : nullptr;
    arguments.partner = use_mixup ? partner_buffer.data() : nullptr;
    arguments.lambda = use_mixup ? lambda_buffer.data() : nullptr;
    set_normalization(arguments);
    arguments.batch = batch;
    arguments.height = height;
    arguments.width = width;
    arguments.channels = channels;
    arguments.out = out.data();
    arguments.type = data_type_of<T>();
    image_prepare(device, arguments);
    return numbers(out);
  }

  static void set_normalization(ImagePrepare& arguments) {
    const float mean[3] = {123.68F, 116.779F, 103.939F};
    const float deviation[3] = {58.393F, 57.12F, 57.375F};
    for (int c = 0; c < 3; ++c) {
      arguments.mean[c] = mean[c];
      arguments.deviation[c] = deviation[c];
    }
  }

  // The definition, word for word.
  std::vector<double> reference(bool use_flip, bool use_mixup) const {
    ImagePrepare arguments;
    set_normalization(arguments);
    const auto norm = [&](std::int64_t n, std::int64_t h, std::int64_t w, std::int64_t c) {
      const bool mirrored = use_flip && flip[static_cast<std::size_t>(n)] != 0;
      const std::int64_t column = mirrored ? width - 1 - w : w;
      const double byte = images[static_cast<std::size_t>(((n * height + h) * width + column) * 3 + c)];
      return (byte - double{arguments.mean[c]}) / double{arguments.deviation[c]};
    };
    std::vector<double> out;
    for (std::int64_t n = 0; n < batch; ++n) {
      const double weight = use_mixup ? double{lambda[static_cast<std::size_t>(n)]} : 1.0;
      const std::int64_t other = partner[static_cast<std::size_t>(n)];
      for (std::int64_t h = 0; h < height; ++h)
        for (std::int64_t w = 0; w < width; ++w)
          for (std::int64_t c = 0; c < channels; ++c)
            out.push_back(c < 3 ? weight * norm(n, h, w, c) + (1 - weight) * norm(other, h, w, c) : 0.0);
    }
    return out;
  }
};

TEST_CASE("image_prepare: every layout, size and type agrees with the definition") {
  const std::int64_t sizes[][3] = {{1, 1, 1}, {2, 3, 5}, {3, 2, 8}, {3, 1, 33}, {2, 2, 131}};
  for (const auto& size : sizes) {
    for (const std::int64_t channels : {3, 4, 8}) {
      const Batch batch(size[0], size[1], size[2], channels);
      for (const bool flip : {false, true}) {
        for (const bool mixup : {false, true}) {
          for_each_type([&]<class T>(TypeTag<T>) {
            const auto run = [&](auto device) { return batch.prepare<T>(device, flip, mixup); };
            for (const DeviceResult& result : on_every_device<T>(run)) {
              CAPTURE(result.device, name_of(data_type_of<T>()), size[0], size[1], size[2], channels, flip, mixup);
              // Blending bytes near the mean cancels: the error is one of the bytes' own size, 255 / 57.
              require_close(result.values, batch.reference(flip, mixup), epsilon_of<T>(), 32 * 0x1.0p-23);
            }
          });
        }
      }
    }
  }
}

TEST_CASE("image_prepare: lambda 1 is bit for bit no mixup") {
  Batch batch(3, 2, 7, 3);
  for (float& lambda : batch.lambda)
    lambda = 1.0F;
  for_each_type([&]<class T>(TypeTag<T>) {
    const auto mixed = on_every_device<T>([&](auto device) { return batch.prepare<T>(device, true, true); });
    const auto plain = on_every_device<T>([&](auto device) { return batch.prepare<T>(device, true, false); });
    for (std::size_t i = 0; i < mixed.size(); ++i)
      CHECK(same_bits(mixed[i].values, plain[i].values));
  });
}

TEST_CASE("image_prepare: lambda 0 is bit for bit the partner alone") {
  Batch batch(3, 2, 7, 4);
  for (float& lambda : batch.lambda)
    lambda = 0.0F;
  const auto mixed = on_every_device<float>([&](auto device) { return batch.prepare<float>(device, true, true); });
  const auto plain = on_every_device<float>([&](auto device) { return batch.prepare<float>(device, true, false); });
  const std::size_t image = 2 * 7 * 4;
  for (std::size_t device = 0; device < mixed.size(); ++device)
    for (std::size_t i = 0; i < 3 * image; ++i)
      CHECK(mixed[device].values[i] == plain[device].values[(i + image) % (3 * image)]);
}

TEST_CASE("image_prepare: a partner that does not exist") {
  for (const std::int32_t partner : {-1, 3}) {
    Batch batch(3, 2, 5, 3);
    batch.partner[1] = partner;
    REQUIRE_THROWS_AS(batch.prepare<float>(kernels::Cpu{}, true, true), std::invalid_argument);

    const auto run = [&](auto device) { return batch.prepare<float>(device, true, true); };
    const std::vector<double> values = simt::run_in_three_orders(run);
    for (std::size_t i = 0; i < values.size(); ++i)
      CHECK(std::isnan(values[i]) == (i / 30 == 1));
  }
}

TEST_CASE("image_prepare: refuses wrong channels and deviations") {
  REQUIRE_THROWS_AS(Batch(1, 2, 2, 5).prepare<float>(kernels::Cpu{}, false, false), std::invalid_argument);
  REQUIRE_THROWS_AS(Batch(1, 2, 2, 5).prepare<float>(kernels::Simt{}, false, false), std::invalid_argument);
  ImagePrepare arguments;
  arguments.deviation[1] = 0;
  REQUIRE_THROWS_AS(image_prepare(kernels::Cpu{}, arguments), std::invalid_argument);
  REQUIRE_THROWS_AS(image_prepare(kernels::Simt{}, arguments), std::invalid_argument);
}

}  // namespace
}  // namespace sleight::test
