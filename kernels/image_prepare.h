// From the bytes of a batch of images to the network's input: mirror, blend two images (mixup), normalize, convert.
//
//   x(n, h, w, c)    = images[n][h][flip[n] ? width-1-w : w][c]
//   norm(v)(c)       = (v - mean[c]) / deviation[c]
//   out(n, h, w, c)  = lambda[n] * norm(x(n, h, w, c)) + (1 - lambda[n]) * norm(x(partner[n], h, w, c))   c = 0, 1, 2
//   out(n, h, w, c)  = 0                                                                                  c = 3, 4, ...
//
// Each image is mirrored by its own flag, the partner too. Normalizing is affine, so the blend is made on the bytes
// and normalized once; the formula is the same.
//
// Shapes    images uint8 [batch, height, width, 3]; flip, partner int32 [batch]; lambda float32 [batch];
//           out [batch, height, width, channels], channels last, channels 3, 4 or 8 (padded where wide loads of the
//           first convolution want it).
// Types     out is float32, bfloat16, float16 or (cpu only) float64. Arithmetic: float32; float64 for float64.
// Mixup     partner == nullptr means no mixup (evaluation); lambda is then not read. lambda[n] == 1 gives bit for bit
//           what no mixup gives; the partner's image is then not read.
//           Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", arXiv 1710.09412, section 2.
// flip      may be nullptr: nothing is mirrored.
// Errors    a partner outside 0..batch-1: the cpu throws std::invalid_argument, on the GPU that image becomes NaN.
//           channels other than 3, 4, 8, or a deviation that is not positive: std::invalid_argument everywhere.
// Writes    out is assigned (=) and overlaps no input. Deterministic.
// Gradient  none: bytes have no gradient.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct ImagePrepare {
  const std::uint8_t* images = nullptr;
  const std::int32_t* flip = nullptr;
  const std::int32_t* partner = nullptr;
  const float* lambda = nullptr;
  float mean[3] = {};              // in units of the bytes, 0..255
  float deviation[3] = {1, 1, 1};  // the same
  std::int64_t batch = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 3;
  void* out = nullptr;
  DataType type = DataType::float32;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const ImagePrepare&);

void image_prepare(Cpu, const ImagePrepare&);
void image_prepare(Simt, const ImagePrepare&);
void image_prepare(Cuda, const ImagePrepare&);

}  // namespace sleight::kernels
