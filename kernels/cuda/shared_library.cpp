#include "kernels/cuda/shared_library.h"

#include <dlfcn.h>

#include <stdexcept>

namespace sleight::kernels {

SharedLibrary::SharedLibrary(const std::string& name, const std::vector<std::string>& files) : name_(name) {
  std::string reasons;
  for (const std::string& file : files) {
    if (file.empty()) continue;
    // RTLD_GLOBAL: cuDNN opens cuBLASLt by its name and should find the one that is already here.
    library_ = dlopen(file.c_str(), RTLD_NOW | RTLD_GLOBAL);
    if (library_ != nullptr) return;
    const char* const reason = dlerror();
    reasons += std::string("\n  ") + (reason != nullptr ? reason : file.c_str());
  }
  throw std::runtime_error(name + " cannot be opened:" + reasons +
                           "\ninstall it, or put its folder into LD_LIBRARY_PATH (Python's packages keep it in "
                           "site-packages/nvidia/*/lib)");
}

void* SharedLibrary::address_of(const char* name) const {
  void* const address = dlsym(library_, name);
  if (address == nullptr) {
    throw std::runtime_error(name_ + " has no function " + name + ": it is older than this program needs");
  }
  return address;
}

}  // namespace sleight::kernels
