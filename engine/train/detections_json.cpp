#include "engine/train/detections_json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace sleight {

namespace {

// No picture is that large, and products of four such numbers still are numbers.
constexpr double largest_coordinate = 1e7;

enum class List : std::uint8_t { images, categories, annotations };
constexpr std::array<const char*, 3> list_names = {"images", "categories", "annotations"};

enum class Kind : std::uint8_t { id, second_id, name, box, score, flag };
struct Field {
  List list;
  const char* key;
  Kind kind;
};
constexpr std::array<Field, 9> fields = {{{List::images, "id", Kind::id},
                                          {List::images, "file_name", Kind::name},
                                          {List::images, "unreadable", Kind::flag},
                                          {List::categories, "id", Kind::id},
                                          {List::categories, "name", Kind::name},
                                          {List::annotations, "image_id", Kind::id},
                                          {List::annotations, "category_id", Kind::second_id},
                                          {List::annotations, "bbox", Kind::box},
                                          {List::annotations, "score", Kind::score}}};

const char* expected(Kind kind) {
  switch (kind) {
    case Kind::name:
      return "a string";
    case Kind::box:
      return "a list of 4 numbers";
    case Kind::score:
      return "a number";
    case Kind::flag:
      return "true or false";
    default:
      return "a whole number of 64 bits";
  }
}

// What is expected next. Values of unknown keys are passed over without looking at what they hold.
class Handler : public nlohmann::json_sax<nlohmann::json> {
 public:
  DetectionsJson result;
  std::string problem;

  // After the last byte: what was not there at all.
  std::string missing_list() const {
    if (result.is_results) return "";
    for (std::size_t i = 0; i < list_names.size(); ++i)
      if ((seen_lists_ >> i & 1U) == 0) return list_names[i];
    return "";
  }

  bool start_object(std::size_t) override {
    if (passing_over_) return go_deeper();
    if (state_ == State::start) {
      state_ = State::top;
    } else if (state_ == State::list) {
      state_ = State::record;
      id_ = second_id_ = 0;
      is_unreadable_ = false;
      seen_fields_ = 0;
    } else {
      return wrong("an object");
    }
    return true;
  }

  bool key(std::string& name) override {
    if (passing_over_) return true;
    if (state_ == State::top) return list_key(name);
    const auto found =
        std::ranges::find_if(fields, [&](const Field& field) { return field.list == list_ && field.key == name; });
    if (found == fields.end()) {
      passing_over_ = true;
      return true;
    }
    field_ = static_cast<std::size_t>(found - fields.begin());
    if ((seen_fields_ >> field_ & 1U) != 0) return stop(entry() + " has \"" + name + "\" twice");
    seen_fields_ |= 1U << field_;
    box_numbers_ = 0;
    state_ = State::field;
    return true;
  }

  bool end_object() override {
    if (passing_over_) return go_back();
    if (state_ == State::top) return true;
    for (std::size_t i = 0; i < fields.size(); ++i) {
      if (fields[i].list == list_ && fields[i].kind != Kind::flag && (seen_fields_ >> i & 1U) == 0)
        return stop(entry() + " has no \"" + fields[i].key + "\"");
    }
    if (list_ == List::annotations)
      result.annotations.push_back({id_, second_id_, box_, score_});
    else
      named().push_back({id_, std::move(name_), is_unreadable_});
    state_ = State::list;
    return true;
  }

  bool start_array(std::size_t) override {
    if (passing_over_) return go_deeper();
    if (state_ == State::start) {
      result.is_results = true;
      list_ = List::annotations;
      state_ = State::list;
    } else if (state_ == State::list_start)
      state_ = State::list;
    else if (state_ == State::field && fields[field_].kind == Kind::box)
      state_ = State::box;
    else
      return wrong("a list");
    return true;
  }

  bool end_array() override {
    if (passing_over_) return go_back();
    if (state_ == State::list) {
      state_ = State::top;
      return true;
    }
    if (box_numbers_ != 4) return stop(place() + " has " + std::to_string(box_numbers_) + " numbers instead of 4");
    state_ = State::record;
    return true;
  }

  bool string(std::string& value) override {
    if (passing_over_) return pass();
    if (state_ != State::field || fields[field_].kind != Kind::name) return wrong("the text " + shown(value));
    name_ = std::move(value);
    state_ = State::record;
    return true;
  }

  bool number_integer(std::int64_t value) override { return whole_number(value); }
  bool number_unsigned(std::uint64_t value) override {
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      return number(static_cast<double>(value), std::to_string(value));
    return whole_number(static_cast<std::int64_t>(value));
  }
  bool number_float(double value, const std::string& text) override { return number(value, text); }
  bool boolean(bool value) override {
    if (passing_over_) return pass();
    if (state_ != State::field || fields[field_].kind != Kind::flag) return wrong(value ? "true" : "false");
    is_unreadable_ = value;
    state_ = State::record;
    return true;
  }
  bool null() override { return passing_over_ ? pass() : wrong("null"); }
  bool binary(nlohmann::json::binary_t&) override { return wrong("binary data"); }
  bool parse_error(std::size_t position, const std::string& token, const nlohmann::detail::exception&) override {
    return stop("not valid JSON at byte " + std::to_string(position) + ", near " + shown(token) +
                "; it is cut short or damaged, or holds a number beyond float64 (NaN and Infinity are no JSON either)");
  }

 private:
  enum class State : std::uint8_t { start, top, list_start, list, record, field, box };

  bool list_key(const std::string& name) {
    const auto found = std::ranges::find(list_names, name);
    if (found == list_names.end()) {
      passing_over_ = true;
      return true;
    }
    list_ = static_cast<List>(found - list_names.begin());
    const unsigned bit = 1U << static_cast<unsigned>(list_);
    if ((seen_lists_ & bit) != 0) return stop("\"" + name + "\" is there twice");
    seen_lists_ |= bit;
    state_ = State::list_start;
    return true;
  }

  bool whole_number(std::int64_t value) {
    if (!passing_over_ && state_ == State::field) {
      const Kind kind = fields[field_].kind;
      if (kind == Kind::id || kind == Kind::second_id) {
        (kind == Kind::id ? id_ : second_id_) = value;
        state_ = State::record;
        return true;
      }
    }
    return number(static_cast<double>(value), std::to_string(value));
  }

  bool number(double value, const std::string& text) {
    if (passing_over_) return pass();
    if (state_ == State::field && fields[field_].kind == Kind::score) {
      score_ = value;
      state_ = State::record;
      return true;
    }
    if (state_ != State::box) return wrong("the number " + shown(text));
    if (box_numbers_ == 4) return stop(place() + " has more than 4 numbers");
    if (!(std::abs(value) <= largest_coordinate))
      return stop(place() + " holds " + shown(text) + ", beyond 1e7 pixels");
    if (box_numbers_ >= 2 && value < 0.0)
      return stop(place() + " has the negative " + (box_numbers_ == 2 ? "width " : "height ") + text +
                  "; it is [x, y, width, height]");
    box_[box_numbers_++] = value;
    return true;
  }

  // Until the value of an unknown key is over.
  bool go_deeper() {
    ++depth_;
    return true;
  }
  bool go_back() {
    --depth_;
    return pass();
  }
  bool pass() {
    passing_over_ = depth_ > 0;
    return true;
  }

  std::vector<NamedId>& named() { return list_ == List::images ? result.images : result.categories; }
  std::string entry() {
    const std::size_t index = list_ == List::annotations ? result.annotations.size() : named().size();
    const char* name = result.is_results ? "results" : list_names[static_cast<std::size_t>(list_)];
    return std::string(name) + "[" + std::to_string(index) + "]";
  }
  std::string place() { return entry() + "." + fields[field_].key; }

  bool stop(std::string what) {
    problem = std::move(what);
    return false;
  }
  bool wrong(const std::string& found) {
    switch (state_) {
      case State::start:
        return stop("it begins with " + found +
                    ", not with an object that has \"images\", \"categories\" and \"annotations\", nor with a list of "
                    "COCO's results");
      case State::list_start:
        return stop("\"" + std::string(list_names[static_cast<std::size_t>(list_)]) + "\" is " + found +
                    " instead of a list");
      case State::list:
        return stop(entry() + " is " + found + " instead of an object");
      case State::box:
        return stop(place() + " holds " + found + " instead of a number");
      default:
        return stop(place() + " is " + found + " instead of " + expected(fields[field_].kind));
    }
  }

  State state_ = State::start;
  List list_ = List::images;
  std::size_t field_ = 0;
  unsigned seen_lists_ = 0;
  unsigned seen_fields_ = 0;
  bool passing_over_ = false;
  std::size_t depth_ = 0;
  // The entry being read.
  std::int64_t id_ = 0, second_id_ = 0;
  std::string name_;
  bool is_unreadable_ = false;
  std::array<double, 4> box_{};
  std::size_t box_numbers_ = 0;
  double score_ = 0.0;
};

}  // namespace

DetectionsJson parse_detections_json(std::string_view text, const std::string& origin) {
  Handler handler;
  const bool parsed = nlohmann::json::sax_parse(text.begin(), text.end(), &handler);
  check(parsed, origin, ": ", handler.problem);
  const std::string missing = handler.missing_list();
  check(missing.empty(), origin, ": there is no \"", missing, "\"");
  return std::move(handler.result);
}

}  // namespace sleight
