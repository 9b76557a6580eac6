// One pass over a loader's batches that keeps a device busy: each travels while the one before is computed.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "engine/train/learner.h"

namespace sleight {

// Two batches may be on the device or on their way to it while the loader fills the others.
inline constexpr int evaluation_slots = 5;

// SourceLoader: Loader or DetectorLoader. inputs_of(batch, owner) gives the BatchInputs; observe(batch, position in
// `uses`, executable) reads the results, for each batch and use in order.
template <class SourceLoader, class InputsOf, class Observe>
void evaluate_batches(Learner& learner, SourceLoader& loader, std::span<const ProgramUse> uses, InputsOf inputs_of,
                      Observe observe) {
  using LoadedBatch = typename decltype(loader.next())::value_type;
  // The learner lets go of the batches before the loader ends, also when something is thrown.
  struct Forgetting {
    Learner& learner;
    ~Forgetting() { learner.forget_evaluation(); }
  };
  const Forgetting forgetting{learner};
  const auto upload_next = [&]() -> std::shared_ptr<const LoadedBatch> {
    std::optional<LoadedBatch> batch = loader.next();
    if (!batch) return nullptr;
    const auto owner = std::make_shared<const LoadedBatch>(std::move(*batch));
    learner.upload_evaluation(inputs_of(*owner, owner));
    return owner;
  };
  for (std::shared_ptr<const LoadedBatch> batch = upload_next(), following; batch != nullptr;
       batch = std::move(following)) {
    learner.start_evaluation(uses);
    following = upload_next();
    for (std::size_t i = 0; i < uses.size(); ++i)
      observe(*batch, i, learner.finish_evaluation());
  }
}

}  // namespace sleight
