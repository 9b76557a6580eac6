// Not part of any program: a kernel that the build must refuse. Registers have no addresses, so an array that is
// indexed with what only the run knows lies in a stack frame in local memory.
__global__ void indexed(float* x, const int* where, int count) {
  float value[32];
  for (int i = 0; i < 32; ++i)
    value[i] = x[i];
  for (int i = 0; i < count; ++i)
    value[where[i]] += 1.0F;
  for (int i = 0; i < 32; ++i)
    x[i] = value[i];
}
