// One product of matrices through cuBLASLt, prepared for its sizes: the descriptors, and the fastest algorithm,
// remembered by the tuning cache or measured now.
//
// cuBLASLt counts matrices in columns: it reads a matrix of ours in row order, rows x columns, as its transpose,
// columns x rows. So result = left * right is requested as result^T = right^T * left^T: the same memory, with left and
// right exchanged.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "kernels/cuda/libraries.h"
#include "kernels/lib/types.h"

namespace sleight::kernels {

// The type of cuBLASLt that stores this type; throws std::invalid_argument for a type that no GPU kernel stores.
cudaDataType_t matrix_type(DataType);

// A factor as it lies in memory, in row order, and whether its transpose is meant.
struct Factor {
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  bool transposed = false;
};

// result[m, n] = left * right (+ bias[n] on every row), all of one type, sums in float32.
struct ProductShape {
  Factor left;
  Factor right;
  bool has_bias = false;
  DataType type = DataType::float32;

  std::int64_t m() const { return left.transposed ? left.columns : left.rows; }
  std::int64_t k() const { return left.transposed ? left.rows : left.columns; }
  std::int64_t n() const { return right.transposed ? right.rows : right.columns; }
};

// cuBLASLt's algorithm as hexadecimal digits, for the tuning cache, and back: empty for a text that to_text did not
// write.
std::string to_text(const cublasLtMatmulAlgo_t&);
std::optional<cublasLtMatmulAlgo_t> parse_algorithm(const std::string&);

class MatrixProduct {
 public:
  // Throws std::runtime_error when cuBLASLt offers no algorithm within the workspace limit.
  MatrixProduct(const Cuda&, const ProductShape&, TuningKey key);

  std::int64_t workspace_bytes() const { return workspace_bytes_; }
  // bias is not read unless the shape has one.
  void run(const void* left, const void* right, const void* bias, void* result, void* workspace);

 private:
  struct Destroy {
    void operator()(cublasLtMatmulDescOpaque_t* operation) const { cublaslt::library().destroy_operation(operation); }
    void operator()(cublasLtMatrixLayoutOpaque_t* layout) const { cublaslt::library().destroy_layout(layout); }
    void operator()(cublasLtMatmulPreferenceOpaque_t* preference) const {
      cublaslt::library().destroy_preference(preference);
    }
  };
  template <class Opaque>
  using Owned = std::unique_ptr<Opaque, Destroy>;

  static Owned<cublasLtMatmulDescOpaque_t> describe_operation(const ProductShape&, bool allow_tf32);
  static Owned<cublasLtMatrixLayoutOpaque_t> describe(DataType, std::int64_t rows, std::int64_t columns);

  bool recall(const TuningKey&);
  void choose(const TuningKey&);
  void multiply(const cublasLtMatmulAlgo_t&, const void* left, const void* right, const void* bias, void* result,
                void* workspace, std::int64_t workspace_bytes);

  Cuda cuda_;
  ProductShape shape_;
  Owned<cublasLtMatmulDescOpaque_t> operation_;
  Owned<cublasLtMatrixLayoutOpaque_t> left_, right_, result_;
  cublasLtMatmulAlgo_t algorithm_ = {};
  std::int64_t workspace_bytes_ = 0;
};

}  // namespace sleight::kernels
