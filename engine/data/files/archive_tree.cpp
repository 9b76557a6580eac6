#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"
#include "engine/data/files/archive.h"
#include "engine/data/files/file_tree.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

// As many links as a system follows one after the other.
constexpr int most_links = 40;
// Links to folders repeat whole trees; two dozen of them inside each other would fill the memory. So what they add may
// take this many bytes, counted as `cost` does, and beyond that a few times what is in the archive without them.
constexpr std::size_t free_link_bytes = std::size_t{4} << 20;
constexpr std::size_t most_repetitions = 4;

// About what a path takes in memory, in the maps and in the list of files.
std::size_t cost(const std::string& path) {
  return 2 * path.size() + 200;
}

bool is_hidden(const std::string& path) {
  return path.starts_with('.') || path.find("/.") != std::string::npos || path.starts_with("__MACOSX/") ||
         path == "__MACOSX";
}

// Where a symbolic link in this folder leads to; empty if out of the archive.
std::string followed(std::string_view folder, std::string_view target) {
  if (target.starts_with('/')) return "";
  std::vector<std::string_view> parts;
  const auto walk = [&](std::string_view path) {
    while (!path.empty()) {
      const std::size_t slash = std::min(path.find('/'), path.size());
      const std::string_view part = path.substr(0, slash);
      path.remove_prefix(std::min(slash + 1, path.size()));
      if (part.empty() || part == ".") continue;
      if (part != "..") {
        parts.push_back(part);
      } else if (parts.empty()) {
        return false;
      } else {
        parts.pop_back();
      }
    }
    return true;
  };
  if (!walk(folder) || !walk(target)) return "";
  std::string path;
  for (const std::string_view part : parts)
    path += (path.empty() ? "" : "/") + std::string(part);
  return path;
}

class ArchiveTree : public FileTree {
 public:
  ArchiveTree(const std::filesystem::path& archive, std::size_t maximum_inflated_bytes)
      : mapped_(std::make_unique<MappedFile>(archive)) {
    root_ = archive.string();
    with_context(root_, [&] {
      ArchiveContents contents = read_archive(mapped_->bytes(), maximum_inflated_bytes);
      if (contents.skipped > 0)
        warnings_.push_back(root_ + ": " + count_of(static_cast<std::int64_t>(contents.skipped), "entry", "entries") +
                            " passed over, which are devices or lead out of the archive; the first is " +
                            shown(contents.first_skipped));
      take(std::move(contents.entries));
    });
    check_names();
  }

  std::span<const std::byte> read(std::size_t file, std::vector<std::byte>&) const override {
    return contents_[file].bytes;
  }
  std::span<const std::byte> read_part(std::size_t file, std::size_t offset, std::size_t count,
                                       std::vector<std::byte>&) const override {
    const std::span<const std::byte> bytes = contents_[file].bytes;
    const std::span<const std::byte> rest = bytes.subspan(std::min(offset, bytes.size()));
    return rest.first(std::min(count, rest.size()));
  }

 private:
  struct Content {
    std::span<const std::byte> bytes;
    std::shared_ptr<const std::vector<std::byte>> memory;
  };
  using Files = std::map<std::string, Content>;
  using Folders = std::set<std::string>;
  using Links = std::map<std::string, std::string>;  // from path to path, the target's own links not followed

  // If a path occurs twice, the last entry counts, as in unpacking.
  void take(std::vector<ArchiveEntry> entries) {
    Files files;
    Folders folders;
    Links links;
    std::int64_t repeated = 0;
    std::string first_repeated;
    for (ArchiveEntry& entry : entries) {
      if (entry.kind == ArchiveEntry::Kind::folder) {
        folders.insert(std::move(entry.path));
        continue;
      }
      if (files.erase(entry.path) + links.erase(entry.path) > 0 && repeated++ == 0) first_repeated = entry.path;
      if (entry.kind == ArchiveEntry::Kind::file) {
        files[std::move(entry.path)] = {entry.bytes, std::move(entry.memory)};
      } else if (entry.kind == ArchiveEntry::Kind::hard_link) {
        links[std::move(entry.path)] = std::move(entry.target);
      } else {
        std::string target = followed(folder_of(entry.path), entry.target);
        links[std::move(entry.path)] = std::move(target);
      }
    }
    if (repeated > 0)
      warnings_.push_back(root_ + ": " + count_of(repeated, "entry is", "entries are") +
                          " there more than once, and the last one was taken; the first is " + shown(first_repeated));
    std::size_t room = free_link_bytes;
    for (const auto& [path, content] : files)
      room += most_repetitions * cost(path);
    follow(links, files, folders, room);
    for (const std::string& path : folders)
      if (!is_hidden(path)) folders_.push_back(path);
    for (auto& [path, content] : files) {
      if (is_hidden(path)) continue;
      files_.push_back(path);
      contents_.push_back(std::move(content));
    }
  }

  // A link to a file is that file once more, a link to a folder all that is in it. Links may lead to links.
  void follow(Links links, Files& files, Folders& folders, std::size_t room) {
    for (int round = 0; round < most_links && !links.empty(); ++round) {
      bool has_changed = false;
      for (auto link = links.begin(); link != links.end();) {
        if (resolve(link->first, link->second, links, files, folders, room)) {
          has_changed = true;
          link = links.erase(link);
        } else {
          ++link;
        }
      }
      if (!has_changed) break;
    }
    if (!links.empty())
      warnings_.push_back(root_ + ": " + count_of(std::ssize(links), "link leads", "links lead") +
                          " out of the archive, to nothing or into a circle, and was passed over; the first is " +
                          shown(links.begin()->first));
  }

  static bool resolve(const std::string& path, const std::string& target, const Links& links, Files& files,
                      Folders& folders, std::size_t& room) {
    if (target.empty()) return false;
    if (const auto file = files.find(target); file != files.end()) {
      const Content content = file->second;
      files[path] = content;
      return true;
    }
    const std::string prefix = target + "/";
    if (path.starts_with(prefix)) return false;
    // Not before the links in it are: they belong to it.
    const auto inner = links.lower_bound(prefix);
    if (inner != links.end() && inner->first.starts_with(prefix)) return false;
    const auto moved = [&](const std::string& inside) {
      std::string result = path + "/" + inside.substr(prefix.size());
      check(cost(result) <= room, "links to folders, ", shown(path),
            " among them, repeat what is in the archive too many times; unpack it and give the folder");
      room -= cost(result);
      return result;
    };
    std::vector<std::pair<std::string, Content>> added;
    for (auto file = files.lower_bound(prefix); file != files.end() && file->first.starts_with(prefix); ++file)
      added.emplace_back(moved(file->first), file->second);
    std::vector<std::string> added_folders;
    for (auto folder = folders.lower_bound(prefix); folder != folders.end() && (*folder).starts_with(prefix); ++folder)
      added_folders.push_back(moved(*folder));
    if (added.empty() && !folders.contains(target)) return false;
    files.insert(added.begin(), added.end());
    folders.insert(path);
    for (std::string& folder : added_folders)
      folders.insert(std::move(folder));
    return true;
  }

  std::unique_ptr<MappedFile> mapped_;
  std::vector<Content> contents_;
};

}  // namespace

std::unique_ptr<FileTree> open_archive_tree(const std::filesystem::path& archive, std::size_t maximum_inflated_bytes) {
  return std::make_unique<ArchiveTree>(archive, maximum_inflated_bytes);
}

}  // namespace sleight
