#include "engine/run/log_window.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace sleight {

namespace {

using nlohmann::json;

// JSON has no NaN; the library writes null.
double number_in(const json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

}  // namespace

std::string window_to_json(const LogWindow& window, const std::vector<Scalar>& task_sums) {
  json sums = json::array();
  for (const Scalar& sum : task_sums)
    sums.push_back({sum.name, sum.value});
  return json{{"steps", window.steps}, {"loss", window.loss_sum}, {"sums", sums}}.dump();
}

RestoredWindow window_from_json(const std::string& text) {
  RestoredWindow restored;
  try {
    const json object = json::parse(text);
    restored.window.steps = object.at("steps").get<std::int64_t>();
    restored.window.loss_sum = number_in(object.at("loss"));
    for (const json& sum : object.at("sums"))
      restored.task_sums.push_back({sum.at(0).get<std::string>(), number_in(sum.at(1))});
  } catch (const json::exception&) {
    fail("the checkpoint's entry 'window', the sums since the last line of metrics.jsonl, is damaged; start a new run");
  }
  return restored;
}

}  // namespace sleight
