// What may know what: an #include points up the list of folders, toward kernels, and never down.
#include <map>
#include <sstream>

#include "catch2_adapter.h"
#include "source_tree.h"

namespace sleight::test {
namespace {

// Each folder may include itself and those before it. Of those on one line none includes another. A file belongs to the
// longest folder of the list that it lies in.
const std::vector<std::vector<std::string>> layers = {{"kernels"},
                                                      {"engine/base"},
                                                      {"engine/device"},
                                                      {"engine/comm"},
                                                      {"engine/value"},
                                                      {"engine/program"},
                                                      {"engine/ops"},
                                                      {"engine/data/files"},
                                                      {"engine/image"},
                                                      {"engine/data/loader"},
                                                      {"engine/data/classifier", "engine/data/detector"},
                                                      {"engine/data/annotations", "engine/data/synthetic"},
                                                      {"engine/data"},
                                                      {"engine/metrics"},
                                                      {"engine/checkpoint"},
                                                      {"engine/report"},
                                                      {"engine/train"},
                                                      {"engine/run"},
                                                      {"engine/run/classifier", "engine/run/detector"},
                                                      {"tricks", "models"},
                                                      {"tools/common"},
                                                      {"tools/classifier", "tools/detector"},
                                                      {"tools/models"},
                                                      {"tools"},
                                                      {"tests", "bench"}};

struct Layer {
  int rank = -1;  // -1: no folder of the list
  std::string folder;
};

Layer layer_of(const std::string& path) {
  Layer layer;
  for (std::size_t rank = 0; rank < layers.size(); ++rank) {
    for (const std::string& folder : layers[rank]) {
      if (path.starts_with(folder + "/") && folder.size() > layer.folder.size())
        layer = {static_cast<int>(rank), folder};
    }
  }
  return layer;
}

// The paths of all #include "..." of a text.
std::vector<std::string> includes_of(const std::string& text) {
  std::vector<std::string> paths;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t hash = line.find_first_not_of(" \t");
    if (hash == std::string::npos || line[hash] != '#') continue;
    const std::size_t word = line.find_first_not_of(" \t", hash + 1);
    if (word == std::string::npos || line.compare(word, 7, "include") != 0) continue;
    const std::size_t open = line.find('"', word);
    const std::size_t close = open == std::string::npos ? open : line.find('"', open + 1);
    if (close != std::string::npos) paths.push_back(line.substr(open + 1, close - open - 1));
  }
  return paths;
}

// Headers that CMake chooses by what it found, and the only ones written without their folder outside of tests.
const std::map<std::string, std::string> chosen_headers = {
    {"available_devices.h", "kernels"}, {"primitive_descriptors.h", "kernels"}, {"catch2_adapter.h", "tests"}};

// "" or what is wrong with this include.
std::string violation(const std::string& file, const std::string& include) {
  const Layer from = layer_of(file);
  if (from.rank < 0) return file + " lies in no folder of the list";
  Layer to = layer_of(include);
  if (to.rank < 0) {
    const auto chosen = chosen_headers.find(include);
    if (chosen != chosen_headers.end()) {
      to = layer_of(chosen->second + "/" + include);
    } else if (from.folder == "tests" && include.find('/') == std::string::npos) {
      return "";  // its neighbor
    } else {
      return file + " includes \"" + include + "\", which does not start at the root of the repository";
    }
  }
  const bool test_or_bench = from.rank + 1 == static_cast<int>(layers.size());
  if (to.rank > from.rank || (to.rank == from.rank && to.folder != from.folder && !test_or_bench))
    return file + " includes \"" + include + "\": " + from.folder + " may not know " + to.folder;
  // What all kernels share knows none of them.
  if (file.starts_with("kernels/lib/") && include.starts_with("kernels/") && include.find('/', 8) == std::string::npos)
    return file + " includes \"" + include + "\": kernels/lib may not know a kernel";
  return "";
}

}  // namespace

TEST_CASE("includes point up the list of folders") {
  std::map<std::string, int> files_of_layer;
  int includes = 0;
  for (const SourceFile& file : source_files()) {
    ++files_of_layer[layer_of(file.path).folder];
    for (const std::string& include : includes_of(file.text)) {
      ++includes;
      CHECK(violation(file.path, include) == "");
    }
  }
  CHECK(includes > 500);
  for (const std::vector<std::string>& folders : layers) {
    for (const std::string& folder : folders) {
      INFO(folder);
      CHECK(files_of_layer[folder] > 0);
    }
  }
}

TEST_CASE("the check of includes finds what it is for") {
  CHECK(violation("engine/ops/add.cpp", "kernels/add.h") == "");
  CHECK(violation("engine/ops/add.cpp", "engine/ops/support.h") == "");
  CHECK(violation("kernels/add.cpp", "engine/base/error.h") != "");
  CHECK(violation("engine/program/plan.cpp", "engine/ops/ops.h") != "");
  CHECK(violation("engine/base/file.cpp", "engine/value/shape.h") != "");
  CHECK(violation("engine/program/execute.h", "engine/comm/communicator.h") == "");
  CHECK(violation("engine/comm/communicator.h", "engine/program/program.h") != "");
  CHECK(violation("tricks/ema.cpp", "models/resnet.h") != "");
  CHECK(violation("models/resnet.cpp", "tricks/ema.h") != "");
  CHECK(violation("models/resnet.cpp", "engine/ops/ops.h") == "");
  CHECK(violation("tools/predict.cpp", "tests/cases/case.h") != "");
  CHECK(violation("engine/report/report.cpp", "bench/bench_step.h") != "");
  CHECK(violation("bench/bench_kernels.cpp", "tests/cases/case.h") == "");
  CHECK(violation("engine/data/detector/loader.cpp", "engine/data/loader/batch_ring.h") == "");
  CHECK(violation("engine/data/loader/batch_ring.h", "engine/data/detector/loader.h") != "");
  CHECK(violation("engine/data/detector/loader.h", "engine/data/classifier/dataset.h") != "");
  CHECK(violation("engine/data/open_dataset.cpp", "engine/data/synthetic/images.h") == "");
  CHECK(violation("engine/data/synthetic/images.cpp", "engine/data/open_dataset.h") != "");
  CHECK(violation("engine/run/training_run.cpp", "engine/run/classifier/options.h") != "");
  CHECK(violation("engine/run/classifier/training.cpp", "models/classifier.h") != "");
  CHECK(violation("engine/run/classifier/training.cpp", "tricks/all_tricks.h") != "");
  CHECK(violation("engine/train/learner.h", "engine/run/training_run.h") != "");
  CHECK(violation("tools/predict.cpp", "tools/classifier/options.h") == "");
  CHECK(violation("kernels/lib/pack.h", "kernels/lib/launch.h") == "");
  CHECK(violation("kernels/lib/launch.h", "kernels/simt/target.h") == "");
  CHECK(violation("kernels/lib/pack.h", "kernels/add.h") != "");
  CHECK(violation("engine/ops/add.cpp", "support.h") != "");
  CHECK(violation("engine/other/add.cpp", "kernels/add.h") != "");
  CHECK(violation("engine/base/file.cpp", "catch2_adapter.h") != "");
  CHECK(violation("kernels/lib/execution_target.h", "available_devices.h") == "");
  CHECK(
      includes_of("#include \"a/b.h\"\n  #  include \"c.h\"  // why\n#include <d.h>\n// #include \"e.h\"\nf \"g.h\"") ==
      std::vector<std::string>{"a/b.h", "c.h"});
}

}  // namespace sleight::test
