// The grammar of COCO's JSON, for all files of this form: annotations (coco_annotations.h) and detections
// (engine/metrics/detections_json.h). An object with the lists "images", "annotations" and "categories", whose entries
// are objects; or, where that is allowed, a list of annotations alone, which COCO calls results.
//
// The text is read piece by piece and each entry handed on as soon as it is complete: neither the file (COCO's training
// annotations have 450 MB, most of it outlines) nor a tree of its values is ever in memory. A table of fields says what
// is read of an entry; everything else is passed over, whatever it holds.
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
  whole_number,  // of 64 bits; 3.0 is one too
  number,
  text,
  flag,         // true or false
  zero_or_one,  // or a flag
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

// One entry of a list, complete: each required field is there.
class CocoEntry {
 public:
  CocoEntry(CocoList list, std::int64_t index, bool is_result, std::span<const CocoField> fields,
            std::span<CocoValue> values)
      : list_(list), index_(index), is_result_(is_result), fields_(fields), values_(values) {}

  CocoList list() const { return list_; }
  // Of a field in the table; its text may be moved out.
  CocoValue& operator[](std::string_view key) const;
  // "annotations[3]", or "results[3]" where the file is one of results, for messages.
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
  std::size_t maximum_depth = 64;  // of lists and objects inside each other
  bool allows_results = false;
};

struct CocoLists {
  std::array<bool, coco_list_names.size()> are_there{};  // by CocoList
  bool is_results = false;

  // The name of a list that the file lacks; empty when it has all, and for results.
  std::string_view missing() const;
};

// Throws Error for what is not JSON, with the line; for a value of the wrong shape, with the path inside the JSON
// ("annotations[3].bbox[1]: expected a number, found a text"); for a required field that is missing, a list or a field
// that is there twice, and for more levels than allowed.
CocoLists read_coco_json(const NextPart& next_part, const CocoRules& rules,
                         const std::function<void(const CocoEntry&)>& on_entry);
// The same for a text that is in memory.
CocoLists read_coco_json(std::string_view text, const CocoRules& rules,
                         const std::function<void(const CocoEntry&)>& on_entry);

}  // namespace sleight
