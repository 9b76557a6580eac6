// The grammar of COCO's JSON, for annotations (coco_annotations.h) and detections (engine/metrics/detections_json.h):
// an object with the lists "images", "annotations" and "categories", whose entries are objects; or, where the caller
// allows it, a list of annotations alone, which COCO calls results.
//
// The parser reads the text in parts and passes on each entry as soon as it is complete. Neither the file (COCO's
// training annotations have 450 MB, most of it outlines) nor a tree of its values is ever in memory. A table of fields
// lists the values to read; everything else in an entry is skipped.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sleight {

enum class CocoList : std::uint8_t { images, annotations, categories };
constexpr std::array<std::string_view, 3> coco_list_names = {"images", "annotations", "categories"};

enum class CocoKind : std::uint8_t {
  whole_number,  // 64 bits; 3.0 counts as one, and "3"
  number,
  text,
  flag,         // true or false
  zero_or_one,  // or true, false
  box           // [x, y, width, height]
};

struct CocoField {
  CocoList list;
  std::string_view key;
  CocoKind kind;
  bool is_required = true;
};

struct CocoValue {
  bool is_there = false;
  std::int64_t whole = 0;  // of a whole number, a flag, zero or one
  double number = 0.0;     // of a number
  std::string text;
  std::array<double, 4> box{};
};

// One complete entry of a list: every required field is present.
class CocoEntry {
 public:
  CocoEntry(CocoList list, std::int64_t index, bool is_result, std::span<const CocoField> fields,
            std::span<CocoValue> values)
      : list_(list), index_(index), is_result_(is_result), fields_(fields), values_(values) {}

  CocoList list() const { return list_; }
  // The value of a field in the table; its text may be moved out.
  CocoValue& operator[](std::string_view key) const;
  // For messages: "annotations[3]", or "results[3]" in a file of results.
  std::string path() const;

 private:
  CocoList list_;
  std::int64_t index_;
  bool is_result_;
  std::span<const CocoField> fields_;
  std::span<CocoValue> values_;
};

// The next bytes of the file, valid until the next call; empty at its end.
using NextPart = std::function<std::span<const std::byte>()>;

struct CocoRules {
  std::span<const CocoField> fields;
  std::size_t maximum_depth = 64;  // of nested lists and objects
  bool allows_results = false;
};

struct CocoLists {
  std::array<bool, coco_list_names.size()> are_there{};  // by CocoList
  bool is_results = false;

  // The first list that the file lacks; empty if it has all, and for results.
  std::string_view missing() const;
};

// Throws Error: for text that is not JSON, with the line; for a value of the wrong type, with its path inside the JSON
// ("annotations[3].bbox[1]: expected a number, found a text"); for a missing required field, a duplicate list or field,
// and too many levels.
CocoLists read_coco_json(const NextPart& next_part, const CocoRules& rules,
                         const std::function<void(const CocoEntry&)>& on_entry);
// The same for a text in memory.
CocoLists read_coco_json(std::string_view text, const CocoRules& rules,
                         const std::function<void(const CocoEntry&)>& on_entry);

}  // namespace sleight
