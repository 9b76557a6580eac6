#include "kernels/cuda/cublaslt_library.h"

#include "kernels/cuda/shared_library.h"

namespace sleight::kernels::cublaslt {
namespace {

Library open() {
  // SLEIGHT_CUBLASLT_LIBRARY: where CMake found it.
  const SharedLibrary file(
      "cuBLASLt", {"libcublasLt.so." + std::to_string(CUBLAS_VER_MAJOR), SLEIGHT_CUBLASLT_LIBRARY, "libcublasLt.so"});
  Library functions;
  file.find(functions.get_version, "cublasLtGetVersion");
  file.find(functions.get_status_string, "cublasLtGetStatusString");
  file.find(functions.create, "cublasLtCreate");
  file.find(functions.destroy, "cublasLtDestroy");
  file.find(functions.create_operation, "cublasLtMatmulDescCreate");
  file.find(functions.destroy_operation, "cublasLtMatmulDescDestroy");
  file.find(functions.set_operation, "cublasLtMatmulDescSetAttribute");
  file.find(functions.create_layout, "cublasLtMatrixLayoutCreate");
  file.find(functions.destroy_layout, "cublasLtMatrixLayoutDestroy");
  file.find(functions.create_preference, "cublasLtMatmulPreferenceCreate");
  file.find(functions.destroy_preference, "cublasLtMatmulPreferenceDestroy");
  file.find(functions.set_preference, "cublasLtMatmulPreferenceSetAttribute");
  file.find(functions.propose, "cublasLtMatmulAlgoGetHeuristic");
  file.find(functions.check_algorithm, "cublasLtMatmulAlgoCheck");
  file.find(functions.multiply, "cublasLtMatmul");
  return functions;
}

}  // namespace

const Library& library() {
  static const Library functions = open();
  return functions;
}

void check(cublasStatus_t status, const char* call) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw std::runtime_error(std::string(call) + " failed: " + library().get_status_string(status));
}

}  // namespace sleight::kernels::cublaslt
