#include "engine/device/gpu.h"

#include "engine/base/error.h"

namespace sleight {

Gpu open_gpu(int index, const DeviceOptions& /*options*/) {
  fail("cuda:", index,
       " cannot be used: this program was built without the CUDA toolkit or without cuDNN (the list at the end of the "
       "configuration says which is missing); use --device cpu");
}

}  // namespace sleight
