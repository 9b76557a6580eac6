#include "engine/program/input_stage.h"

#include <algorithm>

namespace sleight {

InputStage::InputStage(const Device& device) : device_(device) {
  for (std::size_t i = 0; i < stage_count; ++i)
    stages_.emplace_back(device.runtime());
}

std::byte* InputStage::buffer_for(std::map<std::string, Buffer>& buffers, const StagedInput& input) const {
  Buffer& buffer = buffers[input.name];
  const auto bytes = static_cast<std::int64_t>(input.bytes.size());
  if (buffer.size() < bytes) {
    buffer = Buffer();  // waits for what still uses it
    buffer = device_.allocate(bytes);
  }
  return buffer.data();
}

void InputStage::send(Executable& executable, std::span<const StagedInput> inputs, std::shared_ptr<const void> owner) {
  Stage& stage = stages_[next_];
  next_ = (next_ + 1) % stage_count;
  if (device_.is_host()) {
    stage.owner = std::move(owner);
    for (const StagedInput& input : inputs)
      executable.bind(input.name, input.bytes.data());
    return;
  }
  Runtime& runtime = *device_.runtime();
  stage.uploaded.synchronize();  // two steps ago: it has happened long since
  stage.owner = std::move(owner);
  stage.consumed.hold(Stream::upload);
  for (const StagedInput& input : inputs) {
    std::byte* const to = buffer_for(stage.buffers, input);
    if (input.pinned) {
      runtime.copy_to_device(Stream::upload, to, input.bytes.data(), static_cast<std::int64_t>(input.bytes.size()));
      continue;
    }
    constexpr std::size_t most = 65536;  // what write() takes
    for (std::size_t begin = 0; begin < input.bytes.size(); begin += most)
      runtime.write(Stream::upload, to + begin, input.bytes.subspan(begin, std::min(most, input.bytes.size() - begin)));
  }
  stage.uploaded.record(Stream::upload);
  stage.uploaded.hold(Stream::compute);
  for (const StagedInput& input : inputs) {
    std::byte* const place = buffer_for(arrived_, input);
    runtime.copy_on_device(Stream::compute, place, stage.buffers.at(input.name).data(),
                           static_cast<std::int64_t>(input.bytes.size()));
    executable.bind(input.name, place);
  }
  stage.consumed.record(Stream::compute);
}

void InputStage::release() {
  for (Stage& stage : stages_) {
    if (!device_.is_host()) stage.uploaded.synchronize();
    stage.owner = nullptr;
  }
}

}  // namespace sleight
