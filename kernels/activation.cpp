#include "kernels/activation.h"

namespace sleight::kernels {

void activation_forward(Cpu, const ActivationForward& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    using A = Accumulator<T>;
    visit_activation(arguments.function, [&](auto function) {
      const T* x = static_cast<const T*>(arguments.x);
      T* y = static_cast<T*>(arguments.y);
      const A slope = static_cast<A>(arguments.slope);
      const std::int64_t size = arguments.size;
#pragma omp parallel for simd schedule(static)
      for (std::int64_t i = 0; i < size; ++i)
        y[i] = T(activate<function.value>(static_cast<A>(x[i]), slope));
    });
  });
}

void activation_backward(Cpu, const ActivationBackward& arguments) {
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    using A = Accumulator<T>;
    visit_activation(arguments.function, [&](auto function) {
      const T* y = static_cast<const T*>(arguments.y);
      const T* y_gradient = static_cast<const T*>(arguments.y_gradient);
      T* x_gradient = static_cast<T*>(arguments.x_gradient);
      const A slope = static_cast<A>(arguments.slope);
      const std::int64_t size = arguments.size;
#pragma omp parallel for simd schedule(static)
      for (std::int64_t i = 0; i < size; ++i)
        x_gradient[i] =
            T(activation_gradient<function.value>(static_cast<A>(y_gradient[i]), static_cast<A>(y[i]), slope));
    });
  });
}

}  // namespace sleight::kernels
