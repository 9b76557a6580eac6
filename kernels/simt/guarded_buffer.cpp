#include "kernels/simt/guarded_buffer.h"

#include <algorithm>
#include <utility>

#include "kernels/simt/executor.h"
#include "kernels/simt/poison.h"

namespace sleight::simt {
namespace {

std::vector<GuardedMemory*>& registered() {
  static thread_local std::vector<GuardedMemory*> memories;
  return memories;
}

}  // namespace

GuardedMemory::GuardedMemory(std::size_t bytes, std::string name)
    : bytes_(bytes), name_(std::move(name)), lines_((2 * red_zone_bytes + bytes + 63) / 64) {
  poison(lines_.data(), lines_.size() * sizeof(Line));
  registered().push_back(this);
}

GuardedMemory::~GuardedMemory() {
  std::erase(registered(), this);
}

std::byte* GuardedMemory::data() {
  return lines_.front().byte + red_zone_bytes;
}

std::string GuardedMemory::find_damage_and_repair() {
  std::byte* const front = lines_.front().byte;
  const std::size_t total = lines_.size() * sizeof(Line);
  const auto said = [&](const std::string& where) {
    return "buffer '" + name_ + "' of " + std::to_string(bytes_) + " bytes, " + where;
  };
  const std::size_t before = first_damage(front, red_zone_bytes);
  if (before < red_zone_bytes) {
    std::size_t last = red_zone_bytes - 1;
    while (front[last] == poison_byte(last))
      --last;
    poison(front, red_zone_bytes);
    return said("first damaged byte at offset -" + std::to_string(red_zone_bytes - before) + ", last one " +
                std::to_string(red_zone_bytes - last) + " before its start");
  }
  // The pattern is counted from an even offset, which the end of the buffer need not be.
  std::size_t offset = red_zone_bytes + bytes_;
  if (offset % 2 != 0 && front[offset] == poison_byte(offset)) ++offset;
  if (offset % 2 == 0) offset += first_damage(front + offset, total - offset);
  if (offset == total) return "";
  for (std::size_t i = red_zone_bytes + bytes_; i < total; ++i)
    front[i] = poison_byte(i);
  return said("first damaged byte at offset " + std::to_string(offset - red_zone_bytes) + ", " +
              std::to_string(offset - red_zone_bytes - bytes_) + " behind its end");
}

std::span<GuardedMemory* const> GuardedMemory::all_of_this_thread() {
  return registered();
}

void check_red_zones(GuardedMemory& memory) {
  const std::string damage = memory.find_damage_and_repair();
  if (!damage.empty()) throw SimtError("out-of-bounds write: " + damage);
}

}  // namespace sleight::simt
