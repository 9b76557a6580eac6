#include "kernels/add.h"

namespace sleight::kernels {

void add(Cpu, const Add& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    using A = Accumulator<T>;
    const T* a = static_cast<const T*>(arguments.a);
    const T* b = static_cast<const T*>(arguments.b);
    T* sum = static_cast<T*>(arguments.sum);
    const std::int64_t size = arguments.size;
#pragma omp parallel for simd schedule(static)
    for (std::int64_t i = 0; i < size; ++i)
      sum[i] = T(static_cast<A>(a[i]) + static_cast<A>(b[i]));
  });
}

}  // namespace sleight::kernels
