// What the oneDNN code of this folder shares: descriptions of our views in oneDNN's words, and a prepared primitive
// that runs without allocation. The one difference between oneDNN 2 and 3 that matters here, how a primitive is
// described, is in version_2/ and version_3/ (primitive_descriptors.h); CMake chooses the folder.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <oneapi/dnnl/dnnl.hpp>
#include <optional>
#include <unordered_map>
#include <vector>

#include "kernels/lib/activation_view.h"
#include "kernels/lib/types.h"
#include "kernels/lib/weight_view.h"

namespace sleight::kernels::onednn {

const dnnl::engine& engine();

// float32 values in a vector register of this machine: 16 with AVX-512, 8 with AVX2, 0 where oneDNN has no blocked
// layout to offer.
std::int64_t vector_lanes();

// oneDNN's name of a type. Throws std::invalid_argument for a type that we do not send to oneDNN.
dnnl::memory::data_type data_type(DataType type);

dnnl::memory::desc describe(const ActivationView& view, DataType type);
dnnl::memory::desc describe(const WeightView& view, DataType type);

// One convolution, before a direction is chosen. In the backward directions source, weights and destination describe
// their gradients.
struct Convolution {
  dnnl::algorithm algorithm = dnnl::algorithm::convolution_direct;
  dnnl::memory::desc source;
  dnnl::memory::desc weights;
  std::optional<dnnl::memory::desc> bias;
  dnnl::memory::desc destination;
  dnnl::memory::dims strides;
  dnnl::memory::dims padding;
};

// A primitive with its memory objects. The caller's buffers may lie in another layout than the primitive wants: such
// inputs are converted into the workspace before, such an output is converted out of it after.
class PreparedPrimitive {
 public:
  PreparedPrimitive(const dnnl::primitive& primitive, const dnnl::memory::desc& scratchpad);

  // The arguments of run, in order.
  void add_input(int argument, const dnnl::memory::desc& given, const dnnl::memory::desc& wanted);
  void set_output(int argument, const dnnl::memory::desc& given, const dnnl::memory::desc& wanted);

  std::int64_t workspace_bytes() const { return workspace_bytes_; }

  // workspace: aligned to 64.
  void run(std::initializer_list<const void*> inputs, void* output, void* workspace);

 private:
  struct Argument {
    dnnl::memory given;
    dnnl::memory wanted;  // the same object as `given` when no conversion is needed
    std::optional<dnnl::primitive> conversion;
    std::unordered_map<int, dnnl::memory> conversion_arguments;
    std::int64_t offset = 0;  // bytes, of `wanted` in the workspace
  };

  Argument make_argument(const dnnl::memory::desc& given, const dnnl::memory::desc& wanted);
  std::int64_t reserve(const dnnl::memory::desc& description);

  dnnl::stream stream_;
  dnnl::primitive primitive_;
  std::unordered_map<int, dnnl::memory> arguments_;
  std::vector<Argument> inputs_;
  Argument output_;
  std::optional<dnnl::memory> scratchpad_;
  std::int64_t scratchpad_offset_ = 0;
  std::int64_t workspace_bytes_ = 0;
};

}  // namespace sleight::kernels::onednn
