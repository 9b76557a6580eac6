// Images per second of the loader: random resized crop and the rest of the training recipe, as in a run.
//
//   bench_loader DATA [--size 224] [--batch-size 32] [--threads 1] [--batches 8] [--runs 5] [--color]
//   bench_loader DATA --format voc --size 416 --color [--mixup]        images with boxes: a detector's whole recipe
//
// DATA is anything open_dataset takes, or with --format open_detector_dataset. One line of JSON: per run all images
// / elapsed time; their median, least and most; images per second of processor time, which says more on a shared
// machine; nanoseconds of work per image. Two batches per thread warm up before the first run. Without --color the
// recipe of labeled images is crop and flip, which is what torchvision's own reference does, and that of images
// with boxes expansion, crop, random filter and flip.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <iostream>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/data/classifier/dataset.h"
#include "engine/data/classifier/loader.h"
#include "engine/data/detector/loader.h"
#include "tools/common/run_tool.h"
#include "tricks/detector_mixup.h"

namespace sleight {

namespace {

struct Options {
  std::string data;
  std::int64_t size = 224;
  std::int64_t batch_size = 32;
  std::int64_t batches = 8;
  int threads = 1;
  int runs = 5;
  bool color = false;
  std::string format = "classes";
  bool mixup = false;
};

LoaderOptions loader_options(const Options& options) {
  LoaderOptions loader;
  loader.threads = options.threads;
  // So many slots would hide work done before a run begins; two batches in flight per thread keep all threads busy.
  loader.slots = 2 * options.threads;
  loader.maximum_batch_size = options.batch_size;
  loader.maximum_height = loader.maximum_width = options.size;
  return loader;
}

// What the two kinds of batches have in common.
template <class Request>
void fill_request(const Options& options, std::int64_t images, std::int64_t step, Request& request) {
  request.height = request.width = options.size;
  request.epoch = step * options.batch_size / images;
  for (std::int64_t i = 0; i < options.batch_size; ++i)
    request.samples.push_back((step * options.batch_size + i) % images);
}

template <class Loader>
int measure(const Options& options, Loader& loader) {
  for (int i = 0; i < 2 * options.threads; ++i)
    loader.next();
  std::vector<double> rates;
  const LoaderStatistics before = loader.statistics();
  const std::clock_t processor_before = std::clock();
  for (int run = 0; run < options.runs; ++run) {
    // Prepared images are counted, not delivered ones: what lay finished in the ring when a run began is not its
    // work.
    const std::int64_t done = loader.statistics().images;
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < options.batches; ++i)
      loader.next();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    rates.push_back(static_cast<double>(loader.statistics().images - done) / elapsed.count());
  }
  const double processor_seconds = static_cast<double>(std::clock() - processor_before) / CLOCKS_PER_SEC;
  const LoaderStatistics after = loader.statistics();
  std::sort(rates.begin(), rates.end());
  const std::int64_t images = after.images - before.images;
  const nlohmann::json result = {
      {"benchmark", "loader"},
      {"data", options.data},
      {"size", options.size},
      {"batch_size", options.batch_size},
      {"threads", options.threads},
      {"color", options.color},
      {"format", options.format},
      {"mixup", options.mixup},
      {"runs", options.runs},
      {"images_per_second", rates[rates.size() / 2]},
      {"images_per_second_least", rates.front()},
      {"images_per_second_most", rates.back()},
      {"images_per_second_per_thread", rates[rates.size() / 2] / options.threads},
      {"images_per_processor_second", static_cast<double>(images) / processor_seconds},
      {"nanoseconds_reading", (after.reading - before.reading) / images},
      {"nanoseconds_decoding", (after.decoding - before.decoding) / images},
      {"nanoseconds_augmenting", (after.augmenting - before.augmenting) / images},
  };
  std::cout << result.dump() << "\n";
  return 0;
}

int measure_labeled(const Options& options) {
  const auto dataset = open_dataset(options.data, DatasetSplit::training);
  Loader loader(
      *dataset,
      [&](std::int64_t step, BatchRequest& request) {
        fill_request(options, dataset->size(), step, request);
        request.recipe = imagenet_training_augmentation();
        if (!options.color)
          request.recipe.brightness = request.recipe.contrast = request.recipe.saturation = request.recipe.pca_noise =
              0.0;
        return true;
      },
      loader_options(options));
  return measure(options, loader);
}

int measure_detection(const Options& options) {
  const auto opened = open_detector_dataset(options.data, options.format, DatasetSplit::training);
  const DetectorDataset& dataset = *opened.dataset;
  constexpr std::int64_t epochs = std::int64_t{1} << 40;
  DetectorMixup mixup;
  mixup.resolve({.task = LearningTask::detector, .tricks = TrickSet::all, .epochs = epochs});
  mixup.begin({.images = dataset.size()});
  DetectorLoader loader(
      dataset,
      [&](std::int64_t step, DetectorBatchRequest& request) {
        fill_request(options, dataset.size(), step, request);
        request.recipe = detector_training_augmentation();
        if (!options.color) request.recipe.color_probability = 0.0;
        if (options.mixup) mixup.draw_detector(request, {.step = step, .epoch = request.epoch});
        return true;
      },
      loader_options(options), maximum_objects_of(dataset, options.mixup));
  return measure(options, loader);
}

class BenchLoader : public Tool {
 public:
  std::string description() const override {
    return "Time the loader: images read, decoded and augmented per second, as one line of JSON.";
  }

  void declare(OptionList& options) override {
    options.add("data", options_.data, "Dataset, as train_classifier or train_detector takes it")
        .unit("DATA")
        .positional()
        .required();
    std::vector<std::string> formats = detector_dataset_formats();
    formats.insert(formats.begin(), "classes");
    options.add("format", options_.format, "Of the dataset: classes is images with labels, the others are with boxes")
        .one_of(formats);
    options.add("size", options_.size, "Side of the prepared images").unit("PIXELS").range(1, 4096);
    options.add("batch-size", options_.batch_size, "Images in a batch").unit("IMAGES").range(1, 1 << 20);
    options.add("batches", options_.batches, "Batches in a run").unit("BATCHES").positive();
    options.add("threads", options_.threads, "Threads that prepare images").unit("THREADS").range(1, 1024);
    options.add("runs", options_.runs, "Runs, whose median is reported").unit("RUNS").positive();
    options.add("color", options_.color, "The color distortions of the training recipe too").alias("colour");
    options.add("mixup", options_.mixup, "Mixes images with boxes; those with labels are blended on the device");
  }

  int run() override {
    check(!options_.mixup || options_.format != "classes",
          "--mixup is for images with boxes: those with labels are blended on the device");
    return options_.format == "classes" ? measure_labeled(options_) : measure_detection(options_);
  }

 private:
  Options options_;
};

const bool registered = register_tool<BenchLoader>("bench_loader");

}  // namespace

}  // namespace sleight
