#include "engine/checkpoint/darknet_content.h"

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace sleight {

namespace {

static_assert(std::endian::native == std::endian::little, "the file's numbers are copied as they are");

template <class T>
T read_number(std::span<const std::byte> bytes, std::size_t offset) {
  T number;
  std::memcpy(&number, bytes.data() + offset, sizeof(T));
  return number;
}

DarknetHeader read_header(std::span<const std::byte> file, const std::string& origin) {
  constexpr std::size_t version_bytes = 3 * sizeof(std::int32_t);
  check(file.size() >= version_bytes, origin, " is ", file.size(),
        " bytes long, too short for the header of darknet's weights");
  DarknetHeader header{.major = read_number<std::int32_t>(file, 0),
                       .minor = read_number<std::int32_t>(file, 4),
                       .revision = read_number<std::int32_t>(file, 8),
                       .seen = 0};
  check_darknet_version(header, origin);
  check(file.size() >= header.bytes(), origin, " is ", file.size(), " bytes long, but its header of version ",
        header.major, ".", header.minor, " takes ", header.bytes());
  header.seen = header.counts_in_64_bits() ? read_number<std::uint64_t>(file, version_bytes)
                                           : read_number<std::uint32_t>(file, version_bytes);
  return header;
}

// The convolution that owns the number at this place, for messages about a file that ends there.
std::string place_of(std::int64_t number, std::span<const DarknetConvolution> convolutions) {
  for (std::size_t i = 0; i < convolutions.size(); ++i) {
    const std::string place = "convolution " + std::to_string(i + 1) + " of " + std::to_string(convolutions.size()) +
                              " ('" + convolutions[i].tensors.back().name + "')";
    if (number == 0) return "right before " + place;
    if (number < convolutions[i].count()) return "inside " + place;
    number -= convolutions[i].count();
  }
  return "after the last convolution";
}

void check_length(std::span<const std::byte> numbers, const std::string& origin,
                  std::span<const DarknetConvolution> convolutions, LeftoverBytes leftover) {
  std::int64_t wanted = 0;
  for (const DarknetConvolution& convolution : convolutions)
    wanted += convolution.count();
  const std::size_t wanted_bytes = static_cast<std::size_t>(wanted) * sizeof(float);
  const std::size_t held = numbers.size() / sizeof(float);
  check(numbers.size() >= wanted_bytes, origin, " holds ", held, " numbers, but ", convolutions.size(),
        " convolutions take ", wanted, ": it ends ", place_of(static_cast<std::int64_t>(held), convolutions),
        ". It is cut off, or belongs to another network, another number of classes or the first layers alone");
  check(numbers.size() == wanted_bytes || leftover == LeftoverBytes::ignored, origin, " goes on for ",
        count_of(static_cast<std::int64_t>(numbers.size() - wanted_bytes), "byte"), " behind the ", wanted,
        " numbers that ", convolutions.size(),
        " convolutions take. It belongs to another network, to another number of classes, or to one of which these are "
        "the first layers");
}

void check_numbers(std::span<const std::byte> bytes, const DarknetTensor& tensor, const std::string& origin) {
  for (std::int64_t i = 0; i < tensor.count; ++i) {
    const auto number = read_number<float>(bytes, static_cast<std::size_t>(i) * sizeof(float));
    check(std::isfinite(number) && !(tensor.is_variance && number < 0.0F), origin, ": number ", i, " of '", tensor.name,
          "' is ", number, tensor.is_variance ? ", and this is a variance" : "",
          "; the file is damaged, or belongs to another network");
  }
}

}  // namespace

// Versions of 1000 and more mark files of 2015 and before, which hold transposed linear layers.
void check_darknet_version(const DarknetHeader& header, const std::string& origin) {
  const auto possible = [](std::int32_t number) { return number >= 0 && number < 1000; };
  check(possible(header.major) && possible(header.minor) && header.revision >= 0, origin, " begins with version ",
        header.major, ".", header.minor, ".", header.revision,
        ", which darknet never had; is this a file of darknet's weights?");
}

std::int64_t DarknetConvolution::count() const {
  std::int64_t total = 0;
  for (const DarknetTensor& tensor : tensors)
    total += tensor.count;
  return total;
}

DarknetContent read_darknet_content(std::span<const std::byte> file, const std::string& origin,
                                    std::span<const DarknetConvolution> convolutions, LeftoverBytes leftover) {
  DarknetContent content{.header = read_header(file, origin), .tensors = {}};
  std::span<const std::byte> numbers = file.subspan(content.header.bytes());
  check_length(numbers, origin, convolutions, leftover);
  for (const DarknetConvolution& convolution : convolutions) {
    for (const DarknetTensor& tensor : convolution.tensors) {
      const std::size_t bytes = static_cast<std::size_t>(tensor.count) * sizeof(float);
      content.tensors.push_back(numbers.first(bytes));
      check_numbers(content.tensors.back(), tensor, origin);
      numbers = numbers.subspan(bytes);
    }
  }
  return content;
}

}  // namespace sleight
