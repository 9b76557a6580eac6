// A library that is opened when its first function is called, not when the program starts. Linked the usual way,
// libcublasLt alone would cost every process 0.2 s, and a program that trains on the cpu would not start on a machine
// without it.
#pragma once

#include <string>
#include <vector>

namespace sleight::kernels {

class SharedLibrary {
 public:
  // Opens the first of the files that can be opened: a bare name is searched for in LD_LIBRARY_PATH and where the
  // system keeps its libraries. Throws std::runtime_error that says what is missing, for what, and where it was
  // searched for. Stays open until the process ends: CUDA's libraries do not survive being closed.
  SharedLibrary(const std::string& name, const std::vector<std::string>& files);

  // function = the library's function of that name; throws std::runtime_error when it has none.
  template <class Function>
  void find(Function*& function, const char* name) const {
    function = reinterpret_cast<Function*>(address_of(name));
  }

 private:
  void* address_of(const char* name) const;

  std::string name_;
  void* library_ = nullptr;
};

}  // namespace sleight::kernels
