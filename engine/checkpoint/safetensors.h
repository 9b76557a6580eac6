// The safetensors format (https://github.com/huggingface/safetensors): 8 bytes little-endian header length, a JSON
// header {"name": {"dtype", "shape", "data_offsets": [begin, end]}, ..., "__metadata__": {string: string}}, then the
// tensors' bytes, little-endian, row-major, without holes. The reader trusts nothing: every rule of the format is
// checked before the first byte of a tensor is handed out, and each violation has its own message.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "kernels/lib/types.h"

namespace sleight {

// Limits of the reader. The first is the format's own; the others are ours, far above any network's needs, so that a
// hostile header cannot make us build endless lists.
inline constexpr std::uint64_t safetensors_maximum_header_bytes = 100'000'000;
inline constexpr std::size_t safetensors_maximum_tensors = 100'000;
inline constexpr std::size_t safetensors_maximum_rank = 64;

struct SafetensorsEntry {
  std::string name;
  DataType type = DataType::float32;
  std::vector<std::int64_t> shape;  // empty: a scalar
  // Exactly the product of shape times the element size. May be unaligned in files of other programs: copy, do not
  // cast (copy_values does).
  std::span<const std::byte> bytes;
};

using SafetensorsMetadata = std::map<std::string, std::string>;

// What a file holds. Tensors in the order of their bytes.
class SafetensorsContent {
 public:
  // Checks the whole file in memory; the entries point into it. `origin` (a path) begins every error message.
  SafetensorsContent(std::span<const std::byte> file, const std::string& origin);

  const std::vector<SafetensorsEntry>& tensors() const { return tensors_; }
  const SafetensorsMetadata& metadata() const { return metadata_; }
  // nullptr when there is none of that name.
  const SafetensorsEntry* find(std::string_view name) const;
  // Throws Error naming the file and the tensor when there is none.
  const SafetensorsEntry& at(std::string_view name) const;

 private:
  std::string origin_;
  std::vector<SafetensorsEntry> tensors_;
  SafetensorsMetadata metadata_;
  std::map<std::string, std::size_t, std::less<>> index_;
};

// A file on disk, mapped: a tensor's bytes are read when they are first touched. Do not write into the file in place
// while it is open; our own writers replace files whole, which is safe.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path)
      : mapped_(path), content_(mapped_.bytes(), path.string()) {}

  const std::vector<SafetensorsEntry>& tensors() const { return content_.tensors(); }
  const SafetensorsMetadata& metadata() const { return content_.metadata(); }
  const SafetensorsEntry* find(std::string_view name) const { return content_.find(name); }
  const SafetensorsEntry& at(std::string_view name) const { return content_.at(name); }

 private:
  MappedFile mapped_;
  SafetensorsContent content_;
};

// Copies a tensor's elements; throws Error when its type is not T's or its number of elements not destination.size().
template <class T>
void copy_values(const SafetensorsEntry& entry, std::span<T> destination) {
  check(entry.type == data_type_of<T>(), "tensor ", shown(entry.name), " holds ", name_of(entry.type), ", not ",
        name_of(data_type_of<T>()));
  check(entry.bytes.size() == destination.size_bytes(), "tensor ", shown(entry.name), " holds ",
        entry.bytes.size() / sizeof(T), " elements, not ", destination.size());
  if (!destination.empty()) std::memcpy(destination.data(), entry.bytes.data(), entry.bytes.size());
}

// What is to be written; names must be unique, and not "__metadata__".
struct SafetensorsDescription {
  std::string name;
  DataType type = DataType::float32;
  std::vector<std::int64_t> shape;
};

// Writes a file atomically, one tensor at a time: bytes_of is called once per tensor, in file order, and what it
// returns must stay valid until its next call (so one host buffer serves tensors that live on a GPU). The file's bytes
// do not depend on the order of `tensors`: they are laid out as the reference implementation does, widest elements
// first (which keeps every tensor aligned), then by name; the header is padded with spaces to a multiple of 8.
void write_safetensors(const std::filesystem::path& path, std::vector<SafetensorsDescription> tensors,
                       const SafetensorsMetadata& metadata,
                       const std::function<std::span<const std::byte>(const SafetensorsDescription&)>& bytes_of);

// The same for tensors that lie in host memory.
void write_safetensors(const std::filesystem::path& path, std::span<const SafetensorsEntry> tensors,
                       const SafetensorsMetadata& metadata = {});

}  // namespace sleight
