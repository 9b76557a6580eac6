// The reader of darknet's weights on any bytes: it accepts or throws Error, and what it accepts covers the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>
#include <vector>

#include "engine/base/error.h"
#include "engine/checkpoint/darknet_content.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sleight;
  // A convolution with a batch norm and one with a bias, as darknet_convolutions makes them.
  static const std::vector<DarknetConvolution> convolutions = {
      {{{"shift", 2}, {"scale", 2}, {"mean", 2}, {"variance", 2, true}, {"weight", 6}}}, {{{"bias", 1}, {"last", 2}}}};
  const std::span<const std::byte> file(reinterpret_cast<const std::byte*>(data), size);
  for (const LeftoverBytes leftover : {LeftoverBytes::refused, LeftoverBytes::ignored}) {
    try {
      const DarknetContent content = read_darknet_content(file, "input", convolutions, leftover);
      std::size_t covered = content.header.bytes();
      for (const std::span<const std::byte>& tensor : content.tensors) {
        // Back to back, in order.
        if (tensor.data() != file.data() + covered) std::abort();
        covered += tensor.size();
      }
      if (content.tensors.size() != 7 || covered > size) std::abort();
      if (leftover == LeftoverBytes::refused && covered != size) std::abort();
    } catch (const Error&) {
    }
  }
  return 0;
}
