#include "tests/cases/run_case.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <sstream>

#include "engine/base/error.h"
#include "kernels/lib/weight_view.h"

namespace sleight::cases {

namespace {

DataType element_of(Kind kind, DataType element) {
  switch (kind) {
    case Kind::activation:
      return element;
    case Kind::accumulator:
      return element == DataType::float64 ? DataType::float64 : DataType::float32;
    case Kind::float64:
      return DataType::float64;
    case Kind::int32:
      return DataType::int32;
    case Kind::uint8:
      return DataType::uint8;
    default:
      return DataType::float32;
  }
}

template <class Function>
void visit_any_type(DataType type, Function&& function) {
  if (type == DataType::int32) return function(TypeTag<std::int32_t>{});
  if (type == DataType::uint8) return function(TypeTag<std::uint8_t>{});
  if (type == DataType::int64) return function(TypeTag<std::int64_t>{});
  visit_cpu_type(type, function);
}

template <class T>
T from_double(double value) {
  if constexpr (sizeof(T) == 2)
    return T(static_cast<float>(value));
  else
    return static_cast<T>(value);
}

// Enough different numbers for a kernel to work on.
std::vector<double> draw_repeated(const Input& input, std::size_t index) {
  constexpr std::int64_t period = 65537;
  const std::int64_t count = element_count(input.shape);
  if (count <= period || input.fill == Fill::permutation || input.fill == Fill::made) return draw(input, index, false);
  Input beginning = input;
  beginning.shape = {period};
  std::vector<double> values = draw(beginning, index, false);
  values.resize(static_cast<std::size_t>(count));
  for (std::size_t i = static_cast<std::size_t>(period); i < values.size(); ++i)
    values[i] = values[i - static_cast<std::size_t>(period)];
  return values;
}

std::unique_ptr<simt::GuardedBuffer<std::byte>> allocate(std::int64_t bytes, const std::string& name) {
  return std::make_unique<simt::GuardedBuffer<std::byte>>(static_cast<std::size_t>(bytes), name);
}

double rounding_of(DataType type) {
  if (type == DataType::bfloat16) return 0x1.0p-8;
  if (type == DataType::float16) return 0x1.0p-11;
  return type == DataType::float64 ? 0x1.0p-52 : 0x1.0p-23;
}

bool is_whole(DataType type) {
  return type == DataType::int32 || type == DataType::int64 || type == DataType::uint8;
}

}  // namespace

PreparedCase::PreparedCase(const Case& description, const Device& device, const RunOptions& options)
    : case_(description),
      device_(device),
      communicator_(device.runtime()),
      options_(options),
      attributes_(description.attributes) {
  if (case_.element_attribute) attributes_.set("element", static_cast<double>(options.element));
  for (std::size_t i = 0; i < case_.inputs.size(); ++i) {
    const Input& input = case_.inputs[i];
    Tensor& tensor = inputs_.emplace_back();
    tensor.name = "input " + std::to_string(i);
    tensor.present = input.kind != Kind::absent;
    tensor.type = {input.shape, element_of(input.kind, options.element)};
  }
  for (const ValueType& type : with_context(case_.name(), [&] { return case_.operation->infer(step_types()); })) {
    outputs_.push_back({.name = "output " + std::to_string(outputs_.size()), .type = type});
  }

  if (case_.operation->weight_layouts != nullptr) {
    for (const auto& [slot, layout] : case_.operation->weight_layouts(step_types(), device_)) {
      const auto index = static_cast<std::size_t>(slot);
      Tensor& tensor = index < inputs_.size() ? inputs_[index] : outputs_[index - inputs_.size()];
      tensor.weights = true;
      if (options.blocked) tensor.type.layout = layout;
    }
  }
  for (Tensor& tensor : inputs_)
    choose_layout(tensor);
  for (Tensor& tensor : outputs_)
    choose_layout(tensor);

  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (!inputs_[i].present) continue;
    inputs_[i].memory = allocate(inputs_[i].type.bytes(), inputs_[i].name);
    fill(inputs_[i], options.repeated_values ? draw_repeated(case_.inputs[i], i) : draw(case_.inputs[i], i, false));
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (!options.in_place || options.in_place->first != static_cast<int>(i))
      outputs_[i].memory = allocate(outputs_[i].type.bytes(), outputs_[i].name);
  }
  PreparedStep prepared = prepare();
  workspace_ = allocate(prepared.workspace_bytes, "workspace");
  add_set(std::move(prepared));
}

PreparedStep PreparedCase::prepare() {
  return with_context(case_.name(), [&] { return case_.operation->prepare(step_types(), {device_, communicator_}); });
}

void PreparedCase::add_set(PreparedStep prepared) {
  Set& set = sets_.emplace_back();
  set.prepared = std::move(prepared);
  auto& copies = copies_.emplace_back();
  const auto address_of = [&](Memory& memory) -> void* {
    if (device_.is_host() || memory.size() == 0) return memory.data();
    const std::span<std::byte> whole = memory.with_red_zones();
    const Buffer& copy = copies.emplace_back(&memory, device_.allocate(static_cast<std::int64_t>(whole.size()))).second;
    device_.upload(copy.data(), whole);
    return copy.data() + simt::GuardedMemory::red_zone_bytes;
  };
  for (const Tensor& tensor : inputs_)
    set.inputs.push_back(tensor.present ? address_of(*tensor.memory) : nullptr);
  for (const Tensor& tensor : outputs_)
    set.outputs.push_back(tensor.memory ? address_of(*tensor.memory)
                                        : set.inputs[static_cast<std::size_t>(options_.in_place->second)]);
  set.workspace = address_of(*workspace_);
  if (set.prepared.bind) set.prepared.bind({set.inputs, set.outputs, set.workspace});
}

void PreparedCase::make_sets(std::size_t count) {
  check(!device_.is_host(), case_.name(), ": the host's memory has one set");
  // A kernel without a table of addresses serves all sets, as it serves all runs of a step.
  while (sets_.size() < count)
    add_set(sets_.front().prepared.bind ? prepare() : sets_.front().prepared);
}

std::int64_t PreparedCase::device_bytes() const {
  std::int64_t bytes = 0;
  for (const auto& [memory, copy] : copies_.front())
    bytes += static_cast<std::int64_t>(memory->size());
  return bytes;
}

StepTypes PreparedCase::step_types() const {
  StepTypes types{attributes_, {}, {}};
  for (const Tensor& tensor : inputs_)
    types.inputs.push_back(tensor.present ? &tensor.type : nullptr);
  for (const Tensor& tensor : outputs_)
    types.outputs.push_back(&tensor.type);
  return types;
}

Step PreparedCase::step() const {
  Step result{case_.operation, attributes_, {}, {}, case_.name(), Phase::forward};
  ValueId next = 0;
  for (const Tensor& tensor : inputs_)
    result.inputs.push_back(tensor.present ? next++ : no_value);
  for (std::size_t i = 0; i < outputs_.size(); ++i)
    result.outputs.push_back(next++);
  return result;
}

void PreparedCase::choose_layout(Tensor& tensor) const {
  const ValueType& type = tensor.type;
  if (!options_.blocked || !case_.operation->any_layout || tensor.weights || type.shape.size() != 4) return;
  if (device_.preferred_lanes(type.shape[3]) != type.shape[3]) tensor.type.layout = Layout::blocked;
}

bool PreparedCase::has_blocked_values() const {
  const auto is_blocked = [](const Tensor& tensor) { return tensor.type.layout == Layout::blocked; };
  return std::any_of(inputs_.begin(), inputs_.end(), is_blocked) ||
         std::any_of(outputs_.begin(), outputs_.end(), is_blocked);
}

// Where each element of the plain order lies: the formulas of kernels/lib/activation_view.h and
// kernels/lib/weight_view.h.
std::vector<std::size_t> PreparedCase::places(const Tensor& tensor) const {
  std::vector<std::size_t> result(static_cast<std::size_t>(tensor.type.count()));
  std::iota(result.begin(), result.end(), std::size_t{0});
  if (tensor.type.layout == Layout::plain) return result;
  const Shape& shape = tensor.type.shape;
  const std::int64_t lanes = device_.preferred_lanes(shape[3]);
  const kernels::WeightView weights{shape[0], shape[3], shape[1], shape[2],
                                    device_.preferred_weight_layout(shape[3], shape[0])};
  std::size_t next = 0;
  for (std::int64_t n = 0; n < shape[0]; ++n) {
    for (std::int64_t h = 0; h < shape[1]; ++h) {
      for (std::int64_t w = 0; w < shape[2]; ++w) {
        for (std::int64_t c = 0; c < shape[3]; ++c) {
          const std::int64_t block = n * (shape[3] / lanes) + c / lanes;
          const std::int64_t place =
              tensor.weights ? weights.offset(n, c, h, w) : ((block * shape[1] + h) * shape[2] + w) * lanes + c % lanes;
          result[next++] = static_cast<std::size_t>(place);
        }
      }
    }
  }
  return result;
}

void PreparedCase::fill(Tensor& tensor, const std::vector<double>& values) const {
  // Huge tensors are plain, and are filled before each measurement on a GPU: no list of places for them.
  const bool is_plain = tensor.type.layout == Layout::plain;
  const std::vector<std::size_t> place = is_plain ? std::vector<std::size_t>() : places(tensor);
  visit_any_type(tensor.type.element, [&]<class T>(TypeTag<T>) {
    for (std::size_t i = 0; i < values.size(); ++i)
      static_cast<T*>(tensor.data())[is_plain ? i : place[i]] = from_double<T>(values[i]);
  });
  if (!options_.repeated_values) tensor.before.assign(tensor.memory->begin(), tensor.memory->end());
}

std::vector<double> PreparedCase::read(const Tensor& tensor, const void* memory) const {
  std::vector<double> values;
  const std::vector<std::size_t> place = places(tensor);
  visit_any_type(tensor.type.element, [&]<class T>(TypeTag<T>) {
    for (const std::size_t i : place)
      values.push_back(static_cast<double>(static_cast<const T*>(memory)[i]));
  });
  return values;
}

void PreparedCase::run(std::size_t set) {
  const Set& chosen = sets_.at(set);
  chosen.prepared.run({chosen.inputs, chosen.outputs, chosen.workspace});
}

std::vector<CaseOutput> PreparedCase::outputs(std::size_t set) {
  check(!options_.repeated_values, case_.name(), ": it was prepared to be measured, and its inputs were not kept");
  for (const auto& [memory, copy] : copies_.at(set))
    device_.download(memory->with_red_zones(), copy.data());
  workspace_->check();
  std::vector<int> updated;
  if (case_.operation->updates != nullptr) updated = case_.operation->updates(step());
  std::vector<CaseOutput> result;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    Tensor& tensor = inputs_[i];
    if (!tensor.present) continue;
    tensor.memory->check();
    if (std::find(updated.begin(), updated.end(), static_cast<int>(i)) != updated.end()) {
      result.push_back({"updated " + tensor.name, tensor.type.element, read(tensor, tensor.data())});
    } else if (!options_.in_place || options_.in_place->second != static_cast<int>(i)) {
      check(std::equal(tensor.before.begin(), tensor.before.end(), tensor.memory->begin()), case_.name(),
            " wrote to its ", tensor.name);
    }
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    if (outputs_[i].memory) outputs_[i].memory->check();
    const Tensor& place =
        outputs_[i].memory ? outputs_[i] : inputs_[static_cast<std::size_t>(options_.in_place->second)];
    result.push_back({outputs_[i].name, outputs_[i].type.element, read(outputs_[i], place.data())});
  }
  return result;
}

std::vector<std::pair<int, int>> PreparedCase::in_place_pairs() const {
  std::vector<std::pair<int, int>> pairs;
  if (case_.operation->in_place == nullptr) return pairs;
  for (const auto& [output, input] : case_.operation->in_place(step())) {
    const Tensor& source = inputs_[static_cast<std::size_t>(input)];
    if (source.present && source.type.bytes() == outputs_[static_cast<std::size_t>(output)].type.bytes())
      pairs.emplace_back(output, input);
  }
  return pairs;
}

Cost cost_of(const Case& description, DataType element) {
  Attributes attributes = description.attributes;
  if (description.element_attribute) attributes.set("element", static_cast<double>(element));
  std::vector<ValueType> inputs;
  for (const Input& input : description.inputs)
    inputs.push_back({input.shape, element_of(input.kind, element)});
  StepTypes step{attributes, {}, {}};
  for (std::size_t i = 0; i < inputs.size(); ++i)
    step.inputs.push_back(description.inputs[i].kind == Kind::absent ? nullptr : &inputs[i]);
  const std::vector<ValueType> outputs = description.operation->infer(step);
  for (const ValueType& output : outputs)
    step.outputs.push_back(&output);
  return sleight::cost_of(step, *description.operation);
}

std::vector<CaseOutput> run_case(const Case& description, const Device& device, const RunOptions& options) {
  PreparedCase prepared(description, device, options);
  prepared.run();
  return prepared.outputs();
}

std::string compare(const Case& description, const std::vector<CaseOutput>& results,
                    const std::vector<CaseOutput>& reference) {
  if (results.size() != reference.size()) return "another number of outputs";
  double largest_input = 0.0;
  for (const Input& input : description.inputs) {
    if (input.kind == Kind::activation || input.kind == Kind::accumulator)
      largest_input = std::max({largest_input, std::abs(input.low), std::abs(input.high)});
  }
  double inner_rounding = 0.0;
  if (description.rounds_inside) {
    for (const CaseOutput& output : results)
      inner_rounding = std::max(inner_rounding, rounding_of(output.element));
  }
  for (std::size_t o = 0; o < results.size(); ++o) {
    const auto& [name, element, values] = results[o];
    const std::vector<double>& expected = reference[o].values;
    if (values.size() != expected.size()) return name + " has another size";
    // The numbers that met in the arithmetic: sums may cancel, so small results carry the errors of large terms.
    double scale = description.reduction > 1 ? largest_input : 0.0;
    for (const double value : expected)
      scale = std::max(scale, std::abs(value));
    const double terms = static_cast<double>(description.reduction);
    const double arithmetic = is_whole(element) ? 0.0 : 0x1.0p-23 * (4.0 + std::sqrt(terms)) * scale;
    const double rounding = is_whole(element) ? 0.0 : std::max(rounding_of(element), inner_rounding);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const double error = std::abs(values[i] - expected[i]);
      const double allowed = rounding * std::abs(expected[i]) + inner_rounding * scale + arithmetic;
      if (error <= allowed) continue;
      std::ostringstream message;
      message.precision(10);
      message << name << ", element " << i << " of " << values.size() << ": " << values[i] << " instead of "
              << expected[i] << ", allowed error " << allowed;
      return message.str();
    }
  }
  return "";
}

std::string compare_bits(const std::vector<CaseOutput>& a, const std::vector<CaseOutput>& b) {
  if (a.size() != b.size()) return "another number of outputs";
  for (std::size_t o = 0; o < a.size(); ++o) {
    if (a[o].values.size() != b[o].values.size()) return a[o].name + " has another size";
    for (std::size_t i = 0; i < a[o].values.size(); ++i) {
      if (std::memcmp(&a[o].values[i], &b[o].values[i], sizeof(double)) == 0) continue;
      std::ostringstream message;
      message.precision(17);
      message << a[o].name << ", element " << i << ": " << a[o].values[i] << " and " << b[o].values[i];
      return message.str();
    }
  }
  return "";
}

}  // namespace sleight::cases
