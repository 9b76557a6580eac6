#include "engine/program/persistent_store.h"

#include <cmath>

#include "engine/base/error.h"
#include "kernels/cast.h"
#include "kernels/random_fill.h"

namespace sleight {

namespace {

// FNV-1a, so that a parameter's initial numbers depend on its name and not on how many came before it.
std::uint64_t stream_of(const std::string& name) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : name)
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

// The description of convolution weights [O, height, width, I] in a layout of the kernels.
kernels::WeightView weight_view(const ValueType& type, kernels::WeightLayout layout) {
  return {type.shape[0], type.shape[3], type.shape[1], type.shape[2], layout};
}

kernels::WeightLayout stored_layout(const ValueType& type, const Device& device) {
  if (type.layout == Layout::plain) return kernels::layout_ohwi(type.shape[3]);
  return device.preferred_weight_layout(type.shape[3], type.shape[0]);
}

}  // namespace

PersistentStore::Entry& PersistentStore::ensure(const std::string& name, const ValueType& type,
                                                const Parameter& parameter) {
  const auto found = entries_.find(name);
  if (found != entries_.end()) {
    check(found->second.type == type, "'", name, "' is ", to_string(found->second.type), " but this program needs ",
          to_string(type));
    return found->second;
  }
  Entry& entry = entries_[name];
  entry.type = type;
  entry.role = parameter.role;
  entry.buffer = device_.allocate(type.bytes());
  names_.push_back(name);
  initialize(name, entry, parameter);
  return entry;
}

const PersistentStore::Entry& PersistentStore::entry(const std::string& name) const {
  const auto found = entries_.find(name);
  check(found != entries_.end(), "there is no parameter named '", name, "'");
  return found->second;
}

std::int64_t PersistentStore::bytes() const {
  std::int64_t total = 0;
  for (const auto& [name, entry] : entries_)
    total += entry.buffer.size();
  return total;
}

Shape PersistentStore::interface_shape(const ValueType& type) {
  if (type.shape.size() != 4) return type.shape;
  return {type.shape[0], type.shape[3], type.shape[1], type.shape[2]};
}

std::vector<std::byte> PersistentStore::read(const std::string& name) const {
  const Entry& source = entry(name);
  std::vector<std::byte> stored(static_cast<std::size_t>(source.type.bytes()));
  device_.download(stored, source.buffer.data());
  if (source.type.shape.size() != 4) return stored;
  std::vector<std::byte> bytes(stored.size());
  kernels::permute_weights(weight_view(source.type, stored_layout(source.type, device_)), stored.data(),
                           weight_view(source.type, kernels::layout_oihw()), bytes.data(),
                           size_of(source.type.element));
  return bytes;
}

void PersistentStore::write(const std::string& name, std::span<const std::byte> bytes) {
  const auto found = entries_.find(name);
  check(found != entries_.end(), "there is no parameter named '", name, "'");
  Entry& target = found->second;
  check(static_cast<std::int64_t>(bytes.size()) == target.type.bytes(), "'", name, "' takes ", target.type.bytes(),
        " bytes (", to_string(target.type), "), got ", bytes.size());
  if (target.type.shape.size() != 4) {
    device_.upload(target.buffer.data(), bytes);
    return;
  }
  std::vector<std::byte> stored(bytes.size());
  kernels::permute_weights(weight_view(target.type, kernels::layout_oihw()), bytes.data(),
                           weight_view(target.type, stored_layout(target.type, device_)), stored.data(),
                           size_of(target.type.element));
  device_.upload(target.buffer.data(), stored);
}

void PersistentStore::initialize(const std::string& name, Entry& entry, const Parameter& parameter) {
  const Initializer initializer = parameter.initializer;
  if (initializer == Initializer::zeros) return;  // buffers come zeroed
  const std::int64_t count = entry.type.count();
  const Shape shape = interface_shape(entry.type);
  kernels::RandomFill fill{.count = count, .seed = seed_, .stream = stream_of(name)};
  std::vector<float> numbers(static_cast<std::size_t>(count), 1.0F);
  if (initializer == Initializer::repeated_values) {
    const std::vector<float>& values = parameter.repeated_values;
    check(!values.empty() && count % std::ssize(values) == 0, "'", name, "' has ", count,
          " elements, which cannot start as ", values.size(), " values over and over");
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] = values[i % values.size()];
  } else if (initializer != Initializer::ones) {
    // Fans of weights [output, input, height, width] or [output, input], as in He et al. 2015 (arXiv 1502.01852).
    const double fan_in = static_cast<double>(count) / static_cast<double>(shape[0]);
    const double fan_out = static_cast<double>(count) / static_cast<double>(shape.size() > 1 ? shape[1] : 1);
    if (initializer == Initializer::uniform_fan_in) {
      const auto bound = static_cast<float>(1.0 / std::sqrt(fan_in));
      fill.first = -bound;
      fill.second = bound;
    } else {
      fill.distribution = kernels::Distribution::normal;
      fill.first = 0.0F;
      fill.second =
          static_cast<float>(std::sqrt(2.0 / (initializer == Initializer::he_normal_fan_out ? fan_out : fan_in)));
    }
    fill.out = numbers.data();
    kernels::random_fill(kernels::Cpu{}, fill);
  }
  std::vector<std::byte> bytes(static_cast<std::size_t>(entry.type.bytes()));
  kernels::cast(kernels::Cpu{},
                {.from = numbers.data(), .to = bytes.data(), .to_type = entry.type.element, .count = count});
  write(name, bytes);
}

}  // namespace sleight
