#include "engine/data/annotations/image_sizes.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>

#include "engine/base/error.h"
#include "engine/image/image_size.h"

namespace sleight {

namespace {

// They wait for the disk, hardly ever for the processor.
constexpr std::size_t most_threads = 8;
constexpr std::size_t images_at_once = 64;

}  // namespace

std::vector<ReadSize> read_image_sizes(const FileTree& tree, std::span<const StatedImage> images,
                                       ExifOrientation exif) {
  std::vector<ReadSize> sizes(images.size());
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    std::vector<std::byte> memory;
    for (std::size_t begin = next.fetch_add(images_at_once); begin < images.size();
         begin = next.fetch_add(images_at_once)) {
      for (std::size_t i = begin; i < std::min(begin + images_at_once, images.size()); ++i) {
        try {
          sizes[i].size = read_image_size(tree, images[i].file, exif, memory);
        } catch (const std::exception& error) {
          sizes[i].problem = error.what();
        }
      }
    }
  };
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < std::min(most_threads, images.size() / images_at_once); ++i)
    threads.emplace_back(work);
  work();
  return sizes;
}

}  // namespace sleight
