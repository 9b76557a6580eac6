// Runs a case the way the executor runs a step (infer, prepare, run), on memory of its own: every buffer between red
// zones, outputs and workspace poisoned with NaN.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/comm/communicator.h"
#include "kernels/simt/guarded_buffer.h"
#include "tests/cases/case.h"

namespace sleight::cases {

struct RunOptions {
  DataType element = DataType::float32;
  // Images, and the weights of a convolution, in the device's own layout wherever their channels allow it.
  bool blocked = false;
  // The pair (output, input) that shares memory, one of Operation::in_place.
  std::optional<std::pair<int, int>> in_place = std::nullopt;
  // For measurements: the numbers of large inputs repeat themselves, and outputs() cannot be asked for. Drawing them
  // all and keeping them to compare would take longer than what is measured.
  bool repeated_values = false;
};

// An output, or an input that the operation updates.
struct CaseOutput {
  std::string name;
  DataType element = DataType::float32;
  std::vector<double> values;  // in the order of the shape, whatever the layout of the run
};

class PreparedCase {
 public:
  // Throws Error when the case does not fit the operation.
  PreparedCase(const Case& description, const Device& device, const RunOptions& options);

  // On one of the sets of memory; there is one, unless more were asked for.
  void run(std::size_t set = 0);
  // So many sets of device memory in all, with the same inputs: runs on them in turn find nothing in a cache that the
  // run before left there. Only where the host cannot read device memory.
  void make_sets(std::size_t count);
  // After a look at all red zones, and at the inputs, which only a declared update may have changed: throws Error.
  std::vector<CaseOutput> outputs(std::size_t set = 0);

  // Of one set: inputs, outputs and workspace, as far as they have memory of their own on the device.
  std::int64_t device_bytes() const;

  Cost cost() const { return sleight::cost_of(step_types(), *case_.operation); }
  // Whether a blocked run differs from a plain one.
  bool has_blocked_values() const;
  // The pairs (output, input) that may share memory: declared by the operation, present, of one size.
  std::vector<std::pair<int, int>> in_place_pairs() const;

 private:
  using Memory = simt::GuardedBuffer<std::byte>;

  struct Tensor {
    std::string name = {};
    ValueType type = {};
    bool present = true;
    bool weights = false;  // of a convolution, not images
    std::unique_ptr<Memory> memory = {};
    std::vector<std::byte> before = {};  // an input's contents

    void* data() const { return memory ? memory->data() : nullptr; }
  };

  // What a kernel is given, and the kernel, which may keep a table of these addresses.
  struct Set {
    PreparedStep prepared;
    std::vector<void*> inputs, outputs;
    void* workspace = nullptr;
  };

  PreparedStep prepare();
  // Copies all memory to new memory of the device, where the host cannot read that, and notes the addresses.
  void add_set(PreparedStep prepared);
  StepTypes step_types() const;
  Step step() const;
  void choose_layout(Tensor& tensor) const;
  void fill(Tensor& tensor, const std::vector<double>& values) const;
  std::vector<double> read(const Tensor& tensor, const void* memory) const;
  std::vector<std::size_t> places(const Tensor& tensor) const;

  const Case& case_;
  const Device& device_;
  SelfCommunicator communicator_;
  RunOptions options_;
  Attributes attributes_;
  std::vector<Tensor> inputs_, outputs_;
  std::unique_ptr<Memory> workspace_;
  std::vector<Set> sets_;
  // Per set, on a device that the host cannot read: made with the set, fetched by outputs().
  std::vector<std::vector<std::pair<Memory*, Buffer>>> copies_;
};

// make, run, outputs.
std::vector<CaseOutput> run_case(const Case& description, const Device& device, const RunOptions& options);

// Of one run, as a benchmark counts it; needs no memory.
Cost cost_of(const Case& description, DataType element);

// The first element that is further from the reference than rounding explains, in words; "" when there is none.
// Whole numbers must be equal. Allowed is one rounding to the output's type plus a rounding of float32 arithmetic for
// each of the `reduction` terms as if their errors were independent.
std::string compare(const Case& description, const std::vector<CaseOutput>& results,
                    const std::vector<CaseOutput>& reference);

// The first output that differs in any bit, in words; "" when there is none.
std::string compare_bits(const std::vector<CaseOutput>& a, const std::vector<CaseOutput>& b);

}  // namespace sleight::cases
