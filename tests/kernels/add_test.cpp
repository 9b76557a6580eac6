#include "kernels/add.h"

#include <array>

#include "kernel_case.h"
#include "tests/kernels/on_gpu.h"

using namespace sleight;
using namespace sleight::kernels;
using namespace sleight::tests;

TEST_CASE("add against its definition, in place too") {
  for (const DataType type : {DataType::float32, DataType::bfloat16, DataType::float16, DataType::float64})
    for (const std::int64_t size : {1, 3, 17, 1025, 7001}) {
      CAPTURE(size, name_of(type));
      const Values a = rounded(type, random_values(size, 1));
      const Values b = rounded(type, random_values(size, 2));
      Values sum;
      for (std::size_t i = 0; i < a.size(); ++i)
        sum.push_back(a[i] + b[i]);
      for (const int into : {0, 1, 2})
        on_every_device(
            type, {1, 1, 1, 1, size},
            [&](auto device) {
              TestTensor first(type, a), second(type, b), fresh(type, size);
              TestTensor& result = into == 0 ? fresh : into == 1 ? first : second;
              add(device, {type, size, first.data(), second.data(), result.data()});
              return result.values();
            },
            [&](const Values& result) { check_close("sum", result, sum, type); });

      Values twice;
      for (const double value : a)
        twice.push_back(2 * value);
      on_every_device(
          type, {1, 1, 1, 1, size},
          [&](auto device) {
            TestTensor tensor(type, a);
            add(device, {type, size, tensor.data(), tensor.data(), tensor.data()});
            return tensor.values();
          },
          [&](const Values& result) { check_close("a + a into a", result, twice, type); });
    }
}

namespace {

// a + b, where each of the three begins so many numbers after a multiple of 16 bytes.
template <class T>
void check_at(const Device& device, std::int64_t count, const std::array<std::int64_t, 3>& starts) {
  CAPTURE(count, name_of(data_type_of<T>()), starts[0], starts[1], starts[2]);
  const auto stored = [&](std::int64_t start, int seed) {
    std::vector<T> values(static_cast<std::size_t>(start + count));
    for (std::int64_t i = 0; i < count; ++i)
      values[start + i] = T(static_cast<float>((i + 1) * (seed + 1) % 61));
    return values;
  };
  const std::vector<T> a = stored(starts[0], 1), b = stored(starts[1], 2);
  std::vector<T> sum = stored(starts[2], 3);
  const auto bytes = [](const std::vector<T>& values) { return static_cast<std::int64_t>(values.size() * sizeof(T)); };
  run_on_gpu(device, {{a.data(), bytes(a)}, {b.data(), bytes(b)}}, {sum.data(), bytes(sum)}, 0,
             [&](const std::vector<void*>& operands, void* result, void*) {
               const Add arguments{data_type_of<T>(), count, static_cast<const T*>(operands[0]) + starts[0],
                                   static_cast<const T*>(operands[1]) + starts[1], static_cast<T*>(result) + starts[2]};
               run_on(device.target(), [&](auto target) { add(target, arguments); });
             });
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const float expected = static_cast<float>(a[starts[0] + i]) + static_cast<float>(b[starts[1] + i]);
    wrong += static_cast<float>(sum[starts[2] + i]) == expected ? 0 : 1;
  }
  REQUIRE(wrong == 0);
}

void check_starts(const Device& device, std::int64_t count) {
  for (const std::array<std::int64_t, 3>& starts :
       std::vector<std::array<std::int64_t, 3>>{{0, 0, 0}, {1, 0, 0}, {0, 2, 0}, {0, 0, 1}, {3, 3, 3}, {1, 2, 4}}) {
    check_at<float>(device, count, starts);
    check_at<bfloat16>(device, count, starts);
    check_at<float16>(device, count, starts);
  }
}

}  // namespace

TEST_CASE("add: whole packs at addresses that a pack does not divide") {
  check_starts(Device("cpu"), 70);
  check_starts(Device("simt"), 70);
  check_starts(Device("simt"), 20003);  // more than the blocks of one turn take
}

TEST_CASE("add on the GPU: the second turn of its blocks, and any address", "[gpu]") {
  const std::optional<Device> gpu = find_gpu({});
  if (gpu) check_starts(*gpu, 2048 * 256 * 8 * 2 + 3);
}
