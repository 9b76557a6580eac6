// Detections and objects, grouped for matching: a detection can only match an object of its own image and class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/metrics/detection.h"

namespace sleight {

// The treatment of objects that a detector is not expected to find (difficult ones, crowds).
enum class Treatment : std::uint8_t {
  ignored,   // neither missed nor found: a detection that matches one does not count
  counted,   // like any other object
  left_out,  // as if it were not annotated: a detection of it is a false positive
};

// The extent of a box whose right and bottom edge are x and y.
enum class PixelEdges : std::uint8_t {
  continuous,  // to x and y: the width is right - left
  inclusive,   // to the far edge of pixel x and y: the width is right - left + 1
};

// Each throws Error naming the choices.
Treatment parse_treatment(const std::string& name);     // "ignored", "counted", "left-out"
PixelEdges parse_pixel_edges(const std::string& name);  // "continuous", "inclusive"
std::string name_of(Treatment treatment);
std::string name_of(PixelEdges edges);

struct MatchingOptions {
  Treatment difficult = Treatment::ignored;
  Treatment crowd = Treatment::ignored;
  PixelEdges edges = PixelEdges::continuous;
};

// An object in the form that matching uses, after the options: edges are continuous.
struct MatchableObject {
  Box box;
  double area = 0.0;         // of its outline, or of its box if the outline is unknown; decides the size range
  bool is_ignored = false;   // difficult or crowd, with Treatment::ignored
  bool is_crowd = false;     // surrounds many: overlap is relative to the detection's area, and it matches repeatedly
  std::size_t position = 0;  // in GroundTruth::objects
};

// A detection in the form that matching uses.
struct RankedDetection {
  Box box;
  double score = 0.0;
  double area = 0.0;
  std::size_t position = 0;  // in the list of detections
};

// One class of one image.
struct DetectionGroup {
  std::int64_t image = 0;
  std::vector<MatchableObject> objects;     // in the order of the annotation
  std::vector<RankedDetection> detections;  // best score first; equal scores in the order of the list
};

struct ClassGroups {
  std::vector<DetectionGroup> groups;  // by image; images with neither are left out
  std::int64_t objects = 0;            // that count: not ignored
  std::int64_t detections = 0;
};

// One entry per class. Throws Error, naming the detection, for a score that is not a number, a box that is not finite,
// and an image or class that does not exist.
std::vector<ClassGroups> group_detections(const GroundTruth& truth, std::span<const Detection> detections,
                                          const MatchingOptions& options);

// Intersection over union. For a crowd: intersection over the detection's area, because a detection inside a crowd is
// right however large the crowd is. 0 if they do not intersect.
double overlap(const RankedDetection& detection, const MatchableObject& object);

}  // namespace sleight
