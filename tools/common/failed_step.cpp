#include "tools/common/failed_step.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/train/checkpoint.h"
#include "engine/train/classifier.h"
#include "tools/common/classifier_file.h"
#include "tools/common/classifier_options.h"
#include "tools/common/classifier_tricks.h"
#include "tools/common/training_entry.h"
#include "tools/common/training_run.h"

namespace sleight {

namespace {

template <class T>
std::vector<T> values_of(const SafetensorsFile& file, const char* name, std::size_t count) {
  std::vector<T> values(count);
  copy_values(file.at(name), std::span(values));
  return values;
}

}  // namespace

void save_failed_batch(const std::filesystem::path& path, const BatchView& batch, std::int64_t step,
                       const Context& context, const std::string& observed) {
  const std::int64_t n = batch.size;
  std::vector<float> live_scalars;
  for (int i = 0; i < kernels::LiveScalar::count; ++i)
    live_scalars.push_back(context.live_scalar(static_cast<kernels::LiveScalar::Index>(i)));
  const auto bytes = [](const auto& values) { return std::as_bytes(std::span(values)); };
  const std::vector<SafetensorsEntry> tensors = {
      {"images", DataType::uint8, {n, batch.height, batch.width, 3}, bytes(batch.images)},
      {"flips", DataType::int32, {n}, bytes(batch.flips)},
      {"labels", DataType::int32, {n}, bytes(batch.labels)},
      {"lambdas", DataType::float32, {n}, bytes(batch.lambdas)},
      {"partners", DataType::int32, {n}, bytes(batch.partners)},
      {"live_scalars", DataType::float32, {kernels::LiveScalar::count}, bytes(live_scalars)}};
  write_safetensors(path, tensors, {{"step", std::to_string(step)}, {"observed", observed}});
}

FailedBatch load_failed_batch(const std::filesystem::path& path, std::int64_t classes) {
  const SafetensorsFile file(path);
  return with_context(path.string(), [&] {
    FailedBatch batch;
    batch.step = static_cast<std::int64_t>(training_number(path, file.metadata(), "step"));
    batch.observed = training_entry(path, file.metadata(), "observed");
    const std::vector<std::int64_t>& shape = file.at("images").shape;
    check(shape.size() == 4 && shape[0] > 0 && shape[3] == 3, "'images' must be pictures [N, H, W, 3]");
    batch.size = shape[0];
    batch.height = shape[1];
    batch.width = shape[2];
    const auto count = static_cast<std::size_t>(batch.size);
    batch.images = values_of<std::uint8_t>(file, "images", file.at("images").bytes.size());
    batch.labels = values_of<std::int32_t>(file, "labels", count);
    batch.flips = values_of<std::int32_t>(file, "flips", count);
    batch.partners = values_of<std::int32_t>(file, "partners", count);
    batch.lambdas = values_of<float>(file, "lambdas", count);
    batch.live_scalars = values_of<float>(file, "live_scalars", kernels::LiveScalar::count);
    const auto check_range = [](const std::vector<std::int32_t>& values, std::int64_t end, const char* name) {
      for (const std::int32_t value : values)
        check(value >= 0 && value < end, "'", name, "' holds ", value, ", which is not in 0 .. ", end - 1);
    };
    check_range(batch.labels, classes, "labels");
    check_range(batch.flips, 2, "flips");
    check_range(batch.partners, batch.size, "partners");
    return batch;
  });
}

Replay replay_failed_step(const std::filesystem::path& run, const ReplayOptions& options) {
  const std::filesystem::path state = run / failed_state_name;
  for (const std::filesystem::path& path : {run / failed_batch_name, state}) {
    check(std::filesystem::exists(path), "there is no ", path.string(),
          "; it is written when a run stops because its loss or a gradient is not finite");
  }
  const SafetensorsMetadata metadata = SafetensorsFile(state).metadata();
  const auto classes = static_cast<std::int64_t>(description_in(state, metadata).class_names.size());
  const FailedBatch batch = load_failed_batch(run / failed_batch_name, classes);
  check(static_cast<std::int64_t>(training_number(state, metadata, "step")) == batch.step,
        (run / failed_batch_name).string(), " is of step ", batch.step, ", but ", state.string(), " of step ",
        metadata.at("step"), "; they must be of one run's stop");

  const ClassifierRun recipe =
      resolve(options_of_recipe(training_entry(state, metadata, "recipe"), state.string() + ", its recipe"));
  set_compute_threads(options.threads.value_or(static_cast<int>(training_number(state, metadata, "compute_threads"))));
  Context context(options.device.empty() ? recipe.options.device : options.device, recipe.options.seed,
                  recipe.options.device_options());
  // Only for the programs: what the schedules gave in that step lies in the file.
  ClassifierTricks tricks(recipe, 1);
  Classifier classifier(context, recipe.model->trace, tricks.program_options(classes));
  const Program& program = classifier.plan_training(batch.size, batch.height, batch.width).program();
  load_checkpoint(state, context.store);
  for (int i = 0; i < kernels::LiveScalar::count; ++i) {
    context.set_live_scalar(static_cast<kernels::LiveScalar::Index>(i),
                            static_cast<double>(batch.live_scalars[static_cast<std::size_t>(i)]));
  }
  StepObservation observation = classifier.observe(batch.view(), Phase::update);
  Replay replay{.step = batch.step, .recorded = batch.observed, .observed = {}, .table = {}};
  replay.table = observation_table(program, observation);
  observation.phases[static_cast<std::size_t>(Phase::update)].was_run = false;
  replay.observed = observation_table(program, observation);
  return replay;
}

}  // namespace sleight
