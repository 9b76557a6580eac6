#include "tricks/detection_mixup.h"

#include <cmath>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/tensor/random.h"

namespace sleight {

std::string to_string(const DetectionMixupOptions& options) {
  std::ostringstream text;
  text << "detection mixup: ";
  if (options.form == DetectionMixupForm::half)
    text << "half of each (darknet), objects not weighted";
  else
    text << "Beta(" << options.alpha << ", " << options.alpha << "), objects weighted";
  text << ", off for the last " << options.off_epochs << " of " << count_of(options.epochs, "epoch");
  return text.str();
}

DetectionMixup::DetectionMixup(const DetectionMixupOptions& options, std::uint64_t seed)
    : options_(options), seed_(seed) {
  check(options.alpha > 0.0 && std::isfinite(options.alpha), "detection mixup needs alpha > 0, got ", options.alpha,
        "; 1.5 is usual");
  check(options.off_epochs >= 0 && options.off_epochs < options.epochs, "detection mixup is off for the last ",
        options.off_epochs, " of ", options.epochs,
        " epochs, so it would never run; give fewer epochs without mixup, or switch mixup off");
}

void DetectionMixup::fill(DetectionBatchRequest& request, std::int64_t pictures) const {
  request.partners.clear();
  request.lambdas.clear();
  request.weigh_objects = options_.form == DetectionMixupForm::beta;
  if (!active(request.epoch) || pictures < 2) return;
  for (const std::int64_t sample : request.samples) {
    RandomStream random(seed_, RandomPurpose::mixup, static_cast<std::uint64_t>(request.epoch),
                        static_cast<std::uint64_t>(sample));
    const std::int64_t other = random.below(pictures - 1);
    request.partners.push_back(other < sample ? other : other + 1);
    request.lambdas.push_back(options_.form == DetectionMixupForm::half
                                  ? 0.5F
                                  : static_cast<float>(random.beta(options_.alpha, options_.alpha)));
  }
}

void DetectionMixup::count(std::int64_t epoch, std::span<const std::int64_t> partners, std::span<const float> lambdas) {
  check(partners.size() == lambdas.size(), "detection mixup counts a batch with ", partners.size(), " partners and ",
        lambdas.size(), " lambdas");
  std::int64_t mixed = 0;
  double sum = 0.0;
  for (std::size_t i = 0; i < lambdas.size(); ++i) {
    if (partners[i] < 0 || !(lambdas[i] < 1.0F)) continue;
    ++mixed;
    sum += static_cast<double>(lambdas[i]);
  }
  if (!active(epoch)) {
    check(mixed == 0, "a batch of epoch ", epoch, " is mixed, although mixup is off for the last ", options_.off_epochs,
          " of ", options_.epochs, " epochs");
    ++batches_plain_;
    return;
  }
  if (mixed == 0) return;
  ++batches_;
  images_ += static_cast<std::int64_t>(lambdas.size());
  images_mixed_ += mixed;
  lambda_sum_ += sum;
}

Receipt DetectionMixup::receipt() const {
  return {"detection mixup",
          {{"batches mixed", static_cast<double>(batches_)},
           {"images in them", static_cast<double>(images_)},
           {"images mixed", static_cast<double>(images_mixed_)},
           {"sum of lambda", lambda_sum_},
           {"mean lambda", images_mixed_ > 0 ? lambda_sum_ / static_cast<double>(images_mixed_) : 0.0},
           {"batches plain in the last epochs", static_cast<double>(batches_plain_)}},
          images_mixed_};
}

void DetectionMixup::restore(const Receipt& receipt) {
  batches_ = std::llround(receipt.count("batches mixed"));
  images_ = std::llround(receipt.count("images in them"));
  images_mixed_ = std::llround(receipt.count("images mixed"));
  lambda_sum_ = receipt.count("sum of lambda");
  batches_plain_ = std::llround(receipt.count("batches plain in the last epochs"));
}

}  // namespace sleight
