#include "engine/run/data_fingerprint.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdio>
#include <filesystem>
#include <span>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/hash.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

// To ask for the sizes of a million files takes minutes on a network disk.
constexpr std::int64_t most_sizes = 4096;

class Hash {
 public:
  void add(std::string_view text) {
    bytes_.add(text);
    bytes_.add(std::string_view("\0", 1));  // "a", "bc" is not "ab", "c"
  }
  void add(std::uint64_t number) {
    std::array<char, 8> bytes{};
    for (unsigned i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(number >> (8 * i));
    bytes_.add({bytes.data(), bytes.size()});
  }
  void add(double number) { add(std::bit_cast<std::uint64_t>(number)); }
  std::string text() const {
    std::array<char, 17> digits{};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(bytes_.value()));
    return digits.data();
  }

 private:
  Fnv1a bytes_;
};

// Folders or archives below which images may be. A data.yaml lies above them, a JSON file often in "annotations".
std::vector<std::string> roots_of(const DataPlaces& places) {
  std::vector<std::string> roots;
  const std::filesystem::path data = std::filesystem::path(places.data).lexically_normal();
  if (!places.images.empty()) roots.push_back(std::filesystem::path(places.images).lexically_normal().string());
  roots.push_back(data.string());
  const std::string extension = lower_case_extension(data.string());
  if (extension != ".json" && extension != ".yaml" && extension != ".yml") return roots;
  for (const std::filesystem::path& folder : {data.parent_path(), data.parent_path().parent_path()})
    if (!folder.empty()) roots.push_back(folder.string());
  return roots;
}

// The name without what moves: the place of the images.
std::string name_below(const std::string& name, std::span<const std::string> roots) {
  const std::string normal = std::filesystem::path(name).lexically_normal().string();
  for (const std::string& root : roots) {
    if (!normal.starts_with(root)) continue;
    const std::size_t begin = normal.find_first_not_of("/: ", root.size());
    return normal.substr(std::min(begin, normal.size()));
  }
  return normal;
}

std::uint64_t size_of_image(const ImageSource& images, std::int64_t index) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(images.name(index), error);
  if (!error) return size;
  // In an archive, where reading costs nothing. A file that cannot be read is the loader's to report.
  try {
    StoredImage stored;
    images.read(index, stored);
    return stored.bytes.size();
  } catch (const Error&) {
    return 0;
  }
}

void add_label(Hash& hash, const Dataset& images, std::int64_t index) {
  hash.add(static_cast<std::uint64_t>(images.label(index)));
}

void add_label(Hash& hash, const DetectorDataset& images, std::int64_t index) {
  for (const ObjectBox& object : images.objects(index)) {
    hash.add(static_cast<std::uint64_t>(object.class_index));
    for (const double number : {object.box.left, object.box.top, object.box.right, object.box.bottom})
      hash.add(number);
    hash.add(std::uint64_t{object.is_difficult} * 2 + std::uint64_t{object.is_crowd});
  }
}

template <class Images>
void add_images(Hash& hash, const Images& images, const DataPlaces& places) {
  const std::vector<std::string> roots = roots_of(places);
  for (const std::string& name : images.class_names())
    hash.add(name);
  hash.add(static_cast<std::uint64_t>(images.size()));
  // Generated images are what their settings say, and the settings are in the recipe.
  const std::int64_t every = places.data == "synthetic" ? images.size() + 1 : images.size() / most_sizes + 1;
  for (std::int64_t i = 0; i < images.size(); ++i) {
    hash.add(name_below(images.name(i), roots));
    add_label(hash, images, i);
    if (i % every == every - 1) hash.add(size_of_image(images, i));
  }
}

template <class Images>
std::string fingerprint(const Images& training, const Images& evaluation, const DataPlaces& places) {
  Hash hash;
  add_images(hash, training, places);
  add_images(hash, evaluation, places);
  return hash.text();
}

}  // namespace

std::string fingerprint_of(const Dataset& training, const Dataset& evaluation, const DataPlaces& places) {
  return fingerprint(training, evaluation, places);
}

std::string fingerprint_of(const DetectorDataset& training, const DetectorDataset& evaluation,
                           const DataPlaces& places) {
  return fingerprint(training, evaluation, places);
}

}  // namespace sleight
