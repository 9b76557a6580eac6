#include "engine/run/training_entry.h"

#include <array>
#include <charconv>

#include "engine/base/error.h"

namespace sleight {

const std::string& training_entry(const std::filesystem::path& path, const SafetensorsMetadata& metadata,
                                  const std::string& key) {
  const auto found = metadata.find(key);
  check(found != metadata.end(), path.string(), " is no checkpoint of a training run: it has no '", key,
        "'. To start from the weights in it, give it with --weights");
  return found->second;
}

double training_number(const std::filesystem::path& path, const SafetensorsMetadata& metadata, const std::string& key) {
  const std::string& text = training_entry(path, metadata, key);
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  check(error == std::errc() && end == text.data() + text.size(), path.string(), " is damaged: its '", key, "' is '",
        text, "', not a number; start a new run");
  return number;
}

std::string to_training_entry(double number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

}  // namespace sleight
