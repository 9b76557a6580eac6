// What a case is: one operation of the engine on inputs of given shapes. One list of them answers every question about
// an operation: is it right against the reference (tests/kernels/case_*.cpp), is its gradient right, how fast is it
// (bench/bench_kernels.cpp)? A file per operation or family, <name>.cpp, registers its cases.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "engine/program/operation.h"
#include "engine/program/trace.h"

namespace sleight::cases {

// The element type of an input, for a run in some element type (float64 for the reference, float32, bfloat16).
enum class Kind : std::uint8_t {
  activation,   // the element type of the run
  accumulator,  // float64 in a run in float64, else float32: statistics, parameters, losses
  float32,      // whatever the run
  float64,      // whatever the run: sums over all rows
  int32,
  uint8,
  absent,  // an optional input left out
};

enum class Fill : std::uint8_t {
  // Even draws from [low, high]. In a run they are multiples of 1/64 that bfloat16 holds exactly, so that all element
  // types start from the same numbers, ties and zeros included; in a gradient check they are continuous.
  uniform,
  mixing,       // as uniform, the first being 1: the weight that takes the short cut in a blend
  below,        // whole numbers 0 .. high-1
  permutation,  // of 0 .. count-1
  made,         // what Input::make returns: numbers that mean something together, such as the corners of a box
};

struct Input {
  Shape shape;
  Kind kind = Kind::activation;
  Fill fill = Fill::uniform;
  double low = -1.0;
  double high = 1.0;
  std::function<std::vector<double>()> make = {};
};

Input numbers(Shape shape, double low = -1.0, double high = 1.0);
Input accumulators(Shape shape, double low = -1.0, double high = 1.0);
Input labels(std::int64_t count, std::int64_t classes);
Input partners(std::int64_t count);
Input lambdas(std::int64_t count);
Input bytes(Shape shape, std::int64_t below = 256);
Input live_scalars();
// `kind` numbers that `make` returns, in the order of the shape. It is called when a case is run, not when it is
// listed.
Input made(Shape shape, Kind kind, std::function<std::vector<double>()> make);
Input absent();

// The values of an input, in the order of its shape. `index` is its position among the inputs of the case.
std::vector<double> draw(const Input& input, std::size_t index, bool continuous);

enum class Size : std::uint8_t {
  small,  // for tests: odd extents, tails, a few thousand elements
  large,  // for measurements: shapes of real networks
  huge,   // for measurements on a GPU, whose caches would hold the large ones
};

// Images in the cases that are measured.
constexpr std::int64_t measured_batch(Size size) {
  return size == Size::huge ? 64 : 8;
}

struct Case {
  const Operation* operation = nullptr;
  std::string label = {};  // what tells it from the other cases of the operation: "7x5x3x19 relu"
  std::vector<Input> inputs = {};
  Attributes attributes = {};
  std::int64_t reduction = 1;      // how many terms are added up in one number of the output: errors grow with it
  bool element_attribute = false;  // the attribute "element" is set to the element type of the run
  bool bfloat16 = true;            // false where no GPU kernel stores this in 16 bits
  // Values are rounded to the element type on the way, once for each term at most: it shows in every output.
  bool rounds_inside = false;
  Size size = Size::small;

  // "batch_norm_apply/7x5x3x19 relu"
  std::string name() const;
};

// What a gradient case writes its program with. Every value of kind activation or accumulator becomes a parameter whose
// gradient is compared with differences; the others are inputs of the program.
class GradientTrace {
 public:
  GradientTrace() : tracer(Mode::training, DataType::float64) {}
  ValueId value(const Input& input);

  struct Bound {
    ValueId id = no_value;
    Input input;
  };

  Tracer tracer;
  std::vector<Bound> bound;
};

struct GradientCase {
  std::string name;  // "softmax_cross_entropy/5x7 mixup"
  // Writes the forward steps and returns the value whose projection is differentiated.
  std::function<ValueId(GradientTrace&)> write;
};

// One object of this type in each file of cases puts them on the list.
struct Registration {
  Registration(std::vector<Case> cases, std::vector<GradientCase> gradient_cases);
};

// In the order of their names.
std::span<const Case> all_cases();
std::span<const GradientCase> all_gradient_cases();

}  // namespace sleight::cases
