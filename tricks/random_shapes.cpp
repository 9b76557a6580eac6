#include "tricks/random_shapes.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <sstream>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/value/random.h"

namespace sleight {

namespace {

void check_options(const RandomShapesOptions& options) {
  const std::string text = to_string(options);
  check(options.minimum > 0 && options.every > 0 && options.multiple > 0, "random shapes ", text,
        ": sizes, interval and multiple must be positive");
  check(options.minimum % options.multiple == 0 && options.maximum % options.multiple == 0, "random shapes ", text,
        ": ", options.minimum, " and ", options.maximum, " must be multiples of ", options.multiple,
        "; another multiple is given as a fourth number, MIN:MAX:EVERY:MULTIPLE");
  check(options.minimum < options.maximum, "random shapes ", text, ": the largest size must be above the smallest");
}

std::string count_name(std::int64_t size) {
  return "iterations at " + std::to_string(size);
}

}  // namespace

RandomShapesOptions parse_random_shapes(const std::string& text) {
  std::vector<std::int64_t> numbers;
  const char* position = text.data();
  const char* const end = text.data() + text.size();
  while (true) {
    std::int64_t number = 0;
    const auto [stopped, error] = std::from_chars(position, end, number);
    const bool good = error == std::errc() && (stopped == end || *stopped == ':') && numbers.size() < 4;
    check(good, "random shapes are MIN:MAX:EVERY or MIN:MAX:EVERY:MULTIPLE, for example 192:256:10, got '", text, "'");
    numbers.push_back(number);
    if (stopped == end) break;
    position = stopped + 1;
  }
  check(numbers.size() >= 3, "random shapes are MIN:MAX:EVERY or MIN:MAX:EVERY:MULTIPLE, got '", text, "'");
  RandomShapesOptions options{numbers[0], numbers[1], numbers[2]};
  if (numbers.size() == 4) options.multiple = numbers[3];
  check_options(options);
  return options;
}

std::string to_string(const RandomShapesOptions& options) {
  std::string text =
      std::to_string(options.minimum) + ":" + std::to_string(options.maximum) + ":" + std::to_string(options.every);
  if (options.multiple != RandomShapesOptions{}.multiple) text += ":" + std::to_string(options.multiple);
  return text;
}

RandomShapesOptions default_random_shapes(const TrainingKind& kind) {
  const std::int64_t size = kind.image_size;
  check(size > 0, "random shapes need a positive image size, got ", size);
  if (kind.task == LearningTask::detector) {
    // The papers' 320 to 608 around 416, as shares of the size; more than 608 takes more memory than was asked for.
    const std::int64_t step = kind.size_multiple;
    const auto nearest = [&](double side) -> std::int64_t {
      return std::llround(side / static_cast<double>(step)) * step;
    };
    const auto whole = static_cast<double>(size);
    const std::int64_t smallest = std::max(2 * step, nearest(0.77 * whole));
    const std::int64_t largest = std::min(nearest(1.46 * whole), std::max<std::int64_t>(608 / step * step, size));
    return {.minimum = smallest, .maximum = std::max(largest, smallest + step), .every = 10, .multiple = step};
  }
  const auto nearest = [&](std::int64_t multiple) { return (size + multiple / 2) / multiple * multiple; };
  // About a seventh of the size to each side: 192 to 256 for 224. For small sizes 32 would be too coarse.
  if (size >= 128) {
    const std::int64_t reach = std::max<std::int64_t>(32, (size / 7 + 16) / 32 * 32);
    return {nearest(32) - reach, nearest(32) + reach, 10, 32};
  }
  const std::int64_t middle = std::max<std::int64_t>(nearest(8), 16);
  return {middle - 8, middle + 8, 10, 8};
}

void RandomShapes::declare(OptionList& options, LearningTask task) {
  options
      .add("random-shapes", text_,
           "MIN:MAX:EVERY[:MULTIPLE]: sides of training images in pixels, multiples of MULTIPLE (32); a new size every "
           "EVERY steps; or off")
      .unit("SHAPES")
      .default_text(
          task == LearningTask::detector
              ? "0.77 to 1.46 times the image size, but at most 608 or that size; off under 30 epochs, unless "
                "with --tricks all, and with --tricks none"
              : "off, with --tricks all around the image size");
}

void RandomShapes::resolve(const TrainingKind& kind) {
  const bool is_long_detection = kind.task == LearningTask::detector && !kind.is_short();
  const bool by_default = kind.tricks == TrickSet::all || (kind.tricks == TrickSet::standard && is_long_detection);
  if (!text_) text_ = by_default ? to_string(default_random_shapes(kind)) : "off";
  options_.reset();
  if (*text_ == "off") return;
  options_ = with_context("--random-shapes", [&] { return parse_random_shapes(*text_); });
  check(options_->minimum % kind.size_multiple == 0 && options_->multiple % kind.size_multiple == 0,
        "--random-shapes of this model must be multiples of ", kind.size_multiple, ", got ", *text_);
  iterations_at_.clear();
  for (const std::int64_t size : sizes())
    iterations_at_[size] = 0;
}

std::vector<std::int64_t> RandomShapes::sizes() const {
  std::vector<std::int64_t> sizes;
  for (std::int64_t size = options_->maximum; size >= options_->minimum; size -= options_->multiple)
    sizes.push_back(size);
  return sizes;
}

std::vector<std::string> RandomShapes::description() const {
  if (!is_on()) return {"random shapes: off"};
  std::ostringstream text;
  text << "random shapes: " << options_->minimum << " to " << options_->maximum << " in steps of " << options_->multiple
       << ", a new size every " << count_of(options_->every, "iteration");
  return {text.str()};
}

std::int64_t RandomShapes::size_at(std::int64_t iteration) const {
  RandomStream random(seed_, RandomPurpose::training_shape, 0, static_cast<std::uint64_t>(iteration / options_->every));
  const std::int64_t sizes = (options_->maximum - options_->minimum) / options_->multiple + 1;
  return options_->minimum + options_->multiple * random.below(sizes);
}

void RandomShapes::draw_size(RequestedBatch& request, const StepPlace& place) const {
  request.height = request.width = size_at(place.step);
}

void RandomShapes::count(const CountedStep& step) {
  const std::int64_t drawn = size_at(step.place.step);
  check(step.height == drawn && step.width == drawn, "the batch of iteration ", step.place.step, " is ", step.height,
        " x ", step.width, " but random shapes drew ", drawn, " x ", drawn);
  ++iterations_at_[drawn];
  if (last_size_ != 0 && last_size_ != drawn) ++changes_;
  last_size_ = drawn;
}

std::vector<Receipt> RandomShapes::receipts() const {
  Receipt receipt{name(), {{"changes of size", static_cast<double>(changes_)}}, 0};
  for (const auto& [size, iterations] : iterations_at_) {
    receipt.counts.emplace_back(count_name(size), static_cast<double>(iterations));
    receipt.fired += iterations;
  }
  receipt.counts.emplace_back("last size", static_cast<double>(last_size_));
  return {receipt};
}

void RandomShapes::restore(std::span<const Receipt> receipts) {
  const Receipt& receipt = find_receipt(receipts, name());
  changes_ = std::llround(receipt.count("changes of size"));
  last_size_ = std::llround(receipt.count("last size"));
  for (auto& [size, iterations] : iterations_at_)
    iterations = std::llround(receipt.count(count_name(size)));
}

}  // namespace sleight
