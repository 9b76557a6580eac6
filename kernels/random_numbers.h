// The four numbers of one Philox block in the asked distribution, as random_fill writes them on every device.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/lib/philox.h"
#include "kernels/lib/philox_normal.h"
#include "kernels/random_fill.h"

namespace sleight::kernels {

struct FourNumbers {
  float value[4];
};

// Elements 4 * group .. 4 * group + 3. The fused multiply-add is written out, so that no compiler's choice to fuse or
// not changes a bit.
SLEIGHT_HOST_DEVICE inline FourNumbers random_numbers(const RandomFill& fill, std::int64_t group) {
  const PhiloxBlock block = philox(fill.stream, static_cast<std::uint64_t>(group), fill.seed);
  FourNumbers numbers;
  if (fill.distribution == Distribution::uniform) {
    const float range = fill.second - fill.first;
    for (int i = 0; i < 4; ++i)
      numbers.value[i] = std::fma(range, philox_uniform(block.word[i]), fill.first);
    return numbers;
  }
  for (int i = 0; i < 4; i += 2) {
    const NormalPair pair = philox_normal(block.word[i], block.word[i + 1]);
    numbers.value[i] = std::fma(fill.second, pair.first, fill.first);
    numbers.value[i + 1] = std::fma(fill.second, pair.second, fill.first);
  }
  return numbers;
}

}  // namespace sleight::kernels
