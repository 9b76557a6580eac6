#include "engine/program/attributes.h"

#include <cmath>
#include <sstream>

#include "engine/base/error.h"

namespace sleight {

const std::vector<double>& Attributes::numbers(const std::string& name) const {
  const auto found = entries_.find(name);
  check(found != entries_.end(), "the attribute '", name, "' is missing among: ", to_string());
  return found->second.numbers();
}

double Attributes::number(const std::string& name) const {
  const std::vector<double>& values = numbers(name);
  check(values.size() == 1, "the attribute '", name, "' holds ", values.size(), " numbers where one is needed");
  return values.front();
}

std::int64_t Attributes::integer(const std::string& name) const {
  const double value = number(name);
  check(std::nearbyint(value) == value, "the attribute '", name, "' must be a whole number, got ", value);
  return static_cast<std::int64_t>(value);
}

std::string Attributes::to_string() const {
  std::ostringstream text;
  for (const auto& [name, value] : entries_) {
    const std::vector<double>& values = value.numbers();
    text << (text.tellp() > 0 ? " " : "") << name << "=";
    constexpr std::size_t shown = 4;
    for (std::size_t i = 0; i < values.size() && i < shown; ++i)
      text << (i > 0 ? "," : "") << values[i];
    if (values.size() > shown) text << ",... (" << values.size() << ")";
  }
  return text.str();
}

}  // namespace sleight
