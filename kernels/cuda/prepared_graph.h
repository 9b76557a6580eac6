// A graph of cuDNN together with the fastest plan for it: remembered by the tuning cache, or measured now.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/cuda/libraries.h"
#include "kernels/cuda/measure.h"

namespace sleight::kernels {

// A tensor of the graph that is not virtual: its number, and its memory.
struct GraphOperand {
  std::int64_t number = 0;
  MeasuredOperand memory;
};

struct DescribedGraph {
  cudnn::Graph graph;
  std::vector<GraphOperand> operands;  // in the order of run()'s pointers
};

class PreparedGraph {
 public:
  // `key` describes the graph; libraries' options decide. Throws std::runtime_error when cuDNN has no engine for the
  // graph that meets the demands within the workspace limit.
  PreparedGraph(const Cuda&, DescribedGraph, const TuningKey& key, const cudnn::Demands&);

  std::int64_t workspace_bytes() const { return plan_.workspace_bytes(); }
  bool is_deterministic() const { return plan_.is_deterministic(); }
  void run(std::span<const void* const> operands, void* workspace);

 private:
  Cuda cuda_;
  DescribedGraph described_;
  std::vector<std::int64_t> numbers_;
  cudnn::Plan plan_;
};

}  // namespace sleight::kernels
