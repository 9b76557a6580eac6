// Images sorted into one folder per class: train/<class>/* and val/<class>/* (or test/<class>/*).
#pragma once

#include <memory>

#include "engine/data/classifier/dataset.h"
#include "engine/data/files/file_tree.h"

namespace sleight {

// Whether the tree has a file in <somewhere>/{train,val,test}/<class>/.
bool has_class_folders(const FileTree& tree);

// Classes are the folders of train, so labels mean the same in both splits. Throws Error if the split's folder is
// missing or has no images, if a class of train has no images (it cannot be learned), and if the evaluation split has a
// class that train lacks (it has no label). Warns if a class has no images in the evaluation split (accuracy then
// covers the others), if there is no train folder to take the classes from, and for files that are not .jpg, .jpeg or
// .png.
std::unique_ptr<Dataset> open_class_folders(std::shared_ptr<const FileTree> tree, DatasetSplit split,
                                            ExifOrientation exif = ExifOrientation::applied);

}  // namespace sleight
