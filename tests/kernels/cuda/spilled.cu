// Not part of any program: a kernel that the build must refuse. It wants 80 registers for its array alone and may have
// 32, so most of the array moves to local memory.
__global__ void __launch_bounds__(1024, 2) spilled(float* x, int rounds) {
  float value[80];
#pragma unroll
  for (int i = 0; i < 80; ++i)
    value[i] = x[threadIdx.x + i * 1024];
  for (int round = 0; round < rounds; ++round) {
#pragma unroll
    for (int i = 0; i < 80; ++i)
      value[i] = value[i] * value[(i + 7) % 80] + value[(i + 3) % 80];
  }
#pragma unroll
  for (int i = 0; i < 80; ++i)
    x[threadIdx.x + i * 1024] = value[i];
}
