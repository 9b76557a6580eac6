// image_prepare for a dataset that lives on the device: each image of the batch is a window into one of all images,
// found by its number, so that a step needs a few numbers per image instead of its bytes.
//
//   x(n, h, w, c)    = images[index[n]][top(n) + h][left(n) + (flip[n] ? width-1-w : w)][c]  0 outside the image
//   top(n), left(n)  = window[n][0], window[n][1]                                            negative: in the padding
//   norm, out        as in image_prepare.h: blend with the partner's x, normalize, zeros in channels 3, 4, ...
//
// A random crop after padding by p pixels (He et al., arXiv 1512.03385, section 4.2) is a window that starts at -p ..
// +p. The numbers are bit for bit those of image_prepare on a batch of the same windows.
//
// Shapes    images uint8 [count, source_height, source_width, 3]; index int32 [batch]; window int32 [batch, 2];
//           flip, partner int32 [batch]; lambda float32 [batch]; out [batch, height, width, channels], channels last,
//           channels 3, 4 or 8.
// Types     out is float32, bfloat16, float16 or (cpu only) float64. Arithmetic: float32; float64 for float64.
// Mixup     partner == nullptr means no mixup; lambda is then not read. partner[n] is a position in the batch. Where
//           lambda[n] == 1 the partner is not read.
// flip      may be nullptr: nothing is mirrored.
// Reads     on the GPU each byte of a window once, in accesses of 16 bytes but for the ends of its rows.
// Errors    an index outside 0..count-1 or a partner outside 0..batch-1: the cpu throws std::invalid_argument; on the
//           GPU the images that would show it become NaN. Channels other than 3, 4, 8, a deviation that is not
//           positive, or a width above 16384: std::invalid_argument everywhere.
// Writes    out is assigned (=) and overlaps no input. Deterministic.
// Gradient  none: bytes have no gradient.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

struct ImagePrepareResident {
  const std::uint8_t* images = nullptr;
  const std::int32_t* index = nullptr;
  const std::int32_t* window = nullptr;
  const std::int32_t* flip = nullptr;
  const std::int32_t* partner = nullptr;
  const float* lambda = nullptr;
  float mean[3] = {};              // in units of the bytes, 0..255
  float deviation[3] = {1, 1, 1};  // the same
  std::int64_t count = 0;
  std::int64_t source_height = 0;
  std::int64_t source_width = 0;
  std::int64_t batch = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 3;
  void* out = nullptr;
  DataType type = DataType::float32;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const ImagePrepareResident&);

void image_prepare_resident(Cpu, const ImagePrepareResident&);
void image_prepare_resident(Simt, const ImagePrepareResident&);
void image_prepare_resident(Cuda, const ImagePrepareResident&);

}  // namespace sleight::kernels
