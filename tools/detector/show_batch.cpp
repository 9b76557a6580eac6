#include "tools/detector/show_batch.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/image/image_writer.h"
#include "engine/report/class_color.h"
#include "engine/report/image_sheet.h"
#include "engine/report/object_drawing.h"
#include "engine/run/image_messages.h"
#include "engine/train/batch_schedule.h"
#include "tools/common/prepared_images.h"
#include "tools/common/shown_batch.h"
#include "tools/detector/options.h"

namespace sleight {

namespace {

// Small images are enlarged so that boxes and names can be told apart.
int enlargement_of(std::int64_t height, std::int64_t width) {
  return static_cast<int>(std::max<std::int64_t>(1, 256 / std::max(height, width)));
}

int show(const DetectorRun& asked, const ShownBatch& shown) {
  const auto opened = open_detector_dataset(asked.options.data, asked.format, DatasetSplit::training,
                                            asked.options.boxes.dataset_options(asked.options.seed));
  const DetectorDataset& dataset = *opened.dataset;
  log_data(opened.found, dataset);
  const DetectorRun run = fitted_to(asked, opened);
  const TrickList tricks = begun_tricks(run, dataset.size());
  ClassifierSchedule<DetectorBatchRequest> schedule(tricks, run.recipe.training_augmentation);
  for (const Trick* trick : tricks.on()) {
    if (trick->mixes_images()) log_info(trick->description().front());
  }
  const std::int64_t steps = tricks.plan().steps_per_epoch;
  check(shown.epoch < run.recipe.epochs && shown.step < steps, "the training has ",
        count_of(run.recipe.epochs, "epoch"), " of ", count_of(steps, "step"));
  const std::int64_t wanted = shown.epoch * steps + shown.step;
  const std::int64_t largest = tricks.sizes().front();
  DetectorLoader loader(
      dataset,
      [&](std::int64_t at, DetectorBatchRequest& request) { return at == wanted && schedule.fill(at, request); },
      {.seed = run.options.seed,
       .threads = std::max(1, run.options.loader_threads),
       .first_step = wanted,
       .maximum_batch_size = run.recipe.batch_size,
       .maximum_height = largest,
       .maximum_width = largest},
      maximum_objects_of(dataset, tricks.mix_images()));
  const std::optional<DetectorBatch> batch = loader.next();
  check(batch.has_value(), "the loader made no batch");
  log_broken(loader.broken_images());
  const std::int64_t objects =
      std::accumulate(batch->object_counts().begin(), batch->object_counts().end(), std::int64_t{0});
  char title[120];
  std::snprintf(title, sizeof title, "epoch %lld step %lld, %lldx%lld, %s", static_cast<long long>(shown.epoch),
                static_cast<long long>(shown.step), static_cast<long long>(batch->height()),
                static_cast<long long>(batch->width()), count_of(objects, "object").c_str());
  write_png(shown.png, draw_detector_batch(*batch, dataset.class_names(), title).view());
  log_info("wrote ", shown.png);
  return 0;
}

class ShowDetectionBatch : public Tool {
 public:
  std::string description() const override {
    return "Write a PNG of one training batch, exactly as train_detector with the same flags would train on it: the "
           "objects' boxes, names and weights.";
  }
  void declare(OptionList& options) override {
    options_.declare(options);
    shown_.declare(options);
  }
  std::string settings_file() const override { return options_.settings_file(); }
  int run() override { return show(resolve(options_), shown_); }

 private:
  DetectorOptions options_;
  ShownBatch shown_;
};

}  // namespace

Image draw_detector_batch(const DetectorBatchView& batch, const std::vector<std::string>& class_names,
                          const std::string& title) {
  // Mixed already on the host: for the device each image is its own partner.
  std::vector<std::int32_t> partners(static_cast<std::size_t>(batch.size));
  std::iota(partners.begin(), partners.end(), 0);
  const std::vector<float> lambdas(partners.size(), 1.0F);
  const std::vector<Image> images = prepared_images({.size = batch.size,
                                                     .height = batch.height,
                                                     .width = batch.width,
                                                     .images = batch.images,
                                                     .labels = {},
                                                     .flips = batch.flips,
                                                     .partners = partners,
                                                     .lambdas = lambdas});
  const std::size_t places = static_cast<std::size_t>(batch.maximum_objects);
  std::vector<Image> drawn;
  for (std::size_t i = 0; i < images.size(); ++i) {
    std::vector<DrawnObject> objects;
    for (std::size_t place = i * places; place < (i + 1) * places; ++place) {
      const std::int32_t class_index = batch.object_classes[place];
      if (class_index < 0) continue;
      check(static_cast<std::size_t>(class_index) < class_names.size(), "an object is of class ", class_index, ", but ",
            class_names.size(), " classes have names");
      std::string note;
      if (const double weight = static_cast<double>(batch.object_weights[place]); weight != 1.0) {
        char text[16];
        std::snprintf(text, sizeof text, "%.2f", weight);
        note = text;
      }
      const auto edge = [&](std::size_t k) { return static_cast<double>(batch.object_boxes[place * 4 + k]); };
      objects.push_back(
          {{edge(0), edge(1), edge(2), edge(3)}, class_names[class_index], class_color(class_index), std::move(note)});
    }
    drawn.push_back(draw_objects(images[i].view(), objects, enlargement_of(batch.height, batch.width)));
  }
  std::vector<SheetImage> sheet;
  for (const Image& image : drawn)
    sheet.push_back({.image = image.view()});
  const std::int64_t side = std::max(drawn.front().height(), drawn.front().width());
  return make_image_sheet(sheet, {.title = title, .image_size = static_cast<int>(side)});
}

std::unique_ptr<Tool> show_detection_batch_tool() {
  return std::make_unique<ShowDetectionBatch>();
}

}  // namespace sleight
