#include "tricks/mixup.h"

#include <cmath>
#include <numeric>
#include <utility>

#include "engine/base/error.h"

namespace sleight {

Mixup::Mixup(const MixupOptions& options, std::uint64_t seed) : options_(options), seed_(seed) {
  check(options.alpha > 0.0 && std::isfinite(options.alpha), "mixup needs alpha > 0, got ", options.alpha,
        "; 0.2 is usual for ImageNet and 1 for CIFAR");
  check(options.off_epochs >= 0 && options.off_epochs < options.epochs, "mixup is off for the last ",
        options.off_epochs, " of ", options.epochs,
        " epochs, so it would never run; give fewer epochs without mixup, or switch mixup off");
}

void Mixup::fill(BatchRequest& request, std::int64_t step_in_epoch) const {
  request.partners.clear();
  request.lambdas.clear();
  const std::size_t size = request.samples.size();
  if (!active(request.epoch) || size < 2) return;
  RandomStream random(seed_, RandomPurpose::mixup, static_cast<std::uint64_t>(request.epoch),
                      static_cast<std::uint64_t>(step_in_epoch));
  // Fisher-Yates on the request's own memory: the loader allocates nothing once it runs.
  request.partners.resize(size);
  std::iota(request.partners.begin(), request.partners.end(), 0);
  for (std::size_t i = size - 1; i > 0; --i) {
    std::swap(request.partners[i], request.partners[random.below(static_cast<std::int64_t>(i + 1))]);
  }
  request.lambdas.resize(size);
  const auto draw = [&] { return static_cast<float>(random.beta(options_.alpha, options_.alpha)); };
  if (options_.lambda == MixupLambda::per_batch) {
    const float lambda = draw();
    for (float& value : request.lambdas)
      value = lambda;
  } else {
    for (float& value : request.lambdas)
      value = draw();
  }
}

void Mixup::count(std::int64_t epoch, std::span<const std::int32_t> partners, std::span<const float> lambdas) {
  check(partners.size() == lambdas.size(), "mixup counts a batch with ", partners.size(), " partners and ",
        lambdas.size(), " lambdas");
  std::int64_t mixed = 0;
  double sum = 0.0;
  for (std::size_t i = 0; i < lambdas.size(); ++i) {
    if (partners[i] != static_cast<std::int32_t>(i) && lambdas[i] < 1.0F) ++mixed;
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

Receipt Mixup::receipt() const {
  const double images = static_cast<double>(images_);
  return {"mixup",
          {{"batches mixed", static_cast<double>(batches_)},
           {"images in them", images},
           {"images mixed", static_cast<double>(images_mixed_)},
           {"sum of lambda", lambda_sum_},
           {"mean lambda", images_ > 0 ? lambda_sum_ / images : 0.0},
           {"batches plain in the last epochs", static_cast<double>(batches_plain_)}},
          images_mixed_};
}

void Mixup::restore(const Receipt& receipt) {
  batches_ = std::llround(receipt.count("batches mixed"));
  images_ = std::llround(receipt.count("images in them"));
  images_mixed_ = std::llround(receipt.count("images mixed"));
  lambda_sum_ = receipt.count("sum of lambda");
  batches_plain_ = std::llround(receipt.count("batches plain in the last epochs"));
}

}  // namespace sleight
