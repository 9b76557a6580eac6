// A program to look at: as text, as a graph (Graphviz DOT), and its arena as an image (SVG).
#pragma once

#include <string>

#include "engine/program/plan.h"
#include "engine/program/program.h"

namespace sleight {

// One line per step: number, phase, layer, operation, inputs -> outputs, attributes.
std::string to_text(const Program& program);

// Steps as boxes, values as arrows labeled with their types. Persistent values are drawn as notes.
std::string to_dot(const Program& program);

// What a plan needs, as a table for a person: the totals, and the largest blocks that are alive at its peak.
std::string memory_table(const Program& program, const MemoryPlan& plan, std::int64_t persistent_bytes);

// Time (steps) to the right, memory (offsets) upwards; one rectangle per block, colored by phase of its first writer.
// Hovering shows what it is.
std::string arena_to_svg(const Program& program, const MemoryPlan& plan);

}  // namespace sleight
