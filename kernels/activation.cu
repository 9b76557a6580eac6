#include "kernels/activation.h"

#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"

namespace sleight::kernels {
namespace {

template <ActivationFunction function, class T>
__global__ void forward_kernel(const T* x, T* y, float slope, std::int64_t size) {
  constexpr int pack = pack_lanes<T>;
  for_each_pack<pack>(size, [&](std::int64_t first, int valid) {
    Lanes<pack> value = load_lanes<pack>(x + first, valid);
    for (int i = 0; i < pack; ++i)
      value[i] = activate<function>(value[i], slope);
    store_lanes(y + first, value, valid);
  });
}

template <ActivationFunction function, class T>
__global__ void backward_kernel(const T* y, const T* y_gradient, T* x_gradient, float slope, std::int64_t size) {
  constexpr int pack = pack_lanes<T>;
  for_each_pack<pack>(size, [&](std::int64_t first, int valid) {
    const Lanes<pack> sign = load_lanes<pack>(y + first, valid);
    Lanes<pack> gradient = load_lanes<pack>(y_gradient + first, valid);
    for (int i = 0; i < pack; ++i)
      gradient[i] = activation_gradient<function>(gradient[i], sign[i], slope);
    store_lanes(x_gradient + first, gradient, valid);
  });
}

}  // namespace

void activation_forward(Target target, const ActivationForward& arguments) {
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    visit_activation(arguments.function, [&](auto function) {
      launch(target, "activation_forward", forward_kernel<decltype(function)::value, T>,
             pack_shape(arguments.size, pack_lanes<T>), static_cast<const T*>(arguments.x),
             static_cast<T*>(arguments.y), arguments.slope, arguments.size);
    });
  });
}

void activation_backward(Target target, const ActivationBackward& arguments) {
  visit_gpu_type(arguments.type, [&]<class T>(TypeTag<T>) {
    visit_activation(arguments.function, [&](auto function) {
      launch(target, "activation_backward", backward_kernel<decltype(function)::value, T>,
             pack_shape(arguments.size, pack_lanes<T>), static_cast<const T*>(arguments.y),
             static_cast<const T*>(arguments.y_gradient), static_cast<T*>(arguments.x_gradient), arguments.slope,
             arguments.size);
    });
  });
}

}  // namespace sleight::kernels
