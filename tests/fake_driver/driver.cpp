// A stand-in for NVIDIA's driver, libcuda.so.1, on a machine without a GPU: modules load, and the one device does
// nothing. cuDNN compiles some kernels while it makes a plan, hands the machine code to the driver, and offers the
// kernel if that succeeds; without a driver it answers that a prerequisite is missing. Nothing here runs a kernel.
//
// A module that loads here is machine code of the size that it states, and has the kernel that is asked for. Whether a
// GPU accepts it, only a GPU knows.
#include <cuda.h>
#include <dlfcn.h>
#include <elf.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

// The names of the library, not those that cuda.h puts in their place.
#undef cuGetProcAddress

namespace {

constexpr Elf64_Half machine_of_cuda = 190;  // EM_CUDA

std::atomic<int> loaded_modules = 0;

// What CUlibrary and CUmodule point to.
struct Module {
  std::string code;
  // A kernel is a section of its name.
  bool has(std::string_view kernel) const {
    const std::string section = ".text." + std::string(kernel);
    return code.find(section + '\0') != std::string::npos;
  }
};

// Empty for what is no machine code for a GPU.
std::string_view machine_code_at(const void* address) {
  if (std::memcmp(address, ELFMAG, SELFMAG) != 0) return {};
  Elf64_Ehdr header;
  std::memcpy(&header, address, sizeof(header));
  if (header.e_machine != machine_of_cuda) return {};
  // The table of sections, or that of segments, is the last part of the file.
  const std::size_t sections = header.e_shoff + std::size_t{header.e_shnum} * header.e_shentsize;
  const std::size_t segments = header.e_phoff + std::size_t{header.e_phnum} * header.e_phentsize;
  return {static_cast<const char*>(address), sections > segments ? sections : segments};
}

// "sm_90". Since version 8 of the file's format (CUDA 13), the number is in the second byte of the flags; before, in the
// first.
std::string architecture_of(std::string_view machine_code) {
  Elf64_Ehdr header;
  std::memcpy(&header, machine_code.data(), sizeof(header));
  return "sm_" + std::to_string((header.e_flags >> (header.e_ident[EI_ABIVERSION] >= 8 ? 8U : 0U)) & 0xffU);
}

// One line for each answer, into the file that this variable names: what cuDNN asked.
void log(const char* what, std::string_view detail) {
  const char* const path = std::getenv("SLEIGHT_FAKE_DRIVER_LOG");
  if (path == nullptr) return;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path, "a"), std::fclose);
  if (file) std::fprintf(file.get(), "%s %.*s\n", what, static_cast<int>(detail.size()), detail.data());
}

template <class Handle>
CUresult load(Handle* handle, const void* code) {
  if (handle == nullptr || code == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const std::string_view machine_code = machine_code_at(code);
  if (machine_code.empty()) {
    log("no machine code", "");
    return CUDA_ERROR_INVALID_IMAGE;
  }
  log("load", architecture_of(machine_code) + ", " + std::to_string(machine_code.size()) + " bytes");
  *handle = reinterpret_cast<Handle>(new Module{std::string(machine_code)});
  ++loaded_modules;
  return CUDA_SUCCESS;
}

// The handle of a kernel is that of its module: nobody can do anything with either.
template <class Handle>
CUresult find_kernel(Handle* kernel, void* module, const char* name) {
  if (kernel == nullptr || module == nullptr || name == nullptr) return CUDA_ERROR_INVALID_VALUE;
  const bool found = static_cast<const Module*>(module)->has(name);
  log(found ? "kernel" : "no kernel", name);
  if (!found) return CUDA_ERROR_NOT_FOUND;
  *kernel = reinterpret_cast<Handle>(module);
  return CUDA_SUCCESS;
}

CUresult unload(void* module) {
  delete static_cast<Module*>(module);
  return CUDA_SUCCESS;
}

}  // namespace

extern "C" {

// How many modules were loaded: a test that wants a driver asks, so that it does not pass without one.
int sleight_fake_driver_loaded_modules() {
  return loaded_modules;
}

CUresult cuDriverGetVersion(int* version) {
  *version = CUDA_VERSION;
  return CUDA_SUCCESS;
}

CUresult cuInit(unsigned int) {
  return CUDA_SUCCESS;
}

// With none, cuDNN would not load what it compiled.
CUresult cuDeviceGetCount(int* count) {
  *count = 1;
  return CUDA_SUCCESS;
}

CUresult cuGetErrorName(CUresult, const char** text) {
  *text = "an error of the stand-in for the driver (tests/fake_driver)";
  return CUDA_SUCCESS;
}

CUresult cuGetErrorString(CUresult status, const char** text) {
  return cuGetErrorName(status, text);
}

// Functions without a name, which the CUDA runtime needs to use a device.
CUresult cuGetExportTable(const void**, const CUuuid*) {
  return CUDA_ERROR_NOT_FOUND;
}

CUresult cuLibraryLoadData(CUlibrary* library, const void* code, CUjit_option*, void**, unsigned int, CUlibraryOption*,
                           void**, unsigned int) {
  return load(library, code);
}

CUresult cuLibraryGetKernel(CUkernel* kernel, CUlibrary library, const char* name) {
  return find_kernel(kernel, library, name);
}

CUresult cuLibraryUnload(CUlibrary library) {
  return unload(library);
}

CUresult cuModuleLoadData(CUmodule* module, const void* code) {
  return load(module, code);
}

CUresult cuModuleLoadDataEx(CUmodule* module, const void* code, unsigned int, CUjit_option*, void**) {
  return load(module, code);
}

CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  return find_kernel(function, module, name);
}

CUresult cuModuleUnload(CUmodule module) {
  return unload(module);
}

// The functions of this file by name; all are older than the oldest version that is asked for.
CUresult cuGetProcAddress_v2(const char* name, void** function, int, cuuint64_t,
                             CUdriverProcAddressQueryResult* result) {
  Dl_info self;
  dladdr(reinterpret_cast<const void*>(&cuDriverGetVersion), &self);
  const std::unique_ptr<void, int (*)(void*)> library(dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD), dlclose);
  const bool versioned = std::string_view(name) == "cuGetProcAddress";
  *function = dlsym(library.get(), versioned ? "cuGetProcAddress_v2" : name);
  if (*function == nullptr) log("no function", name);
  if (result != nullptr)
    *result = *function != nullptr ? CU_GET_PROC_ADDRESS_SUCCESS : CU_GET_PROC_ADDRESS_SYMBOL_NOT_FOUND;
  return *function != nullptr ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
}

CUresult cuGetProcAddress(const char* name, void** function, int version, cuuint64_t flags) {
  return cuGetProcAddress_v2(name, function, version, flags, nullptr);
}

}  // extern "C"
