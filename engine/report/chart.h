// Curves as inline SVG, mostly over epochs.
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
  std::string x_name = "epoch";  // below the axis, and next to the values at the pointer
  ChartUnit x_unit = ChartUnit::number;
  bool is_small = false;  // three in a row of the page instead of two
  std::vector<ChartSeries> series = {};
};

// A <figure> with title, legend and curves; empty if no series has a finite point. Each curve keeps at most 400 points,
// each the mean of its neighborhood. The page's script shows values at the pointer, from the figure's data-series
// attribute.
std::string draw_chart(const Chart& chart);

// Positions for about `count` marks on an axis: multiples of 1, 2 or 5 times a power of ten inside [low, high].
std::vector<double> axis_marks(double low, double high, int count);

}  // namespace sleight
