#include "kernels/onednn/onednn.h"

#include <cstddef>
#include <stdexcept>
#include <string>

namespace sleight::kernels::onednn {
namespace {

using Tag = dnnl::memory::format_tag;

constexpr std::int64_t alignment = 64;

dnnl::memory without_buffer(const dnnl::memory::desc& description) {
  return dnnl::memory(description, engine(), DNNL_MEMORY_NONE);
}

}  // namespace

const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

std::int64_t vector_lanes() {
  // Each instruction set is a set of bits that contains those of its predecessors.
  const auto has = [available = static_cast<unsigned>(dnnl::get_effective_cpu_isa())](dnnl::cpu_isa wanted) {
    return (available & static_cast<unsigned>(wanted)) == static_cast<unsigned>(wanted);
  };
  if (has(dnnl::cpu_isa::avx512_core)) return 16;
  return has(dnnl::cpu_isa::avx2) ? 8 : 0;
}

dnnl::memory::data_type data_type(DataType type) {
  if (type == DataType::float32) return dnnl::memory::data_type::f32;
  if (type == DataType::bfloat16) return dnnl::memory::data_type::bf16;
  throw std::invalid_argument("oneDNN is not used for element type " + std::string(name_of(type)));
}

dnnl::memory::desc describe(const ActivationView& view, DataType type) {
  const auto tag = [&] {
    // With as many channels as lanes NHWC and blocked are the same bytes; as blocked they suit their neighbors.
    if (view.lanes == vector_lanes()) return view.lanes == 16 ? Tag::nChw16c : Tag::nChw8c;
    if (view.channels_last()) return Tag::nhwc;
    if (view.lanes == 1) return Tag::nchw;
    if (view.lanes == 8) return Tag::nChw8c;
    if (view.lanes == 16) return Tag::nChw16c;
    throw std::invalid_argument("convolution: activations in " + std::to_string(view.blocks) + " blocks of " +
                                std::to_string(view.lanes) + " lanes; there can be 1 block, or 1, 8 or 16 lanes");
  }();
  return {{view.batch, view.channels(), view.height, view.width}, data_type(type), tag};
}

dnnl::memory::desc describe(const WeightView& view, DataType type) {
  const auto tag = [&] {
    const WeightLayout& layout = view.layout;
    if (layout == layout_oihw()) return Tag::oihw;
    if (layout == WeightLayout{16, 16}) return Tag::OIhw16i16o;
    if (layout == WeightLayout{8, 8}) return Tag::OIhw8i8o;
    if (layout == layout_ohwi(view.input_channels)) return Tag::ohwi;
    if (layout == WeightLayout{16, view.input_channels}) return Tag::Ohwi16o;
    if (layout == WeightLayout{8, view.input_channels}) return Tag::Ohwi8o;
    throw std::invalid_argument("convolution: no such layout of weights: " + std::to_string(layout.output_lanes) +
                                " output x " + std::to_string(layout.input_lanes) + " input lanes");
  }();
  return {{view.output_channels, view.input_channels, view.kernel_height, view.kernel_width}, data_type(type), tag};
}

PreparedPrimitive::PreparedPrimitive(const dnnl::primitive& primitive, const dnnl::memory::desc& scratchpad)
    : stream_(engine()), primitive_(primitive) {
  if (scratchpad.get_size() == 0) return;
  scratchpad_ = without_buffer(scratchpad);
  scratchpad_offset_ = reserve(scratchpad);
  arguments_.insert_or_assign(DNNL_ARG_SCRATCHPAD, *scratchpad_);
}

void PreparedPrimitive::add_input(int argument, const dnnl::memory::desc& given, const dnnl::memory::desc& wanted) {
  Argument input = make_argument(given, wanted);
  if (given != wanted) {
    input.conversion = dnnl::reorder(input.given, input.wanted);
    input.conversion_arguments = {{DNNL_ARG_FROM, input.given}, {DNNL_ARG_TO, input.wanted}};
  }
  arguments_.insert_or_assign(argument, input.wanted);
  inputs_.push_back(input);
}

void PreparedPrimitive::set_output(int argument, const dnnl::memory::desc& given, const dnnl::memory::desc& wanted) {
  output_ = make_argument(given, wanted);
  if (given != wanted) {
    output_.conversion = dnnl::reorder(output_.wanted, output_.given);
    output_.conversion_arguments = {{DNNL_ARG_FROM, output_.wanted}, {DNNL_ARG_TO, output_.given}};
  }
  arguments_.insert_or_assign(argument, output_.wanted);
}

PreparedPrimitive::Argument PreparedPrimitive::make_argument(const dnnl::memory::desc& given,
                                                             const dnnl::memory::desc& wanted) {
  Argument argument;
  argument.given = without_buffer(given);
  if (given == wanted) {
    argument.wanted = argument.given;
  } else {
    argument.wanted = without_buffer(wanted);
    argument.offset = reserve(wanted);
  }
  return argument;
}

std::int64_t PreparedPrimitive::reserve(const dnnl::memory::desc& description) {
  const std::int64_t offset = workspace_bytes_;
  const auto bytes = static_cast<std::int64_t>(description.get_size());
  workspace_bytes_ += (bytes + alignment - 1) / alignment * alignment;
  return offset;
}

void PreparedPrimitive::run(std::initializer_list<const void*> inputs, void* output, void* workspace) {
  auto* bytes = static_cast<std::byte*>(workspace);
  auto pointer = inputs.begin();
  for (Argument& input : inputs_) {
    // oneDNN has one pointer type for what it reads and what it writes; it does not write its inputs.
    input.given.set_data_handle(const_cast<void*>(*pointer++));
    if (!input.conversion) continue;
    input.wanted.set_data_handle(bytes + input.offset);
    input.conversion->execute(stream_, input.conversion_arguments);
  }
  output_.given.set_data_handle(output);
  if (output_.conversion) output_.wanted.set_data_handle(bytes + output_.offset);
  if (scratchpad_) scratchpad_->set_data_handle(bytes + scratchpad_offset_);
  primitive_.execute(stream_, arguments_);
  if (output_.conversion) output_.conversion->execute(stream_, output_.conversion_arguments);
  stream_.wait();
}

}  // namespace sleight::kernels::onednn
