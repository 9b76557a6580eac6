// One step written down for other programs: what it starts from, what it is given, what it makes of it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

#include "bench/noise_batch.h"
#include "engine/base/file.h"
#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/safetensors.h"
#include "engine/program/execute.h"
#include "engine/train/detector.h"
#include "engine/train/update_steps.h"

namespace sleight {

// Runs one step and leaves in the folder: before.safetensors and after.safetensors (parameters and running statistics),
// batch.safetensors (the program's inputs), step.json (the live scalars it ran with, its loss, and what a detector's
// loss is made of).
inline void record_step(const std::filesystem::path& folder, Executable& executable, const Context& context,
                        const NoiseBatch& batch) {
  std::filesystem::create_directories(folder);
  save_weights(folder / "before.safetensors", context.store, "", {});
  std::vector<SafetensorsEntry> inputs;
  for (const NoiseBatch::Input& input : batch.inputs())
    inputs.push_back({.name = input.name, .type = input.type.element, .shape = input.type.shape, .bytes = input.bytes});
  write_safetensors(folder / "batch.safetensors", inputs);

  executable.run();
  nlohmann::json step = {{"learning_rate", context.live_scalar(kernels::LiveScalar::learning_rate)},
                         {"momentum", context.live_scalar(kernels::LiveScalar::momentum)},
                         {"weight_decay", context.live_scalar(kernels::LiveScalar::weight_decay)},
                         {"loss", executable.result<float>(training_names::loss).front()}};
  for (const LossPart& part : loss_parts_of(executable))
    step["components"].push_back(part.value);
  save_weights(folder / "after.safetensors", context.store, "", {});
  write_file_atomically(folder / "step.json", step.dump(2) + "\n");
}

}  // namespace sleight
