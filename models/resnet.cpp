#include "models/resnet.h"

#include "engine/base/error.h"
#include "engine/ops/ops.h"
#include "models/classifier.h"
#include "models/layers.h"

namespace sleight {

namespace {

using layers::ResidualBranch;

ValueId norm_relu(Tracer& trace, const std::string& name, ValueId x) {
  return ops::relu(trace, layers::batch_norm(trace, name, x));
}

struct Block {
  ResnetVersion version;
  bool bottleneck;
  std::int64_t width;   // of the 3x3 convolutions
  std::int64_t stride;  // of the whole block

  std::int64_t output_channels() const { return bottleneck ? 4 * width : width; }
  bool changes_shape(const Shape& x) const { return stride != 1 || x.back() != output_channels(); }
};

// The 1x1 convolution of a shortcut that changes the shape of x. Only v1 follows it with a batch norm: the next block
// of v2 begins with one.
ValueId projected_shortcut(Tracer& trace, ValueId x, const Block& block) {
  const auto scope = trace.scope("downsample");
  const std::int64_t channels = block.output_channels();
  if (block.version == ResnetVersion::v2) return layers::convolution(trace, "0", x, channels, 1, block.stride);
  if (block.version != ResnetVersion::v1d) {
    return layers::batch_norm(trace, "1", layers::convolution(trace, "0", x, channels, 1, block.stride));
  }
  // A 1x1 convolution with stride 2 would skip three of four pixels. ceil_mode keeps the odd last row, as the padded
  // 3x3 of the branch does. The pool is module 0 even if the stride is 1 and there is no pool.
  if (block.stride != 1) {
    x = ops::average_pool(trace, x, {.kernel = 2, .stride = block.stride, .padding = 0, .ceil_mode = true});
  }
  return layers::batch_norm(trace, "2", layers::convolution(trace, "1", x, channels, 1));
}

// relu(branch(x) + shortcut(x)); the sum and the ReLU fuse into the last batch norm (engine/ops/batch_norm_fusion.cpp).
ValueId post_activation_block(Tracer& trace, ValueId x, const Block& block) {
  ValueId branch = x;
  if (block.bottleneck) {
    const bool first_strides = block.version == ResnetVersion::v1;
    branch = layers::convolution(trace, "conv1", branch, block.width, 1, first_strides ? block.stride : 1);
    branch = norm_relu(trace, "bn1", branch);
    branch = layers::convolution(trace, "conv2", branch, block.width, 3, first_strides ? 1 : block.stride);
    branch = norm_relu(trace, "bn2", branch);
    branch = layers::convolution(trace, "conv3", branch, block.output_channels(), 1);
    branch = layers::batch_norm(trace, "bn3", branch, ResidualBranch::end);
  } else {
    branch = layers::convolution(trace, "conv1", branch, block.width, 3, block.stride);
    branch = norm_relu(trace, "bn1", branch);
    branch = layers::convolution(trace, "conv2", branch, block.output_channels(), 3);
    branch = layers::batch_norm(trace, "bn2", branch, ResidualBranch::end);
  }
  const ValueId shortcut = block.changes_shape(trace.shape(x)) ? projected_shortcut(trace, x, block) : x;
  return ops::relu(trace, ops::add(trace, branch, shortcut));
}

// branch(x) + x, where a projected shortcut starts from the activated x. No batch norm is marked as the branch's end:
// with a scale of zero the following ReLU would pass no gradient, and the branch would stay zero.
ValueId pre_activation_block(Tracer& trace, ValueId x, const Block& block) {
  const ValueId activated = norm_relu(trace, "bn1", x);
  ValueId branch = activated;
  if (block.bottleneck) {
    branch = norm_relu(trace, "bn2", layers::convolution(trace, "conv1", branch, block.width, 1));
    branch = norm_relu(trace, "bn3", layers::convolution(trace, "conv2", branch, block.width, 3, block.stride));
    branch = layers::convolution(trace, "conv3", branch, block.output_channels(), 1);
  } else {
    branch = norm_relu(trace, "bn2", layers::convolution(trace, "conv1", branch, block.width, 3, block.stride));
    branch = layers::convolution(trace, "conv2", branch, block.output_channels(), 3);
  }
  const ValueId shortcut = block.changes_shape(trace.shape(x)) ? projected_shortcut(trace, activated, block) : x;
  return ops::add(trace, branch, shortcut);
}

// All steps before the first block. v2 leaves the batch norm and the ReLU to its first block.
ValueId stem(Tracer& trace, ValueId images, const Resnet& network) {
  ValueId x = images;
  if (network.version == ResnetVersion::v1c || network.version == ResnetVersion::v1d) {
    const auto scope = trace.scope("conv1");
    x = norm_relu(trace, "1", layers::convolution(trace, "0", x, network.width / 2, 3, 2));
    x = norm_relu(trace, "4", layers::convolution(trace, "3", x, network.width / 2, 3));
    x = layers::convolution(trace, "6", x, network.width, 3);
  } else if (network.small_images) {
    x = layers::convolution(trace, "conv1", x, network.width, 3);
  } else {
    x = layers::convolution(trace, "conv1", x, network.width, 7, 2);
  }
  if (network.version != ResnetVersion::v2) x = norm_relu(trace, "bn1", x);
  if (network.small_images) return x;
  return ops::max_pool(trace, x, {.kernel = 3, .stride = 2, .padding = 1, .ceil_mode = false});
}

}  // namespace

ValueId resnet(Tracer& trace, ValueId images, std::int64_t classes, const Resnet& network) {
  check(classes >= 1, "a classifier needs at least one class, got ", classes);
  const bool deep_stem = network.version == ResnetVersion::v1c || network.version == ResnetVersion::v1d;
  check(!(deep_stem && network.small_images), "v1c and v1d have a stem for large images");
  const bool pre_activation = network.version == ResnetVersion::v2;

  ValueId x = stem(trace, images, network);
  std::int64_t width = network.width;
  for (std::size_t stage = 0; stage < network.blocks.size(); ++stage) {
    for (std::int64_t index = 0; index < network.blocks[stage]; ++index) {
      const auto scope = trace.scope("layer" + std::to_string(stage + 1) + "." + std::to_string(index));
      const std::int64_t stride = stage > 0 && index == 0 ? 2 : 1;
      const Block block{network.version, network.bottleneck, width, stride};
      x = pre_activation ? pre_activation_block(trace, x, block) : post_activation_block(trace, x, block);
    }
    width *= 2;
  }
  if (pre_activation) x = norm_relu(trace, "norm", x);
  return layers::linear(trace, "fc", ops::global_average_pool(trace, x), classes);
}

std::vector<ClassifierModel> resnet_classifiers() {
  struct Version {
    const char* suffix;
    ResnetVersion version;
  };
  std::vector<ClassifierModel> models;
  const auto offer = [&](const std::string& name, const Resnet& network) {
    models.push_back({.name = name,
                      .image_size = network.small_images ? 32 : 224,
                      .family = network.small_images ? ClassifierFamily::cifar : ClassifierFamily::imagenet,
                      .trace = [network](Tracer& trace, ValueId images, std::int64_t classes) {
                        return resnet(trace, images, classes, network);
                      }});
  };

  struct Size {
    const char* depth;
    bool bottleneck;
    std::vector<std::int64_t> blocks;
  };
  // He 2015, table 1.
  const std::vector<Size> sizes = {{"18", false, {2, 2, 2, 2}},
                                   {"34", false, {3, 4, 6, 3}},
                                   {"50", true, {3, 4, 6, 3}},
                                   {"101", true, {3, 4, 23, 3}},
                                   {"152", true, {3, 8, 36, 3}}};
  const std::vector<Version> versions = {{"", ResnetVersion::v1b},     {"_v1", ResnetVersion::v1},
                                         {"_v1b", ResnetVersion::v1b}, {"_v1c", ResnetVersion::v1c},
                                         {"_v1d", ResnetVersion::v1d}, {"_v2", ResnetVersion::v2}};
  for (const Size& size : sizes) {
    for (const Version& version : versions) {
      offer(std::string("resnet") + size.depth + version.suffix,
            {.version = version.version, .bottleneck = size.bottleneck, .blocks = size.blocks});
    }
  }

  const std::vector<Version> small_versions = {
      {"", ResnetVersion::v1}, {"_v1", ResnetVersion::v1}, {"_v2", ResnetVersion::v2}};
  for (const std::int64_t depth : {20, 32, 44, 56, 110}) {
    // Three stages of blocks with two layers each; the stem and the linear layer are the other two.
    const std::int64_t blocks = (depth - 2) / 6;
    for (const Version& version : small_versions) {
      offer("cifar_resnet" + std::to_string(depth) + version.suffix,
            {.version = version.version, .small_images = true, .width = 16, .blocks = {blocks, blocks, blocks}});
    }
  }
  return models;
}

}  // namespace sleight
