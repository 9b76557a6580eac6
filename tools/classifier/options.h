// The flags of train_classifier: a training of a model that is asked for by name, with every trick there is.
#pragma once

#include "engine/run/classifier/options.h"

namespace sleight {

struct ClassifierOptions : ClassifierTrainingOptions {
  ClassifierOptions();
};

// Throws Error for values that make no sense, naming the flag.
ClassifierRun resolve(const ClassifierOptions& options);

}  // namespace sleight
