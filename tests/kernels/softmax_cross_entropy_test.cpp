#include "kernels/softmax_cross_entropy.h"

#include <algorithm>
#include <limits>

#include "engine/value/random.h"
#include "kernels/reduce_mean.h"
#include "tests/golden/golden.h"
#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

using kernels::Smoothing;

struct Case {
  std::int64_t rows = 0;
  std::int64_t classes = 0;
  double smoothing = 0;
  Smoothing convention = Smoothing::others;
  bool mixed = false;
  std::vector<double> logits;
  std::vector<std::int32_t> label_a, label_b;
  std::vector<float> lambda;
  std::vector<double> loss_gradient;
  bool in_place = false;
};

// Random multiples of 1/8, exact in every type, so that every type has the same reference.
Case random_case(std::int64_t rows, std::int64_t classes, double smoothing, Smoothing convention, bool mixed) {
  RandomStream random(11, RandomPurpose::test, static_cast<std::uint64_t>(rows), static_cast<std::uint64_t>(classes));
  Case c;
  c.rows = rows;
  c.classes = classes;
  c.smoothing = smoothing;
  c.convention = convention;
  c.mixed = mixed;
  for (std::int64_t i = 0; i < rows * classes; ++i)
    c.logits.push_back(static_cast<double>(random.below(65) - 32) / 8);
  for (std::int64_t i = 0; i < rows; ++i) {
    c.label_a.push_back(static_cast<std::int32_t>(random.below(classes)));
    c.label_b.push_back(static_cast<std::int32_t>(random.below(classes)));
    c.lambda.push_back(static_cast<float>(random.uniform()));
    c.loss_gradient.push_back(static_cast<double>(random.below(65) - 32) / 8);
  }
  return c;
}

// Loss, log_sum_exp and gradient of the logits, consecutively.
template <class T, class Device>
std::vector<double> run_kernels(Device device, const Case& c) {
  using Value = Accumulator<T>;
  const std::size_t rows = static_cast<std::size_t>(c.rows);
  GuardedBuffer<T> logits = guarded<T>(c.logits, "logits");
  GuardedBuffer<std::int32_t> label_a(c.label_a, "label_a");
  GuardedBuffer<std::int32_t> label_b(c.label_b, "label_b");
  GuardedBuffer<float> lambda(c.lambda, "lambda");
  GuardedBuffer<Value> loss_gradient = guarded<Value>(c.loss_gradient, "loss_gradient");
  GuardedBuffer<Value> loss(rows, "loss");
  GuardedBuffer<Value> log_sum_exp(rows, "log_sum_exp");
  GuardedBuffer<T> logits_gradient(c.logits.size(), "logits_gradient");

  kernels::SoftmaxCrossEntropyForward forward;
  forward.logits = logits.data();
  forward.label_a = label_a.data();
  forward.label_b = c.mixed ? label_b.data() : nullptr;
  forward.lambda = c.mixed ? lambda.data() : nullptr;
  forward.rows = c.rows;
  forward.classes = c.classes;
  forward.smoothing = c.smoothing;
  forward.convention = c.convention;
  forward.loss = loss.data();
  forward.log_sum_exp = log_sum_exp.data();
  forward.type = data_type_of<T>();
  softmax_cross_entropy_forward(device, forward);

  kernels::SoftmaxCrossEntropyBackward backward;
  backward.logits = logits.data();
  backward.log_sum_exp = log_sum_exp.data();
  backward.loss_gradient = loss_gradient.data();
  backward.label_a = forward.label_a;
  backward.label_b = forward.label_b;
  backward.lambda = forward.lambda;
  backward.rows = c.rows;
  backward.classes = c.classes;
  backward.smoothing = c.smoothing;
  backward.convention = c.convention;
  backward.logits_gradient = c.in_place ? logits.data() : logits_gradient.data();
  backward.type = data_type_of<T>();
  softmax_cross_entropy_backward(device, backward);

  std::vector<double> values = numbers(loss);
  const std::vector<double> sums = numbers(log_sum_exp);
  const std::vector<double> gradient = c.in_place ? numbers(logits) : numbers(logits_gradient);
  values.insert(values.end(), sums.begin(), sums.end());
  values.insert(values.end(), gradient.begin(), gradient.end());
  return values;
}

// Loss and gradient of the logits of the mean loss, times c.loss_gradient[0], one behind the other: in one pass, or in
// the three that it stands for.
template <class T, class Device>
std::vector<double> run_with_gradient(Device device, Case c, bool in_one_pass) {
  using Value = Accumulator<T>;
  if (!in_one_pass) {
    const auto rows = static_cast<std::size_t>(c.rows);
    GuardedBuffer<Value> mean_gradient = guarded<Value>({c.loss_gradient[0]}, "mean_gradient");
    GuardedBuffer<Value> spread(rows, "loss_gradient");
    reduce_mean_backward(device, {.mean_gradient = mean_gradient.data(),
                                  .count = c.rows,
                                  .gradient = spread.data(),
                                  .type = data_type_of<Value>()});
    c.loss_gradient = numbers(spread);
    std::vector<double> values = run_kernels<T>(device, c);
    values.erase(values.begin() + c.rows, values.begin() + 2 * c.rows);  // log_sum_exp
    return values;
  }
  GuardedBuffer<T> logits = guarded<T>(c.logits, "logits");
  GuardedBuffer<Value> mean_gradient = guarded<Value>({c.loss_gradient[0]}, "mean_gradient");
  GuardedBuffer<std::int32_t> label_a(c.label_a, "label_a");
  GuardedBuffer<std::int32_t> label_b(c.label_b, "label_b");
  GuardedBuffer<float> lambda(c.lambda, "lambda");
  GuardedBuffer<Value> loss(static_cast<std::size_t>(c.rows), "loss");
  GuardedBuffer<T> logits_gradient(c.logits.size(), "logits_gradient");
  softmax_cross_entropy_with_gradient(device, {{.logits = logits.data(),
                                                .label_a = label_a.data(),
                                                .label_b = c.mixed ? label_b.data() : nullptr,
                                                .lambda = c.mixed ? lambda.data() : nullptr,
                                                .rows = c.rows,
                                                .classes = c.classes,
                                                .smoothing = c.smoothing,
                                                .convention = c.convention,
                                                .type = data_type_of<T>()},
                                               mean_gradient.data(),
                                               loss.data(),
                                               c.in_place ? logits.data() : logits_gradient.data()});
  std::vector<double> values = numbers(loss);
  const std::vector<double> gradient = c.in_place ? numbers(logits) : numbers(logits_gradient);
  values.insert(values.end(), gradient.begin(), gradient.end());
  return values;
}

struct Expected {
  std::vector<double> loss, log_sum_exp, logits_gradient;
};

// The definition with the target laid out in full, in double.
Expected reference(const Case& c) {
  Expected expected;
  const double classes = static_cast<double>(c.classes);
  for (std::int64_t n = 0; n < c.rows; ++n) {
    const std::size_t row = static_cast<std::size_t>(n);
    const double* logits = c.logits.data() + n * c.classes;
    const double weight = c.mixed ? double{c.lambda[row]} : 1.0;
    double maximum = logits[0];
    for (std::int64_t k = 0; k < c.classes; ++k)
      maximum = std::max(maximum, logits[k]);
    double sum = 0;
    for (std::int64_t k = 0; k < c.classes; ++k)
      sum += std::exp(logits[k] - maximum);
    const auto q = [&](std::int32_t label, std::int64_t k) {
      const double one_hot = k == label ? 1.0 : 0.0;
      if (c.convention == Smoothing::uniform) return (1 - c.smoothing) * one_hot + c.smoothing / classes;
      return k == label ? 1 - c.smoothing : c.smoothing / (classes - 1);
    };
    // Thousands of small terms of one sign: in double their sum would be less exact than what is compared with it.
    long double loss = 0;
    for (std::int64_t k = 0; k < c.classes; ++k) {
      const double t = weight * q(c.label_a[row], k) + (1 - weight) * q(c.label_b[row], k);
      const double log_p = logits[k] - maximum - std::log(sum);
      if (t != 0) loss -= static_cast<long double>(t) * log_p;
      expected.logits_gradient.push_back(c.loss_gradient[row] * (std::exp(log_p) - t));
    }
    expected.loss.push_back(static_cast<double>(loss));
    expected.log_sum_exp.push_back(maximum + std::log(sum));
  }
  return expected;
}

template <class T>
void require_equal(const std::vector<double>& values, const Expected& expected) {
  const std::size_t rows = expected.loss.size();
  const auto part = [&](std::size_t first, std::size_t count) {
    REQUIRE(values.size() >= first + count);
    return std::vector<double>(values.begin() + static_cast<std::ptrdiff_t>(first),
                               values.begin() + static_cast<std::ptrdiff_t>(first + count));
  };
  // Sums are kept in Accumulator<T> whatever the storage; log_sum_exp is rounded at its own size, and the gradient
  // inherits that as a relative error of the probabilities. Rounding errors of a sum grow with the root of its length.
  const double rounding = epsilon_of<Accumulator<T>>();
  const double terms = rows == 0 ? 0 : static_cast<double>(expected.logits_gradient.size() / rows);
  const double summed = (16 + std::sqrt(terms)) * rounding;
  double largest = 1;
  for (const double value : expected.log_sum_exp)
    largest = std::max(largest, std::abs(value));
  require_close(part(0, rows), expected.loss, summed, summed);
  require_close(part(rows, rows), expected.log_sum_exp, summed, summed);
  require_close(part(2 * rows, expected.logits_gradient.size()), expected.logits_gradient, epsilon_of<T>(),
                summed * largest);
}

TEST_CASE("softmax_cross_entropy: agrees with a target laid out in full") {
  const std::int64_t shapes[][2] = {{1, 2}, {3, 3}, {3, 10}, {5, 7}, {2, 33}, {3, 100}, {2, 257}, {2, 1000}, {1, 2049}};
  for (const auto& shape : shapes) {
    for (const Smoothing convention : {Smoothing::others, Smoothing::uniform}) {
      for (const double smoothing : {0.0, 0.1}) {
        for (const bool mixed : {false, true}) {
          const Case c = random_case(shape[0], shape[1], smoothing, convention, mixed);
          const Expected expected = reference(c);
          for_each_type([&]<class T>(TypeTag<T>) {
            for (const DeviceResult& result :
                 on_every_device<T>([&](auto device) { return run_kernels<T>(device, c); })) {
              CAPTURE(result.device, name_of(data_type_of<T>()), shape[0], shape[1], smoothing, mixed);
              require_equal<T>(result.values, expected);
            }
          });
        }
      }
    }
  }
}

TEST_CASE("softmax_cross_entropy: with its gradient in one pass, the bits of three") {
  const std::int64_t shapes[][2] = {{1, 2}, {5, 7}, {3, 10}, {2, 257}, {3, 1000}, {1, 2049}, {2, 4100}, {1, 8193}};
  for (const auto& shape : shapes) {
    for (const bool mixed : {false, true}) {
      for (const bool in_place : {false, true}) {
        Case c = random_case(shape[0], shape[1], mixed ? 0.1 : 0.0, Smoothing::others, mixed);
        c.loss_gradient[0] = 1024.0;  // a scaled loss
        c.in_place = in_place;
        for_each_type([&]<class T>(TypeTag<T>) {
          const auto one = on_every_device<T>([&](auto device) { return run_with_gradient<T>(device, c, true); });
          const auto three = on_every_device<T>([&](auto device) { return run_with_gradient<T>(device, c, false); });
          for (std::size_t i = 0; i < one.size(); ++i) {
            CAPTURE(one[i].device, name_of(data_type_of<T>()), shape[0], shape[1], mixed, in_place);
            CHECK(same_bits(one[i].values, three[i].values));
            CHECK(std::isfinite(one[i].values.back()));
          }
        });
      }
    }
  }
}

TEST_CASE("softmax_cross_entropy: in one pass, the gradient is the slope of the mean loss") {
  Case c = random_case(3, 7, 0.1, Smoothing::uniform, true);
  const auto mean_loss = [](const Case& at) {
    const std::vector<double> values = run_with_gradient<double>(kernels::Cpu{}, at, true);
    return (values[0] + values[1] + values[2]) / 3;
  };
  c.loss_gradient[0] = 2.5;
  const std::vector<double> at_point = run_with_gradient<double>(kernels::Cpu{}, c, true);
  const double step = 1e-5;
  for (std::size_t i = 0; i < c.logits.size(); ++i) {
    Case plus = c;
    Case minus = c;
    plus.logits[i] += step;
    minus.logits[i] -= step;
    const double slope = 2.5 * (mean_loss(plus) - mean_loss(minus)) / (2 * step);
    CAPTURE(i, slope, at_point[3 + i]);
    CHECK(distance(slope, at_point[3 + i]) <= 1e-8);
  }
}

TEST_CASE("softmax_cross_entropy: golden values from PyTorch") {
  for (const nlohmann::json& golden : golden_cases("softmax_cross_entropy")) {
    Case c;
    c.rows = golden.at("rows");
    c.classes = golden.at("classes");
    c.smoothing = golden.at("smoothing");
    c.convention = golden.at("convention") == "others" ? Smoothing::others : Smoothing::uniform;
    c.mixed = golden.at("mixed");
    c.logits = golden.at("logits").get<std::vector<double>>();
    c.label_a = golden.at("label_a").get<std::vector<std::int32_t>>();
    c.label_b = golden.at("label_b").get<std::vector<std::int32_t>>();
    c.lambda = golden.at("lambda").get<std::vector<float>>();
    c.loss_gradient = golden.at("loss_gradient").get<std::vector<double>>();
    const Expected expected{golden.at("loss"), golden.at("log_sum_exp"), golden.at("logits_gradient")};
    for_each_type([&]<class T>(TypeTag<T>) {
      // Logits around 10000 have no number of 16 bits near enough to be the same case.
      if (sizeof(T) == 2 && c.logits[0] > 1000) return;
      for (const DeviceResult& result : on_every_device<T>([&](auto device) { return run_kernels<T>(device, c); })) {
        CAPTURE(result.device, name_of(data_type_of<T>()), c.rows, c.classes);
        require_equal<T>(result.values, expected);
      }
    });
  }
}

TEST_CASE("softmax_cross_entropy: the gradient is the slope of the loss") {
  for (const Smoothing convention : {Smoothing::others, Smoothing::uniform}) {
    const Case c = random_case(3, 7, 0.1, convention, true);
    const std::vector<double> at_point = run_kernels<double>(kernels::Cpu{}, c);
    const double step = 1e-5;
    for (std::size_t i = 0; i < c.logits.size(); ++i) {
      const std::size_t row = i / 7;
      Case plus = c;
      Case minus = c;
      plus.logits[i] += step;
      minus.logits[i] -= step;
      const double loss_plus = run_kernels<double>(kernels::Cpu{}, plus)[row];
      const double loss_minus = run_kernels<double>(kernels::Cpu{}, minus)[row];
      const double slope = c.loss_gradient[row] * (loss_plus - loss_minus) / (2 * step);
      CAPTURE(i, slope, at_point[6 + i]);
      CHECK(distance(slope, at_point[6 + i]) <= 1e-8);
    }
  }
}

TEST_CASE("softmax_cross_entropy: two equal labels are one label, bit for bit") {
  Case mixed = random_case(4, 9, 0.1, Smoothing::others, true);
  mixed.label_b = mixed.label_a;
  Case pure = mixed;
  pure.mixed = false;
  for_each_type([&]<class T>(TypeTag<T>) {
    const auto two = on_every_device<T>([&](auto device) { return run_kernels<T>(device, mixed); });
    const auto one = on_every_device<T>([&](auto device) { return run_kernels<T>(device, pure); });
    for (std::size_t i = 0; i < two.size(); ++i)
      CHECK(same_bits(two[i].values, one[i].values));
  });
}

TEST_CASE("softmax_cross_entropy: the gradient may overwrite the logits") {
  Case c = random_case(3, 37, 0.1, Smoothing::others, true);
  const Expected expected = reference(c);
  c.in_place = true;
  for_each_type([&]<class T>(TypeTag<T>) {
    for (const DeviceResult& result : on_every_device<T>([&](auto device) { return run_kernels<T>(device, c); }))
      require_equal<T>(result.values, expected);
  });
}

TEST_CASE("softmax_cross_entropy: large, infinite and broken logits") {
  const double infinity = std::numeric_limits<double>::infinity();
  Case c = random_case(1, 5, 0.0, Smoothing::others, false);
  c.label_a = {1};
  const auto losses = [&](std::vector<double> logits) {
    c.logits = std::move(logits);
    std::vector<double> values;
    for (const DeviceResult& result :
         on_every_device<float>([&](auto device) { return run_kernels<float>(device, c); }))
      values.push_back(result.values[0]);
    return values;
  };
  SECTION("far apart") {
    for (const double loss : losses({30000, -30000, 0, 0, 0}))
      CHECK(loss == 60000.0);
  }
  SECTION("equal and huge") {
    for (const double loss : losses({1e30, 1e30, 1e30, 1e30, 1e30}))
      CHECK(distance(loss, std::log(5.0)) <= 1e-6);
  }
  SECTION("a class ruled out does not disturb a sharp target") {
    for (const double loss : losses({-infinity, 0, 0, 0, 0}))
      CHECK(distance(loss, std::log(4.0)) <= 1e-6);
  }
  SECTION("NaN and +infinity give NaN") {
    for (const double bad : {std::nan(""), infinity}) {
      for (const double loss : losses({0, 0, bad, 0, 0}))
        CHECK(std::isnan(loss));
    }
  }
}

TEST_CASE("softmax_cross_entropy: a label outside the classes") {
  for (const std::int32_t label : {-1, 7, 1000000}) {
    for (const bool in_a : {true, false}) {
      Case c = random_case(3, 7, 0.1, Smoothing::others, true);
      (in_a ? c.label_a : c.label_b)[1] = label;
      REQUIRE_THROWS_AS(run_kernels<float>(kernels::Cpu{}, c), std::invalid_argument);
      const std::vector<double> values =
          simt::run_in_three_orders([&](auto device) { return run_kernels<float>(device, c); });
      const std::vector<double> in_one_pass =
          simt::run_in_three_orders([&](auto device) { return run_with_gradient<float>(device, c, true); });
      REQUIRE_THROWS_AS(run_with_gradient<float>(kernels::Cpu{}, c, true), std::invalid_argument);
      for (std::size_t row = 0; row < 3; ++row) {
        CHECK(std::isnan(values[row]) == (row == 1));
        CHECK(std::isnan(in_one_pass[row]) == (row == 1));
        for (std::size_t k = 0; k < 7; ++k) {
          CHECK(std::isnan(values[6 + row * 7 + k]) == (row == 1));
          CHECK(std::isnan(in_one_pass[3 + row * 7 + k]) == (row == 1));
        }
      }
    }
  }
}

TEST_CASE("softmax_cross_entropy: the message names row and label") {
  Case c = random_case(3, 7, 0.1, Smoothing::others, false);
  c.label_a[2] = 7;
  std::string message;
  try {
    run_kernels<float>(kernels::Cpu{}, c);
  } catch (const std::invalid_argument& error) {
    message = error.what();
  }
  CAPTURE(message);
  CHECK(message.find("row 2 is 7; the classes are 0 to 6") != std::string::npos);
}

TEST_CASE("softmax_cross_entropy: refuses one class and impossible smoothing") {
  const auto refuses = [](const Case& c) {
    REQUIRE_THROWS_AS(run_kernels<float>(kernels::Cpu{}, c), std::invalid_argument);
    REQUIRE_THROWS_AS(run_kernels<float>(kernels::Simt{}, c), std::invalid_argument);
  };
  refuses(random_case(2, 1, 0.0, Smoothing::others, false));
  refuses(random_case(2, 5, 1.0, Smoothing::others, false));
  refuses(random_case(2, 5, -0.1, Smoothing::uniform, false));
  refuses(random_case(2, 5, std::nan(""), Smoothing::uniform, false));
}

TEST_CASE("softmax_cross_entropy: no rows is no work") {
  const Case c = random_case(0, 5, 0.1, Smoothing::others, true);
  for (const DeviceResult& result : on_every_device<float>([&](auto device) { return run_kernels<float>(device, c); }))
    CHECK(result.values.empty());
}

}  // namespace
}  // namespace sleight::test
