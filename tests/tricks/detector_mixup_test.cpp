#include "tricks/detector_mixup.h"

#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "catch2_adapter.h"
#include "made_trick.h"
#include "tests/base/error_message.h"

using namespace sleight;
using namespace sleight::test;

namespace {

// Of a training on so many images.
DetectorMixup mixup_of(const std::string& settings, std::int64_t epochs, std::uint64_t seed, std::int64_t images) {
  DetectorMixup mixup = resolved<DetectorMixup>(
      settings, {.task = LearningTask::detector, .tricks = TrickSet::all, .epochs = epochs, .image_size = 416});
  TrainingPlan plan = plan_of(epochs, 10, seed);
  plan.images = images;
  mixup.begin(plan);
  return mixup;
}

DetectorBatchRequest filled(const DetectorMixup& mixup, std::int64_t epoch, std::vector<std::int64_t> samples) {
  DetectorBatchRequest request;
  request.epoch = epoch;
  request.samples = std::move(samples);
  // Left over from an earlier batch: the draw must not trust them.
  request.partners.assign(3, -7);
  request.lambdas.assign(3, std::nanf(""));
  mixup.draw_detector(request, {.step = -1, .epoch = epoch, .step_in_epoch = -1});
  return request;
}

void count(DetectorMixup& mixup, std::int64_t epoch, std::span<const std::int64_t> partners,
           std::span<const float> lambdas) {
  const Arrived arrived;
  CountedStep step = arrived.step(epoch * 10);
  step.partner_samples = partners;
  step.lambdas = lambdas;
  mixup.count(step);
}

// Gray images of 8 x 8 without a file.
class GrayDataset : public DetectorDataset {
 public:
  std::int64_t size() const override { return 30; }
  std::string name(std::int64_t index) const override { return std::to_string(index); }
  void read(std::int64_t, StoredImage& image) const override {
    image.form = StoredImage::Form::pixels;
    image.bytes = pixels_;
    image.height = image.width = 8;
  }
  const std::vector<std::string>& class_names() const override { return names_; }
  const std::vector<std::string>& warnings() const override { return names_; }
  std::span<const ObjectBox> objects(std::int64_t) const override { return object_; }

 private:
  std::vector<std::string> names_ = {"thing"};
  std::vector<std::byte> pixels_ = std::vector<std::byte>(8 * 8 * 3, std::byte{99});
  std::vector<ObjectBox> object_ = {{.box = {1, 1, 7, 7}}};
};

}  // namespace

TEST_CASE("detection mixup: the partner is any other image of the dataset, each as likely") {
  constexpr std::size_t images = 5;
  const DetectorMixup mixup = mixup_of("mixup-off-epochs = 0", 4000, 5, images);
  std::array<std::array<int, images>, images> seen{};
  for (std::int64_t epoch = 0; epoch < 4000; ++epoch) {
    const DetectorBatchRequest request = filled(mixup, epoch, {0, 1, 2, 3, 4});
    REQUIRE(request.partners.size() == images);
    REQUIRE(request.lambdas.size() == images);
    for (std::size_t i = 0; i < images; ++i) {
      REQUIRE((request.partners[i] >= 0 && request.partners[i] < static_cast<std::int64_t>(images)));
      ++seen[i][static_cast<std::size_t>(request.partners[i])];
    }
  }
  // Five standard deviations of a binomial count.
  const double tolerance = 5.0 * std::sqrt(1000.0 * 0.75);
  for (std::size_t i = 0; i < images; ++i)
    for (std::size_t j = 0; j < images; ++j)
      CHECK(std::abs(seen[i][j] - (i == j ? 0.0 : 1000.0)) <= (i == j ? 0.0 : tolerance));
}

TEST_CASE("detection mixup: lambda is drawn from Beta(1.5, 1.5), or is one half") {
  const DetectorMixup mixup = mixup_of("mixup-off-epochs = 0", 4000, 11, 100);
  const DetectorMixup half = mixup_of("mixup-off-epochs = 0\nmixup-form = \"half\"", 4000, 11, 100);
  double sum = 0.0, squares = 0.0;
  int low = 0;
  constexpr int draws = 20000;
  for (std::int64_t epoch = 0; epoch < draws / 5; ++epoch) {
    const DetectorBatchRequest request = filled(mixup, epoch, {3, 9, 27, 81, 99});
    REQUIRE(request.weigh_objects);
    for (const float value : request.lambdas) {
      const double lambda = static_cast<double>(value);
      REQUIRE((lambda >= 0.0 && lambda <= 1.0));
      sum += lambda;
      squares += lambda * lambda;
      low += lambda < 0.5;
    }
    const DetectorBatchRequest halves = filled(half, epoch, {3, 9});
    REQUIRE(halves.lambdas == std::vector<float>(2, 0.5F));
    REQUIRE_FALSE(halves.weigh_objects);
  }
  const double mean = sum / draws;
  CHECK(std::abs(mean - 0.5) <= 0.01);
  CHECK(std::abs(squares / draws - mean * mean - 1.0 / 16.0) <= 0.003);
  CHECK(std::abs(static_cast<double>(low) / draws - 0.5) <= 0.02);
}

TEST_CASE("detection mixup: a sample's draws depend on seed, epoch and sample, not on its batch") {
  const auto with_seed = [](std::uint64_t seed) { return mixup_of("mixup-off-epochs = 0", 9, seed, 50); };
  const DetectorMixup mixup = with_seed(3);
  const DetectorBatchRequest reference = filled(mixup, 2, {4, 5, 6, 7, 8, 9});
  const DetectorBatchRequest turned = filled(with_seed(3), 2, {9, 8, 4});
  CHECK(turned.partners ==
        std::vector<std::int64_t>{reference.partners[5], reference.partners[4], reference.partners[0]});
  CHECK(turned.lambdas == std::vector<float>{reference.lambdas[5], reference.lambdas[4], reference.lambdas[0]});
  CHECK(filled(mixup, 3, {4, 5, 6, 7, 8, 9}).lambdas != reference.lambdas);
  CHECK(filled(with_seed(4), 2, {4, 5, 6, 7, 8, 9}).lambdas != reference.lambdas);
  CHECK(filled(mixup, 2, {5, 6, 7, 8, 9, 10}).lambdas != reference.lambdas);
}

TEST_CASE("detection mixup: off exactly in the last epochs, and for a dataset of one image") {
  const DetectorMixup mixup = mixup_of("mixup-off-epochs = 3", 10, 1, 8);
  for (std::int64_t epoch = 0; epoch < 10; ++epoch) {
    CAPTURE(epoch);
    const DetectorBatchRequest request = filled(mixup, epoch, {1, 2});
    CHECK(request.partners.empty() == (epoch >= 7));
    CHECK(request.lambdas.empty() == (epoch >= 7));
  }
  CHECK(filled(mixup_of("", 10, 1, 1), 0, {0}).partners.empty());
  CHECK(filled(mixup_of("", 10, 1, 2), 0, {0}).partners == std::vector<std::int64_t>{1});
}

TEST_CASE("detection mixup: settings with which it could never run are refused, the form in force is named") {
  const auto refused = [](const std::string& settings, std::int64_t epochs) {
    return error_message([&] { mixup_of(settings, epochs, 0, 8); });
  };
  CHECK(contains(refused("mixup = -1.0", 30), "--mixup"));
  CHECK(contains(refused("mixup = nan", 30), "--mixup"));
  CHECK(contains(refused("mixup-off-epochs = 20", 20), "last 20 of 20"));
  CHECK(contains(refused("mixup-off-epochs = -1", 20), "--mixup-off-epochs"));
  CHECK(mixup_of("", 200, 0, 8).description().at(0) ==
        "detection mixup: Beta(1.5, 1.5), objects weighted, off for the last 20 of 200 epochs");
  CHECK(contains(mixup_of("mixup-form = \"half\"", 200, 0, 8).description().at(0), "darknet), objects not weighted"));
}

TEST_CASE("detection mixup: the receipt counts what arrived at the step") {
  const std::vector<std::int64_t> partners = {7, 3, -1};
  const std::vector<std::int64_t> nobody = {-1, -1, -1};
  const std::vector<float> lambdas = {0.25F, 0.5F, 1.0F};
  const std::vector<float> ones = {1.0F, 1.0F, 1.0F};
  const auto fresh = [] { return mixup_of("mixup-off-epochs = 1", 4, 1, 8); };
  DetectorMixup mixup = fresh();
  count(mixup, 0, nobody, lambdas);
  count(mixup, 0, partners, ones);
  CHECK(only_receipt(mixup).fired == 0);
  count(mixup, 0, partners, lambdas);
  count(mixup, 3, nobody, ones);
  const Receipt receipt = only_receipt(mixup);
  CHECK(receipt.fired == 2);
  CHECK(receipt.count("batches mixed") == 1.0);
  CHECK(receipt.count("images in them") == 3.0);
  CHECK(receipt.count("images mixed") == 2.0);
  CHECK(receipt.count("mean lambda") == 0.375);
  CHECK(receipt.count("batches plain in the last epochs") == 1.0);
  CHECK(contains(error_message([&] { count(mixup, 3, partners, lambdas); }), "epoch 3"));
  CHECK(contains(error_message([&] { count(mixup, 0, partners, std::span(lambdas).first(2)); }), "2 lambdas"));

  // A run that goes on reports the whole run, bit for bit.
  const std::vector<float> thirds = {1.0F / 3.0F, 0.1F, 0.7F};
  for (int step = 0; step < 20; ++step) {
    DetectorMixup resumed = fresh();
    resumed.restore({{only_receipt(mixup)}});
    count(mixup, 1, partners, thirds);
    count(resumed, 1, partners, thirds);
    REQUIRE(only_receipt(resumed) == only_receipt(mixup));
  }
}

TEST_CASE("detection mixup: batches arrive mixed through the loader, whatever the number of its threads") {
  const GrayDataset dataset;
  constexpr std::int64_t epochs = 3, steps_per_epoch = 5, batch_size = 6;
  const DetectorMixup mixup = mixup_of("mixup-off-epochs = 1", epochs, 21, dataset.size());
  const auto schedule = [&](std::int64_t step, DetectorBatchRequest& request) {
    if (step >= epochs * steps_per_epoch) return false;
    request.epoch = step / steps_per_epoch;
    request.height = request.width = 8;
    for (std::int64_t i = 0; i < batch_size; ++i)
      request.samples.push_back((step * batch_size + i) % dataset.size());
    mixup.draw_detector(request, place_of(step, steps_per_epoch));
    return true;
  };
  const auto run = [&](int threads) {
    DetectorMixup counter = mixup;
    DetectorLoader loader(
        dataset, schedule,
        {.threads = threads, .maximum_batch_size = batch_size, .maximum_height = 8, .maximum_width = 8},
        maximum_objects_of(dataset, true));
    while (const std::optional<DetectorBatch> batch = loader.next()) {
      count(counter, batch->epoch(), batch->partners(), batch->lambdas());
      const bool mixed = batch->epoch() < 2;
      for (std::size_t i = 0; i < batch_size; ++i) {
        REQUIRE(batch->object_counts()[i] == (mixed ? 2 : 1));
        REQUIRE(batch->object_weights()[i * 2] == batch->lambdas()[i]);
        REQUIRE(batch->object_weights()[i * 2 + 1] == 1.0F - batch->lambdas()[i]);
      }
    }
    return only_receipt(counter);
  };
  const Receipt whole = run(1);
  CHECK(whole.count("batches mixed") == 10.0);
  CHECK(whole.count("images mixed") == 60.0);
  CHECK(whole.count("batches plain in the last epochs") == 5.0);
  CHECK(run(3) == whole);
}
