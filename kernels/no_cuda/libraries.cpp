// What make_cuda_libraries says in a build that cannot run on a GPU.
#include <stdexcept>

#include "kernels/lib/cuda_libraries.h"

namespace sleight::kernels {

std::shared_ptr<CudaLibraries> make_cuda_libraries(const CudaLibrariesOptions&) {
  throw std::runtime_error(
      "this program was built without the CUDA toolkit, cuDNN or cuBLASLt (the list at the end of the configuration "
      "says which is missing); run on the cpu or simt device");
}

}  // namespace sleight::kernels
