#include "engine/train/detector_family.h"

#include <utility>

#include "engine/base/error.h"

namespace sleight {

DetectorFunction function_of(const Copied<DetectorConfiguration>& configuration) {
  return [configuration](Tracer& trace, ValueId images, std::int64_t classes) {
    return configuration->trace(trace, images, classes);
  };
}

std::vector<std::string> backbone_parameter_names(const DetectorModel& model) {
  check(model.trace_backbone != nullptr, "the detector ", model.name, " has no backbone that a classifier shares");
  Tracer trace(Mode::inference);
  model.trace_backbone(trace,
                       trace.input("images", {1, model.size_multiple, model.size_multiple, 3}, DataType::float32));
  std::vector<std::string> names;
  for (const Parameter& parameter : trace.program().parameters)
    names.push_back(trace.program().value(parameter.value).name);
  return names;
}

DetectorConfigurations::DetectorConfigurations(std::vector<const DetectorFamily*> families)
    : families_(std::move(families)) {
  for (const DetectorFamily* family : families_)
    configurations_.emplace(family->name, Copied<DetectorConfiguration>(family->configuration()));
}

std::vector<const DetectorModel*> DetectorConfigurations::models() const {
  std::vector<const DetectorModel*> all;
  for (const DetectorFamily* family : families_) {
    for (const DetectorModel& model : family->models)
      all.push_back(&model);
  }
  return all;
}

void DetectorConfigurations::declare(OptionList& options) {
  for (auto& [family, configuration] : configurations_)
    configuration->declare(options);
}

void DetectorConfigurations::resolve(const DetectorModel& model) {
  for (auto& [family, configuration] : configurations_) {
    OptionList options;
    configuration->declare(options);
    options.check();
    if (family == model.family) continue;
    for (const Setting& given : options.settings())
      fail("--", given.first, " is a flag of the family ", family, ", and ", model.name, " is of the family ",
           model.family, "; leave it out");
  }
  of(model)->resolve(model);
}

Copied<DetectorConfiguration>& DetectorConfigurations::of(const DetectorModel& model) {
  const auto found = configurations_.find(model.family);
  check(found != configurations_.end(), "the detector ", model.name, " is of the family '", model.family,
        "', whose flags are not among those of this program");
  return found->second;
}

const Copied<DetectorConfiguration>& DetectorConfigurations::of(const DetectorModel& model) const {
  const auto found = configurations_.find(model.family);
  check(found != configurations_.end(), "the detector ", model.name, " is of the family '", model.family,
        "', whose flags are not among those of this program");
  return found->second;
}

}  // namespace sleight
