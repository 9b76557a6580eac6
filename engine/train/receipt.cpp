#include "engine/train/receipt.h"

#include <cmath>
#include <iomanip>
#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/base/error.h"

namespace sleight {

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
  std::vector<Receipt> receipts;
  try {
    for (const nlohmann::json& entry : nlohmann::json::parse(text)) {
      Receipt receipt{
          .trick = entry.at("trick"), .counts = {}, .fired = entry.at("fired"), .excuse = entry.value("excuse", "")};
      for (const nlohmann::json& count : entry.at("counts"))
        receipt.counts.emplace_back(count.at(0), count.at(1));
      receipts.push_back(std::move(receipt));
    }
  } catch (const nlohmann::json::exception& error) {
    fail("the receipts in the checkpoint are damaged: ", error.what());
  }
  return receipts;
}

}  // namespace sleight
