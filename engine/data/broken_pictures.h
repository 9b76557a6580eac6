// What a loader remembers of the pictures that it could not read.
#pragma once

#include <algorithm>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/data/loader.h"

namespace sleight {

// Pictures that could not be read, from any thread.
class BrokenPictures {
 public:
  BrokenPictures(const Dataset& dataset, const LoaderOptions& options)
      : dataset_(dataset),
        limit_(std::max(options.broken_minimum,
                        static_cast<std::int64_t>(options.broken_share * static_cast<double>(dataset.size())))) {}

  // Throws Error when there are too many by now.
  void add(std::int64_t index, const char* reason) {
    const std::lock_guard lock(mutex_);
    reasons_.try_emplace(index, reason);
    if (static_cast<std::int64_t>(reasons_.size()) > limit_) stop("more than the limit of " + std::to_string(limit_));
  }

  [[noreturn]] void none_is_readable() {
    const std::lock_guard lock(mutex_);
    stop("all there are");
  }

  std::vector<BrokenPicture> list() const {
    const std::lock_guard lock(mutex_);
    std::vector<BrokenPicture> broken;
    for (const auto& [index, reason] : reasons_)
      broken.push_back({index, dataset_.name(index), reason});
    return broken;
  }

 private:
  [[noreturn]] void stop(const std::string& how_many) const {
    std::ostringstream examples;
    int listed = 0;
    for (const auto& [index, reason] : reasons_)
      if (listed++ < 5) examples << "\n  " << dataset_.name(index) << ": " << reason;
    fail("too many broken pictures: ", reasons_.size(), " of ", dataset_.size(), ", ", how_many,
         ". Repair or remove them. The first:", examples.str());
  }

  const Dataset& dataset_;
  const std::int64_t limit_;
  mutable std::mutex mutex_;
  std::map<std::int64_t, std::string> reasons_;
};

}  // namespace sleight
