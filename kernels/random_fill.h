// Fills a vector with random numbers that are a pure function of (seed, stream, position): the same bits on every
// device, whatever the number of threads.
//
//   Distribution::uniform   out[i] = first + (second - first) * u      so that first <= out[i] <= second
//   Distribution::normal    out[i] = first + second * z                mean first, standard deviation second
//
// u and z come from kernels/lib/philox.h: element i takes word i mod 4 of philox(stream, i / 4, seed). u has 24 random
// bits; a pair of elements makes two normals from two words (Box and Muller 1958, |z| < 5.77), with logarithm, sine and
// cosine of our own (kernels/lib/philox_normal.h), because those of the C library and of CUDA differ in the last bits.
//
// Shapes    out [count].
// Types     float32, bfloat16, float16 or (cpu only) float64. Numbers are made in float32 and then converted,
//           so all types hold the same draws.
// Writes    out is assigned (=).
// Errors    uniform with first > second, normal with second < 0, or a number that is not finite: std::invalid_argument.
#pragma once

#include <cstdint>

#include "kernels/lib/execution_target.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

enum class Distribution : std::uint8_t { uniform, normal };

struct RandomFill {
  void* out = nullptr;
  std::int64_t count = 0;
  Distribution distribution = Distribution::uniform;
  float first = 0;   // lower end, or mean
  float second = 1;  // upper end, or standard deviation
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;  // one per tensor, so that two tensors of one seed differ
  DataType type = DataType::float32;
};

// The errors of the contract that can be seen from the host; every device calls it first.
void check_arguments(const RandomFill&);

void random_fill(Cpu, const RandomFill&);
void random_fill(Simt, const RandomFill&);
void random_fill(Cuda, const RandomFill&);

}  // namespace sleight::kernels
