// Runs a graph of operations on memory: every tensor as float32 in one order, read and written through its strides.
#include <algorithm>
#include <atomic>

#include "tests/fake_gpu/convolution_loops.h"
#include "tests/fake_gpu/cudnn_descriptor.h"
#include "tests/fake_gpu/cudnn_engine.h"
#include "tests/fake_gpu/numbers.h"
#include "tests/fake_gpu/work.h"

namespace sleight::fake {

namespace {

Storage storage_of(cudnnDataType_t type) {
  switch (type) {
    case CUDNN_DATA_FLOAT:
      return Storage::float32;
    case CUDNN_DATA_BFLOAT16:
      return Storage::bfloat16;
    case CUDNN_DATA_HALF:
      return Storage::float16;
    default:
      throw Refusal{CUDNN_STATUS_NOT_SUPPORTED_DATA_TYPE, "a type that is not faked"};
  }
}

// Bytes from the tensor's first to its last element.
std::int64_t extent_bytes(const TensorShape& tensor) {
  std::int64_t last = 0;
  for (std::size_t i = 0; i < 4; ++i)
    last += (tensor.size[i] - 1) * tensor.strides[i];
  return (last + 1) * bytes_of(storage_of(tensor.type));
}

// Calls function(place in memory, place in the order n, h, w, c).
template <class Function>
void for_each_element(const TensorShape& tensor, Function&& function) {
  std::int64_t place = 0;
  for (std::int64_t n = 0; n < tensor.size[0]; ++n) {
    for (std::int64_t h = 0; h < tensor.size[2]; ++h) {
      for (std::int64_t w = 0; w < tensor.size[3]; ++w) {
        const std::int64_t first = n * tensor.strides[0] + h * tensor.strides[2] + w * tensor.strides[3];
        for (std::int64_t c = 0; c < tensor.size[1]; ++c)
          function(first + c * tensor.strides[1], static_cast<std::size_t>(place++));
      }
    }
  }
}

class Execution {
 public:
  Execution(const Engine& engine, const std::map<std::int64_t, void*>& pointers, bool other_order)
      : engine_(engine), pointers_(pointers), other_order_(other_order) {}

  void run(const Descriptor& operation) {
    switch (operation.type) {
      case CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR:
        return forward(operation);
      case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR:
        return backward_data(operation);
      case CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_FILTER_DESCRIPTOR:
        return backward_weights(operation);
      case CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR:
        return pointwise(operation);
      default:
        return statistics(operation);
    }
  }

 private:
  Floats read(const Descriptor& descriptor) const {
    const TensorShape tensor = tensor_shape(descriptor);
    if (tensor.is_virtual) return virtual_.at(tensor.number);
    Floats values(static_cast<std::size_t>(tensor.size[0] * tensor.size[1] * tensor.size[2] * tensor.size[3]));
    const Storage storage = storage_of(tensor.type);
    const void* const memory = pointers_.at(tensor.number);
    for_each_element(tensor,
                     [&](std::int64_t from, std::size_t to) { values[to] = read_number(storage, memory, from); });
    return values;
  }

  // For a factor of a convolution.
  Floats read_factor(const Descriptor& descriptor) const {
    Floats values = read(descriptor);
    if (engine_.tensor_cores) std::transform(values.begin(), values.end(), values.begin(), rounded_to_tf32);
    return values;
  }

  void write(const Descriptor& descriptor, Floats values) {
    const TensorShape tensor = tensor_shape(descriptor);
    const Storage storage = storage_of(tensor.type);
    unrounded_[tensor.number] = values;
    if (tensor.is_virtual) {
      for (float& value : values)
        value = rounded(storage, value);
      virtual_[tensor.number] = std::move(values);
      return;
    }
    void* const memory = pointers_.at(tensor.number);
    for_each_element(tensor,
                     [&](std::int64_t to, std::size_t from) { write_number(storage, memory, to, values[from]); });
  }

  void write_product(const Descriptor& descriptor, Floats values, float alpha, float beta) {
    const float factor = engine_.reduced_sums ? alpha * 1.01F : alpha;
    const Floats before = beta == 0.0F ? Floats() : read(descriptor);
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = factor * values[i] + (before.empty() ? 0.0F : beta * before[i]);
    write(descriptor, std::move(values));
  }

  static ConvolutionSizes sizes(const Descriptor& window, const TensorShape& x, const TensorShape& w,
                                const TensorShape& y) {
    const auto stride = window.list<std::int64_t>(CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES);
    const auto padding = window.list<std::int64_t>(CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS);
    if (window.value<cudnnConvolutionMode_t>(CUDNN_ATTR_CONVOLUTION_CONV_MODE) != CUDNN_CROSS_CORRELATION ||
        window.list<std::int64_t>(CUDNN_ATTR_CONVOLUTION_DILATIONS) != std::vector<std::int64_t>{1, 1})
      throw Refusal{CUDNN_STATUS_NOT_SUPPORTED, "a convolution of a kind that is not faked"};
    return {x.size[0], x.size[2], x.size[3], x.size[1], y.size[2],  y.size[3], y.size[1],
            w.size[2], w.size[3], stride[0], stride[1], padding[0], padding[1]};
  }

  void forward(const Descriptor& operation) {
    const Descriptor& x = operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X);
    const Descriptor& w = operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W);
    const Descriptor& y = operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y);
    const auto s = sizes(operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC), tensor_shape(x),
                         tensor_shape(w), tensor_shape(y));
    write_product(y, convolve(s, read_factor(x), read_factor(w)),
                  operation.value<float>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA),
                  operation.value<float>(CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA));
  }

  void backward_data(const Descriptor& operation) {
    const Descriptor& dy = operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY);
    const Descriptor& w = operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W);
    const Descriptor& dx = operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX);
    const auto s = sizes(operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC), tensor_shape(dx),
                         tensor_shape(w), tensor_shape(dy));
    write_product(dx, convolve_backward_data(s, read_factor(dy), read_factor(w)),
                  operation.value<float>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA),
                  operation.value<float>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA));
  }

  void backward_weights(const Descriptor& operation) {
    const Descriptor& x = operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_X);
    const Descriptor& dy = operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DY);
    const Descriptor& dw = operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_DW);
    const auto s = sizes(operation.descriptor(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_CONV_DESC), tensor_shape(x),
                         tensor_shape(dw), tensor_shape(dy));
    write_product(dw, convolve_backward_weights(s, read_factor(x), read_factor(dy), other_order_),
                  operation.value<float>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_ALPHA),
                  operation.value<float>(CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_FILTER_BETA));
  }

  void pointwise(const Descriptor& operation) {
    const auto mode = operation.descriptor(CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR)
                          .value<cudnnPointwiseMode_t>(CUDNN_ATTR_POINTWISE_MODE);
    Floats values = read(operation.descriptor(CUDNN_ATTR_OPERATION_POINTWISE_XDESC));
    if (mode == CUDNN_POINTWISE_RELU_FWD) {
      for (float& value : values)
        value = value < 0.0F ? 0.0F : value;
    } else if (mode == CUDNN_POINTWISE_ADD || mode == CUDNN_POINTWISE_MUL) {
      const Descriptor& operand = operation.descriptor(CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
      const Floats others = read(operand);
      TensorShape repeated = tensor_shape(operation.descriptor(CUDNN_ATTR_OPERATION_POINTWISE_XDESC));
      // Where the operand's size is 1, a step along that direction stays where it is; its own order is n, h, w, c.
      const TensorShape b = tensor_shape(operand);
      const std::int64_t dense[4] = {b.size[1] * b.size[2] * b.size[3], 1, b.size[1] * b.size[3], b.size[1]};
      for (std::size_t i = 0; i < 4; ++i)
        repeated.strides[i] = b.size[i] == 1 ? 0 : dense[i];
      for_each_element(repeated, [&](std::int64_t from, std::size_t to) {
        const float other = others[static_cast<std::size_t>(from)];
        values[to] = mode == CUDNN_POINTWISE_ADD ? values[to] + other : values[to] * other;
      });
    } else {
      throw Refusal{CUDNN_STATUS_NOT_SUPPORTED, "a pointwise operation that is not faked"};
    }
    write(operation.descriptor(CUDNN_ATTR_OPERATION_POINTWISE_YDESC), std::move(values));
  }

  // Of the numbers before they were rounded: cuDNN does not say which.
  void statistics(const Descriptor& operation) {
    const TensorShape x = tensor_shape(operation.descriptor(CUDNN_ATTR_OPERATION_GENSTATS_XDESC));
    const Floats& values = unrounded_.at(x.number);
    const auto channels = static_cast<std::size_t>(x.size[1]);
    std::vector<double> sums(channels), squares(channels);
    for (std::size_t i = 0; i < values.size(); ++i) {
      sums[i % channels] += static_cast<double>(values[i]);
      squares[i % channels] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
    }
    write(operation.descriptor(CUDNN_ATTR_OPERATION_GENSTATS_SUMDESC), Floats(sums.begin(), sums.end()));
    write(operation.descriptor(CUDNN_ATTR_OPERATION_GENSTATS_SQSUMDESC), Floats(squares.begin(), squares.end()));
  }

  const Engine& engine_;
  const std::map<std::int64_t, void*>& pointers_;
  bool other_order_;
  std::map<std::int64_t, Floats> virtual_, unrounded_;
};

// The tensors of the graph that are in memory.
std::map<std::int64_t, TensorShape> stored_tensors(const Descriptor& graph) {
  std::map<std::int64_t, TensorShape> tensors;
  for (const auto& operation : graph.find(CUDNN_ATTR_OPERATIONGRAPH_OPS).descriptors) {
    for (const auto& [name, attribute] : operation->attributes) {
      for (const auto& tensor : attribute.descriptors) {
        if (tensor->type != CUDNN_BACKEND_TENSOR_DESCRIPTOR) continue;
        const TensorShape shape = tensor_shape(*tensor);
        if (!shape.is_virtual) tensors.emplace(shape.number, shape);
      }
    }
  }
  return tensors;
}

std::string name_of(const Descriptor& graph) {
  std::string name = "cudnn";
  for (const auto& operation : graph.find(CUDNN_ATTR_OPERATIONGRAPH_OPS).descriptors)
    name += " " + std::to_string(operation->type);
  return name;
}

}  // namespace

void execute(cudaStream_t stream, const std::shared_ptr<const Descriptor>& plan, const Descriptor& pack) {
  const Descriptor& engine_descriptor =
      plan->descriptor(CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG).descriptor(CUDNN_ATTR_ENGINECFG_ENGINE);
  const Engine& engine = engine_of(engine_descriptor.value<std::int64_t>(CUDNN_ATTR_ENGINE_GLOBAL_INDEX));
  const Descriptor& graph = engine_descriptor.descriptor(CUDNN_ATTR_ENGINE_OPERATION_GRAPH);

  const auto numbers = pack.list<std::int64_t>(CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS);
  const auto addresses = pack.list<void*>(CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS);
  std::map<std::int64_t, void*> pointers;
  for (std::size_t i = 0; i < numbers.size(); ++i)
    pointers[numbers[i]] = addresses[i];

  Work work{.name = name_of(graph)};
  const auto tensors = stored_tensors(graph);
  if (tensors.size() != numbers.size()) throw Refusal{CUDNN_STATUS_BAD_PARAM, "a pointer for every stored tensor"};
  for (const auto& [number, tensor] : tensors) {
    const auto found = pointers.find(number);
    if (found == pointers.end() || found->second == nullptr)
      throw Refusal{CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "no pointer for tensor " + std::to_string(number)};
    if (reinterpret_cast<std::uintptr_t>(found->second) % static_cast<std::uintptr_t>(tensor.alignment) != 0)
      throw Refusal{CUDNN_STATUS_BAD_PARAM_MISALIGNED_POINTER, "tensor " + std::to_string(number)};
    work.accesses.push_back({found->second, extent_bytes(tensor)});
  }
  void* const workspace = pack.value<void*>(CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
  const std::int64_t workspace_bytes = engine.workspace_bytes;
  if (workspace_bytes > 0) {
    if (workspace == nullptr) throw Refusal{CUDNN_STATUS_BAD_PARAM_NULL_POINTER, "no workspace"};
    work.accesses.push_back({workspace, workspace_bytes});
  }
  const Pattern pattern = pattern_of(graph);
  work.microseconds = pattern.float32 ? engine.float32_microseconds : engine.microseconds;
  if (pattern.fused) work.microseconds *= 2.0 / 3.0;
  work.run = [plan, &engine, &graph, pointers, workspace, workspace_bytes] {
    static std::atomic<unsigned> runs{0};
    if (workspace_bytes > 0) std::memset(workspace, 0xFF, static_cast<std::size_t>(workspace_bytes));
    Execution execution(engine, pointers, engine.nondeterministic && runs++ % 2 == 1);
    for (const auto& operation : graph.find(CUDNN_ATTR_OPERATIONGRAPH_OPS).descriptors)
      execution.run(*operation);
  };
  if (const int error = enqueue(stream, std::move(work)); error != 0)
    throw Refusal{CUDNN_STATUS_EXECUTION_FAILED, describe_error(error)};
}

}  // namespace sleight::fake
