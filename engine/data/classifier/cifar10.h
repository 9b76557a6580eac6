// CIFAR-10's binary files (Krizhevsky 2009): data_batch_1.bin .. data_batch_5.bin and test_batch.bin. A record is one
// byte of label and 3,072 bytes of pixels: 32 x 32 of red, then of green, then of blue.
#pragma once

#include <memory>

#include "engine/data/classifier/dataset.h"
#include "engine/data/files/file_tree.h"

namespace sleight {

bool has_cifar10(const FileTree& tree);

// Reads all records of the split into memory. Throws Error if the split's files are missing, if a file's length is not
// a multiple of 3,073, or if a label is above 9.
std::unique_ptr<Dataset> open_cifar10(const FileTree& tree, DatasetSplit split);

}  // namespace sleight
