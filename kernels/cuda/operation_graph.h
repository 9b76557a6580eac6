// A small computation described to cuDNN as a graph of operations on tensors, and the plans that can run it.
//
//   Graph            what is computed: tensors by number, operations between them. A tensor that is virtual lives only
//                    between two operations; a graph with virtual tensors is a request for one fused kernel
//   EngineChoice     how: one of cuDNN's engines (a kernel or a family of them) and its knobs, as plain numbers
//   Plan             both together, ready to run on pointers
//
// The order of events, and which attribute has which type, follow NVIDIA's "cuDNN Backend API: cudnn_graph Library".
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "kernels/cuda/cudnn_descriptor.h"
#include "kernels/lib/types.h"

namespace sleight::kernels::cudnn {

// The type of cuDNN that stores this type; throws std::invalid_argument for a type that no GPU kernel stores.
cudnnDataType_t storage_type(DataType);

// Alignment that plans rely on, in bytes: what the widest load of a GPU asks for.
inline constexpr std::int64_t tensor_alignment = 16;

// Channels last in memory. cuDNN counts sizes as (n, c, h, w), and those of weights as (output channels, input
// channels, height, width), whatever the order in memory, which the strides give.
struct Tensor {
  std::int64_t number = 0;  // its name in the graph and in run()
  std::array<std::int64_t, 4> size = {1, 1, 1, 1};
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  bool is_virtual = false;
};

struct Window {
  std::int64_t stride = 1;
  std::int64_t padding = 0;
};

// The GPU that plans are made for: the one of a handle, or one that is only described (cuDNN 9.8 and later). A plan
// for the latter can be made, and asked for its workspace, on a machine without any GPU; it cannot run.
class Target {
 public:
  explicit Target(cudnnHandle_t handle) : handle_(handle) {}
  // The properties as JSON: tests/kernels/cuda/described_gpu.h has them for one H100.
  static Target described(const std::string& properties);

  cudnnHandle_t handle() const { return handle_; }
  // Each kind of descriptor has an attribute for either; -1 where it has none for that one.
  void set_on(Descriptor& descriptor, int handle_attribute, int description_attribute) const;

 private:
  cudnnHandle_t handle_ = nullptr;
  std::optional<Descriptor> description_;
};

class Graph {
 public:
  // Sums are taken in float32.
  void convolution_forward(const Tensor& input, const Tensor& weights, const Tensor& output, const Window&);
  void convolution_backward_data(const Tensor& output_gradient, const Tensor& weights, const Tensor& input_gradient,
                                 const Window&);
  void convolution_backward_weights(const Tensor& input, const Tensor& output_gradient, const Tensor& weight_gradient,
                                    const Window&);
  // result = x op y, elementwise in float32; y is repeated along directions in which its size is 1.
  void pointwise(cudnnPointwiseMode_t, const Tensor& x, const Tensor& y, const Tensor& result);
  void relu(const Tensor& x, const Tensor& result);
  // sum(c) and sum_of_squares(c) over all n, h, w of x; sizes (1, c, 1, 1), float32.
  void statistics(const Tensor& x, const Tensor& sum, const Tensor& sum_of_squares);

  // Nothing can be added afterwards. Throws Error for a graph that contradicts itself.
  void finish(const Target&);
  const Descriptor& descriptor() const { return *graph_; }

 private:
  // A tensor of an operation, and the attribute that takes it.
  using Operand = std::pair<cudnnBackendAttributeName_t, const Tensor*>;
  // cuDNN has one of each for each direction of a convolution.
  struct ConvolutionAttributes {
    cudnnBackendAttributeName_t convolution, alpha, beta;
  };

  const Descriptor& describe(const Tensor&);
  void convolution(cudnnBackendDescriptorType_t direction, const Window&, const ConvolutionAttributes&,
                   std::initializer_list<Operand>);
  void add(Descriptor operation, std::initializer_list<Operand>);

  std::map<std::int64_t, Descriptor> tensors_;
  std::vector<Descriptor> operations_;
  std::optional<Descriptor> graph_;
};

// Plain numbers, so that it can be written down and read again.
struct EngineChoice {
  std::int64_t engine = 0;
  std::vector<std::pair<int, std::int64_t>> knobs;  // (cudnnBackendKnobType_t, value)

  friend bool operator==(const EngineChoice&, const EngineChoice&) = default;
};
// "engine 34 2=8 15=0"
std::string to_string(const EngineChoice&);
// The other way round; empty for a text that to_string did not write.
std::optional<EngineChoice> parse_engine_choice(const std::string&);

// What an engine may do to the numbers. The rest of cuDNN's notes say how it is made, not what comes out.
struct Demands {
  bool deterministic = false;
  // Inputs keep their precision: no float32 rounded to TF32 or less, on tensor cores or on the way to them.
  bool full_float32 = false;
  friend bool operator==(const Demands&, const Demands&) = default;
};

// Engines for the graph, cuDNN's favorite first: its heuristics' list, then the engines that run nearly everything
// slowly. Only those that meet the demands, and never one that keeps partial sums in less than float32 or transforms by
// Winograd with tiles that lose digits. Empty when cuDNN has none for this graph on this GPU.
std::vector<EngineChoice> propose_engines(const Graph&, const Target&, const Demands&);

class Plan {
 public:
  // Throws Error when the engine does not run this graph (is_not_supported()) or its kernel cannot be built.
  Plan(const Graph&, const Target&, const EngineChoice&);

  std::int64_t workspace_bytes() const { return workspace_bytes_; }
  // Whether the engine gives the same bits every time.
  bool is_deterministic() const { return is_deterministic_; }
  // Queues the work on the handle's stream. One pointer for each tensor that is not virtual, in the order of numbers.
  void run(cudnnHandle_t, std::span<const std::int64_t> numbers, std::span<void* const> pointers, void* workspace);

 private:
  Descriptor plan_;
  std::int64_t workspace_bytes_ = 0;
  bool is_deterministic_ = true;
  // Packing pointers for cuDNN allocates; a step of training passes the same pointers every time.
  std::optional<Descriptor> pack_;
  std::vector<void*> packed_pointers_;
};

// The first `most` plans of the proposed engines that keep within the workspace limit.
struct Plans {
  struct Candidate {
    EngineChoice choice;
    Plan plan;
  };
  std::vector<Candidate> candidates;
  std::string refusals;  // "\n  engine 34 2=8: ...", for each engine before them that makes none
  // The first refusal that says more than that cuDNN has no such kernel, and that may not come in another process: a
  // kernel that could not be compiled, a driver or a compiler that is missing. Else empty.
  std::string failure;
};
// Throws Error where cuDNN cannot even propose engines.
Plans make_plans(const Graph&, const Target&, const Demands&, std::int64_t workspace_limit, std::size_t most);

// What cuDNN answers about a graph that is fused where it knows how, and computed in several steps elsewhere.
struct Offer {
  bool is_offered = false;
  std::string failure;  // as in Plans
};
// To know it, cuDNN may compile the kernel, which takes up to a second. The graph is finished here. Throws nothing that
// cuDNN says: an optional kernel is no reason to stop.
Offer ask_for(Graph&, const Target&, const Demands&, std::int64_t workspace_limit);

}  // namespace sleight::kernels::cudnn
