// Pictures that could not be read, found by any thread: counted, named, and a reason to stop when they are too many.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/data/loader_options.h"

namespace sleight {

class BrokenPictures {
 public:
  // The source must outlive the list.
  BrokenPictures(const PictureSource& pictures, const LoaderOptions& options);

  // A picture counts once. Throws Error, with the first few, when there are more than the options allow by now.
  void add(std::int64_t index, const char* reason);

  // Throws Error.
  [[noreturn]] void none_is_readable();

  // In order of index.
  std::vector<BrokenPicture> list() const;

 private:
  [[noreturn]] void stop(const std::string& how_many) const;

  const PictureSource& pictures_;
  const std::int64_t limit_;
  mutable std::mutex mutex_;
  std::map<std::int64_t, std::string> reasons_;
};

}  // namespace sleight
