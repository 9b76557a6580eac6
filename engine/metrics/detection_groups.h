// Detections and objects sorted for matching: a detection can only match an object of its own image and class.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "engine/metrics/detection.h"

namespace sleight {

// What becomes of a kind of object (difficult ones, crowds) that a detector is not expected to find.
enum class Treatment : std::uint8_t {
  ignored,   // neither missed nor found: a detection that matches one is left out of all counts
  counted,   // an object like any other
  left_out,  // as if it were not annotated: a detection of it is a false positive
};

// Where a box ends whose right and bottom edge are x and y.
enum class PixelEdges : std::uint8_t {
  continuous,  // at x and y: it is right - left wide
  inclusive,   // behind pixel x and y: it is right - left + 1 wide
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

// An object as matching sees it, after the options: edges are continuous now.
struct MatchableObject {
  Box box;
  double area = 0.0;         // of its outline, or of its box where no outline is known; decides what is small or large
  bool is_ignored = false;   // difficult or crowd, with Treatment::ignored
  bool is_crowd = false;     // surrounds many: overlap is by the detection's area, and it matches more than once
  std::size_t position = 0;  // in GroundTruth::objects
};

// A detection as matching sees it.
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

// One entry per class. Throws Error for a score that is not a number, a box that is not finite, and an image or class
// that does not exist, naming the detection.
std::vector<ClassGroups> group_detections(const GroundTruth& truth, std::span<const Detection> detections,
                                          const MatchingOptions& options);

// Shared by united area; for a crowd shared by the detection's area, for a detection inside one is right however
// large the crowd is. 0 when nothing is shared.
double overlap(const RankedDetection& detection, const MatchableObject& object);

}  // namespace sleight
