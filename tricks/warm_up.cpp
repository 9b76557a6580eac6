#include "tricks/warm_up.h"

namespace sleight {

WarmUpForm linear_warm_up() {
  return {.name = "linear", .factor = [](double share) { return share; }, .description = "linear by iteration"};
}

WarmUpForm power4_warm_up() {
  return {.name = "power4",
          .factor = [](double share) { return share * share * share * share; },
          .description = "power 4 by iteration (darknet's burn-in)"};
}

}  // namespace sleight
