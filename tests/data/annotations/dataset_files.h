// Small detection datasets that the tests write for themselves, in a folder or in a tar.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/data/detector/dataset.h"
#include "tests/data/test_images.h"

namespace sleight::test {

// Files by their path: written into a folder, or put into an archive.
using Files = std::map<std::string, std::vector<std::byte>>;

inline void write_files(const std::filesystem::path& folder, const Files& files) {
  for (const auto& [path, bytes] : files)
    write_bytes(folder / path, bytes);
}

inline std::vector<std::byte> tar_of(const Files& files, const std::string& prefix = "") {
  TarBuilder tar;
  for (const auto& [path, bytes] : files)
    tar.add(prefix + path, bytes);
  return tar.finish();
}

// An image of the formats' files; its pixels play no part.
inline std::vector<std::byte> jpeg_of_size(std::int64_t height, std::int64_t width) {
  return encode_jpeg(smooth_image(height, width).view());
}

inline std::string open_message(const std::filesystem::path& path, std::string_view format,
                                const DetectorDatasetOptions& options = {}) {
  return message_of([&] { open_detector_datasets(path.string(), format, options); });
}

inline std::vector<ObjectBox> objects_of(const OpenedDetectorDataset& opened, std::int64_t index) {
  const auto objects = opened.dataset->objects(index);
  return {objects.begin(), objects.end()};
}

// All warnings in one text.
inline std::string warnings_of(const OpenedDetectorDataset& opened) {
  std::string all;
  for (const std::string& warning : opened.dataset->warnings())
    all += warning + "\n";
  return all;
}

}  // namespace sleight::test
