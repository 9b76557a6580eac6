#include "engine/base/error.h"
#include "engine/data/classifier/cifar10.h"
#include "engine/data/classifier/class_folders.h"
#include "engine/data/classifier/dataset.h"
#include "engine/data/detector/dataset.h"
#include "engine/data/files/file_tree.h"
#include "engine/data/synthetic/images.h"

namespace sleight {

namespace {

std::unique_ptr<Dataset> open_split(const std::shared_ptr<const FileTree>& tree, DatasetSplit split,
                                    const DatasetOptions& options) {
  if (has_cifar10(*tree)) return open_cifar10(*tree, split);
  if (has_class_folders(*tree))
    return open_class_folders(
        tree, split,
        {.exif = exif_orientation_if(options.exif_orientation), .validation_share = options.validation_share});
  fail("found no dataset in ", tree->root(), " (", contents_of(*tree),
       "): looked for train/<class>/* with val/<class>/* or test/<class>/*, for <class>/* alone, and for CIFAR-10's "
       "data_batch_*.bin and "
       "test_batch.bin");
}

// Data with boxes is given to a classifier's program by mistake.
template <class Open>
auto with_hint(const std::string& path, const Open& open) {
  try {
    return open();
  } catch (const Error& error) {
    if (has_boxes(path)) fail(error.what(), ". It has boxes: those are for train_detector and evaluate_detector");
    throw;
  }
}

}  // namespace

std::unique_ptr<Dataset> open_dataset(const std::string& path, DatasetSplit split, const DatasetOptions& options) {
  if (path == "synthetic") return open_synthetic(options.synthetic, split);
  return with_hint(path,
                   [&] { return open_split(open_file_tree(path, options.maximum_inflated_bytes), split, options); });
}

DatasetPair open_datasets(const std::string& path, const DatasetOptions& options) {
  if (path == "synthetic")
    return {open_synthetic(options.synthetic, DatasetSplit::training),
            open_synthetic(options.synthetic, DatasetSplit::evaluation)};
  return with_hint(path, [&] {
    const std::shared_ptr<const FileTree> tree = open_file_tree(path, options.maximum_inflated_bytes);
    return DatasetPair{open_split(tree, DatasetSplit::training, options),
                       open_split(tree, DatasetSplit::evaluation, options)};
  });
}

}  // namespace sleight
