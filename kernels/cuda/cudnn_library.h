// The functions of cuDNN that this program calls, and its errors as exceptions.
#pragma once

#include <cudnn_graph.h>

#include <stdexcept>
#include <string>

namespace sleight::kernels::cudnn {

struct Library {
  decltype(&cudnnGetVersion) get_version = nullptr;
  decltype(&cudnnGetErrorString) get_error_string = nullptr;
  decltype(&cudnnGetLastErrorString) get_last_error_string = nullptr;
  decltype(&cudnnCreate) create = nullptr;
  decltype(&cudnnDestroy) destroy = nullptr;
  decltype(&cudnnSetStream) set_stream = nullptr;
  decltype(&cudnnBackendCreateDescriptor) create_descriptor = nullptr;
  decltype(&cudnnBackendDestroyDescriptor) destroy_descriptor = nullptr;
  decltype(&cudnnBackendFinalize) finalize = nullptr;
  decltype(&cudnnBackendSetAttribute) set_attribute = nullptr;
  decltype(&cudnnBackendGetAttribute) get_attribute = nullptr;
  decltype(&cudnnBackendExecute) execute = nullptr;
};

// Opened by the first call; throws std::runtime_error where cuDNN is not installed.
const Library& library();

class Error : public std::runtime_error {
 public:
  Error(cudnnStatus_t status, const std::string& call);
  // The request makes sense, but this version has nothing that fulfils it on this GPU.
  bool is_not_supported() const { return status_ / 1000 == CUDNN_STATUS_NOT_SUPPORTED / 1000; }
  // Anything else, and one kind of it: an engine that compiles its kernel when it is planned, and finds no driver or no
  // compiler for that.
  bool is_failure() const {
    return !is_not_supported() || status_ == CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING;
  }

 private:
  cudnnStatus_t status_;
};

// Throws Error, with cuDNN's own account of what it did not like, unless the status is success.
inline void check(cudnnStatus_t status, const char* call) {
  if (status != CUDNN_STATUS_SUCCESS) throw Error(status, call);
}

}  // namespace sleight::kernels::cudnn
