#include "engine/run/resumed_recipe.h"

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/run/training_entry.h"
#include "engine/run/training_run.h"

namespace sleight {

namespace {

void check_classes(const TrainingTask& task, const std::filesystem::path& folder, const std::string& before) {
  SafetensorsMetadata metadata;
  task.describe_into(metadata);
  const std::string& now = metadata["class_names"];
  constexpr std::size_t most = 300;
  check(before.empty() || before == now, "the run in ", folder.string(), " was started with the classes ",
        shown(before, most), ", and those of ", task.options().data, " are ", shown(now, most),
        ": it would take one for another. Resume with what it was started with, or start a new run with another --out "
        "and --weights ",
        (folder / last_checkpoint_name).string());
}

}  // namespace

StartedWith started_with(const std::filesystem::path& path, const SafetensorsMetadata& metadata) {
  // Former versions wrote no fingerprint.
  const auto entry = [&](const std::string& key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? std::string() : found->second;
  };
  return {.recipe = training_entry(path, metadata, "recipe"),
          .origin = path.string() + ", its recipe",
          .fingerprint = entry("data_fingerprint"),
          .class_names = entry("class_names")};
}

bool data_has_moved(const TrainingTask& task, const std::filesystem::path& folder, const StartedWith& started_with,
                    const std::string& fingerprint) {
  const TrainingOptions& options = task.options();
  const bool same_images = started_with.fingerprint == fingerprint;
  bool has_moved = false;
  std::string changes, advice;
  for (const std::string& change : task.changes_since(started_with.recipe, started_with.origin)) {
    const bool is_data = change.starts_with("--data was ") || change.starts_with("--images was ");
    // The list of classes often lies beside the data, and its names are in the fingerprint.
    if ((is_data || change.starts_with("--classes was ")) && same_images) {
      has_moved = true;
      continue;
    }
    changes += (changes.empty() ? "" : "; ") + change;
    if (is_data && !started_with.fingerprint.empty()) advice = " (the names, sizes or labels of its images are others)";
    if (change.starts_with("--epochs was ")) {
      advice =
          ". The number of epochs decides the learning rate of every step. To train on from what the run has "
          "learned: " +
          options.program_name + " --weights " + (folder / last_checkpoint_name).string() + " --epochs " +
          std::to_string(task.recipe().epochs) + " --out ANOTHER_FOLDER";
    }
  }
  check(changes.empty(), "the run in ", folder.string(), " was started with another recipe: ", changes, advice,
        ". Resume with what it was started with, or start a new run with another --out");
  if (!same_images) check_classes(task, folder, started_with.class_names);
  if (has_moved) {
    log_info("the data have moved to ", options.data, "; images and labels are those that the run was started with");
  } else if (!started_with.fingerprint.empty() && !same_images) {
    log_warning("the images in ", options.data,
                " are not those that the run was started with: their names, sizes or labels have changed");
  }
  return has_moved;
}

}  // namespace sleight
