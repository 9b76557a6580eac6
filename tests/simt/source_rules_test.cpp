// Rules that no compiler checks, checked on the text of the kernels.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "simt_test.h"
#include "tests/folders.h"

namespace sleight::kernels {
namespace {

struct Rule {
  const char* name;
  std::string word;                // may not stand in a kernel file,
  std::string unless_followed_by;  // except before this,
  std::vector<std::string> home;   // and except in these files
};

const std::vector<Rule>& rules() {
  static const std::vector<Rule> list{
      {"static shared memory is a SharedArray, or simt cannot poison it",
       "__shared__",
       " SharedArray<",
       {"cuda/target.h", "simt/cuda_language.h"}},
      {"kernels are started by launch() alone", "<<<", "", {}},
      {"kernels are started by launch() alone", "cudaLaunchKernel", "", {"cuda/target.h"}},
      {"shuffles live in reduce.h alone", "__shfl_", "", {"lib/reduce.h", "simt/cuda_language.h"}},
      {"one place asks for the compiler", "__CUDACC__", "", {"lib/launch.h", "lib/host_device.h"}},
      // Conversions that are one instruction there, with the generic path beside it.
      {"one place asks for the compiler", "__CUDA_ARCH__", "", {"lib/bfloat16.h", "lib/float16.h"}},
  };
  return list;
}

bool breaks(const Rule& rule, const std::string& code) {
  for (std::size_t at = code.find(rule.word); at != std::string::npos; at = code.find(rule.word, at + 1)) {
    const std::size_t behind = at + rule.word.size();
    if (rule.unless_followed_by.empty() ||
        code.compare(behind, rule.unless_followed_by.size(), rule.unless_followed_by) != 0)
      return true;
  }
  return false;
}

std::string without_comment(const std::string& line) {
  return line.substr(0, line.find("//"));
}

}  // namespace

TEST_CASE("the rules of the kernel contract hold in every kernel file") {
  const std::filesystem::path root = source_folder() / "kernels";
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    const std::string extension = entry.path().extension().string();
    if (extension != ".cu" && extension != ".h" && extension != ".cpp") continue;
    ++files;
    const std::string file = entry.path().lexically_relative(root).string();
    std::ifstream stream(entry.path());
    std::string line;
    for (int number = 1; std::getline(stream, line); ++number) {
      for (const Rule& rule : rules()) {
        if (std::find(rule.home.begin(), rule.home.end(), file) != rule.home.end()) continue;
        INFO(file << ":" << number << ": " << rule.name);
        REQUIRE(!breaks(rule, without_comment(line)));
      }
    }
  }
  CHECK(files > 10);
}

TEST_CASE("the rules find what they are for") {
  const Rule& shared = rules()[0];
  CHECK(breaks(shared, "  __shared__ float values[32];"));
  CHECK(!breaks(shared, "  __shared__ SharedArray<float, 32> values;"));
  CHECK(breaks(shared, "  __shared__ SharedArray<float, 32> a; __shared__ int b;"));
  CHECK(breaks(rules()[1], "kernel<<<1, 2>>>();"));
  CHECK(!breaks(rules()[1], "1 << 2"));
  CHECK(without_comment("a; // <<<") == "a; ");
}

}  // namespace sleight::kernels
