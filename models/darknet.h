// DarkNet: the classifier and backbone of YOLOv3 (Redmon and Farhadi, "YOLOv3: An Incremental Improvement", 2018, table
// 1), and a small version that two processor cores can train.
//
// A batch norm and a leaky ReLU of slope 0.1 follow every convolution. A stage halves the image with a 3x3 of stride 2
// and continues with residual blocks: a 1x1 to half the channels, a 3x3 back, and the sum, without a further
// activation. README.md lists the names of the parameters; their order is that of darknet's cfg files.
#pragma once

#include <vector>

#include "engine/program/trace.h"
#include "models/layers.h"

namespace sleight {

struct DarknetStage {
  std::int64_t channels = 0;
  std::int64_t blocks = 0;
};

struct Darknet {
  std::int64_t stem_channels = 32;
  std::vector<DarknetStage> stages;

  // Of the stem and the stages: the content of a file such as darknet53.conv.74.
  std::int64_t convolutions() const;
};

Darknet darknet53();      // 52 convolutions, 40.6 million parameters
Darknet darknet_small();  // 14 convolutions, 1.1 million parameters

// Writes stem and stages: images [N,H,W,3] -> the output of each stage, [N, H/2, W/2, channels], [N, H/4, W/4, ...],
// ..., sides rounded up.
std::vector<ValueId> darknet_features(Tracer& trace, ValueId images, const Darknet& network);

// Also a global average pool and a linear layer: -> logits [N, classes]. Throws Error naming the layer.
ValueId darknet_classifier(Tracer& trace, ValueId images, std::int64_t classes, const Darknet& network);

// The unit of all darknet networks: convolution, batch norm, leaky ReLU. Parameters: name.conv.weight, name.bn.*.
ValueId darknet_convolution(Tracer& trace, const std::string& name, ValueId x, std::int64_t channels,
                            std::int64_t kernel, std::int64_t stride = 1,
                            layers::ResidualBranch branch = layers::ResidualBranch::inside);

}  // namespace sleight
