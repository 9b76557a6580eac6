#include "engine/run/training_recipe.h"

#include <array>
#include <sstream>

#include "engine/base/choice.h"
#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr std::array<Named<TrickSet>, 3> trick_sets = {
    {{TrickSet::standard, "standard"}, {TrickSet::all, "all"}, {TrickSet::none, "none"}}};

constexpr std::int64_t smallest_default_batch = 16;
constexpr std::int64_t fewest_default_steps = 100;

}  // namespace

TrickSet parse_trick_set(const std::string& text) {
  return parse_choice(trick_sets, "the set of tricks", text);
}

std::int64_t batch_size_for(const TrainingRecipe& recipe, std::int64_t images) {
  std::int64_t size = recipe.batch_size;
  while (size / 2 >= smallest_default_batch && images / size < fewest_default_steps)
    size /= 2;
  return size;
}

std::vector<std::string> describe_training(const TrainingRecipe& recipe) {
  std::ostringstream length, optimizer;
  length << "epochs " << recipe.epochs << ", batch size " << recipe.batch_size;
  optimizer << "SGD: momentum " << recipe.momentum << (recipe.nesterov ? " (Nesterov)" : "") << ", weight decay "
            << recipe.weight_decay;
  return {length.str(), optimizer.str()};
}

}  // namespace sleight
