#include "tools/common/show_detection_batch.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/data/png.h"
#include "engine/train/object_drawing.h"
#include "engine/train/picture_sheet.h"
#include "tools/common/command_line.h"
#include "tools/common/detection_schedule.h"
#include "tools/common/prepared_pictures.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

struct Options {
  std::string data, format, training_split, png = "batch.png", random_shapes = "off", augmentation = "all";
  std::int64_t epochs = 200, batch_size = 16, image_size = 416, mixup_off_epochs = 20, epoch = 0, step = 0;
  double mixup = 0.0;
  bool mixup_half = false;
  std::uint64_t seed = 1;
  int threads = 1;
};

// Small pictures are enlarged so that boxes and names can be told apart.
int enlargement_of(std::int64_t height, std::int64_t width) {
  return static_cast<int>(std::max<std::int64_t>(1, 256 / std::max(height, width)));
}

int show(const Options& options) {
  DetectionDatasetOptions data_options;
  data_options.training_split = options.training_split;
  data_options.synthetic.seed = options.seed;
  const auto opened = open_detection_dataset(options.data, parse_detection_format(options.format),
                                             DatasetSplit::training, data_options);
  const DetectionDataset& dataset = *opened.dataset;
  DetectionScheduleOptions schedule_options{.seed = options.seed,
                                            .epochs = options.epochs,
                                            .batch_size = std::min(options.batch_size, dataset.size()),
                                            .image_size = options.image_size};
  check(options.augmentation == "all" || options.augmentation == "none", "--augmentation is 'all' or 'none', got '",
        options.augmentation, "'");
  if (options.augmentation == "none") schedule_options.recipe = detection_evaluation_recipe();
  if (options.mixup > 0.0 || options.mixup_half) {
    schedule_options.mixup =
        DetectionMixupOptions{.epochs = options.epochs,
                              .off_epochs = options.mixup_off_epochs,
                              .form = options.mixup_half ? DetectionMixupForm::half : DetectionMixupForm::beta};
    if (options.mixup > 0.0) schedule_options.mixup->alpha = options.mixup;
    log_info(to_string(*schedule_options.mixup));
  }
  if (options.random_shapes != "off") schedule_options.random_shapes = parse_random_shapes(options.random_shapes);
  DetectionSchedule schedule(schedule_options, dataset.size());
  check(options.epoch < options.epochs && options.step < schedule.steps_per_epoch(), "the training has ",
        options.epochs, " epochs of ", schedule.steps_per_epoch(), " steps");
  const std::int64_t wanted = options.epoch * schedule.steps_per_epoch() + options.step;
  const std::int64_t largest = schedule.sizes().front();
  DetectionLoader loader(
      dataset,
      [&](std::int64_t step, DetectionBatchRequest& request) { return step == wanted && schedule.fill(step, request); },
      {.seed = options.seed,
       .threads = options.threads,
       .first_step = wanted,
       .maximum_batch_size = schedule_options.batch_size,
       .maximum_height = largest,
       .maximum_width = largest},
      maximum_objects_of(dataset, schedule.mixup().has_value()));
  const std::optional<DetectionBatch> batch = loader.next();
  check(batch.has_value(), "the loader made no batch");
  const std::int64_t objects =
      std::accumulate(batch->object_counts().begin(), batch->object_counts().end(), std::int64_t{0});
  char title[120];
  std::snprintf(title, sizeof title, "epoch %lld step %lld, %lldx%lld, %lld objects",
                static_cast<long long>(options.epoch), static_cast<long long>(options.step),
                static_cast<long long>(batch->height()), static_cast<long long>(batch->width()),
                static_cast<long long>(objects));
  write_png(options.png, draw_detection_batch(*batch, dataset.class_names(), title).view());
  log_info("wrote ", options.png);
  return 0;
}

}  // namespace

Picture draw_detection_batch(const DetectionBatchView& batch, const std::vector<std::string>& class_names,
                             const std::string& title) {
  // Mixed already on the host: for the device each picture is its own partner.
  std::vector<std::int32_t> partners(static_cast<std::size_t>(batch.size));
  std::iota(partners.begin(), partners.end(), 0);
  const std::vector<float> lambdas(partners.size(), 1.0F);
  const std::vector<Picture> pictures = prepared_pictures({.size = batch.size,
                                                           .height = batch.height,
                                                           .width = batch.width,
                                                           .images = batch.images,
                                                           .labels = {},
                                                           .flips = batch.flips,
                                                           .partners = partners,
                                                           .lambdas = lambdas});
  const std::size_t places = static_cast<std::size_t>(batch.maximum_objects);
  std::vector<Picture> drawn;
  for (std::size_t i = 0; i < pictures.size(); ++i) {
    std::vector<DrawnObject> objects;
    for (std::size_t place = i * places; place < (i + 1) * places; ++place) {
      const std::int32_t class_index = batch.object_classes[place];
      if (class_index < 0) continue;
      check(static_cast<std::size_t>(class_index) < class_names.size(), "an object is of class ", class_index, ", but ",
            class_names.size(), " classes have names");
      std::string label = class_names[static_cast<std::size_t>(class_index)];
      if (const double weight = static_cast<double>(batch.object_weights[place]); weight != 1.0) {
        char text[16];
        std::snprintf(text, sizeof text, " %.2f", weight);
        label += text;
      }
      const auto edge = [&](std::size_t k) { return static_cast<double>(batch.object_boxes[place * 4 + k]); };
      objects.push_back({{edge(0), edge(1), edge(2), edge(3)}, std::move(label), class_color(class_index)});
    }
    drawn.push_back(draw_objects(pictures[i].view(), objects, enlargement_of(batch.height, batch.width)));
  }
  std::vector<SheetPicture> sheet;
  for (const Picture& picture : drawn)
    sheet.push_back({.picture = picture.view()});
  const std::int64_t side = std::max(drawn.front().height(), drawn.front().width());
  return make_picture_sheet(sheet, {.title = title, .picture_size = static_cast<int>(side)});
}

int show_detection_batch(int argument_count, char** arguments) {
  CommandLine command_line(
      "Write a PNG of one batch of a detector's training, with the objects' boxes, names and weights.");
  Options options;
  command_line
      .add_option("--data", options.data,
                  "Folder or archive of the data set; for the format synthetic the word 'synthetic'")
      .required();
  command_line.add_option("--format", options.format, "voc, coco, yolo or synthetic").required();
  command_line.add_option("--train-split", options.training_split,
                          "Name of the training split (default: the format's rule)");
  command_line.add_option("--epochs", options.epochs, "Epochs of the training");
  command_line.add_option("--batch-size", options.batch_size, "Pictures per step").range(1, 4096);
  command_line.add_option("--image-size", options.image_size, "Side in pixels, without random shapes").range(1, 8192);
  command_line.add_option("--augmentation", options.augmentation,
                          "all: colour, expansion, crop, filter, flip; or none");
  command_line.add_option("--mixup", options.mixup, "Alpha of Beta(alpha, alpha); 1.5 is usual; 0 turns mixup off");
  command_line.add_flag("--mixup-half", options.mixup_half, "darknet's mixup: half of each, objects not weighted")
      .excludes("--mixup");
  command_line.add_option("--mixup-off-epochs", options.mixup_off_epochs, "The last so many epochs without mixup");
  command_line.add_option("--random-shapes", options.random_shapes,
                          "MIN:MAX:EVERY[:MULTIPLE], for example 320:608:10; or 'off'");
  command_line.add_option("--seed", options.seed, "Of every random draw");
  command_line.add_option("--loader-threads", options.threads, "Threads that prepare pictures").range(1, 1024);
  command_line.add_option("--png", options.png, "File to write");
  command_line.add_option("--epoch", options.epoch, "Epoch, counted from 0").range(0, 1 << 30);
  command_line.add_option("--step", options.step, "Step in the epoch, counted from 0").range(0, 1 << 30);
  return run_tool(command_line, argument_count, arguments, [&] { return show(options); });
}

}  // namespace sleight
