// What a classifier sees in pictures: the likeliest classes as text, and a sheet of the pictures as PNG. Or raw logits
// of a raw tensor, to check us against other programs.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/data/picture_pipeline.h"
#include "engine/data/picture_writer.h"
#include "engine/program/execute.h"
#include "engine/program/input_stage.h"
#include "engine/train/checkpoint.h"
#include "engine/train/picture_sheet.h"
#include "tools/common/classifier_file.h"
#include "tools/common/command_line.h"
#include "tools/common/precision.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

struct Prediction {
  std::string name;                                  // of the picture
  std::string label;                                 // what it is, where known
  Picture picture;                                   // as the network saw it
  std::vector<std::pair<std::size_t, double>> best;  // class and probability, likeliest first
};

struct Options {
  std::string weights, model, device = "cpu", precision_text = "fp32", data, sheet, tensor, logits;
  Precision precision;
  std::vector<std::string> pictures;
  std::int64_t image_size = 0, count = 24;
  std::size_t top = 5;
  int threads = 0;
  DatasetOptions dataset;
};

std::vector<std::pair<std::size_t, double>> likeliest(std::span<const float> logits, std::size_t count) {
  const double largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  std::vector<double> probabilities;
  for (const float logit : logits)
    probabilities.push_back(std::exp(static_cast<double>(logit) - largest));
  const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  std::vector<std::size_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return logits[a] > logits[b]; });
  std::vector<std::pair<std::size_t, double>> best;
  for (std::size_t i = 0; i < std::min(count, order.size()); ++i)
    best.emplace_back(order[i], probabilities[order[i]] / sum);
  return best;
}

ClassificationOptions program_options(const ClassifierDescription& description, const Precision& precision) {
  ClassificationOptions options;
  options.element = precision.element;
  options.batch_size = 1;
  options.height = options.width = description.image_size;
  options.classes = static_cast<std::int64_t>(description.class_names.size());
  options.normalisation = description.normalisation;
  return options;
}

class Predictor {
 public:
  Predictor(const Options& options, const ClassifierDescription& description)
      : context_(options.device, 1, options.precision.device_options()),
        recipe_(evaluation_recipe_of(find_classifier(description.model))),
        size_(description.image_size),
        executable_(inference_program(find_classifier(description.model).trace,
                                      program_options(description, options.precision)),
                    context_),
        inputs_(context_.device) {
    warn_if_slow(options.precision, context_.device);
    load_weights(options.weights, context_.store);
  }

  Prediction predict(const std::string& name, const StoredPicture& stored, std::size_t top) {
    Prediction prediction{.name = name, .label = "", .picture = Picture(size_, size_), .best = {}};
    RandomStream unused(0, RandomPurpose::augmentation);
    pipeline_.prepare(stored, recipe_, unused, prediction.picture.view());
    inputs_.upload({{classification_names::images, std::as_bytes(std::span(prediction.picture.pixels())), false}},
                   nullptr);
    inputs_.deliver(executable_);
    executable_.run();
    prediction.best = likeliest(executable_.result<float>(classification_names::logits), top);
    return prediction;
  }

 private:
  Context context_;
  AugmentationRecipe recipe_;
  std::int64_t size_;
  Executable executable_;
  InputStage inputs_;
  PicturePipeline pipeline_;
};

std::string percent(double probability) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f%%", 100.0 * probability);
  return text;
}

// So many pictures, from class to class: at equal distances in the list sorted by class. Equal distances in the data
// set's own order would meet the same few classes again and again where the classes take turns.
std::vector<std::int64_t> spread_over_classes(const Dataset& dataset, std::int64_t count) {
  std::vector<std::int64_t> by_class(static_cast<std::size_t>(dataset.size()));
  std::iota(by_class.begin(), by_class.end(), std::int64_t{0});
  std::ranges::stable_sort(by_class, {}, [&](std::int64_t index) { return dataset.label(index); });
  count = std::min(count, dataset.size());
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < count; ++i)
    chosen.push_back(by_class[i * dataset.size() / count]);
  return chosen;
}

void write_sheet(const std::string& path, const std::vector<Prediction>& predictions,
                 const std::vector<std::string>& classes) {
  std::vector<SheetPicture> sheet;
  for (const Prediction& prediction : predictions) {
    const std::string& said = classes[prediction.best.front().first];
    const bool known = !prediction.label.empty();
    SheetPicture entry{.picture = prediction.picture.view(), .captions = {}};
    const Color color = !known ? plain_color : said == prediction.label ? right_color : wrong_color;
    entry.captions.push_back({said, color, percent(prediction.best.front().second)});
    entry.captions.push_back(
        {known ? "is " + prediction.label : std::filesystem::path(prediction.name).filename().string()});
    sheet.push_back(std::move(entry));
  }
  const Picture picture = make_picture_sheet(sheet);
  write_png(path, picture.view());
  log_info("wrote ", path);
}

int predict_pictures(const Options& options, const ClassifierDescription& description) {
  Predictor predictor(options, description);
  const std::vector<std::string>& classes = description.class_names;
  std::vector<Prediction> predictions;
  for (const std::string& path : options.pictures) {
    StoredPicture stored;
    stored.memory = read_file(path);
    stored.bytes = stored.memory;
    predictions.push_back(with_context(path, [&] { return predictor.predict(path, stored, options.top); }));
  }
  if (!options.data.empty()) {
    const auto dataset = open_dataset(options.data, DatasetSplit::evaluation, options.dataset);
    check(dataset->class_names() == classes, options.data, " has other classes than ", options.weights,
          " was trained on");
    for (const std::int64_t index : spread_over_classes(*dataset, options.count)) {
      StoredPicture stored;
      dataset->read(index, stored);
      predictions.push_back(with_context(dataset->name(index),
                                         [&] { return predictor.predict(dataset->name(index), stored, options.top); }));
      predictions.back().label = classes[dataset->label(index)];
    }
  }
  for (const Prediction& prediction : predictions) {
    std::printf("%s%s\n", prediction.name.c_str(),
                prediction.label.empty() ? "" : (" (" + prediction.label + ")").c_str());
    for (const auto& [index, probability] : prediction.best) {
      std::printf("  %6.2f%%  %s\n", 100.0 * probability, classes[index].c_str());
    }
  }
  if (!options.sheet.empty()) write_sheet(options.sheet, predictions, classes);
  return 0;
}

// "input", float32 [N,3,H,W] as PyTorch has it -> "logits" [N, classes].
int predict_tensor(const Options& options, const ClassifierDescription& description) {
  check(!options.logits.empty(), "--tensor needs --logits: the file to write");
  const SafetensorsFile file(options.tensor);
  const SafetensorsEntry& input = file.at("input");
  check(input.shape.size() == 4 && input.shape[1] == 3 && input.shape[0] >= 1, options.tensor,
        ": 'input' must be [N,3,H,W], got [", to_string(input.shape), "]");
  ClassificationOptions program = program_options(description, options.precision);
  program.batch_size = input.shape[0];
  program.height = input.shape[2];
  program.width = input.shape[3];
  std::vector<float> planes(input.bytes.size() / sizeof(float));
  copy_values(input, std::span(planes));
  std::vector<float> pictures(planes.size());
  const auto pixels = static_cast<std::size_t>(program.height * program.width);
  for (std::size_t n = 0; n < static_cast<std::size_t>(program.batch_size); ++n) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t p = 0; p < pixels; ++p)
        pictures[(n * pixels + p) * 3 + c] = planes[(n * 3 + c) * pixels + p];
    }
  }
  Context context(options.device, 1, options.precision.device_options());
  warn_if_slow(options.precision, context.device);
  Executable executable(network_program(find_classifier(description.model).trace, program), context);
  load_weights(options.weights, context.store);
  InputStage inputs(context.device);
  inputs.upload({{"input", std::as_bytes(std::span(pictures)), false}}, nullptr);
  inputs.deliver(executable);
  executable.run();
  const auto logits = executable.result<float>(classification_names::logits);
  const SafetensorsEntry output{
      "logits", DataType::float32, {program.batch_size, program.classes}, std::as_bytes(logits)};
  write_safetensors(options.logits, std::span(&output, 1));
  log_info("wrote ", options.logits);
  return 0;
}

}  // namespace

}  // namespace sleight

int main(int argument_count, char** arguments) {
  sleight::CommandLine command_line("Say what is in pictures: the likeliest classes, and a PNG sheet of the pictures.");
  sleight::Options options;
  options.dataset.synthetic.seed = 1;  // as a training without --seed
  command_line.add_option("pictures", options.pictures, "JPEG or PNG files");
  command_line
      .add_option("--weights", options.weights, "File of weights (best.safetensors, or one with torchvision's names)")
      .required();
  command_line.add_option("--model", options.model, "Name of the model, where the file does not say");
  command_line.add_option("--data", options.data, "Take pictures from the evaluation split of this data set");
  command_line.add_option("--count", options.count, "How many pictures of --data").range(1, 10000);
  command_line.add_option("--top", options.top, "How many classes to name").range(1, 1000);
  command_line.add_option("--sheet", options.sheet, "Write a PNG sheet of the pictures with what was seen");
  command_line.add_option("--image-size", options.image_size, "Side of the pictures in pixels; 0: as trained")
      .range(0, 4096);
  command_line.add_option("--tensor", options.tensor,
                          "Instead of pictures: a safetensors file with 'input', float32 [N,3,H,W], normalised");
  command_line.add_option("--logits", options.logits, "With --tensor: where to write 'logits' [N, classes]");
  command_line.add_option("--device", options.device, "cpu, cuda (cuda:1 for the second GPU) or simt");
  sleight::add_precision_option(command_line, options.precision_text);
  command_line.add_option("--threads", options.threads, "Compute threads; 0: one per core");
  command_line.add_option("--synthetic-size", options.dataset.synthetic.height, "Side of generated pictures in pixels");
  command_line.add_option("--synthetic-classes", options.dataset.synthetic.classes, "Classes of generated pictures");
  command_line.add_option("--seed", options.dataset.synthetic.seed, "Seed of generated pictures, that of the training");
  return sleight::run_tool(command_line, argument_count, arguments, [&] {
    options.precision = sleight::parse_precision(options.precision_text, options.device);
    const sleight::ClassifierDescription description =
        sleight::describe_weights(options.weights, options.model, options.image_size);
    options.dataset.synthetic.width = options.dataset.synthetic.height;
    sleight::set_compute_threads(options.threads);
    if (!options.tensor.empty()) return sleight::predict_tensor(options, description);
    sleight::check(!options.pictures.empty() || !options.data.empty(), "name pictures, or a data set with --data");
    return sleight::predict_pictures(options, description);
  });
}
