#include "kernels/simt/messages.h"

#include <cstring>
#include <sstream>

namespace sleight::simt {

namespace {

bool same_site(const CallSite& a, const CallSite& b) {
  return a.line == b.line && std::strcmp(a.file, b.file) == 0;
}

// "__syncthreads at reduce.h:98, called from softmax.cu:40"
std::string place(const Thread& thread) {
  return std::string(thread.arrival.operation) + " at " + to_string(thread.arrival.site) + callers(thread.scope);
}

}  // namespace

bool same_place(const Thread& a, const Thread& b) {
  if (!same_site(a.arrival.site, b.arrival.site)) return false;
  const CallScope* outer_a = a.scope;
  const CallScope* outer_b = b.scope;
  while (outer_a != nullptr && outer_b != nullptr) {
    if (!same_site(outer_a->site(), outer_b->site())) return false;
    outer_a = outer_a->outer();
    outer_b = outer_b->outer();
  }
  return outer_a == outer_b;
}

std::string to_string(const CallSite& site) {
  return std::string(site.file) + ":" + std::to_string(site.line);
}

std::string position(const uint3& index) {
  std::ostringstream text;
  text << '(' << index.x << ", " << index.y << ", " << index.z << ')';
  return text.str();
}

std::string hexadecimal(std::uint32_t mask) {
  std::ostringstream text;
  text << "0x" << std::hex << mask;
  return text.str();
}

std::string callers(const CallScope* scope) {
  std::string text;
  for (; scope != nullptr; scope = scope->outer())
    text += ", called from " + to_string(scope->site());
  return text;
}

std::string divergent_barrier(const std::string& launch, const Thread& one, const Thread& other) {
  return launch + ": divergent barrier: thread " + position(one.index) + " waits in " + place(one) + ", thread " +
         position(other.index) + " in " + place(other) + "; all threads of a block must meet at the same barrier";
}

std::string missing_barrier(const std::string& launch, const Thread& returned, const Thread& waiting) {
  return launch + ": missing barrier: thread " + position(returned.index) + " has returned while thread " +
         position(waiting.index) + " waits in " + place(waiting) +
         "; no thread may leave a kernel before the last barrier of its block";
}

std::string missing_lane(const std::string& launch, const Thread& thread, std::span<const Thread> warp) {
  const std::string who = launch + ", thread " + position(thread.index) + ": " + place(thread) +
                          " waits for the lanes of mask " + hexadecimal(thread.arrival.mask) + ", but lane ";
  for (std::size_t number = 0; number < lanes_per_warp; ++number) {
    if ((thread.arrival.mask >> number & 1U) == 0) continue;
    if (number >= warp.size()) {
      return who + std::to_string(number) + " does not exist: warp " + std::to_string(thread.number / lanes_per_warp) +
             " of this block has " + std::to_string(warp.size()) + " threads";
    }
    const Thread& other = warp[number];
    const std::string which = who + std::to_string(number) + " (thread " + position(other.index) + ") ";
    if (other.state == Thread::State::finished) return which + "has returned";
    if (other.arrival.at == Arrival::At::block_barrier) return which + "waits in " + place(other);
    if (other.arrival.mask != thread.arrival.mask || !same_place(thread, other))
      return which + "waits in " + place(other) + " with mask " + hexadecimal(other.arrival.mask);
  }
  return who + "? is missing";
}

}  // namespace sleight::simt
