// The whole way of a batch on a lazy device: from the loader's pinned slots, over the upload stream, into a training
// step with every trick, one step ahead of the host.
#include "engine/run/step_feeder.h"

#include <algorithm>
#include <cmath>

#include "catch2_adapter.h"
#include "engine/data/classifier/resident_images.h"
#include "engine/run/optimizer.h"
#include "engine/train/batch_schedule.h"
#include "engine/train/classifier.h"
#include "tests/device/recording_runtime.h"
#include "tools/classifier/options.h"

namespace sleight::test {
namespace {

constexpr std::int64_t steps = 5;

ClassifierRun small_run(bool data_on_device) {
  ClassifierOptions options = options_in_recipe<ClassifierOptions>(
      data_on_device ? "random-shapes = \"off\"" : "random-shapes = \"32:64:2\"", "the test's settings");
  options.tricks = "all";
  options.data_on_device = data_on_device;
  options.epochs = 2;
  options.batch_size = 4;
  options.synthetic.training_count = 12;
  options.synthetic.evaluation_count = 4;
  return resolve(options);
}

struct Outcome {
  std::vector<double> losses;
  std::map<std::string, std::vector<std::byte>> state;
};

// The batches of a classifier's training, without a run around them.
class ClassifierSource : public StepSource {
 public:
  ClassifierSource(Context& context, Classifier& classifier, TrickList& tricks, const Optimizer& optimizer,
                   Loader& loader)
      : context_(context), classifier_(classifier), tricks_(tricks), optimizer_(optimizer), loader_(loader) {}

  BatchInputs next_batch() override {
    const auto batch = batches_.add(loader_.next().value());
    return classifier_.training_inputs(*batch, batch);
  }
  void before_step(std::int64_t step) override {
    optimizer_.set_live_scalars(context_);
    tricks_.set_live_scalars(context_, step);
  }
  void count_oldest(const Program& program) override { tricks_.count(batches_.oldest(), context_, program); }
  void release_oldest() override { batches_.release_oldest(); }

 private:
  Context& context_;
  Classifier& classifier_;
  TrickList& tricks_;
  const Optimizer& optimizer_;
  Loader& loader_;
  KeptBatches<Batch> batches_;
};

// Trains on this device; a NaN among the weights of step `spoiled` stops the run.
Outcome train(Context& context, std::int64_t spoiled = -1, bool data_on_device = false) {
  const ClassifierRun run = small_run(data_on_device);
  DatasetOptions data_options;
  data_options.synthetic = run.options.synthetic;
  const DatasetPair data = open_datasets("synthetic", data_options);
  TrickList tricks = begun_tricks(run, data.training->size());
  const Optimizer optimizer(run.recipe, run.precision);
  ClassifierSchedule<BatchRequest> schedule(tricks, run.recipe.training_augmentation);
  ClassifierProgramOptions program_options = training_program_options(run, tricks, 10);
  std::optional<ResidentImages> resident;
  if (data_on_device) {
    resident.emplace(*data.training, context.device,
                     ResidentOptions{.recipe = run.recipe.training_augmentation,
                                     .height = run.image_size,
                                     .width = run.image_size,
                                     .threads = 2,
                                     .limit_bytes = 1 << 20});
    program_options.resident = {resident->images(), resident->count(), resident->height(), resident->width()};
  }
  Classifier classifier(context, run.model->trace, program_options);
  for (const std::int64_t size : tricks.sizes())
    classifier.plan_training(run.recipe.batch_size, size, size);
  const std::int64_t largest = tricks.sizes().front();
  Loader loader(*data.training, [&](std::int64_t step, BatchRequest& request) { return schedule.fill(step, request); },
                {.seed = 1,
                 .threads = 2,
                 .slots = 5,
                 .maximum_batch_size = run.recipe.batch_size,
                 .maximum_height = largest,
                 .maximum_width = largest,
                 .allocate_pixels = pinned_pixels(context.device),
                 .resident_sources = resident ? resident->sources() : std::span<const std::int64_t>()});
  ClassifierSource source(context, classifier, tricks, optimizer, loader);
  StepFeeder feeder(context, classifier.learner(), source, nullptr, 0, steps);
  Outcome outcome;
  for (std::int64_t step = 0; step < steps; ++step) {
    if (step == spoiled) {
      std::vector<std::byte> bytes = context.store.read("conv1.weight");
      std::fill_n(bytes.begin(), 4, std::byte{0xff});
      context.store.write("conv1.weight", bytes);
    }
    outcome.losses.push_back(feeder.finish_step().step.loss);
    if (step + 1 != spoiled) feeder.start_ahead();
  }
  for (const std::string& name : context.store.names())
    outcome.state[name] = context.store.read(name);
  return outcome;
}

}  // namespace

TEST_CASE("a training with every trick on a lazy device gives the bits of the host") {
  Context host("cpu", 1);
  const Outcome expected = train(host);
  const auto runtime = std::make_shared<RecordingRuntime>();
  Context lazy(Device(kernels::Cpu{}, runtime), 1);
  const Outcome outcome = train(lazy);
  CHECK((outcome.losses == expected.losses));
  CHECK((outcome.state == expected.state));
  CHECK(runtime->reports() == std::vector<std::string>());
  CHECK(runtime->counts().launches > 0);
}

TEST_CASE("a training from images on a lazy device gives the bits of the host") {
  Context host("cpu", 1);
  const Outcome expected = train(host, -1, true);
  const auto runtime = std::make_shared<RecordingRuntime>();
  Context lazy(Device(kernels::Cpu{}, runtime), 1);
  const Outcome outcome = train(lazy, -1, true);
  CHECK((outcome.losses == expected.losses));
  CHECK((outcome.state == expected.state));
  CHECK(runtime->reports() == std::vector<std::string>());
}

TEST_CASE("a step that is not finite leaves the state of a lazy device as it was") {
  const auto runtime = std::make_shared<RecordingRuntime>();
  Context lazy(Device(kernels::Cpu{}, runtime), 1);
  CHECK_THROWS_AS(train(lazy, 2), NonFiniteStep);
  CHECK(runtime->reports() == std::vector<std::string>());
  // Only what was spoiled by hand is not finite.
  for (const std::string& name : lazy.store.names()) {
    const auto bytes = lazy.store.read(name);
    const auto values = std::span(reinterpret_cast<const float*>(bytes.data()), bytes.size() / sizeof(float));
    const auto bad = std::count_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
    CAPTURE(name);
    CHECK(bad == (name == "conv1.weight" ? 1 : 0));
  }
}

}  // namespace sleight::test
