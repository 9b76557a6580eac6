// The places of an update step's values (sgd, exponential_moving_average, running_statistics), for those who look into
// a program.
#pragma once

#include <cstddef>

namespace sleight {

// What every update begins with; the inputs of each tensor follow. The guard (Tracer::first_non_finite) is optional.
namespace update_input {
enum : std::size_t { live_scalars, guard, first_tensor };
}
// For each tensor of sgd; average is optional.
namespace sgd_input {
enum : std::size_t { parameter, gradient, momentum, average, count };
}

// The place of one of them in the inputs of a step of sgd.
constexpr std::size_t sgd_place(std::size_t tensor, std::size_t which) {
  return update_input::first_tensor + tensor * sgd_input::count + which;
}

}  // namespace sleight
