#include "kernels/yolo_loss.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/yolo_assign.h"
#include "tests/golden/golden.h"
#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

using kernels::ClassSmoothing;
using kernels::SizeLoss;

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();

struct LossCase {
  kernels::YoloScale scale;
  kernels::YoloLossOptions options;
  kernels::AnchorSize anchors[kernels::yolo_anchors] = {{10, 13},  {16, 30},  {33, 23},   {30, 61},  {62, 45},
                                                        {59, 119}, {116, 90}, {156, 198}, {373, 326}};
  std::int64_t objects = 0;  // of an image
  std::vector<float> boxes;
  std::vector<std::int32_t> classes;
  std::vector<float> weights;
  std::vector<double> prediction;
  double loss_gradient = 1;
  bool in_place = false;

  std::size_t rows() const { return static_cast<std::size_t>(scale.batch * scale.places()); }
};

LossCase empty_case(std::int32_t number, std::int64_t batch, std::int32_t height, std::int32_t width,
                    std::int32_t classes) {
  LossCase c;
  c.scale.batch = batch;
  c.scale.height = height;
  c.scale.width = width;
  c.scale.classes = classes;
  c.scale.scale = number;
  for (int i = 0; i < 3; ++i)
    c.scale.anchors[i] = c.anchors[3 * number + i];
  c.prediction.assign(c.rows() * static_cast<std::size_t>(c.scale.row_size()), 0.0);
  return c;
}

// Batches of one image.
void add_object(LossCase& c, float x, float y, float width, float height, std::int32_t class_index = 0,
                float weight = 1.0F) {
  ++c.objects;
  c.boxes.insert(c.boxes.end(), {x - width / 2, y - height / 2, x + width / 2, y + height / 2});
  c.classes.push_back(class_index);
  c.weights.push_back(weight);
}

template <class Device>
std::vector<double> run_assign(Device device, const LossCase& c) {
  GuardedBuffer<float> boxes(c.boxes, "boxes");
  GuardedBuffer<std::int32_t> classes(c.classes, "classes");
  GuardedBuffer<std::int32_t> best_anchor(c.classes.size(), "best_anchor");
  kernels::YoloAssign assign;
  assign.object_boxes = boxes.data();
  assign.object_classes = classes.data();
  assign.objects = static_cast<std::int64_t>(c.classes.size());
  std::copy(std::begin(c.anchors), std::end(c.anchors), assign.anchors);
  assign.best_anchor = best_anchor.data();
  yolo_assign(device, assign);
  return numbers(best_anchor);
}

// What run_loss returns, consecutively: best_anchor, assigned, loss, components, gradient.
struct Result {
  std::vector<double> best_anchor, assigned, loss, components, gradient;

  Result(const LossCase& c, const std::vector<double>& values) {
    auto at = values.begin();
    const auto next = [&](std::size_t count) {
      REQUIRE(static_cast<std::size_t>(values.end() - at) >= count);
      const auto first = at;
      at += static_cast<std::ptrdiff_t>(count);
      return std::vector<double>(first, at);
    };
    best_anchor = next(c.classes.size());
    assigned = next(c.rows());
    loss = next(1);
    components = next(4);
    gradient = next(c.prediction.size());
  }
};

template <class T, class Device>
std::vector<double> run_loss(Device device, const LossCase& c) {
  using Value = Accumulator<T>;
  std::vector<double> values = run_assign(device, c);
  GuardedBuffer<T> prediction = guarded<T>(c.prediction, "prediction");
  GuardedBuffer<float> boxes(c.boxes, "boxes");
  GuardedBuffer<std::int32_t> classes(c.classes, "classes");
  GuardedBuffer<float> weights(c.weights, "weights");
  GuardedBuffer<std::int32_t> best_anchor = guarded<std::int32_t>(values, "best_anchor");
  GuardedBuffer<std::int32_t> assigned(c.rows(), "assigned");
  GuardedBuffer<Value> loss(1, "loss");
  GuardedBuffer<Value> components(4, "components");
  GuardedBuffer<Value> loss_gradient = guarded<Value>({c.loss_gradient}, "loss_gradient");
  GuardedBuffer<T> gradient(c.prediction.size(), "gradient");
  GuardedBuffer<std::byte> workspace(static_cast<std::size_t>(kernels::yolo_loss_workspace_bytes(c.scale, c.objects)),
                                     "workspace");

  kernels::YoloLoss forward;
  forward.type = data_type_of<T>();
  forward.scale = c.scale;
  forward.options = c.options;
  forward.objects = {boxes.data(), classes.data(), weights.data(), best_anchor.data(), c.objects};
  forward.prediction = prediction.data();
  forward.loss = loss.data();
  forward.components = components.data();
  forward.assigned = assigned.data();
  forward.workspace = workspace.data();
  yolo_loss(device, forward);
  workspace.check();

  kernels::YoloLossBackward backward;
  backward.type = forward.type;
  backward.scale = c.scale;
  backward.options = c.options;
  backward.objects = forward.objects;
  backward.prediction = prediction.data();
  backward.assigned = assigned.data();
  backward.loss_gradient = loss_gradient.data();
  backward.prediction_gradient = c.in_place ? prediction.data() : gradient.data();
  yolo_loss_backward(device, backward);

  for (const std::vector<double>& more :
       {numbers(assigned), numbers(loss), numbers(components), c.in_place ? numbers(prediction) : numbers(gradient)})
    values.insert(values.end(), more.begin(), more.end());
  return values;
}

// Calls check(result) for every device and type.
template <class Check>
void on_every_device_and_type(const LossCase& c, Check&& check) {
  for_each_type([&]<class T>(TypeTag<T>) {
    for (const DeviceResult& result : on_every_device<T>([&](auto device) { return run_loss<T>(device, c); })) {
      INFO(result.device << " " << name_of(data_type_of<T>()));
      check(Result(c, result.values));
    }
  });
}

LossCase from_golden(const nlohmann::json& golden) {
  LossCase c = empty_case(golden.at("scale"), golden.at("pictures"), golden.at("rows"), golden.at("columns"),
                          golden.at("classes"));
  c.options.size_loss = golden.at("size_loss") == "l1" ? SizeLoss::l1 : SizeLoss::l2;
  const std::string smoothing = golden.at("smoothing");
  c.options.smoothing = smoothing == "gluon"     ? ClassSmoothing::gluon
                        : smoothing == "darknet" ? ClassSmoothing::darknet
                                                 : ClassSmoothing::none;
  c.options.epsilon = golden.at("epsilon");
  c.options.ignore_threshold = golden.at("threshold");
  c.options.box_weight = golden.at("box_weight");
  const std::vector<float> anchors = golden.at("anchors");
  for (std::size_t i = 0; i < kernels::yolo_anchors; ++i)
    c.anchors[i] = {anchors[2 * i], anchors[2 * i + 1]};
  c.boxes = golden.at("boxes").get<std::vector<float>>();
  c.classes = golden.at("labels").get<std::vector<std::int32_t>>();
  c.weights = golden.at("weights").get<std::vector<float>>();
  c.objects = static_cast<std::int64_t>(c.classes.size()) / c.scale.batch;
  c.prediction = golden.at("prediction").get<std::vector<double>>();
  c.loss_gradient = golden.at("loss_gradient");
  return c;
}

std::int64_t count_of(const std::vector<double>& values, double value) {
  return std::count(values.begin(), values.end(), value);
}

double softplus(double x) {
  return std::log1p(std::exp(-std::abs(x))) + std::max(x, 0.0);
}

}  // namespace

TEST_CASE("yolo_loss: golden values from PyTorch") {
  std::int64_t positives = 0;
  std::int64_t ignored = 0;
  for (const nlohmann::json& golden : golden_cases("yolo_loss")) {
    const LossCase c = from_golden(golden);
    const std::vector<double> assigned = golden.at("assigned");
    ignored += count_of(assigned, kernels::yolo_ignored);
    positives += static_cast<std::int64_t>(
        std::count_if(assigned.begin(), assigned.end(), [](double value) { return value >= 0; }));
    for_each_type([&]<class T>(TypeTag<T>) {
      // A place's terms are rounded one by one, and their sums grow as the root of their number.
      const double rounding = epsilon_of<Accumulator<T>>();
      const double summed = (16 + std::sqrt(static_cast<double>(c.prediction.size()))) * rounding;
      const double loss = golden.at("loss");
      for (const DeviceResult& values : on_every_device<T>([&](auto device) { return run_loss<T>(device, c); })) {
        INFO(golden.at("name") << ", " << values.device << " " << name_of(data_type_of<T>()));
        const Result result(c, values.values);
        CHECK(result.best_anchor == golden.at("best_anchor").get<std::vector<double>>());
        CHECK(result.assigned == assigned);
        require_close(result.loss, {loss}, summed, 0);
        require_close(result.components, golden.at("components"), summed, summed * loss);
        require_close(result.gradient, golden.at("gradient"), epsilon_of<T>(), 16 * rounding);
      }
    });
  }
  CHECK(positives > 20);
  CHECK(ignored > 20);
}

TEST_CASE("yolo_assign: equal overlaps go to the lower anchor, and what is no object to none") {
  LossCase c = empty_case(0, 1, 2, 2, 1);
  const float size = 4;
  for (kernels::AnchorSize& anchor : c.anchors)
    anchor = {2 * size, size};
  c.anchors[5] = {size, 2 * size};
  c.anchors[7] = {size, 2 * size};
  add_object(c, 8, 8, size, size);      // as like to all nine
  add_object(c, 8, 8, size, 2 * size);  // 5 and 7
  add_object(c, 8, 8, 0, size);
  add_object(c, 8, 8, size, -size);
  add_object(c, 8, 8, not_a_number, size);
  add_object(c, 8, 8, infinity, size);
  add_object(c, not_a_number, 8, size, size);
  add_object(c, 8, 8, size, size, -1);
  add_object(c, 0, 0, 1e-15F, 1e-15F);
  for (const DeviceResult& result : on_every_device<float>([&](auto device) { return run_assign(device, c); })) {
    INFO(result.device);
    CHECK(result.values == std::vector<double>{0, 5, -1, -1, -1, -1, -1, -1, 0});
  }
  c.anchors[3].height = 0;
  CHECK_THROWS_AS(run_assign(kernels::Cpu{}, c), std::invalid_argument);
  CHECK_THROWS_AS(run_assign(kernels::Simt{}, c), std::invalid_argument);
}

TEST_CASE("yolo_loss: images without an object have negatives alone") {
  for (const std::int64_t objects : {0, 1, 3}) {
    // More places than one chunk of a sum, and a tail.
    LossCase c = empty_case(1, 2, 5, 9, 3);
    c.objects = objects;
    c.boxes.assign(static_cast<std::size_t>(objects) * 8, 5.0F);
    c.classes.assign(static_cast<std::size_t>(objects) * 2, -1);
    c.weights.assign(static_cast<std::size_t>(objects) * 2, 1.0F);
    double expected = 0;
    for (std::size_t row = 0; row < c.rows(); ++row) {
      const double logit = static_cast<double>(row % 17) / 4 - 2;
      c.prediction[row * 8 + 4] = logit;
      expected += softplus(logit) / 2;
    }
    on_every_device_and_type(c, [&](const Result& result) {
      CHECK(count_of(result.assigned, kernels::yolo_negative) == static_cast<std::int64_t>(c.rows()));
      CHECK(std::abs(result.loss[0] - expected) <= 1e-5 * expected);
      CHECK(std::abs(result.components[2] - expected) <= 1e-5 * expected);
      CHECK(result.components[0] == 0.0);
      CHECK(result.components[1] == 0.0);
      CHECK(result.components[3] == 0.0);
      for (std::size_t i = 0; i < result.gradient.size(); ++i) {
        const double slope = i % 8 == 4 ? 0.5 / (1 + std::exp(-c.prediction[i])) : 0.0;
        REQUIRE(std::abs(result.gradient[i] - slope) <= slope / 256);
      }
    });
  }
}

TEST_CASE("yolo_loss: a side below a pixel is learned as a pixel") {
  for (const SizeLoss size_loss : {SizeLoss::l1, SizeLoss::l2}) {
    const auto with_side = [&](float side) {
      LossCase c = empty_case(0, 1, 4, 4, 2);
      c.options.size_loss = size_loss;
      c.options.box_weight = false;
      add_object(c, 12.25F, 12.25F, side, side);
      return c;
    };
    const LossCase pixel = with_side(1.0F);
    const auto expected = on_every_device<float>([&](auto device) { return run_loss<float>(device, pixel); });
    for (const float side : {0.5F, 0.125F, 0.0078125F}) {
      const LossCase small = with_side(side);
      const auto results = on_every_device<float>([&](auto device) { return run_loss<float>(device, small); });
      for (std::size_t k = 0; k < results.size(); ++k) {
        INFO(results[k].device << " side " << side);
        const double loss = Result(small, results[k].values).loss[0];
        CHECK(loss == Result(pixel, expected[k].values).loss[0]);
        CHECK(std::isfinite(loss));
      }
    }
    // From a pixel on the side counts.
    const LossCase larger = with_side(2.0F);
    CHECK(Result(larger, run_loss<float>(kernels::Cpu{}, larger)).loss[0] !=
          Result(pixel, run_loss<float>(kernels::Cpu{}, pixel)).loss[0]);
  }
}

TEST_CASE("yolo_loss: of more objects than are looked at together, the last one of a place stays") {
  LossCase c = empty_case(0, 1, 7, 9, 2);
  for (int m = 0; m < 150; ++m)
    add_object(c, static_cast<float>(m % 9) * 8 + 3, static_cast<float>(m % 7) * 8 + 5, 10, 13, m % 2);
  on_every_device_and_type(c, [&](const Result& result) {
    std::vector<double> expected(c.rows(), -1);
    for (int m = 0; m < 150; ++m)
      expected[static_cast<std::size_t>((m % 7 * 9 + m % 9) * 3)] = m;
    for (std::size_t row = 0; row < c.rows(); row += 3)
      REQUIRE(result.assigned[row] == expected[row]);
  });
}

TEST_CASE("yolo_loss: extreme predictions give finite losses, and no place is ignored by an overflow") {
  for (const double extreme : {1e4, 100.0}) {
    for (const double width_sign : {1.0, -1.0}) {
      for (const double other_sign : {1.0, -1.0}) {
        LossCase c = empty_case(0, 1, 3, 3, 2);
        add_object(c, 12, 12, 10, 13, 1);
        for (std::size_t i = 0; i < c.prediction.size(); ++i)
          c.prediction[i] = extreme * (i % 7 == kernels::YoloChannel::tw ? width_sign : other_sign);
        on_every_device_and_type(c, [&](const Result& result) {
          CHECK(std::isfinite(result.loss[0]));
          CHECK(result.loss[0] > 0);
          CHECK(count_of(result.assigned, kernels::yolo_ignored) == 0);
          for (const double slope : result.gradient)
            REQUIRE(std::isfinite(slope));
        });
      }
    }
  }
}

TEST_CASE("yolo_loss: a NaN that counts is in the loss, a NaN that does not count is not") {
  LossCase c = empty_case(0, 1, 2, 2, 1);
  add_object(c, 4, 4, 10, 13);
  const std::size_t negative_row = 10 * 6;
  for (const std::size_t counted : {std::size_t{0}, std::size_t{3}, std::size_t{4}, std::size_t{5}, negative_row + 4}) {
    LossCase broken = c;
    broken.prediction[counted] = not_a_number;
    on_every_device_and_type(broken, [](const Result& result) { CHECK(std::isnan(result.loss[0])); });
  }
  LossCase harmless = c;
  harmless.prediction[negative_row + 1] = not_a_number;
  harmless.prediction[negative_row + 2] = not_a_number;
  harmless.prediction[negative_row + 5] = not_a_number;
  on_every_device_and_type(harmless, [&](const Result& result) {
    CHECK(std::isfinite(result.loss[0]));
    CHECK(result.assigned[10] == kernels::yolo_negative);
  });
}

TEST_CASE("yolo_loss: the gradient may stand where the prediction does") {
  for (const nlohmann::json& golden : golden_cases("yolo_loss")) {
    const LossCase apart = from_golden(golden);
    if (apart.scale.scale == 0) continue;  // half of them will do
    LossCase together = apart;
    together.in_place = true;
    for_each_type([&]<class T>(TypeTag<T>) {
      const auto expected = on_every_device<T>([&](auto device) { return run_loss<T>(device, apart); });
      const auto result = on_every_device<T>([&](auto device) { return run_loss<T>(device, together); });
      for (std::size_t i = 0; i < result.size(); ++i)
        CHECK(same_bits(result[i].values, expected[i].values));
    });
  }
}

TEST_CASE("yolo_loss: a class that does not exist is an error on the cpu and a NaN on a GPU") {
  for (const std::int32_t class_index : {2, 1000}) {
    LossCase c = empty_case(0, 1, 2, 2, 2);
    add_object(c, 4, 4, 10, 13, class_index);
    CHECK_THROWS_AS(run_loss<float>(kernels::Cpu{}, c), std::invalid_argument);
    const Result result(c, run_loss<float>(kernels::Simt{}, c));
    CHECK(std::isnan(result.loss[0]));
    for (std::size_t channel = 0; channel < 7; ++channel)
      CHECK(std::isnan(result.gradient[channel]));
    // On another scale it is nobody's business here but the cpu's.
    LossCase elsewhere = empty_case(1, 1, 2, 2, 2);
    add_object(elsewhere, 4, 4, 10, 13, class_index);
    CHECK(std::isfinite(Result(elsewhere, run_loss<float>(kernels::Simt{}, elsewhere)).loss[0]));
  }
}

TEST_CASE("yolo_loss: sizes and options that make no sense are refused") {
  const LossCase good = empty_case(0, 1, 2, 2, 2);
  const auto refused = [](const LossCase& c) {
    CHECK_THROWS_AS(run_loss<float>(kernels::Cpu{}, c), std::invalid_argument);
    CHECK_THROWS_AS(run_loss<float>(kernels::Simt{}, c), std::invalid_argument);
  };
  LossCase c = good;
  c.scale.classes = 0;
  refused(c);
  c = good;
  c.scale.scale = 3;
  refused(c);
  c = good;
  c.scale.anchors[1].width = 0;
  refused(c);
  c = good;
  c.options.epsilon = 1;
  refused(c);
  c = good;
  c.options.ignore_threshold = std::numeric_limits<double>::quiet_NaN();
  refused(c);
}

}  // namespace sleight::test
