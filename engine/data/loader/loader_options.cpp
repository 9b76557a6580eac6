#include "engine/data/loader/loader_options.h"

#include <vector>

#include "engine/base/error.h"

namespace sleight {

namespace {

std::shared_ptr<std::uint8_t> allocate_ordinary(std::size_t bytes) {
  const auto memory = std::make_shared<std::vector<std::uint8_t>>(bytes);
  return {memory, memory->data()};
}

}  // namespace

std::function<std::shared_ptr<std::uint8_t>(std::size_t bytes)> pinned_pixels(const Device& device) {
  if (device.is_host()) return {};
  return [&device](std::size_t bytes) {
    const auto buffer = std::make_shared<Buffer>(device.allocate_pinned(static_cast<std::int64_t>(bytes)));
    return std::shared_ptr<std::uint8_t>(buffer, reinterpret_cast<std::uint8_t*>(buffer->data()));
  };
}

void check_loader_options(const LoaderOptions& options, std::int64_t images) {
  check(images > 0, "the loader's dataset has no images");
  check(options.threads >= 1 && options.threads <= 1024, "the loader needs 1 to 1024 threads, not ", options.threads);
  check(options.slots >= 2, "the loader needs at least 2 slots, not ", options.slots,
        ": one to be filled while another is used");
  check(options.first_step >= 0, "the loader's first step must not be negative: ", options.first_step);
  check(options.maximum_batch_size > 0 && options.maximum_height > 0 && options.maximum_width > 0,
        "the loader's largest batch must be given: it is ", options.maximum_batch_size, " images of ",
        options.maximum_width, " x ", options.maximum_height);
  check(options.broken_share >= 0.0 && options.broken_share <= 1.0 && options.broken_minimum >= 0,
        "the share of broken images must lie within [0, 1] and their number not be negative, not ",
        options.broken_share, " and ", options.broken_minimum);
}

std::shared_ptr<std::uint8_t> allocate_slot_pixels(const LoaderOptions& options) {
  const std::size_t batch = static_cast<std::size_t>(options.maximum_batch_size);
  const std::size_t bytes = batch * static_cast<std::size_t>(options.maximum_height * options.maximum_width) * 3;
  auto pixels = options.allocate_pixels ? options.allocate_pixels(bytes) : allocate_ordinary(bytes);
  check(pixels != nullptr, "the loader got no memory for a slot of ", bytes, " bytes");
  return pixels;
}

void check_batch_size(const LoaderOptions& options, std::int64_t step, std::size_t count, std::int64_t height,
                      std::int64_t width) {
  check(count > 0 && count <= static_cast<std::size_t>(options.maximum_batch_size), "step ", step, " asks for ", count,
        " images; the loader was made for 1 to ", options.maximum_batch_size);
  check(height > 0 && height <= options.maximum_height && width > 0 && width <= options.maximum_width, "step ", step,
        " asks for images of ", width, " x ", height, "; the loader was made for up to ", options.maximum_width, " x ",
        options.maximum_height);
}

}  // namespace sleight
