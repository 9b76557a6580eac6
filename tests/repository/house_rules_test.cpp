// Rules of the house that no compiler checks.
#include <algorithm>

#include "catch2_adapter.h"
#include "source_tree.h"
#include "tests/folders.h"

namespace sleight::test {
namespace {

constexpr std::size_t most_lines = 450;

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// Kernels are started by launch() alone. Tests may name the operator, for they look for it.
bool starts_a_kernel(const SourceFile& file) {
  return file.path.compare(0, 6, "tests/") != 0 && file.path != "kernels/lib/launch.h" &&
         file.text.find("<<<") != std::string::npos;
}

bool is_hidden_or_data(const std::filesystem::path& folder) {
  const std::string name = folder.filename().string();
  return name.front() == '.' || name == "corpus" || name == "__pycache__";
}

// The folders below root/start without a README.md, start itself included.
std::vector<std::string> folders_without_readme(const std::filesystem::path& root, const std::string& start) {
  std::vector<std::string> missing;
  const auto look = [&](const std::filesystem::path& folder) {
    if (!std::filesystem::exists(folder / "README.md"))
      missing.push_back(folder.lexically_relative(root).generic_string());
  };
  look(root / start);
  for (auto entry = std::filesystem::recursive_directory_iterator(root / start);
       entry != std::filesystem::recursive_directory_iterator(); ++entry) {
    if (!entry->is_directory()) continue;
    if (is_hidden_or_data(entry->path())) {
      entry.disable_recursion_pending();
    } else {
      look(entry->path());
    }
  }
  std::sort(missing.begin(), missing.end());
  return missing;
}

}  // namespace

TEST_CASE("source files stay short enough to be read") {
  for (const SourceFile& file : source_files()) {
    INFO(file.path);
    CHECK(lines_of(file.text) < most_lines);
  }
}

TEST_CASE("kernels are started by launch() alone") {
  for (const SourceFile& file : source_files()) {
    INFO(file.path);
    CHECK(!starts_a_kernel(file));
  }
  CHECK(starts_a_kernel({"engine/ops/add.cpp", "add<<<1, 2>>>();"}));
  CHECK(!starts_a_kernel({"engine/ops/add.cpp", "1 << 2"}));
}

TEST_CASE("every folder has a README") {
  const std::filesystem::path root = source_folder();
  CHECK(std::filesystem::exists(root / "README.md"));
  for (const std::string_view folder : top_folders)
    CHECK(folders_without_readme(root, std::string(folder)) == std::vector<std::string>{});
}

TEST_CASE("the search for folders without a README finds them") {
  const std::filesystem::path root = std::filesystem::temp_directory_path() / "sleight_house_rules";
  std::filesystem::remove_all(root);
  for (const char* folder : {"top/with", "top/without/deep", "top/.hidden", "top/corpus/data"})
    std::filesystem::create_directories(root / folder);
  for (const char* folder : {"top", "top/with", "top/without/deep"})
    std::ofstream(root / folder / "README.md") << "# here\n";
  CHECK(folders_without_readme(root, "top") == std::vector<std::string>{"top/without"});
  std::filesystem::remove_all(root);
}

}  // namespace sleight::test
