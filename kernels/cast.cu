#include "kernels/cast.h"

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"

namespace sleight::kernels {

namespace {

// Eight elements a turn: the narrower type then fills 16 bytes.
constexpr int lanes = 8;

template <class From, class To>
__global__ void cast_kernel(const From* from, To* to, std::int64_t count) {
  for_each_pack<lanes>(count, [&](std::int64_t first, int valid) {
    store_lanes(to + first, load_lanes<lanes>(from + first, valid), valid);
  });
}

// One block per chunk.
template <class From, class To>
__global__ void cast_list_kernel(TensorList<CastTensor> tensors) {
  const TensorChunk chunk = locate_chunk(tensors, blockIdx.x);
  const CastTensor tensor = tensors.entries[chunk.tensor];
  const From* const from = static_cast<const From*>(tensor.from) + chunk.begin;
  To* const to = static_cast<To*>(tensor.to) + chunk.begin;
  for_each_pack_in_block<lanes>(chunk.end - chunk.begin, [&](std::int64_t first, int valid) {
    store_lanes(to + first, load_lanes<lanes>(from + first, valid), valid);
  });
}

}  // namespace

void cast(Target target, const Cast& arguments) {
  check_cast(arguments.from_type, arguments.to_type);
  visit_gpu_type(arguments.from_type, [&]<class From>(TypeTag<From>) {
    visit_gpu_type(arguments.to_type, [&]<class To>(TypeTag<To>) {
      launch(target, "cast", cast_kernel<From, To>, pack_shape(arguments.count, lanes),
             static_cast<const From*>(arguments.from), static_cast<To*>(arguments.to), arguments.count);
    });
  });
}

void cast_list(Target target, const CastList& arguments) {
  check_cast(arguments.from_type, arguments.to_type);
  visit_gpu_type(arguments.from_type, [&]<class From>(TypeTag<From>) {
    visit_gpu_type(arguments.to_type, [&]<class To>(TypeTag<To>) {
      const LaunchShape shape{dim3(blocks_for(arguments.tensors.chunk_count, 1)), dim3(256)};
      launch(target, "cast_list", cast_list_kernel<From, To>, shape, arguments.tensors);
    });
  });
}

}  // namespace sleight::kernels
