// A device for tests that runs work as late as a GPU may, and reports mistakes that a GPU does not report.
//
// - It has memory of its own: work that names memory of the host, or memory that was given back, is reported.
// - Queued work runs only when something waits for it, and then no more than the wait requires: work
//   without the necessary order runs too late, every time.
// - It keeps vector clocks of the streams and of the host (Lamport's happens-before; Mattern 1988). Two accesses to the
//   same bytes, one of them a write, that no stream order and no event puts in order are reported with both names.
//
// Kernels are called on cpu or simt, when the work happens.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <string>
#include <vector>

#include "engine/device/runtime.h"

namespace sleight::test {

class RecordingRuntime : public Runtime {
 public:
  // How much memory it has; more is refused like on a GPU.
  explicit RecordingRuntime(std::int64_t total_bytes = std::int64_t{1} << 40U) : total_bytes_(total_bytes) {}
  ~RecordingRuntime() override;

  // What was queued and done, for tests that count.
  struct Counts {
    std::int64_t submitted = 0;  // pieces of work, those inside graphs not counted again at a launch
    std::int64_t captures = 0;
    std::int64_t launches = 0;
    std::int64_t allocations = 0;
    std::int64_t waits_of_the_host = 0;
  };
  const Counts& counts() const { return counts_; }
  // Every report so far; empty when all is well.
  const std::vector<std::string>& reports() const { return reports_; }
  // Does everything that is queued.
  void drain();

  std::string description() const override { return "recording device"; }
  bool is_host() const override { return false; }
  DeviceMemory memory() const override { return {total_bytes_ - used_bytes_, total_bytes_}; }
  std::byte* allocate(std::int64_t bytes) override;
  void release(std::byte* data, std::int64_t bytes) noexcept override;
  std::byte* allocate_pinned(std::int64_t bytes) override;
  void release_pinned(std::byte* data, std::int64_t bytes) noexcept override;
  void copy_to_device(Stream stream, void* to, const void* from, std::int64_t bytes) override;
  void copy_to_host(Stream stream, void* to, const void* from, std::int64_t bytes) override;
  void copy_on_device(Stream stream, void* to, const void* from, std::int64_t bytes) override;
  void write(Stream stream, void* to, std::span<const std::byte> from) override;
  void fill(Stream stream, void* to, std::uint8_t value, std::int64_t bytes) override;
  void upload(void* to, const void* from, std::int64_t bytes) override;
  void download(void* to, const void* from, std::int64_t bytes) override;
  void submit(Stream stream, std::string_view name, std::span<const Access> accesses,
              const std::function<void()>& run) override;
  EventId make_event() override;
  void release_event(EventId /*event*/) noexcept override {}
  void record(EventId event, Stream stream) override;
  void wait(Stream stream, EventId event) override;
  void synchronize(EventId event) override;
  void synchronize(Stream stream) override;
  double elapsed_milliseconds(EventId /*from*/, EventId /*to*/) override { return 1.0; }
  bool has_graphs() const override { return true; }
  void begin_capture(Stream stream) override;
  GraphId end_capture(Stream stream) override;
  void abandon_capture(Stream stream) noexcept override;
  void launch(GraphId graph, Stream stream) override;
  void release_graph(GraphId graph) noexcept override;

 private:
  // How many pieces of work of each stream are known to be done before something.
  using Clock = std::array<std::int64_t, stream_count>;

  struct Work {
    std::string name;
    std::vector<Access> accesses;
    std::function<void()> run;
    Clock after{};  // must be done first
  };
  struct Queue {
    std::deque<Work> waiting;
    std::int64_t done = 0;
    Clock clock{};  // what the next piece of work comes after, itself included
  };
  struct Past {
    std::string name;
    Access access;
    Stream stream;
    std::int64_t number;  // in its stream, from 1
  };

  Queue& queue(Stream stream) { return queues_[static_cast<std::size_t>(stream)]; }
  void enqueue(Stream stream, Work work);
  void look_for_races(Stream stream, const Work& work, std::int64_t number);
  bool holds(const std::map<const std::byte*, std::int64_t>& pieces, const void* data, std::int64_t bytes) const;
  // Does what is needed until `count` pieces of work of the stream are done.
  void advance(Stream stream, std::int64_t count);
  void host_waits(const Clock& clock);
  void report(const std::string& text) { reports_.push_back(text); }

  std::int64_t total_bytes_;
  std::int64_t used_bytes_ = 0;
  std::map<const std::byte*, std::int64_t> device_pieces_, pinned_pieces_;
  std::array<Queue, stream_count> queues_;
  std::vector<Clock> events_;
  std::vector<Past> past_;
  std::vector<std::vector<Work>> graphs_;
  std::vector<Work>* capturing_ = nullptr;
  Stream capturing_stream_ = Stream::compute;
  std::vector<Work> captured_;
  Counts counts_;
  std::vector<std::string> reports_;
};

}  // namespace sleight::test
