#include "engine/report/progress.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"

namespace sleight {

namespace {

Progress example() {
  return {.epoch = 3,
          .epochs = 10,
          .step = 917,
          .steps = 3910,
          .images_per_second = 412.4,
          .loss = 1.23456,
          .accuracy = 0.5512,
          .learning_rate = 0.0954915,
          .seconds_left = 3725.0};
}

}  // namespace

TEST_CASE("durations are written as people read them") {
  CHECK(format_duration(0) == "0 s");
  CHECK(format_duration(59.4) == "59 s");
  CHECK(format_duration(59.6) == "1:00");
  CHECK(format_duration(725) == "12:05");
  CHECK(format_duration(3599.6) == "1:00:00");
  CHECK(format_duration(10925) == "3:02:05");
  CHECK(format_duration(190800) == "2 d 05 h");
  CHECK(format_duration(-1) == "?");
  CHECK(format_duration(std::nan("")) == "?");
  CHECK(format_duration(std::numeric_limits<double>::infinity()) == "?");
  CHECK(format_duration(1e18) == "years");
}

TEST_CASE("learning rates keep four digits") {
  CHECK(format_rate(0.1) == "0.1");
  CHECK(format_rate(0.0954915) == "0.09549");
  CHECK(format_rate(0.00003204) == "3.204e-05");
  CHECK(format_rate(0) == "0");
}

TEST_CASE("the progress line tells everything where there is room") {
  CHECK(format_progress(example(), 200) ==
        "[####................]  epoch  3/10  step  917/3910    412 images/s  loss 1.2346  accuracy  55.1%  learning "
        "rate "
        "  0.09549  1:02:05 left");
}

TEST_CASE("the progress line never exceeds its width and keeps what matters most") {
  for (int width = 0; width <= 160; ++width) {
    CAPTURE(width);
    CHECK(format_progress(example(), width).size() <= static_cast<std::size_t>(width));
  }
  CHECK(format_progress(example(), 80) == "epoch  3/10  step  917/3910  loss 1.2346  accuracy  55.1%  1:02:05 left");
  CHECK(format_progress(example(), 30) == "epoch  3/10  loss 1.2346");
  CHECK(format_progress(example(), 12) == "loss 1.2346");
  CHECK(format_progress(example(), 4) == "loss");
  CHECK(format_progress(example(), -1) == "");
}

TEST_CASE("the progress line stands still while its numbers change") {
  Progress progress = example();
  const std::size_t size = format_progress(progress, 200).size();
  progress.epoch = 10;
  progress.step = 1;
  progress.images_per_second = 7;
  progress.accuracy = 1.0;
  progress.learning_rate = 3.2e-5;
  progress.seconds_left = 5;
  CHECK(format_progress(progress, 200).size() == size);
  progress.accuracy = std::nan("");
  CHECK(format_progress(progress, 200).size() == size);
  CHECK(contains(format_progress(progress, 200), "accuracy      -"));
  progress.accuracy.reset();  // a detector's
  CHECK(!contains(format_progress(progress, 200), "accuracy"));
  progress.seconds_left.reset();
  CHECK(!contains(format_progress(progress, 200), "left"));
  progress.steps = 0;
  progress.loss = std::nan("");
  CHECK(contains(format_progress(progress, 200), "loss nan"));
}

TEST_CASE("the starving part is named") {
  CHECK(describe_bottleneck({}, 2) == "");
  CHECK(describe_bottleneck({.wait = std::nan("")}, 2) == "");
  CHECK(describe_bottleneck({.decode = 3, .augment = 1, .wait = 4, .step = 6}, 2) ==
        "the computation starves: it waits 40% of its time for images; decoding takes 75% of the loader's time; give "
        "it "
        "more threads (--loader-threads, now 2) or smaller images");
  CHECK(contains(describe_bottleneck({.decode = 1, .augment = 3, .wait = 1, .step = 1}, 1), "augmenting takes 75%"));
  CHECK(describe_bottleneck({.decode = 0.4, .augment = 0.2, .wait = 0.01, .step = 0.99}, 2) ==
        "the computation sets the pace: it waits 1% of its time for images, and the loader's 2 threads are 30% busy");
  CHECK(contains(describe_bottleneck({.decode = 0.4, .step = 1}, 1), "1 thread is 40% busy"));
}

TEST_CASE("speed and time left come from recent steps") {
  RecentSpeed speed(3);
  CHECK(!speed.seconds_left(5));
  CHECK(speed.images_per_second() == 0);
  speed.add(64, 100);  // the slow first step
  CHECK(speed.images_per_second() == Approx(0.64));
  for (int i = 0; i < 3; ++i)
    speed.add(64, 0.5);
  CHECK(speed.images_per_second() == Approx(128));
  REQUIRE(speed.seconds_left(10));
  CHECK(*speed.seconds_left(10) == Approx(5));
  CHECK(*speed.seconds_left(-3) == 0);
}

TEST_CASE("the progress line is redrawn on a terminal and printed now and then elsewhere") {
  const TemporaryFolder folder;
  std::FILE* file = std::fopen((folder / "output").c_str(), "w");
  const auto lines = [&] {
    const std::string text = read_text_file(folder / "output");
    return std::count(text.begin(), text.end(), '\n');
  };
  SECTION("a terminal") {
    Log log(file, true);
    {
      ProgressLine line(log);
      line.update(example());
      CHECK(contains(read_text_file(folder / "output"), "\r\x1b[Kepoch  3/10"));
      CHECK(lines() == 0);
      line.finish(example());
      CHECK(lines() == 1);
      line.update(example());
    }
    log.message("after");
    CHECK(lines() == 2);
    CHECK(contains(read_text_file(folder / "output"), "left\nafter\n"));
  }
  SECTION("no terminal") {
    Log log(file, false);
    ProgressLine line(log, 1000);
    for (int i = 0; i < 5; ++i)
      line.update(example());
    CHECK(lines() == 1);
    line.finish(example());
    CHECK(lines() == 2);
    CHECK(!contains(read_text_file(folder / "output"), "\x1b"));
    ProgressLine always(log, 0);
    for (int i = 0; i < 5; ++i)
      always.update(example());
    CHECK(lines() == 7);
  }
  std::fclose(file);
}

}  // namespace sleight
