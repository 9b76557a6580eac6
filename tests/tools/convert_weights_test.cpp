// convert_weights as a user runs it.
#include <algorithm>
#include <cstring>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/checkpoint/safetensors.h"
#include "models/detector.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/tool_process.h"

using namespace sleight;
using namespace sleight::test;

namespace {

// What a detector, or its backbone, takes in a file of darknet's.
std::size_t numbers_of(const std::string& model, std::int64_t classes, bool backbone) {
  Tracer trace(Mode::inference);
  const ValueId images = trace.input("images", {1, 32, 32, 3}, DataType::float32);
  if (backbone) {
    find_detector(model).trace_backbone(trace, images);
  } else {
    default_configuration(find_detector(model))->trace(trace, images, classes);
  }
  std::int64_t count = 0;
  for (const Parameter& parameter : trace.program().parameters)
    count += trace.program().value(parameter.value).type.count();
  return static_cast<std::size_t>(count);
}

// A file of version 0.1, whose counter has 32 bits.
std::vector<std::byte> darknet_file(std::size_t numbers) {
  const std::int32_t header[] = {0, 1, 3, 500200};
  std::vector<float> values(numbers);
  for (std::size_t i = 0; i < numbers; ++i)
    values[i] = static_cast<float>(i % 977) / 1024.0F;
  std::vector<std::byte> bytes(sizeof header + numbers * sizeof(float));
  std::memcpy(bytes.data(), header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, values.data(), numbers * sizeof(float));
  return bytes;
}

ToolResult convert(const std::vector<std::string>& arguments) {
  return run_tool_process("convert_weights", arguments);
}

}  // namespace

TEST_CASE("convert_weights: to safetensors and back, the file is the same, its header too") {
  const TemporaryFolder folder;
  const std::string given = folder / "given.weights", between = folder / "between.safetensors",
                    again = folder / "again.weights";
  for (const bool backbone : {false, true}) {
    CAPTURE(backbone);
    const std::vector<std::byte> bytes = darknet_file(numbers_of("yolov3_small", 3, backbone));
    write_file_atomically(given, bytes);
    std::vector<std::string> flags = {"--model", "yolov3_small", "--classes", "3"};
    if (backbone) flags.push_back("--backbone");
    const auto with_flags = [&](std::vector<std::string> files) {
      files.insert(files.end(), flags.begin(), flags.end());
      return convert(files);
    };
    const ToolResult there = with_flags({given, between});
    INFO(there.output);
    REQUIRE(there.status == 0);
    CHECK(contains(there.output, backbone ? "14 convolutions" : "25 convolutions"));
    CHECK(contains(there.output, "trained on 500200 images"));
    const SafetensorsFile file(between);
    CHECK(file.at("stem.conv1.conv.weight").shape == std::vector<std::int64_t>{16, 3, 3, 3});
    CHECK((file.find("heads.stride8.prediction.bias") == nullptr) == backbone);
    CHECK(file.metadata().at("model") == "yolov3_small");
    const ToolResult back = with_flags({between, again});
    INFO(back.output);
    REQUIRE(back.status == 0);
    CHECK(read_file(again) == bytes);
  }
}

TEST_CASE("convert_weights: the backbone is taken out of a detector's weights when that is asked for") {
  const TemporaryFolder folder;
  const std::string given = folder / "given.weights", out = folder / "backbone.weights";
  const std::vector<std::byte> bytes = darknet_file(numbers_of("yolov3_small", 3, false));
  write_file_atomically(given, bytes);
  const ToolResult refused = convert({given, out, "--model", "yolov3_small", "--backbone"});
  CHECK(refused.status == 1);
  CHECK(contains(refused.output, "goes on for"));
  const ToolResult taken = convert({given, out, "--model", "yolov3_small", "--backbone", "--ignore-leftover"});
  INFO(taken.output);
  REQUIRE(taken.status == 0);
  const std::vector<std::byte> backbone = read_file(out);
  CHECK(backbone.size() == 16 + 4 * numbers_of("yolov3_small", 3, true));
  CHECK(std::equal(backbone.begin(), backbone.end(), bytes.begin()));
}

TEST_CASE("convert_weights: what does not fit is one clear line") {
  const TemporaryFolder folder;
  const std::string given = folder / "given.weights", out = folder / "out.safetensors";
  write_file_atomically(given, darknet_file(numbers_of("yolov3_small", 3, false)));
  const auto expect = [&](const std::vector<std::string>& arguments, const std::string& part) {
    const ToolResult result = convert(arguments);
    INFO(result.output);
    CHECK(result.status == 1);
    CHECK(contains(result.output, part));
    CHECK_FALSE(std::filesystem::exists(out));
  };
  expect({given, out, "--model", "yolov3_small", "--classes", "4"}, "another number of classes");
  expect({given, out, "--model", "yolo"}, "did you mean 'yolov3'?");
  expect({given, out, "--model", "resnet50"}, "there is no model with darknet's weights 'resnet50'");
  expect({given, out, "--model", "darknet_small", "--backbone"}, "darknet_small is a classifier");
  expect({folder / "missing.weights", out, "--model", "yolov3_small"}, "missing.weights");
}
