// Brings the inputs of a step to the device while the device still computes the step before.
//
// On a GPU: the batch travels on the upload stream into one of two stages; the compute stream waits for it, copies it
// to the place where the executables read it (always the same, so a recorded graph stays valid; this costs some
// microseconds of device bandwidth), and gives the stage free. On the host nothing is copied: inputs are bound where
// they lie.
#pragma once

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/device/handles.h"
#include "engine/program/execute.h"

namespace sleight {

struct StagedInput {
  std::string name;
  std::span<const std::byte> bytes;
  // Pinned memory is copied while the host goes on; ordinary memory is read before send() returns (labels and other
  // small things).
  bool pinned = false;
};

class InputStage {
 public:
  explicit InputStage(const Device& device);

  // Queues the transfer and binds the executable's inputs to what arrives; to be followed by its run. `owner` is kept
  // until pinned memory has been read; on the host until release().
  void send(Executable& executable, std::span<const StagedInput> inputs, std::shared_ptr<const void> owner);

  // Lets go of the owners whose memory is no longer needed: on the host all of them, so only after the run.
  void release();

 private:
  static constexpr std::size_t stage_count = 2;

  struct Stage {
    explicit Stage(const std::shared_ptr<Runtime>& runtime) : uploaded(runtime), consumed(runtime) {}
    std::map<std::string, Buffer> buffers;
    Event uploaded, consumed;
    std::shared_ptr<const void> owner;
  };

  // The buffer of this name, made larger when it is too small.
  std::byte* buffer_for(std::map<std::string, Buffer>& buffers, const StagedInput& input) const;

  const Device& device_;
  std::vector<Stage> stages_;
  std::size_t next_ = 0;
  std::map<std::string, Buffer> arrived_;
};

}  // namespace sleight
