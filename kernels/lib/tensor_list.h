// One launch over many tensors. The tensors are cut into chunks of tensor_chunk_size elements, numbered through the
// whole list; one CUDA block, or one turn of an OpenMP loop, works on one chunk. Small biases and large weight matrices
// thus share a launch without any thread going through the list from its start.
//
// A table is an array of entries, one per tensor. An entry is any struct with
//   std::int64_t count;         elements of the tensor, 0 allowed
//   std::int64_t first_chunk;   filled in by number_chunks
// The caller builds the table once, when the plan is made, and copies it to the device's memory: a launch then takes
// two numbers and a pointer, allocates nothing, and can be captured into a CUDA graph.
#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

#include "kernels/lib/types.h"

namespace sleight::kernels {

inline constexpr std::int64_t tensor_chunk_size = 4096;

template <class Entry>
struct TensorList {
  const Entry* entries = nullptr;  // [tensor_count], in the memory of the device that runs the kernel
  std::int32_t tensor_count = 0;
  std::int64_t chunk_count = 0;  // what number_chunks returned
};

// Fills in first_chunk of every entry, on the host, and returns the number of chunks of the whole list.
template <class Entry>
std::int64_t number_chunks(std::span<Entry> entries) {
  std::int64_t next = 0;
  for (Entry& entry : entries) {
    if (entry.count < 0)
      throw std::invalid_argument("tensor list: a tensor has " + std::to_string(entry.count) + " elements");
    entry.first_chunk = next;
    next += (entry.count + tensor_chunk_size - 1) / tensor_chunk_size;
  }
  return next;
}

// Elements [begin, end) of tensor number `tensor`.
struct TensorChunk {
  std::int32_t tensor;
  std::int64_t begin;
  std::int64_t end;
};

// Where a chunk lies: a binary search in the table.
template <class Entry>
SLEIGHT_HOST_DEVICE inline TensorChunk locate_chunk(const TensorList<Entry>& list, std::int64_t chunk) {
  // The last tensor whose first chunk is not after this one. An empty tensor shares its first chunk with its successor
  // and is therefore never the last.
  std::int32_t low = 0;
  std::int32_t high = list.tensor_count - 1;
  while (low < high) {
    const std::int32_t middle = low + (high - low + 1) / 2;
    if (list.entries[middle].first_chunk <= chunk) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  const std::int64_t begin = (chunk - list.entries[low].first_chunk) * tensor_chunk_size;
  const std::int64_t rest = list.entries[low].count - begin;
  return {low, begin, begin + (rest < tensor_chunk_size ? rest : tensor_chunk_size)};
}

}  // namespace sleight::kernels
