#include "engine/run/training_entry.h"

#include <array>
#include <charconv>

#include "engine/base/error.h"
#include "engine/checkpoint/metadata_fields.h"

namespace sleight {

const std::string& training_entry(const std::filesystem::path& path, const SafetensorsMetadata& metadata,
                                  const std::string& key) {
  const auto found = metadata.find(key);
  check(found != metadata.end(), path.string(), " is no checkpoint of a training run: it has no '", key,
        "'. To start from the weights in it, give it with --weights");
  return found->second;
}

namespace {

template <class Read>
auto entry_read_by(Read read, const std::filesystem::path& path, const SafetensorsMetadata& metadata,
                   const std::string& key) {
  training_entry(path, metadata, key);  // an Error of its own where there is none
  try {
    return read(metadata, key);
  } catch (const Error& error) {
    fail(path.string(), " is damaged: ", error.what(), "; start a new run");
  }
}

}  // namespace

double training_number(const std::filesystem::path& path, const SafetensorsMetadata& metadata, const std::string& key) {
  return entry_read_by(metadata_number, path, metadata, key);
}

std::int64_t training_count(const std::filesystem::path& path, const SafetensorsMetadata& metadata,
                            const std::string& key) {
  return entry_read_by(metadata_count, path, metadata, key);
}

int training_threads(const std::filesystem::path& path, const SafetensorsMetadata& metadata) {
  const std::string key = "compute_threads";
  const std::int64_t threads = training_count(path, metadata, key);
  check(threads >= 1 && threads <= 1024, path.string(), " is damaged: its '", key, "' is ", threads,
        ", not in 1 .. 1024; start a new run");
  return static_cast<int>(threads);
}

std::vector<Receipt> training_receipts(const std::filesystem::path& path, const SafetensorsMetadata& metadata) {
  const std::string& text = training_entry(path, metadata, "receipts");
  return with_context(path.string() + " is damaged, its 'receipts'", [&] { return receipts_from_json(text); });
}

std::string to_training_entry(double number) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), number).ptr};
}

}  // namespace sleight
