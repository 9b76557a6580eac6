#include "engine/ops/ops.h"

namespace sleight {

#define SLEIGHT_ADDRESS_OF_OPERATION(name) &name,

std::span<const Operation* const> operations::table() {
  static constexpr const Operation* entries[] = {SLEIGHT_OPERATIONS(SLEIGHT_ADDRESS_OF_OPERATION)};
  return entries;
}

}  // namespace sleight
