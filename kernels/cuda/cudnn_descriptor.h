// cuDNN's graph interface knows one kind of object, the descriptor, and five functions: create it, set attributes,
// finalize it (which checks it), get attributes, destroy it. This is that, with the attribute's type taken from the
// C++ type of its value.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "kernels/cuda/cudnn_library.h"

namespace sleight::kernels::cudnn {

// The name that cuDNN gives to the type of an attribute.
template <class T>
constexpr cudnnBackendAttributeType_t attribute_type() {
  if constexpr (std::is_same_v<T, std::int64_t>) return CUDNN_TYPE_INT64;
  if constexpr (std::is_same_v<T, bool>) return CUDNN_TYPE_BOOLEAN;
  if constexpr (std::is_same_v<T, float>) return CUDNN_TYPE_FLOAT;
  if constexpr (std::is_same_v<T, char>) return CUDNN_TYPE_CHAR;
  if constexpr (std::is_same_v<T, void*>) return CUDNN_TYPE_VOID_PTR;
  if constexpr (std::is_same_v<T, cudnnHandle_t>) return CUDNN_TYPE_HANDLE;
  if constexpr (std::is_same_v<T, cudnnDataType_t>) return CUDNN_TYPE_DATA_TYPE;
  if constexpr (std::is_same_v<T, cudnnConvolutionMode_t>) return CUDNN_TYPE_CONVOLUTION_MODE;
  if constexpr (std::is_same_v<T, cudnnPointwiseMode_t>) return CUDNN_TYPE_POINTWISE_MODE;
  if constexpr (std::is_same_v<T, cudnnGenStatsMode_t>) return CUDNN_TYPE_GENSTATS_MODE;
  if constexpr (std::is_same_v<T, cudnnBackendHeurMode_t>) return CUDNN_TYPE_HEUR_MODE;
  if constexpr (std::is_same_v<T, cudnnBackendKnobType_t>) return CUDNN_TYPE_KNOB_TYPE;
  if constexpr (std::is_same_v<T, cudnnBackendNumericalNote_t>) return CUDNN_TYPE_NUMERICAL_NOTE;
  if constexpr (std::is_same_v<T, cudnnBackendBehaviorNote_t>) return CUDNN_TYPE_BEHAVIOR_NOTE;
}

class Descriptor {
 public:
  explicit Descriptor(cudnnBackendDescriptorType_t type) {
    check(library().create_descriptor(type, &descriptor_), "cudnnBackendCreateDescriptor");
  }
  ~Descriptor() {
    if (descriptor_ != nullptr) library().destroy_descriptor(descriptor_);
  }
  Descriptor(Descriptor&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = nullptr; }
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }

  cudnnBackendDescriptor_t get() const { return descriptor_; }

  template <class T>
  void set(cudnnBackendAttributeName_t name, const T& value) {
    set_values(name, attribute_type<T>(), 1, &value);
  }
  template <class T>
  void set(cudnnBackendAttributeName_t name, std::span<const T> values) {
    set_values(name, attribute_type<T>(), static_cast<std::int64_t>(values.size()), values.data());
  }
  void set(cudnnBackendAttributeName_t name, const Descriptor& value) {
    set_values(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value.descriptor_);
  }
  void set(cudnnBackendAttributeName_t name, std::span<const Descriptor> values) {
    const std::vector<cudnnBackendDescriptor_t> list = addresses(values);
    set_values(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, static_cast<std::int64_t>(list.size()), list.data());
  }

  // Checks what was set; afterwards nothing can be set any more. Throws Error.
  void finalize() { check(library().finalize(descriptor_), "cudnnBackendFinalize"); }

  // All values of the attribute, however many there are.
  template <class T>
  std::vector<T> get(cudnnBackendAttributeName_t name) const {
    std::int64_t count = 0;
    get_values(name, attribute_type<T>(), 0, &count, nullptr);
    std::vector<T> values(static_cast<std::size_t>(count));
    if (count > 0) get_values(name, attribute_type<T>(), count, &count, values.data());
    values.resize(static_cast<std::size_t>(count));
    return values;
  }
  // At most this many; cuDNN fills descriptors that its caller has made.
  std::vector<Descriptor> get(cudnnBackendAttributeName_t name, cudnnBackendDescriptorType_t type,
                              std::int64_t most) const {
    std::vector<Descriptor> values;
    for (std::int64_t i = 0; i < most; ++i)
      values.emplace_back(type);
    std::vector<cudnnBackendDescriptor_t> list = addresses(values);
    std::int64_t count = 0;
    get_values(name, CUDNN_TYPE_BACKEND_DESCRIPTOR, most, &count, list.data());
    values.erase(values.begin() + static_cast<std::ptrdiff_t>(std::min(count, most)), values.end());
    return values;
  }

 private:
  static std::vector<cudnnBackendDescriptor_t> addresses(std::span<const Descriptor> values) {
    std::vector<cudnnBackendDescriptor_t> list;
    for (const Descriptor& value : values)
      list.push_back(value.descriptor_);
    return list;
  }
  void set_values(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t count,
                  const void* values) {
    check(library().set_attribute(descriptor_, name, type, count, values), "cudnnBackendSetAttribute");
  }
  void get_values(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t room,
                  std::int64_t* count, void* values) const {
    check(library().get_attribute(descriptor_, name, type, room, count, values), "cudnnBackendGetAttribute");
  }

  cudnnBackendDescriptor_t descriptor_ = nullptr;
};

}  // namespace sleight::kernels::cudnn
