// Between differentiate and fuse: a program of one rank becomes the program that each of several ranks runs on its own
// slice of the batch, such that all together they do what one would do with the whole batch. As everywhere in this
// folder, no operation is known by name: each says for itself what it needs of the other ranks (Operation::distribute).
//
// The slices must be of one size: a gradient is the mean over the ranks of gradients of their mean losses.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "engine/comm/communicator.h"
#include "engine/program/program.h"

namespace sleight {

struct DistributeOptions {
  int ranks = 1;
  // Statistics of a batch (batch norm's) are taken over all ranks. Otherwise each rank normalizes its slice by itself,
  // which is another function than one rank computes on the whole batch, and running statistics differ between ranks.
  bool synchronize_statistics = true;
};

// What an operation's rule sees: its step, and the means to put steps between those of the program.
class DistributionBuilder {
 public:
  // The step whose rule is asked; it may be changed. References into program().steps do not survive all_reduce().
  Step& step() { return program_.steps[index_]; }
  Program& program() { return program_; }
  const DistributeOptions& options() const { return options_; }

  // The reduction of a value over all ranks, by a step directly after the one that writes it. A second call returns
  // the same value. Throws Error if no step writes the value.
  ValueId all_reduce(ValueId value, Reduction reduction);
  // Inserts a step after step() and after all steps inserted there before.
  void insert_behind(Step step);
  // The host reads `to` where it read `from`, under the same name; nothing happens where it did not read `from`.
  void replace_result(ValueId from, ValueId to);

 private:
  friend void distribute(Program& program, const DistributeOptions& options, const Operation& all_reduce);
  DistributionBuilder(Program& program, const DistributeOptions& options, const Operation& all_reduce)
      : program_(program), options_(options), all_reduce_(all_reduce), inserted_(program.steps.size()) {}

  void apply_rules();
  void weave();

  Program& program_;
  const DistributeOptions& options_;
  const Operation& all_reduce_;
  std::size_t index_ = 0;
  std::vector<std::vector<Step>> inserted_;  // per step, what follows it
  std::map<std::pair<ValueId, Reduction>, ValueId> reduced_;
};

// `all_reduce` is the operation for DistributionBuilder::all_reduce: one input, one output of its type, and the
// attribute "mean". With one rank nothing is changed.
void distribute(Program& program, const DistributeOptions& options, const Operation& all_reduce);

}  // namespace sleight
