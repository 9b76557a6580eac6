#include "tools/common/classifier_evaluation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/data/png.h"

namespace sleight {

namespace {

void add_batch(EvaluationSummary& summary, const Batch& batch, const EvaluationResult& result) {
  const auto classes = result.logits.size() / static_cast<std::size_t>(batch.size());
  summary.confusion.resize(classes * classes);
  for (std::size_t i = 0; i < static_cast<std::size_t>(batch.size()); ++i) {
    if (batch.is_replaced(static_cast<std::int64_t>(i))) continue;
    const auto row = result.logits.subspan(i * classes, classes);
    const auto predicted = static_cast<std::size_t>(std::max_element(row.begin(), row.end()) - row.begin());
    ++summary.confusion[static_cast<std::size_t>(batch.labels()[i]) * classes + predicted];
    // Sums for now; means at the end.
    ++summary.pictures;
    summary.loss += static_cast<double>(result.row_losses[i]);
    summary.top1 += result.ranks[i] == 0 ? 1.0 : 0.0;
    summary.top5 += result.ranks[i] < 5 ? 1.0 : 0.0;
  }
}

void finish(EvaluationSummary& summary) {
  if (summary.pictures == 0) return;
  for (double* sum : {&summary.loss, &summary.top1, &summary.top5})
    *sum /= static_cast<double>(summary.pictures);
}

// The loader's batches on their way to the evaluation. They are let go of before the loader ends.
class UploadedBatches {
 public:
  UploadedBatches(Classifier& classifier, Loader& loader) : classifier_(classifier), loader_(loader) {}
  ~UploadedBatches() { classifier_.forget_evaluation(); }
  UploadedBatches(const UploadedBatches&) = delete;
  UploadedBatches& operator=(const UploadedBatches&) = delete;

  // Uploads the next batch; null when there is none.
  std::shared_ptr<Batch> next() const {
    std::optional<Batch> batch = loader_.next();
    if (!batch) return nullptr;
    const auto owner = std::make_shared<Batch>(std::move(*batch));
    classifier_.upload_evaluation(*owner, owner);
    return owner;
  }

 private:
  Classifier& classifier_;
  Loader& loader_;
};

}  // namespace

void log_broken(std::span<const BrokenPicture> broken) {
  for (const BrokenPicture& picture : broken)
    log_warning("broken picture ", picture.name, ": ", picture.reason);
}

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
  // Two batches may be on the device or on their way to it while the loader fills the others.
  constexpr int slots = 5;
  Loader loader(dataset, schedule,
                {.threads = options.loader_threads,
                 .slots = slots,
                 .maximum_batch_size = options.batch_size,
                 .maximum_height = options.image_size,
                 .maximum_width = options.image_size,
                 .allocate_pixels = pinned_pixels(classifier.device())});
  const UploadedBatches uploaded(classifier, loader);
  std::vector<Weights> weights = {Weights::current};
  if (options.averaged) weights.push_back(Weights::averaged);
  EvaluationSummaries summaries;
  for (std::shared_ptr<Batch> batch = uploaded.next(), following; batch != nullptr; batch = std::move(following)) {
    classifier.start_evaluation(weights);
    following = uploaded.next();  // travels while the device computes
    EvaluationResult result = classifier.finish_evaluation();
    add_batch(summaries.plain, *batch, result);
    if (options.averaged) {
      result = classifier.finish_evaluation();
      add_batch(summaries.averaged, *batch, result);
    }
    if (options.observe) options.observe(*batch, result.logits);
  }
  finish(summaries.plain);
  finish(summaries.averaged);
  summaries.broken = loader.broken_pictures();
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
  const PictureView picture{batch.images().data() + i * size, batch.height(), batch.width(), batch.width() * 3};
  return {.png = encode_png(picture),
          .label = classes[static_cast<std::size_t>(batch.labels()[i])],
          .predicted = classes[static_cast<std::size_t>(top - row.begin())],
          .probability = 1.0 / sum};
}

std::string EvaluationSummaries::left_out() const {
  if (broken.empty()) return "";
  return ", " + std::to_string(broken.size()) + " broken picture" + (broken.size() == 1 ? "" : "s") + " left out";
}

}  // namespace sleight
