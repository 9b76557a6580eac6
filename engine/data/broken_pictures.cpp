#include "engine/data/broken_pictures.h"

#include <algorithm>
#include <sstream>

#include "engine/base/error.h"

namespace sleight {

BrokenPictures::BrokenPictures(const PictureSource& pictures, const LoaderOptions& options)
    : pictures_(pictures),
      limit_(std::max(options.broken_minimum,
                      static_cast<std::int64_t>(options.broken_share * static_cast<double>(pictures.size())))) {}

void BrokenPictures::add(std::int64_t index, const char* reason) {
  const std::lock_guard lock(mutex_);
  const auto too_many = [&] { return static_cast<std::int64_t>(reasons_.size()) > limit_; };
  // Threads that come while the first one is on its way out say what it says.
  if (!too_many()) reasons_.try_emplace(index, reason);
  if (too_many()) stop("more than the limit of " + std::to_string(limit_));
}

void BrokenPictures::none_is_readable() {
  const std::lock_guard lock(mutex_);
  stop("all there are");
}

std::vector<BrokenPicture> BrokenPictures::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<BrokenPicture> broken;
  for (const auto& [index, reason] : reasons_)
    broken.push_back({index, pictures_.name(index), reason});
  return broken;
}

void BrokenPictures::stop(const std::string& how_many) const {
  std::ostringstream examples;
  int listed = 0;
  for (const auto& [index, reason] : reasons_)
    if (listed++ < 5) examples << "\n  " << pictures_.name(index) << ": " << reason;
  fail("too many broken pictures: ", reasons_.size(), " of ", pictures_.size(), ", ", how_many,
       ". Repair or remove them. The first:", examples.str());
}

}  // namespace sleight
