// Steps over a list of tensors: one that fills several chunks, a tail, a single number, weights of a convolution.
#include "engine/ops/ops.h"
#include "tests/cases/case.h"
#include "tests/cases/resnet50_tensors.h"

namespace sleight::cases {
namespace {

const std::vector<Shape> small_tensors = {{4099}, {3, 5}, {1}, {7, 3, 3, 5}};
const std::vector<Shape> large_tensors = {{512, 3, 3, 512}, {2048, 1000}, {2048}, {256, 64}};

std::string label_of(const std::vector<Shape>& tensors) {
  std::int64_t total = 0;
  for (const Shape& shape : tensors)
    total += element_count(shape);
  return std::to_string(total) + " in " + std::to_string(tensors.size()) + " tensors";
}

// When there are averages, every second tensor has one; where time is measured all have, as in training.
void add_sgd(std::vector<Case>& list, const std::vector<Shape>& tensors, bool nesterov, bool averages, Size size) {
  std::vector<Input> inputs = {live_scalars(), absent()};
  std::vector<double> decay;
  for (const Shape& shape : tensors) {
    const bool average = averages && (size != Size::small || decay.size() % 2 == 0);
    inputs.insert(inputs.end(),
                  {accumulators(shape), numbers(shape), accumulators(shape), average ? accumulators(shape) : absent()});
    decay.push_back(decay.size() % 2 == 0 ? 1.0 : 0.0);
  }
  list.push_back({.operation = &operations::sgd,
                  .label = label_of(tensors) + (nesterov ? " nesterov" : "") + (averages ? " averages" : ""),
                  .inputs = inputs,
                  .attributes = {{"decay", decay}, {"nesterov", {nesterov ? 1.0 : 0.0}}},
                  .size = size});
}

void add_average(std::vector<Case>& list, const std::vector<Shape>& tensors, Size size) {
  std::vector<Input> inputs = {live_scalars(), absent()};
  for (const Shape& shape : tensors)
    inputs.insert(inputs.end(), {accumulators(shape), accumulators(shape)});
  list.push_back({.operation = &operations::exponential_moving_average,
                  .label = label_of(tensors),
                  .inputs = inputs,
                  .bfloat16 = false,
                  .size = size});
}

void add_running_statistics(std::vector<Case>& list, const std::vector<Shape>& tensors, Size size) {
  std::vector<Input> inputs = {absent(), absent()};
  std::vector<double> momentum;
  for (const Shape& shape : tensors) {
    inputs.insert(inputs.end(), {accumulators(shape), accumulators(shape)});
    momentum.push_back(momentum.size() % 2 == 0 ? 0.1 : 0.25);
  }
  list.push_back({.operation = &operations::running_statistics,
                  .label = label_of(tensors),
                  .inputs = inputs,
                  .attributes = {{"momentum", momentum}},
                  .bfloat16 = false,
                  .size = size});
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const bool nesterov : {false, true}) {
    add_sgd(list, small_tensors, nesterov, false, Size::small);
    add_sgd(list, small_tensors, nesterov, true, Size::small);
    add_sgd(list, {{1}}, nesterov, false, Size::small);
  }
  for (const bool averages : {false, true}) {
    add_sgd(list, large_tensors, true, averages, Size::large);
    add_sgd(list, resnet50_parameters(), true, averages, Size::huge);
  }
  add_average(list, small_tensors, Size::small);
  add_average(list, large_tensors, Size::large);
  add_average(list, resnet50_parameters(), Size::huge);
  add_running_statistics(list, {{4099}, {1}, {19}, {64}}, Size::small);
  add_running_statistics(list, std::vector<Shape>(106, Shape{512}), Size::large);
  add_running_statistics(list, resnet50_running_statistics(), Size::huge);
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases
