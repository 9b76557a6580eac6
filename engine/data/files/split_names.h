// The splits of a dataset, as their folders and lists are named.
#pragma once

#include <string>
#include <string_view>

namespace sleight {

// "train", "val" or "test" for a folder of that name and for those that tools write in its place (Train, training, valid,
// validation, dev, eval, testing), with a year or "set", "images" or "data" behind it or not (train2017, test_set); ""
// for any other.
std::string_view split_named(std::string_view folder);

// The split of the first folder in the path that is named for one; "" where none is.
std::string_view split_of_path(std::string_view path);

// Whether one of the folder's words is the name of a split: "seg_train", "my test 2".
bool mentions_split(std::string_view folder);

std::string lower_case(std::string_view text);

}  // namespace sleight
