#include "kernels/yolo_decode.h"

#include <algorithm>
#include <limits>

#include "tests/golden/golden.h"
#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

struct DecodeCase {
  kernels::YoloScale scales[kernels::yolo_scales];
  std::vector<double> predictions[kernels::yolo_scales];
  std::size_t places = 0;  // of all images
};

DecodeCase decode_case(std::int64_t batch, std::int32_t rows, std::int32_t columns, std::int32_t classes) {
  const kernels::AnchorSize anchors[kernels::yolo_anchors] = {{10, 13},  {16, 30},  {33, 23},   {30, 61},  {62, 45},
                                                              {59, 119}, {116, 90}, {156, 198}, {373, 326}};
  DecodeCase c;
  for (int i = 0; i < kernels::yolo_scales; ++i) {
    kernels::YoloScale& scale = c.scales[i];
    scale.batch = batch;
    scale.height = rows << (2 - i);
    scale.width = columns << (2 - i);
    scale.classes = classes;
    scale.scale = i;
    for (int a = 0; a < 3; ++a)
      scale.anchors[a] = anchors[3 * i + a];
    const std::size_t here = static_cast<std::size_t>(batch * scale.places());
    c.predictions[i].assign(here * static_cast<std::size_t>(scale.row_size()), 0.0);
    c.places += here;
  }
  return c;
}

// Boxes, then scores.
template <class T, class Device>
std::vector<double> run_decode(Device device, const DecodeCase& c) {
  GuardedBuffer<T> fine = guarded<T>(c.predictions[0], "scale 0");
  GuardedBuffer<T> middle = guarded<T>(c.predictions[1], "scale 1");
  GuardedBuffer<T> coarse = guarded<T>(c.predictions[2], "scale 2");
  GuardedBuffer<float> boxes(c.places * 4, "boxes");
  GuardedBuffer<float> scores(c.places * static_cast<std::size_t>(c.scales[0].classes), "scores");
  kernels::YoloDecode decode;
  decode.type = data_type_of<T>();
  std::copy(std::begin(c.scales), std::end(c.scales), decode.scales);
  decode.predictions[0] = fine.data();
  decode.predictions[1] = middle.data();
  decode.predictions[2] = coarse.data();
  decode.boxes = boxes.data();
  decode.scores = scores.data();
  yolo_decode(device, decode);
  std::vector<double> values = numbers(boxes);
  const std::vector<double> more = numbers(scores);
  values.insert(values.end(), more.begin(), more.end());
  return values;
}

}  // namespace

TEST_CASE("yolo_decode: golden values") {
  int seen = 0;
  for (const nlohmann::json& golden : golden_cases("yolo_detections")) {
    if (golden.at("kind") != "decode") continue;
    ++seen;
    DecodeCase c = decode_case(golden.at("pictures"), golden.at("rows"), golden.at("columns"), golden.at("classes"));
    for (std::size_t i = 0; i < 3; ++i)
      c.predictions[i] = golden.at("predictions").at(i).get<std::vector<double>>();
    std::vector<double> expected = golden.at("boxes");
    const std::vector<double> scores = golden.at("scores");
    const std::size_t box_numbers = expected.size();
    double largest = 0;
    for (const double corner : expected)
      largest = std::max(largest, std::abs(corner));
    for_each_type([&]<class T>(TypeTag<T>) {
      for (const DeviceResult& result : on_every_device<T>([&](auto device) { return run_decode<T>(device, c); })) {
        INFO(result.device << " " << name_of(data_type_of<T>()));
        const auto middle = result.values.begin() + static_cast<std::ptrdiff_t>(box_numbers);
        // The results are float32 whatever the predictions are.
        require_close({result.values.begin(), middle}, expected, 8 * epsilon_of<float>(),
                      epsilon_of<float>() * largest);
        require_close({middle, result.values.end()}, scores, 8 * epsilon_of<float>(), 0);
      }
    });
  }
  CHECK(seen == 2);
}

TEST_CASE("yolo_decode: 80 classes and more places than one launch has warps") {
  DecodeCase c = decode_case(2, 2, 3, 80);
  for (auto& prediction : c.predictions) {
    for (std::size_t i = 0; i < prediction.size(); ++i)
      prediction[i] = static_cast<double>(i % 41) / 8 - 2.5;
  }
  const std::vector<double> expected = run_decode<double>(kernels::Cpu{}, c);
  for (const DeviceResult& result : on_every_device<float>([&](auto device) { return run_decode<float>(device, c); })) {
    INFO(result.device);
    require_close(result.values, expected, 8 * epsilon_of<float>(), 1e-4);
  }
  // The first class of the last place, by hand.
  const std::vector<double>& coarse = c.predictions[2];
  const double* row = coarse.data() + coarse.size() - 85;
  const double score = 1 / (1 + std::exp(-row[4])) / (1 + std::exp(-row[5]));
  CHECK(std::abs(expected[expected.size() - 80] - score) <= 1e-6);
}

TEST_CASE("yolo_decode: scales that do not belong together are refused") {
  const auto refused = [](const DecodeCase& c) {
    CHECK_THROWS_AS(run_decode<float>(kernels::Cpu{}, c), std::invalid_argument);
    CHECK_THROWS_AS(run_decode<float>(kernels::Simt{}, c), std::invalid_argument);
  };
  DecodeCase c = decode_case(1, 1, 1, 2);
  c.scales[1].scale = 0;
  refused(c);
  c = decode_case(1, 1, 1, 2);
  c.scales[2].classes = 3;
  refused(c);
}

}  // namespace sleight::test
