#include "engine/metrics/detections_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/data/detector/dataset.h"
#include "engine/metrics/detections_json.h"

namespace sleight {

namespace {

std::string json_number(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

std::string json_text(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception&) {
    fail("the name ", shown(text), " is not UTF-8 and cannot be in a JSON file; rename it");
  }
}

// The positions of ids, or of names.
template <class Key>
using Positions = std::unordered_map<Key, std::size_t>;

Positions<std::int64_t> positions_of(std::span<const NamedId> entries, const char* list, const std::string& origin) {
  Positions<std::int64_t> ids;
  Positions<std::string> names;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const NamedId& entry = entries[i];
    const auto [id, id_is_new] = ids.emplace(entry.id, i);
    check(id_is_new, origin, ": ", list, "[", id->second, "] and ", list, "[", i, "] both have the id ", entry.id);
    const auto [name, name_is_new] = names.emplace(entry.name, i);
    check(name_is_new, origin, ": ", list, "[", name->second, "] and ", list, "[", i, "] both have the name ",
          shown(entry.name));
  }
  return ids;
}

std::size_t position_of(const Positions<std::int64_t>& positions, std::int64_t id, std::size_t annotation,
                        const char* key, const char* list, const std::string& origin) {
  const auto found = positions.find(id);
  check(found != positions.end(), origin, ": annotations[", annotation, "].", key, " is ", id, ", but no entry of \"",
        list, "\" has that id");
  return found->second;
}

// Gives results the lists that they lack, and names the first id that fits none.
void explain_results(DetectionsJson& json, const IdMeanings& meanings, const std::string& origin) {
  check(
      !meanings.images.empty() && !meanings.classes.empty(), origin,
      ": COCO's results alone do not say what their ids mean. Score them against annotations in COCO's format, or put "
      "them under \"annotations\", next to \"images\" and \"categories\"");
  for (const auto& [id, name] : meanings.images)
    json.images.push_back({id, name});
  for (const auto& [id, name] : meanings.classes)
    json.categories.push_back({id, name});
  const auto must_be_known = [&](const auto& known, std::int64_t id, std::size_t result, const char* key,
                                 const char* what) {
    check(known.contains(id), origin, ": results[", result, "].", key, " is ", id, ", but of the ", known.size(), " ",
          what, " of the annotations, numbered ", known.begin()->first, " to ", known.rbegin()->first,
          ", none has that id. Give the annotations that the results were made for");
  };
  for (std::size_t i = 0; i < json.annotations.size(); ++i) {
    must_be_known(meanings.images, json.annotations[i].image_id, i, "image_id", "images");
    must_be_known(meanings.classes, json.annotations[i].category_id, i, "category_id", "categories");
  }
}

std::vector<std::string> names_of(std::vector<NamedId>&& entries) {
  std::vector<std::string> names;
  names.reserve(entries.size());
  for (NamedId& entry : entries)
    names.push_back(std::move(entry.name));
  return names;
}

std::string without_folders(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

// The position of each of the file's images in the dataset.
std::vector<std::size_t> place_images(std::span<const std::string> file_names, std::span<const std::string> names,
                                      const std::string& origin) {
  Positions<std::string> whole, last_part;
  constexpr std::size_t ambiguous = static_cast<std::size_t>(-1);
  for (std::size_t i = 0; i < names.size(); ++i) {
    whole.emplace(names[i], i);
    const auto [entry, is_new] = last_part.emplace(without_folders(names[i]), i);
    if (!is_new) entry->second = ambiguous;
  }
  std::vector<std::size_t> places;
  std::vector<bool> is_listed(names.size(), false);
  for (const std::string& name : file_names) {
    auto found = whole.find(name);
    if (found == whole.end()) {
      found = last_part.find(without_folders(name));
      check(found != last_part.end(), origin, ": the image ", shown(name), " is not in the dataset of ", names.size(),
            " images; give the data and the split that the detections were made from");
      check(found->second != ambiguous, origin, ": the image ", shown(name),
            " could be several of the dataset, in different folders; write its name with the folders");
    }
    check(!is_listed[found->second], origin, ": the image ", shown(names[found->second]),
          " of the dataset is listed twice, once as ", shown(name));
    is_listed[found->second] = true;
    places.push_back(found->second);
  }
  const auto missing = std::ranges::find(is_listed, false);
  check(missing == is_listed.end(), origin, ": \"images\" lists ", file_names.size(), " images, but the dataset has ",
        names.size(), "; ", missing == is_listed.end() ? "" : shown(names[missing - is_listed.begin()]),
        " was not looked at. Detect on the whole split, and list images without detections as well");
  return places;
}

}  // namespace

std::string detections_to_json(const DetectionsFile& file) {
  std::string text = "{\"images\": [";
  for (std::size_t i = 0; i < file.images.size(); ++i)
    text +=
        (i > 0 ? ",\n" : "\n") + ("{\"id\": " + std::to_string(i + 1)) +
        ", \"file_name\": " + json_text(file.images[i]) +
        (std::ranges::binary_search(file.unreadable, static_cast<std::int64_t>(i)) ? ", \"unreadable\": true}" : "}");
  text += "],\n\"categories\": [";
  for (std::size_t i = 0; i < file.class_names.size(); ++i)
    text += (i > 0 ? ",\n" : "\n") + ("{\"id\": " + std::to_string(i + 1)) +
            ", \"name\": " + json_text(file.class_names[i]) + "}";
  text += "],\n\"annotations\": [";
  for (std::size_t i = 0; i < file.detections.size(); ++i) {
    const Detection& detection = file.detections[i];
    check(detection.image >= 0 && static_cast<std::size_t>(detection.image) < file.images.size() &&
              detection.class_index >= 0 && static_cast<std::size_t>(detection.class_index) < file.class_names.size(),
          "detection ", i, " is of image ", detection.image, " and class ", detection.class_index, ", but there are ",
          file.images.size(), " images and ", file.class_names.size(), " classes");
    const Box& box = detection.box;
    const std::array<double, 5> numbers = {box.left, box.top, box.width(), box.height(), detection.score};
    check(std::ranges::all_of(numbers, [](double number) { return std::isfinite(number); }), "detection ", i,
          " in image ", shown(file.images[detection.image]),
          " has a score or a box that is not finite; the network's output is damaged");
    text += (i > 0 ? ",\n" : "\n") + ("{\"image_id\": " + std::to_string(detection.image + 1)) +
            ", \"category_id\": " + std::to_string(detection.class_index + 1) + ", \"bbox\": [";
    for (std::size_t k = 0; k < 4; ++k)
      text += (k > 0 ? ", " : "") + json_number(numbers[k]);
    text += "], \"score\": " + json_number(detection.score) + "}";
  }
  return text + "]}\n";
}

void write_detections(const std::filesystem::path& path, const DetectionsFile& file) {
  write_file_atomically(path, detections_to_json(file));
}

IdMeanings id_meanings_of(const OpenedDetectorDataset& opened) {
  IdMeanings meanings;
  for (std::size_t i = 0; i < opened.ids.images.size(); ++i)
    meanings.images.emplace(opened.ids.images[i], opened.dataset->name(static_cast<std::int64_t>(i)));
  for (const auto& [id, position] : opened.ids.classes)
    meanings.classes.emplace(id, opened.dataset->class_names().at(static_cast<std::size_t>(position)));
  return meanings;
}

DetectionsFile detections_from_json(std::string_view text, const std::string& origin, const IdMeanings& meanings) {
  DetectionsJson json = parse_detections_json(text, origin);
  if (json.is_results) explain_results(json, meanings, origin);
  const Positions<std::int64_t> images = positions_of(json.images, "images", origin);
  const Positions<std::int64_t> classes = positions_of(json.categories, "categories", origin);
  DetectionsFile file;
  file.detections.reserve(json.annotations.size());
  for (std::size_t i = 0; i < json.annotations.size(); ++i) {
    const ScoredBox& one = json.annotations[i];
    const std::size_t image = position_of(images, one.image_id, i, "image_id", "images", origin);
    const std::size_t class_index = position_of(classes, one.category_id, i, "category_id", "categories", origin);
    const auto& [left, top, width, height] = one.box;
    file.detections.push_back({.image = static_cast<std::int64_t>(image),
                               .class_index = static_cast<std::int32_t>(class_index),
                               .score = one.score,
                               .box = {left, top, left + width, top + height}});
  }
  for (std::size_t i = 0; i < json.images.size(); ++i)
    if (json.images[i].is_unreadable) file.unreadable.push_back(static_cast<std::int64_t>(i));
  file.images = names_of(std::move(json.images));
  file.class_names = names_of(std::move(json.categories));
  return file;
}

DetectionsFile read_detections(const std::filesystem::path& path, const IdMeanings& meanings) {
  const MappedFile file(path);
  const std::span<const std::byte> bytes = file.bytes();
  return detections_from_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string(), meanings);
}

PlacedDetections place_detections(const DetectionsFile& file, std::span<const std::string> image_names,
                                  std::span<const std::string> class_names, const std::string& origin) {
  const std::vector<std::size_t> images = place_images(file.images, image_names, origin);
  std::vector<std::size_t> classes;
  for (const std::string& name : file.class_names) {
    const auto found = std::ranges::find(class_names, name);
    check(found != class_names.end(), origin, ": the category ", shown(name), " is no class of the dataset");
    classes.push_back(static_cast<std::size_t>(found - class_names.begin()));
  }
  PlacedDetections placed;
  for (const std::string& name : class_names)
    if (std::ranges::find(file.class_names, name) == file.class_names.end()) placed.unknown_classes.push_back(name);
  for (const std::int64_t image : file.unreadable)
    placed.unreadable.push_back(static_cast<std::int64_t>(images.at(static_cast<std::size_t>(image))));
  placed.detections.reserve(file.detections.size());
  for (const Detection& detection : file.detections)
    placed.detections.push_back({.image = static_cast<std::int64_t>(images[detection.image]),
                                 .class_index = static_cast<std::int32_t>(classes[detection.class_index]),
                                 .score = detection.score,
                                 .box = detection.box});
  return placed;
}

}  // namespace sleight
