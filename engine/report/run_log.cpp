#include "engine/report/run_log.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace sleight {

namespace {

using nlohmann::json;

const json& field_of(const json& object, const char* name) {
  const auto found = object.find(name);
  check(found != object.end(), "it has no '", name, "'");
  return *found;
}

double number_in(const json& value, std::string_view name) {
  check(value.is_number(), "its ", shown(name), " is ", shown(value.dump()), ", not a number");
  return value.get<double>();
}

// Throws Error that says what of the line is wrong.
MetricsLine parse_line(std::string_view text) {
  const json object = json::parse(text, nullptr, false);
  check(object.is_object(), shown(text), " is no JSON object");
  MetricsLine line;
  const json& step = field_of(object, "step");
  check(step.is_number_integer() && number_in(step, "step") < 0x1p63, "its \"step\" is ", shown(step.dump()),
        ", not a whole number");
  line.step = step.get<std::int64_t>();
  line.epoch = number_in(field_of(object, "epoch"), "epoch");
  line.seconds = number_in(field_of(object, "seconds"), "seconds");
  const json& values = field_of(object, "values");
  check(values.is_object(), "its \"values\" is ", shown(values.dump()), ", not a JSON object");
  for (const auto& [name, value] : values.items()) {
    // Runs of before the spelling changed go on, and their curve with them.
    const std::string known = name == "train/loss_centre" ? "train/loss_center" : name;
    line.values.push_back({known, value.is_null() ? std::numeric_limits<double>::quiet_NaN() : number_in(value, name)});
  }
  return line;
}

struct LineInFile {
  MetricsLine line;
  std::size_t end = 0;  // the position after its line break
};

std::vector<LineInFile> lines_in(std::string_view text, const std::string& origin) {
  std::vector<LineInFile> lines;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', begin)) {
    try {
      lines.push_back({parse_line(text.substr(begin, end - begin)), end + 1});
    } catch (const Error& error) {
      fail(origin, ", line ", lines.size() + 1, ": not a line of metrics (", error.what(),
           "); repair or remove this line");
    }
    begin = end + 1;
  }
  return lines;
}

std::vector<LineInFile> read_lines(const std::filesystem::path& path) {
  return lines_in(read_text_file(path), path.string());
}

std::filesystem::path prepared(const std::filesystem::path& folder, std::optional<std::int64_t> resumed_step) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  check(!error, "cannot make the folder ", folder, ": ", error.message(), "; choose another one with --out");
  const std::filesystem::path path = folder / metrics_file_name;
  if (resumed_step) cut_event_files(folder, *resumed_step);  // before a new one is opened
  // A run that ended before its first line leaves an empty file; overwriting it loses no metrics.
  check(resumed_step || !std::filesystem::exists(path) || std::filesystem::is_empty(path), "the folder ", folder,
        " already holds a run; resume it with --resume or choose another folder with --out");
  return path;
}

std::optional<std::int64_t> next_step(std::optional<std::int64_t> step) {
  return step ? std::optional(*step + 1) : std::nullopt;
}

}  // namespace

std::optional<double> MetricsLine::find(std::string_view name) const {
  for (const Scalar& scalar : values) {
    if (scalar.name == name) return scalar.value;
  }
  return std::nullopt;
}

std::vector<MetricsLine> parse_metrics(std::string_view text, const std::string& origin) {
  std::vector<MetricsLine> lines;
  for (LineInFile& line : lines_in(text, origin))
    lines.push_back(std::move(line.line));
  return lines;
}

std::vector<MetricsLine> read_metrics(const std::filesystem::path& path) {
  return parse_metrics(read_text_file(path), path.string());
}

RunLog::RunLog(const std::filesystem::path& folder) : RunLog(folder, std::optional<std::int64_t>()) {}

RunLog::RunLog(const std::filesystem::path& folder, std::int64_t resumed_step)
    : RunLog(folder, std::optional(resumed_step)) {}

RunLog::RunLog(const std::filesystem::path& folder, std::optional<std::int64_t> resumed_step)
    : folder_(folder), metrics_(prepared(folder, resumed_step)), tensorboard_(folder, next_step(resumed_step)) {
  if (!resumed_step) return;
  std::size_t kept = 0;
  for (const LineInFile& line : read_lines(folder / metrics_file_name)) {
    if (line.line.step > *resumed_step) break;
    kept = line.end;
    last_step_ = line.line.step;
    earlier_seconds_ = line.line.seconds;
  }
  metrics_.truncate(kept);
}

void RunLog::scalars(std::int64_t step, double epoch, const std::vector<Scalar>& values) {
  check(step >= last_step_, "metrics of step ", step, " after those of step ", last_step_,
        ": the lines would not be in order, and a resume would cut the wrong ones");
  last_step_ = step;
  json line_values = json::object();
  // The JSON library writes null for a value that is not finite.
  for (const Scalar& scalar : values)
    line_values[scalar.name] = scalar.value;
  // Writes the line field by field: an object would sort its keys, and readers want the step first.
  const std::string line = R"({"step":)" + std::to_string(step) + R"(,"epoch":)" + json(epoch).dump() +
                           R"(,"seconds":)" + json(std::round(seconds() * 1000) / 1000).dump() + R"(,"values":)" +
                           line_values.dump() + "}\n";
  metrics_.write(line);
  for (const Scalar& scalar : values)
    tensorboard_.scalar(step, scalar.name, scalar.value);
}

void RunLog::image(std::int64_t step, std::string_view tag, int width, int height, std::span<const std::byte> png) {
  tensorboard_.image(step, tag, width, height, png);
}

}  // namespace sleight
