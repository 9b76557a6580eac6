// Events and graphs of a runtime, owned.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "engine/device/runtime.h"

namespace sleight {

class Event {
 public:
  explicit Event(std::shared_ptr<Runtime> runtime) : runtime_(std::move(runtime)), id_(runtime_->make_event()) {}
  Event(Event&& other) noexcept : runtime_(std::move(other.runtime_)), id_(other.id_) {}
  Event& operator=(Event&& other) noexcept {
    std::swap(runtime_, other.runtime_);
    std::swap(id_, other.id_);
    return *this;
  }
  ~Event() {
    if (runtime_ != nullptr) runtime_->release_event(id_);
  }

  void record(Stream stream) const { runtime_->record(id_, stream); }
  // Work queued on the stream from now on starts after this event.
  void hold(Stream stream) const { runtime_->wait(stream, id_); }
  // The host waits until it has happened.
  void synchronize() const { runtime_->synchronize(id_); }
  double milliseconds_since(const Event& earlier) const { return runtime_->elapsed_milliseconds(earlier.id_, id_); }

 private:
  std::shared_ptr<Runtime> runtime_;
  Runtime::EventId id_ = 0;
};

class Graph {
 public:
  Graph() = default;
  // Records what `record` queues on the stream. What it throws passes through; nothing was recorded then.
  template <class Function>
  Graph(std::shared_ptr<Runtime> runtime, Stream stream, Function&& record) : runtime_(std::move(runtime)) {
    runtime_->begin_capture(stream);
    try {
      record();
    } catch (...) {
      runtime_->abandon_capture(stream);
      runtime_ = nullptr;
      throw;
    }
    id_ = runtime_->end_capture(stream);
  }
  Graph(Graph&& other) noexcept { swap(other); }
  Graph& operator=(Graph&& other) noexcept {
    Graph(std::move(other)).swap(*this);
    return *this;
  }
  ~Graph() {
    if (runtime_ != nullptr && id_.has_value()) runtime_->release_graph(*id_);
  }

  explicit operator bool() const { return id_.has_value(); }
  void launch(Stream stream) const { runtime_->launch(*id_, stream); }

 private:
  void swap(Graph& other) noexcept {
    std::swap(runtime_, other.runtime_);
    std::swap(id_, other.id_);
  }

  std::shared_ptr<Runtime> runtime_;
  std::optional<Runtime::GraphId> id_;
};

}  // namespace sleight
