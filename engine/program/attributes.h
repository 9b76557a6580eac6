// The static parameters of a step: numbers under names ("stride" 2, "epsilon" 1e-5). They are baked into the plan; what
// changes from step to step (the learning rate) is a live scalar, and what is random travels with the batch.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace sleight {

class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<std::pair<const std::string, std::vector<double>>> entries) : entries_(entries) {}

  bool has(const std::string& name) const { return entries_.contains(name); }
  // Throw Error when the name is missing or holds a list; integer also when the number is not whole.
  double number(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  bool flag(const std::string& name) const { return has(name) && number(name) != 0.0; }
  const std::vector<double>& numbers(const std::string& name) const;

  void set(const std::string& name, std::vector<double> values) { entries_[name] = std::move(values); }
  void set(const std::string& name, double value) { entries_[name] = {value}; }

  bool operator==(const Attributes&) const = default;
  // "padding=1 stride=2"
  std::string to_string() const;

 private:
  std::map<std::string, std::vector<double>> entries_;
};

}  // namespace sleight
