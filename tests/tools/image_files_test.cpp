// What a folder of images stands for on a command line.
#include "tools/common/image_files.h"

#include <fstream>

#include "catch2_adapter.h"
#include "tests/data/test_images.h"

using namespace sleight;
using namespace sleight::test;

namespace {

void touch(const std::filesystem::path& path) {
  std::ofstream(path) << "x";
}

}  // namespace

TEST_CASE("a folder without readable images is an error that names those of other kinds") {
  const TemporaryFolder folder;
  touch(folder / "a.webp");
  touch(folder / ".hidden.jpg");
  const std::vector<std::string> names = {folder.path().string()};
  const std::string message = message_of([&] { image_paths(names); });
  CHECK(contains(message, "only other images, such as"));
  CHECK(contains(message, "a.webp"));
  touch(folder / "b.JPG");
  CHECK(image_paths(names).size() == 1);
}
