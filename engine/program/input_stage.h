// Uploads the inputs of a step while the device still computes the previous step.
//
// On a GPU the upload stream copies the batch into one of two stages. The compute stream waits for it, copies it to the
// fixed address that the executables read (so a recorded graph stays valid; this costs some microseconds of device
// bandwidth), and frees the stage. The host copies nothing and binds inputs in place.
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
  // Pinned memory is copied while the host goes on; ordinary memory is read before upload() returns (labels and other
  // small things).
  bool pinned = false;
};

// values: a contiguous range of plain numbers.
template <class Values>
StagedInput staged_input(const char* name, const Values& values, bool pinned = false) {
  return {name, std::as_bytes(std::span(values)), pinned};
}

class InputStage {
 public:
  // How many batches may be uploaded and not delivered yet.
  static constexpr std::size_t capacity = 2;

  explicit InputStage(const Device& device);

  // Queues the transfer of a batch. `owner` owns its memory, and is kept until the batch has been read.
  void upload(std::vector<StagedInput> inputs, std::shared_ptr<const void> owner);

  // Binds the executable's inputs to the oldest uploaded batch; its run must follow. On the host its owner
  // is kept until the next delivery.
  void deliver(Executable& executable) { deliver({{&executable}}); }
  // The same for several that read one batch, one after the other.
  void deliver(std::span<Executable* const> executables);

  // Lets go of all batches, those not delivered too, when the device has read them. The memory on the device is kept
  // for the batches to come.
  void release() noexcept;

  std::size_t waiting() const { return uploads_ - deliveries_; }

 private:
  struct Stage {
    explicit Stage(const std::shared_ptr<Runtime>& runtime) : uploaded(runtime), consumed(runtime) {}
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;
    ~Stage() { release(); }
    // Waits for the transfer: its owner may be gone afterwards.
    void release() noexcept;
    std::map<std::string, Buffer> buffers;
    Event uploaded, consumed;
    std::vector<StagedInput> inputs;
    std::shared_ptr<const void> owner;
  };

  // The buffer of this name, made larger when it is too small.
  std::byte* buffer_for(std::map<std::string, Buffer>& buffers, const StagedInput& input) const;

  const Device* device_;
  std::array<std::unique_ptr<Stage>, capacity> stages_;
  std::size_t uploads_ = 0, deliveries_ = 0;
  std::map<std::string, Buffer> arrived_;
};

}  // namespace sleight
