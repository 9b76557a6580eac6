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
#include <span>
#include <string>
#include <vector>

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

// Throws Error for a version that darknet never had; the origin begins the message.
void check_darknet_version(const DarknetHeader& header, const std::string& origin);

}  // namespace sleight
