#include "engine/checkpoint/darknet_weights.h"

#include <algorithm>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace sleight {

namespace {

template <class T>
void append(std::vector<std::byte>& bytes, T number) {
  const auto* const first = reinterpret_cast<const std::byte*>(&number);
  bytes.insert(bytes.end(), first, first + sizeof(T));
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
  check_darknet_version(header, path.string());
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
