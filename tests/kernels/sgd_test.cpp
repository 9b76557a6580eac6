#include "kernels/sgd.h"

#include "engine/value/random.h"
#include "tests/golden/golden.h"
#include "tests/kernels/on_every_device.h"

namespace sleight::test {
namespace {

using kernels::LiveScalar;

struct Scalars {
  double learning_rate = 0.125;
  double momentum = 0.875;
  double weight_decay = 0.03125;
  double gradient_scale = 1;
};

struct Parameter {
  std::vector<double> value, gradient, momentum;
  double decay = 1;
  std::vector<double> average = {};  // empty: none
};

// One step over all tensors; returns every parameter, then every momentum, then every average.
template <class P, class G, class Device>
std::vector<double> step(Device device, const std::vector<Parameter>& parameters, const Scalars& scalars, bool nesterov,
                         const std::int64_t* first_non_finite = nullptr) {
  std::vector<GuardedBuffer<P>> values, momenta, averages;
  std::vector<GuardedBuffer<G>> gradients;
  std::vector<kernels::SgdTensor> table;
  for (const Parameter& parameter : parameters) {
    values.push_back(guarded<P>(parameter.value, "parameter"));
    gradients.push_back(guarded<G>(parameter.gradient, "gradient"));
    momenta.push_back(guarded<P>(parameter.momentum, "momentum"));
    averages.push_back(guarded<P>(parameter.average, "average"));
    kernels::SgdTensor tensor =
        kernels::sgd_tensor(data_type_of<P>(), data_type_of<G>(), static_cast<std::int64_t>(parameter.value.size()),
                            static_cast<float>(parameter.decay));
    tensor.parameter = values.back().data();
    tensor.gradient = gradients.back().data();
    tensor.momentum = momenta.back().data();
    if (!parameter.average.empty()) tensor.average = averages.back().data();
    table.push_back(tensor);
  }
  GuardedBuffer<float> live(LiveScalar::count, "live scalars");
  live[LiveScalar::learning_rate] = static_cast<float>(scalars.learning_rate);
  live[LiveScalar::momentum] = static_cast<float>(scalars.momentum);
  live[LiveScalar::weight_decay] = static_cast<float>(scalars.weight_decay);
  live[LiveScalar::gradient_scale] = static_cast<float>(scalars.gradient_scale);
  live[LiveScalar::ema_decay] = 0.75F;

  kernels::Sgd arguments;
  arguments.tensors.chunk_count = kernels::number_chunks(std::span(table));
  const GuardedBuffer<kernels::SgdTensor> entries(table, "table");
  arguments.tensors.entries = entries.data();
  arguments.tensors.tensor_count = static_cast<std::int32_t>(table.size());
  arguments.live_scalars = live.data();
  arguments.first_non_finite = first_non_finite;
  arguments.nesterov = nesterov;
  arguments.parameter_type = data_type_of<P>();
  sgd(device, arguments);

  std::vector<double> result;
  for (auto* group : {&values, &momenta, &averages}) {
    for (GuardedBuffer<P>& buffer : *group) {
      const std::vector<double> part = numbers(buffer);
      result.insert(result.end(), part.begin(), part.end());
    }
  }
  return result;
}

TEST_CASE("sgd: golden values from PyTorch over several steps") {
  for (const nlohmann::json& golden : golden_cases("sgd")) {
    const auto run = [&]<class T>(TypeTag<T>, auto device) {
      std::vector<Parameter> parameters;
      for (std::size_t i = 0; i < 2; ++i) {
        const std::vector<double> start = golden.at("start")[i];
        parameters.push_back({start, {}, std::vector<double>(start.size(), 0.0), golden.at("decay")[i]});
      }
      std::vector<double> history;
      for (const nlohmann::json& expected : golden.at("steps")) {
        for (std::size_t i = 0; i < 2; ++i)
          parameters[i].gradient = expected.at("gradient")[i].get<std::vector<double>>();
        const Scalars scalars{expected.at("learning_rate"), golden.at("momentum"), golden.at("weight_decay"),
                              golden.at("gradient_scale")};
        const std::vector<double> values = step<T, T>(device, parameters, scalars, golden.at("nesterov"));
        history.insert(history.end(), values.begin(), values.end());
        std::size_t next = 0;
        for (std::vector<double> Parameter::*member : {&Parameter::value, &Parameter::momentum}) {
          for (Parameter& parameter : parameters) {
            for (double& value : parameter.*member)
              value = values[next++];
          }
        }
      }
      return history;
    };
    std::vector<double> expected;
    std::vector<bool> known;  // PyTorch keeps no momentum where the factor is 0; ours holds the last gradient
    for (const nlohmann::json& golden_step : golden.at("steps")) {
      for (const char* name : {"parameter", "momentum"}) {
        for (std::size_t i = 0; i < 2; ++i) {
          const nlohmann::json& part = golden_step.at(name)[i];
          const std::size_t count = golden.at("start")[i].size();
          for (std::size_t j = 0; j < count; ++j) {
            known.push_back(!part.is_null());
            expected.push_back(part.is_null() ? 0.0 : part[j].get<double>());
          }
        }
      }
    }
    const auto require_equal = [&](std::vector<double> values, double tolerance) {
      REQUIRE(values.size() == expected.size());
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (!known[i]) values[i] = 0;
      }
      require_close(values, expected, tolerance, tolerance);
    };
    CAPTURE(golden.at("nesterov").get<bool>(), golden.at("momentum").get<double>());
    for (const DeviceResult& result :
         on_every_device<float>([&](auto device) { return run(TypeTag<float>{}, device); }))
      require_equal(result.values, 1e-6);
    for (const DeviceResult& result :
         on_every_device<double>([&](auto device) { return run(TypeTag<double>{}, device); }))
      require_equal(result.values, 1e-14);
  }
}

std::vector<Parameter> random_parameters() {
  RandomStream random(5, RandomPurpose::test);
  std::vector<Parameter> parameters;
  for (const std::size_t count : {1, 0, 3, 4096, 4097, 9001, 5, 0}) {
    Parameter parameter;
    parameter.decay = parameters.size() % 2 == 0 ? 1.0 : 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      parameter.value.push_back(static_cast<double>(random.below(65) - 32) / 8);
      parameter.gradient.push_back(static_cast<double>(random.below(65) - 32) / 8);
      parameter.momentum.push_back(static_cast<double>(random.below(65) - 32) / 8);
    }
    if (parameters.size() % 3 != 1) parameter.average = parameter.gradient;
    parameters.push_back(parameter);
  }
  return parameters;
}

TEST_CASE("sgd: many tensors of odd sizes in one launch, every pair of types") {
  const std::vector<Parameter> parameters = random_parameters();
  const Scalars scalars{0.1, 0.9, 5e-4, 0.25};
  for (const bool nesterov : {false, true}) {
    // The scalars travel as float32.
    const double rate = double{0.1F}, factor = double{0.9F}, weight_decay = double{5e-4F};
    std::vector<double> values, momenta, averages;
    for (const Parameter& p : parameters) {
      for (std::size_t i = 0; i < p.value.size(); ++i) {
        const double g = p.gradient[i] * 0.25 + weight_decay * p.decay * p.value[i];
        const double m = factor * p.momentum[i] + g;
        values.push_back(p.value[i] - rate * (nesterov ? g + factor * m : m));
        momenta.push_back(m);
        if (!p.average.empty()) averages.push_back(0.75 * p.average[i] + 0.25 * values.back());
      }
    }
    values.insert(values.end(), momenta.begin(), momenta.end());
    values.insert(values.end(), averages.begin(), averages.end());
    const auto check = [&]<class P, class G>(TypeTag<P>, TypeTag<G>, double tolerance) {
      for (const DeviceResult& result :
           on_every_device<P>([&](auto device) { return step<P, G>(device, parameters, scalars, nesterov); })) {
        CAPTURE(result.device, nesterov, name_of(data_type_of<G>()));
        require_close(result.values, values, tolerance, 8 * tolerance);
      }
    };
    check(TypeTag<float>{}, TypeTag<float>{}, 2e-7);
    check(TypeTag<float>{}, TypeTag<bfloat16>{}, 2e-7);
    check(TypeTag<float>{}, TypeTag<float16>{}, 2e-7);
    check(TypeTag<double>{}, TypeTag<double>{}, 1e-15);
    check(TypeTag<double>{}, TypeTag<bfloat16>{}, 1e-15);
  }
}

TEST_CASE("sgd: a step in which something is not finite changes nothing") {
  const std::vector<Parameter> parameters = random_parameters();
  std::vector<double> before;
  for (std::vector<double> Parameter::*member : {&Parameter::value, &Parameter::momentum, &Parameter::average}) {
    for (const Parameter& parameter : parameters)
      before.insert(before.end(), (parameter.*member).begin(), (parameter.*member).end());
  }
  const std::int64_t found[2] = {0, 7}, nothing[2] = {-1, -1};
  const auto run = [&](const std::int64_t* guard) {
    return on_every_device<float>([&](auto device) { return step<float, float>(device, parameters, {}, true, guard); });
  };
  const std::vector<DeviceResult> unguarded = run(nullptr), stopped = run(found), healthy = run(nothing);
  for (std::size_t i = 0; i < unguarded.size(); ++i) {
    CAPTURE(unguarded[i].device);
    CHECK(stopped[i].values == before);
    CHECK(healthy[i].values == unguarded[i].values);
    CHECK(unguarded[i].values != before);
  }
}

TEST_CASE("sgd: gradients of two types in one launch") {
  // The same numbers in both types: the tensors must end alike.
  const std::vector<double> gradient = {0.5, -1.25, 3, 0.0625, -2}, start = {1, 2, 3, 4, 5};
  const auto run = [&](auto device) {
    GuardedBuffer<float> wide = guarded<float>(gradient), first = guarded<float>(start), second = guarded<float>(start);
    GuardedBuffer<bfloat16> narrow = guarded<bfloat16>(gradient);
    GuardedBuffer<float> one(5, "momentum"), two(5, "momentum"), live(LiveScalar::count, "live scalars");
    for (std::size_t i = 0; i < 5; ++i)
      one[i] = two[i] = 0.5F;
    for (float& scalar : live)
      scalar = 0.25F;
    std::vector<kernels::SgdTensor> table = {kernels::sgd_tensor(DataType::float32, DataType::float32, 5, 1),
                                             kernels::sgd_tensor(DataType::float32, DataType::bfloat16, 5, 1)};
    table[0].parameter = first.data();
    table[0].gradient = wide.data();
    table[0].momentum = one.data();
    table[1].parameter = second.data();
    table[1].gradient = narrow.data();
    table[1].momentum = two.data();
    kernels::Sgd arguments;
    arguments.tensors.chunk_count = kernels::number_chunks(std::span(table));
    arguments.tensors.entries = table.data();
    arguments.tensors.tensor_count = 2;
    arguments.live_scalars = live.data();
    sgd(device, arguments);
    std::vector<double> both = numbers(first);
    const std::vector<double> other = numbers(second);
    both.insert(both.end(), other.begin(), other.end());
    return both;
  };
  for (const DeviceResult& result : on_every_device<float>(run)) {
    CAPTURE(result.device);
    const std::vector<double> wide(result.values.begin(), result.values.begin() + 5);
    const std::vector<double> narrow(result.values.begin() + 5, result.values.end());
    CHECK(wide == narrow);
    CHECK(wide != start);
  }
}

TEST_CASE("sgd: refuses types that lose the weights") {
  REQUIRE_THROWS_AS(kernels::sgd_tensor(DataType::bfloat16, DataType::bfloat16, 1, 1), std::invalid_argument);
  REQUIRE_THROWS_AS(kernels::sgd_tensor(DataType::float32, DataType::float64, 1, 1), std::invalid_argument);
  REQUIRE_THROWS_AS(kernels::sgd_tensor(DataType::float32, DataType::int32, 1, 1), std::invalid_argument);
  kernels::Sgd arguments;
  arguments.parameter_type = DataType::bfloat16;
  REQUIRE_THROWS_AS(sgd(kernels::Cpu{}, arguments), std::invalid_argument);
  REQUIRE_THROWS_AS(sgd(kernels::Simt{}, arguments), std::invalid_argument);
  arguments.parameter_type = DataType::float64;
  REQUIRE_THROWS_AS(sgd(kernels::Simt{}, arguments), std::invalid_argument);
}

}  // namespace
}  // namespace sleight::test
