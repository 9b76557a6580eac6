// Which batch show_batch draws, and into which file.
#pragma once

#include <cstdint>
#include <string>

#include "tools/common/command_line.h"

namespace sleight {

struct ShownBatch {
  std::string png = "batch.png";
  std::int64_t epoch = 0, step = 0;

  void declare(CommandLine& command_line) {
    command_line.add_option("--png", png, "File to write");
    command_line.add_option("--epoch", epoch, "Epoch, counted from 0").range(0, 1 << 30);
    command_line.add_option("--step", step, "Step in the epoch, counted from 0").range(0, 1 << 30);
  }
};

}  // namespace sleight
