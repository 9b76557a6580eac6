#include "engine/data/files/file_tree.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

void FileTree::check_names() const {
  for (const std::vector<std::string>* names : {&files_, &folders_})
    for (const std::string& name : *names)
      check(
          is_utf8(name), root_, ": the name ", shown(name),
          " is not in UTF-8. Rename it (convmv -r -f gbk -t utf8 --notest FOLDER), or unpack the archive anew with its "
          "own encoding (unzip -O gbk)");
}

std::string contents_of(const FileTree& tree) {
  static constexpr std::array<std::string_view, 6> archives = {".zip", ".tar", ".tgz", ".7z", ".rar", ".gz"};
  const std::vector<std::string>& files = tree.files();
  const auto packed = std::ranges::find_if(files, [](const std::string& path) {
    return std::ranges::find(archives, lower_case_extension(path)) != archives.end();
  });
  std::string text = count_of(std::ssize(files), "file");
  if (!files.empty()) text += ", the first is " + files.front();
  if (packed != files.end()) text += "; unpack the archives in it first, such as " + *packed;
  return text;
}

std::shared_ptr<const FileTree> open_file_tree(const std::filesystem::path& path, std::size_t maximum_inflated_bytes) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  check(std::filesystem::exists(status), "there is no data at ", path.string(),
        ": give a folder, an archive (.zip, .tar, .tar.gz, ...), or the word synthetic");
  if (std::filesystem::is_directory(status)) return open_folder_tree(path);
  return open_archive_tree(path, maximum_inflated_bytes);
}

}  // namespace sleight
