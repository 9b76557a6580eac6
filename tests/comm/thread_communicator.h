// Ranks as threads of one process, on host memory, for tests: collectives happen at once, and add in rank order.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/comm/communicator.h"

namespace sleight::test {

// What the ranks share: a place for each one's bytes, and a meeting point.
class ThreadRanks {
 public:
  explicit ThreadRanks(int size) : given_(static_cast<std::size_t>(size)), calls_(static_cast<std::size_t>(size)) {}

  int size() const { return static_cast<int>(given_.size()); }
  // How many collectives rank 0 has called.
  int collectives() const { return collectives_; }

  // Every rank gives its bytes and gets those of all. `call` says what it is called for, the same on every rank.
  std::vector<std::vector<std::byte>> exchange(int rank, const std::string& call, const void* data, std::size_t bytes) {
    const auto* begin = static_cast<const std::byte*>(data);
    const auto place = static_cast<std::size_t>(rank);
    given_[place].assign(begin, begin + bytes);
    calls_[place] = call;
    if (rank == 0) ++collectives_;
    meet();
    const std::vector<std::vector<std::byte>> all = given_;
    const std::vector<std::string> calls = calls_;
    meet();  // no rank overwrites what another still reads
    for (const std::string& other : calls)
      check(other == call, "rank ", rank, " calls ", call, " where another calls ", other);
    return all;
  }

  void meet() {
    std::unique_lock lock(mutex_);
    const int turn = turn_;
    if (++arrived_ == size()) {
      arrived_ = 0;
      ++turn_;
      arrival_.notify_all();
      return;
    }
    const bool met = arrival_.wait_for(lock, std::chrono::seconds(60), [&] { return turn_ != turn || abandoned_; });
    check(met && turn_ != turn, "a rank did not come to a collective that the others are at");
  }

  // A rank has failed: the others need not wait for it.
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
    arrival_.notify_all();
  }

 private:
  std::vector<std::vector<std::byte>> given_;  // per rank
  std::vector<std::string> calls_;
  std::mutex mutex_;
  std::condition_variable arrival_;
  int arrived_ = 0;
  int turn_ = 0;
  int collectives_ = 0;
  bool abandoned_ = false;
};

class ThreadCommunicator final : public Communicator {
 public:
  ThreadCommunicator(std::shared_ptr<ThreadRanks> ranks, int rank) : ranks_(std::move(ranks)), rank_(rank) {}

  int rank() const override { return rank_; }
  int size() const override { return ranks_->size(); }

  void all_reduce(const void* input, void* output, std::int64_t count, DataType type, Reduction reduction,
                  Stream /*stream*/) override {
    check_reducible(type);
    const auto all = exchange(reduction == Reduction::sum ? "sum" : "mean", input, count, type);
    visit_cpu_type(type, [&]<class T>(TypeTag<T>) {
      using A = Accumulator<T>;
      for (std::int64_t i = 0; i < count; ++i) {
        A sum = 0;
        for (const std::vector<std::byte>& of_rank : all)
          sum += static_cast<A>(reinterpret_cast<const T*>(of_rank.data())[i]);
        static_cast<T*>(output)[i] = T(reduction == Reduction::mean ? sum / static_cast<A>(size()) : sum);
      }
    });
  }

  void broadcast(void* data, std::int64_t count, DataType type, int root, Stream /*stream*/) override {
    check_root(root, size());
    const auto all = exchange("broadcast from " + std::to_string(root), data, count, type);
    const std::vector<std::byte>& given = all[static_cast<std::size_t>(root)];
    if (!given.empty()) std::memcpy(data, given.data(), given.size());
  }

  void all_gather(const void* input, void* output, std::int64_t count, DataType type, Stream /*stream*/) override {
    auto* to = static_cast<std::byte*>(output);
    for (const std::vector<std::byte>& of_rank : exchange("all_gather", input, count, type)) {
      if (!of_rank.empty()) std::memcpy(to, of_rank.data(), of_rank.size());
      to += of_rank.size();
    }
  }

  void barrier() override { exchange("barrier", nullptr, 0, DataType::uint8); }

 private:
  std::vector<std::vector<std::byte>> exchange(const std::string& what, const void* data, std::int64_t count,
                                               DataType type) {
    const std::string call = what + " of " + std::to_string(count) + " " + std::string(name_of(type));
    return ranks_->exchange(rank_, call, data, static_cast<std::size_t>(count * size_of(type)));
  }

  std::shared_ptr<ThreadRanks> ranks_;
  int rank_;
};

// Calls body(communicator) for every rank, each on a thread of its own, and throws what the first rank that failed
// threw. Returns the number of collectives.
inline int run_ranks(int size, const std::function<void(std::unique_ptr<Communicator>)>& body) {
  const auto ranks = std::make_shared<ThreadRanks>(size);
  std::mutex mutex;
  std::exception_ptr first_error;
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        body(std::make_unique<ThreadCommunicator>(ranks, rank));
      } catch (...) {
        {
          const std::lock_guard lock(mutex);
          if (first_error == nullptr) first_error = std::current_exception();
        }
        ranks->abandon();
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  if (first_error != nullptr) std::rethrow_exception(first_error);
  return ranks->collectives();
}

}  // namespace sleight::test
