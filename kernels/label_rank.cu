#include <algorithm>

#include "kernels/label_rank.h"
#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"
#include "kernels/lib/reduce.h"

namespace sleight::kernels {

namespace {

// One block per row.
template <class T>
__global__ void label_rank_kernel(LabelRank arguments) {
  constexpr int lanes = pack_lanes<T>;
  const std::int64_t row = blockIdx.x;
  const T* const logits = static_cast<const T*>(arguments.logits) + row * arguments.classes;
  const std::int32_t label = arguments.label[row];
  const bool label_exists = label >= 0 && label < arguments.classes;
  const float at_label = label_exists ? static_cast<float>(logits[label]) : NAN;

  int before = 0;
  int broken = 0;
  for_each_pack_in_block<lanes>(arguments.classes, [&](std::int64_t first, int valid) {
    const Lanes<lanes> pack = load_lanes<lanes>(logits + first, valid);
    for (int i = 0; i < lanes; ++i) {
      if (i >= valid) continue;
      before += pack[i] > at_label || (pack[i] == at_label && first + i < label) ? 1 : 0;
      broken += pack[i] != pack[i] ? 1 : 0;
    }
  });
  before = block_sum(before);
  broken = block_sum(broken);
  if (threadIdx.x == 0)
    arguments.rank[row] = label_exists && broken == 0 ? before : static_cast<std::int32_t>(arguments.classes);
}

}  // namespace

void label_rank(Target target, const LabelRank& arguments) {
  check_arguments(arguments);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    const std::int64_t packs = (arguments.classes + pack_lanes<T> - 1) / pack_lanes<T>;
    const unsigned threads = static_cast<unsigned>(std::clamp<std::int64_t>((packs + 31) / 32 * 32, 32, 256));
    const LaunchShape shape{dim3(blocks_for(arguments.rows, 1)), dim3(threads)};
    launch(target, "label_rank", label_rank_kernel<T>, shape, arguments);
  });
}

}  // namespace sleight::kernels
