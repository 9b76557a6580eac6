// Two operations of the tests' own: a value of any shape becomes one number, the sum of its elements with fixed
// weights, so that every element's gradient can be told from its neighbors'. (That they need no line in the engine
// shows what an operation is: an entry of answers.)
#pragma once

#include "engine/program/trace.h"

namespace sleight::cases {

extern const Operation projection, projection_backward;

// The weight of element i: in [-1, 1], never near 0.
double projection_weight(std::int64_t index);

// [...] -> [1]
ValueId project(Tracer& tracer, ValueId value);

}  // namespace sleight::cases
