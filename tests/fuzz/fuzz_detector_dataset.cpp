// Any files as a dataset with boxes, in every format: opened or refused with an Error, and every box of the training split
// is of a class and inside of its image.
//
// An input is a text: a line "@PATH" begins a file, and what follows up to the next such line is what it holds.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/data/annotations/annotation_format.h"
#include "engine/data/annotations/file_dataset.h"

namespace {

using namespace sleight;

class TextTree : public FileTree {
 public:
  explicit TextTree(std::string_view text) {
    root_ = "dataset";
    std::map<std::string, std::string_view> files;
    while (!text.empty()) {
      // Without its "@" at the beginning of an input, and with it later.
      text.remove_prefix(text.starts_with('@') ? 1 : 0);
      const std::size_t line = std::min(text.find('\n'), text.size());
      const std::string path(text.substr(0, line));
      text.remove_prefix(std::min(line + 1, text.size()));
      const std::size_t end = std::min(text.find("\n@"), text.size());
      if (!path.empty()) files[path] = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    for (const auto& [path, content] : files) {
      files_.push_back(path);
      contents_.push_back(std::as_bytes(std::span(content)));
    }
    check_names();
  }

  std::span<const std::byte> read(std::size_t file, std::vector<std::byte>&) const override { return contents_[file]; }
  std::span<const std::byte> read_part(std::size_t file, std::size_t offset, std::size_t count,
                                       std::vector<std::byte>&) const override {
    const std::span<const std::byte> rest = contents_[file].subspan(std::min(offset, contents_[file].size()));
    return rest.first(std::min(count, rest.size()));
  }

 private:
  std::vector<std::span<const std::byte>> contents_;
};

void check_boxes(const OpenedDetectorDataset& opened, bool is_training) {
  const DetectorDataset& dataset = *opened.dataset;
  for (const std::string& warning : dataset.warnings())
    if (warning.empty()) std::abort();
  for (std::int64_t image = 0; image < dataset.size(); ++image) {
    for (const ObjectBox& object : dataset.objects(image)) {
      if (object.class_index < 0 || object.class_index >= std::ssize(dataset.class_names())) std::abort();
      const Box& box = object.box;
      if (is_training && !(box.left >= 0 && box.top >= 0 && box.left < box.right && box.top < box.bottom)) std::abort();
    }
  }
}

void open(const std::shared_ptr<const FileTree>& tree, const AnnotationFormat& format) {
  const SplitNames splits = format.find_splits(*tree, {});
  std::vector<std::string> class_names;
  for (const bool is_training : {true, false}) {
    const std::string& name = is_training ? splits.training : splits.evaluation;
    if (name.empty()) continue;
    AnnotatedSplit split = format.read_split(*tree, name, {});
    if (is_training && format.class_names(*tree, name) != split.class_names) std::abort();
    if (class_names.empty()) class_names = split.class_names;
    ObjectRules rules;
    rules.split = is_training ? DatasetSplit::training : DatasetSplit::evaluation;
    check_boxes(make_file_detector_dataset(tree, std::move(split), class_names, rules), is_training);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const auto tree = std::make_shared<TextTree>(std::string_view(reinterpret_cast<const char*>(data), size));
    for (const AnnotationFormat* format : annotation_formats()) {
      try {
        format->splits_in(*tree);
        if (format->recognizes(*tree)) open(tree, *format);
      } catch (const Error&) {
        continue;
      }
    }
  } catch (const Error&) {
  }
  return 0;
}
