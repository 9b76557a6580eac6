// The safetensors reader on any bytes: it accepts or throws Error, and what it accepts is consistent.
#include <cstdint>
#include <cstdlib>

#include "engine/checkpoint/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> file(reinterpret_cast<const std::byte*>(data), size);
  try {
    const sleight::SafetensorsContent content(file, "input");
    std::size_t total = 0;
    for (const sleight::SafetensorsEntry& tensor : content.tensors()) {
      std::size_t expected = static_cast<std::size_t>(sleight::size_of(tensor.type));
      for (const std::int64_t dimension : tensor.shape)
        expected *= static_cast<std::size_t>(dimension);
      if (tensor.bytes.size() != expected || content.find(tensor.name) != &tensor) std::abort();
      // Every byte handed out can be read.
      for (const std::byte byte : tensor.bytes)
        total += static_cast<std::size_t>(byte);
    }
    if (total == static_cast<std::size_t>(-1)) std::abort();
  } catch (const sleight::Error&) {
  }
  return 0;
}
