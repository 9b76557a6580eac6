// Programs of classifiers for the tests: the forward pass alone, or a whole step without its update.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/ops/ops.h"
#include "engine/program/differentiate.h"
#include "models/classifier.h"

namespace sleight::test {

struct ImageBatch {
  std::int64_t count = 2;
  std::int64_t height = 32;
  std::int64_t width = 32;
};

using Network = std::function<ValueId(Tracer& trace, ValueId images, std::int64_t classes)>;

// The tracer after the network was called; the result "logits" is [count, classes].
inline Tracer trace_forward(const Network& network, const ImageBatch& batch, std::int64_t classes, Mode mode,
                            DataType element = DataType::float32) {
  Tracer trace(mode, element);
  const ValueId images = trace.input("images", {batch.count, batch.height, batch.width, 3}, element);
  trace.result(network(trace, images, classes), "logits");
  return trace;
}

// Also the result "loss" (mean cross-entropy with the input "labels") and, for each trainable parameter that the loss
// depends on, the result "gradient of NAME".
inline Program trace_step(const Network& network, const ImageBatch& batch, std::int64_t classes,
                          DataType element = DataType::float32) {
  Tracer trace = trace_forward(network, batch, classes, Mode::training, element);
  const ValueId labels = trace.input("labels", {batch.count}, DataType::int32);
  const ValueId logits = trace.program().find("logits");
  const ValueId loss =
      ops::reduce_mean(trace, ops::softmax_cross_entropy(trace, logits, labels, no_value, no_value, {}));
  trace.result(loss, "loss");
  std::vector<ValueId> wanted;
  for (const Parameter& parameter : trace.program().parameters) {
    if (parameter.trainable()) wanted.push_back(parameter.value);
  }
  const ValueId seed = ops::constant(trace, 1.0, 1, element);
  for (const auto& [value, gradient] : differentiate(trace.program(), loss, seed, wanted, operations::add)) {
    if (gradient != no_value) trace.result(gradient, "gradient of " + trace.program().value(value).name);
  }
  trace.phase = Phase::update;
  ops::running_statistics(trace);
  return trace.program();
}

// The same for the classifier of this name.
inline Tracer trace_forward(const std::string& model, const ImageBatch& batch, std::int64_t classes, Mode mode) {
  return trace_forward(find_classifier(model).trace, batch, classes, mode);
}

inline Program trace_step(const std::string& model, const ImageBatch& batch, std::int64_t classes) {
  return trace_step(find_classifier(model).trace, batch, classes);
}

inline std::int64_t trainable_numbers(const Program& program) {
  std::int64_t total = 0;
  for (const Parameter& parameter : program.parameters) {
    if (parameter.trainable()) total += program.value(parameter.value).type.count();
  }
  return total;
}

}  // namespace sleight::test
