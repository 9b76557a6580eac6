#include "engine/run/classifier/evaluation_crop.h"

#include <array>

#include "engine/base/choice.h"
#include "engine/base/error.h"

namespace sleight {

namespace {

constexpr std::array<Named<CropKind>, 2> evaluation_crops = {
    {{CropKind::center, "center"}, {CropKind::whole, "whole"}}};

}  // namespace

CropKind parse_evaluation_crop(const std::string& name) {
  return parse_choice(evaluation_crops, "the crop of an evaluation", name);
}

std::string name_of_evaluation_crop(CropKind crop) {
  return name_in(evaluation_crops, crop);
}

void EvaluationCropOptions::declare(OptionList& options, const std::string& default_crop,
                                    const std::string& default_fraction) {
  options
      .add("evaluation-crop", crop,
           "What an evaluation sees of an image: its center, with the image's aspect, or the whole, stretched to a "
           "square")
      .one_of({"center", "whole"})
      .default_text(default_crop)
      .decides({"crop-fraction"});
  options.add("crop-fraction", fraction, "Share of the short side that the center crop of an evaluation takes")
      .unit("FRACTION")
      .range(0.0, 1.0)
      .positive()
      .default_text(default_fraction);
}

ClassifierAugmentation EvaluationCropOptions::resolve(const ClassifierAugmentation& otherwise) {
  ClassifierAugmentation recipe = otherwise;
  if (crop) recipe.crop = parse_evaluation_crop(*crop);
  crop = name_of_evaluation_crop(recipe.crop);
  if (recipe.crop == CropKind::center) {
    recipe.center_fraction = fraction.value_or(recipe.center_fraction);
    fraction = recipe.center_fraction;
  } else {
    check(!fraction,
          "--crop-fraction belongs to --evaluation-crop center, and this is whole; give that too or leave it out");
  }
  return recipe;
}

}  // namespace sleight
