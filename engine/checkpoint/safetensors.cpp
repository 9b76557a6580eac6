#include "engine/checkpoint/safetensors.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "engine/data/files/file_kind.h"

namespace sleight {

namespace {

constexpr std::size_t length_bytes = 8;
constexpr std::string_view metadata_key = "__metadata__";

struct TypeName {
  std::string_view name;
  DataType type;
};

// In the order in which the reference implementation lays out a file.
constexpr std::array<TypeName, 7> supported_types = {{{"I64", DataType::int64},
                                                      {"F64", DataType::float64},
                                                      {"F32", DataType::float32},
                                                      {"I32", DataType::int32},
                                                      {"BF16", DataType::bfloat16},
                                                      {"F16", DataType::float16},
                                                      {"U8", DataType::uint8}}};

// Types of the format that this engine cannot store.
constexpr std::array<std::string_view, 14> unsupported_types = {
    "BOOL", "I8", "I16", "U16", "U32", "U64", "F4", "C64", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F6_E2M3", "F6_E3M2", "F8"};

std::size_t order_of(DataType type) {
  return static_cast<std::size_t>(std::ranges::find(supported_types, type, &TypeName::type) - supported_types.begin());
}

std::string text_of(std::span<const std::int64_t> shape) {
  std::string text = "[";
  for (const std::int64_t size : shape)
    text += (text.size() > 1 ? "," : "") + std::to_string(size);
  return text + "]";
}

// The bytes of a tensor; empty if the product does not fit into 64 bits.
std::optional<std::uint64_t> checked_byte_count(std::span<const std::int64_t> shape, DataType type) {
  // A size of zero makes the tensor empty, however large the other sizes are.
  if (std::ranges::find(shape, 0) != shape.end()) return 0;
  std::uint64_t count = static_cast<std::uint64_t>(size_of(type));
  for (const std::int64_t size : shape) {
    if (__builtin_mul_overflow(count, static_cast<std::uint64_t>(size), &count)) return std::nullopt;
  }
  return count;
}

struct HeaderEntry {
  std::string name;
  std::string type_name;
  std::vector<std::int64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Follows the header's grammar while the JSON parser reads it, without building a document. It stops at the first error
// and sees duplicate keys, which a document would hide.
class HeaderHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<HeaderEntry> entries;
  SafetensorsMetadata metadata;
  std::string problem;

  bool start_object(std::size_t) override {
    switch (state_) {
      case State::start:
        state_ = State::top;
        return true;
      case State::top_value:
        state_ = State::tensor;
        seen_type_ = seen_shape_ = seen_offsets_ = false;
        return true;
      case State::metadata_start:
        state_ = State::metadata;
        return true;
      default:
        return wrong("an object");
    }
  }

  bool key(std::string& name) override {
    switch (state_) {
      case State::top:
        if (!names_.insert(name).second) return stop("the name " + shown(name) + " appears twice in the header");
        if (name == metadata_key) {
          state_ = State::metadata_start;
          return true;
        }
        if (entries.size() == safetensors_maximum_tensors) {
          return stop("the header lists more than " + std::to_string(safetensors_maximum_tensors) + " tensors");
        }
        entries.push_back({name, {}, {}, 0, 0});
        state_ = State::top_value;
        return true;
      case State::metadata:
        metadata_name_ = name;
        if (metadata.contains(name)) return stop("the key " + shown(name) + " appears twice in __metadata__");
        state_ = State::metadata_value;
        return true;
      case State::tensor:
        return tensor_key(name);
      default:
        return wrong("a key");
    }
  }

  bool end_object() override {
    switch (state_) {
      case State::tensor:
        if (!seen_type_) return stop(tensor() + " has no dtype");
        if (!seen_shape_) return stop(tensor() + " has no shape");
        if (!seen_offsets_) return stop(tensor() + " has no data_offsets");
        state_ = State::top;
        return true;
      case State::metadata:
        state_ = State::top;
        return true;
      default:
        state_ = State::finished;
        return true;
    }
  }

  bool start_array(std::size_t) override {
    if (state_ == State::shape_start)
      state_ = State::shape;
    else if (state_ == State::offsets_start)
      state_ = State::offsets;
    else
      return wrong("a list");
    return true;
  }

  bool end_array() override {
    if (state_ == State::offsets && offset_count_ != 2) {
      return stop(tensor() + " has " + std::to_string(offset_count_) + " data_offsets instead of 2");
    }
    state_ = State::tensor;
    return true;
  }

  bool string(std::string& value) override {
    if (state_ == State::metadata_value) {
      metadata[metadata_name_] = value;
      state_ = State::metadata;
    } else if (state_ == State::type) {
      entries.back().type_name = value;
      state_ = State::tensor;
    } else {
      return wrong("a string");
    }
    return true;
  }

  bool number_unsigned(std::uint64_t value) override {
    if (state_ == State::shape) {
      auto& shape = entries.back().shape;
      if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return stop(tensor() + " has a dimension of " + std::to_string(value) + ", beyond 64-bit integers");
      }
      if (shape.size() == safetensors_maximum_rank) {
        return stop(tensor() + " has more than " + std::to_string(safetensors_maximum_rank) + " dimensions");
      }
      shape.push_back(static_cast<std::int64_t>(value));
    } else if (state_ == State::offsets) {
      if (offset_count_ == 0) entries.back().begin = value;
      if (offset_count_ == 1) entries.back().end = value;
      ++offset_count_;
    } else {
      return wrong("a number");
    }
    return true;
  }

  bool number_integer(std::int64_t value) override { return wrong("the negative number " + std::to_string(value)); }
  bool number_float(double, const std::string& text) override {
    return wrong("the number " + text + ", which is no 64-bit integer");
  }
  bool boolean(bool) override { return wrong("a boolean"); }
  bool null() override { return wrong("null"); }
  bool binary(nlohmann::json::binary_t&) override { return wrong("binary data"); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    return stop("the header is not valid JSON, at its byte " + std::to_string(position));
  }

 private:
  enum class State {
    start,
    top,
    top_value,
    metadata_start,
    metadata,
    metadata_value,
    tensor,
    type,
    shape_start,
    shape,
    offsets_start,
    offsets,
    finished
  };

  std::string tensor() const { return "tensor " + shown(entries.back().name); }

  bool tensor_key(const std::string& name) {
    bool* seen = name == "dtype"          ? &seen_type_
                 : name == "shape"        ? &seen_shape_
                 : name == "data_offsets" ? &seen_offsets_
                                          : nullptr;
    if (seen == nullptr) return stop(tensor() + " has the unknown field " + shown(name));
    if (*seen) return stop(tensor() + " has the field " + shown(name) + " twice");
    *seen = true;
    offset_count_ = 0;
    state_ = name == "dtype" ? State::type : name == "shape" ? State::shape_start : State::offsets_start;
    return true;
  }

  bool stop(std::string what) {
    problem = std::move(what);
    return false;
  }

  bool wrong(const std::string& found) {
    switch (state_) {
      case State::start:
        return stop("the header is not a JSON object but " + found);
      case State::top_value:
        return stop(tensor() + " is described by " + found + " instead of an object");
      case State::metadata_start:
        return stop("__metadata__ is " + found + " instead of an object");
      case State::metadata_value:
        return stop("__metadata__ maps " + shown(metadata_name_) + " to " + found + " instead of a string");
      case State::type:
        return stop(tensor() + ": dtype is " + found + " instead of a string");
      case State::shape_start:
        return stop(tensor() + ": shape is " + found + " instead of a list");
      case State::shape:
        return stop(tensor() + ": shape holds " + found + " instead of a count");
      case State::offsets_start:
        return stop(tensor() + ": data_offsets is " + found + " instead of a list");
      case State::offsets:
        return stop(tensor() + ": data_offsets holds " + found + " instead of a position");
      default:
        return stop("the header holds " + found + " where none belongs");
    }
  }

  State state_ = State::start;
  std::set<std::string> names_;
  std::string metadata_name_;
  bool seen_type_ = false;
  bool seen_shape_ = false;
  bool seen_offsets_ = false;
  int offset_count_ = 0;
};

DataType type_from(const HeaderEntry& entry, const std::string& origin) {
  const auto found = std::ranges::find(supported_types, entry.type_name, &TypeName::name);
  if (found != supported_types.end()) return found->type;
  const bool known = std::ranges::find(unsupported_types, entry.type_name) != unsupported_types.end();
  fail(origin, ": tensor ", shown(entry.name), " has the dtype ", shown(entry.type_name), ", ",
       known ? "which this engine does not hold" : "which the safetensors format does not know",
       "; convert it to one of F32, F64, BF16, F16, I32, I64, U8");
}

}  // namespace

SafetensorsContent::SafetensorsContent(std::span<const std::byte> file, const std::string& origin) : origin_(origin) {
  const std::string kind = kind_of_file(file.first(std::min<std::size_t>(file.size(), 512)));
  const std::string advice =
      "; the file is damaged or no safetensors file" + (kind.empty() ? "" : " but " + kind) +
      (kind == "a PyTorch file" ? ": load it with PyTorch and write it with safetensors" : ": copy or write it again");
  check(file.size() >= length_bytes, origin, ": ", file.size(), " bytes are too short for a safetensors file", advice);
  std::uint64_t header_size = 0;
  for (std::size_t i = 0; i < length_bytes; ++i) {
    header_size |= static_cast<std::uint64_t>(file[i]) << (8 * i);
  }
  check(header_size <= safetensors_maximum_header_bytes, origin, ": a header of ", header_size,
        " bytes is announced, more than the format's limit of ", safetensors_maximum_header_bytes, advice);
  check(header_size <= file.size() - length_bytes, origin, ": a header of ", header_size,
        " bytes is announced, but only ", file.size() - length_bytes, " bytes follow; the file is cut short", advice);
  const auto* text = reinterpret_cast<const char*>(file.data()) + length_bytes;
  std::string_view header(text, static_cast<std::size_t>(header_size));
  check(header.starts_with('{'), origin, ": the header does not begin with '{'", advice);
  // Padding is spaces, nothing else.
  header = header.substr(0, header.find_last_not_of(' ') + 1);
  check(header.ends_with('}'), origin, ": the header does not end with '}' and spaces", advice);

  HeaderHandler handler;
  const bool parsed = nlohmann::json::sax_parse(header.begin(), header.end(), &handler);
  check(parsed, origin, ": ", handler.problem, advice);

  metadata_ = std::move(handler.metadata);
  const std::span<const std::byte> data = file.subspan(length_bytes + static_cast<std::size_t>(header_size));
  // Empty tensors share their position with the next tensor and come before it.
  std::ranges::stable_sort(handler.entries, [](const HeaderEntry& left, const HeaderEntry& right) {
    return std::pair(left.begin, left.end) < std::pair(right.begin, right.end);
  });
  std::uint64_t expected_begin = 0;
  for (HeaderEntry& entry : handler.entries) {
    const DataType type = type_from(entry, origin);
    const std::string name = "tensor " + shown(entry.name);
    const auto byte_count = checked_byte_count(entry.shape, type);
    check(byte_count.has_value(), origin, ": ", name, " of shape ", text_of(entry.shape),
          " needs more bytes than 64 bits can count", advice);
    check(entry.begin <= entry.end, origin, ": ", name, " ends (", entry.end, ") before it begins (", entry.begin, ")",
          advice);
    check(entry.end <= data.size(), origin, ": ", name, " ends at byte ", entry.end, ", but the file holds only ",
          data.size(), " bytes of data; it is cut short or its offsets lie", advice);
    check(entry.end - entry.begin == *byte_count, origin, ": ", name, " of shape ", text_of(entry.shape), " and type ",
          entry.type_name, " needs ", *byte_count, " bytes, but its offsets give it ", entry.end - entry.begin, advice);
    check(entry.begin >= expected_begin, origin, ": ", name, " (bytes ", entry.begin, " to ", entry.end,
          ") overlaps the tensor before it, which ends at ", expected_begin, advice);
    check(entry.begin == expected_begin, origin, ": there is a hole of ",
          count_of(entry.begin - expected_begin, "byte"), " before ", name, advice);
    expected_begin = entry.end;
    index_.emplace(entry.name, tensors_.size());
    tensors_.push_back({std::move(entry.name), type, std::move(entry.shape),
                        data.subspan(static_cast<std::size_t>(entry.begin), static_cast<std::size_t>(*byte_count))});
  }
  check(expected_begin == data.size(), origin, ": the tensors end at byte ", expected_begin,
        " of the data, but the file holds ", data.size(), advice);
}

const std::filesystem::path& SafetensorsFile::existing(const std::filesystem::path& path) {
  const bool is_best = path.filename() == "best.safetensors" && !std::filesystem::exists(path);
  const std::filesystem::path last = path.parent_path() / "last.safetensors";
  check(!is_best || !std::filesystem::exists(last), "there is no ", path.string(),
        ": it is written after the first evaluation with a score above 0, which this run has not had; ", last.string(),
        " has the weights after its last step");
  return path;
}

const SafetensorsEntry* SafetensorsContent::find(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

const SafetensorsEntry& SafetensorsContent::at(std::string_view name) const {
  const SafetensorsEntry* entry = find(name);
  check(entry != nullptr, origin_, ": there is no tensor ", shown(name), " among its ", tensors_.size(),
        "; check that the file belongs to this model");
  return *entry;
}

void write_safetensors(const std::filesystem::path& path, std::vector<SafetensorsDescription> tensors,
                       const SafetensorsMetadata& metadata,
                       const std::function<std::span<const std::byte>(const SafetensorsDescription&)>& bytes_of) {
  std::ranges::sort(tensors, [](const SafetensorsDescription& left, const SafetensorsDescription& right) {
    return std::pair(order_of(left.type), std::string_view(left.name)) <
           std::pair(order_of(right.type), std::string_view(right.name));
  });
  const std::string where = "cannot write " + path.string() + ": ";
  // Refuses to write what the reader would refuse: an unreadable checkpoint is worse than none.
  check(tensors.size() <= safetensors_maximum_tensors, where, tensors.size(), " tensors are more than the limit of ",
        safetensors_maximum_tensors);
  std::set<std::string_view> names;
  std::vector<std::uint64_t> byte_counts;
  std::uint64_t begin = 0;
  std::string text;
  try {
    text = "{";
    if (!metadata.empty()) text += nlohmann::json(metadata_key).dump() + ":" + nlohmann::json(metadata).dump();
    for (const SafetensorsDescription& tensor : tensors) {
      check(tensor.name != metadata_key, where, "no tensor may be called ", metadata_key);
      check(names.insert(tensor.name).second, where, "two tensors are called ", shown(tensor.name));
      check(tensor.shape.size() <= safetensors_maximum_rank, where, "tensor ", shown(tensor.name), " has ",
            tensor.shape.size(), " dimensions, more than the limit of ", safetensors_maximum_rank);
      check(std::ranges::all_of(tensor.shape, [](std::int64_t size) { return size >= 0; }), where, "tensor '",
            tensor.name, "' has the shape ", text_of(tensor.shape));
      const auto byte_count = checked_byte_count(tensor.shape, tensor.type);
      std::uint64_t end = 0;
      check(byte_count.has_value() && !__builtin_add_overflow(begin, *byte_count, &end), where, "tensor '", tensor.name,
            "' of shape ", text_of(tensor.shape), " is too large");
      if (text.size() > 1) text += ",";
      text += nlohmann::json(tensor.name).dump() + R"(:{"dtype":")" +
              std::string(supported_types[order_of(tensor.type)].name) + R"(","shape":)" + text_of(tensor.shape) +
              R"(,"data_offsets":[)" + std::to_string(begin) + "," + std::to_string(end) + "]}";
      byte_counts.push_back(*byte_count);
      begin = end;
    }
    text += "}";
  } catch (const nlohmann::json::exception&) {
    fail(where, "a tensor's name or the metadata is not valid UTF-8");
  }
  text.append((8 - text.size() % 8) % 8, ' ');
  check(text.size() <= safetensors_maximum_header_bytes, where, "the header would take ", text.size(),
        " bytes, more than the format's limit of ", safetensors_maximum_header_bytes);

  AtomicFile file(path);
  std::array<std::byte, length_bytes> length{};
  for (std::size_t i = 0; i < length_bytes; ++i)
    length[i] = static_cast<std::byte>(text.size() >> (8 * i));
  file.write(length);
  file.write(text);
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const std::span<const std::byte> bytes = bytes_of(tensors[i]);
    check(bytes.size() == byte_counts[i], where, "tensor ", shown(tensors[i].name), " of shape ",
          text_of(tensors[i].shape), " and type ", name_of(tensors[i].type), " needs ", byte_counts[i],
          " bytes, but was given ", bytes.size());
    file.write(bytes);
  }
  file.commit();
}

void write_safetensors(const std::filesystem::path& path, std::span<const SafetensorsEntry> tensors,
                       const SafetensorsMetadata& metadata) {
  std::vector<SafetensorsDescription> descriptions;
  std::map<std::string_view, std::span<const std::byte>> bytes;
  for (const SafetensorsEntry& tensor : tensors) {
    descriptions.push_back({tensor.name, tensor.type, tensor.shape});
    bytes.emplace(tensor.name, tensor.bytes);
  }
  write_safetensors(path, std::move(descriptions), metadata,
                    [&](const SafetensorsDescription& tensor) { return bytes.at(tensor.name); });
}

}  // namespace sleight
