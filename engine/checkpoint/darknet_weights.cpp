#include "engine/checkpoint/darknet_weights.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/file.h"
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

template <class T>
void append(std::vector<std::byte>& bytes, T number) {
  const auto* const first = reinterpret_cast<const std::byte*>(&number);
  bytes.insert(bytes.end(), first, first + sizeof(T));
}

// Versions of 1000 and more mark files of 2015 and before, which hold transposed linear layers.
void check_version(const DarknetHeader& header, const std::string& origin) {
  const auto possible = [](std::int32_t number) { return number >= 0 && number < 1000; };
  check(possible(header.major) && possible(header.minor) && header.revision >= 0, origin, " begins with version ",
        header.major, ".", header.minor, ".", header.revision,
        ", which darknet never had; is this a file of darknet's weights?");
}

DarknetHeader read_header(std::span<const std::byte> file, const std::string& origin) {
  constexpr std::size_t version_bytes = 3 * sizeof(std::int32_t);
  check(file.size() >= version_bytes, origin, " is ", file.size(),
        " bytes long, too short for the header of darknet's weights");
  DarknetHeader header{.major = read_number<std::int32_t>(file, 0),
                       .minor = read_number<std::int32_t>(file, 4),
                       .revision = read_number<std::int32_t>(file, 8),
                       .seen = 0};
  check_version(header, origin);
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

// The bias of a weight, or the four vectors of its batch norm, by role.
struct Vectors {
  const DarknetTensor* bias = nullptr;
  const DarknetTensor* scale = nullptr;
  const DarknetTensor* shift = nullptr;
  const DarknetTensor* mean = nullptr;
  const DarknetTensor* variance = nullptr;
};

DarknetConvolution in_file_order(const DarknetTensor& weight, const Vectors& vectors) {
  const auto [bias, scale, shift, mean, variance] = vectors;
  if (bias != nullptr && scale == nullptr && shift == nullptr && mean == nullptr && variance == nullptr)
    return {{*bias, weight}};
  check(bias == nullptr && scale != nullptr && shift != nullptr && mean != nullptr && variance != nullptr, "'",
        weight.name, "' has neither just a bias nor just a batch norm behind it; darknet's files cannot hold that");
  return {{*shift, *scale, *mean, *variance, weight}};
}

}  // namespace

std::int64_t DarknetConvolution::count() const {
  std::int64_t total = 0;
  for (const DarknetTensor& tensor : tensors)
    total += tensor.count;
  return total;
}

std::vector<DarknetConvolution> darknet_convolutions(const PersistentStore& store) {
  std::vector<DarknetConvolution> convolutions;
  // The vectors that belong to the most recent weight.
  std::vector<DarknetTensor> tensors;
  std::vector<ParameterRole> roles;
  const auto finish = [&] {
    if (tensors.empty()) return;
    Vectors vectors;
    for (std::size_t i = 1; i < tensors.size(); ++i) {
      const DarknetTensor*& place = roles[i] == ParameterRole::bias         ? vectors.bias
                                    : roles[i] == ParameterRole::norm_scale ? vectors.scale
                                    : roles[i] == ParameterRole::norm_shift ? vectors.shift
                                    : tensors[i].is_variance                ? vectors.variance
                                                                            : vectors.mean;
      check(place == nullptr, "'", tensors[i].name, "' is the second of its kind after '", tensors[0].name,
            "'; darknet's files cannot hold that");
      place = &tensors[i];
    }
    convolutions.push_back(in_file_order(tensors[0], vectors));
  };
  for (const std::string& name : store.names()) {
    const PersistentStore::Entry& entry = store.entry(name);
    if (entry.role == ParameterRole::optimizer_state || entry.role == ParameterRole::average) continue;
    check(entry.type.element == DataType::float32, "darknet's files hold float32, but '", name, "' is ",
          to_string(entry.type));
    if (entry.role == ParameterRole::weight) {
      finish();
      tensors.clear();
      roles.clear();
    }
    check(entry.role == ParameterRole::weight || !tensors.empty(), "'", name,
          "' comes before any weight; darknet's files begin with a convolution");
    const bool is_variance = entry.role == ParameterRole::running_statistic && name.ends_with("running_var");
    tensors.push_back({name, entry.type.count(), is_variance});
    roles.push_back(entry.role);
  }
  finish();
  return convolutions;
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

namespace {

std::vector<DarknetConvolution> first_convolutions(const PersistentStore& store, std::int64_t count) {
  std::vector<DarknetConvolution> convolutions = darknet_convolutions(store);
  const auto there = static_cast<std::int64_t>(convolutions.size());
  check(count >= 1 && (count <= there || count == all_convolutions), "the first ", count,
        " convolutions of a model that has ", there);
  convolutions.resize(static_cast<std::size_t>(std::min(count, there)));
  return convolutions;
}

}  // namespace

DarknetHeader load_darknet_weights(const std::filesystem::path& path, PersistentStore& store, std::int64_t convolutions,
                                   LeftoverBytes leftover) {
  const std::vector<DarknetConvolution> wanted = first_convolutions(store, convolutions);
  const MappedFile file(path);
  const DarknetContent content = read_darknet_content(file.bytes(), path.string(), wanted, leftover);
  std::size_t next = 0;
  for (const DarknetConvolution& convolution : wanted) {
    for (const DarknetTensor& tensor : convolution.tensors)
      store.write(tensor.name, content.tensors[next++]);
  }
  return content.header;
}

void save_darknet_weights(const std::filesystem::path& path, const PersistentStore& store, const DarknetHeader& header,
                          std::int64_t convolutions) {
  check_version(header, path.string());
  check(header.counts_in_64_bits() || header.seen <= std::numeric_limits<std::uint32_t>::max(), path.string(),
        ": version ", header.major, ".", header.minor, " counts images in 32 bits, and ", header.seen,
        " do not fit; write version 0.2");
  const std::vector<DarknetConvolution> wanted = first_convolutions(store, convolutions);
  std::vector<std::byte> bytes;
  append(bytes, header.major);
  append(bytes, header.minor);
  append(bytes, header.revision);
  if (header.counts_in_64_bits()) {
    append(bytes, header.seen);
  } else {
    append(bytes, static_cast<std::uint32_t>(header.seen));
  }
  AtomicFile file(path);
  file.write(bytes);
  for (const DarknetConvolution& convolution : wanted) {
    for (const DarknetTensor& tensor : convolution.tensors)
      file.write(store.read(tensor.name));
  }
  file.commit();
}

}  // namespace sleight
