#include "engine/program/print.h"

#include <algorithm>
#include <array>
#include <iomanip>
#include <sstream>

#include "engine/base/format_bytes.h"
#include "engine/program/operation.h"

namespace sleight {

namespace {

constexpr std::string_view name_of(Phase phase) {
  constexpr std::array<std::string_view, 3> names = {"forward", "backward", "update"};
  return names[static_cast<std::size_t>(phase)];
}

constexpr std::string_view color_of(Phase phase) {
  constexpr std::array<std::string_view, 3> colors = {"#4c8bf5", "#e8833a", "#58a55c"};
  return colors[static_cast<std::size_t>(phase)];
}

// Text inside XML, and inside DOT's quoted strings.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

}  // namespace

std::string to_text(const Program& program) {
  std::ostringstream text;
  const auto print_values = [&](const std::vector<ValueId>& ids) {
    constexpr std::size_t shown = 9;
    for (std::size_t i = 0; i < ids.size() && i < shown; ++i) {
      text << (i > 0 ? ", " : "");
      if (ids[i] == no_value) {
        text << "-";
      } else {
        text << "%" << ids[i] << ":" << to_string(program.value(ids[i]).type);
      }
    }
    if (ids.size() > shown) text << ", ... (" << ids.size() << ")";
  };
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    text << std::setw(5) << i << "  " << std::left << std::setw(9) << name_of(step.phase) << std::setw(26)
         << (step.name.empty() ? "-" : step.name) << " " << std::setw(32) << step.operation->name << std::right << " ";
    print_values(step.inputs);
    text << " -> ";
    print_values(step.outputs);
    const std::string attributes = step.attributes.to_string();
    if (!attributes.empty()) text << "  {" << attributes << "}";
    text << "\n";
  }
  for (const ValueId result : program.results) {
    text << "result %" << result << " " << program.value(result).name << ": " << to_string(program.value(result).type)
         << "\n";
  }
  return text.str();
}

std::string to_dot(const Program& program) {
  std::ostringstream dot;
  dot << "digraph program {\n  rankdir=TB; node [shape=box, style=filled, fontname=\"sans-serif\", fontsize=10];\n"
         "  edge [fontname=\"sans-serif\", fontsize=8];\n";
  const Uses uses(program);
  std::vector<bool> drawn(program.values.size());
  for (std::size_t i = 0; i < program.steps.size(); ++i) {
    const Step& step = program.steps[i];
    dot << "  s" << i << " [label=\"" << step.operation->name << "\\n"
        << escaped(step.name) << "\", fillcolor=\"" << color_of(step.phase) << "33\"];\n";
    for (const ValueId input : step.inputs) {
      if (input == no_value) continue;
      const std::int32_t producer = uses.producer(input);
      const Value& value = program.value(input);
      if (producer >= 0) {
        dot << "  s" << producer << " -> s" << i << " [label=\"" << to_string(value.type) << "\"];\n";
        continue;
      }
      if (!drawn[input]) {
        dot << "  v" << input << " [shape=note, fillcolor=\"#eeeeee\", label=\"" << escaped(value.name) << "\\n"
            << to_string(value.type) << "\"];\n";
        drawn[input] = true;
      }
      dot << "  v" << input << " -> s" << i << ";\n";
    }
  }
  dot << "}\n";
  return dot.str();
}

std::string memory_table(const Program& program, const MemoryPlan& plan, std::int64_t persistent_bytes) {
  std::ostringstream text;
  text << "  " << std::setw(12) << format_bytes(persistent_bytes) << "  parameters, optimizer and running statistics\n"
       << "  " << std::setw(12) << format_bytes(plan.arena_bytes)
       << "  arena (activations, gradients, workspaces), of which " << format_bytes(plan.live_bytes_at_peak)
       << " are in use at once";
  const auto peak = static_cast<std::size_t>(plan.peak_step);
  if (peak >= program.steps.size()) return text.str();
  text << " in step " << peak << ", " << program.steps[peak].operation->name << " '" << program.steps[peak].name
       << "':";
  // The value that gives a block its name is the first that lives in it.
  std::vector<std::string> names(plan.blocks.size(), "workspace");
  for (std::size_t i = program.values.size(); i-- > 0;) {
    if (plan.block_of_value[i] != MemoryPlan::no_block) {
      names[plan.block_of_value[i]] = program.values[i].name + " " + to_string(program.values[i].type);
    }
  }
  std::vector<std::size_t> alive;
  for (std::size_t i = 0; i < plan.blocks.size(); ++i) {
    if (plan.blocks[i].first_step <= plan.peak_step && plan.peak_step <= plan.blocks[i].last_step) alive.push_back(i);
  }
  std::stable_sort(alive.begin(), alive.end(),
                   [&](std::size_t a, std::size_t b) { return plan.blocks[a].bytes > plan.blocks[b].bytes; });
  constexpr std::size_t shown = 10;
  for (std::size_t i = 0; i < alive.size() && i < shown; ++i)
    text << "\n  " << std::setw(12) << format_bytes(plan.blocks[alive[i]].bytes) << "  " << names[alive[i]];
  if (alive.size() > shown) text << "\n  and " << alive.size() - shown << " smaller ones";
  return text.str();
}

std::string arena_to_svg(const Program& program, const MemoryPlan& plan) {
  constexpr double width = 1200.0;
  constexpr double height = 640.0;
  constexpr double margin = 50.0;
  const double step_width = width / static_cast<double>(program.steps.size() + 1);
  const double byte_height = height / static_cast<double>(std::max<std::int64_t>(1, plan.arena_bytes));

  std::vector<std::string> names(plan.blocks.size());
  for (std::size_t v = 0; v < program.values.size(); ++v) {
    const std::int32_t block = plan.block_of_value[v];
    if (block == MemoryPlan::no_block) continue;
    std::string& name = names[block];
    name += (name.empty() ? "" : ", then ") + program.values[v].name + " " + to_string(program.values[v].type);
  }
  for (std::size_t s = 0; s < program.steps.size(); ++s) {
    const std::int32_t block = plan.block_of_workspace[s];
    if (block == MemoryPlan::no_block) continue;
    names[block] = "workspace of " + std::string(program.steps[s].operation->name) + " " + program.steps[s].name;
  }

  std::ostringstream svg;
  svg << std::fixed << std::setprecision(2);
  svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width + 2 * margin << " " << height + 2 * margin
      << "\" font-family=\"sans-serif\" font-size=\"13\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n";
  svg << "<text x=\"" << margin << "\" y=\"" << margin * 0.6 << "\">arena " << format_bytes(plan.arena_bytes)
      << ", most alive at once " << format_bytes(plan.live_bytes_at_peak) << " (step " << plan.peak_step << " of "
      << program.steps.size()
      << "); steps to the right, memory upwards; blue forward, orange backward, green update</text>\n";
  for (std::size_t b = 0; b < plan.blocks.size(); ++b) {
    const Lifetime& life = plan.blocks[b];
    const auto first = static_cast<std::size_t>(life.first_step);
    const Phase phase = first < program.steps.size() ? program.steps[first].phase : Phase::forward;
    const double block_height = static_cast<double>(life.bytes) * byte_height;
    svg << "<rect x=\"" << margin + static_cast<double>(life.first_step) * step_width << "\" y=\""
        << margin + height - static_cast<double>(plan.offsets[b]) * byte_height - block_height << "\" width=\""
        << static_cast<double>(life.last_step - life.first_step + 1) * step_width << "\" height=\"" << block_height
        << "\" fill=\"" << color_of(phase) << "\" fill-opacity=\"0.55\" stroke=\"white\" stroke-width=\"0.4\"><title>"
        << escaped(names[b]) << ", " << format_bytes(life.bytes) << ", steps " << life.first_step << " to "
        << life.last_step << "</title></rect>\n";
  }
  svg << "</svg>\n";
  return svg.str();
}

}  // namespace sleight
