// Measuring and the tuning cache, with engines whose times are known.
#include <algorithm>
#include <sstream>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "engine/device/device.h"
#include "kernels/cuda/convolution_graph.h"
#include "kernels/linear.h"
#include "tests/base/temporary_folder.h"
#include "tests/fake_gpu/machine.h"

namespace sleight::test {

namespace {

using namespace kernels;
using fake::Machine;

ConvolutionShape shape_of(DataType type) {
  ConvolutionShape shape;
  shape.input = {2, 5, 7, 1, 16};
  shape.output = {2, 5, 7, 1, 24};
  shape.kernel_height = shape.kernel_width = 3;
  shape.padding = 1;
  shape.weight_layout = layout_ohwi(16);
  shape.type = type;
  return shape;
}

// The kernels' libraries for the fake GPU, on a stream of the device, and what they reported.
struct Libraries {
  explicit Libraries(const std::filesystem::path& file, bool deterministic = true, bool allow_tf32 = false)
      : device("cuda", {.tuning_cache = file}) {
    made = make_cuda_libraries({.tuning_cache = file.string(),
                                .deterministic = deterministic,
                                .allow_tf32 = allow_tf32,
                                .report = [this](const std::string& text) { reports.push_back(text); }});
    queue = {std::get<Cuda>(device.target()).stream, made.get()};
  }
  Device device;
  std::vector<std::string> reports;
  std::shared_ptr<CudaLibraries> made;
  Cuda queue;
};

std::int64_t work_done() {
  return Machine::instance().counts().work;
}

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::istringstream stream(read_text_file(file));
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

void prepare_all(const Cuda& queue, DataType type) {
  make_convolution_forward(queue, shape_of(type));
  make_convolution_backward_data(queue, shape_of(type));
  make_convolution_backward_weights(queue, shape_of(type));
  make_linear_forward(queue, {5, 7, 3, true, type});
}

// The choice of the only entry of the file whose key has this part.
std::string choice_in(const std::filesystem::path& file, const std::string& part) {
  std::string found;
  for (const std::string& line : lines_of(file)) {
    if (line.find(part) == std::string::npos) continue;
    CHECK(found == "");
    found = line.substr(line.rfind('\t') + 1);
  }
  return found;
}

}  // namespace

TEST_CASE("the fastest algorithm that keeps its promises is measured and chosen", "[fake]") {
  Machine::instance().replace();
  const TemporaryFolder folder;
  const auto chosen = [&](const char* name, bool deterministic, bool allow_tf32) {
    Libraries libraries(folder / name, deterministic, allow_tf32);
    prepare_all(libraries.queue, DataType::float32);
    CHECK((libraries.reports == std::vector<std::string>()));
    return choice_in(folder / name, "convolution backward weights");
  };
  CHECK(chosen("deterministic.txt", true, false).substr(0, 10) == "engine 20 ");
  CHECK(chosen("tf32.txt", true, true).substr(0, 10) == "engine 10 ");
  CHECK(chosen("free.txt", false, false) == "engine 40");
  // cuBLASLt's second algorithm is the faster one, with a workspace.
  CHECK(choice_in(folder / "free.txt", "linear forward").substr(16, 16) == "0000000000000002");
}

TEST_CASE("what was measured once is read by the next, and measured by nobody", "[fake]") {
  Machine::instance().replace();
  const TemporaryFolder folder;
  const auto file = folder / "tuning.txt";
  std::vector<std::string> written;
  {
    Libraries first(file);
    prepare_all(first.queue, DataType::bfloat16);
    CHECK(work_done() > 100);
    written = lines_of(file);
    CHECK(written.size() == 5);  // the format and four choices
  }
  CHECK(Machine::instance().left_over() == "");
  {
    Libraries second(file);
    const std::int64_t before = work_done();
    prepare_all(second.queue, DataType::bfloat16);
    CHECK(work_done() == before);
    CHECK((second.reports == std::vector<std::string>()));
    // Another type is another question.
    make_convolution_forward(second.queue, shape_of(DataType::float16));
    CHECK(work_done() > before);
  }
}

TEST_CASE("a choice that the library no longer knows is reported and measured again", "[fake]") {
  Machine::instance().replace();
  const TemporaryFolder folder;
  Libraries libraries(folder / "tuning.txt");
  CudaLibraries& known = *libraries.made;
  TuningKey convolution = known.key("convolution forward", DataType::float32);
  add_shape(convolution, shape_of(DataType::float32));
  TuningKey linear = known.key("linear forward", DataType::float32);
  linear.add("left", "5x7").add("right", "3x7 transposed").add("type", "float32").add("bias", "yes");
  // An engine that makes no plan, a knob that is not there, no engine at all.
  for (const std::string choice : {"engine 30", "engine 10 99=1", "engine 11", "nonsense"}) {
    CAPTURE(choice);
    known.remember(convolution, {choice, 1.0, 0});
    known.remember(linear, {choice == "nonsense" ? choice : std::string(128, '1'), 1.0, 0});
    libraries.reports.clear();
    const std::int64_t before = work_done();
    make_convolution_forward(libraries.queue, shape_of(DataType::float32));
    CHECK(work_done() > before);
    make_linear_forward(libraries.queue, {5, 7, 3, true, DataType::float32});
    REQUIRE(libraries.reports.size() == 2);
    for (const std::string& report : libraries.reports)
      CHECK(report.find("no longer fits") != std::string::npos);
    CHECK(known.cache().find(convolution)->choice.substr(0, 10) == "engine 20 ");
  }
}

TEST_CASE("a damaged line of the cache is reported and measured again", "[fake]") {
  Machine::instance().replace();
  const TemporaryFolder folder;
  const auto file = folder / "tuning.txt";
  {
    Libraries first(file);
    make_convolution_forward(first.queue, shape_of(DataType::float32));
  }
  std::string text = read_text_file(file);
  text.replace(text.find("engine 20"), 9, "engine 10");
  write_file_atomically(file, text);
  Libraries second(file);
  CHECK(second.reports.size() == 1);
  const std::int64_t before = work_done();
  make_convolution_forward(second.queue, shape_of(DataType::float32));
  CHECK(work_done() > before);
}

TEST_CASE("without memory to measure on, the heuristics' first is taken, and said so", "[fake]") {
  Machine::instance().replace({.total_bytes = 100 << 20});
  const TemporaryFolder folder;
  {
    Libraries libraries(folder / "tuning.txt");
    const Buffer rest = libraries.device.allocate((100 << 20) - 4096);
    const std::int64_t before = work_done();
    make_convolution_forward(libraries.queue, shape_of(DataType::float16));
    make_linear_forward(libraries.queue, {5, 7, 3, true, DataType::float32});
    CHECK(work_done() == before);
    REQUIRE(libraries.reports.size() == 2);
    for (const std::string& report : libraries.reports)
      CHECK(report.find("not measured, for want of GPU memory") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(folder / "tuning.txt"));
  }
  CHECK(Machine::instance().left_over() == "");
  Machine::instance().replace();
}

}  // namespace sleight::test
