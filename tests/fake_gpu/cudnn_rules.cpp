// What each kind of descriptor may and must hold, and what finalizing checks.
#include <algorithm>
#include <cstdint>
#include <set>

#include "tests/fake_gpu/cudnn_descriptor.h"

namespace sleight::fake {

namespace {

struct Rule {
  cudnnBackendAttributeName_t name;
  cudnnBackendAttributeType_t type;
  bool required = true;
};

constexpr auto descriptor_type = CUDNN_TYPE_BACKEND_DESCRIPTOR;

const std::vector<Rule>& rules_of(cudnnBackendDescriptorType_t type) {
  static const std::map<cudnnBackendDescriptorType_t, std::vector<Rule>> rules = {
      {CUDNN_BACKEND_TENSOR_DESCRIPTOR,
       {{CUDNN_ATTR_TENSOR_UNIQUE_ID, CUDNN_TYPE_INT64},
        {CUDNN_ATTR_TENSOR_DATA_TYPE, CUDNN_TYPE_DATA_TYPE},
        {CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, CUDNN_TYPE_INT64},
        {CUDNN_ATTR_TENSOR_DIMENSIONS, CUDNN_TYPE_INT64},
        {CUDNN_ATTR_TENSOR_STRIDES, CUDNN_TYPE_INT64},
        {CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, false}}},
      {CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR,
       {{CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_TYPE_DATA_TYPE},
        {CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE},
        {CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, CUDNN_TYPE_INT64},
        {CUDNN_ATTR_CONVOLUTION_DILATIONS, CUDNN_TYPE_INT64},
        {CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, CUDNN_TYPE_INT64},
        {CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, CUDNN_TYPE_INT64},
        {CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, CUDNN_TYPE_INT64}}},
      {CUDNN_BACKEND_POINTWISE_DESCRIPTOR,
       {{CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE},
        {CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_TYPE_DATA_TYPE}}},
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT}}},
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_TYPE_FLOAT},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, CUDNN_TYPE_FLOAT}}},
      {CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, descriptor_type},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA, CUDNN_TYPE_FLOAT},
        {CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA, CUDNN_TYPE_FLOAT}}},
      {CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, descriptor_type},
        {CUDNN_ATTR_OPERATION_POINTWISE_XDESC, descriptor_type},
        {CUDNN_ATTR_OPERATION_POINTWISE_BDESC, descriptor_type, false},
        {CUDNN_ATTR_OPERATION_POINTWISE_YDESC, descriptor_type}}},
      {CUDNN_BACKEND_OPERATION_GEN_STATS_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATION_GENSTATS_MODE, CUDNN_TYPE_GENSTATS_MODE},
        {CUDNN_ATTR_OPERATION_GENSTATS_MATH_PREC, CUDNN_TYPE_DATA_TYPE},
        {CUDNN_ATTR_OPERATION_GENSTATS_XDESC, descriptor_type},
        {CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC, descriptor_type},
        {CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC, descriptor_type}}},
      {CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR,
       {{CUDNN_ATTR_OPERATIONGRAPH_HANDLE, CUDNN_TYPE_HANDLE}, {CUDNN_ATTR_OPERATIONGRAPH_OPS, descriptor_type}}},
      {CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR,
       {{CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, descriptor_type}, {CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE}}},
      {CUDNN_BACKEND_ENGINE_DESCRIPTOR,
       {{CUDNN_ATTR_ENGINE_OPERATION_GRAPH, descriptor_type}, {CUDNN_ATTR_ENGINE_GLOBAL_INDEX, CUDNN_TYPE_INT64}}},
      {CUDNN_BACKEND_KNOB_CHOICE_DESCRIPTOR,
       {{CUDNN_ATTR_KNOB_CHOICE_KNOB_TYPE, CUDNN_TYPE_KNOB_TYPE},
        {CUDNN_ATTR_KNOB_CHOICE_KNOB_VALUE, CUDNN_TYPE_INT64}}},
      {CUDNN_BACKEND_ENGINECFG_DESCRIPTOR,
       {{CUDNN_ATTR_ENGINECFG_ENGINE, descriptor_type}, {CUDNN_ATTR_ENGINECFG_KNOB_CHOICES, descriptor_type, false}}},
      {CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR,
       {{CUDNN_ATTR_EXECUTION_PLAN_HANDLE, CUDNN_TYPE_HANDLE},
        {CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, descriptor_type}}},
      {CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR,
       {{CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64},
        {CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR},
        {CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR}}},
  };
  const auto found = rules.find(type);
  if (found == rules.end())
    throw Refusal{CUDNN_STATUS_NOT_SUPPORTED, "descriptor kind " + std::to_string(type) + " is not faked"};
  return found->second;
}

[[noreturn]] void bad_shape(const std::string& reason) {
  throw Refusal{CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, reason};
}

void check_convolution(const Descriptor& window, const TensorShape& x, const TensorShape& w, const TensorShape& y) {
  const auto strides = window.list<std::int64_t>(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES);
  const auto before = window.list<std::int64_t>(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS);
  const auto after = window.list<std::int64_t>(CUDNN_ATTR_CONVOLUTION_POST_PADDINGS);
  const auto dilations = window.list<std::int64_t>(CUDNN_ATTR_CONVOLUTION_DILATIONS);
  if (x.size[0] != y.size[0]) bad_shape("input and output differ in batch size");
  if (x.size[1] != w.size[1]) bad_shape("input and weights differ in input channels");
  if (y.size[1] != w.size[0]) bad_shape("output and weights differ in output channels");
  for (std::size_t i = 0; i < 2; ++i) {
    const std::int64_t reach = dilations.at(i) * (w.size[2 + i] - 1) + 1;
    if (y.size[2 + i] != (x.size[2 + i] + before.at(i) + after.at(i) - reach) / strides.at(i) + 1)
      bad_shape("the output's height or width");
  }
}

void check_pointwise(const Descriptor& operation) {
  const auto mode = operation.descriptor(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR)
                        .value<cudnnPointwiseMode_t>(CUDNN_ATTR_POINTWISE_MODE);
  const TensorShape x = tensor_shape(operation.descriptor(CUDNN_ATTR_OPERATION_POINTWISE_XDESC));
  const TensorShape y = tensor_shape(operation.descriptor(CUDNN_ATTR_OPERATION_POINTWISE_YDESC));
  if (x.size != y.size) bad_shape("a pointwise operation changes the size");
  const bool binary = mode == CUDNN_POINTWISE_ADD || mode == CUDNN_POINTWISE_MUL;
  if (operation.has(CUDNN_ATTR_OPERATION_POINTWISE_BDESC) != binary)
    throw Refusal{CUDNN_STATUS_BAD_PARAM, "the number of operands of a pointwise operation"};
  if (!binary) return;
  const TensorShape b = tensor_shape(operation.descriptor(CUDNN_ATTR_OPERATION_POINTWISE_BDESC));
  for (std::size_t i = 0; i < 4; ++i) {
    if (b.size[i] != 1 && b.size[i] != x.size[i]) bad_shape("an operand cannot be repeated to the other's size");
  }
}

void check_tensor(const Descriptor& descriptor) {
  const auto size = descriptor.list<std::int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS);
  const auto strides = descriptor.list<std::int64_t>(CUDNN_ATTR_TENSOR_STRIDES);
  if (size.size() != 4 || strides.size() != 4) bad_shape("a tensor of images has four sizes and four strides");
  for (std::size_t i = 0; i < 4; ++i) {
    if (size[i] < 1 || strides[i] < 1) bad_shape("a size or stride below 1");
  }
}

// Each virtual tensor is written by one operation and read by a later one.
void check_graph(const Descriptor& graph) {
  const std::set<cudnnBackendAttributeName_t> written = {
      CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y,     CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX,
      CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW, CUDNN_ATTR_OPERATION_POINTWISE_YDESC,
      CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC,          CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC};
  std::map<std::int64_t, int> virtual_readers, writers;
  for (const auto& operation : graph.find(CUDNN_ATTR_OPERATIONGRAPH_OPS).descriptors) {
    for (const auto& [name, attribute] : operation->attributes) {
      for (const auto& tensor : attribute.descriptors) {
        if (tensor->type != CUDNN_BACKEND_TENSOR_DESCRIPTOR) continue;
        const TensorShape shape = tensor_shape(*tensor);
        if (written.contains(name)) {
          if (++writers[shape.number] > 1) throw Refusal{CUDNN_STATUS_BAD_PARAM, "a tensor is written twice"};
          if (shape.is_virtual) virtual_readers.emplace(shape.number, 0);
        } else if (shape.is_virtual) {
          if (writers[shape.number] == 0) throw Refusal{CUDNN_STATUS_BAD_PARAM, "a virtual tensor is read too early"};
          ++virtual_readers[shape.number];
        }
      }
    }
  }
  for (const auto& [number, readers] : virtual_readers) {
    if (readers == 0) throw Refusal{CUDNN_STATUS_BAD_PARAM, "nobody reads a virtual tensor"};
  }
}

}  // namespace

TensorShape tensor_shape(const Descriptor& tensor) {
  return {tensor.value<std::int64_t>(CUDNN_ATTR_TENSOR_UNIQUE_ID),
          tensor.list<std::int64_t>(CUDNN_ATTR_TENSOR_DIMENSIONS),
          tensor.list<std::int64_t>(CUDNN_ATTR_TENSOR_STRIDES),
          tensor.value<cudnnDataType_t>(CUDNN_ATTR_TENSOR_DATA_TYPE),
          tensor.value<std::int64_t>(CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT),
          tensor.has(CUDNN_ATTR_TENSOR_IS_VIRTUAL) && tensor.value<bool>(CUDNN_ATTR_TENSOR_IS_VIRTUAL)};
}

void check_attribute(const Descriptor& descriptor, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type) {
  for (const Rule& rule : rules_of(descriptor.type)) {
    if (rule.name != name) continue;
    if (rule.type != type) throw Refusal{CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE, "an attribute of another type"};
    return;
  }
  throw Refusal{CUDNN_STATUS_BAD_PARAM, "attribute " + std::to_string(name) + " does not belong to this descriptor"};
}

void check_complete(const Descriptor& descriptor) {
  for (const Rule& rule : rules_of(descriptor.type)) {
    if (rule.required) descriptor.find(rule.name);
  }
  switch (descriptor.type) {
    case CUDNN_BACKEND_TENSOR_DESCRIPTOR:
      check_tensor(descriptor);
      break;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
      check_convolution(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC),
                        tensor_shape(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X)),
                        tensor_shape(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W)),
                        tensor_shape(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y)));
      break;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
      check_convolution(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC),
                        tensor_shape(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX)),
                        tensor_shape(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W)),
                        tensor_shape(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY)));
      break;
    case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR:
      check_convolution(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC),
                        tensor_shape(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X)),
                        tensor_shape(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW)),
                        tensor_shape(descriptor.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY)));
      break;
    case CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR:
      check_pointwise(descriptor);
      break;
    case CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR:
      check_graph(descriptor);
      break;
    case CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR:
      if (descriptor.find(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS).count !=
          descriptor.find(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS).count)
        throw Refusal{CUDNN_STATUS_BAD_PARAM, "as many pointers as numbers"};
      break;
    default:
      break;
  }
}

}  // namespace sleight::fake
