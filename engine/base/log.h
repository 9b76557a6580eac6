// Messages for users: one line each, on stderr and optionally also in a file. Any thread may log; lines never
// mix. A status line (the progress display) may be below the messages; a message goes above it without tearing it.
#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>

#include "engine/base/file.h"

namespace sleight {

class Log {
 public:
  // `is_terminal`: the status line is drawn, and redrawn after each message; otherwise it is ignored.
  Log(std::FILE* output, bool is_terminal) : output_(output), is_terminal_(is_terminal) {}

  // The log of this process, on stderr.
  static Log& standard();

  // Control characters of names in it are shown as '?' (printable() in text.h).
  void message(std::string_view message);
  // Appends every message from now on to the file as well. If the file cannot be written any more (a full disk), that
  // is said once, and messages go on to the terminal alone: a log must not end a run. Throws Error if it cannot be
  // opened.
  void also_to_file(const std::filesystem::path& path);
  void close_file();

  // Draws the line in place of the previous one; it must not hold a line break and must fit into width() columns.
  void set_status_line(std::string_view line);
  // Takes the status line away: what is printed next begins on an empty line.
  void clear_status_line();
  // Leaves the status line standing as it is and goes on below it.
  void keep_status_line();

  bool is_terminal() const { return is_terminal_; }
  // Columns of the terminal now (it may be resized); 80 when unknown.
  int width() const;

 private:
  std::mutex mutex_;
  std::FILE* output_;
  bool is_terminal_;
  std::string status_line_;
  std::unique_ptr<AppendFile> file_;
};

// log_info("read ", count, " images from ", path)
template <class... Parts>
void log_info(const Parts&... parts) {
  std::ostringstream text;
  (text << ... << parts);
  Log::standard().message(text.str());
}

// Something is wrong, but the run goes on.
template <class... Parts>
void log_warning(const Parts&... parts) {
  log_info("warning: ", parts...);
}

}  // namespace sleight
