// Weights and whole training states as safetensors files. Names and layouts are torchvision's: convolution weights
// [output, input, height, width], so that other programs read our files and we read theirs.
#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "engine/checkpoint/safetensors.h"
#include "engine/program/execute.h"

namespace sleight {

// Everything in the store (parameters, running statistics, momentum, averages) and the metadata of the run: enough to
// go on as if nothing had happened. Atomic: the old file survives a full disk or a killed process.
void save_checkpoint(const std::filesystem::path& path, const PersistentStore& store,
                     const SafetensorsMetadata& metadata);

// Puts every tensor of the file into the store and returns the metadata. The two must hold the same names, shapes and
// types; the Error lists what differs, and then nothing has been changed.
SafetensorsMetadata load_checkpoint(const std::filesystem::path& path, PersistentStore& store);

// Throws Error naming the first tensor of the store that holds a NaN or an infinity. To be asked before a good file is
// replaced: an update can overflow although loss and gradients were finite.
void check_finite(const Context& context);

// The model alone: parameters and running statistics, or their averages (prefix average_prefix) under the plain names.
void save_weights(const std::filesystem::path& path, const PersistentStore& store, const std::string& prefix,
                  const SafetensorsMetadata& metadata);

// Parameters and running statistics of the store from a file of weights or a whole checkpoint; what only training needs
// (momentum, averages) and torchvision's num_batches_tracked are passed over. Strict: every other name must be on both
// sides with one shape, else an Error says which are not.
void load_weights(const std::filesystem::path& path, PersistentStore& store);

// The named tensors alone, which must be on both sides: the backbone of a detector from the weights of a classifier.
// Whatever else the file or the store holds is passed over.
void load_weights(const std::filesystem::path& path, PersistentStore& store, std::span<const std::string> names);

}  // namespace sleight
