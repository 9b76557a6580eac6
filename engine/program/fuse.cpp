#include "engine/program/fuse.h"

#include "engine/base/error.h"
#include "engine/program/operation.h"

namespace sleight {

namespace {

bool is_offered(const FusionRule& rule, const Program& program, std::size_t step, const FusionOptions& options) {
  if (rule.offered == nullptr || options.everything) return true;
  return options.device != nullptr && rule.offered(program, step, *options.device);
}

}  // namespace

FusionCounts fuse(Program& program, const FusionOptions& options) {
  FusionCounts counts;
  bool changed = true;
  while (changed) {
    changed = false;
    for (std::size_t i = 0; i < program.steps.size(); ++i) {
      // The operation is fetched anew for every rule: a rewrite may have put another step at this index.
      for (std::size_t r = 0; i < program.steps.size() && r < program.steps[i].operation->fusion_rules.size(); ++r) {
        const FusionRule& rule = program.steps[i].operation->fusion_rules[r];
        if (!is_offered(rule, program, i, options) || !rule.rewrite(program, i)) continue;
        ++counts[rule.name];
        changed = true;
      }
    }
  }
  verify(program);
  return counts;
}

void remove_step(Program& program, std::size_t index) {
  program.steps.erase(program.steps.begin() + static_cast<std::ptrdiff_t>(index));
}

void replace_uses(Program& program, ValueId from, ValueId to, std::size_t first) {
  for (std::size_t i = first; i < program.steps.size(); ++i) {
    for (ValueId& input : program.steps[i].inputs) {
      if (input == from) input = to;
    }
  }
}

}  // namespace sleight
