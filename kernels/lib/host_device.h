// Marks what both the host and the GPU call.
#pragma once

#if defined(__CUDACC__)
#define SLEIGHT_HOST_DEVICE __host__ __device__
#else
#define SLEIGHT_HOST_DEVICE
#endif
