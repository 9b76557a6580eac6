// Weights in darknet's own files (https://github.com/pjreddie/darknet, src/parser.c): yolov3.weights,
// darknet53.conv.74.
//
//   int32 major, minor, revision            the version of the program that wrote it
//   seen                                    images trained on: uint64 from version 0.2 on, uint32 before
//   then for each convolution, in the order of the network:
//     beta, gamma, mean, variance [O] each  of the batch norm that follows; or
//     bias [O]                              if there is no batch norm
//     weights [O, I, height, width]
//
// All numbers are float32, little-endian, without gaps or trailing bytes. The file names no layer, so only its length
// tells whether it fits a network.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "engine/program/persistent_store.h"

namespace sleight {

struct DarknetHeader {
  std::int32_t major = 0;
  std::int32_t minor = 2;
  std::int32_t revision = 0;
  std::uint64_t seen = 0;

  // From version 0.2 on `seen` has 64 bits.
  constexpr bool counts_in_64_bits() const { return 10 * major + minor >= 2; }
  constexpr std::size_t bytes() const { return 3 * sizeof(std::int32_t) + (counts_in_64_bits() ? 8 : 4); }
  constexpr bool operator==(const DarknetHeader&) const = default;
};

// A tensor of the file and where it belongs.
struct DarknetTensor {
  std::string name;
  std::int64_t count = 0;
  bool is_variance = false;
};

// One convolution (or the linear layer of a classifier, which is a 1x1 to darknet): its tensors in the file's order.
struct DarknetConvolution {
  std::vector<DarknetTensor> tensors;
  std::int64_t count() const;
};

// The convolutions of a model in the order of their declarations. Throws Error for a weight without bias and batch
// norm, and for a batch norm before its convolution: darknet's files cannot hold them.
std::vector<DarknetConvolution> darknet_convolutions(const PersistentStore& store);

// Whether a file may continue after the last requested convolution. It must when only the first layers of
// yolov3.weights are loaded. For a file that should hold exactly the requested layers, extra bytes mean that it belongs
// to another network.
enum class LeftoverBytes : std::uint8_t { refused, ignored };

struct DarknetContent {
  DarknetHeader header;
  // Parallel to the tensors of all convolutions, one after the other: float32 in file order, pointing into the file.
  std::vector<std::span<const std::byte>> tensors;
};

// Checks a whole file in memory; `origin` (a path) begins every message. Throws Error for a file that is too short or
// too long (with both counts, and the layer in which it ends), an unknown version, numbers that are not finite, and
// negative variances.
DarknetContent read_darknet_content(std::span<const std::byte> file, const std::string& origin,
                                    std::span<const DarknetConvolution> convolutions,
                                    LeftoverBytes leftover = LeftoverBytes::refused);

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
