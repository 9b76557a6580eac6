#include "kernels/cuda/matrix_product.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <vector>

#include "kernels/cuda/measure.h"

namespace sleight::kernels {
namespace {

constexpr std::size_t most_contestants = 16;
using Words = std::array<std::uint64_t, sizeof(cublasLtMatmulAlgo_t) / sizeof(std::uint64_t)>;

cublasLtHandle_t handle_of(const Cuda& cuda) {
  return cuda.libraries->cublas_lt();
}

template <class Value>
void set(cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t name, const Value& value) {
  cublaslt::check(cublaslt::library().set_operation(operation, name, &value, sizeof(value)),
                  "cublasLtMatmulDescSetAttribute");
}

template <class Value>
void set(cublasLtMatmulPreference_t preference, cublasLtMatmulPreferenceAttributes_t name, const Value& value) {
  cublaslt::check(cublaslt::library().set_preference(preference, name, &value, sizeof(value)),
                  "cublasLtMatmulPreferenceSetAttribute");
}

std::string text(const Factor& factor) {
  return std::to_string(factor.rows) + "x" + std::to_string(factor.columns) + (factor.transposed ? " transposed" : "");
}

// The transpose that cuBLASLt sees is what is meant unless the transpose of ours is meant.
cublasOperation_t operation_of(const Factor& factor) {
  return factor.transposed ? CUBLAS_OP_T : CUBLAS_OP_N;
}

std::int64_t bytes(std::int64_t count, DataType type) {
  return count * size_of(type);
}

}  // namespace

cudaDataType_t matrix_type(DataType type) {
  switch (type) {
    case DataType::float32:
      return CUDA_R_32F;
    case DataType::bfloat16:
      return CUDA_R_16BF;
    case DataType::float16:
      return CUDA_R_16F;
    default:
      throw std::invalid_argument("cuBLASLt is not used for element type " + std::string(name_of(type)));
  }
}

std::string to_text(const cublasLtMatmulAlgo_t& algorithm) {
  std::string result;
  for (const std::uint64_t word : std::bit_cast<Words>(algorithm)) {
    std::array<char, 17> digits = {};
    std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(word));
    result += digits.data();
  }
  return result;
}

std::optional<cublasLtMatmulAlgo_t> parse_algorithm(const std::string& text) {
  Words words = {};
  if (text.size() != 16 * words.size()) return std::nullopt;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const char* const begin = text.data() + 16 * i;
    const auto [end, error] = std::from_chars(begin, begin + 16, words[i], 16);
    if (error != std::errc() || end != begin + 16) return std::nullopt;
  }
  return std::bit_cast<cublasLtMatmulAlgo_t>(words);
}

MatrixProduct::Owned<cublasLtMatmulDescOpaque_t> MatrixProduct::describe_operation(const ProductShape& shape,
                                                                                   bool allow_tf32) {
  const bool tf32 = shape.type == DataType::float32 && allow_tf32;
  cublasLtMatmulDesc_t made = nullptr;
  cublaslt::check(
      cublaslt::library().create_operation(&made, tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F, CUDA_R_32F),
      "cublasLtMatmulDescCreate");
  Owned<cublasLtMatmulDescOpaque_t> operation(made);
  // Exchanged: cuBLASLt's first factor is our right one.
  set(made, CUBLASLT_MATMUL_DESC_TRANSA, operation_of(shape.right));
  set(made, CUBLASLT_MATMUL_DESC_TRANSB, operation_of(shape.left));
  if (shape.has_bias) {
    // One number for each of cuBLASLt's rows, which are our columns.
    set(made, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
    set(made, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, matrix_type(shape.type));
    // The heuristics look at the address, for its alignment. It is replaced before each run.
    const void* const some_address = reinterpret_cast<const void*>(std::uintptr_t{256});
    set(made, CUBLASLT_MATMUL_DESC_BIAS_POINTER, some_address);
  }
  return operation;
}

MatrixProduct::Owned<cublasLtMatrixLayoutOpaque_t> MatrixProduct::describe(DataType type, std::int64_t rows,
                                                                           std::int64_t columns) {
  cublasLtMatrixLayout_t made = nullptr;
  cublaslt::check(cublaslt::library().create_layout(&made, matrix_type(type), static_cast<std::uint64_t>(columns),
                                                    static_cast<std::uint64_t>(rows), columns),
                  "cublasLtMatrixLayoutCreate");
  return Owned<cublasLtMatrixLayoutOpaque_t>(made);
}

MatrixProduct::MatrixProduct(const Cuda& cuda, const ProductShape& shape, TuningKey key)
    : cuda_(cuda),
      shape_(shape),
      operation_(describe_operation(shape, libraries_of(cuda).options().allow_tf32)),
      left_(describe(shape.type, shape.left.rows, shape.left.columns)),
      right_(describe(shape.type, shape.right.rows, shape.right.columns)),
      result_(describe(shape.type, shape.m(), shape.n())) {
  key.add("left", text(shape.left)).add("right", text(shape.right)).add("type", name_of(shape.type));
  key.add("bias", shape.has_bias ? "yes" : "no");
  if (!recall(key)) choose(key);
}

bool MatrixProduct::recall(const TuningKey& key) {
  CudaLibraries& libraries = *cuda_.libraries;
  const std::optional<TuningEntry> entry = libraries.cache().find(key);
  if (!entry) return false;
  const std::optional<cublasLtMatmulAlgo_t> algorithm = parse_algorithm(entry->choice);
  cublasLtMatmulHeuristicResult_t result = {};
  if (algorithm && cublaslt::library().check_algorithm(libraries.cublas_lt(), operation_.get(), right_.get(),
                                                       left_.get(), result_.get(), result_.get(), &*algorithm,
                                                       &result) == CUBLAS_STATUS_SUCCESS) {
    const auto workspace_bytes = static_cast<std::int64_t>(result.workspaceSize);
    if (workspace_bytes <= libraries.options().workspace_limit) {
      algorithm_ = *algorithm;
      workspace_bytes_ = workspace_bytes;
      return true;
    }
  }
  libraries.report("tuning cache: an algorithm of cuBLASLt no longer fits and is measured again: " + key.text());
  return false;
}

void MatrixProduct::choose(const TuningKey& key) {
  CudaLibraries& libraries = *cuda_.libraries;
  cublasLtMatmulPreference_t made = nullptr;
  cublaslt::check(cublaslt::library().create_preference(&made), "cublasLtMatmulPreferenceCreate");
  const Owned<cublasLtMatmulPreferenceOpaque_t> preference(made);
  set(made, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<std::uint64_t>(libraries.options().workspace_limit));
  // Partial sums stay in float32; added up in the type of the result, bfloat16 would round each of them.
  set(made, CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
      static_cast<std::uint32_t>(CUBLASLT_REDUCTION_SCHEME_NONE) |
          static_cast<std::uint32_t>(CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));
  for (const cublasLtMatmulPreferenceAttributes_t operand :
       {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
        CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
    set(made, operand, static_cast<std::uint32_t>(cudnn::tensor_alignment));

  std::vector<cublasLtMatmulHeuristicResult_t> proposals(libraries.options().tune ? most_contestants : 1);
  int count = 0;
  cublaslt::check(
      cublaslt::library().propose(libraries.cublas_lt(), operation_.get(), right_.get(), left_.get(), result_.get(),
                                  result_.get(), made, static_cast<int>(proposals.size()), proposals.data(), &count),
      "cublasLtMatmulAlgoGetHeuristic");
  proposals.resize(static_cast<std::size_t>(count));
  std::erase_if(proposals, [](const auto& proposal) { return proposal.state != CUBLAS_STATUS_SUCCESS; });
  if (proposals.empty()) {
    throw std::runtime_error("cuBLASLt has no algorithm within a workspace of " +
                             std::to_string(libraries.options().workspace_limit) + " bytes");
  }

  std::size_t best = 0;
  if (libraries.options().tune) {
    const std::vector<MeasuredOperand> operands = {{bytes(shape_.m() * shape_.k(), shape_.type), shape_.type},
                                                   {bytes(shape_.k() * shape_.n(), shape_.type), shape_.type},
                                                   {bytes(shape_.n(), shape_.type), shape_.type},
                                                   {bytes(shape_.m() * shape_.n(), shape_.type), shape_.type}};
    std::vector<Contestant> contestants;
    for (const cublasLtMatmulHeuristicResult_t& proposal : proposals) {
      const auto size = static_cast<std::int64_t>(proposal.workspaceSize);
      contestants.push_back({size, [&, size](std::span<void* const> pointers, void* workspace) {
                               multiply(proposal.algo, pointers[0], pointers[1], pointers[2], pointers[3], workspace,
                                        size);
                             }});
    }
    const std::optional<Winner> winner = measure_fastest(cuda_.stream, libraries.cache_bytes(), operands, contestants);
    if (winner) {
      best = winner->index;
      libraries.remember(key, {to_text(proposals[best].algo), winner->microseconds,
                               static_cast<std::int64_t>(proposals[best].workspaceSize)});
    } else {
      libraries.report("not measured, for want of GPU memory, and left to cuBLASLt's heuristics: " + key.text());
    }
  }
  algorithm_ = proposals[best].algo;
  workspace_bytes_ = static_cast<std::int64_t>(proposals[best].workspaceSize);
}

void MatrixProduct::multiply(const cublasLtMatmulAlgo_t& algorithm, const void* left, const void* right,
                             const void* bias, void* result, void* workspace, std::int64_t workspace_bytes) {
  if (shape_.has_bias) set(operation_.get(), CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
  const float one = 1.0F;
  const float zero = 0.0F;
  cublaslt::check(
      cublaslt::library().multiply(handle_of(cuda_), operation_.get(), &one, right, right_.get(), left, left_.get(),
                                   &zero, result, result_.get(), result, result_.get(), &algorithm, workspace,
                                   static_cast<std::size_t>(workspace_bytes), cuda_.stream),
      "cublasLtMatmul");
}

void MatrixProduct::run(const void* left, const void* right, const void* bias, void* result, void* workspace) {
  for (const void* operand : {left, right, const_cast<const void*>(result)})
    check_alignment(operand);
  if (shape_.has_bias) check_alignment(bias);
  multiply(algorithm_, left, right, bias, result, workspace, workspace_bytes_);
}

}  // namespace sleight::kernels
