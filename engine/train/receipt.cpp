#include "engine/train/receipt.h"

#include <cmath>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace sleight {

namespace {

// Null where there is none.
nlohmann::json field_of(const nlohmann::json& object, const char* name) {
  return object.is_object() ? object.value(name, nlohmann::json()) : nlohmann::json();
}

// As receipts_to_json() writes one.
Receipt receipt_from(const nlohmann::json& entry) {
  const nlohmann::json trick = field_of(entry, "trick"), fired = field_of(entry, "fired"),
                       counts = field_of(entry, "counts");
  check(trick.is_string() && fired.is_number_integer() && counts.is_array(), shown(entry.dump()),
        " is no receipt: it needs the text 'trick', the whole number 'fired' and the list 'counts'");
  const nlohmann::json excuse = entry.value("excuse", nlohmann::json(""));  // where it is missing, there is none
  check(excuse.is_string(), "the receipt of ", shown(std::string(trick)), " has the excuse ", shown(excuse.dump()),
        ", which is no text");
  Receipt receipt{.trick = trick, .counts = {}, .fired = fired, .excuse = excuse};
  for (const nlohmann::json& count : counts) {
    check(count.is_array() && count.size() == 2 && count[0].is_string() && count[1].is_number(), "the receipt of ",
          shown(receipt.trick), " counts ", shown(count.dump()), ", which is no pair of a text and a number");
    receipt.counts.emplace_back(count[0], count[1]);
  }
  return receipt;
}

}  // namespace

double Receipt::count(const std::string& name) const {
  for (const auto& [known, value] : counts) {
    if (known == name) return value;
  }
  fail("the receipt of ", trick, " has no count named '", name, "'");
}

const Receipt& find_receipt(std::span<const Receipt> receipts, const std::string& trick) {
  for (const Receipt& receipt : receipts) {
    if (receipt.trick == trick) return receipt;
  }
  fail("there is no receipt of ", trick, "; the run that wrote these receipts did not use it");
}

std::string to_string(const Receipt& receipt) {
  std::ostringstream text;
  text << receipt.trick << ":";
  const char* separator = " ";
  for (const auto& [name, value] : receipt.counts) {
    // Counts to the last digit, means and rates as people read them.
    text << separator << std::setprecision(value == std::floor(value) ? 12 : 5) << value << " " << name;
    separator = ", ";
  }
  if (!receipt.excuse.empty()) text << separator << receipt.excuse;
  return text.str();
}

void check_receipts(std::span<const Receipt> receipts) {
  std::string idle;
  for (const Receipt& receipt : receipts) {
    if (receipt.fired > 0 || !receipt.excuse.empty()) continue;
    if (!idle.empty()) idle += "; ";
    idle += to_string(receipt);
  }
  check(idle.empty(), "tricks that are enabled but did nothing in the whole run: ", idle,
        ". Switch them off, or change the settings that kept them from running");
}

std::string receipts_to_json(std::span<const Receipt> receipts) {
  nlohmann::json list = nlohmann::json::array();
  for (const Receipt& receipt : receipts) {
    nlohmann::json counts = nlohmann::json::array();
    for (const auto& [name, value] : receipt.counts)
      counts.push_back({name, value});
    list.push_back({{"trick", receipt.trick}, {"fired", receipt.fired}, {"counts", counts}});
    if (!receipt.excuse.empty()) list.back()["excuse"] = receipt.excuse;
  }
  return list.dump();
}

std::vector<Receipt> receipts_from_json(const std::string& text) {
  const nlohmann::json list = nlohmann::json::parse(text, nullptr, false);
  check(list.is_array(), shown(text), " is no list of receipts");
  std::vector<Receipt> receipts;
  for (const nlohmann::json& entry : list)
    receipts.push_back(receipt_from(entry));
  return receipts;
}

}  // namespace sleight
