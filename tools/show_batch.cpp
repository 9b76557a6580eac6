// A PNG of a training batch as the network gets it: after crop, flip and mixup, with labels and lambdas.
#include <cmath>
#include <cstdio>

#include "engine/base/log.h"
#include "engine/data/png.h"
#include "engine/program/execute.h"
#include "engine/train/picture_sheet.h"
#include "tools/common/classifier_options.h"
#include "tools/common/classifier_tricks.h"
#include "tools/common/run_tool.h"
#include "tools/common/training_run.h"
#include "tools/common/training_schedule.h"

namespace sleight {

namespace {

// The same kernel that feeds the network, with the normalisation left out: bytes stay bytes.
std::vector<Picture> prepared_pictures(const Batch& batch) {
  Tracer trace(Mode::inference);
  const std::int64_t n = batch.size();
  const ValueId images = trace.input("images", {n, batch.height(), batch.width(), 3}, DataType::uint8);
  const ValueId flips = trace.input("flips", {n}, DataType::int32);
  const ValueId partners = trace.input("partners", {n}, DataType::int32);
  const ValueId lambdas = trace.input("lambdas", {n}, DataType::float32);
  trace.result(ops::image_prepare(trace, images, flips, partners, lambdas, {.mean = {0, 0, 0}, .deviation = {1, 1, 1}}),
               "pictures");
  Context context("cpu", 1);
  Executable executable(std::move(trace.program()), context);
  executable.bind("images", batch.images().data());
  executable.bind("flips", batch.flips().data());
  executable.bind("partners", batch.partners().data());
  executable.bind("lambdas", batch.lambdas().data());
  executable.run();
  const auto values = executable.result<float>("pictures");
  std::vector<Picture> pictures;
  const auto size = static_cast<std::size_t>(batch.height() * batch.width() * 3);
  for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
    Picture picture(batch.height(), batch.width());
    for (std::size_t k = 0; k < size; ++k) {
      picture.view().pixels[k] = static_cast<std::uint8_t>(std::lround(values[i * size + k]));
    }
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

int show(const ClassifierRun& asked, std::int64_t epoch, std::int64_t step, const std::string& path) {
  DatasetOptions data_options;
  data_options.synthetic = asked.options.synthetic;
  data_options.synthetic.seed = asked.options.seed;
  const auto dataset = open_dataset(asked.options.data, DatasetSplit::training, data_options);
  const ClassifierRun run = fitted_to(asked, dataset->size());
  const std::int64_t steps = steps_per_epoch(run.recipe, dataset->size());
  check(epoch < run.recipe.epochs && step < steps, "the training has ", run.recipe.epochs, " epochs of ", steps,
        " steps");
  const ClassifierTricks tricks(run, steps);
  TrainingSchedule training(run, tricks, dataset->size());
  const std::int64_t wanted = epoch * steps + step;
  const auto schedule = [&](std::int64_t at, BatchRequest& request) {
    return at == wanted && training.fill(at, request);
  };
  const std::int64_t largest = tricks.sizes().front();
  Loader loader(*dataset, schedule,
                {.seed = run.options.seed,
                 .threads = std::max(1, run.options.loader_threads),
                 .first_step = wanted,
                 .maximum_batch_size = run.recipe.batch_size,
                 .maximum_height = largest,
                 .maximum_width = largest});
  const std::optional<Batch> batch = loader.next();
  check(batch.has_value(), "the loader made no batch");
  const std::vector<Picture> pictures = prepared_pictures(*batch);
  const std::vector<std::string>& classes = dataset->class_names();
  std::vector<SheetPicture> sheet;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    const auto label = [&](std::size_t k) { return classes[static_cast<std::size_t>(batch->labels()[k])]; };
    SheetPicture entry{.picture = pictures[i].view(), .captions = {{.text = label(i)}}};
    if (batch->lambdas()[i] < 1.0F) {
      char text[32];
      std::snprintf(text, sizeof text, "%.2f + %.2f ", static_cast<double>(batch->lambdas()[i]),
                    1.0 - static_cast<double>(batch->lambdas()[i]));
      entry.captions.push_back({text + label(static_cast<std::size_t>(batch->partners()[i]))});
    }
    sheet.push_back(std::move(entry));
  }
  char title[120];
  std::snprintf(title, sizeof title, "epoch %lld step %lld, %lldx%lld", static_cast<long long>(epoch),
                static_cast<long long>(step), static_cast<long long>(batch->height()),
                static_cast<long long>(batch->width()));
  const Picture page = make_picture_sheet(sheet, {.title = title});
  write_png(path, page.view());
  log_info("wrote ", path);
  return 0;
}

}  // namespace

}  // namespace sleight

int main(int argument_count, char** arguments) {
  CLI::App app("Write a PNG of one training batch, exactly as train_classifier with the same flags would train on it.");
  sleight::ClassifierOptions options;
  options.declare(app);
  std::string path = "batch.png";
  std::int64_t epoch = 0, step = 0;
  app.add_option("--png", path, "File to write")->capture_default_str();
  app.add_option("--epoch", epoch, "Epoch, counted from 0")->capture_default_str()->check(CLI::Range(0, 1 << 30));
  app.add_option("--step", step, "Step in the epoch, counted from 0")
      ->capture_default_str()
      ->check(CLI::Range(0, 1 << 30));
  return sleight::run_tool(app, argument_count, arguments,
                           [&] { return sleight::show(sleight::resolve(options), epoch, step, path); });
}
