// The table of formats, and what holds for each of them.
#include "engine/data/annotations/annotation_format.h"

#include <set>

#include "catch2_adapter.h"
#include "dataset_files.h"
#include "engine/base/text.h"

using namespace sleight;
using namespace sleight::test;

TEST_CASE("formats have names of their own, which help texts and errors list") {
  const std::vector<std::string> names = detector_dataset_formats();
  REQUIRE(names.size() == annotation_formats().size() + 2);
  CHECK(std::set<std::string>(names.begin(), names.end()).size() == names.size());
  CHECK(names.front() == automatic_format);
  CHECK(names.back() == synthetic_format);
  for (const AnnotationFormat* format : annotation_formats()) {
    CHECK(message_of([&] { check_detector_dataset_format(format->name()); }).empty());
    CHECK(contains(annotation_format_help(), format->name() + " (" + format->files() + ")"));
  }
  const std::string error = "there is no detection format \"pascal\": choose " + alternatives(names);
  CHECK(contains(message_of([] { check_detector_dataset_format("pascal"); }), error));
  CHECK(contains(message_of([] { open_detector_datasets("/data", "pascal"); }), error));
  CHECK(contains(message_of([] { check_detector_dataset_format(""); }), "no detection format \"\""));
}

TEST_CASE("every format says what it found none of, and what it looked for") {
  const TemporaryFolder folder;
  write_bytes(folder / "notes.md", bytes_of("nothing\n"));
  for (const AnnotationFormat* format : annotation_formats()) {
    CAPTURE(format->name());
    CHECK(!format->looked_for().training.empty());
    CHECK(!format->looked_for().evaluation.empty());
    const std::string message = open_message(folder.path(), format->name());
    CHECK(contains(message, folder.path().string()));
    CHECK(contains(message, "looked for "));
    DetectorDatasetOptions named;
    named.training_split = "night";
    named.evaluation_split = "day";
    CHECK(contains(open_message(folder.path(), format->name(), named), folder.path().string()));
  }
}

TEST_CASE("splits that are not named are train and the first of val, valid and test") {
  const auto find = [](const SplitNames& wanted, std::set<std::string> present) {
    const SplitNames found =
        find_usual_splits(wanted, [&](const std::string& split) { return present.contains(split); });
    return found.training + "|" + found.evaluation;
  };
  CHECK(find({}, {}) == "|");
  CHECK(find({}, {"train", "test"}) == "train|test");
  CHECK(find({}, {"train", "test", "valid"}) == "train|valid");
  CHECK(find({}, {"test", "valid", "val"}) == "|val");
  CHECK(find({"fold_1", ""}, {"train", "val"}) == "fold_1|val");
  CHECK(find({"", "fold_2"}, {"train", "val"}) == "train|fold_2");
}
