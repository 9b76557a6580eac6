#include "engine/ops/ops.h"
#include "tests/cases/case.h"

namespace sleight::cases {
namespace {

std::vector<Case> cases() {
  std::vector<Case> list;
  const auto add = [&](const Shape& logits, Size size) {
    list.push_back({.operation = &operations::label_rank,
                    .label = to_string(logits),
                    .inputs = {numbers(logits), labels(logits[0], logits[1])},
                    .size = size});
  };
  for (const Shape& logits : {Shape{1, 1}, Shape{13, 10}, Shape{3, 277}, Shape{2, 1000}})
    add(logits, Size::small);
  add({8, 1000}, Size::large);
  // A batch of a training on a GPU, and so many rows that its caches cannot hold them.
  for (const std::int64_t rows : {256, 32768})
    add({rows, 1000}, Size::huge);
  return list;
}

const Registration registration(cases(), {});

}  // namespace
}  // namespace sleight::cases
