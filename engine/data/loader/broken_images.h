// The images that could not be read, found by any thread: counted and named, with a limit that stops the run.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/data/loader/image_source.h"
#include "engine/data/loader/loader_options.h"

namespace sleight {

class BrokenImages {
 public:
  // The source must outlive the list.
  BrokenImages(const ImageSource& images, const LoaderOptions& options);

  // An image counts once. Throws Error, naming the first few, once there are more than the options allow.
  void add(std::int64_t index, const char* reason);

  // Throws Error: no image is readable.
  [[noreturn]] void none_is_readable();

  // In order of index.
  std::vector<BrokenImage> list() const;

 private:
  [[noreturn]] void stop(const std::string& how_many) const;

  const ImageSource& images_;
  const std::int64_t limit_;
  mutable std::mutex mutex_;
  std::map<std::int64_t, std::string> reasons_;
};

}  // namespace sleight
