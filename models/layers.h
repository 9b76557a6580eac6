// The layers of models. Each declares its parameters under its own name and appends its step. Images are [N,H,W,C];
// names are those of PyTorch's modules, so that checkpoints fit torchvision's.
#pragma once

#include <string>
#include <vector>

#include "engine/program/trace.h"

namespace sleight::layers {

// An odd square kernel without bias, padded so that stride 1 keeps the size and stride s gives ceil(size / s).
// Parameters: name.weight [channels, kernel, kernel, C], He initialization (arXiv 1502.01852), by fan-out as
// torchvision or by fan-in as darknet.
ValueId convolution(Tracer& trace, const std::string& name, ValueId x, std::int64_t channels, std::int64_t kernel,
                    std::int64_t stride = 1, Initializer initializer = Initializer::he_normal_fan_out);

// The same with a bias, for convolutions without batch norm. Parameters: also name.bias [channels], initialized with
// the values of `bias`, repeated; their number divides the number of channels.
ValueId convolution_with_bias(Tracer& trace, const std::string& name, ValueId x, std::int64_t channels,
                              std::int64_t kernel, std::int64_t stride = 1,
                              Initializer initializer = Initializer::he_normal_fan_out, std::vector<float> bias = {0});

// Whether a batch norm is the last step of a residual branch. If its scale is zero, the block is its shortcut. The zero
// gamma trick uses this.
enum class ResidualBranch : std::uint8_t { inside, end };

// epsilon 1e-5, momentum 0.1. Parameters: name.weight, name.bias, name.running_mean, name.running_var, [C] each.
ValueId batch_norm(Tracer& trace, const std::string& name, ValueId x, ResidualBranch branch = ResidualBranch::inside);

// x [N, I] -> [N, features]. Parameters: name.weight [features, I], uniform within 1 / sqrt(I); name.bias, zeros.
ValueId linear(Tracer& trace, const std::string& name, ValueId x, std::int64_t features);

}  // namespace sleight::layers
