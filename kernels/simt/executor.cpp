#include "kernels/simt/executor.h"

#include <algorithm>
#include <deque>
#include <exception>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

#include "kernels/simt/cuda_language.h"
#include "kernels/simt/guarded_buffer.h"
#include "kernels/simt/messages.h"
#include "kernels/simt/poison.h"
#include "kernels/simt/thread.h"

namespace sleight::simt {

namespace {

// Thrown through a waiting thread when its launch has failed, so that its fiber becomes free again.
struct Unwind {};

class Executor {
 public:
  Executor() = default;
  ~Executor() {
    stopping_ = true;
    for (Worker& worker : workers_)
      worker.fiber.resume();
  }
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void execute(const char* kernel_name, const Grid& grid, kernels::ThreadOrder order,
               const std::function<void()>& body);

  bool running() const { return body_ != nullptr; }
  Thread* current() { return current_; }
  std::uint64_t block_serial() const { return running() ? block_serial_ : 0; }

  // Called by the current thread: waits until the meeting it names has taken place.
  std::uint64_t wait(const Arrival& arrival);
  std::byte* dynamic_shared();
  void begin_shared(std::byte* memory, std::size_t bytes);
  [[noreturn]] void report(const std::string& what) const;

 private:
  void run_block(const uint3& block);
  void begin_block(const uint3& block);
  void arrange(std::vector<int>& order);
  void run_ready_threads();
  void resume(Thread& thread);
  void work(Worker& self);
  void run(Thread& thread, Worker& self);
  Thread* next_if_fresh();
  void unwind();

  void meet();
  bool complete(const Thread& first, int warp);
  void release_warp(const Thread& first, int warp);
  void release_block();

  int lanes_in(int warp) const { return std::min(lanes_per_warp, static_cast<int>(threads_.size()) - 32 * warp); }
  Thread& lane(int warp, int number) { return threads_[warp * lanes_per_warp + number]; }

  void inspect_red_zones();
  std::string launch_name() const;

  // Workers live as long as the executor; a deque, because fibers hold their addresses.
  std::deque<Worker> workers_;
  std::vector<Worker*> idle_;
  bool stopping_ = false;

  const char* kernel_name_ = "";
  Grid grid_;
  kernels::ThreadOrder order_ = kernels::ThreadOrder::forward;
  const std::function<void()>* body_ = nullptr;
  std::minstd_rand shuffle_;

  std::uint64_t block_serial_ = 0;
  std::vector<Thread> threads_;
  std::vector<int> turn_;     // the order of this round
  std::size_t position_ = 0;  // of the next thread in turn_
  Thread* current_ = nullptr;
  std::size_t finished_ = 0;
  std::exception_ptr failure_;
  bool unwinding_ = false;

  struct SharedMemory {
    std::byte* begin;
    std::size_t bytes;
  };
  std::vector<SharedMemory> shared_;  // what this block has in use
  std::vector<uint4> dynamic_shared_;
};

Executor& executor() {
  static thread_local Executor instance;
  return instance;
}

void Executor::execute(const char* kernel_name, const Grid& grid, kernels::ThreadOrder order,
                       const std::function<void()>& body) {
  if (running()) report(std::string("launch of ") + kernel_name + " from inside a kernel");
  const dim3 threads = grid.threads;
  const dim3 blocks = grid.blocks;
  kernel_name_ = kernel_name;
  grid_ = grid;
  order_ = order;
  shuffle_.seed(1);
  threads_.resize(std::size_t{threads.x} * threads.y * threads.z);
  turn_.resize(threads_.size());
  blockDim = threads;
  gridDim = blocks;

  struct Running {
    Executor& executor;
    ~Running() {
      executor.body_ = nullptr;
      executor.current_ = nullptr;
    }
  };
  body_ = &body;
  const Running guard{*this};

  const std::uint64_t count = std::uint64_t{blocks.x} * blocks.y * blocks.z;
  for (std::uint64_t i = 0; i < count; ++i) {
    // Blocks in reverse for any order but forward: the result must not depend on it either.
    const std::uint64_t block = order == kernels::ThreadOrder::forward ? i : count - 1 - i;
    run_block({static_cast<unsigned>(block % blocks.x), static_cast<unsigned>(block / blocks.x % blocks.y),
               static_cast<unsigned>(block / blocks.x / blocks.y)});
  }
}

void Executor::begin_block(const uint3& block) {
  ++block_serial_;
  blockIdx = block;
  current_ = nullptr;
  finished_ = 0;
  failure_ = nullptr;
  int number = 0;
  for (Thread& thread : threads_) {
    const unsigned linear = static_cast<unsigned>(number);
    const dim3& size = grid_.threads;
    thread.index = {linear % size.x, linear / size.x % size.y, linear / size.x / size.y};
    thread.number = number++;
    thread.state = Thread::State::fresh;
    thread.scope = nullptr;
  }
  shared_.clear();
  if (grid_.dynamic_shared_bytes > 0) {
    dynamic_shared_.resize((grid_.dynamic_shared_bytes + shared_red_zone + 15) / 16);
    begin_shared(dynamic_shared(), grid_.dynamic_shared_bytes);
  }
}

void Executor::run_block(const uint3& block) {
  begin_block(block);
  while (true) {
    run_ready_threads();
    if (failure_ == nullptr && finished_ < threads_.size()) {
      try {
        meet();
      } catch (...) {
        failure_ = std::current_exception();
      }
    }
    if (failure_ != nullptr) {
      unwind();
      std::rethrow_exception(failure_);
    }
    if (finished_ == threads_.size()) return;
  }
}

void Executor::arrange(std::vector<int>& order) {
  std::iota(order.begin(), order.end(), 0);
  if (order_ == kernels::ThreadOrder::reverse) std::reverse(order.begin(), order.end());
  if (order_ == kernels::ThreadOrder::shuffled) std::shuffle(order.begin(), order.end(), shuffle_);
}

// One round: every thread that may run does so until it waits or returns.
void Executor::run_ready_threads() {
  arrange(turn_);
  position_ = 0;
  while (position_ < turn_.size() && failure_ == nullptr) {
    Thread& thread = threads_[turn_[position_++]];
    if (thread.state == Thread::State::fresh || thread.state == Thread::State::ready) resume(thread);
  }
}

void Executor::resume(Thread& thread) {
  if (thread.state == Thread::State::fresh) {
    if (idle_.empty()) {
      Worker& worker = workers_.emplace_back([this, number = workers_.size()] { work(workers_[number]); });
      idle_.push_back(&worker);
    }
    thread.worker = idle_.back();
    thread.worker->thread = &thread;
    idle_.pop_back();
  } else {
    current_ = &thread;
    threadIdx = thread.index;
  }
  thread.worker->fiber.resume();
}

void Executor::work(Worker& self) {
  while (!stopping_) {
    for (Thread* thread = self.thread; thread != nullptr; thread = next_if_fresh())
      run(*thread, self);
    idle_.push_back(&self);
    self.fiber.suspend();
  }
}

void Executor::run(Thread& thread, Worker& self) {
  thread.worker = &self;
  current_ = &thread;
  threadIdx = thread.index;
  try {
    (*body_)();
    inspect_red_zones();
  } catch (const Unwind&) {
    // The failure is on record already.
  } catch (...) {
    failure_ = std::current_exception();
  }
  thread.state = Thread::State::finished;
  ++finished_;
}

// The next thread of this round, if it has yet to begin: the worker that asks can run it right away.
Thread* Executor::next_if_fresh() {
  if (failure_ != nullptr || position_ >= turn_.size()) return nullptr;
  Thread& next = threads_[turn_[position_]];
  if (next.state != Thread::State::fresh) return nullptr;
  ++position_;
  return &next;
}

void Executor::unwind() {
  unwinding_ = true;
  position_ = turn_.size();
  for (Thread& thread : threads_) {
    if (thread.state == Thread::State::ready || thread.state == Thread::State::waiting) resume(thread);
  }
  unwinding_ = false;
}

std::uint64_t Executor::wait(const Arrival& arrival) {
  inspect_red_zones();
  Thread& self = *current_;
  self.arrival = arrival;
  self.state = Thread::State::waiting;
  self.worker->fiber.suspend();
  if (unwinding_) throw Unwind{};
  return self.arrival.bits;
}

// Nobody can run: lets those continue whose meeting is complete, or reports why none is.
void Executor::meet() {
  using At = Arrival::At;
  const int warps = (static_cast<int>(threads_.size()) + lanes_per_warp - 1) / lanes_per_warp;
  bool released = false;
  const Thread* stuck = nullptr;
  for (int warp = 0; warp < warps; ++warp) {
    for (int number = 0; number < lanes_in(warp); ++number) {
      Thread& thread = lane(warp, number);
      if (thread.state != Thread::State::waiting || thread.arrival.at == At::block_barrier) continue;
      if (complete(thread, warp)) {
        release_warp(thread, warp);
        released = true;
      } else if (stuck == nullptr) {
        stuck = &thread;
      }
    }
  }
  if (released) return;
  if (stuck != nullptr) {
    const int warp = stuck->number / lanes_per_warp;
    throw SimtError(missing_lane(launch_name(), *stuck, {&lane(warp, 0), static_cast<std::size_t>(lanes_in(warp))}));
  }
  release_block();
}

// Whether all lanes that the thread's mask names wait in the same operation with the same mask.
bool Executor::complete(const Thread& first, int warp) {
  for (int number = 0; number < lanes_per_warp; ++number) {
    if ((first.arrival.mask >> number & 1U) == 0) continue;
    if (number >= lanes_in(warp)) return false;
    const Thread& other = lane(warp, number);
    if (other.state != Thread::State::waiting || other.arrival.at != first.arrival.at ||
        other.arrival.mask != first.arrival.mask || !same_place(first, other)) {
      return false;
    }
  }
  return true;
}

void Executor::release_warp(const Thread& first, int warp) {
  const std::uint32_t mask = first.arrival.mask;
  std::uint64_t brought[lanes_per_warp] = {};
  std::uint32_t votes = 0;
  for (int number = 0; number < lanes_in(warp); ++number) {
    if ((mask >> number & 1U) == 0) continue;
    brought[number] = lane(warp, number).arrival.bits;
    if (brought[number] != 0) votes |= 1U << number;
  }
  for (int number = 0; number < lanes_in(warp); ++number) {
    if ((mask >> number & 1U) == 0) continue;
    Thread& thread = lane(warp, number);
    thread.arrival.bits = thread.arrival.at == Arrival::At::warp_vote ? votes : brought[thread.arrival.source];
    thread.state = Thread::State::ready;
  }
}

void Executor::release_block() {
  const Thread* waiting = nullptr;
  const Thread* returned = nullptr;
  std::uint64_t votes = 0;
  for (const Thread& thread : threads_) {
    if (thread.state == Thread::State::finished) {
      returned = &thread;
      continue;
    }
    if (waiting == nullptr) waiting = &thread;
    if (!same_place(*waiting, thread)) throw SimtError(divergent_barrier(launch_name(), *waiting, thread));
    votes += thread.arrival.bits;
  }
  if (returned != nullptr) throw SimtError(missing_barrier(launch_name(), *returned, *waiting));
  for (Thread& thread : threads_) {
    thread.arrival.bits = votes;
    thread.state = Thread::State::ready;
  }
}

std::byte* Executor::dynamic_shared() {
  if (grid_.dynamic_shared_bytes == 0) report("the kernel uses dynamic shared memory, but was launched without any");
  return reinterpret_cast<std::byte*>(dynamic_shared_.data());
}

void Executor::begin_shared(std::byte* memory, std::size_t bytes) {
  poison(memory, bytes + shared_red_zone);
  shared_.push_back({memory, bytes});
}

// Each time a thread stops, so that the message can name the thread that did it.
void Executor::inspect_red_zones() {
  for (GuardedMemory* memory : GuardedMemory::all_of_this_thread()) {
    const std::string damage = memory->find_damage_and_repair();
    if (!damage.empty()) report("out-of-bounds write: " + damage);
  }
  for (const SharedMemory& memory : shared_) {
    // The poison repeats every two bytes: after an odd number of bytes, one byte goes unchecked.
    const std::size_t zone = (memory.bytes + 1) / 2 * 2;
    const std::size_t zone_bytes = memory.bytes + shared_red_zone - zone;
    const std::size_t damage = first_damage(memory.begin + zone, zone_bytes);
    if (damage < zone_bytes) {
      report("out-of-bounds write: shared memory of " + std::to_string(memory.bytes) +
             " bytes, first damaged byte at offset " + std::to_string(zone + damage));
    }
  }
}

std::string Executor::launch_name() const {
  return std::string("simt: kernel ") + kernel_name_ + ", block " + position(blockIdx);
}

void Executor::report(const std::string& what) const {
  if (current_ == nullptr) throw SimtError("simt: outside of a kernel: " + what);
  throw SimtError(launch_name() + ", thread " + position(current_->index) + ": " + what + callers(current_->scope));
}

void check_mask(const char* operation, std::uint32_t mask, const CallSite& site) {
  const int lane = lane_of_this_thread();
  if ((mask >> lane & 1U) == 0) {
    report(std::string(operation) + " at " + to_string(site) + ": the calling lane " + std::to_string(lane) +
           " is not named in its mask " + hexadecimal(mask));
  }
}

Thread& thread_that_runs(const char* operation) {
  Thread* current = executor().current();
  if (current == nullptr) report(std::string(operation) + " needs a launch");
  return *current;
}

}  // namespace

void execute(const char* kernel_name, const Grid& grid, kernels::ThreadOrder order,
             const std::function<void()>& thread) {
  executor().execute(kernel_name, grid, order, thread);
}

CallScope::CallScope(const CallSite& site)
    : site_(site), outer_(std::exchange(thread_that_runs("a helper of kernels/lib/reduce.h").scope, this)) {}

CallScope::~CallScope() {
  executor().current()->scope = outer_;
}

int wait_for_block(const char* operation, bool predicate, const CallSite& site) {
  thread_that_runs(operation);
  return static_cast<int>(executor().wait({Arrival::At::block_barrier, operation, 0, predicate ? 1U : 0U, 0, site}));
}

std::uint64_t exchange_in_warp(const char* operation, std::uint32_t mask, std::uint64_t bits, int source,
                               const CallSite& site) {
  check_mask(operation, mask, site);
  if (source < 0 || source >= lanes_per_warp || (mask >> source & 1U) == 0) {
    report(std::string(operation) + " at " + to_string(site) + ": reads lane " + std::to_string(source) +
           ", which its mask " + hexadecimal(mask) + " does not name");
  }
  return executor().wait({Arrival::At::warp_exchange, operation, mask, bits, source, site});
}

std::uint32_t vote_in_warp(const char* operation, std::uint32_t mask, bool predicate, const CallSite& site) {
  check_mask(operation, mask, site);
  return static_cast<std::uint32_t>(
      executor().wait({Arrival::At::warp_vote, operation, mask, predicate ? 1U : 0U, 0, site}));
}

int lane_of_this_thread() {
  return thread_that_runs("a warp operation").number % lanes_per_warp;
}

void begin_shared_memory(std::byte* memory, std::size_t bytes) {
  thread_that_runs("shared memory");
  executor().begin_shared(memory, bytes);
}

std::byte* dynamic_shared_bytes() {
  thread_that_runs("dynamic shared memory");
  return executor().dynamic_shared();
}

std::uint64_t current_block_serial() {
  return executor().block_serial();
}

void report(const std::string& what) {
  executor().report(what);
}

}  // namespace sleight::simt
