// What bench/kernel_resources.py has to find: elements one by one where the table beside it promises 16 bytes, a division
// in 64 bits, and bfloat16 rounded by hand.
#include <cstdint>

__global__ void slow(const float* from, std::uint16_t* to, std::int64_t count, std::int64_t columns) {
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const unsigned bits = __float_as_uint(from[i / columns]);
  to[i] = static_cast<std::uint16_t>((bits + 0x7fffU + ((bits >> 16U) & 1U)) >> 16U);
}
