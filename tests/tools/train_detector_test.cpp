// train_detector, evaluate_detector and detect as their users run them.
#include <algorithm>
#include <cmath>
#include <csignal>
#include <map>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/image/decode_image.h"
#include "engine/image/image_writer.h"
#include "engine/image/jpeg.h"
#include "engine/image/png.h"
#include "engine/metrics/detections_file.h"
#include "engine/report/run_log.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace fs = std::filesystem;

namespace {

// A dataset in Pascal VOC's form: images of 96 x 64 with one white rectangle each.
void write_voc(const fs::path& root, int images, const std::string& class_name = "plate") {
  for (const char* folder : {"JPEGImages", "Annotations", "ImageSets/Main"})
    fs::create_directories(root / folder);
  std::string names;
  for (int i = 0; i < images; ++i) {
    const std::string name = "image" + std::to_string(i);
    Image image(64, 96);
    std::fill_n(image.view().pixels, 64 * 96 * 3, std::uint8_t{40});
    const int left = 8 + 3 * (i % 10);
    const int top = 6 + 2 * (i % 7);
    for (int y = top; y < top + 30; ++y)
      std::fill_n(image.view().row(y) + 3 * left, 3 * 40, std::uint8_t{230});
    write_png(root / "JPEGImages" / (name + ".png"), image.view());
    const auto number = [](int value) { return std::to_string(value); };
    write_file_atomically(
        root / "Annotations" / (name + ".xml"),
        "<annotation><filename>" + name + ".png</filename><size><width>96</width><height>64</height><depth>3</depth>" +
            "</size><object><name>" + class_name + "</name><difficult>0</difficult><bndbox><xmin>" + number(left + 1) +
            "</xmin><ymin>" + number(top + 1) + "</ymin><xmax>" + number(left + 40) + "</xmax><ymax>" +
            number(top + 30) + "</ymax></bndbox></object></annotation>");
    names += name + "\n";
  }
  for (const char* split : {"train", "val"})
    write_file_atomically(root / "ImageSets/Main" / (std::string(split) + ".txt"), names);
}

std::map<std::string, std::vector<std::byte>> tensors_of(const fs::path& path) {
  std::map<std::string, std::vector<std::byte>> tensors;
  const SafetensorsFile file(path);
  for (const SafetensorsEntry& tensor : file.tensors())
    tensors[tensor.name].assign(tensor.bytes.begin(), tensor.bytes.end());
  return tensors;
}

}  // namespace

TEST_CASE("a detector's run is repeatable, stopped anywhere and resumed, with any number of loader threads") {
  const TemporaryFolder scratch;
  const fs::path whole = scratch / "whole";
  const ToolResult result = run_tool_process("train_detector", small_detector_run(whole));
  require_success(result);
  for (const char* name :
       {"recipe.toml", "metrics.jsonl", "last.safetensors", "best.safetensors", "report.html", "log.txt"}) {
    INFO(name);
    REQUIRE(fs::file_size(whole / name) > 100);
  }
  for (const char* trick : {"detection mixup: 12 batches mixed", "class smoothing: ", "random shapes: ",
                            "moving average of the weights: 18 updates", "no bias decay: "}) {
    INFO(trick);
    CHECK(contains(result.output, trick));
  }
  const std::vector<MetricsLine> metrics = read_metrics(whole / "metrics.jsonl");
  for (const std::string_view name :
       {metric_names::validation_map, metric_names::ema_map, std::string_view("train/loss_center"),
        std::string_view("train/loss_objectness")}) {
    CAPTURE(std::string(name));
    CHECK(std::any_of(metrics.begin(), metrics.end(),
                      [&](const MetricsLine& line) { return line.find(name).has_value(); }));
  }

  // From its own recipe, with three loader threads.
  const fs::path again = scratch / "again";
  require_success(run_tool_process("train_detector", {"--config", (whole / "recipe.toml").string(), "--loader-threads",
                                                      "3", "--out", again.string()}));
  require_equal_checkpoints(whole, again);

  // Stopped in the middle of an epoch, at the end of one, and in the last one, which is not mixed.
  const fs::path parts = scratch / "parts";
  require_success(run_tool_process("train_detector", small_detector_run(parts, {"--max-steps", "4"})));
  for (const char* steps : {"6", "15", "0"}) {
    require_success(run_tool_process(
        "train_detector", {"--resume", "--loader-threads", "2", "--max-steps", steps, "--out", parts.string()}));
  }
  require_equal_checkpoints(whole, parts);

  // Another seed is another run, from its first step on.
  const fs::path other = scratch / "other";
  require_success(run_tool_process("train_detector", small_detector_run(other, {"--seed", "2", "--max-steps", "4"})));
  const SafetensorsFile a(whole / "last.safetensors"), b(other / "last.safetensors");
  const SafetensorsEntry& tensor = a.tensors().front();
  CHECK_FALSE(std::equal(tensor.bytes.begin(), tensor.bytes.end(), b.at(tensor.name).bytes.begin()));

  // What it finds can be written down and scored from the file.
  const std::vector<std::string> data = {"--data", "synthetic", "--synthetic-size", "80", "--synthetic-classes", "3"};
  std::vector<std::string> arguments = data;
  arguments.insert(arguments.end(), {"--synthetic-images", "24", "--weights", (whole / "best.safetensors").string(),
                                     "--detections", (scratch / "found.json").string(), "--sheet",
                                     (scratch / "sheet.png").string(), "--batch-size", "7"});
  const ToolResult evaluated = run_tool_process("evaluate_detector", arguments);
  INFO(evaluated.output);
  REQUIRE(evaluated.status == 0);
  CHECK(contains(evaluated.output, "100 images"));
  CHECK(fs::file_size(scratch / "sheet.png") > 1000);
  const DetectionsFile found = read_detections(scratch / "found.json");
  CHECK(found.images.size() == 100);
  CHECK(found.class_names.size() == 3);
  arguments = data;
  arguments.insert(arguments.end(), {"--format", "synthetic", "--synthetic-images", "100", "--detections",
                                     (scratch / "found.json").string()});
  const ToolResult scored = run_tool_process("score_detections", arguments);
  INFO(scored.output);
  CHECK(scored.status == 0);
  // The same table, behind the line that counts images.
  CHECK(contains(evaluated.output, scored.output));
}

TEST_CASE("a killed detector's run goes on from its last checkpoint") {
  const TemporaryFolder scratch;
  const fs::path whole = scratch / "whole";
  const fs::path killed = scratch / "killed";
  require_success(run_tool_process("train_detector", small_detector_run(whole)));
  run_tool_and_signal("train_detector", small_detector_run(killed, {"--checkpoint-steps", "2"}),
                      killed / "metrics.jsonl", 2, SIGKILL);
  require_success(run_tool_process("train_detector", {"--resume", "--out", killed.string()}));
  require_equal_checkpoints(whole, killed);
}

TEST_CASE("a detector learns to find a plate, and detect draws it") {
  const TemporaryFolder scratch;
  write_voc(scratch / "voc", 16);
  const fs::path run = scratch / "run";
  std::vector<std::string> arguments = {"--data", (scratch / "voc").string(), "--tricks", "none"};
  arguments.insert(arguments.end(), {"--augmentation", "none", "--image-size", "96", "--batch-size", "8"});
  arguments.insert(arguments.end(), {"--epochs", "40", "--learning-rate", "0.002", "--evaluation-epochs", "20"});
  // The last of its ten batches of one size is not of the size that it is evaluated with.
  arguments.insert(arguments.end(), {"--random-shapes", "96:128:10", "--seed", "2", "--out", run.string()});
  {
    std::vector<std::string> with_anchors = arguments;
    with_anchors.insert(with_anchors.end(), {"--anchors", "auto"});
    const ToolResult trained = run_tool_process("train_detector", with_anchors);
    INFO(trained.output);
    REQUIRE(trained.status != 0);  // one box size has no nine anchors
    CHECK(contains(trained.output, "anchors"));
  }
  const ToolResult trained = run_tool_process("train_detector", arguments);
  require_success(trained);
  CHECK_FALSE(contains(trained.output, " 96 last size"));
  const std::vector<MetricsLine> metrics = read_metrics(run / "metrics.jsonl");
  double best = 0.0;
  for (const MetricsLine& line : metrics)
    best = std::max(best, line.find(metric_names::validation_map).value_or(0.0));
  CHECK(best > 0.9);

  // It was measured at --image-size, whatever size the last batch had.
  const std::string before = "COCO AP ";
  const std::size_t start = trained.output.find(before, trained.output.find("epoch 40: ")) + before.size();
  const std::string percent = trained.output.substr(start, trained.output.find('%', start) - start);
  const ToolResult evaluated = run_tool_process(
      "evaluate_detector", {"--data", (scratch / "voc").string(), "--weights", (run / "last.safetensors").string()});
  INFO(evaluated.output);
  const std::size_t mean = evaluated.output.find("\nmean ");
  REQUIRE(mean != std::string::npos);
  CHECK(contains(evaluated.output.substr(mean, evaluated.output.find('\n', mean + 1) - mean), percent));

  const fs::path out = scratch / "drawn";
  const ToolResult detected =
      run_tool_process("detect", {(scratch / "voc/JPEGImages").string(), "--weights",
                                  (run / "best.safetensors").string(), "--out", out.string(), "--json",
                                  (scratch / "found.json").string(), "--sheet", (scratch / "sheet.png").string()});
  require_success(detected);
  CHECK(contains(detected.output, "plate"));
  CHECK(std::distance(fs::directory_iterator(out), fs::directory_iterator()) == 16);
  const DetectionsFile found = read_detections(scratch / "found.json");
  REQUIRE(found.images.size() == 16);
  const auto first = std::find_if(found.detections.begin(), found.detections.end(),
                                  [](const Detection& detection) { return detection.image == 0; });
  REQUIRE(first != found.detections.end());
  CHECK(intersection_over_union(first->box, {8, 6, 48, 36}) > 0.5);

  {
    const fs::path jpegs = scratch / "jpegs";
    require_success(run_tool_process(
        "detect", {(scratch / "voc/JPEGImages/image3.png").string(), "--weights", (run / "best.safetensors").string(),
                   "--out", jpegs.string(), "--out-format", "jpeg"}));
    const auto jpeg = read_file(jpegs / "image3.jpg");
    CHECK(is_jpeg(jpeg));
    const ImageSize png_size = read_png_header(read_file(out / "image3.png"));
    const ImageSize jpeg_size = ImageDecoder().open(jpeg);
    CHECK(jpeg_size.width == png_size.width);
    CHECK(jpeg_size.height == png_size.height);
  }
  {  // A broken image is named, and the others are found.
    const auto bytes = read_file(scratch / "voc/JPEGImages/image3.png");
    write_file_atomically(scratch / "voc/JPEGImages/image3.png", std::span(bytes).first(bytes.size() / 2));
    const ToolResult rest = run_tool_process(
        "detect", {(scratch / "voc/JPEGImages").string(), "--weights", (run / "best.safetensors").string()});
    INFO(rest.output);
    CHECK(rest.status == 1);
    CHECK(contains(rest.output, "image3.png"));
    CHECK(contains(rest.output, "plate"));
  }
  {  // The detections that evaluate_detector writes get the same scores from score_detections.
    // One image that cannot be read (still), one object across the border, one difficult object: all that they could
    // disagree about.
    const auto replace = [&](const std::string& file, const std::string& old_text, const std::string& new_text) {
      std::string text = read_text_file(scratch / "voc/Annotations" / file);
      REQUIRE(contains(text, old_text));
      write_file_atomically(scratch / "voc/Annotations" / file,
                            text.replace(text.find(old_text), old_text.size(), new_text));
    };
    replace("image1.xml", "<xmin>12<", "<xmin>-30<");
    replace("image2.xml", "<difficult>0<", "<difficult>1<");
    const ToolResult measured = run_tool_process(
        "evaluate_detector", {"--data", (scratch / "voc").string(), "--weights", (run / "best.safetensors").string(),
                              "--detections", (scratch / "evaluated.json").string()});
    require_success(measured);
    const ToolResult scored =
        run_tool_process("score_detections", {"--data", (scratch / "voc").string(), "--format", "voc", "--detections",
                                              (scratch / "evaluated.json").string()});
    require_success(scored);
    const auto table = [](const std::string& output) { return output.substr(output.find("class ")); };
    CHECK(table(scored.output) == table(measured.output));
    INFO(scored.output << measured.output);
    CHECK(contains(measured.output, "1 broken image left out"));
    CHECK(contains(scored.output, "1 of the 16 images could not be read"));
    CHECK(contains(table(scored.output), "\nmean"));
  }
  {  // Classes that do not match the weights are refused.
    write_voc(scratch / "other", 4, "cup");
    const ToolResult other = run_tool_process("evaluate_detector", {"--data", (scratch / "other").string(), "--weights",
                                                                    (run / "best.safetensors").string()});
    INFO(other.output);
    CHECK(other.status == 1);
    CHECK(contains(other.output, "plate"));
    write_file_atomically(scratch / "two.txt", std::string("plate\ncup\n"));
    const ToolResult two =
        run_tool_process("detect", {(scratch / "voc/JPEGImages").string(), "--weights",
                                    (run / "best.safetensors").string(), "--classes", (scratch / "two.txt").string()});
    INFO(two.output);
    CHECK(two.status == 1);
    CHECK(contains(two.output, "1 class, but"));
  }
}

TEST_CASE("difficult objects are left out of training when that is asked for") {
  const TemporaryFolder scratch;
  write_voc(scratch / "voc", 8);
  const fs::path annotation = scratch / "voc/Annotations/image5.xml";
  std::string text = read_text_file(annotation);
  write_file_atomically(annotation, text.replace(text.find("<difficult>0<"), 13, "<difficult>1<"));
  const auto train = [&](const std::string& difficult) {
    const ToolResult result =
        run_tool_process("train_detector", {"--data", (scratch / "voc").string(), "--tricks", "none", "--augmentation",
                                            "none", "--image-size", "96", "--batch-size", "8", "--max-steps", "1",
                                            "--difficult", difficult, "--out", (scratch / difficult).string()});
    require_success(result);
    CHECK(contains(read_text_file(scratch / difficult / "recipe.toml"), "difficult = \"" + difficult + "\""));
    return result.output;
  };
  const std::string kept = train("keep");
  INFO(kept);
  CHECK(contains(kept, "8 training images with 8 objects and 8 evaluation images with 8 of 1 class;"));
  const std::string dropped = train("drop");
  INFO(dropped);
  CHECK(contains(dropped, "8 training images with 7 objects and 8 evaluation images with 8 of 1 class;"));
  CHECK(contains(dropped, "1 difficult object is not trained on, as asked for"));
}

TEST_CASE("the objectness prior is how new heads start, and nothing else") {
  const TemporaryFolder scratch;
  const auto train = [&](const std::string& name, const std::vector<std::string>& flags) {
    require_success(run_tool_process("train_detector", small_detector_run(scratch / name, flags)));
    return tensors_of(scratch / name / "last.safetensors");
  };
  const auto recipe = [&](const std::string& name) { return read_text_file(scratch / name / "recipe.toml"); };
  const std::vector<std::string> short_run = {"--max-steps", "2"};
  const auto short_with = [&](std::vector<std::string> flags) {
    flags.insert(flags.end(), short_run.begin(), short_run.end());
    return flags;
  };
  const auto plain = train("plain", short_run);
  CHECK(contains(recipe("plain"), "\nobjectness-prior = 0.01\n"));
  CHECK(train("same", short_with({"--objectness-prior", "0.01"})) == plain);
  CHECK(train("darknet", short_with({"--objectness-prior", "0.5"})) != plain);
  CHECK(contains(recipe("darknet"), "\nobjectness-prior = 0.5\n"));

  // Weights that are loaded bring their own biases.
  const std::string weights = (scratch / "plain" / "last.safetensors").string();
  const auto loaded = train("loaded", short_with({"--weights", weights}));
  CHECK(train("loaded-darknet", short_with({"--weights", weights, "--objectness-prior", "0.5"})) == loaded);

  // A run that goes on keeps the prior of its start.
  CHECK(train("same", {"--resume", "--max-steps", "4"}) == train("plain", {"--resume", "--max-steps", "4"}));
  const ToolResult changed = run_tool_process(
      "train_detector",
      small_detector_run(scratch / "same", {"--objectness-prior", "0.5", "--resume", "--max-steps", "6"}));
  CHECK(changed.status != 0);
  CHECK(contains(changed.output, "objectness-prior"));
}

TEST_CASE("misuse of train_detector is answered with one clear message") {
  const TemporaryFolder scratch;
  const fs::path run = scratch / "run";
  const auto expect = [&](const std::vector<std::string>& arguments, const std::string& part) {
    const ToolResult result = run_tool_process("train_detector", arguments);
    INFO(result.output);
    CHECK(result.status != 0);
    CHECK(result.status < 128);
    CHECK(contains(result.output, part));
  };
  expect({"--no-such-flag"}, "--no-such-flag");
  expect({"--model", "yolov4"}, "yolov3");
  expect({"--data", "/no/such/folder", "--out", run.string()}, "/no/such/folder");
  expect({"--data", "/no/such/folder", "--format", "pascal"}, "pascal");
  expect({"--data", "/no/such/folder", "--format", "synthetic"}, "--data synthetic");
  write_voc(scratch / "voc", 2);
  expect({"--data", (scratch / "voc").string(), "--out", run.string(), "--difficult", "maybe"},
         "--difficult must be one of keep, drop");
  expect({"--image-size", "100"}, "multiple of 32");
  expect({"--anchors", "1,2 3,4"}, "nine");
  expect({"--anchors", "9,9 1,2 3,4 5,6 7,8 9,10 11,12 13,14 15,16"}, "smallest first");
  expect({"--random-shapes", "60:90:5:10"}, "multiples of 32");
  expect({"--label-smoothing", "0.1"}, "gluon");
  expect({"--ignore-threshold", "0"}, "--ignore-threshold");
  for (const char* prior : {"0", "1", "-0.5", "nan"})
    expect({"--objectness-prior", prior}, "--objectness-prior");
  expect(small_detector_run(run, {"--synthetic-objects", "0"}), "--synthetic-objects must be a whole number, 1 to 100");
  expect({"--metric", "map"}, "--metric");
  expect({"--mixup-off-epochs", "-1"}, "--mixup-off-epochs");
  expect(small_detector_run(run, {"--mixup-off-epochs", "3"}), "mixup");
  expect(small_detector_run(run, {"--weights", "/no/such/file"}), "/no/such/file");
  expect(small_detector_run(run, {"--weights", "a", "--backbone-weights", "b"}), "cannot both");
  CHECK_FALSE(fs::exists(run / "last.safetensors"));
}

TEST_CASE("one step of a detector on simt equals one on the cpu") {
  const TemporaryFolder scratch;
  for (const char* device : {"cpu", "simt"}) {
    require_success(run_tool_process("train_detector",
                                     small_detector_run(scratch / device, {"--device", device, "--max-steps", "1"})));
  }
  const SafetensorsFile cpu(scratch / "cpu/last.safetensors"), simt(scratch / "simt/last.safetensors");
  // By tensor: single gradients are small differences of large sums, taken in another order on each device.
  double worst = 0.0;
  for (const SafetensorsEntry& tensor : cpu.tensors()) {
    if (tensor.type != DataType::float32) continue;
    std::vector<float> a(tensor.bytes.size() / sizeof(float)), b(a.size());
    copy_values(tensor, std::span(a));
    copy_values(simt.at(tensor.name), std::span(b));
    double difference = 0.0, size = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) {
      difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
      size += std::pow(static_cast<double>(a[i]), 2);
    }
    INFO(tensor.name << ": " << std::sqrt(difference) << " of " << std::sqrt(size));
    REQUIRE(std::sqrt(difference) <= 2e-2 * std::sqrt(size) + 1e-7);
    worst = std::max(worst, difference);
  }
  CHECK(worst > 0.0);  // two devices really were at work
}
