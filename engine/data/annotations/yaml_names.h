// The class names and the splits in a data.yaml, as the tools that write such files leave them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sleight {

// The value of the outermost key "names", in any of YAML's forms for it:
//
//   names: [cat, 'hot dog', "a, b"]      names: {0: cat, 1: dog}      over one line or several
//   names:                               names:
//     - cat                                0: cat
//     - dog                                1: dog
//
// plain or in quotation marks, with comments. Numbers may come in any order, but must be all of 0 .. count - 1. Empty
// when the file has no names. Throws Error, with the line, for anything else under that key, and when the outermost key
// "nc" says another number of classes.
std::vector<std::string> parse_yaml_names(std::string_view text);

// The outermost keys "path", "train", "val" (or "valid") and "test": where the images of each split are, a folder or a
// list each. Texts or lists of texts; what is missing is empty.
struct YamlSplits {
  std::string path;
  std::vector<std::string> train, val, test;
  std::size_t keypoint_numbers = 0;  // behind each box: the product of the two numbers of "kpt_shape"
};
// Throws Error, with the line, for other values.
YamlSplits parse_yaml_splits(std::string_view text);

// The same of darknet's obj.data: "train = data/train.txt" and "valid = ...", a setting a line.
YamlSplits parse_darknet_data(std::string_view text);

}  // namespace sleight
