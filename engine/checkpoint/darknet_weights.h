// Darknet's own files (darknet_content.h), to and from the store of a model.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "engine/checkpoint/darknet_content.h"
#include "engine/program/persistent_store.h"

namespace sleight {

// Under which a safetensors file that was converted keeps the version of darknet's header.
inline constexpr const char* darknet_version_key = "darknet_version";

// The convolutions of a model in the order of their declarations. Throws Error for a weight without bias and batch
// norm, and for a batch norm before its convolution: darknet's files cannot hold them.
std::vector<DarknetConvolution> darknet_convolutions(const PersistentStore& store);

inline constexpr std::int64_t all_convolutions = std::numeric_limits<std::int64_t>::max();

// Loads a file into the first `convolutions` convolutions of the store (52 of YOLOv3 for darknet53.conv.74). After an
// Error the store is unchanged.
DarknetHeader load_darknet_weights(const std::filesystem::path& path, PersistentStore& store,
                                   std::int64_t convolutions = all_convolutions,
                                   LeftoverBytes leftover = LeftoverBytes::refused);

// Atomic. Loading a file and saving it with its own header gives the same file, bit for bit.
void save_darknet_weights(const std::filesystem::path& path, const PersistentStore& store, const DarknetHeader& header,
                          std::int64_t convolutions = all_convolutions);

}  // namespace sleight
