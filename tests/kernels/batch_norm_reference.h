// What the tests of batch norm share: the definitions in float64, and the workspace.
#pragma once

#include <cmath>

#include "kernel_case.h"
#include "kernels/batch_norm_statistics.h"
#include "kernels/lib/activation_function.h"

namespace sleight::tests {

using kernels::ActivationFunction;

inline constexpr float slope = 0.125F;
inline constexpr float epsilon = 1.0F / 1024;

inline constexpr ActivationFunction functions[] = {ActivationFunction::none, ActivationFunction::relu,
                                                   ActivationFunction::leaky_relu};

inline double negative_side(ActivationFunction function, double leak = double{slope}) {
  return function == ActivationFunction::none ? 1 : function == ActivationFunction::relu ? 0 : leak;
}

using Bytes = simt::GuardedBuffer<std::byte>;
inline Bytes workspace_for(const ActivationView& view) {
  return Bytes(static_cast<std::size_t>(batch_norm_workspace_bytes(view)), "workspace");
}

// Everything batch norm computes, straight from the definitions.
struct Reference {
  Values mean, variance, inverse_deviation, z, gradient, beta_gradient, gamma_gradient, x_gradient;

  Reference(const ActivationView& view, const Values& x) {
    const auto channels = static_cast<std::size_t>(view.channels());
    mean.assign(channels, 0.0);
    variance.assign(channels, 0.0);
    const auto rows = static_cast<double>(view.rows());
    for_each_element(view, [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
      mean[static_cast<std::size_t>(c)] += x[offset(view, n, c, h, w)] / rows;
    });
    for_each_element(view, [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
      const auto channel = static_cast<std::size_t>(c);
      variance[channel] += std::pow(x[offset(view, n, c, h, w)] - mean[channel], 2) / rows;
    });
    for (const double value : variance)
      inverse_deviation.push_back(1 / std::sqrt(value + double{epsilon}));
  }

  // v is the value before the activation.
  template <class Body>
  void for_each_value(const ActivationView& view, const Values& x, const Values& gamma, const Values& beta,
                      const Values* residual, Body&& body) const {
    for_each_element(view, [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
      const std::size_t at = offset(view, n, c, h, w);
      const auto channel = static_cast<std::size_t>(c);
      const double xhat = (x[at] - mean[channel]) * inverse_deviation[channel];
      body(at, channel, xhat, gamma[channel] * xhat + beta[channel] + (residual != nullptr ? (*residual)[at] : 0));
    });
  }

  void apply(const ActivationView& view, ActivationFunction function, const Values& x, const Values& gamma,
             const Values& beta, const Values* residual) {
    z.resize(x.size());
    for_each_value(view, x, gamma, beta, residual, [&](std::size_t at, std::size_t, double, double v) {
      z[at] = v > 0 ? v : negative_side(function) * v;
    });
  }

  // stored: the type the masked gradient is rounded to before it is summed.
  void backward(const ActivationView& view, ActivationFunction function, const Values& x, const Values& gamma,
                const Values& beta, const Values* residual, const Values& z_gradient, const Values* second,
                DataType stored) {
    gradient.resize(x.size());
    x_gradient.resize(x.size());
    beta_gradient.assign(gamma.size(), 0.0);
    gamma_gradient.assign(gamma.size(), 0.0);
    for_each_value(view, x, gamma, beta, residual, [&](std::size_t at, std::size_t, double, double v) {
      const double both = z_gradient[at] + (second != nullptr ? (*second)[at] : 0);
      gradient[at] = v > 0 ? both : negative_side(function) * both;
    });
    gradient = rounded(stored, gradient);
    for_each_value(view, x, gamma, beta, residual, [&](std::size_t at, std::size_t channel, double xhat, double) {
      beta_gradient[channel] += gradient[at];
      gamma_gradient[channel] += gradient[at] * xhat;
    });
    const auto rows = static_cast<double>(view.rows());
    for_each_value(view, x, gamma, beta, residual, [&](std::size_t at, std::size_t channel, double xhat, double) {
      x_gradient[at] = gamma[channel] * inverse_deviation[channel] *
                       (gradient[at] - (beta_gradient[channel] + xhat * gamma_gradient[channel]) / rows);
    });
  }
};

}  // namespace sleight::tests
