#include "kernels/cuda/cudnn_library.h"

#include <array>

#include "kernels/cuda/shared_library.h"

namespace sleight::kernels::cudnn {
namespace {

Library open() {
  // SLEIGHT_CUDNN_LIBRARY: where CMake found it.
  const SharedLibrary file("cuDNN",
                           {"libcudnn.so." + std::to_string(CUDNN_MAJOR), SLEIGHT_CUDNN_LIBRARY, "libcudnn.so"});
  Library functions;
  file.find(functions.get_version, "cudnnGetVersion");
  file.find(functions.get_error_string, "cudnnGetErrorString");
  file.find(functions.get_last_error_string, "cudnnGetLastErrorString");
  file.find(functions.create, "cudnnCreate");
  file.find(functions.destroy, "cudnnDestroy");
  file.find(functions.set_stream, "cudnnSetStream");
  file.find(functions.create_descriptor, "cudnnBackendCreateDescriptor");
  file.find(functions.destroy_descriptor, "cudnnBackendDestroyDescriptor");
  file.find(functions.finalize, "cudnnBackendFinalize");
  file.find(functions.set_attribute, "cudnnBackendSetAttribute");
  file.find(functions.get_attribute, "cudnnBackendGetAttribute");
  file.find(functions.execute, "cudnnBackendExecute");
  return functions;
}

std::string explain(cudnnStatus_t status) {
  std::array<char, 2048> details = {};
  library().get_last_error_string(details.data(), details.size());
  const std::string name = library().get_error_string(status);
  return details[0] == '\0' ? name : name + " (" + details.data() + ")";
}

}  // namespace

const Library& library() {
  static const Library functions = open();
  return functions;
}

Error::Error(cudnnStatus_t status, const std::string& call)
    : std::runtime_error(call + " failed: " + explain(status)), status_(status) {}

}  // namespace sleight::kernels::cudnn
