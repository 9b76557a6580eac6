#include "engine/program/input_stage.h"

#include <algorithm>

#include "engine/base/error.h"

namespace sleight {

InputStage::InputStage(const Device& device) : device_(&device) {
  for (std::unique_ptr<Stage>& stage : stages_)
    stage = std::make_unique<Stage>(device.runtime());
}

void InputStage::Stage::release() noexcept {
  try {
    uploaded.synchronize();
  } catch (const std::exception&) {
    // Whoever waits for results sees the error too.
  }
  owner = nullptr;
}

std::byte* InputStage::buffer_for(std::map<std::string, Buffer>& buffers, const StagedInput& input) const {
  Buffer& buffer = buffers[input.name];
  const auto bytes = static_cast<std::int64_t>(input.bytes.size());
  if (buffer.size() < bytes) {
    buffer = Buffer();  // waits for what still uses it
    buffer = device_->allocate(bytes);
  }
  return buffer.data();
}

void InputStage::upload(std::vector<StagedInput> inputs, std::shared_ptr<const void> owner) {
  check(waiting() < capacity, capacity, " batches are waiting for their step already");
  Stage& stage = *stages_[uploads_ % capacity];
  ++uploads_;
  if (!device_->is_host()) {
    Runtime& runtime = *device_->runtime();
    stage.uploaded.synchronize();  // of the previous batch, whose owner is released now: it completed long ago
    stage.consumed.hold(Stream::upload);
    for (const StagedInput& input : inputs) {
      std::byte* const to = buffer_for(stage.buffers, input);
      if (input.pinned) {
        runtime.copy_to_device(Stream::upload, to, input.bytes.data(), static_cast<std::int64_t>(input.bytes.size()));
        continue;
      }
      constexpr std::size_t most = 65536;  // what write() takes
      for (std::size_t begin = 0; begin < input.bytes.size(); begin += most)
        runtime.write(Stream::upload, to + begin,
                      input.bytes.subspan(begin, std::min(most, input.bytes.size() - begin)));
    }
    stage.uploaded.record(Stream::upload);
  }
  stage.inputs = std::move(inputs);
  stage.owner = std::move(owner);
}

void InputStage::deliver(std::span<Executable* const> executables) {
  check(waiting() > 0, "there is no batch to deliver");
  Stage& stage = *stages_[deliveries_ % capacity];
  ++deliveries_;
  const auto bind = [&](const std::string& name, const void* data) {
    for (Executable* const executable : executables)
      executable->bind(name, data);
  };
  if (device_->is_host()) {
    // The step before has run, since on the host a run is done when it returns.
    if (waiting() == 0) stages_[deliveries_ % capacity]->owner = nullptr;
    for (const StagedInput& input : stage.inputs)
      bind(input.name, input.bytes.data());
    return;
  }
  stage.uploaded.hold(Stream::compute);
  for (const StagedInput& input : stage.inputs) {
    std::byte* const place = buffer_for(arrived_, input);
    device_->runtime()->copy_on_device(Stream::compute, place, stage.buffers.at(input.name).data(),
                                       static_cast<std::int64_t>(input.bytes.size()));
    bind(input.name, place);
  }
  stage.consumed.record(Stream::compute);
}

void InputStage::release() noexcept {
  for (const std::unique_ptr<Stage>& stage : stages_)
    stage->release();
  deliveries_ = uploads_;
}

}  // namespace sleight
