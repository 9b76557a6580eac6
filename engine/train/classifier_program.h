// The programs of a classifier: one training step (prepare images, model, loss, backward, update, average) and one
// evaluation step. Written by the five verbs from a model function; nothing here knows which model or which tricks.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "engine/ops/ops.h"
#include "engine/program/program.h"
#include "engine/train/update_steps.h"

namespace sleight {

// Writes a model: images [N,H,W,C] -> logits [N, classes].
using ClassifierFunction = std::function<ValueId(Tracer& trace, ValueId images, std::int64_t classes)>;

// mean and standard deviation of ImageNet's images, red, green, blue in 0..255 (BoT, section 2.1).
ops::Normalization imagenet_normalization();

// All training images, on the device: the batch then brings indices and windows instead of images.
struct ResidentTrainingImages {
  const std::uint8_t* images = nullptr;  // uint8 [count, height, width, 3]; must outlive what reads them
  std::int64_t count = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
};

struct ClassifierProgramOptions {
  std::int64_t batch_size = 0;
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t classes = 0;
  ops::Normalization normalization = imagenet_normalization();
  DataType element = DataType::float32;  // of activations and their gradients; parameters stay float32 beside 16 bits

  // Training only.
  std::optional<ResidentTrainingImages> resident;
  ops::LossParameters loss;
  bool mixup = false;  // the batch brings partners, lambdas and second labels
  UpdateOptions update;
};

// The programs' inputs and results, by name; those of every training program are training_names.
namespace classifier_value_names {
inline constexpr const char* images = "images";                    // uint8 [N,H,W,3]
inline constexpr const char* resident_images = "resident_images";  // uint8 [P,H,W,3], with resident images
inline constexpr const char* indices = "indices";                  // int32 [N], the same
inline constexpr const char* windows = "windows";                  // int32 [N,2], the same
inline constexpr const char* flips = "flips";                      // int32 [N]
inline constexpr const char* partners = "partners";                // int32 [N], with mixup
inline constexpr const char* lambdas = "lambdas";                  // float32 [N], with mixup
inline constexpr const char* labels = "labels";                    // int32 [N]
inline constexpr const char* partner_labels = "partner_labels";    // int32 [N], with mixup
inline constexpr const char* ranked_labels = "ranked_labels";  // int32 [N], with mixup: the label of the larger weight
inline constexpr const char* row_losses = "row_losses";        // [N], evaluation
inline constexpr const char* ranks = "ranks";                  // int32 [N], 0: the label has the largest logit
inline constexpr const char* logits = "logits";                // [N, classes], evaluation
}  // namespace classifier_value_names

Program training_program(const ClassifierFunction& model, const ClassifierProgramOptions& options);

// With the running statistics; with the names of the parameters as the training program has them.
Program evaluation_program(const ClassifierFunction& model, const ClassifierProgramOptions& options);

// Without labels: "images" uint8 [N,H,W,3] -> "logits".
Program inference_program(const ClassifierFunction& model, const ClassifierProgramOptions& options);

// The network alone, from images that are normalized already: "input" [N,H,W,3] of the parameters' type (float32
// beside 16 bits) -> "logits".
Program network_program(const ClassifierFunction& model, const ClassifierProgramOptions& options);

}  // namespace sleight
