#include "kernels/random_fill.h"

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"
#include "kernels/random_numbers.h"

namespace sleight::kernels {

namespace {

template <class T>
__global__ void random_fill_kernel(RandomFill arguments) {
  constexpr int lanes = pack_lanes<T>;
  static_assert(lanes % 4 == 0, "a pack is made of whole groups of four");
  T* const out = static_cast<T*>(arguments.out);
  for_each_pack<lanes>(arguments.count, [&](std::int64_t first, int valid) {
    Lanes<lanes> pack;
    for (int base = 0; base < lanes; base += 4) {
      const FourNumbers numbers = random_numbers(arguments, (first + base) / 4);
      for (int i = 0; i < 4; ++i)
        pack[base + i] = numbers.value[i];
    }
    store_lanes(out + first, pack, valid);
  });
}

}  // namespace

void random_fill(Target target, const RandomFill& arguments) {
  check_arguments(arguments);
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    launch(target, "random_fill", random_fill_kernel<T>, pack_shape(arguments.count, pack_lanes<T>), arguments);
  });
}

}  // namespace sleight::kernels
