#include "engine/data/classifier/cifar10.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr std::size_t side = 32;
constexpr std::size_t plane_bytes = side * side;
constexpr std::size_t image_bytes = 3 * plane_bytes;
constexpr std::size_t record_bytes = 1 + image_bytes;

bool belongs_to(std::string_view path, DatasetSplit split) {
  const std::string_view file = path.substr(path.rfind('/') + 1);
  if (split == DatasetSplit::evaluation) return file == "test_batch.bin";
  return file.starts_with("data_batch_") && file.ends_with(".bin");
}

class Cifar10 : public Dataset {
 public:
  Cifar10(const FileTree& tree, DatasetSplit split) {
    std::vector<std::byte> memory;
    for (std::size_t file = 0; file < tree.files().size(); ++file)
      if (belongs_to(tree.files()[file], split))
        with_context(tree.name(file), [&] { append(tree.name(file), tree.read(file, memory)); });
    check(!labels_.empty(), tree.root(), " has CIFAR-10's binary files, but not ",
          split == DatasetSplit::training ? "data_batch_1.bin .. data_batch_5.bin" : "test_batch.bin",
          " with any image. Get the whole dataset");
  }

  std::int64_t size() const override { return static_cast<std::int64_t>(labels_.size()); }
  const std::vector<std::string>& class_names() const override { return class_names_; }
  std::int32_t label(std::int64_t index) const override { return labels_.at(static_cast<std::size_t>(index)); }
  std::string name(std::int64_t index) const override {
    const auto after = [index](const File& file) { return file.first_image > index; };
    const File& file = *std::prev(std::find_if(files_.begin(), files_.end(), after));
    return file.name + ": image " + std::to_string(index - file.first_image);
  }
  void read(std::int64_t index, StoredImage& image) const override {
    image.form = StoredImage::Form::pixels;
    image.height = side;
    image.width = side;
    image.bytes = std::span(pixels_).subspan(static_cast<std::size_t>(index) * image_bytes, image_bytes);
  }
  const std::vector<std::string>& warnings() const override { return warnings_; }

 private:
  struct File {
    std::string name;
    std::int64_t first_image;
  };

  void append(const std::string& name, std::span<const std::byte> bytes) {
    check(bytes.size() % record_bytes == 0, "it has ", bytes.size(), " bytes, which is no multiple of a record's ",
          record_bytes, ". It is cut short or not one of CIFAR-10's binary files");
    files_.push_back({name, size()});
    pixels_.reserve(pixels_.size() + bytes.size());
    for (; !bytes.empty(); bytes = bytes.subspan(record_bytes)) {
      const int label = std::to_integer<int>(bytes[0]);
      check(label < 10, "image ", size() - files_.back().first_image, " has label ", label,
            "; CIFAR-10 has 10 classes");
      labels_.push_back(static_cast<std::uint8_t>(label));
      for (std::size_t pixel = 0; pixel < plane_bytes; ++pixel)
        for (std::size_t channel = 0; channel < 3; ++channel)
          pixels_.push_back(bytes[1 + channel * plane_bytes + pixel]);
    }
  }

  std::vector<std::string> class_names_ = {"airplane", "automobile", "bird",  "cat",  "deer",
                                           "dog",      "frog",       "horse", "ship", "truck"};
  std::vector<File> files_;
  std::vector<std::uint8_t> labels_;
  std::vector<std::byte> pixels_;
  std::vector<std::string> warnings_;
};

}  // namespace

bool has_cifar10(const FileTree& tree) {
  return std::any_of(tree.files().begin(), tree.files().end(), [](const std::string& path) {
    return belongs_to(path, DatasetSplit::training) || belongs_to(path, DatasetSplit::evaluation);
  });
}

std::unique_ptr<Dataset> open_cifar10(const FileTree& tree, DatasetSplit split) {
  return std::make_unique<Cifar10>(tree, split);
}

}  // namespace sleight
