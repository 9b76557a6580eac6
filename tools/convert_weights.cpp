// Weights from darknet's files to safetensors and back. Nothing is rounded: there and back again gives the same bytes.
#include <algorithm>
#include <cstdio>
#include <sstream>

#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/darknet_weights.h"
#include "models/classifier.h"
#include "models/detector.h"
#include "models/nearest_name.h"
#include "tools/common/run_tool.h"

namespace sleight {

namespace {

// What else a safetensors file keeps of darknet's header.
constexpr const char* seen_key = "darknet_seen";

std::vector<std::string> model_names() {
  std::vector<std::string> names;
  for (const DetectorModel* detector : detectors()) {
    if (detector->darknet_backbone) names.push_back(detector->name);
  }
  for (const std::string& name : classifier_names()) {
    if (name.starts_with("darknet")) names.push_back(name);
  }
  return names;
}

// The parameters of a model, in its order; what they start from does not matter.
Program parameters_of(const std::string& model, std::int64_t classes, bool backbone) {
  position_of_name("model with darknet's weights", model, model_names());
  Tracer trace(Mode::inference);
  const auto images_of = [&](std::int64_t side) {
    return trace.input("images", {1, side, side, 3}, DataType::float32);
  };
  const std::vector<std::string> detectors = detector_names();
  if (std::find(detectors.begin(), detectors.end(), model) == detectors.end()) {
    check(!backbone, "--backbone takes a detector, and ", model, " is a classifier; name the detector with --model");
    const ClassifierModel& classifier = find_classifier(model);
    classifier.trace(trace, images_of(classifier.image_size), classes);
  } else {
    const DetectorModel& detector = find_detector(model);
    const ValueId images = images_of(detector.size_multiple);
    if (backbone) {
      detector.trace_backbone(trace, images);
    } else {
      default_configuration(detector)->trace(trace, images, classes);
    }
  }
  for (Parameter& parameter : trace.program().parameters)
    parameter.initializer = Initializer::zeros;
  return trace.program();
}

bool is_safetensors(const std::filesystem::path& path) {
  return path.extension() == ".safetensors";
}

// As the file that was converted had it; a new one where there was none.
DarknetHeader header_in(const SafetensorsMetadata& metadata, const std::string& origin) {
  DarknetHeader header;
  if (!metadata.contains(darknet_version_key) || !metadata.contains(seen_key)) return header;
  std::istringstream text(metadata.at(darknet_version_key) + " " + metadata.at(seen_key));
  char first = 0, second = 0;
  text >> header.major >> first >> header.minor >> second >> header.revision >> header.seen;
  check(!text.fail() && text.peek() == EOF && first == '.' && second == '.', origin,
        ": its note of darknet's header is damaged: '", text.str(), "'; save the weights again");
  return header;
}

struct Options {
  std::string from, to, model = "yolov3";
  std::int64_t classes = 80;
  bool backbone = false, ignore_leftover = false;
};

int convert(const Options& options) {
  const Device cpu("cpu");
  PersistentStore store(cpu, 1);
  const Program program = parameters_of(options.model, options.classes, options.backbone);
  for (const Parameter& parameter : program.parameters) {
    const Value& value = program.value(parameter.value);
    store.ensure(value.name, value.type, parameter);
  }

  DarknetHeader header;
  if (is_safetensors(options.from)) {
    header = header_in(SafetensorsFile(options.from).metadata(), options.from);
    if (options.ignore_leftover) {
      load_weights(options.from, store, store.names());
    } else {
      load_weights(options.from, store);
    }
  } else {
    header = load_darknet_weights(options.from, store, all_convolutions,
                                  options.ignore_leftover ? LeftoverBytes::ignored : LeftoverBytes::refused);
  }

  if (is_safetensors(options.to)) {
    const std::string version =
        std::to_string(header.major) + "." + std::to_string(header.minor) + "." + std::to_string(header.revision);
    save_weights(options.to, store, "",
                 {{"model", options.model}, {darknet_version_key, version}, {seen_key, std::to_string(header.seen)}});
  } else {
    save_darknet_weights(options.to, store, header);
  }
  log_info("wrote ", options.to, ": ", darknet_convolutions(store).size(), " convolutions of ", options.model,
           options.backbone ? "'s backbone" : "", ", trained on ", header.seen, " images");
  return 0;
}

class ConvertWeights : public Tool {
 public:
  std::string description() const override {
    return "Convert weights between darknet's files (yolov3.weights, darknet53.conv.74) and safetensors. A name that "
           "ends with .safetensors is safetensors, every other one is darknet's.";
  }

  void declare(OptionList& options) override {
    options.add("from", options_.from, "File to read").unit("FROM").positional().required();
    options.add("to", options_.to, "File to write").unit("TO").positional().required().written();
    options.add("model", options_.model, "Detector or classifier that the weights belong to").unit("MODEL");
    options.add("classes", options_.classes, "Number of classes it was trained for").unit("CLASSES").range(1, 100000);
    options.add("backbone", options_.backbone, "The first layers of the detector alone, as in darknet53.conv.74");
    options.add("ignore-leftover", options_.ignore_leftover,
                "The file to read may hold more than is wanted: takes the backbone out of a detector's weights");
  }

  int run() override { return convert(options_); }

 private:
  Options options_;
};

const bool registered = register_tool<ConvertWeights>("convert_weights");

}  // namespace

}  // namespace sleight
