// Communication between ranks: every rank runs the same program on its own slice of the batch, and at some steps
// they combine their results. It knows pointers and streams, no tensors and no programs.
//
// A communicator belongs to one rank, and to the device whose memory its pointers name. Collectives are matched by
// their order: all ranks must call the same ones, with the same count, type and reduction, one after the other.
//
// Element types of all_reduce: float32, float64, bfloat16, float16; anything else: Error. The others move bytes and
// take every type. Count 0 is allowed everywhere.
#pragma once

#include <cstdint>
#include <memory>

#include "engine/device/runtime.h"
#include "kernels/lib/types.h"

namespace sleight {

// mean: the sum divided by the number of ranks.
enum class Reduction : std::uint8_t { sum, mean };

class Communicator {
 public:
  Communicator() = default;
  Communicator(const Communicator&) = delete;
  Communicator& operator=(const Communicator&) = delete;
  virtual ~Communicator() = default;

  // 0 <= rank() < size().
  virtual int rank() const = 0;
  virtual int size() const = 0;

  // Queues output[i] = the reduction of all ranks' input[i]; the same bits on every rank. output may be input.
  virtual void all_reduce(const void* input, void* output, std::int64_t count, DataType type, Reduction reduction,
                          Stream stream) = 0;
  // Queues a copy of the root's data to all other ranks.
  virtual void broadcast(void* data, std::int64_t count, DataType type, int root, Stream stream) = 0;
  // Queues output[r * count + i] = input[i] of rank r. output has room for size() * count elements; input may be
  // output + rank() * count, and otherwise does not overlap output.
  virtual void all_gather(const void* input, void* output, std::int64_t count, DataType type, Stream stream) = 0;
  // Returns when every rank has called it.
  virtual void barrier() = 0;
};

// A training of one rank.
class SelfCommunicator final : public Communicator {
 public:
  explicit SelfCommunicator(std::shared_ptr<Runtime> runtime) : runtime_(std::move(runtime)) {}

  int rank() const override { return 0; }
  int size() const override { return 1; }
  void all_reduce(const void* input, void* output, std::int64_t count, DataType type, Reduction reduction,
                  Stream stream) override;
  void broadcast(void* data, std::int64_t count, DataType type, int root, Stream stream) override;
  void all_gather(const void* input, void* output, std::int64_t count, DataType type, Stream stream) override;
  void barrier() override {}

 private:
  void copy(const void* input, void* output, std::int64_t count, DataType type, Stream stream);

  std::shared_ptr<Runtime> runtime_;
};

// The argument checks of every communicator's all_reduce and broadcast: throw Error.
void check_reducible(DataType type);
void check_root(int root, int size);

}  // namespace sleight
