#include "engine/data/annotations/coco_json.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/files/text_lines.h"

namespace sleight {

namespace {

constexpr std::size_t most_of_a_message = 200;

// The parser's position in the file. The iterators below share one of these.
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

// The JSON library reads its characters from this iterator. Without a position it is the end.
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

std::string_view expected_by(CocoKind kind) {
  switch (kind) {
    case CocoKind::whole_number:
      return "a whole number of 64 bits";
    case CocoKind::number:
      return "a number";
    case CocoKind::text:
      return "a text";
    case CocoKind::flag:
      return "true or false";
    case CocoKind::zero_or_one:
      return "0 or 1";
    case CocoKind::box:
      break;
  }
  return "a list of 4 numbers";
}

std::string entry_path(CocoList list, std::int64_t index, bool is_result) {
  const std::string_view name = is_result ? "results" : coco_list_names[static_cast<std::size_t>(list)];
  return std::string(name) + "[" + std::to_string(index) + "]";
}

// Builds messages only for an error: `if ... fail`, because `check` would build a path for each value.
//
// The JSON library calls these functions for each value, with depth_ lists and objects open around it: 1 in the
// outermost object, 2 in a list, 3 in an entry, 4 in its box. All other values are skipped.
class Handler : public nlohmann::json_sax<nlohmann::json> {
 public:
  Handler(const CocoRules& rules, const std::function<void(const CocoEntry&)>& on_entry)
      : rules_(rules), on_entry_(on_entry), values_(rules.fields.size()) {}

  const CocoLists& lists() const { return lists_; }

  bool null() override {
    if (depth_ != 3 || !list_ || !field_ || rules_.fields[*field_].is_required) return other("null");
    value().is_there = false;  // as if the field were missing
    return true;
  }
  bool boolean(bool flag) override {
    if (!at(CocoKind::flag) && !at(CocoKind::zero_or_one)) return other("true or false");
    value().whole = flag ? 1 : 0;
    return true;
  }
  bool number_integer(number_integer_t value) override { return number(static_cast<double>(value), value); }
  bool number_unsigned(number_unsigned_t value) override {
    constexpr auto largest = static_cast<number_unsigned_t>(std::numeric_limits<std::int64_t>::max());
    return value > largest ? number(static_cast<double>(value), std::nullopt)
                           : number(static_cast<double>(value), static_cast<std::int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t&) override {
    constexpr double largest = 9007199254740992.0;  // doubles are exact for all whole numbers up to here
    return value == std::trunc(value) && std::abs(value) <= largest ? number(value, static_cast<std::int64_t>(value))
                                                                    : number(value, std::nullopt);
  }
  bool binary(binary_t&) override { return other("binary data"); }

  bool string(string_t& text) override {
    if (at(CocoKind::whole_number)) {
      // Some programs write numbers in quotation marks (VIA: "image_id": "7").
      const std::optional<std::int64_t> whole = parse_whole_number(text);
      if (!whole) return other("a text");
      value().whole = *whole;
      return true;
    }
    if (!at(CocoKind::text)) return other("a text");
    value().text = std::move(text);
    return true;
  }

  bool key(string_t& name) override {
    if (depth_ == 1) {
      const auto found = std::ranges::find(coco_list_names, name);
      list_.reset();
      if (found == coco_list_names.end()) return true;
      bool& is_there = lists_.are_there[found - coco_list_names.begin()];
      check(!is_there, "\"", name, "\" is there twice");
      is_there = true;
      begin_list(static_cast<CocoList>(found - coco_list_names.begin()));
    } else if (depth_ == 3 && list_) {
      const auto found = std::ranges::find_if(
          rules_.fields, [&](const CocoField& field) { return field.list == *list_ && field.key == name; });
      field_.reset();
      if (found == rules_.fields.end()) return true;
      if (values_[found - rules_.fields.begin()].is_there) fail(path(), ": \"", name, "\" is there twice");
      field_ = static_cast<std::size_t>(found - rules_.fields.begin());
      value().is_there = true;
    }
    return true;
  }

  bool start_object(std::size_t) override {
    if (depth_ == 2 && list_) {
      std::ranges::fill(values_, CocoValue{});
      field_.reset();
    } else if (depth_ > 0) {
      other("an object");
    }
    return open();
  }

  bool end_object() override {
    --depth_;
    if (depth_ == 2 && list_) finish_entry();
    return true;
  }

  bool start_array(std::size_t) override {
    if (depth_ == 0 && rules_.allows_results) {
      lists_.is_results = true;
      begin_list(CocoList::annotations);
      ++depth_;  // as if it were inside an object
    } else if (at(CocoKind::box)) {
      box_numbers_ = 0;
    } else if (depth_ != 1) {
      other("a list");
    }
    return open();
  }

  bool end_array() override {
    --depth_;
    if (at(CocoKind::box) && box_numbers_ != 4) fail(path(), ": expected 4 numbers, found ", box_numbers_);
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: ..."; the text may repeat very long tokens.
    std::string_view message = error.what();
    message.remove_prefix(std::min(message.find(' ') + 1, message.size()));
    fail("not valid JSON, or damaged or cut short JSON: ", message.substr(0, most_of_a_message));
  }

 private:
  // Whether the next value belongs to a field of this kind.
  bool at(CocoKind kind) const { return depth_ == 3 && list_ && field_ && rules_.fields[*field_].kind == kind; }
  CocoValue& value() { return values_[*field_]; }

  void begin_list(CocoList list) {
    list_ = list;
    index_ = 0;
  }

  bool open() {
    check(++depth_ <= rules_.maximum_depth, "the JSON is nested more than ", rules_.maximum_depth, " levels deep");
    return true;
  }

  bool number(double number, std::optional<std::int64_t> whole) {
    if (depth_ == 4 && list_ && field_ && rules_.fields[*field_].kind == CocoKind::box) {
      if (box_numbers_ < 4) value().box[box_numbers_] = number;
      ++box_numbers_;
    } else if (at(CocoKind::number)) {
      value().number = number;
    } else if (at(CocoKind::zero_or_one)) {
      if (number != 0.0 && number != 1.0) fail(path(), ": expected 0 or 1, found ", number);
      value().whole = *whole;
    } else if (at(CocoKind::whole_number)) {
      if (!whole) fail(path(), ": expected a whole number of 64 bits, found ", number);
      value().whole = *whole;
    } else {
      return other("a number");
    }
    return true;
  }

  // A value of a kind that is valid only where values are skipped.
  bool other(std::string_view found) const {
    if (depth_ == 0)
      fail("expected an object with \"images\", \"annotations\" and \"categories\"",
           rules_.allows_results ? ", or a list of COCO's results" : "", ", found ", found);
    if (!list_ || depth_ > 4) return true;
    if (depth_ == 1) fail(path(), ": expected a list, found ", found);
    if (depth_ == 2) fail(path(), ": expected an object, found ", found);
    if (depth_ == 3 && field_) fail(path(), ": expected ", expected_by(rules_.fields[*field_].kind), ", found ", found);
    if (depth_ == 4 && field_ && rules_.fields[*field_].kind == CocoKind::box)
      fail(path(), ": expected a number, found ", found);
    return true;
  }

  // "annotations[3].bbox[1]", for messages.
  std::string path() const {
    if (depth_ < 2) return std::string(coco_list_names[static_cast<std::size_t>(*list_)]);
    std::string path = entry_path(*list_, index_, lists_.is_results);
    if (depth_ >= 3 && field_) path += "." + std::string(rules_.fields[*field_].key);
    if (depth_ >= 4) path += "[" + std::to_string(box_numbers_) + "]";
    return path;
  }

  void finish_entry() {
    for (std::size_t i = 0; i < rules_.fields.size(); ++i) {
      const CocoField& field = rules_.fields[i];
      if (field.list == *list_ && field.is_required && !values_[i].is_there)
        fail(path(), ": it has no \"", field.key, "\"");
    }
    on_entry_({*list_, index_, lists_.is_results, rules_.fields, values_});
    ++index_;
  }

  const CocoRules& rules_;
  const std::function<void(const CocoEntry&)>& on_entry_;
  CocoLists lists_;
  std::size_t depth_ = 0;
  std::optional<CocoList> list_;  // the list being read
  std::int64_t index_ = 0;        // the position of the entry in it
  std::optional<std::size_t> field_;
  std::vector<CocoValue> values_;  // of the entry, by field
  std::size_t box_numbers_ = 0;
};

}  // namespace

CocoValue& CocoEntry::operator[](std::string_view key) const {
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].list == list_ && fields_[i].key == key) return values_[i];
  fail("no field \"", key, "\" of ", path(), " is read");
}

std::string CocoEntry::path() const {
  return entry_path(list_, index_, is_result_);
}

std::string_view CocoLists::missing() const {
  const auto found = std::ranges::find(are_there, false);
  return is_results || found == are_there.end() ? "" : coco_list_names[found - are_there.begin()];
}

CocoLists read_coco_json(const NextPart& next_part, const CocoRules& rules,
                         const std::function<void(const CocoEntry&)>& on_entry) {
  Handler handler(rules, on_entry);
  Characters characters(next_part);
  nlohmann::json::sax_parse(CharacterIterator{&characters}, CharacterIterator{}, &handler);
  return handler.lists();
}

CocoLists read_coco_json(std::string_view text, const CocoRules& rules,
                         const std::function<void(const CocoEntry&)>& on_entry) {
  Handler handler(rules, on_entry);
  nlohmann::json::sax_parse(text.begin(), text.end(), &handler);
  return handler.lists();
}

}  // namespace sleight
