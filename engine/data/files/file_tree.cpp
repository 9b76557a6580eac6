#include "engine/data/files/file_tree.h"

#include "engine/base/error.h"

namespace sleight {

std::shared_ptr<const FileTree> open_file_tree(const std::filesystem::path& path, std::size_t maximum_inflated_bytes) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  check(std::filesystem::exists(status), "there is no data at ", path.string(),
        ": give a folder, a .tar or .tar.gz archive, or the word synthetic");
  if (std::filesystem::is_directory(status)) return open_folder_tree(path);
  return open_archive_tree(path, maximum_inflated_bytes);
}

}  // namespace sleight
