#include "engine/comm/communicator.h"

#include "engine/base/error.h"

namespace sleight {

void check_reducible(DataType type) {
  check(is_floating_point(type), "all_reduce adds float32, float64, bfloat16 and float16, not ", name_of(type));
}

void check_root(int root, int size) {
  check(root >= 0 && root < size, "broadcast from rank ", root, ", but the ranks are 0 to ", size - 1);
}

void SelfCommunicator::all_reduce(const void* input, void* output, std::int64_t count, DataType type,
                                  Reduction /*reduction*/, Stream stream) {
  check_reducible(type);
  copy(input, output, count, type, stream);
}

void SelfCommunicator::broadcast(void* /*data*/, std::int64_t /*count*/, DataType /*type*/, int root,
                                 Stream /*stream*/) {
  check_root(root, size());
}

void SelfCommunicator::all_gather(const void* input, void* output, std::int64_t count, DataType type, Stream stream) {
  copy(input, output, count, type, stream);
}

void SelfCommunicator::copy(const void* input, void* output, std::int64_t count, DataType type, Stream stream) {
  if (input != output && count > 0) runtime_->copy_on_device(stream, output, input, count * size_of(type));
}

}  // namespace sleight
