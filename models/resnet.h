// Residual networks for classification.
//
//   v1   He et al. 2015, "Deep Residual Learning" (arXiv 1512.03385): a bottleneck strides in its first 1x1 convolution
//   v1b  strides in the 3x3 instead; torchvision's layout, and what plain names such as resnet50 mean
//   v1c  v1b with a stem of three 3x3 convolutions (32, 32, 64 channels) instead of one 7x7
//   v1d  v1c with a 2x2 average pool before the 1x1 of a striding shortcut, which then skips no pixel
//   v2   He et al. 2016, "Identity Mappings" (arXiv 1603.05027): batch norm and ReLU before each convolution
//
// "Bag of Tricks" (arXiv 1812.01187), section 4, describes B, C and D. Networks of basic blocks (18, 34, and all for
// CIFAR) are the same as v1 and as v1b. Shortcuts are projected (1x1) wherever the size or the channels change, for
// CIFAR too, as in GluonCV. README.md lists the names of the parameters.
#pragma once

#include <vector>

#include "engine/program/trace.h"

namespace sleight {

enum class ResnetVersion : std::uint8_t { v1, v1b, v1c, v1d, v2 };

struct Resnet {
  ResnetVersion version = ResnetVersion::v1b;
  // A block is three convolutions (1x1, 3x3, 1x1 with 4 times the channels) instead of two 3x3.
  bool bottleneck = false;
  // The stem is one 3x3 convolution of stride 1, for images of 32 pixels (He 2015, section 4.2); v1, v1b and v2 only.
  bool small_images = false;
  std::int64_t width = 64;           // channels of the stem and of the first stage's 3x3 convolutions
  std::vector<std::int64_t> blocks;  // per stage; each stage after the first halves the image and doubles the width
};

// Writes the network: images [N,H,W,3] -> logits [N, classes]. Any height and width of at least 1 pixel; for v1d at
// least 17, because its last average pool needs 2 pixels. Throws Error naming the layer.
ValueId resnet(Tracer& trace, ValueId images, std::int64_t classes, const Resnet& network);

}  // namespace sleight
