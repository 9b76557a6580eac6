// Images sorted into one folder per class: train/<class>/* and val/<class>/* (also valid, validation, or else test), or
// <class>/* alone.
#pragma once

#include <memory>

#include "engine/data/classifier/dataset.h"
#include "engine/data/files/file_tree.h"
#include "engine/data/loader/validation_share.h"

namespace sleight {

struct ClassFolderOptions {
  ExifOrientation exif = ExifOrientation::applied;
  // Without a split to evaluate on, this share of each class of the training images is held out; 0: it is an error.
  double validation_share = default_validation_share;
};

// Whether the tree has a file in <somewhere>/<split>/<class>/, or images in two folders and more.
bool has_class_folders(const FileTree& tree);

// Classes are the folders of train, so labels mean the same in both splits. Throws Error if the split's folder is
// missing or has no images, if a class of train has no images (it cannot be learned), and if the evaluation split has a
// class that train lacks (it has no label). Warns if a class has no images in the evaluation split (accuracy then
// covers the others), if there is no train folder to take the classes from, for files that are not .jpg, .jpeg or
// .png, and for images in folders inside a class folder, which count for that class.
std::unique_ptr<Dataset> open_class_folders(std::shared_ptr<const FileTree> tree, DatasetSplit split,
                                            const ClassFolderOptions& options = {});

}  // namespace sleight
