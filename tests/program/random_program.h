// Random programs of one operation of the tests' own, `mix`, which adds up its inputs with weights and declares at
// random that its output may lie on one of them.
#pragma once

#include <vector>

#include "engine/program/execute.h"
#include "engine/value/random.h"

namespace sleight::test {

Program random_program(std::uint64_t seed);

// One size per step, some of them 0.
std::vector<std::int64_t> random_workspaces(const Program& program, std::uint64_t seed);

// All results, one after the other. Both bind the same inputs.
std::vector<double> run_in_one_arena(const Program& program);
std::vector<double> run_in_separate_buffers(const Program& program);

}  // namespace sleight::test
