// Evaluation on a lazy device: each batch travels while the one before is computed, and the numbers are the host's.
#include "engine/run/classifier/evaluation.h"

#include <set>

#include "catch2_adapter.h"
#include "models/classifier.h"
#include "tests/device/recording_runtime.h"
#include "tricks/ema.h"

namespace sleight::test {
namespace {

constexpr std::int64_t batch_size = 4;
constexpr std::int64_t images = 18;  // the last batch has 2

// Writes down what is queued, and when the host waits for results: u an upload, s steps, w a wait. What happens several
// times in a row is one letter.
class Diary : public RecordingRuntime {
 public:
  const std::string& text() const { return text_; }
  void clear() { text_.clear(); }

  void copy_to_device(Stream stream, void* to, const void* from, std::int64_t bytes) override {
    if (stream == Stream::upload) write_down('u');
    RecordingRuntime::copy_to_device(stream, to, from, bytes);
  }
  void copy_to_host(Stream stream, void* to, const void* from, std::int64_t bytes) override {
    write_down('s');
    RecordingRuntime::copy_to_host(stream, to, from, bytes);
    after_results_ = true;
  }
  void record(EventId event, Stream stream) override {
    if (std::exchange(after_results_, false)) of_results_.insert(event);
    RecordingRuntime::record(event, stream);
  }
  void synchronize(EventId event) override {
    if (of_results_.contains(event)) write_down('w');
    RecordingRuntime::synchronize(event);
  }
  void synchronize(Stream stream) override {
    write_down('w');
    RecordingRuntime::synchronize(stream);
  }

 private:
  void write_down(char letter) {
    if (text_.empty() || text_.back() != letter) text_ += letter;
  }

  std::string text_;
  bool after_results_ = false;
  std::set<EventId> of_results_;
};

class Evaluation {
 public:
  explicit Evaluation(Context& context)
      : data_(open_dataset("synthetic", DatasetSplit::evaluation, options())),
        classifier_(context, find_classifier("cifar_resnet20").trace, program_options()) {
    classifier_.plan_training(batch_size, 32, 32);  // makes the averages
  }

  EvaluationSummaries run(bool averaged) {
    return evaluate(classifier_, *data_,
                    {.batch_size = batch_size,
                     .image_size = 32,
                     .loader_threads = 2,
                     .recipe = plain_recipe(),
                     .averaged = averaged,
                     .observe = {}});
  }

 private:
  static DatasetOptions options() {
    DatasetOptions options;
    options.synthetic.evaluation_count = images;
    options.synthetic.height = options.synthetic.width = 32;
    return options;
  }
  ClassifierProgramOptions program_options() {
    ClassifierProgramOptions options;
    options.classes = 10;
    options.update.after_update.push_back(trace_averages);
    return options;
  }

  std::unique_ptr<Dataset> data_;
  Classifier classifier_;
};

void check_same(const EvaluationSummary& a, const EvaluationSummary& b) {
  CHECK(a.images == b.images);
  CHECK(a.loss == b.loss);
  CHECK(a.top1 == b.top1);
  CHECK(a.top5 == b.top5);
  CHECK(a.confusion == b.confusion);
}

}  // namespace

TEST_CASE("an evaluation on a lazy device gives the numbers of the host, each batch uploaded while one is computed") {
  for (const bool averaged : {false, true}) {
    CAPTURE(averaged);
    Context host("cpu", 1);
    const EvaluationSummaries expected = Evaluation(host).run(averaged);
    CHECK(expected.plain.images == images);
    CHECK(std::isfinite(expected.plain.loss));
    CHECK(expected.averaged.images == (averaged ? images : 0));

    const auto runtime = std::make_shared<Diary>();
    Context lazy(Device(kernels::Cpu{}, runtime), 1);
    Evaluation evaluation(lazy);
    // Twice: with the memory, and the graphs, of the pass before.
    for (int pass = 0; pass < 2; ++pass) {
      runtime->clear();
      const EvaluationSummaries summaries = evaluation.run(averaged);
      check_same(summaries.plain, expected.plain);
      check_same(summaries.averaged, expected.averaged);
      CHECK(runtime->reports() == std::vector<std::string>());
      // Five batches. The host waits only when the next one is on its way, and after the last step.
      const std::string diary = runtime->text();
      CAPTURE(diary);
      CHECK(std::count(diary.begin(), diary.end(), 'u') == 5);
      if (pass == 1) CHECK(diary == "usuwsuwsuwsuwsw");
    }
  }
}

}  // namespace sleight::test
