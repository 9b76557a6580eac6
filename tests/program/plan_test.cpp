#include "engine/program/plan.h"

#include <algorithm>

#include "catch2_adapter.h"
#include "engine/ops/ops.h"
#include "random_program.h"

namespace sleight::test {
namespace {

bool share_a_step(const Lifetime& a, const Lifetime& b) {
  return a.first_step <= b.last_step && b.first_step <= a.last_step;
}

bool share_a_byte(std::int64_t offset_a, std::int64_t bytes_a, std::int64_t offset_b, std::int64_t bytes_b) {
  return offset_a < offset_b + bytes_b && offset_b < offset_a + bytes_a;
}

// What a placement must keep, whatever its cleverness. "" or what is wrong.
std::string broken_rule(std::span<const Lifetime> lifetimes, std::span<const std::int64_t> offsets,
                        std::int64_t arena_bytes) {
  if (offsets.size() != lifetimes.size()) return "not every block has an offset";
  for (std::size_t i = 0; i < lifetimes.size(); ++i) {
    if (offsets[i] < 0 || offsets[i] % arena_alignment != 0) return "an offset is not aligned";
    if (offsets[i] + lifetimes[i].bytes > arena_bytes) return "a block reaches over the end of the arena";
    for (std::size_t j = 0; j < i; ++j) {
      if (share_a_step(lifetimes[i], lifetimes[j]) &&
          share_a_byte(offsets[i], lifetimes[i].bytes, offsets[j], lifetimes[j].bytes))
        return "two live blocks overlap";
    }
  }
  return "";
}

}  // namespace

TEST_CASE("random lifetimes are placed without overlap, aligned, near the lower bound") {
  double wasted = 0.0;
  constexpr int rounds = 2000;
  for (std::uint64_t seed = 0; seed < rounds; ++seed) {
    RandomStream random(seed, RandomPurpose::test);
    const std::int64_t steps = 1 + random.below(30);
    std::vector<Lifetime> lifetimes(static_cast<std::size_t>(random.below(60)));
    std::vector<std::int64_t> live(static_cast<std::size_t>(steps));
    for (Lifetime& life : lifetimes) {
      life.bytes = random.below(3) == 0 ? 1 + random.below(300) : 256 * random.below(40);
      life.first_step = static_cast<std::int32_t>(random.below(steps));
      life.last_step = static_cast<std::int32_t>(life.first_step + random.below(steps - life.first_step));
      for (std::int32_t i = life.first_step; i <= life.last_step; ++i)
        live[static_cast<std::size_t>(i)] += life.bytes;
    }
    const Placement placement = place(lifetimes);
    INFO("seed " << seed);
    REQUIRE(broken_rule(lifetimes, placement.offsets, placement.arena_bytes) == "");
    const std::int64_t bound = *std::max_element(live.begin(), live.end());
    REQUIRE(placement.arena_bytes >= bound);
    if (bound > 0) wasted += static_cast<double>(placement.arena_bytes) / static_cast<double>(bound) - 1.0;
  }
  CHECK(wasted / rounds < 0.15);
}

TEST_CASE("the rules of a placement find what they are for") {
  const std::vector<Lifetime> lifetimes = {{256, 0, 2}, {256, 2, 3}};
  CHECK(broken_rule(lifetimes, std::vector<std::int64_t>{0, 256}, 512) == "");
  CHECK(broken_rule(lifetimes, std::vector<std::int64_t>{0, 0}, 512) == "two live blocks overlap");
  CHECK(broken_rule(lifetimes, std::vector<std::int64_t>{0, 300}, 556) == "an offset is not aligned");
  CHECK(broken_rule(lifetimes, std::vector<std::int64_t>{0, 512}, 512) == "a block reaches over the end of the arena");
}

TEST_CASE("plans of random programs keep what is alive apart, and share memory only where an operation allows it") {
  int shared = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    const Program program = random_program(seed);
    INFO("seed " << seed);
    const auto workspace = random_workspaces(program, seed);
    const MemoryPlan plan = plan_memory(program, workspace);
    REQUIRE(broken_rule(plan.blocks, plan.offsets, plan.arena_bytes) == "");
    REQUIRE(plan.live_bytes_at_peak <= plan.arena_bytes);

    const Uses uses(program);
    const auto last_read = [&](ValueId id) {
      const auto& readers = uses.readers(id);
      const bool result = std::find(program.results.begin(), program.results.end(), id) != program.results.end();
      if (result) return static_cast<std::int32_t>(program.steps.size());
      return readers.empty() ? uses.producer(id) : readers.back();
    };
    std::vector<std::int32_t> block_writers(plan.blocks.size(), -1);  // the value that lies in the block now
    for (std::size_t i = 0; i < program.steps.size(); ++i) {
      const Step& step = program.steps[i];
      for (const ValueId input : step.inputs) {
        if (program.value(input).storage != Storage::arena) continue;
        const auto block = static_cast<std::size_t>(plan.block_of_value[static_cast<std::size_t>(input)]);
        REQUIRE(block_writers[block] == input);
      }
      const std::int32_t workspace_block = plan.block_of_workspace[i];
      REQUIRE((workspace_block != MemoryPlan::no_block) == (workspace[i] > 0));
      for (std::size_t o = 0; o < step.outputs.size(); ++o) {
        const ValueId output = step.outputs[o];
        const auto block = static_cast<std::size_t>(plan.block_of_value[static_cast<std::size_t>(output)]);
        const Lifetime& life = plan.blocks[block];
        REQUIRE(life.bytes == program.value(output).type.bytes());
        REQUIRE(life.first_step <= static_cast<std::int32_t>(i));
        REQUIRE(life.last_step >= last_read(output));
        const std::int32_t before = block_writers[block];
        if (before >= 0) {
          ++shared;
          // Reused from an input of this step that no later step reads, through a declared pair.
          const auto place = std::find(step.inputs.begin(), step.inputs.end(), before);
          REQUIRE(place != step.inputs.end());
          REQUIRE(last_read(before) == static_cast<std::int32_t>(i));
          const auto pairs = step.operation->in_place(step);
          const std::pair<int, int> pair = {static_cast<int>(o), static_cast<int>(place - step.inputs.begin())};
          REQUIRE(std::find(pairs.begin(), pairs.end(), pair) != pairs.end());
        }
        block_writers[block] = output;
      }
    }
  }
  CHECK(shared > 1000);
}

TEST_CASE("random programs on a poisoned arena give what separate buffers give") {
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const Program program = random_program(seed);
    INFO("seed " << seed);
    REQUIRE(run_in_one_arena(program) == run_in_separate_buffers(program));
  }
}

TEST_CASE("a chain of activations runs in the memory of one value") {
  Tracer tracer(Mode::training);
  const ValueId x = tracer.input("x", {1024}, DataType::float32);
  ValueId y = ops::relu(tracer, x);
  for (int i = 0; i < 5; ++i)
    y = ops::relu(tracer, y);
  tracer.result(y, "y");
  const std::vector<std::int64_t> no_workspace(tracer.program().steps.size());
  const MemoryPlan plan = plan_memory(tracer.program(), no_workspace);
  CHECK(plan.blocks.size() == 1);
  CHECK(plan.arena_bytes == 4096);
  // The first one reads the batch, which is not the arena's to write to.
  CHECK(plan.block_of_value[static_cast<std::size_t>(x)] == MemoryPlan::no_block);
}

}  // namespace sleight::test
