// Remembers measurements, so that no process repeats them: for one operation on one machine, which of a library's
// algorithms is the fastest.
//
// The key holds everything that the answer depends on, as text that the caller writes. A key that omits something (the
// driver's version, the workspace limit, the layout) returns a choice that is slow or wrong elsewhere.
//
// File: a first line that names the format, then one line per entry:
//
//   checksum <tab> microseconds <tab> workspace bytes <tab> key <tab> choice
//
// Several processes may use one file at once: a line is appended by one write() under a lock of the file (flock). A
// later entry for a key replaces an earlier one. A line that was damaged (a machine that went down, an editor) is left
// out with a message, and measured again. A file of another format is started anew.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sleight::kernels {

// "convolution forward; input 32x56x56x64; type bfloat16; ..." Names and values are single lines without tabs or
// semicolons; anything else becomes a space.
class TuningKey {
 public:
  explicit TuningKey(std::string_view operation);
  TuningKey& add(std::string_view name, std::string_view value);
  TuningKey& add(std::string_view name, std::int64_t value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct TuningEntry {
  std::string choice;         // the library's algorithm, in whatever words its owner can read again
  double microseconds = 0.0;  // median when it was measured; 0: chosen without measuring
  std::int64_t workspace_bytes = 0;

  friend bool operator==(const TuningEntry&, const TuningEntry&) = default;
};

class TuningCache {
 public:
  using Report = std::function<void(const std::string&)>;

  // Without a file ("") entries live as long as the object. Otherwise reads what the file holds; it need not exist, but
  // its folder must. `report` is told of damaged lines. Throws std::runtime_error when the file cannot be read.
  explicit TuningCache(std::string file = "", Report report = {});

  std::optional<TuningEntry> find(const TuningKey&) const;
  // Replaces an older entry for the key. Throws std::runtime_error when the file cannot be written, and
  // std::invalid_argument for a choice with a tab or a line break.
  void remember(const TuningKey&, const TuningEntry&);
  std::size_t size() const { return entries_.size(); }

 private:
  void read(const std::string& text, const Report& report);

  std::string file_;
  std::map<std::string, TuningEntry, std::less<>> entries_;
};

}  // namespace sleight::kernels
