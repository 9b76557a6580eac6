// A PNG of a training batch as the network gets it: after crop, flip and mixup, with labels and lambdas; of data with
// boxes, a detector's, with boxes and weights.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/image/image_writer.h"
#include "engine/report/image_sheet.h"
#include "engine/run/image_flags.h"
#include "engine/run/image_messages.h"
#include "engine/train/batch_schedule.h"
#include "models/detector.h"
#include "tools/classifier/options.h"
#include "tools/common/prepared_images.h"
#include "tools/common/run_tool.h"
#include "tools/common/shown_batch.h"
#include "tools/detector/show_batch.h"

namespace sleight {

namespace {

int show(const ClassifierRun& asked, const ShownBatch& shown) {
  DatasetOptions data_options;
  data_options.synthetic = asked.options.synthetic;
  data_options.synthetic.seed = asked.options.seed;
  data_options.exif_orientation = asked.options.exif_orientation;
  data_options.validation_share = validation_share_of(asked.options.validation_share);
  const auto dataset = open_dataset(asked.options.data, DatasetSplit::training, data_options);
  log_data(dataset->found(), *dataset);
  const ClassifierRun run = fitted_to(asked, dataset->size());
  const TrickList tricks = begun_tricks(run, dataset->size());
  const std::int64_t steps = tricks.plan().steps_per_epoch;
  check(shown.epoch < run.recipe.epochs && shown.step < steps, "the training has ",
        count_of(run.recipe.epochs, "epoch"), " of ", count_of(steps, "step"));
  ClassifierSchedule<BatchRequest> training(tricks, run.recipe.training_augmentation);
  const std::int64_t wanted = shown.epoch * steps + shown.step;
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
  log_broken(loader.broken_images());
  const std::vector<Image> images = prepared_images(*batch);
  const std::vector<std::string>& classes = dataset->class_names();
  std::vector<SheetImage> sheet;
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto label = [&](std::size_t k) { return classes[batch->labels()[k]]; };
    SheetImage entry{.image = images[i].view(), .captions = {{.text = label(i)}}};
    if (batch->lambdas()[i] < 1.0F) {
      char text[32];
      std::snprintf(text, sizeof text, "%.2f + %.2f ", static_cast<double>(batch->lambdas()[i]),
                    1.0 - static_cast<double>(batch->lambdas()[i]));
      entry.captions.push_back({text + label(static_cast<std::size_t>(batch->partners()[i]))});
    }
    sheet.push_back(std::move(entry));
  }
  char title[120];
  std::snprintf(title, sizeof title, "epoch %lld step %lld, %lldx%lld", static_cast<long long>(shown.epoch),
                static_cast<long long>(shown.step), static_cast<long long>(batch->height()),
                static_cast<long long>(batch->width()));
  const Image page = make_image_sheet(sheet, {.title = title});
  write_png(shown.png, page.view());
  log_info("wrote ", shown.png);
  return 0;
}

class ShowBatch : public Tool {
 public:
  std::string description() const override {
    return "Write a PNG of one training batch, exactly as train_classifier or, where the data has boxes, "
           "train_detector "
           "with the same flags would train on it. --format (" +
           alternatives(detector_dataset_formats()) + ") says that it has; see --format auto --help.";
  }
  void declare(OptionList& options) override {
    options_.declare(options);
    shown_.declare(options);
  }
  std::string settings_file() const override { return options_.settings_file(); }
  int run() override { return show(resolve(options_), shown_); }

 private:
  ClassifierOptions options_;
  ShownBatch shown_;
};

// What stands behind a flag, in either form; "" where it is not given.
std::string value_of(const std::vector<std::string>& arguments, const std::string& flag) {
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == flag) return i + 1 < arguments.size() ? arguments[i + 1] : "";
    if (arguments[i].starts_with(flag + "=")) return arguments[i].substr(flag.size() + 1);
  }
  return "";
}

// By the flags and the recipe that only a detector has, by the model, and else by looking at the data.
bool is_for_boxes(const std::vector<std::string>& arguments) {
  if (!value_of(arguments, "--format").empty()) return true;
  const std::string recipe = value_of(arguments, "--config");
  std::error_code ignored;
  if (!recipe.empty() && std::filesystem::is_regular_file(recipe, ignored))
    return read_text_file(recipe).find("\nformat = ") != std::string::npos;
  const std::string model = value_of(arguments, "--model");
  if (!model.empty())
    return std::ranges::any_of(detectors(), [&](const DetectorModel* known) { return known->name == model; });
  const std::string data = value_of(arguments, "--data");
  return !data.empty() && data != "synthetic" && has_boxes(data);
}

// Images with labels and images with boxes have hardly an option in common.
std::unique_ptr<Tool> make(const std::vector<std::string>& arguments) {
  if (is_for_boxes(arguments)) return show_detection_batch_tool();
  return std::make_unique<ShowBatch>();
}

const bool registered = register_tool({"show_batch", make});

}  // namespace

}  // namespace sleight
