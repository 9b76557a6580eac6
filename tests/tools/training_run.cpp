#include "tests/tools/training_run.h"

#include <algorithm>

#include "catch2_adapter.h"
#include "engine/checkpoint/safetensors.h"

namespace sleight::test {

std::vector<std::string> small_run(const std::filesystem::path& out, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"--data",
                                        "synthetic",
                                        "--synthetic-images",
                                        "160",
                                        "--synthetic-size",
                                        "20",
                                        "--model",
                                        "cifar_resnet20",
                                        "--tricks",
                                        "all",
                                        "--epochs",
                                        "3",
                                        "--batch-size",
                                        "16",
                                        "--image-size",
                                        "16",
                                        "--random-shapes",
                                        "16:24:3:8",
                                        "--mixup-off-epochs",
                                        "1",
                                        "--warmup-epochs",
                                        "0.5",
                                        "--out",
                                        out.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::vector<std::string> small_detector_run(const std::filesystem::path& out, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {"--data",
                                        "synthetic",
                                        "--synthetic-images",
                                        "24",
                                        "--synthetic-size",
                                        "80",
                                        "--synthetic-classes",
                                        "3",
                                        "--model",
                                        "yolov3_small",
                                        "--tricks",
                                        "all",
                                        "--epochs",
                                        "3",
                                        "--batch-size",
                                        "4",
                                        "--image-size",
                                        "64",
                                        "--random-shapes",
                                        "64:96:2",
                                        "--mixup-off-epochs",
                                        "1",
                                        "--warmup-epochs",
                                        "0.5",
                                        "--out",
                                        out.string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

std::vector<std::string> changed(std::vector<std::string> arguments,
                                 const std::vector<std::pair<std::string, std::string>>& values) {
  for (const auto& [flag, value] : values) {
    const auto found = std::ranges::find(arguments, flag);
    if (found == arguments.end())
      arguments.insert(arguments.end(), {flag, value});
    else
      *(found + 1) = value;
  }
  return arguments;
}

void require_success(const ToolResult& result) {
  INFO(result.output);
  REQUIRE(result.status == 0);
}

void require_equal_checkpoints(const std::filesystem::path& a, const std::filesystem::path& b) {
  const SafetensorsFile first(a / "last.safetensors");
  const SafetensorsFile second(b / "last.safetensors");
  REQUIRE(first.tensors().size() == second.tensors().size());
  REQUIRE(first.tensors().size() > 200);
  for (const SafetensorsEntry& tensor : first.tensors()) {
    INFO(tensor.name);
    const SafetensorsEntry& other = second.at(tensor.name);
    const bool equal = std::equal(tensor.bytes.begin(), tensor.bytes.end(), other.bytes.begin(), other.bytes.end());
    REQUIRE(equal);
  }
  REQUIRE(first.metadata().size() == second.metadata().size());
  for (const auto& [key, value] : first.metadata()) {
    if (key == "recipe") continue;
    INFO(key);
    REQUIRE(value == second.metadata().at(key));
  }
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace sleight::test
