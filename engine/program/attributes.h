// The static parameters of a step: numbers under names ("stride" 2, "epsilon" 1e-5). They are baked into the plan; what
// changes from step to step (the learning rate) is a live scalar, and what is random travels with the batch.
//
//   Attributes attributes = {{"stride", 2}, {"activation", ActivationFunction::relu}, {"mean", {0.5, 0.25}}};
//   attributes.get<ActivationFunction>("activation")
//
// All of them are kept as float64, which holds every float32 and every whole number up to 2^53 as it is.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <ranges>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/base/error.h"

namespace sleight {

// What one attribute may be given as: a number, a bool, an enumerator, or a list of numbers.
class AttributeValue {
 public:
  template <class Value>
  requires(std::is_arithmetic_v<Value> || std::is_enum_v<Value>) AttributeValue(Value value)
      : numbers_{static_cast<double>(value)} {}
  AttributeValue(std::initializer_list<double> numbers) : numbers_(numbers) {}
  AttributeValue(std::vector<double> numbers) : numbers_(std::move(numbers)) {}
  template <std::ranges::input_range Range>
  requires std::is_floating_point_v<std::ranges::range_value_t<Range>> AttributeValue(const Range& numbers)
      : numbers_(std::ranges::begin(numbers), std::ranges::end(numbers)) {}

  const std::vector<double>& numbers() const { return numbers_; }

  bool operator==(const AttributeValue&) const = default;

 private:
  std::vector<double> numbers_;
};

class Attributes {
 public:
  Attributes() = default;
  Attributes(std::initializer_list<std::pair<const std::string, AttributeValue>> entries) : entries_(entries) {}

  bool has(const std::string& name) const { return entries_.contains(name); }
  // Throw Error when the name is missing or holds a list; integer also when the number is not whole.
  double number(const std::string& name) const;
  std::int64_t integer(const std::string& name) const;
  bool flag(const std::string& name) const { return has(name) && number(name) != 0.0; }
  // As an enumerator, a whole number (Error when it does not fit into Value), float or double.
  template <class Value>
  Value get(const std::string& name) const;
  const std::vector<double>& numbers(const std::string& name) const;

  void set(const std::string& name, AttributeValue value) { entries_.insert_or_assign(name, std::move(value)); }

  bool operator==(const Attributes&) const = default;
  // "padding=1 stride=2"
  std::string to_string() const;

 private:
  std::map<std::string, AttributeValue> entries_;
};

template <class Value>
Value Attributes::get(const std::string& name) const {
  static_assert(std::is_arithmetic_v<Value> || std::is_enum_v<Value>);
  if constexpr (std::is_enum_v<Value>) {
    return static_cast<Value>(get<std::underlying_type_t<Value>>(name));
  } else if constexpr (std::is_floating_point_v<Value>) {
    return static_cast<Value>(number(name));
  } else {
    const std::int64_t value = integer(name);
    check(std::in_range<Value>(value), "the attribute '", name, "' is ", value, ", which is too large or too small");
    return static_cast<Value>(value);
  }
}

}  // namespace sleight
