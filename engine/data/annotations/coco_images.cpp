#include "engine/data/annotations/coco_images.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/annotations/dataset_paths.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

// A missing file can be looked for only by its whole name.
constexpr std::size_t longest_name = 1000;

// "%20" is a blank.
std::string without_percent(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) -> int {
      const char c = at < text.size() ? text[at] : ' ';
      if (c >= '0' && c <= '9') return c - '0';
      if (c >= 'a' && c <= 'f') return c - 'a' + 10;
      return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    };
    if (text[i] == '%' && digit(i + 1) >= 0 && digit(i + 2) >= 0) {
      result += static_cast<char>(digit(i + 1) * 16 + digit(i + 2));
      i += 2;
    } else {
      result += text[i];
    }
  }
  return result;
}

// The path in an address ("http://host/data/a.jpg", "/data/local-files/?d=photos/a.jpg"), with slashes.
std::string plain_path(std::string_view name) {
  const std::size_t scheme = name.find("://");
  if (scheme != std::string_view::npos) {
    name.remove_prefix(scheme + 3);
    name.remove_prefix(std::min(name.find('/') + 1, name.size()));
  }
  if (const std::size_t query = name.find("?d="); query != std::string_view::npos) {
    name.remove_prefix(query + 3);
  } else if (scheme != std::string_view::npos) {
    name = name.substr(0, name.find('?'));
  }
  std::string path = scheme == std::string_view::npos && name.find('%') == std::string_view::npos
                         ? std::string(name)
                         : without_percent(name);
  std::ranges::replace(path, '\\', '/');
  while (path.starts_with("./") || path.starts_with("/"))
    path.erase(0, path.starts_with("/") ? 1 : 2);
  return path;
}

// "1a2b3c4d-photo.jpg" is what label-studio calls an upload of photo.jpg.
std::string_view without_upload_prefix(std::string_view name) {
  constexpr std::size_t digits = 8;
  if (name.size() <= digits + 1 || name[digits] != '-') return name;
  const bool is_hex = std::ranges::all_of(name.substr(0, digits),
                                          [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return is_hex ? name.substr(digits + 1) : name;
}

}  // namespace

CocoImageFinder::CocoImageFinder(const FileTree& tree, std::string_view split, std::vector<std::string> folders)
    : tree_(tree), split_(split), folders_(std::move(folders)) {
  // What the user says comes first: with images of equal names elsewhere, and with a folder that is in the tree anyway.
  const std::string given = std::string(folder_of_given_images) + "/";
  const auto first = std::ranges::lower_bound(tree_.files(), given);
  if (first != tree_.files().end() && first->starts_with(given)) folders_.insert(folders_.begin(), given);
}

std::size_t CocoImageFinder::find(const std::string& file_name) {
  for (const std::string& folder : folders_) {
    const std::optional<std::size_t> file = tree_.find(folder + file_name);
    if (!file) continue;
    if (folders_.size() > 1) std::swap(folders_.front(), folders_[&folder - folders_.data()]);
    return *file;
  }
  std::string path = plain_path(file_name);
  for (;;) {
    for (const std::string& folder : folders_)
      if (const std::optional<std::size_t> file = tree_.find(folder + path)) return *file;
    const std::size_t slash = path.find('/');
    if (slash == std::string::npos) break;
    path.erase(0, slash + 1);
  }
  return find_by_base_name(file_name);
}

std::size_t CocoImageFinder::find_by_base_name(const std::string& file_name) {
  if (base_names_.empty()) {
    for (std::size_t file = 0; file < tree_.files().size(); ++file)
      if (has_image_name(tree_.files()[file]))
        base_names_[lower_case(file_name_of(tree_.files()[file]))].push_back(file);
  }
  const std::string path = plain_path(file_name);
  const std::string base = lower_case(file_name_of(path));
  for (const std::string& name : {base, std::string(without_upload_prefix(base))}) {
    const auto found = base_names_.find(name);
    if (found == base_names_.end()) continue;
    // Splits side by side often have images of equal names.
    std::vector<std::size_t> fitting, same_split;
    for (const std::size_t file : found->second) {
      const std::string_view split = split_of_path(tree_.files()[file]);
      if (split == split_) same_split.push_back(file);
      if (split == split_ || split.empty() || split_.empty()) fitting.push_back(file);
    }
    if (same_split.size() == 1) fitting = same_split;
    if (fitting.empty()) continue;
    if (fitting.size() != 1)
      fail("it lists the image ", shown(file_name, longest_name),
           ", and several files have that name: ", tree_.name(fitting[0]), " and ", tree_.name(fitting[1]),
           ". Give each a name of its own");
    if (by_base_name_++ == 0) first_by_base_name_ = file_name + " is " + tree_.name(fitting.front());
    return fitting.front();
  }
  const std::string looked_for =
      joined(folders_, [&](const std::string& folder) { return tree_.root() + "/" + folder; });
  fail("it lists the image ", shown(file_name, longest_name), ", which is missing: looked in ", looked_for,
       " and for that name anywhere. Give the folder of the images with --images, or remove the entry");
}

void CocoImageFinder::append_warnings(const std::string& split, std::vector<std::string>& warnings) const {
  if (by_base_name_ > 0)
    warnings.push_back(count_of(by_base_name_, "image") + " of the split " + split +
                       " found by the name of the file alone; the first: " + first_by_base_name_);
}

}  // namespace sleight
