// Which batch show_batch draws, and into which file.
#pragma once

#include <cstdint>
#include <string>

#include "engine/base/options.h"

namespace sleight {

struct ShownBatch {
  std::string png = "batch.png";
  std::int64_t epoch = 0, step = 0;

  void declare(OptionList& options) {
    options.add("png", png, "File to write").unit("FILE").of_this_start().written();
    options.add("epoch", epoch, "Epoch, counted from 0").unit("EPOCH").range(0, 1 << 30).of_this_start();
    options.add("step", step, "Step in the epoch, counted from 0").unit("STEP").range(0, 1 << 30).of_this_start();
  }
};

}  // namespace sleight
