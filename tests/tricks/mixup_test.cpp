#include "tricks/mixup.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <set>
#include <thread>

#include "catch2_adapter.h"
#include "engine/data/classifier/dataset.h"
#include "made_trick.h"
#include "tests/base/error_message.h"

using namespace sleight;
using namespace sleight::test;

namespace {

BatchRequest request_of(std::int64_t epoch, std::size_t size) {
  BatchRequest request;
  request.epoch = epoch;
  request.samples.resize(size);
  // Left over from an earlier batch: fill must not trust them.
  request.partners.assign(3, -7);
  request.lambdas.assign(3, std::nanf(""));
  return request;
}

BatchRequest filled(const Mixup& mixup, std::int64_t epoch, std::int64_t step, std::size_t size) {
  BatchRequest request = request_of(epoch, size);
  mixup.draw_classifier(request, {.step = -1, .epoch = epoch, .step_in_epoch = step});
  return request;
}

Mixup mixup_of(const std::string& settings, std::int64_t epochs, std::uint64_t seed) {
  Mixup mixup = resolved<Mixup>(settings, {.tricks = TrickSet::none, .epochs = epochs});
  mixup.begin(plan_of(epochs, 10, seed));
  return mixup;
}

void count(Mixup& mixup, std::int64_t epoch, std::span<const std::int32_t> partners, std::span<const float> lambdas) {
  Tracer blending(Mode::training);
  blending.input("lambdas", {4}, DataType::float32);
  Arrived arrived;
  arrived.program = blending.program();
  CountedStep step = arrived.step(epoch * 10);
  step.partners = partners;
  step.lambdas = lambdas;
  mixup.count(step);
}

struct Moments {
  double mean, variance;
};

Moments moments(const std::vector<double>& values) {
  const double count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  double variance = 0.0;
  for (const double value : values)
    variance += (value - mean) * (value - mean) / count;
  return {mean, variance};
}

}  // namespace

TEST_CASE("mixup: partners are a permutation of the batch, every one as likely as the other") {
  const Mixup mixup = mixup_of("mixup = 0.2", 1, 5);
  constexpr std::size_t size = 5;
  constexpr int batches = 5000;
  std::array<std::array<int, size>, size> seen{};
  for (int step = 0; step < batches; ++step) {
    const BatchRequest request = filled(mixup, 0, step, size);
    REQUIRE(request.partners.size() == size);
    REQUIRE(request.lambdas.size() == size);
    const std::set<std::int32_t> distinct(request.partners.begin(), request.partners.end());
    REQUIRE(distinct.size() == size);
    REQUIRE(*distinct.begin() == 0);
    REQUIRE(*distinct.rbegin() == static_cast<std::int32_t>(size) - 1);
    for (std::size_t i = 0; i < size; ++i)
      ++seen[i][static_cast<std::size_t>(request.partners[i])];
  }
  // Five standard deviations of a binomial count.
  const double expected = static_cast<double>(batches) / size;
  const double tolerance = 5.0 * std::sqrt(expected * (1.0 - 1.0 / size));
  for (const auto& row : seen) {
    for (const int count : row)
      CHECK(std::abs(count - expected) <= tolerance);
  }
}

TEST_CASE("mixup: lambda is drawn from Beta(alpha, alpha)") {
  for (const std::string kind : {"batch", "sample"}) {
    for (const double alpha : {0.2, 1.0, 1.5}) {
      CAPTURE(alpha, kind);
      const Mixup mixup = mixup_of("mixup = " + std::to_string(alpha) + "\nmixup-lambda = \"" + kind + "\"", 1, 11);
      std::vector<double> lambdas;
      for (int step = 0; lambdas.size() < 20000; ++step) {
        const BatchRequest request = filled(mixup, 0, step, 4);
        const bool all_equal = std::equal(request.lambdas.begin() + 1, request.lambdas.end(), request.lambdas.begin());
        REQUIRE(all_equal == (kind == "batch"));
        const std::size_t independent = kind == "batch" ? 1 : request.lambdas.size();
        for (std::size_t i = 0; i < independent; ++i) {
          const float lambda = request.lambdas[i];
          REQUIRE((lambda >= 0.0F && lambda <= 1.0F));
          lambdas.push_back(static_cast<double>(lambda));
        }
      }
      const auto [mean, variance] = moments(lambdas);
      CHECK(std::abs(mean - 0.5) <= 0.015);
      CHECK(std::abs(variance - 1.0 / (4.0 * (2.0 * alpha + 1.0))) <= 0.005);
      // Symmetric, not folded to [0.5, 1].
      const auto low = std::count_if(lambdas.begin(), lambdas.end(), [](double lambda) { return lambda < 0.5; });
      CHECK(std::abs(static_cast<double>(low) / static_cast<double>(lambdas.size()) - 0.5) <= 0.02);
    }
  }
}

TEST_CASE("mixup: a batch is a pure function of seed, epoch and step") {
  const std::string settings = "mixup = 1.0\nmixup-lambda = \"sample\"";
  const Mixup mixup = mixup_of(settings, 9, 3);
  const BatchRequest reference = filled(mixup, 2, 7, 33);
  const auto same = [&](const BatchRequest& other) {
    return other.partners == reference.partners && other.lambdas == reference.lambdas;
  };
  // Asked for later, by another object, after other batches, from another thread.
  (void)filled(mixup, 2, 8, 33);
  CHECK(same(filled(mixup, 2, 7, 33)));
  CHECK(same(filled(mixup_of(settings, 9, 3), 2, 7, 33)));
  BatchRequest from_thread;
  std::thread([&] { from_thread = filled(mixup, 2, 7, 33); }).join();
  CHECK(same(from_thread));

  CHECK_FALSE(same(filled(mixup, 7, 2, 33)));
  CHECK_FALSE(same(filled(mixup, 2, 8, 33)));
  CHECK_FALSE(same(filled(mixup, 3, 7, 33)));
  CHECK_FALSE(same(filled(mixup_of(settings, 9, 4), 2, 7, 33)));
}

TEST_CASE("mixup: off exactly in the last epochs, and for a batch of one") {
  const Mixup mixup = mixup_of("mixup = 0.2\nmixup-off-epochs = 3", 10, 1);
  for (std::int64_t epoch = 0; epoch < 10; ++epoch) {
    CAPTURE(epoch);
    const BatchRequest request = filled(mixup, epoch, 0, 8);
    CHECK(request.partners.empty() == (epoch >= 7));
    CHECK(request.lambdas.empty() == (epoch >= 7));
  }
  CHECK_FALSE(filled(mixup_of("mixup = 0.2", 10, 1), 9, 0, 8).partners.empty());

  const BatchRequest alone = filled(mixup, 0, 0, 1);
  CHECK(alone.partners.empty());
  CHECK(alone.lambdas.empty());
  CHECK(filled(mixup, 0, 0, 2).partners.size() == 2);
}

TEST_CASE("mixup: settings with which it could never run are refused") {
  const auto refused = [](const std::string& settings, std::int64_t epochs) {
    return error_message([&] { mixup_of(settings, epochs, 0); });
  };
  CHECK(contains(refused("mixup = -0.1", 1), "--mixup"));
  CHECK(contains(refused("mixup = nan", 1), "--mixup"));
  CHECK(contains(refused("mixup = 0.2\nmixup-off-epochs = 5", 5), "last 5 of 5"));
  CHECK(contains(refused("mixup = 0.2\nmixup-off-epochs = -1", 5), "--mixup-off-epochs"));
  CHECK(refused("mixup = 0\nmixup-off-epochs = 5", 5).empty());  // off anyway
  CHECK_FALSE(resolved<Mixup>("mixup = 0").is_on());
}

TEST_CASE("mixup: the receipt counts what arrived at the step") {
  const std::vector<std::int32_t> swapped = {1, 0, 2};
  const std::vector<std::int32_t> nobody = {0, 1, 2};
  const std::vector<float> lambdas = {0.25F, 0.75F, 0.5F};
  const std::vector<float> ones = {1.0F, 1.0F, 1.0F};
  const std::string settings = "mixup = 0.2\nmixup-off-epochs = 1";
  Mixup mixup = mixup_of(settings, 4, 1);

  count(mixup, 0, nobody, lambdas);  // nobody has a partner
  count(mixup, 0, swapped, ones);    // partners of weight 0
  CHECK(only_receipt(mixup).fired == 0);

  count(mixup, 0, swapped, lambdas);
  count(mixup, 3, nobody, ones);
  const Receipt receipt = only_receipt(mixup);
  CHECK(receipt.fired == 2);
  CHECK(receipt.count("batches mixed") == 1.0);
  CHECK(receipt.count("images mixed") == 2.0);
  CHECK(receipt.count("images in them") == 3.0);
  CHECK(receipt.count("mean lambda") == 0.5);
  CHECK(receipt.count("batches plain in the last epochs") == 1.0);

  CHECK(contains(error_message([&] { count(mixup, 3, swapped, lambdas); }), "epoch 3"));
  CHECK(contains(error_message([&] { count(mixup, 0, swapped, std::span(lambdas).first(2)); }), "2 lambdas"));

  // A run that goes on reports the whole run, bit for bit.
  Mixup resumed = mixup_of(settings, 4, 1);
  resumed.restore({{receipt}});
  CHECK(only_receipt(resumed) == receipt);
  const std::vector<float> thirds = {1.0F / 3.0F, 0.1F, 0.7F};
  count(mixup, 1, swapped, thirds);
  count(resumed, 1, swapped, thirds);
  CHECK(only_receipt(resumed) == only_receipt(mixup));
  CHECK(only_receipt(resumed).count("batches mixed") == 2.0);
  // Not only where the sum can be made again from the mean.
  for (int step = 0; step < 50; ++step) {
    CAPTURE(step);
    count(mixup, 1, swapped, thirds);
    Mixup again = mixup_of(settings, 4, 1);
    again.restore({{only_receipt(mixup)}});
    count(again, 1, swapped, thirds);
    Mixup uninterrupted = mixup;
    count(uninterrupted, 1, swapped, thirds);
    CHECK(only_receipt(again) == only_receipt(uninterrupted));
  }
}

TEST_CASE("mixup: batches of one image are refused where mixup was asked for, and else an excuse") {
  TrainingPlan plan = plan_of(10);
  plan.batch_size = 1;
  Mixup by_name = resolved<Mixup>("mixup = 0.2");
  CHECK(contains(error_message([&] { by_name.begin(plan); }), "--mixup: a batch of one image has no two to mix"));
  TrainingKind kind = bare_kind;
  kind.tricks = TrickSet::all;
  Mixup by_default = resolved<Mixup>("", kind);
  by_default.begin(plan);
  CHECK(error_message([&] { check_receipts(by_default.receipts()); }).empty());
  CHECK(contains(by_default.description().at(0), "not in this run: a batch of one image"));
  by_default.begin(plan_of(10));
  CHECK(contains(error_message([&] { check_receipts(by_default.receipts()); }), "mixup: 0 batches mixed"));
}

TEST_CASE("mixup: a run whose few draws mixed nothing by chance is no failure, one without draws is") {
  const std::vector<std::int32_t> swapped = {1, 0}, nobody = {0, 1};
  const std::vector<float> lambdas = {0.25F, 0.75F}, ones = {1.0F, 1.0F};
  Mixup mixup = mixup_of("mixup = 0.2", 4, 1);
  count(mixup, 0, nobody, ones);
  CHECK(contains(error_message([&] { check_receipts(mixup.receipts()); }), "mixup: 0 batches mixed"));
  Mixup unlucky = mixup;
  count(mixup, 0, swapped, ones);
  count(unlucky, 0, nobody, lambdas);
  CHECK(error_message([&] { check_receipts(mixup.receipts()); }).empty());
  CHECK(error_message([&] { check_receipts(unlucky.receipts()); }).empty());
  Mixup resumed = mixup_of("mixup = 0.2", 4, 1);
  resumed.restore(mixup.receipts());
  CHECK((resumed.receipts() == mixup.receipts()));
}

TEST_CASE("mixup: the mean lambda is that of the images really mixed") {
  Mixup mixup = mixup_of("mixup = 0.2", 4, 1);
  const std::vector<std::int32_t> partners = {1, 0, 2, 3};
  const std::vector<float> lambdas = {0.25F, 0.5F, 0.75F, 0.75F};  // the last two are alone
  count(mixup, 0, partners, lambdas);
  CHECK(only_receipt(mixup).count("images mixed") == 2.0);
  CHECK(only_receipt(mixup).count("mean lambda") == 0.375);
}

TEST_CASE("mixup: a receipt of a version that averaged lambda over all images of mixed batches is gone on from") {
  Mixup mixup = mixup_of("mixup = 0.2", 4, 1);
  const Receipt former{"mixup",
                       {{"batches mixed", 3.0},
                        {"images in them", 12.0},
                        {"images mixed", 8.0},
                        {"sum of lambda", 6.0},
                        {"mean lambda", 0.5},
                        {"batches plain in the last epochs", 1.0}},
                       8};
  mixup.restore({{former}});
  CHECK(only_receipt(mixup).fired == 8);
  CHECK(only_receipt(mixup).count("mean lambda") == 0.5);
  CHECK(only_receipt(mixup).count("batches plain in the last epochs") == 1.0);
}

TEST_CASE("mixup: batches arrive mixed through the loader, whatever the number of its threads") {
  DatasetOptions dataset_options;
  dataset_options.synthetic = {.training_count = 40, .evaluation_count = 2, .height = 8, .width = 8, .classes = 3};
  const auto dataset = open_dataset("synthetic", DatasetSplit::training, dataset_options);
  constexpr std::int64_t epochs = 3, steps_per_epoch = 5, batch_size = 7;
  const Mixup mixup = mixup_of("mixup = 0.2\nmixup-off-epochs = 1", epochs, 21);
  const auto schedule = [&](std::int64_t step, BatchRequest& request) {
    if (step >= epochs * steps_per_epoch) return false;
    request.epoch = step / steps_per_epoch;
    request.height = request.width = 8;
    for (std::int64_t i = 0; i < batch_size; ++i)
      request.samples.push_back((step * batch_size + i) % dataset->size());
    mixup.draw_classifier(request, place_of(step, steps_per_epoch));
    return true;
  };
  const auto run = [&](int threads, std::int64_t first_step, Mixup counter) {
    LoaderOptions options;
    options.threads = threads;
    options.first_step = first_step;
    options.maximum_batch_size = batch_size;
    options.maximum_height = options.maximum_width = 8;
    Loader loader(*dataset, schedule, options);
    while (const std::optional<Batch> batch = loader.next()) {
      count(counter, batch->epoch(), batch->partners(), batch->lambdas());
    }
    return only_receipt(counter);
  };
  const Receipt whole = run(1, 0, mixup);
  CHECK(whole.count("batches mixed") == 10.0);
  CHECK(whole.count("images in them") == 70.0);
  CHECK(whole.count("batches plain in the last epochs") == 5.0);
  CHECK(run(3, 0, mixup) == whole);
}
