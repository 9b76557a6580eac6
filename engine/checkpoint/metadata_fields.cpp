#include "engine/checkpoint/metadata_fields.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace sleight {

namespace {

using nlohmann::json;

[[noreturn]] void refuse(const std::string& field, const std::string& value, const char* expectation) {
  fail("its '", field, "' is ", shown(value), ", not ", expectation);
}

// The whole text is a number that T holds.
template <class T>
bool parse(const std::string& text, T& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// Null for what is no list.
json list_in(const std::string& text) {
  json list = json::parse(text, nullptr, false);
  return list.is_array() ? list : json();
}

}  // namespace

const std::string& metadata_text(const SafetensorsMetadata& metadata, const std::string& field) {
  const auto found = metadata.find(field);
  check(found != metadata.end(), "it has no '", field, "'");
  return found->second;
}

std::int64_t metadata_count(const SafetensorsMetadata& metadata, const std::string& field) {
  const std::string& text = metadata_text(metadata, field);
  std::int64_t count = 0;
  if (!parse(text, count) || count < 0) refuse(field, text, "a whole number");
  return count;
}

double metadata_number(const SafetensorsMetadata& metadata, const std::string& field) {
  const std::string& text = metadata_text(metadata, field);
  double number = 0.0;
  if (!parse(text, number) || !std::isfinite(number)) refuse(field, text, "a number");
  return number;
}

std::optional<double> metadata_share(const SafetensorsMetadata& metadata, const std::string& field) {
  if (!metadata.contains(field)) return std::nullopt;
  const double share = metadata_number(metadata, field);
  check(share >= 0.0 && share < 1.0, "its '", field, "' is ", share, ", not from 0 to below 1");
  return share;
}

void set_metadata_share(SafetensorsMetadata& metadata, const std::string& field, const std::optional<double>& share) {
  if (share) metadata[field] = nlohmann::json(*share).dump();
}

bool metadata_switch(const SafetensorsMetadata& metadata, const std::string& field) {
  const std::string& text = metadata_text(metadata, field);
  if (text != "true" && text != "false") refuse(field, text, "true or false");
  return text == "true";
}

std::vector<std::string> metadata_texts(const SafetensorsMetadata& metadata, const std::string& field) {
  const std::string& text = metadata_text(metadata, field);
  const json list = list_in(text);
  if (list.empty() || !std::ranges::all_of(list, [](const json& entry) { return entry.is_string(); }))
    refuse(field, text, "a list of texts");
  return list.get<std::vector<std::string>>();
}

std::array<double, 3> metadata_colors(const SafetensorsMetadata& metadata, const std::string& field) {
  const std::string& text = metadata_text(metadata, field);
  const json list = list_in(text);
  if (list.size() != 3 || !std::ranges::all_of(list, [](const json& entry) { return entry.is_number(); }))
    refuse(field, text, "a list of three numbers");
  return list.get<std::array<double, 3>>();
}

}  // namespace sleight
