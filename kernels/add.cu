#include "kernels/add.h"

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"

namespace sleight::kernels {
namespace {

template <class T>
__global__ void add_kernel(const T* a, const T* b, T* sum, std::int64_t size) {
  constexpr int pack = pack_lanes<T>;
  for_each_pack<pack>(size, [&](std::int64_t first, int valid) {
    Lanes<pack> value = load_lanes<pack>(a + first, valid);
    const Lanes<pack> other = load_lanes<pack>(b + first, valid);
    for (int i = 0; i < pack; ++i)
      value[i] += other[i];
    store_lanes(sum + first, value, valid);
  });
}

}  // namespace

void add(Target target, const Add& arguments) {
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    launch(target, "add", add_kernel<T>, pack_shape(arguments.size, pack_lanes<T>), static_cast<const T*>(arguments.a),
           static_cast<const T*>(arguments.b), static_cast<T*>(arguments.sum), arguments.size);
  });
}

}  // namespace sleight::kernels
