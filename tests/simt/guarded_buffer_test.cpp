// Red zones and poison, without a kernel.
#include <cmath>
#include <cstring>

#include "simt_test.h"

namespace sleight::kernels {

TEST_CASE("a guarded buffer starts as NaN and is whole") {
  GuardedBuffer<float> floats(7);
  GuardedBuffer<double> doubles(7);
  GuardedBuffer<bfloat16> halves(7);
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(std::isnan(floats[i]));
    CHECK(std::isnan(doubles[i]));
    CHECK(std::isnan(static_cast<float>(halves[i])));
  }
  CHECK(reinterpret_cast<std::uintptr_t>(floats.data()) % 64 == 0);
  floats.check();
  doubles.check();
  halves.check();
}

TEST_CASE("check names the first damaged byte once") {
  for (const std::size_t count : {0U, 1U, 2U, 3U, 7U, 64U, 101U}) {
    for (const std::size_t distance : {0U, 1U, 2U, 9U, 511U}) {
      CAPTURE(count, distance);
      GuardedBuffer<std::uint8_t> buffer(count, "image");
      buffer.data()[count + distance] = 1;
      const std::string behind = message_of<SimtError>([&] { buffer.check(); });
      INFO(behind);
      CHECK(contains(behind, "'image'"));
      CHECK(contains(behind, "offset " + std::to_string(count + distance) + ","));
      CHECK(contains(behind, std::to_string(distance) + " behind its end"));
      buffer.check();

      *(buffer.data() - 1 - distance) = 1;
      const std::string before = message_of<SimtError>([&] { buffer.check(); });
      CHECK(contains(before, "offset -" + std::to_string(distance + 1) + ","));
      buffer.check();
    }
  }
}

TEST_CASE("writing within the bounds is no damage") {
  GuardedBuffer<std::uint8_t> buffer(33);
  for (auto& byte : buffer)
    byte = 0;
  buffer.check();
  GuardedBuffer<std::uint8_t> moved = std::move(buffer);
  moved[32] = 5;
  moved.check();
  CHECK(moved.size() == 33);
}

}  // namespace sleight::kernels
