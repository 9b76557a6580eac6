// Functions that cuDNN finds before it uses any, and that need a device: there is none. A missing one is a driver too
// old. Without cuda.h, because the parameters do not matter: in C, the caller puts them down and takes them away.
namespace {
constexpr int no_device = 100;  // CUDA_ERROR_NO_DEVICE
}

#define SLEIGHT_NEEDS_A_DEVICE(name) \
  int name() {                       \
    return no_device;                \
  }

extern "C" {
SLEIGHT_NEEDS_A_DEVICE(cuCtxGetCurrent)
SLEIGHT_NEEDS_A_DEVICE(cuCtxGetLimit)
SLEIGHT_NEEDS_A_DEVICE(cuCtxPopCurrent)
SLEIGHT_NEEDS_A_DEVICE(cuCtxPushCurrent)
SLEIGHT_NEEDS_A_DEVICE(cuDeviceGet)
SLEIGHT_NEEDS_A_DEVICE(cuKernelGetAttribute)
SLEIGHT_NEEDS_A_DEVICE(cuKernelSetAttribute)
SLEIGHT_NEEDS_A_DEVICE(cuLaunchCooperativeKernel)
SLEIGHT_NEEDS_A_DEVICE(cuLaunchKernel)
SLEIGHT_NEEDS_A_DEVICE(cuLaunchKernelEx)
SLEIGHT_NEEDS_A_DEVICE(cuLibraryLoadFromFile)
SLEIGHT_NEEDS_A_DEVICE(cuLinkAddData)
SLEIGHT_NEEDS_A_DEVICE(cuLinkComplete)
SLEIGHT_NEEDS_A_DEVICE(cuLinkCreate)
SLEIGHT_NEEDS_A_DEVICE(cuLinkDestroy)
SLEIGHT_NEEDS_A_DEVICE(cuOccupancyMaxPotentialClusterSize)
SLEIGHT_NEEDS_A_DEVICE(cuStreamGetCtx)
SLEIGHT_NEEDS_A_DEVICE(cuTensorMapEncodeTiled)
}
