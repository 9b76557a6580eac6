#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "batch_norm_reference.h"
#include "kernels/batch_norm_apply.h"
#include "kernels/batch_norm_backward.h"
#include "kernels/running_statistics.h"
#include "tests/folders.h"

using namespace sleight;
using namespace sleight::kernels;
using namespace sleight::tests;

namespace {

struct Backward {
  ActivationFunction function = ActivationFunction::none;
  const Values* residual = nullptr;  // then the sign comes from z
  const Values* second = nullptr;
  bool store_gradient = false;
  int in_place = 0;  // masked_gradient over 1: z_gradient, 2: second_z_gradient; x_gradient over its gradient
};

template <class Device>
Values run_backward(Device device, DataType type, const ActivationView& view, const Backward& how, const Values& x,
                    const Reference& reference, const Values& gamma, const Values& beta, const Values& z_gradient) {
  const DataType statistics_type = accumulator_type(type);
  TestTensor input(type, x), mean(statistics_type, reference.mean), scale(statistics_type, gamma);
  TestTensor inverse(statistics_type, reference.inverse_deviation), shift(statistics_type, beta);
  TestTensor upstream(type, z_gradient), output(type, reference.z), fresh(type, view.size());
  TestTensor second(type, how.second != nullptr ? *how.second : Values{});
  TestTensor beta_gradient(statistics_type, view.channels()), gamma_gradient(statistics_type, view.channels());
  Bytes workspace = workspace_for(view);
  TestTensor& masked = how.in_place == 1 ? upstream : how.in_place == 2 ? second : fresh;
  batch_norm_backward_reduce(
      device,
      {type, view, how.function, slope, upstream.data(), how.second != nullptr ? second.data() : nullptr, input.data(),
       mean.data(), inverse.data(), scale.data(), shift.data(), how.residual != nullptr ? output.data() : nullptr,
       how.store_gradient ? masked.data() : nullptr, beta_gradient.data(), gamma_gradient.data(), workspace.data()});
  workspace.check();
  Values all = how.store_gradient ? masked.values() : Values{};
  append(all, beta_gradient.values());
  append(all, gamma_gradient.values());

  TestTensor result(type, view.size());
  TestTensor& gradient = how.store_gradient ? masked : upstream;
  TestTensor& x_gradient = how.in_place != 0 ? gradient : result;
  batch_norm_backward_apply(
      device, {type, view, how.store_gradient ? ActivationFunction::none : how.function, slope, gradient.data(),
               input.data(), mean.data(), inverse.data(), scale.data(), shift.data(), beta_gradient.data(),
               gamma_gradient.data(), nullptr, x_gradient.data()});
  append(all, x_gradient.values());
  return all;
}

}  // namespace

TEST_CASE("batch_norm_apply against the definition, in place too") {
  for_each_case([](DataType type, const ActivationView& view) {
    const std::int64_t channels = view.channels();
    const DataType statistics_type = accumulator_type(type);
    const Values x = rounded(type, random_values(view.size(), 1, 0.5, 2));
    const Values residual = rounded(type, random_values(view.size(), 2));
    const Values gamma = rounded(statistics_type, random_values(channels, 3, 1));
    const Values beta = rounded(statistics_type, random_values(channels, 4));
    Reference expected(view, x);
    expected.mean = rounded(statistics_type, expected.mean);
    expected.inverse_deviation = rounded(statistics_type, expected.inverse_deviation);
    for (const ActivationFunction function : functions)
      for (const bool with_residual : {false, true}) {
        expected.apply(view, function, x, gamma, beta, with_residual ? &residual : nullptr);
        CAPTURE(static_cast<int>(function), with_residual);
        for (const int into : {0, 1, 2}) {  // a tensor of its own, x, residual
          if (into == 2 && !with_residual) continue;
          on_every_device(
              type, view,
              [&](auto device) {
                TestTensor input(type, x), shortcut(type, residual), fresh(type, view.size());
                TestTensor mean(statistics_type, expected.mean), inverse(statistics_type, expected.inverse_deviation);
                TestTensor scale(statistics_type, gamma), shift(statistics_type, beta);
                TestTensor& z = into == 0 ? fresh : into == 1 ? input : shortcut;
                batch_norm_apply(device,
                                 {type, view, function, slope, input.data(), mean.data(), inverse.data(), scale.data(),
                                  shift.data(), with_residual ? shortcut.data() : nullptr, z.data()});
                return z.values();
              },
              [&](const Values& z) { check_close("z", z, expected.z, type); });
        }
      }
  });
}

TEST_CASE("batch_norm_backward against the definition, in place too") {
  for_each_case([](DataType type, const ActivationView& view) {
    const std::int64_t channels = view.channels();
    const DataType statistics_type = accumulator_type(type);
    const Values x = rounded(type, random_values(view.size(), 1, 0.5, 2));
    const Values residual = rounded(type, random_values(view.size(), 2));
    const Values gamma = rounded(statistics_type, random_values(channels, 3, 1));
    const Values beta = rounded(statistics_type, random_values(channels, 4));
    const Values z_gradient = rounded(type, random_values(view.size(), 5, 0.25));
    const Values second = rounded(type, random_values(view.size(), 6));
    Reference expected(view, x);
    expected.mean = rounded(statistics_type, expected.mean);
    expected.inverse_deviation = rounded(statistics_type, expected.inverse_deviation);
    std::vector<Backward> ways;
    for (const ActivationFunction function : functions) {
      ways.push_back({function, nullptr, nullptr, false, 1});
      ways.push_back({function, &residual, &second, true, 2});
    }
    ways.push_back({ActivationFunction::relu, nullptr, nullptr, false, 0});
    ways.push_back({ActivationFunction::relu, nullptr, &second, true, 0});
    ways.push_back({ActivationFunction::relu, &residual, nullptr, true, 1});
    for (const Backward& how : ways) {
      CAPTURE(static_cast<int>(how.function), how.residual != nullptr, how.second != nullptr, how.in_place);
      expected.apply(view, how.function, x, gamma, beta, how.residual);
      expected.backward(view, how.function, x, gamma, beta, how.residual, z_gradient, how.second,
                        how.store_gradient ? type : DataType::float64);
      double largest = 0;
      for (std::size_t c = 0; c < gamma.size(); ++c)
        largest = std::max(largest, std::abs(gamma[c] * expected.inverse_deviation[c]));
      on_every_device(
          type, view,
          [&](auto device) { return run_backward(device, type, view, how, x, expected, gamma, beta, z_gradient); },
          [&](const Values& all) {
            Parts parts(all);
            if (how.store_gradient) check_close("gradient", parts.next(view.size()), expected.gradient, type);
            check_close("beta_gradient", parts.next(channels), expected.beta_gradient, statistics_type);
            check_close("gamma_gradient", parts.next(channels), expected.gamma_gradient, statistics_type);
            check_close("x_gradient", parts.next(view.size()), expected.x_gradient, type, largest);
          });
    }
  });
}

TEST_CASE("batch_norm_backward_apply with the number of rows of several processes") {
  const ActivationView view{2, 3, 5, 1, 3};
  const Values x = rounded(DataType::float32, random_values(view.size(), 1));
  const Values upstream = rounded(DataType::float32, random_values(view.size(), 2));
  const Values ones(3, 1.0), sums = {3, -5, 7}, products = {2, 4, -6};
  const double rows = 90;
  Values expected(x.size());
  for_each_element(view, [&](std::int64_t n, std::int64_t c, std::int64_t h, std::int64_t w) {
    const std::size_t at = offset(view, n, c, h, w);
    const auto channel = static_cast<std::size_t>(c);
    expected[at] = upstream[at] - (sums[channel] + (x[at] - 1) * products[channel]) / rows;
  });
  on_every_device(
      DataType::float32, view,
      [&](auto device) {
        TestTensor input(DataType::float32, x), gradient(DataType::float32, upstream), one(DataType::float32, ones);
        TestTensor beta_gradient(DataType::float32, sums), gamma_gradient(DataType::float32, products);
        TestTensor result(DataType::float32, view.size());
        batch_norm_backward_apply(device, {DataType::float32, view, ActivationFunction::none, 0, gradient.data(),
                                           input.data(), one.data(), one.data(), one.data(), nullptr,
                                           beta_gradient.data(), gamma_gradient.data(), &rows, result.data()});
        return result.values();
      },
      [&](const Values& x_gradient) { check_close("x_gradient", x_gradient, expected, DataType::float32); });
}

TEST_CASE("batch_norm gives the same numbers in every layout") {
  const ActivationView blocked{2, 7, 5, 3, 16}, last = as_channels_last(blocked);
  const ActivationView eights{2, 7, 5, 6, 8};
  const Values x = rounded(DataType::float32, random_values(last.size(), 1, 1, 2));
  const Values gamma = random_values(48, 2, 1), beta = random_values(48, 3);
  const auto apply = [&](const ActivationView& view) {
    TestTensor input(DataType::float32, moved(x, last, view)), z(DataType::float32, view.size());
    TestTensor mean(DataType::float32, 48), inverse(DataType::float32, 48);
    TestTensor scale(DataType::float32, gamma), shift(DataType::float32, beta);
    Bytes workspace = workspace_for(view);
    batch_norm_statistics(Cpu{}, {DataType::float32, view, epsilon, input.data(), mean.data(), inverse.data(), nullptr,
                                  workspace.data()});
    batch_norm_apply(Cpu{}, {DataType::float32, view, ActivationFunction::relu, 0, input.data(), mean.data(),
                             inverse.data(), scale.data(), shift.data(), nullptr, z.data()});
    return moved(z.values(), view, last);
  };
  const Values expected = apply(last);
  check_close("blocks of 16", apply(blocked), expected, DataType::float32);
  check_close("blocks of 8", apply(eights), expected, DataType::float32);
}

TEST_CASE("batch_norm against golden values") {
  std::ifstream file(source_folder() / "tests/golden/batch_norm.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  REQUIRE(golden.at("cases").size() >= 4);
  for (const nlohmann::json& one : golden.at("cases")) {
    const ActivationView stored = nchw(one.at("shape"));
    const ActivationView view = as_channels_last(stored);
    const std::int64_t channels = view.channels();
    const std::string name = one.at("activation");
    const ActivationFunction function = name == "relu"         ? ActivationFunction::relu
                                        : name == "leaky_relu" ? ActivationFunction::leaky_relu
                                                               : ActivationFunction::none;
    const bool with_residual = !one.at("residual").is_null();
    const float leak = one.at("slope"), golden_momentum = one.at("momentum"), golden_epsilon = one.at("epsilon");
    const auto image = [&](const char* key) { return moved(one.at(key), stored, view); };
    CAPTURE(name, with_residual);
    for (const DataType type : {DataType::float32, DataType::float64}) {
      const auto run = [&](auto device) {
        TestTensor x(type, image("x")), residual(type, with_residual ? image("residual") : Values{});
        TestTensor gamma(type, one.at("gamma").get<Values>()), beta(type, one.at("beta").get<Values>());
        TestTensor running_mean(type, one.at("running_mean").get<Values>());
        TestTensor running_variance(type, one.at("running_variance").get<Values>());
        TestTensor mean(type, channels), inverse(type, channels), z(type, view.size());
        Bytes workspace = workspace_for(view);
        const void* shortcut = with_residual ? residual.data() : nullptr;
        const BatchNormApply apply{type,           view,         function,    leak,     x.data(), mean.data(),
                                   inverse.data(), gamma.data(), beta.data(), shortcut, z.data()};
        batch_norm_inference_statistics(device, {type, channels, golden_epsilon, running_mean.data(),
                                                 running_variance.data(), mean.data(), inverse.data()});
        batch_norm_apply(device, apply);
        Values all = z.values();

        TestTensor unbiased(type, channels);
        batch_norm_statistics(device, {type, view, golden_epsilon, x.data(), mean.data(), inverse.data(),
                                       unbiased.data(), workspace.data()});
        std::vector<RunningStatistic> table(2);
        table[0] = {running_mean.data(), mean.data(), channels, 0, golden_momentum};
        table[1] = {running_variance.data(), unbiased.data(), channels, 0, golden_momentum};
        const std::int64_t chunks = number_chunks(std::span(table));
        running_statistics(device, {{table.data(), 2, chunks}, nullptr, type});
        batch_norm_apply(device, apply);
        append(all, z.values());
        append(all, running_mean.values());
        append(all, running_variance.values());

        TestTensor gradient(type, image("z_gradient")), beta_gradient(type, channels), gamma_gradient(type, channels);
        batch_norm_backward_reduce(
            device, {type, view, function, leak, gradient.data(), nullptr, x.data(), mean.data(), inverse.data(),
                     gamma.data(), beta.data(), with_residual ? z.data() : nullptr, gradient.data(),
                     beta_gradient.data(), gamma_gradient.data(), workspace.data()});
        if (with_residual) append(all, gradient.values());
        batch_norm_backward_apply(
            device, {type, view, ActivationFunction::none, 0, gradient.data(), x.data(), mean.data(), inverse.data(),
                     gamma.data(), beta.data(), beta_gradient.data(), gamma_gradient.data(), nullptr, gradient.data()});
        append(all, gradient.values());
        append(all, beta_gradient.values());
        append(all, gamma_gradient.values());
        return all;
      };
      on_every_device(type, view, run, [&](const Values& all) {
        Parts parts(all);
        check_close("inference_z", parts.next(view.size()), image("inference_z"), type);
        check_close("z", parts.next(view.size()), image("z"), type);
        check_close("running_mean", parts.next(channels), one.at("running_mean_after"), type);
        check_close("running_variance", parts.next(channels), one.at("running_variance_after"), type);
        if (with_residual) check_close("residual_gradient", parts.next(view.size()), image("residual_gradient"), type);
        check_close("x_gradient", parts.next(view.size()), image("x_gradient"), type);
        check_close("beta_gradient", parts.next(channels), one.at("beta_gradient"), type);
        check_close("gamma_gradient", parts.next(channels), one.at("gamma_gradient"), type);
      });
    }
  }
}

TEST_CASE("batch_norm: numeric gradients") {
  const ActivationView view{3, 2, 3, 1, 5};
  const DataType type = DataType::float64;
  const Values x = random_values(view.size(), 1), gamma = random_values(5, 2, 1), beta = random_values(5, 3);
  const Values residual = random_values(view.size(), 4), weight = random_values(view.size(), 5);
  for (const ActivationFunction function : functions)
    for (const bool with_residual : {false, true}) {
      CAPTURE(static_cast<int>(function), with_residual);
      Reference state(view, x);
      const auto loss = [&](const Values& at_x, const Values& at_gamma, const Values& at_beta,
                            const Values& at_shortcut) {
        TestTensor input(type, at_x), scale(type, at_gamma), shift(type, at_beta), shortcut(type, at_shortcut);
        TestTensor mean(type, 5), inverse(type, 5), z(type, view.size());
        Bytes workspace = workspace_for(view);
        batch_norm_statistics(
            Cpu{}, {type, view, epsilon, input.data(), mean.data(), inverse.data(), nullptr, workspace.data()});
        batch_norm_apply(Cpu{}, {type, view, function, slope, input.data(), mean.data(), inverse.data(), scale.data(),
                                 shift.data(), with_residual ? shortcut.data() : nullptr, z.data()});
        state.z = z.values();
        double sum = 0;
        for (std::size_t i = 0; i < weight.size(); ++i)
          sum += weight[i] * state.z[i];
        return sum;
      };
      loss(x, gamma, beta, residual);
      const Backward how{function, with_residual ? &residual : nullptr, nullptr, with_residual, 0};
      const Values all = run_backward(Cpu{}, type, view, how, x, state, gamma, beta, weight);
      Parts parts(all);
      if (with_residual)
        check_numeric_gradient("residual", residual, parts.next(view.size()),
                               [&](const Values& at) { return loss(x, gamma, beta, at); });
      check_numeric_gradient("beta", beta, parts.next(5),
                             [&](const Values& at) { return loss(x, gamma, at, residual); });
      check_numeric_gradient("gamma", gamma, parts.next(5),
                             [&](const Values& at) { return loss(x, at, beta, residual); });
      check_numeric_gradient("x", x, parts.next(view.size()),
                             [&](const Values& at) { return loss(at, gamma, beta, residual); });
    }
}
