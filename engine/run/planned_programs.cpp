#include "engine/run/planned_programs.h"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/format_bytes.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/run/training_run.h"

namespace sleight {

void plan_programs(TrainingTask& task) {
  Learner& learner = task.learner();
  const std::int64_t batch_size = task.recipe().batch_size;
  std::map<std::string, std::set<std::string>> nondeterministic;  // operation -> layers
  // The largest first: the arena then never grows, and what does not fit into memory fails at once. On a GPU the others
  // wait for their first batch, since measuring algorithms and compiling kernels takes seconds to minutes for each.
  std::vector<std::int64_t> sizes = task.tricks().sizes();
  if (!task.context().device.is_host()) sizes.resize(1);
  for (const std::int64_t size : sizes) {
    const Executable& executable = learner.plan(ProgramUse::training, {batch_size, size, size});
    log_info("plan ", batch_size, "x", size, "x", size, ": ", executable.program().steps.size(), " steps, arena ",
             format_bytes(executable.plan().arena_bytes), ", parameters and optimizer ",
             format_bytes(task.context().store.bytes()));
    for (const std::size_t i : executable.nondeterministic_steps()) {
      const Step& step = executable.program().steps[i];
      nondeterministic[std::string(step.operation->name)].insert(step.name);
    }
  }
  for (const auto& [operation, layers] : nondeterministic) {
    log_info(
        "not deterministic: ", operation, " of ", joined(layers),
        " may give other bits in another run, since its fastest algorithm adds in any order; --deterministic takes "
        "those that do not");
  }
  const BatchShape shape{batch_size, task.evaluation_size(), task.evaluation_size()};
  learner.plan(ProgramUse::evaluation, shape);
  if (task.tricks().average_weights()) learner.plan(ProgramUse::averaged_evaluation, shape);
}

}  // namespace sleight
