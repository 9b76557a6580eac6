// What the steps over all parameters of a network are measured with: the tensors of a ResNet-50 for 1000 classes.
#pragma once

#include <vector>

#include "engine/value/shape.h"

namespace sleight::cases {

// All 161 parameters, 25,557,032 numbers, in the order of the network: weights of convolutions [O,H,W,I], each with the
// gamma and beta of its batch norm, then weights and bias of the linear layer.
std::vector<Shape> resnet50_parameters();
// Those that products are made with, and that a run in 16 bits casts: 53 of convolutions and one of the linear layer.
std::vector<Shape> resnet50_weights();
// Running mean and variance of its 53 batch norms.
std::vector<Shape> resnet50_running_statistics();

}  // namespace sleight::cases
