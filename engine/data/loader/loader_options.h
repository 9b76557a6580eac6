// What both loaders share: options, statistics, and the record of broken images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "engine/device/device.h"

namespace sleight {

struct LoaderOptions {
  std::uint64_t seed = 0;
  int threads = 1;
  int slots = 4;                        // batches in preparation or in use at one time; at least 2
  std::int64_t first_step = 0;          // of a resumed run
  std::int64_t maximum_batch_size = 0;  // required: slots are allocated for the largest batch of the largest images
  std::int64_t maximum_height = 0;
  std::int64_t maximum_width = 0;
  // The run stops when more images than this cannot be read: max(broken_minimum, broken_share * dataset size).
  double broken_share = 0.01;
  std::int64_t broken_minimum = 10;
  // Where the pixels of a slot live: pinned memory for a GPU run; by default ordinary memory.
  std::function<std::shared_ptr<std::uint8_t>(std::size_t bytes)> allocate_pixels = {};
  // For labeled images that live on the device (resident_images.h): for each image of the dataset, the image that
  // represents it. The loader then reads and decodes no pixels; a batch has windows of images instead, from the same
  // draws. Must outlive the loader.
  std::span<const std::int64_t> resident_sources = {};
};

struct BrokenImage {
  std::int64_t index = 0;
  std::string name;
  std::string reason;
};

// Sums since the start, in nanoseconds and images. Work is summed over the threads.
struct LoaderStatistics {
  std::int64_t reading = 0;           // getting the stored bytes
  std::int64_t decoding = 0;          // JPEG and PNG to pixels
  std::int64_t augmenting = 0;        // crop, resize, color
  std::int64_t waiting_for_slot = 0;  // workers had no free slot: the consumer is slower than the loader
  std::int64_t consumer_waiting = 0;  // next() had no finished batch: the loader is slower than the consumer
  std::int64_t images = 0;            // prepared
  std::int64_t batches = 0;           // handed out
  std::int64_t replaced = 0;          // places in batches filled with a replacement of a broken image
};

// For LoaderOptions::allocate_pixels: pinned memory for a GPU, empty for the host.
std::function<std::shared_ptr<std::uint8_t>(std::size_t bytes)> pinned_pixels(const Device& device);

// Throws Error for options that are invalid for a dataset of this many images.
void check_loader_options(const LoaderOptions& options, std::int64_t images);

// Memory for the pixels of one slot: the largest batch of the largest images. Throws Error if the allocation fails.
std::shared_ptr<std::uint8_t> allocate_slot_pixels(const LoaderOptions& options);

// Throws Error if the batch of step `step` is empty or does not fit into the slots.
void check_batch_size(const LoaderOptions& options, std::int64_t step, std::size_t count, std::int64_t height,
                      std::int64_t width);

}  // namespace sleight
