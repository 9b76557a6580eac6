// What a detector's training is shown: the schedule of its batches, and the image of one.
#include <algorithm>
#include <filesystem>
#include <set>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/train/batch_schedule.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"
#include "tool_process.h"
#include "tools/detector/show_batch.h"
#include "tricks/all_tricks.h"

using namespace sleight;
using namespace sleight::test;

namespace {

using Schedule = ClassifierSchedule<DetectorBatchRequest>;

DetectorBatchRequest request_of(Schedule& schedule, std::int64_t step) {
  DetectorBatchRequest request;
  REQUIRE(schedule.fill(step, request));
  return request;
}

}  // namespace

TEST_CASE("detection schedule: each epoch every image once, a step's request a function of the step") {
  TrickList tricks(detector_tricks());
  OptionList options;
  tricks.declare(options, LearningTask::detector);
  options.read("random-shapes = \"64:128:3\"\nmixup-off-epochs = 2\n", "the test's settings");
  tricks.resolve(
      {.task = LearningTask::detector, .tricks = TrickSet::all, .epochs = 6, .image_size = 96, .size_multiple = 32});
  tricks.begin({.seed = 5, .epochs = 6, .steps_per_epoch = 4, .batch_size = 4, .images = 18, .image_size = 96});
  CHECK(tricks.sizes() == std::vector<std::int64_t>{128, 96, 64});
  Schedule schedule(tricks, detector_training_augmentation());
  std::vector<DetectorBatchRequest> requests;
  std::set<std::int64_t> sizes;
  for (std::int64_t step = 0; step < 24; ++step) {
    requests.push_back(request_of(schedule, step));
    const DetectorBatchRequest& request = requests.back();
    CHECK(request.epoch == step / 4);
    // One size for three steps.
    CHECK(request.height == requests[static_cast<std::size_t>(step / 3 * 3)].height);
    CHECK(request.width == request.height);
    CHECK(request.recipe == detector_training_augmentation());
    CHECK(request.partners.empty() == (request.epoch >= 4));
    sizes.insert(request.height);
  }
  CHECK(sizes.size() == 3);
  DetectorBatchRequest past;
  CHECK_FALSE(schedule.fill(24, past));
  for (std::size_t epoch = 0; epoch < 6; ++epoch) {
    std::set<std::int64_t> seen;
    for (std::size_t step = epoch * 4; step < epoch * 4 + 4; ++step)
      seen.insert(requests[step].samples.begin(), requests[step].samples.end());
    CHECK(seen.size() == 16);
  }
  CHECK(requests[0].samples != requests[4].samples);
  // Asked for in any order, by a run that goes on.
  Schedule resumed(tricks, detector_training_augmentation());
  for (const std::int64_t step : {13, 2, 23}) {
    const DetectorBatchRequest request = request_of(resumed, step);
    const DetectorBatchRequest& reference = requests[static_cast<std::size_t>(step)];
    CHECK(request.samples == reference.samples);
    CHECK(request.partners == reference.partners);
    CHECK(request.lambdas == reference.lambdas);
    CHECK(request.height == reference.height);
  }
  // Without tricks the same images at the training's own size.
  TrickList none({});
  none.begin(tricks.plan());
  Schedule plain(none, detector_training_augmentation());
  const DetectorBatchRequest request = request_of(plain, 7);
  CHECK(request.samples == requests[7].samples);
  CHECK(request.height == 96);
  CHECK(request.partners.empty());
}

TEST_CASE("evaluation schedule: every image once in its order, what is left in the last batch") {
  const EvaluationSchedule<DetectorBatchRequest> schedule{
      .images = 7, .batch_size = 3, .image_size = 64, .recipe = detector_evaluation_augmentation()};
  std::vector<std::int64_t> seen;
  std::vector<std::size_t> sizes;
  DetectorBatchRequest request;
  for (std::int64_t step = 0; schedule(step, request); ++step) {
    seen.insert(seen.end(), request.samples.begin(), request.samples.end());
    sizes.push_back(request.samples.size());
    CHECK((request.height == 64 && request.width == 64));
    CHECK(request.recipe == detector_evaluation_augmentation());
  }
  CHECK(seen == std::vector<std::int64_t>{0, 1, 2, 3, 4, 5, 6});
  CHECK(sizes == std::vector<std::size_t>{3, 3, 1});
}

TEST_CASE("a detector's batch is drawn mirrored as the network sees it, boxes where the batch says") {
  const std::vector<std::uint8_t> images = [] {
    std::vector<std::uint8_t> pixels(300 * 300 * 3, 50);
    for (std::size_t y = 0; y < 300; ++y)  // bright on the left before mirroring
      std::fill_n(pixels.begin() + static_cast<std::ptrdiff_t>(y * 900), 300, std::uint8_t{250});
    return pixels;
  }();
  const std::vector<std::int32_t> flips = {1};
  const std::vector<float> boxes = {200, 100, 300, 200, 0, 0, 0, 0};
  const std::vector<std::int32_t> classes = {1, -1};
  const std::vector<float> weights = {0.25F, 0.0F};
  const DetectorBatchView batch{.size = 1,
                                .height = 300,
                                .width = 300,
                                .maximum_objects = 2,
                                .images = images,
                                .flips = flips,
                                .object_boxes = boxes,
                                .object_classes = classes,
                                .object_weights = weights};
  const Image page = draw_detector_batch(batch, {"a", "b"}, "");
  // Find the image on the page by its dark upper left part, then look around the box.
  const ImageView view = std::as_const(page).view();
  std::int64_t left = 0, top = 0;
  while (top < view.height && view.row(top)[view.width / 2 * 3] == 255)
    ++top;
  while (left < view.width && view.row(top)[left * 3] == 255)
    ++left;
  const auto red_at = [&](std::int64_t y, std::int64_t x) { return int{view.row(top + y)[(left + x) * 3]}; };
  CHECK(red_at(10, 10) == 50);
  CHECK(red_at(10, 290) == 250);
  CHECK(red_at(150, 250) == 250);
  CHECK((red_at(150, 200) != 50 && red_at(150, 200) != 250));  // the box's left edge, green
  CHECK(red_at(150, 197) == 50);
  CHECK(contains(error_message([&] { draw_detector_batch(batch, {"a"}, ""); }), "class 1"));
}

TEST_CASE("show_batch draws a detector's batch") {
  const TemporaryFolder scratch;
  const auto png = scratch / "batch.png";
  std::vector<std::string> arguments = {"--data", "synthetic", "--format", "synthetic", "--synthetic-images", "20"};
  arguments.insert(arguments.end(),
                   {"--batch-size", "4", "--image-size", "96", "--mixup", "1.5", "--png", png.string()});
  const ToolResult shown = run_tool_process("show_batch", arguments);
  CAPTURE(shown.output);
  REQUIRE(shown.status == 0);
  CHECK(contains(shown.output, "Beta(1.5, 1.5)"));
  CHECK(std::filesystem::file_size(png) > 5000);
  // Without mixup it is another batch, and the tricks of train_detector's flags are the ones that are drawn.
  const auto before = read_file(png);
  std::replace(arguments.begin(), arguments.end(), std::string("1.5"), std::string("0"));
  arguments.insert(arguments.end(), {"--random-shapes", "96:128:1", "--difficult", "drop"});
  const ToolResult plain = run_tool_process("show_batch", arguments);
  CAPTURE(plain.output);
  REQUIRE(plain.status == 0);
  const bool same = read_file(png) == before;
  CHECK_FALSE(same);
  const ToolResult refused = run_tool_process("show_batch", {"--data", "synthetic", "--format", "images"});
  CHECK(refused.status != 0);
  CHECK(contains(refused.output, "voc"));
}
