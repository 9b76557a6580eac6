// Images sorted into one folder per class: train/<class>/* and val/<class>/* (or test/<class>/*).
#pragma once

#include <memory>

#include "engine/data/classifier/dataset.h"
#include "engine/data/files/file_tree.h"

namespace sleight {

// Whether the tree has a file in <somewhere>/{train,val,test}/<class>/.
bool has_class_folders(const FileTree& tree);

// Classes are the folders of train, so that labels mean the same in both splits. Throws Error when the split's folder
// is missing or without images, when a class of train has no images (it cannot be learned), and when the evaluation
// split has a class that train has not (it has no label). Warns when a class has no images in the evaluation split
// (accuracy is then over the others), when there is no train folder to take the classes from, and for files that are
// neither .jpg, .jpeg nor .png.
std::unique_ptr<Dataset> open_class_folders(std::shared_ptr<const FileTree> tree, DatasetSplit split);

}  // namespace sleight
