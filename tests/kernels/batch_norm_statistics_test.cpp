#include "batch_norm_reference.h"

using namespace sleight;
using namespace sleight::kernels;
using namespace sleight::tests;

namespace {

template <class Device>
Values run_statistics(Device device, DataType type, const ActivationView& view, const Values& x,
                      bool with_unbiased = true) {
  const DataType statistics_type = accumulator_type(type);
  TestTensor input(type, x), mean(statistics_type, view.channels()), inverse(statistics_type, view.channels());
  TestTensor unbiased(statistics_type, view.channels());
  Bytes workspace = workspace_for(view);
  batch_norm_statistics(device, {type, view, epsilon, input.data(), mean.data(), inverse.data(),
                                 with_unbiased ? unbiased.data() : nullptr, workspace.data()});
  workspace.check();
  Values all = mean.values();
  append(all, inverse.values());
  if (with_unbiased) append(all, unbiased.values());
  return all;
}

}  // namespace

TEST_CASE("batch_norm_statistics against the definition") {
  for_each_case([](DataType type, const ActivationView& view) {
    const std::int64_t channels = view.channels();
    const DataType statistics_type = accumulator_type(type);
    const Values x = rounded(type, random_values(view.size(), 1, 0.5, 2));
    const Reference expected(view, x);
    const auto rows = static_cast<double>(view.rows());
    Values unbiased;
    for (const double variance : expected.variance)
      unbiased.push_back(rows > 1 ? variance * rows / (rows - 1) : variance);
    on_every_device(
        type, view, [&](auto device) { return run_statistics(device, type, view, x); },
        [&](const Values& all) {
          Parts parts(all);
          check_close("mean", parts.next(channels), expected.mean, statistics_type);
          // Sums of squares in float64 leave float64 input, alone, no digits to spare.
          const double scale = type == DataType::float64 ? 1e3 : 0;
          check_close("inverse_deviation", parts.next(channels), expected.inverse_deviation, statistics_type, scale);
          check_close("unbiased_variance", parts.next(channels), unbiased, statistics_type, scale);
        });
  });
}

TEST_CASE("batch_norm_statistics when the mean is much larger than the deviation") {
  for (const double mean : {1e3, -1e5})
    for (const ActivationView& view : {ActivationView{2, 29, 31, 1, 17}, ActivationView{2, 29, 31, 2, 16}}) {
      CAPTURE(mean, view.blocks);
      const std::int64_t channels = view.channels();
      const Values x = rounded(DataType::float32, random_values(view.size(), 1, mean, 1));
      const Reference expected(view, x);
      on_every_device(
          DataType::float32, view, [&](auto device) { return run_statistics(device, DataType::float32, view, x); },
          [&](const Values& all) {
            double worst = 0;
            for (std::size_t c = 0; c < expected.variance.size(); ++c) {
              const double inverse = all[static_cast<std::size_t>(channels) + c];
              const double error = std::abs((1 / (inverse * inverse) - double{epsilon}) / expected.variance[c] - 1);
              if (!(error <= worst)) worst = error;
            }
            CHECK(worst <= 5e-5);
          });
    }
}

TEST_CASE("batch_norm_statistics of a constant channel, without the unbiased variance") {
  const ActivationView view{3, 5, 7, 1, 3};
  on_every_device(
      DataType::float32, view,
      [&](auto device) {
        const Values x(static_cast<std::size_t>(view.size()), double{0.1F});
        return run_statistics(device, DataType::float32, view, x, false);
      },
      [](const Values& all) {
        check_close("mean", Values(all.begin(), all.begin() + 3), Values(3, double{0.1F}), DataType::float32);
        check_close("inverse_deviation", Values(all.begin() + 3, all.end()), Values(3, 32.0), DataType::float32);
      });
}

TEST_CASE("batch_norm statistics of unequal and empty slices equal those of the whole batch") {
  for (const ActivationView& whole : {ActivationView{5, 9, 11, 1, 19}, ActivationView{5, 9, 11, 2, 16}}) {
    const std::int64_t channels = whole.channels();
    const Values x = rounded(DataType::float32, random_values(whole.size(), 1, 3, 2));
    const auto of_slices = [&](auto device) {
      TestTensor total(DataType::float64, Values(static_cast<std::size_t>(2 * channels + 1), 0.0));
      std::size_t at = 0;
      for (const std::int64_t images : {1, 0, 3, 1}) {
        ActivationView slice = whole;
        slice.batch = images;
        const auto end = at + static_cast<std::size_t>(slice.size());
        TestTensor input(DataType::float32, Values(x.begin() + static_cast<std::ptrdiff_t>(at),
                                                   x.begin() + static_cast<std::ptrdiff_t>(end)));
        at = end;
        TestTensor sums(DataType::float64, 2 * channels + 1);
        Bytes workspace = workspace_for(slice);
        batch_norm_partial_statistics(
            device, {DataType::float32, slice, input.data(), static_cast<double*>(sums.data()), workspace.data()});
        workspace.check();
        const Values values = sums.values();
        for (std::size_t i = 0; i < values.size(); ++i)
          static_cast<double*>(total.data())[i] += values[i];
      }
      TestTensor mean(DataType::float32, channels), inverse(DataType::float32, channels);
      TestTensor unbiased(DataType::float32, channels);
      batch_norm_finish_statistics(device, {DataType::float32, channels, epsilon, static_cast<double*>(total.data()),
                                            mean.data(), inverse.data(), unbiased.data()});
      Values all = mean.values();
      append(all, inverse.values());
      append(all, unbiased.values());
      return all;
    };
    const Values expected = run_statistics(Cpu{}, DataType::float32, whole, x);
    on_every_device(DataType::float32, whole, of_slices,
                    [&](const Values& all) { check_close("statistics", all, expected, DataType::float32, 1e-1); });
  }
}

TEST_CASE("batch_norm_statistics refuses an empty batch") {
  const ActivationView view{0, 3, 3, 1, 5};
  Bytes workspace = workspace_for(view);
  BatchNormStatistics arguments;
  arguments.view = view;
  arguments.workspace = workspace.data();
  REQUIRE_THROWS_AS(batch_norm_statistics(Cpu{}, arguments), std::invalid_argument);
  REQUIRE_THROWS_AS(batch_norm_statistics(Simt{}, arguments), std::invalid_argument);
}

TEST_CASE("batch_norm_inference_statistics against the definition") {
  for (const DataType type : {DataType::float32, DataType::bfloat16, DataType::float16, DataType::float64})
    for (const std::int64_t channels : {1, 17, 300}) {
      const DataType statistics_type = accumulator_type(type);
      const Values running_mean = rounded(statistics_type, random_values(channels, 1));
      const Values running_variance = rounded(statistics_type, random_values(channels, 2, 5, 0.5));
      Values inverse_deviation;
      for (const double variance : running_variance)
        inverse_deviation.push_back(1 / std::sqrt(variance + double{epsilon}));
      on_every_device(
          type, {1, 1, 1, 1, channels},
          [&](auto device) {
            TestTensor average(statistics_type, running_mean), spread(statistics_type, running_variance);
            TestTensor mean(statistics_type, channels), inverse(statistics_type, channels);
            batch_norm_inference_statistics(
                device, {type, channels, epsilon, average.data(), spread.data(), mean.data(), inverse.data()});
            Values all = mean.values();
            append(all, inverse.values());
            return all;
          },
          [&](const Values& all) {
            Parts parts(all);
            CHECK(parts.next(channels) == running_mean);
            check_close("inverse_deviation", parts.next(channels), inverse_deviation, statistics_type);
          });
    }
}
