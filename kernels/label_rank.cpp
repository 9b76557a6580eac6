#include "kernels/label_rank.h"

#include <cmath>
#include <stdexcept>
#include <string>

namespace sleight::kernels {

void check_arguments(const LabelRank& arguments) {
  if (arguments.classes < 1)
    throw std::invalid_argument("label_rank: " + std::to_string(arguments.classes) + " classes; give at least 1");
}

namespace {

template <class T>
void label_rank_typed(const LabelRank& arguments) {
  using Value = Accumulator<T>;
#pragma omp parallel for schedule(static)
  for (std::int64_t n = 0; n < arguments.rows; ++n) {
    const T* const logits = static_cast<const T*>(arguments.logits) + n * arguments.classes;
    const std::int32_t label = arguments.label[n];
    const Value at_label = Value(logits[label]);
    std::int32_t rank = 0;
    bool broken = false;
    for (std::int64_t k = 0; k < arguments.classes; ++k) {
      const Value value = Value(logits[k]);
      rank += value > at_label || (value == at_label && k < label);
      broken |= std::isnan(value);
    }
    arguments.rank[n] = broken ? static_cast<std::int32_t>(arguments.classes) : rank;
  }
}

}  // namespace

void label_rank(Cpu, const LabelRank& arguments) {
  check_arguments(arguments);
  for (std::int64_t n = 0; n < arguments.rows; ++n) {
    if (arguments.label[n] < 0 || arguments.label[n] >= arguments.classes)
      throw std::invalid_argument("label_rank: the label of row " + std::to_string(n) + " is " +
                                  std::to_string(arguments.label[n]) + "; the classes are 0 to " +
                                  std::to_string(arguments.classes - 1));
  }
  visit_cpu_type(arguments.type, [&]<class T>(TypeTag<T>) { label_rank_typed<T>(arguments); });
}

}  // namespace sleight::kernels
