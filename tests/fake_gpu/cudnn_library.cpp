// The functions of the fake cuDNN; built as a library of cuDNN's name, which the program opens as it opens the
// real one.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <set>

#include "tests/fake_gpu/cudnn_descriptor.h"

struct cudnnContext {
  cudaStream_t stream = nullptr;
};

namespace {

using sleight::fake::Attribute;
using sleight::fake::Descriptor;
using sleight::fake::Refusal;

// What a cudnnBackendDescriptor_t points to. Others that were given this descriptor share it, as in cuDNN.
struct Handle {
  std::shared_ptr<Descriptor> content;
};

thread_local std::string last_reason;

template <class Function>
cudnnStatus_t call(Function&& function) {
  try {
    function();
    return CUDNN_STATUS_SUCCESS;
  } catch (const Refusal& refusal) {
    last_reason = "fake cuDNN: " + refusal.reason;
    return refusal.status;
  } catch (const std::exception& error) {
    last_reason = std::string("fake cuDNN: ") + error.what();
    return CUDNN_STATUS_INTERNAL_ERROR;
  }
}

std::shared_ptr<Descriptor>& content(cudnnBackendDescriptor_t descriptor) {
  if (descriptor == nullptr) throw Refusal{CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "no descriptor"};
  return static_cast<Handle*>(descriptor)->content;
}

std::size_t element_bytes(cudnnBackendAttributeType_t type) {
  switch (type) {
    case CUDNN_TYPE_INT64:
    case CUDNN_TYPE_VOID_PTR:
    case CUDNN_TYPE_HANDLE:
    case CUDNN_TYPE_DOUBLE:
      return 8;
    case CUDNN_TYPE_BOOLEAN:
    case CUDNN_TYPE_CHAR:
      return 1;
    default:
      return 4;  // float and enumerations
  }
}

void set(Descriptor& descriptor, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type, std::int64_t count,
         const void* values) {
  if (descriptor.finalized) throw Refusal{CUDNN_STATUS_BAD_PARAM, "an attribute is set after finalizing"};
  if (count <= 0 || values == nullptr)
    throw Refusal{CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "an attribute without values"};
  check_attribute(descriptor, name, type);
  Attribute attribute{.type = type, .count = count};
  if (type == CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    for (std::int64_t i = 0; i < count; ++i) {
      const auto& given = content(static_cast<const cudnnBackendDescriptor_t*>(values)[i]);
      if (!given->finalized) throw Refusal{CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "a descriptor that is not finalized"};
      attribute.descriptors.push_back(given);
    }
  } else {
    const auto* const begin = static_cast<const std::byte*>(values);
    attribute.bytes.assign(begin, begin + static_cast<std::size_t>(count) * element_bytes(type));
  }
  descriptor.attributes[name] = std::move(attribute);
}

void get(const Descriptor& descriptor, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
         std::int64_t room, std::int64_t* count, void* values) {
  if (!descriptor.finalized) throw Refusal{CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "an attribute is read too early"};
  const auto found = descriptor.attributes.find(name);
  if (found == descriptor.attributes.end()) throw Refusal{CUDNN_STATUS_BAD_PARAM, "no such attribute to read"};
  const Attribute& attribute = found->second;
  if (attribute.type != type) throw Refusal{CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, "read with another type"};
  if (count != nullptr) *count = attribute.count;
  const auto given = static_cast<std::size_t>(std::min(room, attribute.count));
  if (given == 0) return;
  if (values == nullptr) throw Refusal{CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "nowhere to write an attribute"};
  if (type != CUDNN_TYPE_BACKEND_DESCRIPTOR) {
    std::memcpy(values, attribute.bytes.data(), given * element_bytes(type));
    return;
  }
  // The caller brings descriptors of the right kind, which are filled.
  for (std::size_t i = 0; i < given; ++i) {
    auto& filled = content(static_cast<cudnnBackendDescriptor_t*>(values)[i]);
    if (filled->type != attribute.descriptors[i]->type)
      throw Refusal{CUDNN_STATUS_BAD_PARAM_DESCRIPTOR_TYPE, "a descriptor of another kind to fill"};
    filled = std::make_shared<Descriptor>(*attribute.descriptors[i]);
  }
}

void finalize(Descriptor& descriptor) {
  if (descriptor.finalized) throw Refusal{CUDNN_STATUS_BAD_PARAM, "finalized twice"};
  check_complete(descriptor);
  switch (descriptor.type) {
    case CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR:
      propose(descriptor);
      break;
    case CUDNN_BACKEND_ENGINE_DESCRIPTOR:
      describe_engine(descriptor);
      break;
    case CUDNN_BACKEND_ENGINECFG_DESCRIPTOR:
      check_configuration(descriptor);
      break;
    case CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR:
      make_plan(descriptor);
      break;
    default:
      break;
  }
  descriptor.finalized = true;
}

}  // namespace

extern "C" {

size_t cudnnGetVersion() {
  return CUDNN_VERSION;
}

const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status / 1000) {
    case 0:
      return "CUDNN_STATUS_SUCCESS";
    case 2:
      return "CUDNN_STATUS_BAD_PARAM";
    case 3:
      return "CUDNN_STATUS_NOT_SUPPORTED";
    case 5:
      return "CUDNN_STATUS_EXECUTION_FAILED";
    default:
      return "CUDNN_STATUS_INTERNAL_ERROR";
  }
}

void cudnnGetLastErrorString(char* message, size_t room) {
  std::snprintf(message, room, "%s", last_reason.c_str());
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  return call([&] { *handle = std::make_unique<cudnnContext>().release(); });
}
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  return call([&] { const std::unique_ptr<cudnnContext> gone(handle); });
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  return call([&] { handle->stream = stream; });
}

cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type, cudnnBackendDescriptor_t* descriptor) {
  return call([&] {
    auto made = std::make_unique<Handle>();
    made->content = std::make_shared<Descriptor>();
    made->content->type = type;
    *descriptor = made.release();
  });
}
cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor) {
  return call([&] { const std::unique_ptr<Handle> gone(static_cast<Handle*>(descriptor)); });
}
cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor) {
  return call([&] { finalize(*content(descriptor)); });
}
cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t count, const void* values) {
  return call([&] { set(*content(descriptor), name, type, count, values); });
}
cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t descriptor, cudnnBackendAttributeName_t name,
                                       cudnnBackendAttributeType_t type, int64_t room, int64_t* count, void* values) {
  return call([&] { get(*content(descriptor), name, type, room, count, values); });
}
cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan, cudnnBackendDescriptor_t pack) {
  return call([&] {
    const auto& described = content(plan);
    const auto& packed = content(pack);
    if (!described->finalized || described->type != CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR || !packed->finalized ||
        packed->type != CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR)
      throw Refusal{CUDNN_STATUS_BAD_PARAM, "execute takes a finalized plan and a finalized variant pack"};
    execute(handle->stream, described, *packed);
  });
}

}  // extern "C"
