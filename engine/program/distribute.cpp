#include "engine/program/distribute.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/program/operation.h"
#include "engine/program/trace.h"

namespace sleight {

ValueId DistributionBuilder::all_reduce(ValueId value, Reduction reduction) {
  const auto known = reduced_.find({value, reduction});
  if (known != reduced_.end()) return known->second;
  const auto writer = std::find_if(program_.steps.begin(), program_.steps.end(), [&](const Step& step) {
    return std::find(step.outputs.begin(), step.outputs.end(), value) != step.outputs.end();
  });
  check(writer != program_.steps.end(), "'", program_.value(value).name,
        "' is written by no step of the program; only what a step writes is reduced over the ranks");
  const auto place = static_cast<std::size_t>(writer - program_.steps.begin());
  const std::string name = writer->name;
  const Phase phase = writer->phase;
  // Appended, for its type and name, and then taken to its place.
  const ValueId result =
      append_step(program_, all_reduce_, {value}, {{"mean", {reduction == Reduction::mean ? 1.0 : 0.0}}}, name, phase)
          .front();
  inserted_[place].push_back(std::move(program_.steps.back()));
  program_.steps.pop_back();
  reduced_[{value, reduction}] = result;
  return result;
}

void DistributionBuilder::insert_behind(Step step) {
  inserted_[index_].push_back(std::move(step));
}

void DistributionBuilder::replace_result(ValueId from, ValueId to) {
  const auto result = std::find(program_.results.begin(), program_.results.end(), from);
  if (result == program_.results.end()) return;
  *result = to;
  program_.value(to).name = program_.value(from).name;
  program_.value(from).name += ".local";
}

void DistributionBuilder::apply_rules() {
  for (index_ = 0; index_ < inserted_.size(); ++index_) {
    const Operation& operation = *step().operation;
    if (operation.distribute == nullptr) continue;
    with_context(std::string(operation.name) + " '" + step().name + "'", [&] { operation.distribute(*this); });
  }
}

void DistributionBuilder::weave() {
  std::vector<Step> steps;
  for (std::size_t i = 0; i < inserted_.size(); ++i) {
    steps.push_back(std::move(program_.steps[i]));
    std::move(inserted_[i].begin(), inserted_[i].end(), std::back_inserter(steps));
  }
  program_.steps = std::move(steps);
}

void distribute(Program& program, const DistributeOptions& options, const Operation& all_reduce) {
  check(options.ranks >= 1, "a program runs on at least 1 rank, got ", options.ranks);
  if (options.ranks == 1) return;
  DistributionBuilder builder(program, options, all_reduce);
  builder.apply_rules();
  builder.weave();
  verify(program);
}

}  // namespace sleight
