#include "kernels/add.h"

#include "kernel_case.h"

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
