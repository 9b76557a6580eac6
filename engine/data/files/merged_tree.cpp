#include <algorithm>
#include <array>
#include <utility>

#include "engine/data/files/file_tree.h"

namespace sleight {

namespace {

// Two trees as one, the second under a folder of its own.
class MergedTree : public FileTree {
 public:
  MergedTree(std::shared_ptr<const FileTree> first, std::shared_ptr<const FileTree> second, const std::string& folder)
      : trees_{std::move(first), std::move(second)} {
    root_ = trees_[0]->root();
    struct Entry {
      std::string path;
      Place place;
    };
    std::vector<Entry> entries;
    for (std::size_t k = 0; k < trees_.size(); ++k) {
      const std::string prefix = k == 0 ? "" : folder + "/";
      for (std::size_t file = 0; file < trees_[k]->files().size(); ++file)
        entries.push_back({prefix + trees_[k]->files()[file], {k, file}});
      for (const std::string& path : trees_[k]->folders())
        folders_.push_back(prefix + path);
      for (const std::string& warning : trees_[k]->warnings())
        warnings_.push_back(warning);
    }
    std::ranges::sort(entries, {}, &Entry::path);
    std::ranges::sort(folders_);
    for (Entry& entry : entries) {
      files_.push_back(std::move(entry.path));
      places_.push_back(entry.place);
    }
  }

  std::string name(std::size_t file) const override { return trees_[places_[file].tree]->name(places_[file].file); }
  std::span<const std::byte> read(std::size_t file, std::vector<std::byte>& memory) const override {
    return trees_[places_[file].tree]->read(places_[file].file, memory);
  }
  std::span<const std::byte> read_part(std::size_t file, std::size_t offset, std::size_t count,
                                       std::vector<std::byte>& memory) const override {
    return trees_[places_[file].tree]->read_part(places_[file].file, offset, count, memory);
  }

 private:
  struct Place {
    std::size_t tree, file;
  };

  std::array<std::shared_ptr<const FileTree>, 2> trees_;
  std::vector<Place> places_;
};

}  // namespace

std::shared_ptr<const FileTree> merge_trees(std::shared_ptr<const FileTree> first,
                                            std::shared_ptr<const FileTree> second, const std::string& folder) {
  return std::make_shared<MergedTree>(std::move(first), std::move(second), folder);
}

}  // namespace sleight
