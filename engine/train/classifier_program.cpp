#include "engine/train/classifier_program.h"

#include "engine/base/error.h"

namespace sleight {

namespace names = classifier_value_names;

ops::Normalization imagenet_normalization() {
  return {.mean = {123.68, 116.779, 103.939}, .deviation = {58.393, 57.12, 57.375}};
}

namespace {

struct Batch {
  ValueId images = no_value, labels = no_value, partner_labels = no_value, lambdas = no_value, ranked_labels = no_value;
};

// Images and labels as they come from the loader, or, in training, images that live on the device.
Batch trace_batch(Tracer& trace, const ClassifierProgramOptions& options, bool training) {
  const bool mixup = training && options.mixup;
  const ResidentTrainingImages* resident = training && options.resident ? &*options.resident : nullptr;
  const std::int64_t n = options.batch_size;
  check(n >= 1 && options.height >= 1 && options.width >= 1 && options.classes >= 2,
        "a classifier needs a batch of at least 1 image, images of at least 1x1 and 2 classes, got batch ", n, ", ",
        options.height, "x", options.width, " and ", options.classes, " classes");
  ValueId images = no_value;
  if (resident == nullptr) images = trace.input(names::images, {n, options.height, options.width, 3}, DataType::uint8);
  const ValueId flips = trace.input(names::flips, {n}, DataType::int32);
  Batch batch;
  batch.labels = trace.input(names::labels, {n}, DataType::int32);
  ValueId partners = no_value;
  batch.ranked_labels = batch.labels;
  if (mixup) {
    partners = trace.input(names::partners, {n}, DataType::int32);
    batch.lambdas = trace.input(names::lambdas, {n}, DataType::float32);
    batch.partner_labels = trace.input(names::partner_labels, {n}, DataType::int32);
    batch.ranked_labels = trace.input(names::ranked_labels, {n}, DataType::int32);
  }
  if (resident == nullptr) {
    batch.images = ops::image_prepare(trace, images, flips, partners, batch.lambdas, options.normalization);
    return batch;
  }
  const ops::ResidentBatch windows = {
      .images =
          trace.input(names::resident_images, {resident->count, resident->height, resident->width, 3}, DataType::uint8),
      .indices = trace.input(names::indices, {n}, DataType::int32),
      .windows = trace.input(names::windows, {n, 2}, DataType::int32),
      .flips = flips,
      .partners = partners,
      .lambdas = batch.lambdas};
  batch.images = ops::image_prepare_resident(trace, windows, options.height, options.width, options.normalization);
  return batch;
}

// The logits in the type of the parameters: softmax and losses of bfloat16 logits are made in float32.
ValueId trace_model(Tracer& trace, const ClassifierFunction& model, ValueId images, std::int64_t classes) {
  return ops::cast(trace, model(trace, images, classes), trace.parameter_element());
}

}  // namespace

Program training_program(const ClassifierFunction& model, const ClassifierProgramOptions& options) {
  Tracer trace(Mode::training, options.element);
  const Batch batch = trace_batch(trace, options, true);
  const ValueId logits = trace_model(trace, model, batch.images, options.classes);
  const ValueId losses =
      ops::softmax_cross_entropy(trace, logits, batch.labels, batch.partner_labels, batch.lambdas, options.loss);
  const ValueId loss = ops::reduce_mean(trace, losses);
  trace.result(ops::label_rank(trace, logits, batch.ranked_labels), names::ranks);
  trace_update(trace, loss, options.element, options.update);
  return std::move(trace.program());
}

Program evaluation_program(const ClassifierFunction& model, const ClassifierProgramOptions& options) {
  Tracer trace(Mode::inference, options.element);
  const Batch batch = trace_batch(trace, options, false);
  const ValueId logits = trace_model(trace, model, batch.images, options.classes);
  trace.result(logits, names::logits);
  trace.result(ops::softmax_cross_entropy(trace, logits, batch.labels, no_value, no_value, {}), names::row_losses);
  trace.result(ops::label_rank(trace, logits, batch.labels), names::ranks);
  return std::move(trace.program());
}

Program inference_program(const ClassifierFunction& model, const ClassifierProgramOptions& options) {
  Tracer trace(Mode::inference, options.element);
  const ValueId images =
      trace.input(names::images, {options.batch_size, options.height, options.width, 3}, DataType::uint8);
  const ValueId prepared = ops::image_prepare(trace, images, no_value, no_value, no_value, options.normalization);
  trace.result(trace_model(trace, model, prepared, options.classes), names::logits);
  return std::move(trace.program());
}

Program network_program(const ClassifierFunction& model, const ClassifierProgramOptions& options) {
  Tracer trace(Mode::inference, options.element);
  const ValueId input =
      trace.input("input", {options.batch_size, options.height, options.width, 3}, trace.parameter_element());
  const ValueId prepared = ops::cast(trace, input, options.element);
  trace.result(trace_model(trace, model, prepared, options.classes), names::logits);
  return std::move(trace.program());
}

}  // namespace sleight
