#include "models/darknet.h"

#include "engine/base/error.h"
#include "engine/ops/ops.h"
#include "models/classifier.h"

namespace sleight {

namespace {

using layers::ResidualBranch;

ValueId residual_block(Tracer& trace, const std::string& name, ValueId x) {
  const auto scope = trace.scope(name);
  const std::int64_t channels = trace.shape(x).back();
  const ValueId narrow = darknet_convolution(trace, "conv1", x, channels / 2, 1);
  return ops::add(trace, darknet_convolution(trace, "conv2", narrow, channels, 3, 1, ResidualBranch::end), x);
}

}  // namespace

std::int64_t Darknet::convolutions() const {
  std::int64_t count = 1;
  for (const DarknetStage& stage : stages)
    count += 1 + 2 * stage.blocks;
  return count;
}

Darknet darknet53() {
  return {.stem_channels = 32, .stages = {{64, 1}, {128, 2}, {256, 8}, {512, 8}, {1024, 4}}};
}

// Multiples of 32, so that the narrow half of each block fills the widest vectors (16 channels). No block at half the
// image's size, where a block costs as much as at a quarter and sees little context.
Darknet darknet_small() {
  return {.stem_channels = 16, .stages = {{32, 0}, {64, 1}, {96, 1}, {160, 1}, {256, 1}}};
}

ValueId darknet_convolution(Tracer& trace, const std::string& name, ValueId x, std::int64_t channels,
                            std::int64_t kernel, std::int64_t stride, ResidualBranch branch) {
  const auto scope = trace.scope(name);
  x = layers::convolution(trace, "conv", x, channels, kernel, stride, Initializer::he_normal_fan_in);
  return ops::leaky_relu(trace, layers::batch_norm(trace, "bn", x, branch), 0.1);
}

std::vector<ValueId> darknet_features(Tracer& trace, ValueId images, const Darknet& network) {
  ValueId x = darknet_convolution(trace, "stem.conv1", images, network.stem_channels, 3);
  std::vector<ValueId> outputs;
  for (const DarknetStage& stage : network.stages) {
    const auto scope = trace.scope("stages." + std::to_string(outputs.size()));
    x = darknet_convolution(trace, "conv_down", x, stage.channels, 3, 2);
    for (std::int64_t index = 0; index < stage.blocks; ++index)
      x = residual_block(trace, "blocks." + std::to_string(index), x);
    outputs.push_back(x);
  }
  return outputs;
}

ValueId darknet_classifier(Tracer& trace, ValueId images, std::int64_t classes, const Darknet& network) {
  check(classes >= 1, "a classifier needs at least one class, got ", classes);
  const ValueId features = darknet_features(trace, images, network).back();
  return layers::linear(trace, "head.fc", ops::global_average_pool(trace, features), classes);
}

std::vector<ClassifierModel> darknet_classifiers() {
  std::vector<ClassifierModel> models;
  const auto offer = [&](const std::string& name, const Darknet& network) {
    models.push_back({.name = name,
                      .image_size = 256,  // darknet53.cfg
                      .family = ClassifierFamily::imagenet,
                      .trace = [network](Tracer& trace, ValueId images, std::int64_t classes) {
                        return darknet_classifier(trace, images, classes, network);
                      }});
  };
  offer("darknet53", darknet53());
  offer("darknet_small", darknet_small());
  return models;
}

}  // namespace sleight
