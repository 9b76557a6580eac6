#include "tools/classifier/options.h"

#include "models/classifier.h"
#include "tricks/all_tricks.h"

namespace sleight {

ClassifierOptions::ClassifierOptions() : ClassifierTrainingOptions(classifier_tricks) {
  model = "cifar_resnet20";
  offered_models = classifier_names();
}

ClassifierRun resolve(const ClassifierOptions& options) {
  return resolve(options, find_classifier(options.model));
}

}  // namespace sleight
