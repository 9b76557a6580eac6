#include "tools/common/outputs.h"

#include <sys/stat.h>

#include <optional>
#include <set>
#include <variant>

#include "engine/base/error.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

namespace fs = std::filesystem;

std::optional<struct stat> status_of(const fs::path& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  return status;
}

// The words of an option of text.
std::vector<std::string> words_of(const Option& option) {
  if (const auto* const* text = std::get_if<std::string*>(&option.target())) return {**text};
  if (const auto* const* texts = std::get_if<std::vector<std::string>*>(&option.target())) return **texts;
  return {};
}

}  // namespace

void Inputs::add(const std::string& path) {
  const auto status = status_of(path);
  if (!status) return;
  (S_ISDIR(status->st_mode) ? folders_ : files_).emplace(Identity(status->st_dev, status->st_ino), path);
}

void Inputs::refuse_to_replace(const fs::path& output) const {
  const auto status = status_of(output);
  if (!status || !S_ISREG(status->st_mode)) return;
  if (const auto found = files_.find(Identity(status->st_dev, status->st_ino)); found != files_.end())
    fail("writing ", output.string(), " would replace the input ", found->second,
         "; choose another place for what is written");
  const fs::path folder = fs::canonical(output).parent_path();
  for (fs::path parent = folder;; parent = parent.parent_path()) {
    const auto of_parent = status_of(parent);
    const auto found = of_parent ? folders_.find(Identity(of_parent->st_dev, of_parent->st_ino)) : folders_.end();
    const bool is_own_image = parent == folder && lower_case_extension(output.string()) == ".png";
    check(found == folders_.end() || is_own_image, "writing ", output.string(), " would replace a file of the input ",
          found == folders_.end() ? "" : found->second,
          "; choose another place for what is written, or remove that file first");
    if (parent == parent.parent_path()) return;
  }
}

void refuse_outputs_over_inputs(const OptionList& options) {
  Inputs inputs;
  for (const Option& option : options.all()) {
    if (option.is_written()) continue;
    for (const std::string& word : words_of(option))
      inputs.add(word);
  }
  std::set<fs::path> outputs;
  for (const Option& option : options.all()) {
    if (!option.is_written()) continue;
    for (const std::string& word : words_of(option)) {
      if (word.empty() || word == "-") continue;
      std::error_code ignored;
      check(outputs.insert(fs::weakly_canonical(word, ignored)).second, "--", option.name(), ": ", word,
            " is written by another option too; give each a file of its own");
      inputs.refuse_to_replace(word);
    }
  }
}

}  // namespace sleight
