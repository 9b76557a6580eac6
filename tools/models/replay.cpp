#include "tools/models/replay.h"

#include <memory>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/device/compute_threads.h"
#include "engine/run/failed_batch.h"
#include "engine/run/training_entry.h"
#include "engine/run/training_run.h"
#include "engine/train/classifier.h"
#include "engine/train/detector.h"
#include "models/detector.h"
#include "tools/classifier/file.h"
#include "tools/classifier/options.h"
#include "tools/detector/file.h"
#include "tools/detector/options.h"

namespace sleight {

namespace {

// What the run was training, without its data: its programs, and the state before the step.
class ReplayedRun {
 public:
  virtual ~ReplayedRun() = default;
  virtual Context& context() = 0;
  virtual Learner& learner() = 0;
};

// Only for the programs: what was drawn for that step lies in the file, so one batch is dataset enough.
template <class Run>
TrickList tricks_without_dataset(const Run& run) {
  return begun_tricks(run, run.recipe.batch_size);
}

class ReplayedClassifier : public ReplayedRun {
 public:
  ReplayedClassifier(const ClassifierRun& run, const std::string& device, std::int64_t classes)
      : run_(run),
        context_(device, run.options.seed, run.options.device_options()),
        tricks_(tricks_without_dataset(run_)),
        classifier_(context_, run_.model->trace, training_program_options(run_, tricks_, classes)) {}
  Context& context() override { return context_; }
  Learner& learner() override { return classifier_.learner(); }

 private:
  ClassifierRun run_;
  Context context_;
  TrickList tricks_;
  Classifier classifier_;
};

class ReplayedDetector : public ReplayedRun {
 public:
  ReplayedDetector(const DetectorRun& run, const std::string& device, std::int64_t classes,
                   std::int64_t maximum_objects)
      : run_(run),
        context_(device, run.options.seed, run.options.device_options()),
        tricks_(tricks_without_dataset(run_)),
        detector_(context_, function_of(run_.configuration()),
                  training_program_options(run_, tricks_, classes, maximum_objects)) {}
  Context& context() override { return context_; }
  Learner& learner() override { return detector_.learner(); }

 private:
  DetectorRun run_;
  Context context_;
  TrickList tricks_;
  Detector detector_;
};

struct RunState {
  std::filesystem::path path;
  SafetensorsMetadata metadata;
};

// threads: set to what the run was computed with.
std::unique_ptr<ReplayedRun> replayed_run(const RunState& state, const SafetensorsContent& batch,
                                          const BatchShape& shape, std::int64_t classes, const ReplayOptions& options) {
  const std::string& recipe = training_entry(state.path, state.metadata, "recipe");
  const std::string origin = state.path.string() + ", its recipe";
  const auto device = [&](const TrainingOptions& of_run) {
    return options.device.empty() ? of_run.device.name : options.device;
  };
  if (!detector_family_in(state.metadata).empty()) {
    const DetectorRun run = resolve(options_in_recipe<DetectorOptions>(recipe, origin));
    return std::make_unique<ReplayedDetector>(run, device(run.options), classes, maximum_objects_in(batch, shape.size));
  }
  const ClassifierRun run = resolve(options_in_recipe<ClassifierOptions>(recipe, origin));
  return std::make_unique<ReplayedClassifier>(run, device(run.options), classes);
}

std::int64_t classes_in(const RunState& state) {
  return std::ssize(detector_family_in(state.metadata).empty()
                        ? classifier_description_in(state.path, state.metadata).class_names
                        : detector_in(state.path, state.metadata).class_names);
}

}  // namespace

Replay replay_failed_step(const std::filesystem::path& run, const ReplayOptions& options) {
  const std::filesystem::path batch_path = run / failed_batch_name;
  RunState state{.path = run / failed_state_name, .metadata = {}};
  for (const std::filesystem::path& path : {batch_path, state.path}) {
    check(std::filesystem::exists(path), "there is no ", path.string(),
          "; it is written when a run stops because its loss or a gradient is not finite");
  }
  state.metadata = SafetensorsFile(state.path).metadata();
  const SafetensorsFile file(batch_path);
  const SafetensorsContent& batch = file.content();
  Replay replay{.step = training_count(batch_path, batch.metadata(), "step"),
                .recorded = training_entry(batch_path, batch.metadata(), "observed"),
                .observed = {},
                .table = {}};
  check(training_count(state.path, state.metadata, "step") == replay.step, batch_path.string(), " is of step ",
        replay.step + 1, ", but ", state.path.string(), " was saved after step ", state.metadata.at("step"),
        "; they must be of one run's stop");

  set_compute_threads(options.threads.value_or(training_threads(state.path, state.metadata)));
  const std::int64_t classes = classes_in(state);
  return with_context(batch_path.string(), [&] {
    const BatchShape shape = batch_shape_in(batch);
    check_indices(batch, shape.size, classes);
    const std::unique_ptr<ReplayedRun> replayed = replayed_run(state, batch, shape, classes, options);
    const Program& program = replayed->learner().plan(ProgramUse::training, shape).program();
    load_checkpoint(state.path, replayed->context().store);
    std::vector<float> live_scalars(kernels::LiveScalar::count);
    copy_values(batch.at(failed_batch_tensors::live_scalars), std::span(live_scalars));
    for (int i = 0; i < kernels::LiveScalar::count; ++i) {
      replayed->context().set_live_scalar(static_cast<kernels::LiveScalar::Index>(i),
                                          static_cast<double>(live_scalars[i]));
    }
    StepObservation observation = replayed->learner().observe(inputs_in(batch, shape, program), Phase::update);
    replay.table = observation_table(program, observation);
    observation.phases[static_cast<std::size_t>(Phase::update)].was_run = false;
    replay.observed = observation_table(program, observation);
    return replay;
  });
}

}  // namespace sleight
