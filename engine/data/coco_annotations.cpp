#include "engine/data/coco_annotations.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/text_lines.h"

namespace sleight {

namespace {

constexpr std::size_t maximum_depth = 64;
constexpr std::size_t most_of_a_message = 200;

// Where the parser is in the file. The iterators below all look at one of these.
class Characters {
 public:
  explicit Characters(const NextPart& next_part) : next_part_(next_part) {}

  bool at_end() {
    if (position_ == part_.size() && !is_finished_) {
      part_ = text_of(next_part_());
      position_ = 0;
      is_finished_ = part_.empty();
    }
    return is_finished_;
  }
  char current() const { return part_[position_]; }
  void advance() { ++position_; }

 private:
  const NextPart& next_part_;
  std::string_view part_;
  std::size_t position_ = 0;
  bool is_finished_ = false;
};

// What the JSON library takes its characters from; without an object it is the end.
struct CharacterIterator {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = char;

  Characters* characters = nullptr;

  char operator*() const { return characters->current(); }
  CharacterIterator& operator++() {
    characters->advance();
    return *this;
  }
  bool is_end() const { return characters == nullptr || characters->at_end(); }
  bool operator==(const CharacterIterator& other) const { return is_end() == other.is_end(); }
};

enum class Section : std::uint8_t { none, images, annotations, categories };
constexpr std::array<std::string_view, 4> section_names = {"", "images", "annotations", "categories"};

enum class Field : std::uint8_t { none, id, image_id, category_id, width, height, area, crowd, text, box };

struct FieldRule {
  Section section;
  std::string_view key;
  Field field;
  std::string_view expected;
};

constexpr std::string_view whole_number = "a whole number";
constexpr std::array<FieldRule, 11> field_rules = {{
    {Section::images, "id", Field::id, whole_number},
    {Section::images, "file_name", Field::text, "a text"},
    {Section::images, "width", Field::width, whole_number},
    {Section::images, "height", Field::height, whole_number},
    {Section::annotations, "image_id", Field::image_id, whole_number},
    {Section::annotations, "category_id", Field::category_id, whole_number},
    {Section::annotations, "bbox", Field::box, "a list of 4 numbers"},
    {Section::annotations, "area", Field::area, "a number"},
    {Section::annotations, "iscrowd", Field::crowd, "0 or 1"},
    {Section::categories, "id", Field::id, whole_number},
    {Section::categories, "name", Field::text, "a text"},
}};

// One element of a section, as far as it is read.
struct Element {
  std::array<std::optional<std::int64_t>, 5> whole;  // by Field: id .. height
  std::optional<std::string> text;
  std::optional<double> area;
  bool is_crowd = false;
  FourNumbers box{};
  std::size_t box_numbers = 0;

  std::optional<std::int64_t>& at(Field field) {
    return whole[static_cast<std::size_t>(field) - static_cast<std::size_t>(Field::id)];
  }
};

std::int64_t side_of(const std::optional<std::int64_t>& stated) {
  return stated && *stated > 0 && *stated <= maximum_picture_side ? *stated : 0;
}

// Called by the JSON library for each value, with depth_ lists and objects open around it: 1 in the outermost object, 2
// in the list of a section, 3 in an element, 4 in its box. Everything else is passed over.
class Handler : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Handler(CocoAnnotations& result) : result_(result) {}

  void finish() const {
    for (std::size_t i = 1; i < section_names.size(); ++i)
      check(seen_[i], "not an annotation file of COCO's form: its outermost object has no list \"", section_names[i],
            "\"");
  }

  bool null() override { return other("null"); }
  bool boolean(bool flag) override {
    if (at_field() && field_ == Field::crowd) {
      element_.is_crowd = flag;
      return true;
    }
    return other("true or false");
  }
  bool number_integer(number_integer_t value) override { return number(static_cast<double>(value), value); }
  bool number_unsigned(number_unsigned_t value) override {
    constexpr auto largest = static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    return value > largest ? number(static_cast<double>(value), std::nullopt)
                           : number(static_cast<double>(value), static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override {
    constexpr double largest = 9007199254740992.0;  // all whole numbers up to here are exact
    return value == std::trunc(value) && std::abs(value) <= largest ? number(value, static_cast<std::int64_t>(value))
                                                                    : number(value, std::nullopt);
  }
  bool binary(binary_t&) override { return other("binary data"); }

  bool string(string_t& value) override {
    if (!at_field() || field_ != Field::text) return other("a text");
    element_.text = std::move(value);
    return true;
  }

  bool key(string_t& value) override {
    if (depth_ == 1) {
      section_ = Section::none;
      for (std::size_t i = 1; i < section_names.size(); ++i)
        if (value == section_names[i]) section_ = static_cast<Section>(i);
      if (section_ == Section::none) return true;
      bool& seen = seen_[static_cast<std::size_t>(section_)];
      check(!seen, "\"", value, "\" is there twice");
      seen = true;
      index_ = 0;
    } else if (depth_ == 3 && section_ != Section::none) {
      rule_ = nullptr;
      for (const FieldRule& rule : field_rules)
        if (rule.section == section_ && rule.key == value) rule_ = &rule;
      field_ = rule_ == nullptr ? Field::none : rule_->field;
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (depth_ == 2 && section_ != Section::none) {
      element_ = {};
      field_ = Field::none;
    } else if (depth_ > 0) {
      other("an object");
    }
    return open();
  }

  bool end_object() override {
    --depth_;
    if (depth_ == 2 && section_ != Section::none) finish_element();
    return true;
  }

  bool start_array(std::size_t) override {
    if (at_field() && field_ == Field::box) {
      element_.box_numbers = 0;
    } else if (depth_ != 1) {
      other("a list");
    }
    return open();
  }

  bool end_array() override {
    --depth_;
    if (at_field() && field_ == Field::box && element_.box_numbers != 4)
      fail(path(), ": expected 4 numbers, found ", element_.box_numbers);
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."; the text may repeat endless tokens.
    std::string_view message = error.what();
    message.remove_prefix(std::min(message.find(' ') + 1, message.size()));
    fail("damaged or cut short JSON: ", message.substr(0, most_of_a_message));
  }

 private:
  bool at_field() const { return depth_ == 3 && section_ != Section::none; }

  bool open() {
    check(++depth_ <= maximum_depth, "the JSON is nested more than ", maximum_depth, " levels deep");
    return true;
  }

  bool number(double value, std::optional<std::int64_t> whole) {
    if (depth_ == 4 && section_ != Section::none && field_ == Field::box) {
      if (element_.box_numbers < 4) element_.box[element_.box_numbers] = value;
      ++element_.box_numbers;
      return true;
    }
    if (!at_field() || field_ == Field::none || field_ == Field::text || field_ == Field::box) return other("a number");
    if (field_ == Field::area) {
      element_.area = value;
    } else if (field_ == Field::crowd) {
      check(value == 0.0 || value == 1.0, path(), ": expected 0 or 1, found ", value);
      element_.is_crowd = value != 0.0;
    } else {
      check(whole.has_value(), path(), ": expected a whole number, found ", value);
      element_.at(field_) = whole;
    }
    return true;
  }

  // A value of a kind that is right only where nothing is read.
  bool other(std::string_view found) const {
    if (depth_ == 0) fail("expected an object, found ", found);
    if (section_ == Section::none || depth_ > 4) return true;
    if (depth_ == 1) fail(path(), ": expected a list, found ", found);
    if (depth_ == 2) fail(path(), ": expected an object, found ", found);
    if (depth_ == 3 && field_ != Field::none) fail(path(), ": expected ", rule_->expected, ", found ", found);
    if (depth_ == 4 && field_ == Field::box) fail(path(), ": expected a number, found ", found);
    return true;
  }

  // "annotations[3].bbox[1]", for messages.
  std::string path() const {
    std::string path(section_names[static_cast<std::size_t>(section_)]);
    if (depth_ >= 2) path += "[" + std::to_string(index_) + "]";
    if (depth_ >= 3 && rule_ != nullptr) path += "." + std::string(rule_->key);
    if (depth_ >= 4) path += "[" + std::to_string(element_.box_numbers) + "]";
    return path;
  }

  template <class Value>
  Value& need(std::optional<Value>& value, std::string_view key) const {
    check(value.has_value(), path(), ": it has no \"", key, "\"");
    return *value;
  }

  void finish_element() {
    if (section_ == Section::images) {
      result_.images.push_back({need(element_.at(Field::id), "id"),
                                std::move(need(element_.text, "file_name")),
                                {side_of(element_.at(Field::height)), side_of(element_.at(Field::width))}});
    } else if (section_ == Section::categories) {
      result_.categories.push_back({need(element_.at(Field::id), "id"), std::move(need(element_.text, "name"))});
    } else {
      check(element_.box_numbers == 4, path(), ": it has no \"bbox\"");
      result_.objects.push_back({need(element_.at(Field::image_id), "image_id"),
                                 need(element_.at(Field::category_id), "category_id"), element_.box, element_.area,
                                 element_.is_crowd});
    }
    ++index_;
  }

  CocoAnnotations& result_;
  std::array<bool, section_names.size()> seen_{};
  std::size_t depth_ = 0;
  Section section_ = Section::none;
  std::int64_t index_ = 0;  // of the element in its section
  const FieldRule* rule_ = nullptr;
  Field field_ = Field::none;
  Element element_;
};

}  // namespace

CocoAnnotations parse_coco_annotations(const NextPart& next_part) {
  CocoAnnotations result;
  Handler handler(result);
  Characters characters(next_part);
  nlohmann::json::sax_parse(CharacterIterator{&characters}, CharacterIterator{}, &handler);
  handler.finish();
  return result;
}

}  // namespace sleight
