// The convolutions of darknet's yolov3.cfg as its own program lists them when it loads the file: filters, size and
// stride, and the channels that come in. Typed from that list and not made by any loop over stages, so that a mistake
// in the stages of models/ has nowhere to hide.
#pragma once

#include <cstdint>
#include <span>

namespace sleight::test {

struct DarknetLayer {
  int index;  // among all layers of the file: shortcuts, routes, upsamplings and outputs count too
  std::int64_t filters, size, stride, inputs;
  bool batch_norm = true;

  constexpr std::int64_t weights() const { return filters * inputs * size * size; }
  // What is trained: weights, and scale and shift or the bias.
  constexpr std::int64_t parameters() const { return weights() + (batch_norm ? 2 : 1) * filters; }
  // What the file of weights holds: the running statistics too.
  constexpr std::int64_t numbers() const { return weights() + (batch_norm ? 4 : 1) * filters; }
};

inline constexpr DarknetLayer yolov3_layers[] = {
    {0, 32, 3, 1, 3},
    {1, 64, 3, 2, 32},
    {2, 32, 1, 1, 64},
    {3, 64, 3, 1, 32},
    {5, 128, 3, 2, 64},
    {6, 64, 1, 1, 128},
    {7, 128, 3, 1, 64},
    {9, 64, 1, 1, 128},
    {10, 128, 3, 1, 64},
    {12, 256, 3, 2, 128},
    {13, 128, 1, 1, 256},
    {14, 256, 3, 1, 128},
    {16, 128, 1, 1, 256},
    {17, 256, 3, 1, 128},
    {19, 128, 1, 1, 256},
    {20, 256, 3, 1, 128},
    {22, 128, 1, 1, 256},
    {23, 256, 3, 1, 128},
    {25, 128, 1, 1, 256},
    {26, 256, 3, 1, 128},
    {28, 128, 1, 1, 256},
    {29, 256, 3, 1, 128},
    {31, 128, 1, 1, 256},
    {32, 256, 3, 1, 128},
    {34, 128, 1, 1, 256},
    {35, 256, 3, 1, 128},
    {37, 512, 3, 2, 256},
    {38, 256, 1, 1, 512},
    {39, 512, 3, 1, 256},
    {41, 256, 1, 1, 512},
    {42, 512, 3, 1, 256},
    {44, 256, 1, 1, 512},
    {45, 512, 3, 1, 256},
    {47, 256, 1, 1, 512},
    {48, 512, 3, 1, 256},
    {50, 256, 1, 1, 512},
    {51, 512, 3, 1, 256},
    {53, 256, 1, 1, 512},
    {54, 512, 3, 1, 256},
    {56, 256, 1, 1, 512},
    {57, 512, 3, 1, 256},
    {59, 256, 1, 1, 512},
    {60, 512, 3, 1, 256},
    {62, 1024, 3, 2, 512},
    {63, 512, 1, 1, 1024},
    {64, 1024, 3, 1, 512},
    {66, 512, 1, 1, 1024},
    {67, 1024, 3, 1, 512},
    {69, 512, 1, 1, 1024},
    {70, 1024, 3, 1, 512},
    {72, 512, 1, 1, 1024},
    {73, 1024, 3, 1, 512},
    // The backbone ends here, after 52.
    {75, 512, 1, 1, 1024},
    {76, 1024, 3, 1, 512},
    {77, 512, 1, 1, 1024},
    {78, 1024, 3, 1, 512},
    {79, 512, 1, 1, 1024},
    {80, 1024, 3, 1, 512},
    {81, 255, 1, 1, 1024, false},
    {84, 256, 1, 1, 512},
    {87, 256, 1, 1, 768},
    {88, 512, 3, 1, 256},
    {89, 256, 1, 1, 512},
    {90, 512, 3, 1, 256},
    {91, 256, 1, 1, 512},
    {92, 512, 3, 1, 256},
    {93, 255, 1, 1, 512, false},
    {96, 128, 1, 1, 256},
    {99, 128, 1, 1, 384},
    {100, 256, 3, 1, 128},
    {101, 128, 1, 1, 256},
    {102, 256, 3, 1, 128},
    {103, 128, 1, 1, 256},
    {104, 256, 3, 1, 128},
    {105, 255, 1, 1, 256, false},
};

inline constexpr std::size_t backbone_layers = 52;

}  // namespace sleight::test
