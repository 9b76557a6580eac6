#include "engine/data/loader/validation_share.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/hash.h"

namespace sleight {

namespace {

// FNV-1a, and the end of MurmurHash3 over it: names that differ in their last digit are neighbors after the first alone.
std::uint64_t hash_of(const std::string& name) {
  Fnv1a bytes;
  bytes.add(name);
  std::uint64_t hash = bytes.value();
  hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccdU;
  hash = (hash ^ (hash >> 33U)) * 0xc4ceb9fe1a85ec53U;
  return hash ^ (hash >> 33U);
}

}  // namespace

std::vector<bool> held_out(std::span<const std::string> names, std::span<const std::int64_t> strata, double share) {
  check(names.size() == strata.size(), names.size(), " names have ", strata.size(), " strata");
  check(share > 0.0 && share < 1.0, "the share of the images to hold out must be above 0 and below 1, not ", share);
  check(names.size() >= 2, "of ", names.size(),
        " images none can be held out for evaluation. Add images, or name a split to evaluate on");
  using Ranked = std::pair<std::uint64_t, std::size_t>;
  std::map<std::int64_t, std::vector<Ranked>> by_stratum;
  Ranked first{~std::uint64_t{0}, 0};
  for (std::size_t i = 0; i < names.size(); ++i) {
    const Ranked ranked{hash_of(names[i]), i};
    by_stratum[strata[i]].push_back(ranked);
    first = std::min(first, ranked);
  }
  std::vector<bool> is_held_out(names.size(), false);
  std::size_t count = 0;
  for (auto& [stratum, ranked] : by_stratum) {
    // Names of equal hash are ordered by the name: the order of the files must not decide.
    std::ranges::sort(ranked, [&](const Ranked& a, const Ranked& b) {
      return a.first != b.first ? a.first < b.first : names[a.second] < names[b.second];
    });
    const auto wanted = static_cast<std::size_t>(std::llround(share * static_cast<double>(ranked.size())));
    const std::size_t taken = std::min(wanted, ranked.size() - 1);
    for (std::size_t i = 0; i < taken; ++i)
      is_held_out[ranked[i].second] = true;
    count += taken;
  }
  // Many strata of one or two samples each.
  if (count == 0) is_held_out[first.second] = true;
  return is_held_out;
}

}  // namespace sleight
