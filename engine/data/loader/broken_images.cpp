#include "engine/data/loader/broken_images.h"

#include <algorithm>
#include <sstream>

#include "engine/base/error.h"

namespace sleight {

BrokenImages::BrokenImages(const ImageSource& images, const LoaderOptions& options)
    : images_(images),
      limit_(std::max(options.broken_minimum,
                      static_cast<std::int64_t>(options.broken_share * static_cast<double>(images.size())))) {}

void BrokenImages::add(std::int64_t index, const char* reason) {
  const std::lock_guard lock(mutex_);
  const auto too_many = [&] { return static_cast<std::int64_t>(reasons_.size()) > limit_; };
  // Threads that arrive while the first one is stopping the run throw the same message.
  if (!too_many()) reasons_.try_emplace(index, reason);
  if (too_many()) stop("more than the limit of " + std::to_string(limit_));
}

void BrokenImages::none_is_readable() {
  const std::lock_guard lock(mutex_);
  stop("all there are");
}

std::vector<BrokenImage> BrokenImages::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<BrokenImage> broken;
  for (const auto& [index, reason] : reasons_)
    broken.push_back({index, images_.name(index), reason});
  return broken;
}

void BrokenImages::stop(const std::string& how_many) const {
  std::ostringstream examples;
  int listed = 0;
  for (const auto& [index, reason] : reasons_)
    if (listed++ < 5) examples << "\n  " << images_.name(index) << ": " << reason;
  fail("too many broken images: ", reasons_.size(), " of ", images_.size(), ", ", how_many,
       ". Repair or remove them. The first:", examples.str());
}

}  // namespace sleight
