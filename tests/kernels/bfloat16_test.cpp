// The conversion to bfloat16, of all 2^32 float32 numbers: in software against the definition, and on a GPU against the
// one in software.
#include "kernels/lib/bfloat16.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "catch2_adapter.h"
#include "kernels/cast.h"
#include "tests/kernels/on_every_device.h"
#include "tests/kernels/on_gpu.h"

namespace sleight::test {
namespace {

constexpr std::uint32_t infinity = 0x7f80;
constexpr std::uint16_t nan_bits = 0x7fff;

// By the definition of the format; 2^128, where infinity begins to be next, for the number after the largest.
double magnitude_of(std::uint32_t bits) {
  const int exponent = static_cast<int>(bits >> 7U);
  const double mantissa = bits & 127U;
  return exponent == 0 ? std::ldexp(mantissa, -133) : std::ldexp(128.0 + mantissa, exponent - 134);
}

// How many of the 65,536 numbers from `low` on, with that sign, do not become the nearer of `low` and the number after
// it, or the even one of them from the middle between both. Their middle is a float32 number.
int wrong_between(std::uint32_t low, std::uint32_t sign) {
  const auto middle = static_cast<float>((magnitude_of(low) + magnitude_of(low + 1)) / 2);
  const std::uint32_t even = low % 2 == 0 ? low : low + 1;
  int wrong = 0;
#pragma omp simd reduction(+ : wrong)
  for (std::uint32_t tail = 0; tail < 65536; ++tail) {
    const float magnitude = std::bit_cast<float>(low << 16U | tail);
    const std::uint32_t nearest = magnitude < middle ? low : (magnitude > middle ? low + 1 : even);
    wrong += bfloat16_bits(std::bit_cast<float>(sign << 31U | low << 16U | tail)) == (sign << 15U | nearest) ? 0 : 1;
  }
  return wrong;
}

int wrong_from(std::uint32_t low, std::uint32_t sign) {
  int wrong = 0;
  for (std::uint32_t tail = 0; tail < 65536; ++tail) {
    const std::uint32_t expected = low == infinity && tail == 0 ? (sign << 15U | infinity) : nan_bits;
    wrong += bfloat16_bits(std::bit_cast<float>(sign << 31U | low << 16U | tail)) == expected ? 0 : 1;
  }
  return wrong;
}

constexpr std::uint32_t parts = 256;

// How many of one part of the float32 numbers a kernel of the device converts to other bits than the software here.
std::int64_t wrong_on(const Device& device, std::uint32_t part) {
  constexpr std::uint32_t count = 1U << 24U;
  static_assert(std::uint64_t{count} * parts == std::uint64_t{1} << 32U);
  std::vector<std::uint32_t> words(count);
  for (std::uint32_t i = 0; i < count; ++i)
    words[i] = part * count + i;
  std::vector<std::uint16_t> bits(count, 0xffff);  // what no number becomes
  tests::run_on_gpu(device, {{words.data(), count * 4}}, {bits.data(), count * 2}, 0,
                    [&](const std::vector<void*>& operands, void* to, void*) {
                      const kernels::Cast arguments{operands[0], DataType::float32, to, DataType::bfloat16, count};
                      kernels::run_on(device.target(), [&](auto target) { cast(target, arguments); });
                    });
  std::int64_t wrong = 0;
  for (std::uint32_t i = 0; i < count; ++i)
    wrong += bits[i] == bfloat16_bits(std::bit_cast<float>(words[i])) ? 0 : 1;
  return wrong;
}

}  // namespace

TEST_CASE("bfloat16: all float32 numbers become the nearest one, ties to even") {
  int wrong = 0;
#pragma omp parallel for reduction(+ : wrong) schedule(dynamic, 64)
  for (std::uint32_t low = 0; low < 32768; ++low)
    for (const std::uint32_t sign : {0U, 1U})
      wrong += low < infinity ? wrong_between(low, sign) : wrong_from(low, sign);
  CHECK(wrong == 0);
}

TEST_CASE("bfloat16: every number is read exactly and comes back with its own bits") {
  int wrong = 0;
  for (std::uint32_t bits = 0; bits < infinity; ++bits)
    for (const std::uint32_t sign : {0U, 0x8000U}) {
      bfloat16 number;
      number.bits = static_cast<std::uint16_t>(sign | bits);
      const double expected = sign == 0 ? magnitude_of(bits) : -magnitude_of(bits);
      const auto value = static_cast<float>(number);
      const bool exact =
          std::bit_cast<std::uint64_t>(static_cast<double>(value)) == std::bit_cast<std::uint64_t>(expected);
      wrong += exact && bfloat16(value).bits == number.bits ? 0 : 1;
    }
  CHECK(wrong == 0);
}

// What a kernel makes of a NaN is what the GPU's instruction would.
TEST_CASE("bfloat16: a NaN becomes 0x7fff on every device") {
  const std::vector<std::uint32_t> words{0x7fc00000U, 0xffc00000U, 0x7f800001U, 0xff800001U, 0xfff5fff5U, 0x7fffffffU};
  const auto bits_on = [&](auto device) {
    GuardedBuffer<float> from(words.size(), "from");
    std::memcpy(from.data(), words.data(), words.size() * sizeof(float));
    GuardedBuffer<bfloat16> to(words.size(), "to");
    cast(device, kernels::Cast{from.data(), DataType::float32, to.data(), DataType::bfloat16,
                               static_cast<std::int64_t>(words.size())});
    std::vector<double> bits;
    for (const bfloat16 number : to)
      bits.push_back(number.bits);
    return bits;
  };
  for (const DeviceResult& result : on_every_device<float>(bits_on))
    CHECK(result.values == std::vector<double>(words.size(), nan_bits));
}

TEST_CASE("bfloat16: the GPU's instruction and the software agree on all float32 numbers", "[gpu]") {
  const std::optional<Device> gpu = tests::find_gpu({});
  if (!gpu) return;
  for (std::uint32_t part = 0; part < parts; ++part)
    REQUIRE(wrong_on(*gpu, part) == 0);
}

TEST_CASE("bfloat16: what brings all numbers to the GPU and back, tried on the cpu") {
  CHECK(wrong_on(Device("cpu"), parts - 1) == 0);
}

}  // namespace sleight::test
