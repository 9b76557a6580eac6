// Weights and whole training states as safetensors files. Names and layouts are torchvision's: convolution weights
// [output, input, height, width], so that other programs read our files and we read theirs.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "engine/checkpoint/safetensors.h"
#include "engine/program/execute.h"

namespace sleight {

// The whole store (parameters, running statistics, momentum, averages) and the metadata of the run: enough to resume
// with the same results. Atomic: the old file survives a full disk or a killed process.
void save_checkpoint(const std::filesystem::path& path, const PersistentStore& store,
                     const SafetensorsMetadata& metadata);

// Loads every tensor of the file into the store and returns the metadata. The two must hold the same names, shapes and
// types. If not, the Error lists the differences, and the store is unchanged.
SafetensorsMetadata load_checkpoint(const std::filesystem::path& path, PersistentStore& store);

// Throws Error naming the first tensor of the store that holds a NaN or an infinity. Call it before replacing a good
// file: an update can overflow although loss and gradients were finite.
void check_finite(const Context& context);

// The model alone: parameters and running statistics, or their averages (prefix average_prefix) under the plain names.
void save_weights(const std::filesystem::path& path, const PersistentStore& store, const std::string& prefix,
                  const SafetensorsMetadata& metadata);

// Loads parameters and running statistics from a file of weights or a whole checkpoint. Ignores momentum, averages and
// torchvision's num_batches_tracked, which only training needs. Strict: every other name must be on both sides with the
// same shape; the Error lists the names that are not. Tensors of float64, bfloat16 and float16 become float32. A NaN or
// an infinity is an Error too, and after an Error the store is unchanged.
void load_weights(const std::filesystem::path& path, PersistentStore& store);

// Loads the named tensors alone, which must be on both sides: a detector's backbone from a classifier's weights.
// Ignores the rest of the file and of the store.
void load_weights(const std::filesystem::path& path, PersistentStore& store, std::span<const std::string> names);

}  // namespace sleight
