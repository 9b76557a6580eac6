#include "tests/tools/toy_detector.h"

#include <algorithm>
#include <cmath>

#include "engine/ops/support.h"
#include "engine/program/differentiate.h"
#include "models/layers.h"

namespace sleight::test {

namespace {

constexpr std::int64_t stride = 16;
constexpr std::int64_t edges = 4;

// A prediction [N, rows, columns, 4 + classes] in memory.
struct Grid {
  explicit Grid(const ValueType& type)
      : images(type.shape[0]), rows(type.shape[1]), columns(type.shape[2]), classes(type.shape[3] - edges) {
    check(type.element == DataType::float32, "the toy detector takes float32, got ", to_string(type));
  }
  std::int64_t cells() const { return rows * columns; }
  std::int64_t row_length() const { return edges + classes; }

  std::int64_t images, rows, columns, classes;
};

struct Objects {
  const float* boxes;
  const std::int32_t* classes;
  const float* weights;
  std::int64_t per_image;
};

struct Sums {
  float corners = 0, presence = 0;
};

// The loss, and where `gradient` is not null, `seed` times its gradient.
Sums loss_of(const Grid& grid, const Objects& objects, double scale, double corner_weight, const float* prediction,
             float seed, float* gradient) {
  const std::int64_t row = grid.row_length();
  std::vector<float> present(grid.images * grid.cells() * grid.classes, 0.0F);
  if (gradient != nullptr) std::fill_n(gradient, grid.images * grid.cells() * row, 0.0F);
  const auto by_images = 1.0F / static_cast<float>(grid.images);
  Sums sums;
  for (std::int64_t i = 0; i < grid.images * objects.per_image; ++i) {
    if (objects.classes[i] < 0) continue;
    const float* const box = objects.boxes + edges * i;
    const auto cell_at = [](float center, std::int64_t count) {
      return std::clamp(static_cast<std::int64_t>(center) / stride, std::int64_t{0}, count - 1);
    };
    const std::int64_t x = cell_at((box[0] + box[2]) / 2, grid.columns);
    const std::int64_t y = cell_at((box[1] + box[3]) / 2, grid.rows);
    const std::int64_t cell = (i / objects.per_image * grid.rows + y) * grid.columns + x;
    present[cell * grid.classes + objects.classes[i]] = 1.0F;
    for (std::int64_t edge = 0; edge < edges; ++edge) {
      const auto center = static_cast<float>(stride * (edge % 2 == 0 ? x : y) + stride / 2);
      const float distance = edge < 2 ? center - box[edge] : box[edge] - center;
      const float difference = prediction[cell * row + edge] - distance / static_cast<float>(scale);
      const float weight = static_cast<float>(corner_weight) * objects.weights[i] * by_images;
      sums.corners += weight * difference * difference / 2;
      if (gradient != nullptr) gradient[cell * row + edge] += seed * weight * difference;
    }
  }
  for (std::int64_t cell = 0; cell < grid.images * grid.cells(); ++cell) {
    for (std::int64_t k = 0; k < grid.classes; ++k) {
      const float logit = prediction[cell * row + edges + k];
      const float target = present[cell * grid.classes + k];
      sums.presence += by_images * (std::max(logit, 0.0F) - logit * target + std::log1p(std::exp(-std::abs(logit))));
      if (gradient != nullptr)
        gradient[cell * row + edges + k] = seed * by_images * (1.0F / (1.0F + std::exp(-logit)) - target);
    }
  }
  return sums;
}

Objects objects_in(const StepBuffers& buffers, std::int64_t per_image) {
  return {static_cast<const float*>(buffers.inputs[1]), static_cast<const std::int32_t*>(buffers.inputs[2]),
          static_cast<const float*>(buffers.inputs[3]), per_image};
}

extern const Operation toy_loss, toy_loss_backward, toy_decode;

// Inputs: prediction, boxes, classes, weights -> total [1], parts [2].
std::vector<ValueType> infer_loss(const StepTypes&) {
  return {{{1}, DataType::float32}, {{2}, DataType::float32}};
}

PreparedStep prepare_loss(const StepTypes& step, const PrepareTarget&) {
  return {.run = [grid = Grid(input_type(step, 0)), per_image = input_type(step, 1).shape[1],
                  attributes = step.attributes](const StepBuffers& buffers) {
    const Sums sums =
        loss_of(grid, objects_in(buffers, per_image), attributes.number("scale"), attributes.number("corner_weight"),
                static_cast<const float*>(buffers.inputs[0]), 0.0F, nullptr);
    *static_cast<float*>(buffers.outputs[0]) = sums.corners + sums.presence;
    static_cast<float*>(buffers.outputs[1])[0] = sums.corners;
    static_cast<float*>(buffers.outputs[1])[1] = sums.presence;
  }};
}

void gradient_of_loss(GradientBuilder& builder) {
  builder.input_gradient(
      0, builder
             .emit(toy_loss_backward,
                   {builder.input(0), builder.input(1), builder.input(2), builder.input(3), builder.output_gradient(0)},
                   builder.attributes())
             .front());
}

std::vector<ValueType> infer_backward(const StepTypes& step) {
  return {input_type(step, 0)};
}

PreparedStep prepare_backward(const StepTypes& step, const PrepareTarget&) {
  return {.run = [grid = Grid(input_type(step, 0)), per_image = input_type(step, 1).shape[1],
                  attributes = step.attributes](const StepBuffers& buffers) {
    loss_of(grid, objects_in(buffers, per_image), attributes.number("scale"), attributes.number("corner_weight"),
            static_cast<const float*>(buffers.inputs[0]), *static_cast<const float*>(buffers.inputs[4]),
            static_cast<float*>(buffers.outputs[0]));
  }};
}

// Input: prediction -> boxes [N,P,4], scores [N,P,K].
std::vector<ValueType> infer_decode(const StepTypes& step) {
  const Grid grid(input_type(step, 0));
  return {{{grid.images, grid.cells(), edges}, DataType::float32},
          {{grid.images, grid.cells(), grid.classes}, DataType::float32}};
}

PreparedStep prepare_decode(const StepTypes& step, const PrepareTarget&) {
  return {.run = [grid = Grid(input_type(step, 0)),
                  scale = static_cast<float>(step.attributes.number("scale"))](const StepBuffers& buffers) {
    const auto* prediction = static_cast<const float*>(buffers.inputs[0]);
    auto* boxes = static_cast<float*>(buffers.outputs[0]);
    auto* scores = static_cast<float*>(buffers.outputs[1]);
    for (std::int64_t cell = 0; cell < grid.images * grid.cells(); ++cell, prediction += grid.row_length()) {
      const auto center_of = [](std::int64_t place) { return static_cast<float>(stride * place + stride / 2); };
      const float x = center_of(cell % grid.columns);
      const float y = center_of(cell / grid.columns % grid.rows);
      for (const float corner :
           {x - scale * prediction[0], y - scale * prediction[1], x + scale * prediction[2], y + scale * prediction[3]})
        *boxes++ = corner;
      for (std::int64_t k = 0; k < grid.classes; ++k)
        *scores++ = 1.0F / (1.0F + std::exp(-prediction[edges + k]));
    }
  }};
}

const Operation toy_loss{
    .name = "toy_loss", .infer = infer_loss, .prepare = prepare_loss, .gradient = gradient_of_loss};
const Operation toy_loss_backward{.name = "toy_loss_backward", .infer = infer_backward, .prepare = prepare_backward};
const Operation toy_decode{.name = "toy_decode", .infer = infer_decode, .prepare = prepare_decode};

class Head : public DetectorHead {
 public:
  Head(ValueId prediction, double scale, double corner_weight)
      : prediction_(prediction), scale_(scale), corner_weight_(corner_weight) {}

  DetectorLoss loss(Tracer& trace, const DetectorTargets& targets, const DetectorLossOptions& options) const override {
    check(options.class_smoothing == ClassSmoothingForm::none,
          "the toy detector does not smooth its classes; take --label-smoothing none");
    const std::vector<ValueId> outputs =
        trace.emit(toy_loss, {prediction_, targets.boxes, targets.classes, targets.weights},
                   {{"scale", {scale_}}, {"corner_weight", {corner_weight_}}});
    return {.total = outputs[0], .parts = {{.value = outputs[1], .names = {"corners", "presence"}}}};
  }

  ops::ScoredBoxes decode(Tracer& trace) const override {
    const std::vector<ValueId> outputs = trace.emit(toy_decode, {prediction_}, {{"scale", {scale_}}});
    return {.boxes = outputs[0], .scores = outputs[1]};
  }

 private:
  ValueId prediction_;
  double scale_, corner_weight_;
};

class Configuration : public DetectorConfiguration {
 public:
  std::unique_ptr<DetectorConfiguration> clone() const override { return std::make_unique<Configuration>(*this); }

  void declare(OptionList& options) override {
    options.add("toy-box-scale", scale_, "Unit of the predicted distances")
        .unit("PIXELS")
        .positive()
        .default_text("20");
    options.add("toy-corner-weight", corner_weight_, "Of the boxes in the loss")
        .unit("FACTOR")
        .not_negative()
        .default_text("1");
  }

  void resolve(const DetectorModel&) override {
    if (!scale_) scale_ = 20.0;
    if (!corner_weight_) corner_weight_ = 1.0;
  }

  std::vector<std::string> description() const override {
    return {"boxes: distances in units of " + toml_number(*scale_) + " pixels"};
  }

  void write(Metadata& metadata) const override { metadata["toy_box_scale"] = toml_number(*scale_); }
  void read(const Metadata& metadata) override { scale_ = std::stod(metadata.at("toy_box_scale")); }

  std::unique_ptr<DetectorHead> trace(Tracer& trace, ValueId images, std::int64_t classes) const override {
    const Shape shape = trace.shape(images);
    check(shape[1] % stride == 0 && shape[2] % stride == 0, "the toy detector takes multiples of 16, got ",
          to_string(shape));
    ValueId x = images;
    for (std::int64_t channels = 8; channels <= 64; channels *= 2) {
      const std::string name = "conv" + std::to_string(channels);
      x = ops::relu(trace,
                    layers::batch_norm(trace, name + ".bn", layers::convolution(trace, name, x, channels, 3, 2)));
    }
    return std::make_unique<Head>(layers::convolution_with_bias(trace, "prediction", x, edges + classes, 1), *scale_,
                                  *corner_weight_);
  }

 private:
  std::optional<double> scale_, corner_weight_;
};

}  // namespace

DetectorFamily toy_family() {
  return {.name = "toy_boxes",
          .models = {{.name = "toy", .image_size = 48, .size_multiple = stride}},
          .configuration = [] { return std::make_unique<Configuration>(); }};
}

}  // namespace sleight::test
