// The fake cuDNN's one kind of object: a bag of attributes that is filled, then finalized, then read. What each
// kind of descriptor may and must hold, and what its finalizing checks, follows NVIDIA's "cuDNN Backend API".
#pragma once

#include <cudnn_graph.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace sleight::fake {

// A call that cuDNN refuses: the status, and what cudnnGetLastErrorString says.
struct Refusal {
  cudnnStatus_t status;
  std::string reason;
};

struct Descriptor;

struct Attribute {
  cudnnBackendAttributeType_t type;
  std::int64_t count = 0;
  std::vector<std::byte> bytes = {};
  std::vector<std::shared_ptr<const Descriptor>> descriptors = {};
};

struct Descriptor {
  cudnnBackendDescriptorType_t type;
  bool finalized = false;
  std::map<cudnnBackendAttributeName_t, Attribute> attributes = {};

  bool has(cudnnBackendAttributeName_t name) const { return attributes.contains(name); }

  template <class T>
  std::vector<T> list(cudnnBackendAttributeName_t name) const {
    const Attribute& attribute = find(name);
    std::vector<T> values(static_cast<std::size_t>(attribute.count));
    if (attribute.bytes.size() != values.size() * sizeof(T))
      throw Refusal{CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, "an attribute of another type"};
    std::memcpy(values.data(), attribute.bytes.data(), attribute.bytes.size());
    return values;
  }
  template <class T>
  T value(cudnnBackendAttributeName_t name) const {
    const Attribute& attribute = find(name);
    T result{};
    if (attribute.bytes.size() != sizeof(T))
      throw Refusal{CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, "an attribute that is not one value of this type"};
    std::memcpy(&result, attribute.bytes.data(), sizeof(T));
    return result;
  }
  const Descriptor& descriptor(cudnnBackendAttributeName_t name) const { return *find(name).descriptors.at(0); }
  const Attribute& find(cudnnBackendAttributeName_t name) const {
    const auto found = attributes.find(name);
    if (found == attributes.end())
      throw Refusal{CUDNN_STATUS_BAD_PARAM, "attribute " + std::to_string(name) + " is not set"};
    return found->second;
  }

  template <class T>
  void put(cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t as, const std::vector<T>& values) {
    Attribute& attribute = attributes[name];
    attribute = {.type = as, .count = static_cast<std::int64_t>(values.size())};
    const auto bytes = std::as_bytes(std::span(values));
    attribute.bytes.assign(bytes.begin(), bytes.end());
  }
  void put(cudnnBackendAttributeName_t name, std::vector<std::shared_ptr<const Descriptor>> values) {
    attributes[name] = {.type = CUDNN_TYPE_BACKEND_DESCRIPTOR,
                        .count = static_cast<std::int64_t>(values.size()),
                        .descriptors = std::move(values)};
  }
};

// n, c, h, w (of weights: output channels, input channels, height, width).
struct TensorShape {
  std::int64_t number = 0;
  std::vector<std::int64_t> size, strides;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  std::int64_t alignment = 1;
  bool is_virtual = false;
};
TensorShape tensor_shape(const Descriptor& tensor);

// The rules for finalizing (cudnn_rules.cpp). Throws Refusal.
void check_attribute(const Descriptor&, cudnnBackendAttributeName_t, cudnnBackendAttributeType_t);
void check_complete(const Descriptor&);

// Engines (cudnn_engines.cpp): what finalizing adds to heuristics, engines, configurations and plans. Throws Refusal.
void propose(Descriptor& heuristics);
void describe_engine(Descriptor& engine);
void check_configuration(const Descriptor& configuration);
void make_plan(Descriptor& plan);

// Queues the plan's work on the stream (cudnn_execute.cpp). Throws Refusal.
void execute(cudaStream_t stream, const std::shared_ptr<const Descriptor>& plan, const Descriptor& pack);

}  // namespace sleight::fake
