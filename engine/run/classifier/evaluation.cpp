#include "engine/run/classifier/evaluation.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/text.h"
#include "engine/image/image_writer.h"
#include "engine/run/evaluation_feeder.h"
#include "engine/train/batch_schedule.h"

namespace sleight {

namespace {

void add_batch(EvaluationSummary& summary, const Batch& batch, const EvaluationResult& result) {
  const auto classes = result.logits.size() / static_cast<std::size_t>(batch.size());
  summary.classes = static_cast<std::int64_t>(classes);
  summary.confusion.resize(classes * classes);
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch.size()); ++i) {
    if (batch.is_replaced(static_cast<std::int64_t>(i))) continue;
    const auto row = result.logits.subspan(i * classes, classes);
    const auto predicted = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
    ++summary.confusion[static_cast<std::size_t>(batch.labels()[i]) * classes + predicted];
    // Sums for now; means at the end.
    ++summary.images;
    summary.not_finite += std::isfinite(result.row_losses[i]) ? 0 : 1;
    summary.loss += static_cast<double>(result.row_losses[i]);
    summary.top1 += result.ranks[i] == 0 ? 1.0 : 0.0;
    summary.top5 += result.ranks[i] < 5 ? 1.0 : 0.0;
  }
}

void finish(EvaluationSummary& summary) {
  if (summary.images == 0) return;
  for (double* sum : {&summary.loss, &summary.top1, &summary.top5})
    *sum /= static_cast<double>(summary.images);
}

}  // namespace

std::string text_of(const EvaluationSummary& summary) {
  char text[160];
  std::snprintf(text, sizeof text, "loss %.4f, top-1 %.2f%%", summary.loss, 100.0 * summary.top1);
  std::string line = text;
  if (summary.has_top5()) {
    std::snprintf(text, sizeof text, ", top-5 %.2f%%", 100.0 * summary.top5);
    line += text;
  }
  return line;
}

void log_not_finite(const EvaluationSummary& summary) {
  if (summary.not_finite == 0) return;
  log_warning("the network overflows: it gave no finite numbers for ", summary.not_finite, " of ",
              count_of(summary.images, "image"),
              ", which count as wrong; after more steps, with a smaller learning rate or with --precision fp32 it may "
              "not");
}

EvaluationSummaries evaluate(Classifier& classifier, const Dataset& dataset, const EvaluationOptions& options) {
  check(dataset.size() > 0, "there are no images to evaluate");
  const EvaluationSchedule<BatchRequest> schedule{.images = dataset.size(),
                                                  .batch_size = options.batch_size,
                                                  .image_size = options.image_size,
                                                  .recipe = options.recipe};
  Loader loader(dataset, schedule,
                {.threads = options.loader_threads,
                 .slots = evaluation_slots,
                 .maximum_batch_size = options.batch_size,
                 .maximum_height = options.image_size,
                 .maximum_width = options.image_size,
                 .allocate_pixels = pinned_pixels(classifier.device())});
  std::vector<ProgramUse> uses = {ProgramUse::evaluation};
  if (options.averaged) uses.push_back(ProgramUse::averaged_evaluation);
  EvaluationSummaries summaries;
  evaluate_batches(classifier.learner(), loader, uses, Classifier::evaluation_inputs,
                   [&](const Batch& batch, std::size_t use, const Executable& executable) {
                     const EvaluationResult result = Classifier::evaluation_of(executable);
                     add_batch(use == 0 ? summaries.plain : summaries.averaged, batch, result);
                     if (options.observe) options.observe(batch, use == 1, result.logits);
                   });
  finish(summaries.plain);
  finish(summaries.averaged);
  summaries.broken = loader.broken_images();
  return summaries;
}

ReportPrediction report_prediction(const Batch& batch, std::size_t i, std::span<const float> logits,
                                   const std::vector<std::string>& classes) {
  const auto row = logits.subspan(i * classes.size(), classes.size());
  const auto top = std::max_element(row.begin(), row.end());
  double sum = 0.0;
  for (const float logit : row)
    sum += std::exp(static_cast<double>(logit - *top));
  const auto size = static_cast<std::size_t>(batch.height() * batch.width() * 3);
  const ImageView image{batch.images().data() + i * size, batch.height(), batch.width(), batch.width() * 3};
  return {.png = encode_png(image),
          .label = classes[batch.labels()[i]],
          .predicted = classes[top - row.begin()],
          .probability = 1.0 / sum};
}

}  // namespace sleight
