// The safetensors format (https://github.com/huggingface/safetensors): 8 bytes little-endian header length, a JSON
// header {"name": {"dtype", "shape", "data_offsets": [begin, end]}, ..., "__metadata__": {string: string}}, then the
// tensors' bytes, little-endian, row-major, without holes. The reader checks every rule of the format before it returns
// the first byte of a tensor, and each violation has its own message.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "kernels/lib/types.h"

namespace sleight {

// Limits of the reader. The first is the format's own. The others are ours, far above any network's needs, so that a
// malicious header cannot make us build endless lists.
inline constexpr std::uint64_t safetensors_maximum_header_bytes = 100'000'000;
inline constexpr std::size_t safetensors_maximum_tensors = 100'000;
inline constexpr std::size_t safetensors_maximum_rank = 64;

struct SafetensorsEntry {
  std::string name;
  DataType type = DataType::float32;
  std::vector<std::int64_t> shape;  // empty: a scalar
  // Exactly the product of shape times the element size. May be unaligned in files of other programs: copy the bytes
  // (copy_values does), do not cast.
  std::span<const std::byte> bytes;
};

using SafetensorsMetadata = std::map<std::string, std::string>;

// The contents of a file, with tensors in the order of their bytes.
class SafetensorsContent {
 public:
  // Checks the whole file in memory; the entries point into it. `origin` (a path) begins every error message.
  SafetensorsContent(std::span<const std::byte> file, const std::string& origin);

  const std::vector<SafetensorsEntry>& tensors() const { return tensors_; }
  const SafetensorsMetadata& metadata() const { return metadata_; }
  // nullptr if no tensor has that name.
  const SafetensorsEntry* find(std::string_view name) const;
  // Throws Error naming the file and the tensor if no tensor has that name.
  const SafetensorsEntry& at(std::string_view name) const;

 private:
  std::string origin_;
  std::vector<SafetensorsEntry> tensors_;
  SafetensorsMetadata metadata_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

// A memory-mapped file: a tensor's bytes are read on first access. Do not write into the file in place while it is
// open. Our own writers replace whole files, which is safe.
class SafetensorsFile {
 public:
  // Throws Error naming the file; where it is the best weights of a run that has none, why, and what there is instead.
  explicit SafetensorsFile(const std::filesystem::path& path)
      : mapped_(existing(path)), content_(mapped_.bytes(), path.string()) {}

  const SafetensorsContent& content() const { return content_; }
  const std::vector<SafetensorsEntry>& tensors() const { return content_.tensors(); }
  const SafetensorsMetadata& metadata() const { return content_.metadata(); }
  const SafetensorsEntry* find(std::string_view name) const { return content_.find(name); }
  const SafetensorsEntry& at(std::string_view name) const { return content_.at(name); }

 private:
  static const std::filesystem::path& existing(const std::filesystem::path& path);

  MappedFile mapped_;
  SafetensorsContent content_;
};

// Copies a tensor's elements. Throws Error if its type is not T's or its number of elements is not destination.size().
template <class T>
void copy_values(const SafetensorsEntry& entry, std::span<T> destination) {
  check(entry.type == data_type_of<T>(), "tensor ", shown(entry.name), " holds ", name_of(entry.type), ", not ",
        name_of(data_type_of<T>()));
  check(entry.bytes.size() == destination.size_bytes(), "tensor ", shown(entry.name), " holds ",
        entry.bytes.size() / sizeof(T), " elements, not ", destination.size());
  if (!destination.empty()) std::memcpy(destination.data(), entry.bytes.data(), entry.bytes.size());
}

// The first NaN or infinity of a tensor, looked at where it lies; nothing for a tensor of other than floating-point
// numbers.
struct NonFiniteNumber {
  std::size_t element;
  double value;
};
std::optional<NonFiniteNumber> first_non_finite(const SafetensorsEntry& entry);

// A tensor of float32, float64, bfloat16 or float16 as float32. Throws Error for another type, and for a finite float64
// that float32 cannot hold.
std::vector<float> float32_values(const SafetensorsEntry& entry);

// A tensor to write. Names must be unique, and not "__metadata__".
struct SafetensorsDescription {
  std::string name;
  DataType type = DataType::float32;
  std::vector<std::int64_t> shape;
};

// Writes a file atomically, one tensor at a time. bytes_of is called once per tensor, in file order, and its result
// must stay valid until the next call (so one host buffer serves tensors on a GPU). The file's bytes do not depend on
// the order of `tensors`: as in the reference implementation, the widest elements come first (which keeps every tensor
// aligned), then names in order; spaces pad the header to a multiple of 8.
void write_safetensors(const std::filesystem::path& path, std::vector<SafetensorsDescription> tensors,
                       const SafetensorsMetadata& metadata,
                       const std::function<std::span<const std::byte>(const SafetensorsDescription&)>& bytes_of);

// The same for tensors that lie in host memory.
void write_safetensors(const std::filesystem::path& path, std::span<const SafetensorsEntry> tensors,
                       const SafetensorsMetadata& metadata = {});

}  // namespace sleight
