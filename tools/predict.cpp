// What a classifier sees in images: the likeliest classes as text, and a sheet of the images as PNG. Or raw logits
// of a raw tensor, to check us against other programs.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <numeric>
#include <optional>

#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/data/classifier/pipeline.h"
#include "engine/device/compute_threads.h"
#include "engine/image/image_writer.h"
#include "engine/program/execute.h"
#include "engine/program/input_stage.h"
#include "engine/report/image_sheet.h"
#include "engine/run/device_flags.h"
#include "engine/run/image_flags.h"
#include "engine/run/image_messages.h"
#include "models/classifier.h"
#include "tools/classifier/file.h"
#include "tools/common/image_files.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

struct Prediction {
  std::string name;                                  // of the image
  std::string label;                                 // what it is, where known
  Image image;                                       // as the network saw it
  std::vector<std::pair<std::size_t, double>> best;  // class and probability, likeliest first
};

struct Options {
  Options() { dataset.synthetic.seed = 1; }  // as a training without --seed

  std::string weights, model, data, sheet, tensor, logits;
  std::vector<std::string> images;
  std::int64_t image_size = 0, count = 24, top = 5;
  EvaluationCropOptions crop;
  DeviceFlags device;
  DatasetOptions dataset;
  std::optional<double> validation_share;
};

std::vector<std::pair<std::size_t, double>> likeliest(std::span<const float> logits, std::int64_t count) {
  const double largest = static_cast<double>(*std::max_element(logits.begin(), logits.end()));
  std::vector<double> probabilities;
  for (const float logit : logits)
    probabilities.push_back(std::exp(static_cast<double>(logit) - largest));
  const double sum = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  std::vector<std::size_t> order(logits.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return logits[a] > logits[b]; });
  std::vector<std::pair<std::size_t, double>> best;
  for (std::size_t i = 0; i < std::min(static_cast<std::size_t>(count), order.size()); ++i)
    best.emplace_back(order[i], probabilities[order[i]] / sum);
  return best;
}

ClassifierProgramOptions program_options(const ClassifierDescription& description, const Precision& precision) {
  ClassifierProgramOptions options;
  options.element = precision.element;
  options.batch_size = 1;
  options.height = options.width = description.image_size;
  options.classes = static_cast<std::int64_t>(description.class_names.size());
  options.normalization = description.normalization;
  return options;
}

class Predictor {
 public:
  Predictor(const Options& options, const ClassifierDescription& description)
      : precision_(options.device.parsed_precision()),
        context_(options.device.name, 1, precision_.device_options()),
        recipe_(evaluation_recipe_of(description, find_classifier(description.model))),
        size_(description.image_size),
        executable_(
            inference_program(find_classifier(description.model).trace, program_options(description, precision_)),
            context_),
        inputs_(context_.device) {
    warn_if_slow(precision_, context_.device);
    load_weights(options.weights, context_.store);
  }

  // As the network sees it. Throws Error for a broken image.
  Image prepare(const StoredImage& stored) {
    Image image(size_, size_);
    RandomStream unused(0, RandomPurpose::augmentation);
    pipeline_.prepare(stored, recipe_, unused, image.view());
    return image;
  }

  // Of a prepared image: the likeliest classes with their probabilities. Throws Error where the network overflows.
  std::vector<std::pair<std::size_t, double>> predict(const Image& image, std::int64_t top) {
    inputs_.upload({{classifier_value_names::images, std::as_bytes(std::span(image.pixels())), false}}, nullptr);
    inputs_.deliver(executable_);
    executable_.run();
    const auto logits = executable_.result<float>(classifier_value_names::logits);
    check(std::ranges::all_of(logits, [](float logit) { return std::isfinite(logit); }),
          "the network overflows on it; --precision fp32 or weights that were trained for longer may not");
    return likeliest(logits, top);
  }

 private:
  Precision precision_;
  Context context_;
  ClassifierAugmentation recipe_;
  std::int64_t size_;
  Executable executable_;
  InputStage inputs_;
  ImagePipeline pipeline_;
};

std::string percent(double probability) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f%%", 100.0 * probability);
  return text;
}

// So many images, from class to class: at equal distances in the list sorted by class. Equal distances in the dataset
// 's own order would meet the same few classes again and again where the classes take turns.
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
  std::vector<SheetImage> sheet;
  for (const Prediction& prediction : predictions) {
    const std::string& said = classes[prediction.best.front().first];
    const bool known = !prediction.label.empty();
    SheetImage entry{.image = prediction.image.view(), .captions = {}};
    const Color color = !known ? plain_color : said == prediction.label ? right_color : wrong_color;
    entry.captions.push_back({said, color, percent(prediction.best.front().second)});
    entry.captions.push_back(
        {known ? "is " + prediction.label : std::filesystem::path(prediction.name).filename().string()});
    sheet.push_back(std::move(entry));
  }
  const Image image = make_image_sheet(sheet);
  write_png(path, image.view());
  log_info("wrote ", path);
}

// Predicts image by image, and prints at once. Broken images are named and passed over.
class PredictedImages {
 public:
  PredictedImages(const Options& options, const ClassifierDescription& description, std::vector<std::string> classes)
      : options_(options), predictor_(options, description), classes_(std::move(classes)) {}

  // read(stored) gives the image; label: what it is, or "".
  template <class Read>
  void add(const std::string& name, const std::string& label, const Read& read) {
    Prediction prediction{.name = name, .label = label, .image = {}, .best = {}};
    try {
      StoredImage stored;
      read(stored);
      prediction.image = predictor_.prepare(stored);
      prediction.best = predictor_.predict(prediction.image, options_.top);
    } catch (const Error& error) {
      log_warning("broken image ", name, ": ", error.what());
      ++broken_;
      return;
    }
    std::printf("%s%s\n", printable(name).c_str(), label.empty() ? "" : (" (" + printable(label) + ")").c_str());
    for (const auto& [index, probability] : prediction.best)
      std::printf("  %6.2f%%  %s\n", 100.0 * probability, printable(classes_[index]).c_str());
    // Only a sheet needs the images themselves.
    if (!options_.sheet.empty()) predictions_.push_back(std::move(prediction));
  }

  // The exit status: 1 where images were passed over.
  int finish() const {
    if (!predictions_.empty()) write_sheet(options_.sheet, predictions_, classes_);
    if (broken_ == 0) return 0;
    log_warning(count_of(broken_, "broken image"), broken_ == 1 ? " was" : " were", " passed over");
    return 1;
  }

 private:
  const Options& options_;
  Predictor predictor_;
  std::vector<std::string> classes_;
  std::vector<Prediction> predictions_;
  std::int64_t broken_ = 0;
};

int predict_images(const Options& options, const ClassifierDescription& description) {
  std::vector<std::filesystem::path> paths;
  if (!options.images.empty()) paths = image_paths(options.images);
  std::unique_ptr<Dataset> dataset;
  if (!options.data.empty()) {
    dataset = in_class_order(open_dataset(options.data, DatasetSplit::evaluation, options.dataset), options.data,
                             description, options.weights);
    log_data(dataset->found(), *dataset);
  }
  const std::vector<std::string>& classes = dataset ? dataset->class_names() : description.class_names;
  PredictedImages predicted(options, description, classes);
  const ImageFiles files(std::move(paths), {}, exif_orientation_if(options.dataset.exif_orientation));
  log_warnings(files);
  for (std::int64_t i = 0; i < files.size(); ++i)
    predicted.add(files.name(i), "", [&](StoredImage& stored) { files.read(i, stored); });
  if (dataset) {
    for (const std::int64_t index : spread_over_classes(*dataset, options.count)) {
      predicted.add(dataset->name(index), classes[dataset->label(index)],
                    [&](StoredImage& stored) { dataset->read(index, stored); });
    }
  }
  return predicted.finish();
}

// "input", [N,3,H,W] as PyTorch has it -> "logits" [N, classes].
int predict_tensor(const Options& options, const ClassifierDescription& description) {
  check(!options.logits.empty(), "--tensor needs --logits: the file to write");
  const SafetensorsFile file(options.tensor);
  const SafetensorsEntry& input = file.at("input");
  check(input.shape.size() == 4 && input.shape[1] == 3 && input.shape[0] >= 1, options.tensor,
        ": 'input' must be [N,3,H,W], got [", to_string(input.shape), "]");
  const Precision precision = options.device.parsed_precision();
  ClassifierProgramOptions program = program_options(description, precision);
  program.batch_size = input.shape[0];
  program.height = input.shape[2];
  program.width = input.shape[3];
  const std::vector<float> planes = with_context(options.tensor, [&] { return float32_values(input); });
  std::vector<float> images(planes.size());
  const auto pixels = static_cast<std::size_t>(program.height * program.width);
  for (std::size_t n = 0; n < static_cast<std::size_t>(program.batch_size); ++n) {
    for (std::size_t c = 0; c < 3; ++c) {
      for (std::size_t p = 0; p < pixels; ++p)
        images[(n * pixels + p) * 3 + c] = planes[(n * 3 + c) * pixels + p];
    }
  }
  Context context(options.device.name, 1, precision.device_options());
  warn_if_slow(precision, context.device);
  Executable executable(network_program(find_classifier(description.model).trace, program), context);
  load_weights(options.weights, context.store);
  InputStage inputs(context.device);
  inputs.upload({{"input", std::as_bytes(std::span(images)), false}}, nullptr);
  inputs.deliver(executable);
  executable.run();
  const auto logits = executable.result<float>(classifier_value_names::logits);
  const SafetensorsEntry output{
      "logits", DataType::float32, {program.batch_size, program.classes}, std::as_bytes(logits)};
  write_safetensors(options.logits, std::span(&output, 1));
  log_info("wrote ", options.logits);
  return 0;
}

class Predict : public Tool {
 public:
  std::string description() const override {
    return "Say what is in images: the likeliest classes, and a PNG sheet of the images.";
  }

  void declare(OptionList& options) override {
    options.add("images", options_.images, "JPEG or PNG files, or folders of them").unit("IMAGE").positional();
    options.add("weights", options_.weights, "File of weights (best.safetensors, or one with torchvision's names)")
        .unit("FILE")
        .required();
    options.add("model", options_.model, "Name of the model, where the file does not say").unit("MODEL");
    options.add("data", options_.data, "Take images from the evaluation split of this dataset").unit("DATA");
    options.add("count", options_.count, "How many images of --data").unit("IMAGES").range(1, 10000);
    options.add("top", options_.top, "How many classes to name").unit("CLASSES").range(1, 1000);
    options.add("sheet", options_.sheet, "Write a PNG sheet of the images with what was seen").unit("FILE").written();
    options.add("image-size", options_.image_size, "Side of the images; 0: as trained").unit("PIXELS").range(0, 4096);
    options_.crop.declare(options, "as trained", "as trained, else 0.875");
    options.add("tensor", options_.tensor, "Instead of images: a safetensors file with 'input', [N,3,H,W], normalized")
        .unit("FILE");
    options.add("logits", options_.logits, "With --tensor: where to write 'logits' [N, classes]")
        .unit("FILE")
        .written();
    declare_validation_share(options, options_.validation_share);
    declare_exif_orientation(options, options_.dataset.exif_orientation);
    options_.device.declare(options);
    options.add("synthetic-size", options_.dataset.synthetic.height, "Side of generated images")
        .unit("PIXELS")
        .positive();
    options.add("synthetic-classes", options_.dataset.synthetic.classes, "Classes of generated images")
        .unit("CLASSES")
        .range(2, 50);
    options.add("seed", options_.dataset.synthetic.seed, "Seed of generated images, that of the training")
        .unit("NUMBER");
  }

  int run() override {
    const ClassifierDescription description =
        describe_weights(options_.weights, options_.model, options_.image_size, options_.crop);
    options_.dataset.synthetic.width = options_.dataset.synthetic.height;
    options_.dataset.validation_share = validation_share_of(options_.validation_share, description.validation_share);
    set_compute_threads(options_.device.threads);
    if (!options_.tensor.empty()) return predict_tensor(options_, description);
    check(!options_.images.empty() || !options_.data.empty(), "name images, or a dataset with --data");
    return predict_images(options_, description);
  }

 private:
  Options options_;
};

const bool registered = register_tool<Predict>("predict");

}  // namespace

}  // namespace sleight
