#include "tools/common/pictures_on_device.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/format_bytes.h"
#include "engine/base/log.h"
#include "tools/common/classifier_evaluation.h"

namespace sleight {

int set_threads(const ClassifierRun& run) {
  set_compute_threads(run.options.threads);
  return run.options.loader_threads != 0 ? run.options.loader_threads : std::max(1, compute_threads() / 2);
}

std::optional<ResidentPictures> pictures_on_device(const ClassifierRun& run, const Dataset& dataset,
                                                   const Device& device, int threads) {
  std::optional<ResidentPictures> resident;
  if (!run.options.data_on_device) return resident;
  with_context("--data-on-device", [&] {
    resident.emplace(dataset, device,
                     ResidentOptions{.recipe = run.recipe.training_augmentation,
                                     .height = run.image_size,
                                     .width = run.image_size,
                                     .threads = threads,
                                     .limit_bytes = run.options.data_on_device_limit << 20});
  });
  log_info("training pictures on the device: ", resident->count(), " of ", resident->width(), "x", resident->height(),
           ", ", format_bytes(resident->bytes()));
  log_broken(resident->broken());
  return resident;
}

ClassificationOptions program_options(ClassifierTricks& tricks, const Dataset& dataset,
                                      const std::optional<ResidentPictures>& resident) {
  ClassificationOptions options = tricks.program_options(static_cast<std::int64_t>(dataset.class_names().size()));
  if (resident) options.resident = {resident->pictures(), resident->count(), resident->height(), resident->width()};
  return options;
}

}  // namespace sleight
