// What every training program ends with, whatever it learns: gradients of the loss, the search for numbers that are not
// finite, and the update.
#pragma once

#include <functional>
#include <vector>

#include "engine/program/program.h"
#include "engine/program/trace.h"

namespace sleight {

// Each list grows by what every trick adds to it.
struct UpdateOptions {
  bool nesterov = true;
  // Change how parameters start (zero gamma).
  std::vector<std::function<void(Program&)>> change_initializers;
  // Whether weight decay applies: where all of them say so, so without any to every trainable parameter.
  std::vector<std::function<bool(const Parameter&)>> decays;
  // Append steps after the optimizer's (a moving average of the weights); the trace's path is empty.
  std::vector<std::function<void(Tracer&)>> after_update;
};

// Results that every training program has, by name.
namespace training_names {
inline constexpr const char* loss = "loss";  // float32 [1], the mean over the batch
// int64 [2], after backward: the first of the loss and the gradients (as a number: 0 is the loss, then the trainable
// parameters in their order) that holds a NaN or an infinity, and its element; -1 and -1 when all are finite. Unless
// they are, the update changes nothing.
inline constexpr const char* first_non_finite = "first_non_finite";
}  // namespace training_names

// Appends the phases backward and update to a program that was traced up to its loss [1]. element: of the activations;
// with float16 the gradients are those of the loss times LiveScalar::loss_scale, and LiveScalar::gradient_scale must be
// its inverse (engine/train/loss_scale.h). Throws Error when the loss does not depend on a trainable parameter.
void trace_update(Tracer& trace, ValueId loss, DataType element, const UpdateOptions& options);

}  // namespace sleight
