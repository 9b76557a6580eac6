#include "engine/program/plan.h"

#include <algorithm>
#include <numeric>

#include "engine/base/error.h"
#include "engine/program/operation.h"

namespace sleight {

void choose_layouts(Program& program, const Device& device) {
  // Blocked wherever it could be, then taken back until every step agrees. What the host reads keeps the plain layout.
  std::vector<bool> blocked(program.values.size());
  for (std::size_t i = 0; i < program.values.size(); ++i) {
    const Value& value = program.values[i];
    const ValueType& type = value.type;
    blocked[i] = value.storage == Storage::arena && type.shape.size() == 4 &&
                 (type.element == DataType::float32 || type.element == DataType::uint8) &&
                 device.preferred_lanes(type.shape[3]) != type.shape[3];
  }
  std::vector<bool> is_result(program.values.size());
  for (const ValueId id : program.results) {
    is_result[id] = true;
    blocked[id] = false;
  }
  // Images from outside count too: they are plain, and so is all elementwise work on them.
  const auto images_of = [&](const Step& step) {
    std::vector<ValueId> ids;
    for (const auto* list : {&step.inputs, &step.outputs}) {
      for (const ValueId id : *list) {
        if (id != no_value && program.value(id).type.shape.size() == 4) ids.push_back(id);
      }
    }
    return ids;
  };
  // A weight gradient has four extents too, but its layout follows its weights and not the images.
  for (const Step& step : program.steps) {
    if (step.operation->weight_layouts == nullptr) continue;
    for (const auto& [slot, layout] : step.operation->weight_layouts(types_of(program, step), device)) {
      const auto index = static_cast<std::size_t>(slot);
      if (index >= step.inputs.size()) blocked[step.outputs[index - step.inputs.size()]] = false;
    }
  }
  bool changed = true;
  while (changed) {
    changed = false;
    for (const Step& step : program.steps) {
      const std::vector<ValueId> images = images_of(step);
      for (const ValueId id : images) {
        if (!blocked[id]) continue;
        bool possible = step.operation->any_layout;
        // Elementwise steps need equal layouts on all sides; a convolution's two sides differ in channels or may
        // differ.
        for (const ValueId other : images) {
          const bool same_kind = program.value(other).type.shape[3] == program.value(id).type.shape[3];
          possible &= step.operation->weight_layouts != nullptr || !same_kind || blocked[other];
        }
        if (possible) continue;
        blocked[id] = false;
        changed = true;
      }
    }
  }
  for (std::size_t i = 0; i < program.values.size(); ++i) {
    if (blocked[i]) program.values[i].type.layout = Layout::blocked;
  }
  // What a step without a choice of layout reads or writes is plain for the convolution too.
  std::vector<bool> touched_plainly = is_result;
  for (const Step& step : program.steps) {
    if (step.operation->weight_layouts != nullptr || step.operation->any_layout) continue;
    for (const ValueId id : images_of(step))
      touched_plainly[id] = true;
  }
  std::vector<bool> is_weight(program.values.size());
  const auto is_blocked_weight = [&](ValueId id) {
    return is_weight[id] && program.value(id).type.layout == Layout::blocked;
  };
  const auto set_weight_layout = [&](ValueId id, Layout layout) {
    is_weight[id] = true;
    program.value(id).type.layout = layout;
  };
  // Weights and their gradients, in the order of the steps: the sum of two gradients of one weight lies as they do.
  for (const Step& step : program.steps) {
    if (step.operation->weight_layouts == nullptr) {
      for (const ValueId input : step.inputs) {
        if (input == no_value || !is_blocked_weight(input)) continue;
        check(step.operation->any_layout, "the operation ", step.operation->name, " ('", step.name, "') cannot read '",
              program.value(input).name, "', which lies in the layout of the device's convolution");
        for (const ValueId output : step.outputs)
          set_weight_layout(output, Layout::blocked);
      }
      continue;
    }
    for (const auto& [slot, layout] : step.operation->weight_layouts(types_of(program, step), device)) {
      const auto index = static_cast<std::size_t>(slot);
      const ValueId id = index < step.inputs.size() ? step.inputs[index] : step.outputs[index - step.inputs.size()];
      set_weight_layout(id, touched_plainly[id] ? Layout::plain : layout);
    }
  }
}

Placement place(std::span<const Lifetime> lifetimes) {
  Placement placement;
  placement.offsets.assign(lifetimes.size(), 0);
  std::vector<std::size_t> order(lifetimes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return lifetimes[a].bytes > lifetimes[b].bytes; });
  std::vector<std::size_t> placed;  // sorted by offset
  for (const std::size_t i : order) {
    const Lifetime& life = lifetimes[i];
    std::int64_t offset = 0;
    for (const std::size_t j : placed) {
      const Lifetime& other = lifetimes[j];
      if (other.last_step < life.first_step || life.last_step < other.first_step) continue;
      if (offset + life.bytes <= placement.offsets[j]) break;
      const std::int64_t end = placement.offsets[j] + other.bytes;
      offset = std::max(offset, (end + arena_alignment - 1) / arena_alignment * arena_alignment);
    }
    placement.offsets[i] = offset;
    placement.arena_bytes = std::max(placement.arena_bytes, offset + life.bytes);
    const auto position =
        std::upper_bound(placed.begin(), placed.end(), offset,
                         [&](std::int64_t value, std::size_t j) { return value < placement.offsets[j]; });
    placed.insert(position, i);
  }
  return placement;
}

namespace {

// The steps in which a value is first written and last read, results being read after the last step.
std::vector<Lifetime> value_lifetimes(const Program& program) {
  const auto step_count = static_cast<std::int32_t>(program.steps.size());
  std::vector<Lifetime> lifetimes(program.values.size(), Lifetime{0, step_count, -1});
  for (std::int32_t i = 0; i < step_count; ++i) {
    const Step& step = program.steps[i];
    for (const auto* list : {&step.inputs, &step.outputs}) {
      for (const ValueId id : *list) {
        if (id == no_value) continue;
        Lifetime& life = lifetimes[id];
        life.bytes = program.value(id).type.bytes();
        life.first_step = std::min(life.first_step, i);
        life.last_step = std::max(life.last_step, i);
      }
    }
  }
  for (const ValueId result : program.results)
    lifetimes[result].last_step = step_count;
  return lifetimes;
}

}  // namespace

MemoryPlan plan_memory(const Program& program, std::span<const std::int64_t> workspace_bytes) {
  const std::vector<Lifetime> lifetimes = value_lifetimes(program);
  MemoryPlan plan;
  plan.block_of_value.assign(program.values.size(), MemoryPlan::no_block);
  plan.block_of_workspace.assign(program.steps.size(), MemoryPlan::no_block);
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    const auto now = static_cast<std::int32_t>(i);
    std::vector<std::pair<int, int>> in_place;
    if (step.operation->in_place != nullptr) in_place = step.operation->in_place(step);
    std::vector<ValueId> taken;
    for (std::size_t o = 0; o < step.outputs.size(); ++o) {
      const ValueId output = step.outputs[o];
      if (output == no_value) continue;
      const Lifetime& life = lifetimes[output];
      std::int32_t block = MemoryPlan::no_block;
      for (const auto& [from_output, to_input] : in_place) {
        if (from_output != static_cast<int>(o) || block != MemoryPlan::no_block) continue;
        const ValueId input = step.inputs[to_input];
        if (input == no_value || program.value(input).storage != Storage::arena) continue;
        const bool last_read = lifetimes[input].last_step == now;
        // The same value may be in two inputs, or be wanted by two outputs: it is given away once, and only when no
        // other input of this step is the same memory.
        const bool once = std::count(step.inputs.begin(), step.inputs.end(), input) == 1 &&
                          std::find(taken.begin(), taken.end(), input) == taken.end();
        if (!last_read || !once || lifetimes[input].bytes != life.bytes) continue;
        block = plan.block_of_value[input];
        taken.push_back(input);
      }
      if (block == MemoryPlan::no_block) {
        block = static_cast<std::int32_t>(plan.blocks.size());
        plan.blocks.push_back(life);
      } else {
        Lifetime& shared = plan.blocks[block];
        shared.last_step = std::max(shared.last_step, life.last_step);
      }
      plan.block_of_value[output] = block;
    }
    if (workspace_bytes[i] > 0) {
      plan.block_of_workspace[i] = static_cast<std::int32_t>(plan.blocks.size());
      plan.blocks.push_back({workspace_bytes[i], now, now});
    }
  }

  const Placement placement = place(plan.blocks);
  plan.offsets = placement.offsets;
  plan.arena_bytes = placement.arena_bytes;
  std::vector<std::int64_t> live(program.steps.size() + 1);
  for (const Lifetime& life : plan.blocks) {
    for (std::int32_t i = life.first_step; i <= life.last_step; ++i)
      live[i] += life.bytes;
  }
  const auto peak = std::max_element(live.begin(), live.end());
  plan.live_bytes_at_peak = *peak;
  plan.peak_step = static_cast<std::int32_t>(peak - live.begin());
  return plan;
}

}  // namespace sleight
