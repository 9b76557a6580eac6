// No bias decay: weight decay pulls the weights of convolutions and linear layers towards 0 and leaves biases and the
// scales and shifts of batch norm alone; those few numbers cannot overfit, and pulling them harms.
// Source: Jia et al., arXiv 1807.11205; He et al., arXiv 1812.01187, section 3.1.
#pragma once

#include "engine/program/program.h"
#include "engine/train/receipt.h"

namespace sleight {

// Whether weight decay applies to this parameter when the trick is on; without the trick it applies to all.
bool decays_without_bias(const Parameter& parameter);

// Read from the traced program: the tensors of its SGD steps whose decay multiplier is 0, not what was asked for.
// tensors without decay, elements without decay, tensors with decay.
Receipt no_bias_decay_receipt(const Program& program);

}  // namespace sleight
