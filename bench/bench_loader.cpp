// Pictures per second of the loader: random resized crop and the rest of the training recipe, as in a run.
//
//   bench_loader DATA [--size 224] [--batch-size 32] [--threads 1] [--batches 8] [--runs 5] [--colour]
//   bench_loader DATA --format voc --size 416 --colour [--mixup]        pictures with boxes: a detector's whole recipe
//
// DATA is anything open_dataset takes, or with --format open_detection_dataset. One line of JSON: per run all pictures
// / elapsed time; their median, least and most; pictures per second of processor time, which says more on a shared
// machine; nanoseconds of work per picture. Two batches per thread warm up before the first run. Without --colour the
// recipe of labelled pictures is crop and flip, which is what torchvision's own reference does, and that of pictures
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
#include "engine/data/dataset.h"
#include "engine/data/detection_loader.h"
#include "engine/data/loader.h"
#include "tricks/detection_mixup.h"

namespace {

struct Arguments {
  std::string data;
  std::int64_t size = 224;
  std::int64_t batch_size = 32;
  std::int64_t batches = 8;
  int threads = 1;
  int runs = 5;
  bool colour = false;
  std::string format = "classes";
  bool mixup = false;
};

Arguments parse(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string word = values[i];
    const auto number = [&] {
      sleight::check(i + 1 < count, word, " needs a number");
      const std::string text = values[++i];
      const bool is_number = !text.empty() && text.size() < 9 &&
                             std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
      sleight::check(is_number && std::stoi(text) > 0, word, " needs a positive number, not ", text);
      return std::stoi(text);
    };
    if (word == "--size") {
      arguments.size = number();
    } else if (word == "--batch-size") {
      arguments.batch_size = number();
    } else if (word == "--batches") {
      arguments.batches = number();
    } else if (word == "--threads") {
      arguments.threads = number();
    } else if (word == "--runs") {
      arguments.runs = number();
    } else if (word == "--colour") {
      arguments.colour = true;
    } else if (word == "--mixup") {
      arguments.mixup = true;
    } else if (word == "--format") {
      sleight::check(i + 1 < count, "--format needs a name");
      arguments.format = values[++i];
    } else {
      sleight::check(!word.starts_with("-") && arguments.data.empty(), "unknown argument ", word);
      arguments.data = word;
    }
  }
  sleight::check(!arguments.data.empty(),
                 "usage: bench_loader DATA [--format voc|coco|yolo|synthetic] [--size 224] [--batch-size 32] "
                 "[--threads 1] [--batches 8] [--runs 5] [--colour] [--mixup]");
  sleight::check(!arguments.mixup || arguments.format != "classes",
                 "--mixup is for pictures with boxes: those with labels are blended on the device");
  return arguments;
}

sleight::LoaderOptions loader_options(const Arguments& arguments) {
  sleight::LoaderOptions options;
  options.threads = arguments.threads;
  // So many slots would hide work done before a run begins; two batches in flight per thread keep all threads busy.
  options.slots = 2 * arguments.threads;
  options.maximum_batch_size = arguments.batch_size;
  options.maximum_height = options.maximum_width = arguments.size;
  return options;
}

// What the two kinds of batches have in common.
template <class Request>
void fill_request(const Arguments& arguments, std::int64_t pictures, std::int64_t step, Request& request) {
  request.height = request.width = arguments.size;
  request.epoch = step * arguments.batch_size / pictures;
  for (std::int64_t i = 0; i < arguments.batch_size; ++i)
    request.samples.push_back((step * arguments.batch_size + i) % pictures);
}

template <class Loader>
int measure(const Arguments& arguments, Loader& loader) {
  for (int i = 0; i < 2 * arguments.threads; ++i)
    loader.next();
  std::vector<double> rates;
  const sleight::LoaderStatistics before = loader.statistics();
  const std::clock_t processor_before = std::clock();
  for (int run = 0; run < arguments.runs; ++run) {
    // Prepared pictures are counted, not delivered ones: what lay finished in the ring when a run began is not its
    // work.
    const std::int64_t done = loader.statistics().pictures;
    const auto start = std::chrono::steady_clock::now();
    for (std::int64_t i = 0; i < arguments.batches; ++i)
      loader.next();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    rates.push_back(static_cast<double>(loader.statistics().pictures - done) / elapsed.count());
  }
  const double processor_seconds = static_cast<double>(std::clock() - processor_before) / CLOCKS_PER_SEC;
  const sleight::LoaderStatistics after = loader.statistics();
  std::sort(rates.begin(), rates.end());
  const std::int64_t pictures = after.pictures - before.pictures;
  const nlohmann::json result = {
      {"benchmark", "loader"},
      {"data", arguments.data},
      {"size", arguments.size},
      {"batch_size", arguments.batch_size},
      {"threads", arguments.threads},
      {"colour", arguments.colour},
      {"format", arguments.format},
      {"mixup", arguments.mixup},
      {"runs", arguments.runs},
      {"pictures_per_second", rates[rates.size() / 2]},
      {"pictures_per_second_least", rates.front()},
      {"pictures_per_second_most", rates.back()},
      {"pictures_per_second_per_thread", rates[rates.size() / 2] / arguments.threads},
      {"pictures_per_processor_second", static_cast<double>(pictures) / processor_seconds},
      {"nanoseconds_reading", (after.reading - before.reading) / pictures},
      {"nanoseconds_decoding", (after.decoding - before.decoding) / pictures},
      {"nanoseconds_augmenting", (after.augmenting - before.augmenting) / pictures},
  };
  std::cout << result.dump() << "\n";
  return 0;
}

int measure_labelled(const Arguments& arguments) {
  const auto dataset = sleight::open_dataset(arguments.data, sleight::DatasetSplit::training);
  sleight::Loader loader(
      *dataset,
      [&](std::int64_t step, sleight::BatchRequest& request) {
        fill_request(arguments, dataset->size(), step, request);
        request.recipe = sleight::imagenet_training_recipe();
        if (!arguments.colour)
          request.recipe.brightness = request.recipe.contrast = request.recipe.saturation = request.recipe.pca_noise =
              0.0;
        return true;
      },
      loader_options(arguments));
  return measure(arguments, loader);
}

int measure_detection(const Arguments& arguments) {
  const auto opened = sleight::open_detection_dataset(arguments.data, sleight::parse_detection_format(arguments.format),
                                                      sleight::DatasetSplit::training);
  const sleight::DetectionDataset& dataset = *opened.dataset;
  constexpr std::int64_t epochs = std::int64_t{1} << 40;
  const sleight::DetectionMixup mixup({.epochs = epochs, .off_epochs = 0}, 0);
  sleight::DetectionLoader loader(
      dataset,
      [&](std::int64_t step, sleight::DetectionBatchRequest& request) {
        fill_request(arguments, dataset.size(), step, request);
        request.recipe = sleight::detection_training_recipe();
        if (!arguments.colour) request.recipe.colour_probability = 0.0;
        if (arguments.mixup) mixup.fill(request, dataset.size());
        return true;
      },
      loader_options(arguments), sleight::maximum_objects_of(dataset, arguments.mixup));
  return measure(arguments, loader);
}

}  // namespace

int main(int count, char** values) {
  try {
    const Arguments arguments = parse(count, values);
    return arguments.format == "classes" ? measure_labelled(arguments) : measure_detection(arguments);
  } catch (const std::exception& error) {
    std::cerr << "bench_loader: " << error.what() << "\n";
    return 1;
  }
}
