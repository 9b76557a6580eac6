#include "engine/data/files/file_tree.h"

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace sleight {

void FileTree::check_names() const {
  for (const std::vector<std::string>* names : {&files_, &folders_})
    for (const std::string& name : *names)
      check(
          is_utf8(name), root_, ": the name ", shown(name),
          " is not in UTF-8. Rename it (convmv -r -f gbk -t utf8 --notest FOLDER), or unpack the archive anew with its "
          "own encoding (unzip -O gbk)");
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
