// Zero gamma: the last batch-norm scale of each residual branch starts at 0, so that each block starts as its shortcut
// and the network as a shallow one, which is easier to train at first.
//
// Basic blocks and bottlenecks alike: the model marks the scales (Parameter::ends_residual_branch).
// Source: Goyal et al., arXiv 1706.02677, section 5.1; He et al., arXiv 1812.01187, section 3.1.
#pragma once

#include "engine/program/program.h"
#include "engine/train/receipt.h"

namespace sleight {

// Changes the initializers of the marked scales; to be called on every traced program before its parameters are made in
// the store (later, or with weights loaded over it, it has no effect).
// Receipt: gammas zeroed (tensors) and their elements. Throws Error for a model that marks none.
Receipt zero_gamma(Program& program);

}  // namespace sleight
