#include "kernels/image_prepare_resident.h"

#include <algorithm>

#include "engine/value/random.h"
#include "kernels/image_prepare.h"
#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

using kernels::ImagePrepare;
using kernels::ImagePrepareResident;

struct Scene {
  std::int64_t count, source_height, source_width;
  std::int64_t batch, height, width, channels;
  std::vector<std::uint8_t> images;
  std::vector<std::int32_t> index, window, flip, partner;
  std::vector<float> lambda;

  // Windows that begin up to `reach` pixels before and after the image's corner.
  Scene(std::int64_t p, std::int64_t sh, std::int64_t sw, std::int64_t n, std::int64_t h, std::int64_t w,
        std::int64_t c, std::int64_t reach)
      : count(p), source_height(sh), source_width(sw), batch(n), height(h), width(w), channels(c) {
    RandomStream random(9, RandomPurpose::test, static_cast<std::uint64_t>(p * 10000 + h * 100 + w));
    images.resize(static_cast<std::size_t>(p * sh * sw * 3));
    for (std::uint8_t& byte : images)
      byte = static_cast<std::uint8_t>(random.below(256));
    for (std::int64_t i = 0; i < n; ++i) {
      index.push_back(static_cast<std::int32_t>(random.below(p)));
      window.push_back(static_cast<std::int32_t>(random.below(2 * reach + 1) - reach));
      window.push_back(static_cast<std::int32_t>(random.below(2 * reach + 1) - reach));
      flip.push_back(static_cast<std::int32_t>(i % 2));
      partner.push_back(static_cast<std::int32_t>((i + 1) % n));
      lambda.push_back(i % 3 == 2 ? 1.0F : static_cast<float>(random.uniform()));
    }
  }

  template <class Arguments>
  void describe(Arguments& arguments) const {
    const float mean[3] = {125.307F, 122.950F, 113.865F};
    const float deviation[3] = {62.993F, 62.089F, 66.705F};
    std::copy_n(mean, 3, arguments.mean);
    std::copy_n(deviation, 3, arguments.deviation);
    arguments.batch = batch;
    arguments.height = height;
    arguments.width = width;
    arguments.channels = channels;
  }

  std::size_t out_size() const { return static_cast<std::size_t>(batch * height * width * channels); }

  template <class T, class Device>
  std::vector<double> prepare(Device device, bool use_flip, bool use_mixup) const {
    // As memory of a device is: an image's row may begin at any address behind.
    GuardedBuffer<std::uint8_t> image_buffer(images, "images");
    GuardedBuffer<std::int32_t> index_buffer(index, "index");
    GuardedBuffer<std::int32_t> window_buffer(window, "window");
    GuardedBuffer<std::int32_t> flip_buffer(flip, "flip");
    GuardedBuffer<std::int32_t> partner_buffer(partner, "partner");
    GuardedBuffer<float> lambda_buffer(lambda, "lambda");
    GuardedBuffer<T> out(out_size(), "out");
    ImagePrepareResident arguments{.images = image_buffer.data(),
                                   .index = index_buffer.data(),
                                   .window = window_buffer.data(),
                                   .flip = use_flip ? flip_buffer.data() : nullptr,
                                   .partner = use_mixup ? partner_buffer.data() : nullptr,
                                   .lambda = use_mixup ? lambda_buffer.data() : nullptr,
                                   .count = count,
                                   .source_height = source_height,
                                   .source_width = source_width,
                                   .out = out.data(),
                                   .type = data_type_of<T>()};
    describe(arguments);
    image_prepare_resident(device, arguments);
    return numbers(out);
  }

  // The windows cut by hand, byte by byte, as the definition says.
  std::vector<std::uint8_t> windows_of_images() const {
    std::vector<std::uint8_t> result;
    for (std::size_t n = 0; n < index.size(); ++n) {
      for (std::int64_t h = 0; h < height; ++h) {
        for (std::int64_t w = 0; w < width; ++w) {
          for (std::int64_t c = 0; c < 3; ++c) {
            const std::int64_t y = window[2 * n] + h, x = window[2 * n + 1] + w;
            const bool inside = y >= 0 && y < source_height && x >= 0 && x < source_width;
            const std::int64_t at = ((index[n] * source_height + y) * source_width + x) * 3 + c;
            result.push_back(inside ? images[static_cast<std::size_t>(at)] : std::uint8_t{0});
          }
        }
      }
    }
    return result;
  }

  // What image_prepare makes of the windows.
  template <class T, class Device>
  std::vector<double> prepare_images(Device device, bool use_flip, bool use_mixup) const {
    const std::vector<std::uint8_t> bytes = windows_of_images();
    GuardedBuffer<T> out(out_size(), "out");
    ImagePrepare arguments{.images = bytes.data(),
                           .flip = use_flip ? flip.data() : nullptr,
                           .partner = use_mixup ? partner.data() : nullptr,
                           .lambda = use_mixup ? lambda.data() : nullptr,
                           .out = out.data(),
                           .type = data_type_of<T>()};
    describe(arguments);
    image_prepare(device, arguments);
    return numbers(out);
  }
};

}  // namespace

TEST_CASE("image_prepare_resident: the bits of image_prepare on windows that were cut before") {
  const Scene scenes[] =
      {
          {3, 1, 1, 2, 1, 1, 3, 1},       {4, 5, 7, 3, 5, 7, 3, 4},     {4, 5, 7, 5, 4, 3, 4, 2},
          {3, 2, 9, 3, 5, 11, 8, 3},      {5, 16, 16, 3, 16, 16, 3, 4}, {4, 8, 32, 4, 8, 32, 3, 4},
          {2, 3, 5, 3, 3, 5, 3, 9},      // many windows show nothing of their image
          {2, 37, 41, 2, 37, 41, 3, 4},  // several blocks for an image
          {2, 2, 1400, 2, 2, 1400, 3, 4},
      };
  for (const Scene& scene : scenes) {
    for (const bool flip : {false, true}) {
      for (const bool mixup : {false, true}) {
        for_each_type([&]<class T>(TypeTag<T>) {
          const auto resident = on_every_device<T>([&](auto device) { return scene.prepare<T>(device, flip, mixup); });
          const auto images =
              on_every_device<T>([&](auto device) { return scene.prepare_images<T>(device, flip, mixup); });
          for (std::size_t i = 0; i < resident.size(); ++i) {
            CAPTURE(resident[i].device, name_of(data_type_of<T>()), scene.height, scene.width, scene.channels, flip,
                    mixup);
            CHECK(same_bits(resident[i].values, images[i].values));
          }
        });
      }
    }
  }
}

TEST_CASE("image_prepare_resident: an index or a partner that does not exist") {
  const auto check_one_image = [](const Scene& scene, std::size_t first_bad, std::size_t second_bad) {
    REQUIRE_THROWS_AS(scene.prepare<float>(kernels::Cpu{}, true, true), std::invalid_argument);
    const std::vector<double> values =
        simt::run_in_three_orders([&](auto device) { return scene.prepare<float>(device, true, true); });
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::size_t n = i / 30;
      CHECK(std::isnan(values[i]) == (n == first_bad || n == second_bad));
    }
  };
  for (const std::int32_t bad : {-1, 4, 1000000}) {
    // Images 0 and 1 show image 1 of the batch; 1's partner is 2.
    Scene scene(4, 2, 5, 4, 2, 5, 3, 1);
    scene.lambda = {0.5F, 0.5F, 0.5F, 0.5F};
    scene.index[1] = bad;
    check_one_image(scene, 0, 1);
    scene.index[1] = 0;
    scene.partner[2] = bad;
    check_one_image(scene, 2, 2);
  }
}

TEST_CASE("image_prepare_resident: refuses wrong channels, deviations and widths") {
  const auto refuses = [](const ImagePrepareResident& arguments) {
    REQUIRE_THROWS_AS(image_prepare_resident(kernels::Cpu{}, arguments), std::invalid_argument);
    REQUIRE_THROWS_AS(image_prepare_resident(kernels::Simt{}, arguments), std::invalid_argument);
  };
  refuses({.channels = 5});
  ImagePrepareResident arguments;
  arguments.deviation[1] = 0;
  refuses(arguments);
  refuses({.width = 16385});
}

}  // namespace sleight::test
