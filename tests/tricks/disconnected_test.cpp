// A trick that is on and that a training forgets to ask, to apply or to obey must not end in a good run: either its
// receipt shows that it did nothing, or counting a step is an error at once.
#include <functional>
#include <memory>
#include <vector>

#include "catch2_adapter.h"
#include "engine/train/batch_schedule.h"
#include "models/classifier.h"
#include "models/detector.h"
#include "tests/base/error_message.h"
#include "tricks/all_tricks.h"

using namespace sleight;

namespace {

// What a training must do with each trick. Counting is not among them: nobody can forget one trick in it.
enum class Connection : std::uint8_t { change, draw, set_live_scalars };

// A trick with one connection cut.
class Cut : public Trick {
 public:
  Cut(const Trick& trick, Connection connection) : trick_(trick.clone()), connection_(connection) {}

  std::unique_ptr<Trick> clone() const override { return std::make_unique<Cut>(*trick_, connection_); }
  std::string name() const override { return trick_->name(); }
  void declare(OptionList& options, LearningTask task) override { trick_->declare(options, task); }
  void resolve(const TrainingKind& kind) override { trick_->resolve(kind); }
  bool is_on() const override { return trick_->is_on(); }
  std::vector<std::int64_t> sizes() const override { return trick_->sizes(); }
  void begin(const TrainingPlan& plan) override { trick_->begin(plan); }

  void change_update(UpdateOptions& options) override {
    if (connection_ != Connection::change) trick_->change_update(options);
  }
  void change_classifier(ClassifierProgramOptions& options) override {
    if (connection_ != Connection::change) trick_->change_classifier(options);
  }
  void change_detector(DetectorProgramOptions& options) override {
    if (connection_ != Connection::change) trick_->change_detector(options);
  }
  void draw_size(RequestedBatch& request, const StepPlace& place) const override {
    if (connection_ != Connection::draw) trick_->draw_size(request, place);
  }
  void draw_classifier(BatchRequest& request, const StepPlace& place) const override {
    if (connection_ != Connection::draw) trick_->draw_classifier(request, place);
  }
  void draw_detector(DetectorBatchRequest& request, const StepPlace& place) const override {
    if (connection_ != Connection::draw) trick_->draw_detector(request, place);
  }
  void set_live_scalars(Context& context, std::int64_t step) const override {
    if (connection_ != Connection::set_live_scalars) trick_->set_live_scalars(context, step);
  }

  void count(const CountedStep& step) override { trick_->count(step); }
  std::vector<Receipt> receipts() const override { return trick_->receipts(); }
  void restore(std::span<const Receipt> receipts) override { trick_->restore(receipts); }

 private:
  std::unique_ptr<Trick> trick_;
  Connection connection_;
};

using Tricks = std::vector<std::unique_ptr<Trick>>;

// Three epochs of three steps of a program that is traced and not run. Returns what a whole run would say of it, which
// is nothing where all is well.
std::string trained(LearningTask task, Tricks all) {
  return error_message([&] {
    const bool detector = task == LearningTask::detector;
    TrickList tricks(std::move(all));
    OptionList options;
    tricks.declare(options, task);
    tricks.resolve({.task = task,
                    .tricks = TrickSet::all,
                    .small_images = true,
                    .has_residual_branches = true,
                    .epochs = 10,
                    .image_size = detector ? 64 : 32,
                    .size_multiple = detector ? 32 : 1});
    tricks.begin({.seed = 3,
                  .epochs = 10,
                  .steps_per_epoch = 3,
                  .batch_size = 4,
                  .images = 12,
                  .image_size = detector ? 64 : 32});
    Program program;
    if (detector) {
      DetectorProgramOptions program_options;
      program_options.batch_size = 4;
      program_options.height = program_options.width = 64;
      program_options.classes = 2;
      program_options.maximum_objects = 2;
      tricks.change(program_options);
      program =
          detector_training_program(function_of(default_configuration(find_detector("yolov3_small"))), program_options);
    } else {
      ClassifierProgramOptions program_options;
      program_options.batch_size = 4;
      program_options.height = program_options.width = 32;
      program_options.classes = 10;
      tricks.change(program_options);
      program = training_program(find_classifier("cifar_resnet20").trace, program_options);
    }
    Context context("cpu", 0);
    const auto take_steps = [&]<class Request>(ClassifierSchedule<Request> schedule) {
      for (std::int64_t step = 0; step < tricks.plan().steps(); ++step) {
        Request request;
        REQUIRE(schedule.fill(step, request));
        tricks.set_live_scalars(context, step);
        CountedStep counted{.place = {.step = step, .epoch = request.epoch, .step_in_epoch = step % 3},
                            .context = context,
                            .program = program,
                            .images = 4,
                            .height = request.height,
                            .width = request.width};
        counted.lambdas = request.lambdas;
        if constexpr (std::is_same_v<Request, BatchRequest>) {
          counted.partners = request.partners;
        } else {
          counted.partner_samples = request.partners;
          counted.objects = 5;
        }
        tricks.count(counted);
      }
    };
    if (detector)
      take_steps(ClassifierSchedule<DetectorBatchRequest>(tricks, detector_training_augmentation()));
    else
      take_steps(ClassifierSchedule<BatchRequest>(tricks, cifar_training_augmentation()));
    for (const Receipt& receipt : tricks.receipts())
      CHECK(receipt.trick.size() > 0);
    check_receipts(tricks.receipts());
  });
}

Tricks tricks_of(LearningTask task) {
  return task == LearningTask::detector ? detector_tricks() : classifier_tricks();
}

struct Case {
  const char* name;
  std::vector<Connection> connections;  // what the trick is nothing without
  const char* message;                  // a part of what is said when one is cut
};

void check_cut(LearningTask task, const std::vector<Case>& cases) {
  CHECK(trained(task, tricks_of(task)).empty());
  // Whoever adds a trick adds a line.
  REQUIRE(tricks_of(task).size() == cases.size());
  for (std::size_t i = 0; i < cases.size(); ++i) {
    REQUIRE(tricks_of(task)[i]->name() == cases[i].name);
    REQUIRE_FALSE(cases[i].connections.empty());
    for (const Connection connection : cases[i].connections) {
      Tricks tricks = tricks_of(task);
      tricks[i] = std::make_unique<Cut>(*tricks[i], connection);
      const std::string message = trained(task, std::move(tricks));
      CAPTURE(cases[i].name, static_cast<int>(connection), message);
      CHECK(contains(message, cases[i].message));
    }
  }
}

}  // namespace

TEST_CASE("a classifier's trick that is disconnected does not end in a good run") {
  check_cut(LearningTask::classifier,
            {
                {"learning rate", {Connection::set_live_scalars}, "ran with the learning rate 0"},
                {"no bias decay", {Connection::change}, "no bias decay: 0 tensors without decay"},
                {"zero gamma", {Connection::change}, "zero gamma:"},
                {"mixup", {Connection::change, Connection::draw}, "mixup: 0 batches mixed"},
                {"label smoothing", {Connection::change}, "label smoothing: 0 targets smoothed"},
                {"random shapes", {Connection::draw}, "but random shapes drew"},
                {"moving average of the weights", {Connection::change}, "moving average of the weights: 0 updates"},
            });
}

TEST_CASE("a detector's trick that is disconnected does not end in a good run") {
  check_cut(LearningTask::detector,
            {
                {"learning rate", {Connection::set_live_scalars}, "ran with the learning rate 0"},
                {"no bias decay", {Connection::change}, "no bias decay: 0 tensors without decay"},
                {"detection mixup", {Connection::draw}, "detection mixup: 0 batches mixed"},
                {"class smoothing", {Connection::change}, "class smoothing: 0 objects smoothed"},
                {"random shapes", {Connection::draw}, "but random shapes drew"},
                {"moving average of the weights", {Connection::change}, "moving average of the weights: 0 updates"},
            });
}

TEST_CASE("a moving average whose decay is not set is an error at once") {
  for (const LearningTask task : {LearningTask::classifier, LearningTask::detector}) {
    Tricks tricks = tricks_of(task);
    tricks.back() = std::make_unique<Cut>(*tricks.back(), Connection::set_live_scalars);
    CHECK(contains(trained(task, std::move(tricks)), "of the moving average ran with the decay 0"));
  }
}
