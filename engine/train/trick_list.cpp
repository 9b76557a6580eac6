#include "engine/train/trick_list.h"

#include <algorithm>
#include <limits>

#include "engine/base/error.h"

namespace sleight {

TrickList::TrickList(std::vector<std::unique_ptr<Trick>> tricks) {
  for (std::unique_ptr<Trick>& trick : tricks)
    tricks_.emplace_back(std::move(trick));
}

void TrickList::declare(OptionList& options, LearningTask task) {
  for (Copied<Trick>& trick : tricks_)
    trick->declare(options, task);
}

void TrickList::resolve(const TrainingKind& kind) {
  for (Copied<Trick>& trick : tricks_)
    trick->resolve(kind);
}

std::vector<const Trick*> TrickList::on() const {
  std::vector<const Trick*> on;
  for (const Copied<Trick>& trick : tricks_) {
    if (trick->is_on()) on.push_back(&*trick);
  }
  return on;
}

bool TrickList::mix_images() const {
  return std::ranges::any_of(on(), [](const Trick* trick) { return trick->mixes_images(); });
}

bool TrickList::average_weights() const {
  return std::ranges::any_of(on(), [](const Trick* trick) { return trick->averages_weights(); });
}

bool TrickList::draw_sizes() const {
  return std::ranges::any_of(on(), [](const Trick* trick) { return !trick->sizes().empty(); });
}

void TrickList::begin(const TrainingPlan& plan) {
  check(plan.steps_per_epoch < 1 || plan.epochs <= std::numeric_limits<std::int64_t>::max() / plan.steps_per_epoch,
        "--epochs ", plan.epochs, " are more steps than can be counted; take fewer");
  plan_ = plan;
  for (Copied<Trick>& trick : tricks_) {
    if (trick->is_on()) trick->begin(plan);
  }
}

std::vector<std::string> TrickList::description() const {
  std::vector<std::string> lines;
  for (const Copied<Trick>& trick : tricks_) {
    for (std::string& line : trick->description())
      lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::int64_t> TrickList::sizes() const {
  for (const Trick* trick : on()) {
    if (std::vector<std::int64_t> sizes = trick->sizes(); !sizes.empty()) return sizes;
  }
  return {plan_.image_size};
}

void TrickList::change(ClassifierProgramOptions& options) {
  for (Copied<Trick>& trick : tricks_) {
    if (!trick->is_on()) continue;
    trick->change_update(options.update);
    trick->change_classifier(options);
  }
}

void TrickList::change(DetectorProgramOptions& options) {
  for (Copied<Trick>& trick : tricks_) {
    if (!trick->is_on()) continue;
    trick->change_update(options.update);
    trick->change_detector(options);
  }
}

void TrickList::draw(BatchRequest& request, const StepPlace& place) const {
  draw_size(request, place);
  for (const Copied<Trick>& trick : tricks_) {
    if (trick->is_on()) trick->draw_classifier(request, place);
  }
}

void TrickList::draw(DetectorBatchRequest& request, const StepPlace& place) const {
  draw_size(request, place);
  for (const Copied<Trick>& trick : tricks_) {
    if (trick->is_on()) trick->draw_detector(request, place);
  }
}

void TrickList::draw_size(RequestedBatch& request, const StepPlace& place) const {
  for (const Copied<Trick>& trick : tricks_) {
    if (trick->is_on()) trick->draw_size(request, place);
  }
}

void TrickList::set_live_scalars(Context& context, std::int64_t step) const {
  for (const Trick* trick : on())
    trick->set_live_scalars(context, step);
}

void TrickList::count(const Batch& batch, const Context& context, const Program& program) {
  count({.place = place_of(batch.step()),
         .context = context,
         .program = program,
         .images = batch.size(),
         .height = batch.height(),
         .width = batch.width(),
         .partners = batch.partners(),
         .lambdas = batch.lambdas()});
}

void TrickList::count(const DetectorBatch& batch, const Context& context, const Program& program) {
  count({.place = place_of(batch.step()),
         .context = context,
         .program = program,
         .images = batch.size(),
         .height = batch.height(),
         .width = batch.width(),
         .objects = std::ranges::count_if(batch.object_classes(), [](std::int32_t c) { return c >= 0; }),
         .partner_samples = batch.partners(),
         .lambdas = batch.lambdas()});
}

void TrickList::count(const CountedStep& step) {
  for (Copied<Trick>& trick : tricks_) {
    if (trick->is_on()) trick->count(step);
  }
}

std::vector<Receipt> TrickList::receipts() const {
  std::vector<Receipt> all;
  for (const Trick* trick : on()) {
    for (Receipt& receipt : trick->receipts())
      all.push_back(std::move(receipt));
  }
  return all;
}

void TrickList::restore(std::span<const Receipt> receipts) {
  for (Copied<Trick>& trick : tricks_) {
    if (trick->is_on()) trick->restore(receipts);
  }
}

StepPlace TrickList::place_of(std::int64_t step) const {
  return {.step = step, .epoch = step / plan_.steps_per_epoch, .step_in_epoch = step % plan_.steps_per_epoch};
}

}  // namespace sleight
