// What lives longer than a step: parameters, momentum, running statistics, averages. Kept by name, outside the arena,
// and shared by all plans of a run (every training shape, evaluation too).
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "engine/device/device.h"
#include "engine/program/program.h"

namespace sleight {

// Prefixes of the entries that belong to a parameter of the same name.
inline constexpr const char* momentum_prefix = "momentum.";
inline constexpr const char* average_prefix = "average.";  // made by UpdateOptions::after_update

class PersistentStore {
 public:
  PersistentStore(const Device& device, std::uint64_t seed) : device_(device), seed_(seed) {}

  struct Entry {
    ValueType type;
    ParameterRole role = ParameterRole::weight;
    Buffer buffer;
  };

  // The entry of this name, created and initialized if it does not exist. An entry of another type throws Error: two
  // programs of one run must agree on what they share.
  Entry& ensure(const std::string& name, const ValueType& type, const Parameter& parameter);
  const Entry& entry(const std::string& name) const;
  bool contains(const std::string& name) const { return entries_.contains(name); }

  // In order of creation.
  const std::vector<std::string>& names() const { return names_; }
  std::int64_t bytes() const;

  // The order of checkpoints: convolution weights as [output, input, height, width] (PyTorch's), all else as it is.
  // Exact in both directions, whatever layout the device keeps.
  static Shape interface_shape(const ValueType& type);
  std::vector<std::byte> read(const std::string& name) const;
  void write(const std::string& name, std::span<const std::byte> bytes);

 private:
  void initialize(const std::string& name, Entry& entry, const Parameter& parameter);

  const Device& device_;
  std::uint64_t seed_;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> names_;
};

}  // namespace sleight
