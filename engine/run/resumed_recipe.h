// Whether a run may go on with the settings and the data of this start.
#pragma once

#include <filesystem>
#include <string>

#include "engine/checkpoint/safetensors.h"

namespace sleight {

class TrainingTask;

struct StartedWith {
  std::string recipe;       // text of a recipe file
  std::string origin;       // where the recipe is from, for messages
  std::string fingerprint;  // of the data (data_fingerprint.h); empty where it is not known
  std::string class_names;  // as in a file's metadata; empty where they are not known
};

// What the metadata of a checkpoint says. Throws Error where it is none.
StartedWith started_with(const std::filesystem::path& path, const SafetensorsMetadata& metadata);

// Throws Error naming each setting that is not as in the run's recipe, and what to do instead. Only the places of
// the data, its images and its list of classes may be others, for the same images and labels; gives whether they are,
// and says so. Warns of images that have changed in the same place, and throws Error where their classes have: each
// output of the network stands for one. fingerprint: of the data as it is now.
bool data_has_moved(const TrainingTask& task, const std::filesystem::path& folder, const StartedWith& started_with,
                    const std::string& fingerprint);

}  // namespace sleight
