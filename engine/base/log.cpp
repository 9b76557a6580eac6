#include "engine/base/log.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace sleight {

namespace {

constexpr std::string_view erase_line = "\r\x1b[K";  // to the first column, then clear to the end

// One call, so that lines of several processes sharing a terminal do not mix either.
void put(std::FILE* output, const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), output);
  std::fflush(output);
}

}  // namespace

Log& Log::standard() {
  // Never destroyed: destructors of other statics may still have something to say.
  static Log& log = *std::make_unique<Log>(stderr, isatty(STDERR_FILENO) == 1).release();
  return log;
}

void Log::message(std::string_view message) {
  const std::string text = printable(message, LineBreaks::kept);
  const std::lock_guard lock(mutex_);
  std::string output;
  if (!status_line_.empty()) output += erase_line;
  output += text + "\n" + status_line_;
  put(output_, output);
  if (file_ == nullptr) return;
  try {
    file_->write(text + "\n");
  } catch (const Error& error) {
    file_.reset();
    put(output_, (status_line_.empty() ? std::string() : std::string(erase_line)) +
                     "warning: the log goes on without its file: " + error.what() + "\n" + status_line_);
  }
}

void Log::also_to_file(const std::filesystem::path& path) {
  auto file = std::make_unique<AppendFile>(path);
  const std::lock_guard lock(mutex_);
  file_ = std::move(file);
}

void Log::close_file() {
  const std::lock_guard lock(mutex_);
  file_.reset();
}

void Log::set_status_line(std::string_view line) {
  if (!is_terminal_) return;
  const std::lock_guard lock(mutex_);
  status_line_ = line;
  put(output_, std::string(erase_line) + status_line_);
}

void Log::clear_status_line() {
  const std::lock_guard lock(mutex_);
  if (status_line_.empty()) return;
  status_line_.clear();
  put(output_, std::string(erase_line));
}

void Log::keep_status_line() {
  const std::lock_guard lock(mutex_);
  if (status_line_.empty()) return;
  status_line_.clear();
  put(output_, "\n");
}

int Log::width() const {
  winsize size{};
  if (ioctl(fileno(output_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace sleight
