#include "engine/report/chart.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "engine/report/text.h"

namespace sleight {

namespace {

// The drawing's size in its own units: about its pixels on a page of full width, so that text has the same size in all
// charts.
constexpr double width = 560, height = 250;
constexpr double small_width = 350, small_height = 180;
constexpr double left = 50, right = 14, top = 12, bottom = 36;
constexpr std::size_t maximum_points = 400;

struct Range {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void include(double value) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
};

bool is_finite(const ChartPoint& point) {
  return std::isfinite(point.x) && std::isfinite(point.y);
}

// Means of equal stretches of points. A stretch with a value that is not finite is not finite: the gap must remain.
std::vector<ChartPoint> thinned(const std::vector<ChartPoint>& points) {
  if (points.size() <= maximum_points) return points;
  std::vector<ChartPoint> kept;
  for (std::size_t i = 0; i < maximum_points; ++i) {
    const std::size_t begin = i * points.size() / maximum_points;
    const std::size_t end = (i + 1) * points.size() / maximum_points;
    ChartPoint mean;
    for (std::size_t j = begin; j < end; ++j) {
      mean.x += points[j].x / static_cast<double>(end - begin);
      mean.y += points[j].y / static_cast<double>(end - begin);
    }
    kept.push_back(mean);
  }
  return kept;
}

// The mean of a window around each point. Unlike a running mean, it does not lag behind the curve. Toward the ends the
// window narrows equally on both sides.
std::vector<ChartPoint> smoothed(const std::vector<ChartPoint>& points) {
  const std::size_t reach = std::max<std::size_t>(2, points.size() / 40);
  std::vector<ChartPoint> means;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t side = std::min({reach, i, points.size() - 1 - i});
    double sum = 0;
    std::size_t count = 0;
    for (std::size_t j = i - side; j <= i + side; ++j) {
      if (!is_finite(points[j])) continue;
      sum += points[j].y;
      ++count;
    }
    // A value that is not finite remains a gap.
    means.push_back({points[i].x, is_finite(points[i]) ? sum / static_cast<double>(count) : points[i].y});
  }
  return means;
}

std::string value_text(double value, ChartUnit unit) {
  return unit == ChartUnit::percent ? format_percent(value) : format_number("%.4g", value);
}

std::string mark_text(double value, ChartUnit unit) {
  return unit == ChartUnit::percent ? format_number("%.4g%%", 100 * value) : format_number("%.4g", value);
}

class Drawing {
 public:
  Drawing(Range x, Range y, const Chart& chart)
      : x_(x),
        y_(y),
        chart_(chart),
        width_(chart.is_small ? small_width : width),
        height_(chart.is_small ? small_height : height) {}

  double x_of(double value) const { return left + (value - x_.low) / (x_.high - x_.low) * (width_ - left - right); }
  double y_of(double value) const {
    return height_ - bottom - (value - y_.low) / (y_.high - y_.low) * (height_ - top - bottom);
  }

  std::string axes() const {
    std::string svg;
    for (const double mark : axis_marks(y_.low, y_.high, 5)) {
      const std::string y = coordinate(y_of(mark));
      svg += "<line class=grid x1=" + coordinate(left) + " x2=" + coordinate(width_ - right) + " y1=" + y + " y2=" + y +
             " /><text text-anchor=end x=" + coordinate(left - 7) + " y=" + coordinate(y_of(mark) + 3.5) + ">" +
             mark_text(mark, chart_.unit) + "</text>";
    }
    for (const double mark : axis_marks(x_.low, x_.high, x_marks())) {
      svg += "<text text-anchor=middle x=" + coordinate(x_of(mark)) + " y=" + coordinate(height_ - bottom + 17) + ">" +
             mark_text(mark, chart_.x_unit) + "</text>";
    }
    svg += "<text class=name text-anchor=middle x=" + coordinate((left + width_ - right) / 2) +
           " y=" + coordinate(height_ - 3) + ">" + html_escaped(chart_.x_name) + "</text>";
    return svg;
  }

  // One path per curve, with a gap where a value is not finite.
  std::string curve(const std::vector<ChartPoint>& points, const std::string& attributes) const {
    std::string path;
    bool pen_is_down = false;
    for (const ChartPoint& point : points) {
      if (is_finite(point)) {
        path += (pen_is_down ? "L" : "M") + coordinate(x_of(point.x)) + " " + coordinate(y_of(point.y));
        // A path of a single point would be invisible.
        if (!pen_is_down) path += "h.01";
      }
      pen_is_down = is_finite(point);
    }
    return path.empty() ? "" : "<path " + attributes + " d=\"" + path + "\" />";
  }

  std::string view_box() const { return "0 0 " + coordinate(width_) + " " + coordinate(height_); }

  static std::string coordinate(double value) { return format_number("%.1f", value); }

 private:
  // Whole epochs, if there are any.
  int x_marks() const {
    const int most = chart_.is_small ? 5 : 8;
    return chart_.x_unit == ChartUnit::percent
               ? most
               : static_cast<int>(std::clamp(std::floor(x_.high - x_.low), 2.0, static_cast<double>(most)));
  }

  Range x_, y_;
  const Chart& chart_;
  double width_, height_;
};

std::optional<ChartPoint> best_of(const std::vector<ChartPoint>& points) {
  std::optional<ChartPoint> best;
  for (const ChartPoint& point : points) {
    if (is_finite(point) && (!best || point.y > best->y)) best = point;
  }
  return best;
}

// For the script: {"name":..., "color":..., "points":[[x, y, drawn x, drawn y], ...]}.
std::string series_data(const ChartSeries& series, const std::vector<ChartPoint>& points, const Drawing& drawing) {
  std::string text = R"({"name":")";
  for (const char character : series.name) {
    if (character == '"' || character == '\\') text += '\\';
    text += character;
  }
  text += R"(","color":)" + std::to_string(series.color) + R"(,"points":[)";
  bool is_first = true;
  for (const ChartPoint& point : points) {
    if (!is_finite(point)) continue;
    text += (is_first ? "[" : ",[") + format_number("%.6g", point.x) + "," + format_number("%.6g", point.y) + "," +
            Drawing::coordinate(drawing.x_of(point.x)) + "," + Drawing::coordinate(drawing.y_of(point.y)) + "]";
    is_first = false;
  }
  return text + "]}";
}

// Adds a margin around the curves; a flat curve gets a band of its own size.
Range widened(Range range, bool from_zero) {
  const double size = range.high - range.low;
  const double air = size > 0 ? 0.06 * size : std::max(std::abs(range.high) * 0.1, 1e-6);
  // Values that cannot be negative get no axis below 0.
  const double low = range.low >= 0 ? std::max(0.0, range.low - air) : range.low - air;
  return {from_zero ? std::min(0.0, range.low) : low, range.high + air};
}

}  // namespace

std::vector<double> axis_marks(double low, double high, int count) {
  if (!(high > low) || !std::isfinite(high - low)) return {};
  const double raw = (high - low) / count;
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * power >= raw) step = factor * power;
  }
  std::vector<double> marks;
  for (double index = std::ceil(low / step - 1e-9); index * step <= high + step * 1e-9; ++index) {
    marks.push_back(index * step + 0.0);  // + 0.0 turns -0 into 0
  }
  return marks;
}

std::string draw_chart(const Chart& chart) {
  Range x;
  Range y;
  for (const ChartSeries& series : chart.series) {
    for (const ChartPoint& point : series.points) {
      if (!is_finite(point)) continue;
      x.include(point.x);
      y.include(point.y);
    }
  }
  if (!(x.low <= x.high)) return "";
  if (chart.x_unit == ChartUnit::percent)
    x = {std::min(0.0, x.low), std::max(1.0, x.high)};  // the whole range, so that charts of classes are comparable
  else if (x.low == x.high)
    x = {x.low - 0.5, x.high + 0.5};
  else if (x.low > 0 && x.low <= 0.5 * x.high)
    x.low = 0;  // training starts at 0, even if the first value is later
  const Drawing drawing(x, widened(y, chart.from_zero), chart);

  std::string legend;
  std::string curves;
  std::string data;
  for (const ChartSeries& series : chart.series) {
    if (std::ranges::none_of(series.points, is_finite)) continue;
    std::vector<ChartPoint> points = thinned(series.points);
    const std::string color = "color" + std::to_string(series.color);
    if (series.is_noisy && points.size() > 30) {
      curves += drawing.curve(points, "class=\"faint " + color + "\"");
      points = smoothed(points);
    }
    curves += drawing.curve(points, "class=\"curve " + color + "\"");
    const auto best = best_of(points);
    if (series.mark_best && best) {
      curves += "<circle class=\"" + color + "\" r=4 cx=" + Drawing::coordinate(drawing.x_of(best->x)) +
                " cy=" + Drawing::coordinate(drawing.y_of(best->y)) + " />";
    }
    const auto last = std::ranges::find_if(points.rbegin(), points.rend(), is_finite);
    legend += "<span><i class=\"" + color + "\"></i>" + html_escaped(series.name);
    if (last != points.rend()) legend += " <b>" + value_text(last->y, chart.unit) + "</b>";
    legend += "</span>";
    data += (data.empty() ? "" : ",") + series_data(series, points, drawing);
  }
  return "<figure class=\"card chart\" data-unit=" +
         std::string(chart.unit == ChartUnit::percent ? "percent" : "number") + " data-x=\"" +
         html_escaped(chart.x_name) +
         "\" data-x-unit=" + std::string(chart.x_unit == ChartUnit::percent ? "percent" : "number") +
         " data-series=\"" + html_escaped("[" + data + "]") + "\"><figcaption><h3>" + html_escaped(chart.title) +
         "</h3><div class=legend>" + legend + "</div></figcaption><svg viewBox=\"" + drawing.view_box() +
         "\" role=img aria-label=\"" + html_escaped(chart.title) + "\">" + drawing.axes() + curves +
         "<line class=pointer hidden />" + "</svg><div class=tip hidden></div></figure>\n";
}

}  // namespace sleight
