#include "engine/data/synthetic/shape.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <vector>

#include "engine/base/error.h"

namespace sleight {

namespace {

struct Point {
  double x = 0.0, y = 0.0;
};

double dot(Point a, Point b) {
  return a.x * b.x + a.y * b.y;
}

// The nearest edge gives the distance; the number of edges that a ray to the left crosses gives the sign.
double polygon_distance(std::span<const Point> corners, Point p) {
  double nearest = 1e30;
  bool inside = false;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const Point a = corners[i];
    const Point b = corners[(i + 1) % corners.size()];
    const Point edge{b.x - a.x, b.y - a.y};
    const Point from{p.x - a.x, p.y - a.y};
    const double along = std::clamp(dot(from, edge) / dot(edge, edge), 0.0, 1.0);
    const Point gap{from.x - along * edge.x, from.y - along * edge.y};
    nearest = std::min(nearest, dot(gap, gap));
    if ((a.y > p.y) != (b.y > p.y) && p.x < a.x + edge.x * (p.y - a.y) / edge.y) inside = !inside;
  }
  return inside ? -std::sqrt(nearest) : std::sqrt(nearest);
}

// Corners alternate between the two radii; equal radii make a regular polygon.
std::vector<Point> star_polygon(int corners, double outer, double inner) {
  std::vector<Point> points;
  for (int i = 0; i < corners; ++i) {
    const double angle = 2.0 * std::numbers::pi * i / corners;
    const double radius = i % 2 == 0 ? outer : inner;
    points.push_back({radius * std::sin(angle), -radius * std::cos(angle)});
  }
  return points;
}

std::vector<Point> heart_polygon() {
  std::vector<Point> points;
  for (int i = 0; i < 24; ++i) {
    const double t = 2.0 * std::numbers::pi * i / 24;
    const double height = 13 * std::cos(t) - 5 * std::cos(2 * t) - 2 * std::cos(3 * t) - std::cos(4 * t);
    points.push_back({16 * std::pow(std::sin(t), 3) / 16, -height / 16});
  }
  return points;
}

double circle_distance(Point p, Point center, double radius) {
  return std::hypot(p.x - center.x, p.y - center.y) - radius;
}

}  // namespace

double synthetic_shape_distance(int shape, double x, double y) {
  static const std::vector<Point> arrow = {{-0.95, -0.25}, {0.1, -0.25}, {0.1, -0.7},  {0.95, 0.0},
                                           {0.1, 0.7},     {0.1, 0.25},  {-0.95, 0.25}};
  static const std::vector<Point> cross = {{-0.28, -0.9}, {0.28, -0.9}, {0.28, -0.28}, {0.9, -0.28},
                                           {0.9, 0.28},   {0.28, 0.28}, {0.28, 0.9},   {-0.28, 0.9},
                                           {-0.28, 0.28}, {-0.9, 0.28}, {-0.9, -0.28}, {-0.28, -0.28}};
  static const std::vector<Point> heart = heart_polygon();
  static const std::vector<Point> hexagon = star_polygon(6, 0.9, 0.9);
  static const std::vector<Point> square = {{-0.72, -0.72}, {0.72, -0.72}, {0.72, 0.72}, {-0.72, 0.72}};
  static const std::vector<Point> star = star_polygon(10, 1.0, 0.42);
  static const std::vector<Point> triangle = star_polygon(3, 1.0, 1.0);
  const Point p{x, y};
  switch (shape) {
    case 0:
      return polygon_distance(arrow, p);
    case 1:
      return std::max(circle_distance(p, {}, 0.9), -circle_distance(p, {0.5, 0.0}, 0.72));
    case 2:
      return polygon_distance(cross, p);
    case 3:
      return circle_distance(p, {}, 0.85);
    case 4:
      return polygon_distance(heart, p);
    case 5:
      return polygon_distance(hexagon, p);
    case 6:
      return std::abs(circle_distance(p, {}, 0.68)) - 0.22;
    case 7:
      return polygon_distance(square, p);
    case 8:
      return polygon_distance(star, p);
    case 9:
      return polygon_distance(triangle, p);
    default:
      fail("no generated shape has number ", shape);
  }
}

}  // namespace sleight
