// Which samples are held out: by their names alone, of every stratum, the same on every machine.
#include "engine/data/loader/validation_share.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "catch2_adapter.h"
#include "engine/base/error.h"

using namespace sleight;

namespace {

std::vector<std::string> names_of(int count) {
  std::vector<std::string> names;
  for (int i = 0; i < count; ++i)
    names.push_back("class/" + std::to_string(i) + ".jpg");
  return names;
}

std::set<std::string> held_names(const std::vector<std::string>& names, const std::vector<std::int64_t>& strata,
                                 double share) {
  const std::vector<bool> held = held_out(names, strata, share);
  std::set<std::string> result;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (held[i]) result.insert(names[i]);
  return result;
}

}  // namespace

TEST_CASE("the share of every stratum is held out, and never all of it") {
  std::vector<std::string> names = names_of(1000);
  std::vector<std::int64_t> strata(1000, 7);
  std::fill(strata.begin(), strata.begin() + 10, -1);
  std::fill(strata.begin() + 10, strata.begin() + 11, 3);
  const std::vector<bool> held = held_out(names, strata, 0.2);
  CHECK(std::count(held.begin(), held.begin() + 10, true) == 2);
  CHECK_FALSE(held[10]);
  CHECK(std::count(held.begin() + 11, held.end(), true) == 198);
  CHECK(held_names({"a", "b"}, {0, 0}, 0.9).size() == 1);
  CHECK(held_names({"a", "b", "c"}, {0, 1, 2}, 0.2).size() == 1);
}

TEST_CASE("neither the order of the samples nor others decide, and neighbors in name are apart") {
  std::vector<std::string> names = names_of(500);
  const std::vector<std::int64_t> strata(500, 0);
  const std::set<std::string> held = held_names(names, strata, 0.2);
  std::ranges::reverse(names);
  CHECK(held_names(names, strata, 0.2) == held);
  // One more sample moves at most one.
  names.push_back("class/new.jpg");
  std::set<std::string> moved;
  std::ranges::set_symmetric_difference(held_names(names, std::vector<std::int64_t>(501, 0), 0.2), held,
                                        std::inserter(moved, moved.end()));
  CHECK(moved.size() <= 2);
  // A tenth of the names each hundred: not the first ones, not the last ones.
  for (int hundred = 0; hundred < 5; ++hundred) {
    int count = 0;
    for (int i = 100 * hundred; i < 100 * hundred + 100; ++i)
      count += held.contains("class/" + std::to_string(i) + ".jpg") ? 1 : 0;
    CHECK(count >= 8);
    CHECK(count <= 34);
  }
  // Written down: another program, another day, another machine.
  CHECK(held_names(names_of(10), std::vector<std::int64_t>(10, 0), 0.2) ==
        std::set<std::string>{"class/0.jpg", "class/6.jpg"});
}

TEST_CASE("too few samples and a share of nothing or everything are errors") {
  CHECK_THROWS_AS(held_out(std::vector<std::string>{"a"}, std::vector<std::int64_t>{0}, 0.2), Error);
  for (const double share : {0.0, 1.0, -0.1})
    CHECK_THROWS_AS(held_out(std::vector<std::string>{"a", "b"}, std::vector<std::int64_t>{0, 0}, share), Error);
}
