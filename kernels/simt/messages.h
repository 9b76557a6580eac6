// What the executor says of a kernel that breaks a rule of CUDA. `launch` is the name of the launch with its block.
#pragma once

#include <span>
#include <string>

#include "kernels/simt/thread.h"

namespace sleight::simt {

// "(x, y, z)"
std::string position(const uint3& index);
std::string hexadecimal(std::uint32_t mask);
// ", called from softmax.cu:40" for each call of a helper around the place, innermost first.
std::string callers(const CallScope* scope);

std::string divergent_barrier(const std::string& launch, const Thread& one, const Thread& other);
std::string missing_barrier(const std::string& launch, const Thread& returned, const Thread& waiting);
// `thread` waits for lanes of its warp of which at least one will not come.
std::string missing_lane(const std::string& launch, const Thread& thread, std::span<const Thread> warp);

}  // namespace sleight::simt
