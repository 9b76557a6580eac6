#include "tricks/mixup_counts.h"

#include <cmath>

#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr const char* lambda_sum = "sum of their lambdas";
// Written by versions that summed a classifier's lambdas over all images of the mixed batches.
constexpr const char* former_lambda_sum = "sum of lambda";

bool has(const Receipt& receipt, const char* count) {
  for (const auto& [name, value] : receipt.counts) {
    if (name == count) return true;
  }
  return false;
}

}  // namespace

void MixedEpochs::check() const {
  sleight::check(off_epochs >= 0, "--mixup-off-epochs must not be negative, got ", off_epochs);
  sleight::check(off_epochs < epochs, "--mixup-off-epochs: mixup is off for the last ", off_epochs, " of ", epochs,
                 " epochs, so it would never run; give fewer epochs without mixup, or switch mixup off");
}

void MixupCounts::count(const CountedStep& step, const MixedEpochs& epochs) {
  const std::size_t partners = step.partners.size() + step.partner_samples.size();
  check(partners == step.lambdas.size(), "mixup counts a batch with ", partners, " partners and ", step.lambdas.size(),
        " lambdas");
  const auto has_partner = [&](std::size_t i) {
    return step.partners.empty() ? step.partner_samples[i] >= 0 : step.partners[i] != static_cast<std::int32_t>(i);
  };
  std::int64_t mixed = 0;
  double sum = 0.0;
  for (std::size_t i = 0; i < step.lambdas.size(); ++i) {
    if (!has_partner(i) || !(step.lambdas[i] < 1.0F)) continue;
    ++mixed;
    sum += static_cast<double>(step.lambdas[i]);
  }
  if (!epochs.contains(step.place.epoch)) {
    check(mixed == 0, "a batch of epoch ", step.place.epoch, " is mixed, although mixup is off for the last ",
          epochs.off_epochs, " of ", epochs.epochs, " epochs");
    ++batches_plain_;
    return;
  }
  if (mixed == 0) {
    // A batch that was never drawn has no partners and lambdas of 1.
    for (std::size_t i = 0; i < step.lambdas.size(); ++i)
      drew_in_vain_ = drew_in_vain_ || has_partner(i) != (step.lambdas[i] < 1.0F);
    return;
  }
  ++batches_;
  images_ += static_cast<std::int64_t>(step.lambdas.size());
  images_mixed_ += mixed;
  lambda_sum_ += sum;
}

Receipt MixupCounts::receipt(const std::string& trick) const {
  return {trick,
          {{"batches mixed", static_cast<double>(batches_)},
           {"images in them", static_cast<double>(images_)},
           {"images mixed", static_cast<double>(images_mixed_)},
           {lambda_sum, lambda_sum_},
           {"mean lambda", images_mixed_ > 0 ? lambda_sum_ / static_cast<double>(images_mixed_) : 0.0},
           {"batches plain in the last epochs", static_cast<double>(batches_plain_)}},
          images_mixed_,
          images_mixed_ == 0 && drew_in_vain_ ? "by chance, every draw left the images as they were" : ""};
}

void MixupCounts::restore(const Receipt& receipt) {
  batches_ = std::llround(receipt.count("batches mixed"));
  images_ = std::llround(receipt.count("images in them"));
  images_mixed_ = std::llround(receipt.count("images mixed"));
  drew_in_vain_ = !receipt.excuse.empty();
  lambda_sum_ = has(receipt, former_lambda_sum) ? receipt.count("mean lambda") * static_cast<double>(images_mixed_)
                                                : receipt.count(lambda_sum);
  batches_plain_ = std::llround(receipt.count("batches plain in the last epochs"));
}

}  // namespace sleight
