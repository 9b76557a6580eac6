// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv): a number for some bytes, the same on every machine. It
// tells things apart that nobody made alike on purpose.
#pragma once

#include <cstdint>
#include <string_view>

namespace sleight {

class Fnv1a {
 public:
  void add(std::string_view bytes) {
    for (const char byte : bytes)
      value_ = (value_ ^ static_cast<unsigned char>(byte)) * 0x100000001b3U;
  }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xcbf29ce484222325U;
};

}  // namespace sleight
