#include "tests/device/recording_runtime.h"

#include <algorithm>
#include <cstring>

#include "engine/base/error.h"
#include "engine/device/host_runtime.h"

namespace sleight::test {

namespace {

const std::byte* begin_of(const Access& access) {
  return static_cast<const std::byte*>(access.data);
}

bool overlap(const Access& a, const Access& b) {
  return begin_of(a) < begin_of(b) + b.bytes && begin_of(b) < begin_of(a) + a.bytes;
}

bool covers(const Access& outer, const Access& inner) {
  return begin_of(outer) <= begin_of(inner) && begin_of(inner) + inner.bytes <= begin_of(outer) + outer.bytes;
}

}  // namespace

RecordingRuntime::~RecordingRuntime() {
  for (const auto& [data, bytes] : device_pieces_)
    release_host_memory(const_cast<std::byte*>(data), bytes);
  for (const auto& [data, bytes] : pinned_pieces_)
    release_host_memory(const_cast<std::byte*>(data), bytes);
}

std::byte* RecordingRuntime::allocate(std::int64_t bytes) {
  check(capturing_ == nullptr, "memory was asked for during a capture");
  check(used_bytes_ + bytes <= total_bytes_, "the recording device has not enough memory for ", bytes, " bytes");
  ++counts_.allocations;
  std::byte* data = allocate_host_memory(std::max<std::int64_t>(1, bytes));
  device_pieces_[data] = std::max<std::int64_t>(1, bytes);
  used_bytes_ += bytes;
  return data;
}

void RecordingRuntime::release(std::byte* data, std::int64_t bytes) noexcept {
  drain();
  device_pieces_.erase(data);
  std::erase_if(past_, [&](const Past& past) { return overlap(past.access, {data, bytes, true}); });
  used_bytes_ -= bytes;
  release_host_memory(data, std::max<std::int64_t>(1, bytes));
}

std::byte* RecordingRuntime::allocate_pinned(std::int64_t bytes) {
  ++counts_.allocations;
  std::byte* data = allocate_host_memory(std::max<std::int64_t>(1, bytes));
  pinned_pieces_[data] = std::max<std::int64_t>(1, bytes);
  return data;
}

void RecordingRuntime::release_pinned(std::byte* data, std::int64_t bytes) noexcept {
  drain();
  pinned_pieces_.erase(data);
  std::erase_if(past_, [&](const Past& past) { return overlap(past.access, {data, bytes, true}); });
  release_host_memory(data, std::max<std::int64_t>(1, bytes));
}

void RecordingRuntime::copy_to_device(Stream stream, void* to, const void* from, std::int64_t bytes) {
  if (!holds(pinned_pieces_, from, bytes)) report("copy_to_device reads host memory that is not pinned");
  enqueue(stream, {.name = "copy_to_device", .accesses = {{from, bytes, false}, {to, bytes, true}}, .run = [=] {
                     std::memcpy(to, from, static_cast<std::size_t>(bytes));
                   }});
}

void RecordingRuntime::copy_to_host(Stream stream, void* to, const void* from, std::int64_t bytes) {
  if (!holds(pinned_pieces_, to, bytes)) report("copy_to_host writes host memory that is not pinned");
  enqueue(stream, {.name = "copy_to_host", .accesses = {{from, bytes, false}, {to, bytes, true}}, .run = [=] {
                     std::memcpy(to, from, static_cast<std::size_t>(bytes));
                   }});
}

void RecordingRuntime::copy_on_device(Stream stream, void* to, const void* from, std::int64_t bytes) {
  enqueue(stream, {.name = "copy_on_device", .accesses = {{from, bytes, false}, {to, bytes, true}}, .run = [=] {
                     std::memcpy(to, from, static_cast<std::size_t>(bytes));
                   }});
}

void RecordingRuntime::write(Stream stream, void* to, std::span<const std::byte> from) {
  check(from.size() <= 65536, "write() takes at most 65536 bytes, got ", from.size());
  check(capturing_ == nullptr, "write() during a capture: the graph would read host memory at each launch");
  enqueue(stream, {.name = "write",
                   .accesses = {{to, static_cast<std::int64_t>(from.size()), true}},
                   .run = [to, bytes = std::vector<std::byte>(from.begin(), from.end())] {
                     std::memcpy(to, bytes.data(), bytes.size());
                   }});
}

void RecordingRuntime::fill(Stream stream, void* to, std::uint8_t value, std::int64_t bytes) {
  enqueue(stream, {.name = "fill", .accesses = {{to, bytes, true}}, .run = [=] {
                     std::memset(to, value, static_cast<std::size_t>(bytes));
                   }});
}

void RecordingRuntime::upload(void* to, const void* from, std::int64_t bytes) {
  synchronize(Stream::compute);
  if (!holds(device_pieces_, to, bytes)) report("upload to memory that is not the device's");
  std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

void RecordingRuntime::download(void* to, const void* from, std::int64_t bytes) {
  synchronize(Stream::compute);
  if (!holds(device_pieces_, from, bytes)) report("download from memory that is not the device's");
  std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

void RecordingRuntime::submit(Stream stream, std::string_view name, std::span<const Access> accesses,
                              const std::function<void()>& run) {
  ++counts_.submitted;
  Work work{.name = std::string(name), .accesses = {accesses.begin(), accesses.end()}, .run = run};
  for (const Access& access : work.accesses) {
    if (!holds(device_pieces_, access.data, access.bytes))
      report("'" + work.name + "' names memory that is not the device's");
  }
  enqueue(stream, std::move(work));
}

Runtime::EventId RecordingRuntime::make_event() {
  events_.emplace_back();
  return static_cast<EventId>(events_.size() - 1);
}

void RecordingRuntime::record(EventId event, Stream stream) {
  check(capturing_ == nullptr, "an event was recorded during a capture");
  events_.at(static_cast<std::size_t>(event)) = queue(stream).clock;
}

void RecordingRuntime::wait(Stream stream, EventId event) {
  Clock& clock = queue(stream).clock;
  const Clock& other = events_.at(static_cast<std::size_t>(event));
  for (std::size_t i = 0; i < clock.size(); ++i)
    clock[i] = std::max(clock[i], other[i]);
}

void RecordingRuntime::synchronize(EventId event) {
  host_waits(events_.at(static_cast<std::size_t>(event)));
}

void RecordingRuntime::synchronize(Stream stream) {
  host_waits(queue(stream).clock);
}

void RecordingRuntime::host_waits(const Clock& clock) {
  check(capturing_ == nullptr, "the host waits during a capture");
  ++counts_.waits_of_the_host;
  for (std::size_t i = 0; i < clock.size(); ++i)
    advance(static_cast<Stream>(i), clock[i]);
  // The host goes on after all of this: whatever it queues from now on does too.
  for (Queue& each : queues_) {
    for (std::size_t i = 0; i < clock.size(); ++i)
      each.clock[i] = std::max(each.clock[i], clock[i]);
  }
}

void RecordingRuntime::begin_capture(Stream stream) {
  check(capturing_ == nullptr, "a capture inside a capture");
  captured_.clear();
  capturing_ = &captured_;
  capturing_stream_ = stream;
}

Runtime::GraphId RecordingRuntime::end_capture(Stream /*stream*/) {
  capturing_ = nullptr;
  ++counts_.captures;
  graphs_.push_back(std::move(captured_));
  return static_cast<GraphId>(graphs_.size() - 1);
}

void RecordingRuntime::abandon_capture(Stream /*stream*/) noexcept {
  capturing_ = nullptr;
  captured_.clear();
}

void RecordingRuntime::launch(GraphId graph, Stream stream) {
  ++counts_.launches;
  for (const Work& work : graphs_.at(static_cast<std::size_t>(graph)))
    enqueue(stream, work);
}

void RecordingRuntime::release_graph(GraphId graph) noexcept {
  drain();
  graphs_[static_cast<std::size_t>(graph)].clear();
}

void RecordingRuntime::enqueue(Stream stream, Work work) {
  if (capturing_ != nullptr && stream == capturing_stream_) {
    capturing_->push_back(std::move(work));
    return;
  }
  Queue& target = queue(stream);
  const std::int64_t number = ++target.clock[static_cast<std::size_t>(stream)];
  work.after = target.clock;
  look_for_races(stream, work, number);
  target.waiting.push_back(std::move(work));
}

void RecordingRuntime::look_for_races(Stream stream, const Work& work, std::int64_t number) {
  for (const Access& access : work.accesses) {
    for (const Past& past : past_) {
      if (!overlap(past.access, access) || !(past.access.writes || access.writes)) continue;
      if (past.number <= work.after[static_cast<std::size_t>(past.stream)]) continue;
      report("'" + work.name + "' and '" + past.name + "' touch the same memory and nothing orders them");
    }
  }
  for (const Access& access : work.accesses) {
    // What this one comes after and covers with a write needs no remembering: whoever conflicts with it conflicts with
    // this one.
    std::erase_if(past_, [&](const Past& past) {
      const bool before = past.number <= work.after[static_cast<std::size_t>(past.stream)];
      const bool same_reader = past.stream == stream && !past.access.writes && !access.writes;
      return before && (access.writes || same_reader) && covers(access, past.access);
    });
    past_.push_back({work.name, access, stream, number});
  }
}

bool RecordingRuntime::holds(const std::map<const std::byte*, std::int64_t>& pieces, const void* data,
                             std::int64_t bytes) const {
  auto piece = pieces.upper_bound(static_cast<const std::byte*>(data));
  if (piece == pieces.begin()) return false;
  --piece;
  return static_cast<const std::byte*>(data) + bytes <= piece->first + piece->second;
}

void RecordingRuntime::advance(Stream stream, std::int64_t count) {
  Queue& target = queue(stream);
  while (target.done < count) {
    Work work = std::move(target.waiting.front());
    target.waiting.pop_front();
    for (std::size_t i = 0; i < work.after.size(); ++i) {
      if (static_cast<Stream>(i) != stream) advance(static_cast<Stream>(i), work.after[i]);
    }
    work.run();
    ++target.done;
  }
}

void RecordingRuntime::drain() {
  for (std::size_t i = 0; i < queues_.size(); ++i)
    advance(static_cast<Stream>(i), queues_[i].clock[i]);
}

}  // namespace sleight::test
