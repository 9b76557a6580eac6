#include "engine/value/random.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "kernels/lib/philox.h"

namespace sleight {

RandomStream::RandomStream(std::uint64_t seed, RandomPurpose purpose, std::uint64_t epoch, std::uint64_t index) {
  // The four coordinates are hashed into key and upper counter by Philox itself, so that no two of them can collide by
  // adding up to the same number.
  const kernels::PhiloxBlock block = kernels::philox((epoch << 8U) ^ static_cast<std::uint64_t>(purpose), index, seed);
  key_ = (std::uint64_t{block.word[0]} << 32U) | block.word[1];
  counter_high_ = (std::uint64_t{block.word[2]} << 32U) | block.word[3];
}

std::uint32_t RandomStream::bits() {
  if (available_ == 0) {
    const kernels::PhiloxBlock block = kernels::philox(counter_high_, counter_low_++, key_);
    for (int i = 0; i < 4; ++i)
      words_[i] = block.word[i];
    available_ = 4;
  }
  return words_[--available_];
}

double RandomStream::uniform() {
  const std::uint64_t word = (std::uint64_t{bits()} << 32U) | bits();
  return static_cast<double>(word >> 11U) * 0x1.0p-53;
}

double RandomStream::uniform(double low, double high) {
  return low + (high - low) * uniform();
}

std::int64_t RandomStream::below(std::int64_t count) {
  const std::uint64_t range = static_cast<std::uint64_t>(count);
  // Words past the last whole multiple of the range are drawn again; taking them modulo would favor small numbers.
  const std::uint64_t limit = ~std::uint64_t{0} - (~std::uint64_t{0} % range);
  std::uint64_t word = 0;
  do {
    word = (std::uint64_t{bits()} << 32U) | bits();
  } while (word >= limit);
  return static_cast<std::int64_t>(word % range);
}

double RandomStream::normal() {
  const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
  return radius * std::cos(2.0 * std::numbers::pi * uniform());
}

double RandomStream::gamma(double shape) {
  if (shape < 1.0) return gamma(shape + 1.0) * std::pow(1.0 - uniform(), 1.0 / shape);
  const double d = shape - 1.0 / 3.0;
  const double c = 1.0 / std::sqrt(9.0 * d);
  while (true) {
    const double x = normal();
    const double v = std::pow(1.0 + c * x, 3.0);
    if (v <= 0.0) continue;
    const double u = 1.0 - uniform();
    if (std::log(u) < 0.5 * x * x + d - d * v + d * std::log(v)) return d * v;
  }
}

double RandomStream::beta(double alpha, double beta) {
  const double x = gamma(alpha);
  const double y = gamma(beta);
  // Tiny shapes can underflow both draws; the distribution then sits at its ends, so either end is a right answer.
  return x + y > 0.0 ? x / (x + y) : (uniform() * (alpha + beta) < alpha ? 1.0 : 0.0);
}

std::vector<std::int64_t> RandomStream::permutation(std::int64_t count) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  for (std::int64_t i = count - 1; i > 0; --i) {
    std::swap(order[i], order[below(i + 1)]);
  }
  return order;
}

}  // namespace sleight
