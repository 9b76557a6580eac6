// What the tests of training runs share: a small run with every trick, and what must be equal between two of them.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/tool_process.h"

namespace sleight::test {

// Every trick at once, on images small enough for a step to take milliseconds: 3 epochs of 10 steps.
std::vector<std::string> small_run(const std::filesystem::path& out, const std::vector<std::string>& more = {});

// The same for a detector: 3 epochs of 6 steps.
std::vector<std::string> small_detector_run(const std::filesystem::path& out,
                                            const std::vector<std::string>& more = {});

// The arguments with other values, each in the place of its flag or, where there is none, at the end.
std::vector<std::string> changed(std::vector<std::string> arguments,
                                 const std::vector<std::pair<std::string, std::string>>& values);

void require_success(const ToolResult& result);

// Weights, momentum, running statistics, averages, and where the run stands: bit for bit. The recipe may differ in its
// loader threads.
void require_equal_checkpoints(const std::filesystem::path& a, const std::filesystem::path& b);

bool contains(const std::string& text, const std::string& part);

}  // namespace sleight::test
