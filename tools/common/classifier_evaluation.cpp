#include "tools/common/classifier_evaluation.h"

#include <algorithm>
#include <numeric>

#include "engine/base/error.h"

namespace sleight {

namespace {

void add_batch(EvaluationSummary& summary, const Batch& batch, const EvaluationResult& result) {
  const auto classes = result.logits.size() / static_cast<std::size_t>(batch.size());
  summary.confusion.resize(classes * classes);
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch.size()); ++i) {
    const auto row = result.logits.subspan(i * classes, classes);
    const auto predicted = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
    ++summary.confusion[static_cast<std::size_t>(batch.labels()[i]) * classes + predicted];
  }
  // Sums for now; means at the end.
  summary.pictures += batch.size();
  summary.loss += result.loss_sum;
  summary.top1 += static_cast<double>(result.top1);
  summary.top5 += static_cast<double>(result.top5);
}

void finish(EvaluationSummary& summary) {
  if (summary.pictures == 0) return;
  for (double* sum : {&summary.loss, &summary.top1, &summary.top5})
    *sum /= static_cast<double>(summary.pictures);
}

}  // namespace

EvaluationSummaries evaluate(Classifier& classifier, const Dataset& dataset, const EvaluationOptions& options) {
  check(dataset.size() > 0, "there are no pictures to evaluate");
  const auto schedule = [&](std::int64_t step, BatchRequest& request) {
    const std::int64_t first = step * options.batch_size;
    const std::int64_t count = std::min(options.batch_size, dataset.size() - first);
    if (count <= 0) return false;
    request.height = request.width = options.image_size;
    request.recipe = options.recipe;
    request.samples.resize(static_cast<std::size_t>(count));
    std::iota(request.samples.begin(), request.samples.end(), first);
    return true;
  };
  Loader loader(dataset, schedule,
                {.threads = options.loader_threads,
                 .maximum_batch_size = options.batch_size,
                 .maximum_height = options.image_size,
                 .maximum_width = options.image_size});
  EvaluationSummaries summaries;
  while (const std::optional<Batch> batch = loader.next()) {
    EvaluationResult result = classifier.evaluate(*batch, false);
    add_batch(summaries.plain, *batch, result);
    if (options.averaged) {
      result = classifier.evaluate(*batch, true);
      add_batch(summaries.averaged, *batch, result);
    }
    if (options.observe) options.observe(*batch, result.logits);
  }
  finish(summaries.plain);
  finish(summaries.averaged);
  return summaries;
}

}  // namespace sleight
