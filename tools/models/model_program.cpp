#include "tools/models/model_program.h"

#include "engine/train/classifier_program.h"
#include "engine/train/detector_program.h"
#include "models/classifier.h"
#include "models/detector.h"
#include "models/nearest_name.h"

namespace sleight {

namespace {

std::int64_t given_or(std::int64_t given, std::int64_t own) {
  return given > 0 ? given : own;
}

ModelProgram program_of(const ClassifierModel& model, const ModelProgramOptions& options) {
  ClassifierProgramOptions program;
  program.batch_size = options.batch_size;
  program.height = program.width = given_or(options.image_size, model.image_size);
  program.classes = given_or(options.classes, model.family == ClassifierFamily::cifar ? 10 : 1000);
  program.element = options.element;
  return {
      .program = options.evaluation ? evaluation_program(model.trace, program) : training_program(model.trace, program),
      .image_size = program.height,
      .classes = program.classes};
}

ModelProgram program_of(const DetectorModel& model, const ModelProgramOptions& options) {
  DetectorProgramOptions program;
  program.batch_size = options.batch_size;
  program.height = program.width = given_or(options.image_size, model.image_size);
  program.classes = given_or(options.classes, 80);
  program.normalization = imagenet_normalization();
  program.element = options.element;
  program.maximum_objects = options.maximum_objects;
  const DetectorFunction function = function_of(default_configuration(model));
  return {.program = options.evaluation ? detector_evaluation_program(function, program)
                                        : detector_training_program(function, program),
          .image_size = program.height,
          .classes = program.classes};
}

}  // namespace

ModelProgram model_program(const ModelProgramOptions& options) {
  const std::size_t position = position_of_name("model", options.model, model_names());
  return position < classifiers().size() ? program_of(classifiers()[position], options)
                                         : program_of(*detectors()[position - classifiers().size()], options);
}

std::vector<std::string> model_names() {
  std::vector<std::string> names = classifier_names();
  for (std::string& name : detector_names())
    names.push_back(std::move(name));
  return names;
}

}  // namespace sleight
