// A ring of slots that worker threads fill with batches ahead of their use: the part of a loader that is independent of
// what a batch holds.
//
// Step s lives in slot s % slots. The workers share the images of the oldest batch that has any left. An idle worker
// requests the next step from the schedule once its slot is free. next() returns the slots in the order of steps. A
// slot keeps its memory after the first batches: from then on the ring allocates nothing.
//
// Batches defines a batch:
//
//   Batches::Request                           what the schedule fills in
//   Batches::Slot                              the memory of one batch; has `Request request` and `std::int64_t step`
//   Batches::Worker                            memory of one thread; default-constructible
//   void clear(Request&) const                 empties a request for the next step, keeping its memory
//   void begin(Slot&) const                    checks slot.request for slot.step, completes it and makes room
//   void prepare(Slot&, size_t i, Worker&, LoaderStatistics& done)   makes image i; from many threads at once
//   size_t size(const Slot&) const             images in the batch
#pragma once

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/data/loader/loader_options.h"
#include "engine/data/loader/slot_lease.h"

namespace sleight {

inline std::int64_t nanoseconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start).count();
}

template <class Batches>
class BatchRing final : public SlotOwner {
 public:
  using Slot = typename Batches::Slot;
  using Schedule = std::function<bool(std::int64_t step, typename Batches::Request& request)>;

  // The options must be valid and the `slots` allocated. The content must outlive the ring.
  BatchRing(Batches& batches, std::vector<Slot> slots, Schedule schedule, const LoaderOptions& options)
      : batches_(batches),
        schedule_(std::move(schedule)),
        thread_count_(static_cast<std::size_t>(options.threads)),
        next_scheduled_(options.first_step),
        next_delivered_(options.first_step) {
    check(schedule_ != nullptr, "the loader has no schedule");
    for (Slot& slot : slots)
      places_.push_back({.slot = std::move(slot)});
  }

  ~BatchRing() {
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    work_changed_.notify_all();
    for (std::thread& thread : threads_)
      thread.join();
  }
  BatchRing(const BatchRing&) = delete;
  BatchRing& operator=(const BatchRing&) = delete;

  // Call once. Separate from the constructor, so that the destructor joins the started threads if one fails to start.
  void start() {
    for (std::size_t i = 0; i < thread_count_; ++i)
      threads_.emplace_back([this] { work(); });
  }

  // The next batch in order of steps, or nullptr after the schedule has ended. The caller must release
  // position_of(slot->step). Only the borrower accesses a borrowed slot, so reading it needs no lock. Rethrows what a
  // worker or the schedule threw, and throws the same again when called again.
  const Slot* next() {
    std::unique_lock lock(mutex_);
    const std::int64_t step = next_delivered_;
    Place& place = place_of(step);
    check(place.status != Status::borrowed, "the batch of step ", place.slot.step, " is still held while step ", step,
          " is requested, and the loader has ", places_.size(),
          " slots. Release batches earlier or give it more slots");
    const auto start = std::chrono::steady_clock::now();
    const auto has_come = [&] { return place.status == Status::ready && place.slot.step == step; };
    const auto is_over = [&] { return has_ended_ && step == next_scheduled_; };
    batch_changed_.wait(lock, [&] { return error_ || has_come() || is_over(); });
    statistics_.consumer_waiting += nanoseconds_since(start);
    if (error_) std::rethrow_exception(error_);
    if (is_over()) return nullptr;
    place.status = Status::borrowed;
    ++next_delivered_;
    ++statistics_.batches;
    return &place.slot;
  }

  std::size_t position_of(std::int64_t step) const { return static_cast<std::size_t>(step) % places_.size(); }

  void release(std::size_t slot) noexcept override {
    {
      const std::lock_guard lock(mutex_);
      places_[slot].status = Status::free;
    }
    work_changed_.notify_all();
  }

  LoaderStatistics statistics() const {
    const std::lock_guard lock(mutex_);
    return statistics_;
  }

 private:
  enum class Status : std::uint8_t { free, filling, ready, borrowed };

  struct Place {
    Status status = Status::free;
    std::size_t started = 0;   // images given to workers
    std::size_t finished = 0;  // images done
    Slot slot;
  };

  Place& place_of(std::int64_t step) { return places_[position_of(step)]; }

  // The oldest batch with images that no worker has started.
  Place* place_with_work() {
    for (std::int64_t step = next_delivered_; step < next_scheduled_; ++step)
      if (Place& place = place_of(step); place.status == Status::filling && place.started < batches_.size(place.slot))
        return &place;
    return nullptr;
  }

  void work() {
    std::unique_lock lock(mutex_, std::defer_lock);
    try {
      typename Batches::Worker worker;
      lock.lock();
      while (!is_stopping_ && !error_) {
        if (Place* place = place_with_work()) {
          fill_some(*place, worker, lock);
        } else if (!has_ended_ && !is_scheduling_ && place_of(next_scheduled_).status == Status::free) {
          schedule_next(lock);
        } else {
          const bool no_free_slot = !has_ended_ && !is_scheduling_;
          const auto start = std::chrono::steady_clock::now();
          work_changed_.wait(lock);
          if (no_free_slot) statistics_.waiting_for_slot += nanoseconds_since(start);
        }
      }
    } catch (...) {
      if (!lock.owns_lock()) lock.lock();
      is_scheduling_ = false;
      if (!error_) error_ = std::current_exception();
      work_changed_.notify_all();
      batch_changed_.notify_all();
    }
  }

  void schedule_next(std::unique_lock<std::mutex>& lock) {
    const std::int64_t step = next_scheduled_;
    Place& place = place_of(step);
    is_scheduling_ = true;
    lock.unlock();
    batches_.clear(place.slot.request);
    const bool exists = schedule_(step, place.slot.request);
    if (exists) {
      place.slot.step = step;
      batches_.begin(place.slot);
    }
    lock.lock();
    is_scheduling_ = false;
    if (exists) {
      place.started = place.finished = 0;
      place.status = Status::filling;
      ++next_scheduled_;
    } else {
      has_ended_ = true;
      batch_changed_.notify_all();
    }
    work_changed_.notify_all();
  }

  // Takes several images of the slot at once, so that small ones do not spend their time on the lock, but few enough
  // that every thread has work until the batch is done.
  void fill_some(Place& place, typename Batches::Worker& worker, std::unique_lock<std::mutex>& lock) {
    const std::size_t size = batches_.size(place.slot);
    const std::size_t share = size / (8 * thread_count_);
    const std::size_t first = place.started;
    const std::size_t last = std::min(size, first + std::clamp<std::size_t>(share, 1, 16));
    place.started = last;
    lock.unlock();
    LoaderStatistics done;
    for (std::size_t i = first; i < last; ++i)
      batches_.prepare(place.slot, i, worker, done);
    lock.lock();
    statistics_.reading += done.reading;
    statistics_.decoding += done.decoding;
    statistics_.augmenting += done.augmenting;
    statistics_.replaced += done.replaced;
    statistics_.images += static_cast<std::int64_t>(last - first);
    place.finished += last - first;
    if (place.finished == size) {
      place.status = Status::ready;
      batch_changed_.notify_all();
    }
  }

  Batches& batches_;
  const Schedule schedule_;
  const std::size_t thread_count_;

  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable work_changed_;
  std::condition_variable batch_changed_;
  std::vector<Place> places_;
  std::int64_t next_scheduled_;
  std::int64_t next_delivered_;
  bool is_scheduling_ = false;  // one thread is in the schedule, without the lock
  bool has_ended_ = false;      // next_scheduled_ is the first step that does not exist
  bool is_stopping_ = false;
  std::exception_ptr error_;
  LoaderStatistics statistics_;
  std::vector<std::thread> threads_;
};

}  // namespace sleight
