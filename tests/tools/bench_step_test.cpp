// What bench_step reports, and what its figures are made of.
#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "bench/noise_batch.h"
#include "bench/roofline.h"
#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/ops/ops.h"
#include "tests/base/temporary_folder.h"
#include "tests/folders.h"
#include "tests/tools/training_run.h"
#include "tools/models/model_program.h"

using namespace sleight;
using namespace sleight::test;

namespace {

template <class T>
std::vector<T> numbers_of(const NoiseBatch& batch, const std::string& name) {
  for (const NoiseBatch::Input& input : batch.inputs()) {
    if (input.name != name) continue;
    std::vector<T> numbers(input.bytes.size() / sizeof(T));
    std::memcpy(numbers.data(), input.bytes.data(), input.bytes.size());
    return numbers;
  }
  return {};
}

}  // namespace

TEST_CASE("the roofline of a program is the sum of what each step cannot go below") {
  Tracer trace(Mode::inference);
  const ValueId x = trace.input("x", {64, 128}, DataType::float32);
  const ValueId weights = trace.input("weights", {32, 128}, DataType::float32);
  const ValueId y = trace.emit_one(operations::linear, {x, weights, no_value});
  trace.result(ops::relu(trace, y), "y");
  const double linear_flops = 2.0 * 64 * 128 * 32;
  const double linear_bytes = 4.0 * (64 * 128 + 32 * 128 + 64 * 32);
  const double relu_bytes = 4.0 * 2 * 64 * 32;

  const Cost total = total_cost(trace.program());
  CHECK(total.bytes == Approx(linear_bytes + relu_bytes));
  // Bound by arithmetic and by memory; then both by memory.
  CHECK(roofline_seconds(trace.program(), {.flops_per_second = 1e6, .bytes_per_second = 1e9}) ==
        Approx(linear_flops / 1e6 + relu_bytes / 1e9));
  CHECK(roofline_seconds(trace.program(), {.flops_per_second = 1e12, .bytes_per_second = 1e6}) ==
        Approx((linear_bytes + relu_bytes) / 1e6));
}

TEST_CASE("a measured product is one that the device can do") {
  const Device device("cpu");
  for (const DataType element : {DataType::float32, DataType::bfloat16}) {
    const MeasuredProduct product(device, element, 256);
    CHECK(product.flops() == 2.0 * 256 * 256 * 256);
    const double rate = product.flops() / product.seconds();
    CAPTURE(rate);
    // A processor does more than a million and less than a quadrillion operations in a second.
    CHECK(rate > 1e6);
    CHECK(rate < 1e15);
  }
}

TEST_CASE("noise fits the inputs of a detector: boxes inside of their images, classes that exist") {
  const ModelProgram traced =
      model_program({.model = "yolov3_small", .batch_size = 3, .image_size = 96, .classes = 7, .maximum_objects = 5});
  const NoiseBatch batch(traced.program, traced.classes);
  CHECK(batch.inputs().size() == 5);
  CHECK(numbers_of<std::uint8_t>(batch, "images").size() == 3 * 96 * 96 * 3);
  const auto boxes = numbers_of<float>(batch, "object_boxes");
  REQUIRE(boxes.size() == 3 * 5 * 4);
  for (std::size_t i = 0; i < boxes.size(); i += 4) {
    CAPTURE(i, boxes[i], boxes[i + 1], boxes[i + 2], boxes[i + 3]);
    for (const std::size_t axis : {i, i + 1}) {
      CHECK(boxes[axis] >= 0.0F);
      CHECK(boxes[axis + 2] <= 96.0F);
      CHECK(boxes[axis + 2] - boxes[axis] >= 0.04F * 96);
    }
  }
  const auto classes = numbers_of<std::int32_t>(batch, "object_classes");
  REQUIRE(classes.size() == 15);
  CHECK(*std::min_element(classes.begin(), classes.end()) >= 0);
  CHECK(*std::max_element(classes.begin(), classes.end()) < 7);
  CHECK(*std::max_element(classes.begin(), classes.end()) > 0);
  CHECK(numbers_of<float>(batch, "object_weights") == std::vector<float>(15, 1.0F));
}

TEST_CASE("bench_step reports a detector's step, its roofline, and leaves the step for other programs") {
  if (!std::filesystem::exists(binary_folder() / "bin/bench_step")) {
    WARN("[skipped] this build leaves the benchmarks out (SLEIGHT_BENCH)");
    return;
  }
  const TemporaryFolder scratch;
  const auto json = scratch / "step.json";
  const auto record = scratch / "record";
  const ToolResult result =
      run_tool_process("bench_step", {"--model", "yolov3_small", "--image-size", "64", "--batch-size", "2", "--classes",
                                      "3", "--warm-up", "1", "--steps", "2", "--threads", "1", "--json", json.string(),
                                      "--record", record.string(), "--profile"});
  require_success(result);
  CHECK(contains(result.output, "yolov3_small batch 2 64x64"));
  CHECK(contains(result.output, "% of it reached"));
  CHECK(contains(result.output, "yolo_loss_backward"));
  const nlohmann::json report = nlohmann::json::parse(read_text_file(json));
  CHECK(report.at("classes") == 3);
  for (const char* name : {"images_per_second", "roofline_images_per_second", "roofline_fraction",
                           "measured_peak_flops_per_second", "measured_copy_bytes_per_second"}) {
    CAPTURE(std::string(name));
    CHECK(report.at(name).get<double>() > 0.0);
  }
  CHECK(report.at("images_per_second").get<double>() / report.at("roofline_images_per_second").get<double>() ==
        Approx(report.at("roofline_fraction").get<double>()));

  const nlohmann::json step = nlohmann::json::parse(read_text_file(record / "step.json"));
  const auto components = step.at("components").get<std::vector<double>>();
  REQUIRE(components.size() == 4);
  CHECK(components[0] + components[1] + components[2] + components[3] == Approx(step.at("loss").get<double>()));
  for (const char* name : {"before.safetensors", "after.safetensors", "batch.safetensors"})
    CHECK(std::filesystem::file_size(record / name) > 1000);
}
