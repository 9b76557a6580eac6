// What a trick did in a run, counted where it took effect. A flag that is parsed and never read, or a setting that
// arrives too late, looks like a run with the trick on; its receipt shows 0, and the run fails.
//
// Counts grow once for each training step that was really run, with what arrived there. Never from the loader's
// threads: they work ahead, and a stopped run would count batches that it never trained on. A resumed run goes on from
// the receipts in its checkpoint and reports the whole run.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace sleight {

struct Receipt {
  std::string trick;
  // Named numbers, in the order in which they are shown.
  std::vector<std::pair<std::string, double>> counts;
  // How often the trick took effect; 0: it did nothing.
  std::int64_t fired = 0;
  // Why it cannot take effect in this run, which is too short or has nothing for it: "its first milestone is after the
  // last step". Empty: it must. A trick that the user asked for by name does not say this but refuses the run.
  std::string excuse = {};

  // The number with this name; throws Error when there is none.
  double count(const std::string& name) const;
  bool operator==(const Receipt&) const = default;
};

// The receipt of a trick by name; throws Error when it is not among them (a checkpoint of a run without this trick).
const Receipt& find_receipt(std::span<const Receipt> receipts, const std::string& trick);

// "mixup: 1200 batches, mean lambda 0.498"
std::string to_string(const Receipt& receipt);

// For the end of a complete run, with the receipts of all enabled tricks. Throws Error naming those that fired 0 times
// without an excuse.
void check_receipts(std::span<const Receipt> receipts);

// To and from the metadata of checkpoints. Throws Error that says what of a text is wrong.
std::string receipts_to_json(std::span<const Receipt> receipts);
std::vector<Receipt> receipts_from_json(const std::string& text);

}  // namespace sleight
