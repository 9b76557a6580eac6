// A family of detectors that only the tests know goes through everything that trains, measures and reports YOLOv3.
#include <algorithm>
#include <map>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/report/run_log.h"
#include "engine/run/detector/training.h"
#include "engine/train/classifier_program.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/toy_detector.h"
#include "tests/tools/training_run.h"
#include "tools/detector/loaded_detector.h"
#include "tools/detector/options.h"
#include "tools/models/model_program.h"
#include "tools/models/replay.h"

namespace sleight::test {

namespace fs = std::filesystem;

namespace {

using Words = std::map<std::string, std::string>;

// As a recipe file says it: what the toy cannot do without, with `changes`.
DetectorOptions toy_options(const fs::path& out, const Words& changes = {}) {
  Words settings = {{"model", "\"toy\""},
                    {"data", "\"synthetic\""},
                    {"synthetic-images", "24"},
                    {"synthetic-size", "60"},
                    {"synthetic-classes", "3"},
                    {"tricks", "\"all\""},
                    {"label-smoothing", "\"none\""},
                    {"random-shapes", "\"48:80:2:16\""},
                    {"batch-size", "4"},
                    {"epochs", "3"},
                    {"mixup-off-epochs", "1"},
                    {"warmup-epochs", "0.5"},
                    {"learning-rate", "0.01"},
                    {"loader-threads", "1"}};
  for (const auto& [name, value] : changes)
    settings[name] = value;
  std::string text;
  for (const auto& [name, value] : settings)
    text += name + " = " + value + "\n";
  DetectorOptions options = options_in_recipe<DetectorOptions>(text, "the test");
  options.out = out.string();
  return options;
}

TrainingOutcome train_toy(const DetectorOptions& options) {
  const TrainingOutcome outcome = train_detector(resolve(options));
  Log::standard().close_file();
  return outcome;
}

// A detector whose loss names its parts, two numbers, like this.
class NamingHead : public DetectorHead {
 public:
  explicit NamingHead(std::vector<std::string> names) : names_(std::move(names)) {}

  DetectorLoss loss(Tracer& trace, const DetectorTargets&, const DetectorLossOptions&) const override {
    const ValueId weights = trace.parameter("weights", {2}, ParameterRole::weight, Initializer::ones);
    return {.total = ops::reduce_mean(trace, weights), .parts = {{.value = weights, .names = names_}}};
  }
  ops::ScoredBoxes decode(Tracer&) const override { return {no_value, no_value}; }

 private:
  std::vector<std::string> names_;
};

DetectorDescription description_of(const fs::path& weights) {
  return detector_in(weights, SafetensorsFile(weights).metadata());
}

}  // namespace

TEST_CASE("a family from outside is trained, resumed, reported and measured") {
  const RegisteredDetectorFamily toy(toy_family());
  const TemporaryFolder scratch;
  const fs::path whole = scratch / "whole";
  const DetectorOptions options = toy_options(whole, {{"toy-box-scale", "12"}});
  const TrainingOutcome outcome = train_toy(options);
  REQUIRE(outcome.finished);

  // Its own parts, and nobody else's, in the metrics and in the report.
  double sum = 0.0;
  for (const MetricsLine& line : read_metrics(whole / "metrics.jsonl")) {
    for (const Scalar& value : line.values) {
      INFO(value.name);
      const bool is_part = value.name.starts_with("train/loss_");
      CHECK((!is_part || value.name == "train/loss_corners" || value.name == "train/loss_presence"));
    }
    if (!line.find("train/loss")) continue;
    const double parts = line.find("train/loss_corners").value() + line.find("train/loss_presence").value();
    CHECK(line.find("train/loss_corners").value() > 0.0);
    CHECK(parts == Approx(line.find("train/loss").value()));
    sum += parts;
  }
  CHECK(sum > 0.0);
  const std::string report = read_text_file(whole / "report.html");
  CHECK(contains(report, "Parts of the loss"));
  CHECK(contains(report, "</i>corners <b>"));
  CHECK(contains(report, "</i>presence <b>"));
  CHECK_FALSE(contains(report, "</i>objectness"));

  // The recipe holds the family's settings, given or not, and no other family's; it is the same run again.
  const std::string recipe = read_text_file(whole / "recipe.toml");
  CHECK(contains(recipe, "toy-box-scale = 12\n"));
  CHECK(contains(recipe, "toy-corner-weight = 1\n"));
  CHECK_FALSE(contains(recipe, "anchors"));
  // By the data: generated scenes have Pascal VOC's.
  CHECK(contains(recipe, "metric = \"voc\"\n"));
  DetectorOptions expected = options;
  expected.metric = "voc";
  CHECK(settings_of(resolve(options_in_recipe<DetectorOptions>(recipe, "recipe.toml")).options) ==
        settings_of(resolve(expected).options));

  // Stopped in the middle of an epoch and at the end of one.
  DetectorOptions parts = toy_options(scratch / "parts", {{"toy-box-scale", "12"}});
  for (const std::int64_t steps : {4, 6, 15, 0}) {
    parts.max_steps = steps;
    train_toy(parts);
    parts.resume = true;
  }
  {
    const SafetensorsFile first(whole / "last.safetensors"), second(scratch / "parts/last.safetensors");
    REQUIRE(first.tensors().size() > 20);
    REQUIRE(first.tensors().size() == second.tensors().size());
    for (const SafetensorsEntry& tensor : first.tensors()) {
      INFO(tensor.name);
      CHECK(std::ranges::equal(tensor.bytes, second.at(tensor.name).bytes));
    }
    CHECK(first.metadata() == second.metadata());
  }
  DetectorOptions changed = toy_options(scratch / "parts", {{"toy-box-scale", "13"}});
  changed.resume = true;
  CHECK(contains(error_message([&] { train_toy(changed); }), "toy-box-scale"));

  // Its configuration is in the weights.
  const DetectorDescription description = description_of(whole / "last.safetensors");
  CHECK(description.model->name == "toy");
  DetectorConfiguration::Metadata entries;
  description.configuration->write(entries);
  CHECK(entries == DetectorConfiguration::Metadata{{"toy_box_scale", "12"}});
  CHECK(SafetensorsFile(whole / "last.safetensors").metadata().at("family") == "toy_boxes");
}

TEST_CASE("a family from outside learns, and its weights find as much as in the training") {
  const RegisteredDetectorFamily toy(toy_family());
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run";
  const DetectorOptions options = toy_options(run, {{"toy-box-scale", "15"},
                                                    {"tricks", "\"none\""},
                                                    {"random-shapes", "\"off\""},
                                                    {"image-size", "64"},
                                                    {"epochs", "12"},
                                                    {"synthetic-classes", "1"},
                                                    {"synthetic-images", "96"},
                                                    {"augmentation", "\"flip\""},
                                                    {"evaluation-epochs", "6"},
                                                    {"seed", "3"}});
  const TrainingOutcome outcome = train_toy(options);
  CHECK(outcome.best_score > 0.0);
  const std::vector<MetricsLine> metrics = read_metrics(run / "metrics.jsonl");
  for (const char* name : {"train/loss_corners", "train/loss_presence"}) {
    std::vector<double> values;
    for (const MetricsLine& line : metrics) {
      if (const auto value = line.find(name)) values.push_back(*value);
    }
    INFO(name);
    REQUIRE(values.size() >= 2);
    CHECK(values.back() < 0.85 * values.front());
  }

  const OpenedDetectorDataset opened = open_detector_dataset("synthetic", "synthetic", DatasetSplit::evaluation,
                                                             options.boxes.dataset_options(options.seed));
  const auto measured = [&](const char* file) {
    DetectorUse use;
    use.weights.path = (run / file).string();
    const FoundInImages found = LoadedDetector(use).find_in(*opened.dataset, 1);
    return value_of(score_detections(*opened.dataset, found.plain, found.broken), DetectionMetric::voc);
  };
  CHECK(measured("last.safetensors") == outcome.last_score);
  CHECK(measured("best.safetensors") == outcome.best_score);
}

TEST_CASE("a step of a family from outside that fails is replayed") {
  const RegisteredDetectorFamily toy(toy_family());
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run";
  const std::string message = error_message([&] {
    train_toy(toy_options(run, {{"learning-rate", "1e+30"}, {"warmup-epochs", "0"}}));
  });
  Log::standard().close_file();
  INFO(message);
  REQUIRE(contains(message, "replay_batch"));
  const Replay replay = replay_failed_step(run, {});
  CHECK(replay.reproduced());
  CHECK(contains(replay.table, "conv8"));
}

TEST_CASE("what a family from outside does not take is refused with the flag's name") {
  const RegisteredDetectorFamily toy(toy_family());
  const TemporaryFolder scratch;
  const auto message = [&](const Words& changes) {
    return error_message([&] { resolve(toy_options(scratch / "run", changes)); });
  };
  CHECK(message({{"image-size", "48"}}) == "");
  CHECK(contains(message({{"image-size", "40"}}), "--image-size of toy must be a multiple of 16 from 32"));
  CHECK(
      contains(message({{"random-shapes", "\"40:80:2:8\""}}), "--random-shapes of this model must be multiples of 16"));
  CHECK(contains(message({{"toy-box-scale", "0"}}), "--toy-box-scale must be"));
  CHECK(contains(message({{"anchors", "\"auto\""}}),
                 "--anchors is a flag of the family yolov3, and toy is of the family"));
  CHECK(contains(message({{"model", "\"yolov3_small\""}, {"random-shapes", "\"off\""}, {"toy-box-scale", "5"}}),
                 "--toy-box-scale is a flag of the"));
  CHECK(contains(error_message([&] {
                   train_toy(toy_options(scratch / "smoothed", {{"label-smoothing", "\"gluon\""}}));
                 }),
                 "--label-smoothing"));
  DetectorOptions darknet = toy_options(scratch / "darknet");
  darknet.weights = (scratch / "some.weights").string();
  CHECK(contains(error_message([&] { train_toy(darknet); }), "darknet has no toy"));
  darknet.weights.clear();
  darknet.backbone_weights = (scratch / "some.safetensors").string();
  CHECK(contains(error_message([&] { train_toy(darknet); }), "has no backbone"));
  Log::standard().close_file();
}

TEST_CASE("parts of a loss that are misnamed are refused") {
  const auto message = [](const std::vector<std::string>& names) {
    const DetectorFunction model = [&](Tracer&, ValueId, std::int64_t) { return std::make_unique<NamingHead>(names); };
    const DetectorProgramOptions options{.batch_size = 2,
                                         .height = 7,
                                         .width = 5,
                                         .classes = 1,
                                         .normalization = imagenet_normalization(),
                                         .loss = {},
                                         .maximum_objects = 3,
                                         .update = {},
                                         .detections = {}};
    return error_message([&] { detector_training_program(model, options); });
  };
  CHECK(message({"box", "rpn_box2"}) == "");
  CHECK(contains(message({"box"}), "names 1 parts"));
  CHECK(contains(message({"box", "box"}), "'box'"));
  CHECK(contains(message({"box", "scale"}), "'scale'"));
  CHECK(contains(message({"box", "a,b"}), "'a,b'"));
  CHECK(contains(message({"", "box"}), "''"));
}

TEST_CASE("a family from outside is among the models with programs") {
  const RegisteredDetectorFamily toy(toy_family());
  const auto operations = [](bool evaluation) {
    std::string names;
    for (const Step& step : model_program({.model = "toy", .evaluation = evaluation}).program.steps)
      names += std::string(step.operation->name) + " ";
    return names;
  };
  CHECK(contains(operations(false), "toy_loss_backward "));
  CHECK(contains(operations(true), "toy_decode non_maximum_suppression "));
  CHECK(contains(error_message([] { const RegisteredDetectorFamily again(toy_family()); }), "two families"));
  DetectorFamily other = toy_family();
  other.name = "other";
  CHECK(contains(error_message([&] { const RegisteredDetectorFamily again(other); }), "two detectors called 'toy'"));
}

TEST_CASE("weights name their family, and those that do not but have anchors are YOLOv3's") {
  const DetectorModel& model = find_detector("yolov3_small");
  const std::string anchors = "1,2 3,4 5,6 7,8 9,10 11,12 13,14 15,16 17,18.5";
  Copied<DetectorConfiguration> configuration = default_configuration(model);
  configuration->read({{"anchors", anchors}});
  SafetensorsMetadata metadata;
  describe_into(metadata, {.model = &model,
                           .configuration = configuration,
                           .class_names = {"cup", "plate"},
                           .image_size = 96,
                           .letterbox = true,
                           .normalization = {.mean = {1, 2, 3}, .deviation = {4, 5, 6}}});
  CHECK(metadata.at("family") == "yolov3");
  CHECK(metadata.at("anchors") == anchors);
  const auto check_read = [&] {
    const DetectorDescription read = detector_in("w.safetensors", metadata);
    CHECK(read.model == &model);
    CHECK(read.configuration->anchors().back() == BoxSize{17, 18.5});
    CHECK(read.class_names == std::vector<std::string>{"cup", "plate"});
    CHECK(read.image_size == 96);
    CHECK(read.letterbox);
  };
  check_read();
  metadata.erase("family");
  check_read();

  const auto message_with = [&](const std::string& key, const std::string& value) {
    SafetensorsMetadata changed = metadata;
    changed[key] = value;
    return error_message([&] { detector_in("w.safetensors", changed); });
  };
  CHECK(contains(message_with("family", "yolov4"), "did you mean 'yolov3'?"));
  CHECK(contains(message_with("anchors", "1,2"), "w.safetensors: its description of the detector is damaged"));
  CHECK(contains(message_with("image_size", "100"), "multiple of 32"));
  const RegisteredDetectorFamily toy(toy_family());
  CHECK(contains(message_with("model", "toy"), "not of the family yolov3"));
  metadata.erase("anchors");
  CHECK(contains(error_message([&] { detector_in("w.safetensors", metadata); }), "does not say which detector"));
}

}  // namespace sleight::test
