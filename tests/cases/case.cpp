#include "tests/cases/case.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/value/random.h"
#include "kernels/lib/live_scalars.h"

namespace sleight::cases {

namespace {

struct Lists {
  std::vector<Case> cases;
  std::vector<GradientCase> gradient_cases;
};

// Filled while the program starts, in the order of the linker; sorted at the first reading.
Lists& unsorted() {
  static Lists lists;
  return lists;
}

const Lists& sorted() {
  static const Lists lists = [] {
    Lists result = unsorted();
    std::stable_sort(result.cases.begin(), result.cases.end(),
                     [](const Case& a, const Case& b) { return a.name() < b.name(); });
    std::stable_sort(result.gradient_cases.begin(), result.gradient_cases.end(),
                     [](const GradientCase& a, const GradientCase& b) { return a.name < b.name; });
    return result;
  }();
  return lists;
}

double on_grid(double value) {
  const double coarse = std::nearbyint(value * 64.0) / 64.0;
  return static_cast<double>(bfloat16(static_cast<float>(coarse)));
}

}  // namespace

Input numbers(Shape shape, double low, double high) {
  return {std::move(shape), Kind::activation, Fill::uniform, low, high};
}

Input accumulators(Shape shape, double low, double high) {
  return {std::move(shape), Kind::accumulator, Fill::uniform, low, high};
}

Input labels(std::int64_t count, std::int64_t classes) {
  return {{count}, Kind::int32, Fill::below, 0.0, static_cast<double>(classes)};
}

Input partners(std::int64_t count) {
  return {{count}, Kind::int32, Fill::permutation};
}

Input lambdas(std::int64_t count) {
  return {{count}, Kind::float32, Fill::mixing, 0.0, 1.0};
}

Input bytes(Shape shape, std::int64_t below) {
  return {std::move(shape), Kind::uint8, Fill::below, 0.0, static_cast<double>(below)};
}

Input live_scalars() {
  return {{static_cast<std::int64_t>(kernels::LiveScalar::count)}, Kind::float32, Fill::uniform, 0.25, 0.75};
}

Input made(Shape shape, Kind kind, std::function<std::vector<double>()> make) {
  return {std::move(shape), kind, Fill::made, -1.0, 1.0, std::move(make)};
}

Input absent() {
  return {{}, Kind::absent};
}

std::vector<double> draw(const Input& input, std::size_t index, bool continuous) {
  if (input.fill == Fill::made) return input.make();
  constexpr std::uint64_t seed = 20;
  RandomStream random(seed, RandomPurpose::test, 0, index);
  const std::int64_t count = element_count(input.shape);
  std::vector<double> values;
  if (input.fill == Fill::permutation) {
    for (const std::int64_t place : random.permutation(count))
      values.push_back(static_cast<double>(place));
    return values;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    if (input.fill == Fill::below) {
      values.push_back(static_cast<double>(random.below(static_cast<std::int64_t>(input.high))));
    } else {
      const double value = random.uniform(input.low, input.high);
      values.push_back(continuous ? value : on_grid(value));
    }
  }
  if (input.fill == Fill::mixing && !values.empty()) values.front() = 1.0;
  return values;
}

std::string Case::name() const {
  return std::string(operation->name) + "/" + label;
}

ValueId GradientTrace::value(const Input& input) {
  if (input.kind == Kind::absent) return no_value;
  const std::string name = "value" + std::to_string(bound.size());
  ValueId id = no_value;
  switch (input.kind) {
    case Kind::activation:
    case Kind::accumulator:
      id = tracer.parameter(name, input.shape, ParameterRole::weight, Initializer::zeros);
      break;
    case Kind::float32:
      id = tracer.input(name, input.shape, DataType::float32);
      break;
    case Kind::int32:
      id = tracer.input(name, input.shape, DataType::int32);
      break;
    default:
      id = tracer.input(name, input.shape, DataType::uint8);
  }
  bound.push_back({id, input});
  return id;
}

Registration::Registration(std::vector<Case> cases, std::vector<GradientCase> gradient_cases) {
  Lists& lists = unsorted();
  std::move(cases.begin(), cases.end(), std::back_inserter(lists.cases));
  std::move(gradient_cases.begin(), gradient_cases.end(), std::back_inserter(lists.gradient_cases));
}

std::span<const Case> all_cases() {
  return sorted().cases;
}
std::span<const GradientCase> all_gradient_cases() {
  return sorted().gradient_cases;
}

}  // namespace sleight::cases
