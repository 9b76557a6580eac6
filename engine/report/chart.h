// Curves, over epochs most of the time, as inline SVG.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sleight {

struct ChartPoint {
  double x = 0;
  double y = 0;
};

inline constexpr int chart_colors = 6;  // in the page's palette

struct ChartSeries {
  std::string name;
  int color = 0;                        // below chart_colors
  std::vector<ChartPoint> points = {};  // x not decreasing; a value that is not finite breaks the line
  bool is_noisy = false;                // drawn faint, with its local mean on top
  bool mark_best = false;               // a ring on the highest point
};

enum class ChartUnit { number, percent };

struct Chart {
  std::string title;
  ChartUnit unit = ChartUnit::number;
  bool from_zero = false;        // the vertical axis begins at 0
  std::string x_name = "epoch";  // written below the axis, and with the values under the pointer
  ChartUnit x_unit = ChartUnit::number;
  bool is_small = false;  // one of three in a row of the page instead of two
  std::vector<ChartSeries> series = {};
};

// A <figure> with title, legend and curves; empty text when no series has a finite point. At most 400 points per curve
// are kept, each the mean of its neighborhood. The page's script shows values under the pointer from its data-series
// attribute.
std::string draw_chart(const Chart& chart);

// Positions for about `count` marks on an axis: multiples of 1, 2 or 5 times a power of ten inside [low, high].
std::vector<double> axis_marks(double low, double high, int count);

}  // namespace sleight
