// The fake cuBLASLt, built as a library of its name: products of matrices in column order,
// D = alpha op(A) op(B) + beta C (+ bias, one number for each row of D), sums in float32.
#include <cublasLt.h>

#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <vector>

#include "tests/fake_gpu/numbers.h"
#include "tests/fake_gpu/work.h"

struct cublasLtContext {
  int opened = 1;
};

namespace {

using namespace sleight::fake;

struct Operation {
  cublasComputeType_t compute = CUBLAS_COMPUTE_32F;
  cudaDataType_t scale = CUDA_R_32F;
  cublasOperation_t transpose_a = CUBLAS_OP_N;
  cublasOperation_t transpose_b = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  const void* bias = nullptr;
  std::optional<cudaDataType_t> bias_type = {};
};

struct Layout {
  cudaDataType_t type = CUDA_R_32F;
  std::int64_t rows = 0;
  std::int64_t columns = 0;
  std::int64_t leading = 0;  // elements from a column to the next

  std::int64_t bytes() const;
};

struct Preference {
  std::uint64_t workspace_bytes = 0;
};

// What cuBLASLt's opaque structures hold here. They are larger.
template <class Content, class Opaque>
cublasStatus_t make(Opaque** opaque, const Content& content) {
  static_assert(sizeof(Content) <= sizeof(Opaque) && std::is_trivially_copyable_v<Content>);
  auto made = std::make_unique<Opaque>();
  std::memcpy(made.get(), &content, sizeof(Content));
  *opaque = made.release();
  return CUBLAS_STATUS_SUCCESS;
}
template <class Content, class Opaque>
Content content(const Opaque* opaque) {
  Content result;
  std::memcpy(static_cast<void*>(&result), opaque, sizeof(Content));
  return result;
}
template <class Opaque>
cublasStatus_t destroy(Opaque* opaque) {
  const std::unique_ptr<Opaque> gone(opaque);
  return CUBLAS_STATUS_SUCCESS;
}
template <class Value>
bool read(Value& value, const void* buffer, std::size_t bytes) {
  if (bytes != sizeof(Value)) return false;
  std::memcpy(&value, buffer, bytes);
  return true;
}

Storage storage_of(cudaDataType_t type) {
  if (type == CUDA_R_32F) return Storage::float32;
  if (type == CUDA_R_16BF) return Storage::bfloat16;
  if (type == CUDA_R_16F) return Storage::float16;
  throw std::invalid_argument("a type that is not faked");
}

std::int64_t Layout::bytes() const {
  return ((columns - 1) * leading + rows) * bytes_of(storage_of(type));
}

struct Product {
  Operation operation;
  Layout a, b, d;
  std::int64_t inner() const { return operation.transpose_a == CUBLAS_OP_N ? a.columns : a.rows; }
  bool fits() const {
    const std::int64_t rows = operation.transpose_a == CUBLAS_OP_N ? a.rows : a.columns;
    const std::int64_t columns = operation.transpose_b == CUBLAS_OP_N ? b.columns : b.rows;
    const std::int64_t inner_b = operation.transpose_b == CUBLAS_OP_N ? b.rows : b.columns;
    return rows == d.rows && columns == d.columns && inner() == inner_b && a.leading >= a.rows && b.leading >= b.rows &&
           d.leading >= d.rows && a.type == b.type;
  }
};

Product product_of(cublasLtMatmulDesc_t operation, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                   cublasLtMatrixLayout_t d) {
  return {content<Operation>(operation), content<Layout>(a), content<Layout>(b), content<Layout>(d)};
}

// Two algorithms: the first that is proposed is the slower one, and the faster one needs a workspace.
struct Algorithm {
  std::uint64_t number;
  std::uint64_t workspace_bytes;
  double microseconds;
};
constexpr std::uint64_t magic = 0x70726574656e6421;
constexpr Algorithm algorithms[] = {{1, 0, 20.0}, {2, 768, 10.0}};

const Algorithm* find_algorithm(const cublasLtMatmulAlgo_t& algorithm) {
  if (algorithm.data[0] != magic) return nullptr;
  for (const Algorithm& known : algorithms) {
    if (known.number == algorithm.data[1]) return &known;
  }
  return nullptr;
}

// op(matrix) as float32, `inner` neighbors for each of `count` rows or columns.
std::vector<float> vectors(const void* memory, const Layout& layout, bool along_columns, std::int64_t count,
                           std::int64_t inner, bool tf32) {
  const Storage storage = storage_of(layout.type);
  std::vector<float> result;
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t k = 0; k < inner; ++k) {
      const float value = read_number(storage, memory, along_columns ? i * layout.leading + k : k * layout.leading + i);
      result.push_back(tf32 ? rounded_to_tf32(value) : value);
    }
  }
  return result;
}

void multiply(const Product& product, float alpha, const void* a, const void* b, float beta, const void* c, void* d) {
  const Operation& operation = product.operation;
  const Storage out = storage_of(product.d.type);
  const bool tf32 = operation.compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  const std::int64_t inner = product.inner();
  const auto rows = vectors(a, product.a, operation.transpose_a == CUBLAS_OP_T, product.d.rows, inner, tf32);
  const auto columns = vectors(b, product.b, operation.transpose_b == CUBLAS_OP_N, product.d.columns, inner, tf32);
  for (std::int64_t column = 0; column < product.d.columns; ++column) {
    for (std::int64_t row = 0; row < product.d.rows; ++row) {
      const float* const x = rows.data() + row * inner;
      const float* const y = columns.data() + column * inner;
      float sum = 0;
#pragma omp simd reduction(+ : sum)
      for (std::int64_t i = 0; i < inner; ++i)
        sum += x[i] * y[i];
      const std::int64_t place = column * product.d.leading + row;
      float value = alpha * sum;
      if (beta != 0.0F) value += beta * read_number(out, c, place);
      if (operation.epilogue == CUBLASLT_EPILOGUE_BIAS)
        value += read_number(storage_of(*operation.bias_type), operation.bias, row);
      write_number(out, d, place, value);
    }
  }
}

}  // namespace

extern "C" {

size_t cublasLtGetVersion() {
  return CUBLAS_VERSION;
}
const char* cublasLtGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS ? "success" : "refused by the fake cuBLASLt";
}
cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  *handle = std::make_unique<cublasLtContext>().release();
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  return destroy(handle);
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* operation, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  return make(operation, Operation{.compute = compute, .scale = scale});
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation) {
  return destroy(operation);
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t name,
                                              const void* buffer, size_t bytes) {
  Operation changed = content<Operation>(operation);
  cudaDataType_t type = CUDA_R_32F;
  std::int32_t number = 0;
  bool good = false;
  switch (name) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      good = read(number, buffer, bytes);
      changed.transpose_a = static_cast<cublasOperation_t>(number);
      break;
    case CUBLASLT_MATMUL_DESC_TRANSB:
      good = read(number, buffer, bytes);
      changed.transpose_b = static_cast<cublasOperation_t>(number);
      break;
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      good = read(changed.epilogue, buffer, bytes);
      break;
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      good = read(changed.bias, buffer, bytes);
      break;
    case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
      good = read(type, buffer, bytes);
      changed.bias_type = type;
      break;
    default:
      break;
  }
  if (!good) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(operation, &changed, sizeof(changed));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType type, uint64_t rows,
                                          uint64_t columns, int64_t leading) {
  return make(layout, Layout{type, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns), leading});
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  return destroy(layout);
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  return make(preference, Preference{});
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return destroy(preference);
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t name, const void* buffer,
                                                    size_t bytes) {
  if (name != CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES)
    return bytes == sizeof(std::uint32_t) ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
  Preference changed;
  if (!read(changed.workspace_bytes, buffer, bytes)) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(preference, &changed, sizeof(changed));
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t /*handle*/, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t /*c*/, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int room,
                                              cublasLtMatmulHeuristicResult_t results[], int* count) {
  *count = 0;
  if (!product_of(operation, a, b, d).fits()) return CUBLAS_STATUS_INVALID_VALUE;
  for (const Algorithm& algorithm : algorithms) {
    if (*count == room) break;
    if (algorithm.workspace_bytes > content<Preference>(preference).workspace_bytes) continue;
    cublasLtMatmulHeuristicResult_t& result = results[(*count)++];
    result = {};
    result.algo.data[0] = magic;
    result.algo.data[1] = algorithm.number;
    result.workspaceSize = algorithm.workspace_bytes;
    result.state = CUBLAS_STATUS_SUCCESS;
  }
  return *count > 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t /*handle*/, cublasLtMatmulDesc_t operation,
                                       cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t /*c*/,
                                       cublasLtMatrixLayout_t d, const cublasLtMatmulAlgo_t* algorithm,
                                       cublasLtMatmulHeuristicResult_t* result) {
  const Algorithm* const known = find_algorithm(*algorithm);
  if (known == nullptr || !product_of(operation, a, b, d).fits()) return CUBLAS_STATUS_NOT_SUPPORTED;
  result->workspaceSize = known->workspace_bytes;
  result->state = CUBLAS_STATUS_SUCCESS;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t /*handle*/, cublasLtMatmulDesc_t operation, const void* alpha,
                              const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                              cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                              cublasLtMatrixLayout_t /*c_layout*/, void* d, cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* algorithm, void* workspace, size_t workspace_bytes,
                              cudaStream_t stream) {
  const Algorithm* const known = find_algorithm(*algorithm);
  const Product product = product_of(operation, a_layout, b_layout, d_layout);
  if (known == nullptr || !product.fits()) return CUBLAS_STATUS_INVALID_VALUE;
  if (workspace_bytes < known->workspace_bytes || (known->workspace_bytes > 0 && workspace == nullptr))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (product.operation.epilogue == CUBLASLT_EPILOGUE_BIAS &&
      (product.operation.bias == nullptr || !product.operation.bias_type))
    return CUBLAS_STATUS_INVALID_VALUE;
  // Factors on the host are read when the call is made.
  const float alpha_value = *static_cast<const float*>(alpha);
  const float beta_value = *static_cast<const float*>(beta);
  Work work{.name = "cublaslt",
            .accesses = {{a, product.a.bytes()}, {b, product.b.bytes()}, {d, product.d.bytes()}},
            .microseconds = known->microseconds};
  const std::size_t scribbled = known->workspace_bytes;
  if (scribbled > 0) work.accesses.push_back({workspace, static_cast<std::int64_t>(scribbled)});
  if (product.operation.epilogue == CUBLASLT_EPILOGUE_BIAS)
    work.accesses.push_back(
        {product.operation.bias, product.d.rows * bytes_of(storage_of(*product.operation.bias_type))});
  work.run = [=] {
    if (scribbled > 0) std::memset(workspace, 0xFF, scribbled);
    multiply(product, alpha_value, a, b, beta_value, c, d);
  };
  return enqueue(stream, std::move(work)) == 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // extern "C"
