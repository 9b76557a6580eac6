#include "models/yolov3_family.h"

#include <algorithm>
#include <cmath>
#include <sstream>

#include "engine/base/error.h"
#include "kernels/yolo_loss.h"
#include "models/yolov3.h"

namespace sleight {

namespace {

struct NamedNetwork {
  const char* name;
  Yolov3 network;
};

std::vector<NamedNetwork> networks() {
  return {{"yolov3", yolov3_darknet53()}, {"yolov3_small", yolov3_darknet_small()}};
}

kernels::ClassSmoothing smoothing_of(ClassSmoothingForm form) {
  switch (form) {
    case ClassSmoothingForm::gluon:
      return kernels::ClassSmoothing::gluon;
    case ClassSmoothingForm::darknet:
      return kernels::ClassSmoothing::darknet;
    case ClassSmoothingForm::none:
      break;
  }
  return kernels::ClassSmoothing::none;
}

class Head : public DetectorHead {
 public:
  Head(const std::array<ValueId, yolov3_scales>& predictions, const std::array<BoxSize, 9>& anchors,
       const kernels::YoloLossOptions& options)
      : predictions_(predictions), options_(options) {
    std::ranges::transform(anchors, anchors_.begin(), [](const BoxSize& anchor) {
      return kernels::AnchorSize{static_cast<float>(anchor.width), static_cast<float>(anchor.height)};
    });
  }

  DetectorLoss loss(Tracer& trace, const DetectorTargets& targets, const DetectorLossOptions& options) const override {
    ops::YoloLossParameters parameters{.anchors = anchors_, .options = options_};
    parameters.options.smoothing = smoothing_of(options.class_smoothing);
    parameters.options.epsilon = options.class_smoothing_epsilon;
    const ops::YoloLoss loss =
        ops::yolo_loss(trace, predictions_,
                       {.boxes = targets.boxes, .classes = targets.classes, .weights = targets.weights}, parameters);
    return {.total = loss.loss,
            .parts = {{.value = loss.components, .names = {"center", "size", "objectness", "classes"}}}};
  }

  ops::ScoredBoxes decode(Tracer& trace) const override { return ops::yolo_decode(trace, predictions_, anchors_); }

 private:
  std::array<ValueId, yolov3_scales> predictions_;
  ops::YoloAnchors anchors_ = {};
  kernels::YoloLossOptions options_;
};

class Configuration : public DetectorConfiguration {
 public:
  std::unique_ptr<DetectorConfiguration> clone() const override { return std::make_unique<Configuration>(*this); }

  void declare(OptionList& options) override {
    options
        .add("anchors", anchors_,
             "default (the model's), auto (k-means on the training boxes at the image size), or nine \"width,height\" "
             "in pixels, smallest first")
        .unit("ANCHORS")
        .default_text("default");
    options.add("size-loss", size_loss_, "Loss of the logarithms of width and height; l2 is darknet's")
        .one_of({"l1", "l2"})
        .default_text("l1");
    options
        .add("ignore-threshold", ignore_threshold_,
             "A prediction whose IoU with an object exceeds this is not a negative")
        .unit("IOU")
        .range(0.0, 1.0)
        .positive()
        .default_text("0.7");
    options
        .add("objectness-prior", objectness_prior_,
             "Objectness that a new head predicts everywhere; 0.5 is darknet's start; loaded weights bring their own")
        .unit("PROBABILITY")
        .positive()
        .below(1.0)
        .default_text("0.01");
    options.add("box-weight", box_weight_, "Weight boxes by 2 - width * height, so small ones count more")
        .default_text("on");
  }

  void resolve(const DetectorModel& model) override {
    const std::vector<NamedNetwork> all = networks();
    const auto found = std::ranges::find(all, model.name, &NamedNetwork::name);
    check(found != all.end(), "the family yolov3 has no model '", model.name, "'");
    network_ = found->network;
    if (!anchors_ || *anchors_ == "default") anchors_ = to_string(yolov3_default_anchors());
    if (!needs_boxes()) anchors_ = to_string(parse_yolov3_anchors(*anchors_));
    const kernels::YoloLossOptions defaults;
    if (!size_loss_) size_loss_ = defaults.size_loss == kernels::SizeLoss::l1 ? "l1" : "l2";
    if (!ignore_threshold_) ignore_threshold_ = defaults.ignore_threshold;
    if (!box_weight_) box_weight_ = defaults.box_weight;
    if (!objectness_prior_) objectness_prior_ = network_.objectness_prior;
    network_.objectness_prior = *objectness_prior_;
  }

  bool needs_boxes() const override { return anchors_ == "auto"; }

  void fit(std::span<const BoxSize> boxes, std::uint64_t seed) override {
    if (!needs_boxes()) return;
    const AnchorSearch search = find_anchors(boxes, {.count = std::ssize(yolov3_default_anchors()), .seed = seed});
    std::array<BoxSize, 9> anchors;
    // Rounded to a tenth of a pixel, so that the recipe is readable.
    std::ranges::transform(search.anchors, anchors.begin(), [](const BoxSize& anchor) {
      return BoxSize{std::round(10.0 * anchor.width) / 10.0, std::round(10.0 * anchor.height) / 10.0};
    });
    std::ranges::stable_sort(anchors, std::less{}, &BoxSize::area);
    anchors_ = to_string(anchors);
  }

  std::vector<std::string> description() const override {
    std::ostringstream loss;
    loss << "loss: " << (size_loss_ == "l1" ? "L1" : "L2 (darknet)") << " on sizes, boxes "
         << (*box_weight_ ? "weighted by 2 - area" : "not weighted") << ", predictions with IoU above "
         << *ignore_threshold_ << " with any object are no negatives";
    return {loss.str(), "anchors: " + *anchors_ + " (pixels, the same at every training size)"};
  }

  std::vector<BoxSize> anchors() const override {
    const std::array<BoxSize, 9> all = parse_yolov3_anchors(*anchors_);
    return {all.begin(), all.end()};
  }

  void write(Metadata& metadata) const override { metadata["anchors"] = *anchors_; }

  void read(const Metadata& metadata) override {
    const auto found = metadata.find("anchors");
    check(found != metadata.end(), "it has no 'anchors'");
    with_context("its 'anchors'", [&] { anchors_ = to_string(parse_yolov3_anchors(found->second)); });
  }

  std::unique_ptr<DetectorHead> trace(Tracer& trace, ValueId images, std::int64_t classes) const override {
    const kernels::YoloLossOptions options{
        .size_loss = size_loss_ == "l1" ? kernels::SizeLoss::l1 : kernels::SizeLoss::l2,
        .ignore_threshold = *ignore_threshold_,
        .box_weight = *box_weight_};
    return std::make_unique<Head>(yolov3(trace, images, classes, network_), parse_yolov3_anchors(*anchors_), options);
  }

 private:
  std::optional<std::string> anchors_, size_loss_;
  std::optional<double> ignore_threshold_, objectness_prior_;
  std::optional<bool> box_weight_;
  Yolov3 network_;
};

}  // namespace

DetectorFamily yolov3_family() {
  DetectorFamily family{.name = "yolov3",
                        .models = {},
                        .configuration = [] { return std::make_unique<Configuration>(); },
                        .former_key = "anchors"};
  for (const NamedNetwork& named : networks()) {
    family.models.push_back(
        {.name = named.name,
         .image_size = 416,
         .size_multiple = 32,
         .trace_backbone = [backbone = named.network.backbone](
                               Tracer& trace, ValueId images) { darknet_features(trace, images, backbone); },
         .darknet_backbone = named.network.backbone.convolutions()});
  }
  return family;
}

std::array<BoxSize, 9> parse_yolov3_anchors(const std::string& text) {
  std::string numbers = text;
  std::replace(numbers.begin(), numbers.end(), ',', ' ');
  std::istringstream stream(numbers);
  std::array<BoxSize, 9> anchors;
  for (BoxSize& anchor : anchors) {
    stream >> anchor.width >> anchor.height;
    check(!stream.fail() && anchor.width > 0.0 && anchor.height > 0.0 && std::isfinite(anchor.area()),
          "--anchors is 'default', 'auto' or nine positive \"width,height\", got '", text, "'");
  }
  std::string rest;
  check(!(stream >> rest), "--anchors has more than nine \"width,height\": '", text, "'");
  for (std::size_t i = 1; i < anchors.size(); ++i)
    check(anchors[i - 1].area() <= anchors[i].area(), "--anchors must come smallest first, but number ", i + 1,
          " is smaller than the one before it: '", text, "'");
  return anchors;
}

std::string to_string(const std::array<BoxSize, 9>& anchors) {
  std::string text;
  for (const BoxSize& anchor : anchors)
    text += (text.empty() ? "" : " ") + toml_number(anchor.width) + "," + toml_number(anchor.height);
  return text;
}

}  // namespace sleight
