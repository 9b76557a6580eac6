#include "engine/report/confusion.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "engine/report/text.h"

namespace sleight {

namespace {

constexpr std::size_t listed_confusions = 8;
constexpr std::size_t listed_classes = 40;

std::int64_t row_sum(std::span<const std::int64_t> counts, std::size_t classes, std::size_t row) {
  const auto begin = counts.begin() + static_cast<std::ptrdiff_t>(row * classes);
  return std::accumulate(begin, begin + static_cast<std::ptrdiff_t>(classes), std::int64_t{0});
}

double share(std::int64_t part, std::int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

// Shortens names that are too long, by characters and not bytes, so that no UTF-8 sequence is cut.
std::string shortened(const std::string& name, std::size_t limit) {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if ((static_cast<unsigned char>(name[i]) & 0xC0U) == 0x80U) continue;
    if (++characters > limit) return name.substr(0, i) + "\xE2\x80\xA6";  // an ellipsis
  }
  return name;
}

}  // namespace

std::string draw_confusion_matrix(std::span<const std::string> class_names, std::span<const std::int64_t> counts) {
  const std::size_t classes = class_names.size();
  if (classes < 2 || classes > largest_drawn_confusion ||
      std::ranges::none_of(counts, [](std::int64_t count) { return count > 0; })) {
    return "";
  }
  constexpr double label_room = 92;
  constexpr double size = 470;
  const double cell = size / static_cast<double>(classes);
  const double font = std::clamp(cell * 0.7, 6.0, 11.5);
  const auto number = [](double value) { return format_number("%.1f", value); };
  std::string svg;
  for (std::size_t row = 0; row < classes; ++row) {
    const std::int64_t total = row_sum(counts, classes, row);
    const double top = label_room + static_cast<double>(row) * cell;
    const std::string name = html_escaped(shortened(class_names[row], 14));
    svg += "<text text-anchor=end x=" + number(label_room - 7) + " y=" + number(top + cell / 2 + font / 3) + ">" +
           name + "</text>";
    const double middle = label_room + (static_cast<double>(row) + 0.5) * cell;
    svg += "<text transform=\"translate(" + number(middle + font / 3) + " " + number(label_room - 7) +
           ") rotate(-90)\">" + name + "</text>";
    for (std::size_t column = 0; column < classes; ++column) {
      const std::int64_t count = counts[row * classes + column];
      const double fraction = share(count, total);
      const double x = label_room + static_cast<double>(column) * cell;
      const bool is_right = row == column;
      // The square root makes small shares visible, which are the interesting ones; the diagonal would drown them.
      const double opacity = is_right ? fraction * 0.85 : std::sqrt(fraction) * 0.95;
      svg += "<g><title>" + html_escaped(class_names[row]) + " taken for " + html_escaped(class_names[column]) + ": " +
             format_count(count) + " of " + format_count(total) + "</title><rect x=" + number(x) + " y=" + number(top) +
             " width=" + number(cell - 1.5) + " height=" + number(cell - 1.5) + " rx=2 class=empty />";
      if (count > 0) {
        svg += "<rect x=" + number(x) + " y=" + number(top) + " width=" + number(cell - 1.5) +
               " height=" + number(cell - 1.5) + " rx=2 class=" + (is_right ? "right" : "wrong") +
               " fill-opacity=" + format_number("%.3f", opacity) + " />";
        if (classes <= 12) {
          svg += "<text class=share text-anchor=middle x=" + number(x + cell / 2 - 0.75) +
                 " y=" + number(top + cell / 2 + 3) + ">" +
                 format_number(fraction < 0.00995 ? "%.1f" : "%.0f", 100 * fraction) + "</text>";
        }
      }
      svg += "</g>";
    }
  }
  const std::string extent = number(label_room + size);
  return "<figure class=\"card matrix\"><figcaption><h3>Confusion matrix</h3><div class=legend>rows: what it is, "
         "columns: what "
         "the network says" +
         std::string(classes <= 12 ? ", in percent of the row" : "") + "</div></figcaption><svg viewBox=\"0 0 " +
         extent + " " + extent + "\" font-size=" + number(font) + ">" + svg + "</svg></figure>\n";
}

std::string draw_top_confusions(std::span<const std::string> class_names, std::span<const std::int64_t> counts) {
  const std::size_t classes = class_names.size();
  struct Confusion {
    std::size_t truth, said;
    std::int64_t count;
  };
  std::vector<Confusion> confusions;
  for (std::size_t row = 0; row < classes; ++row) {
    for (std::size_t column = 0; column < classes; ++column) {
      const std::int64_t count = counts[row * classes + column];
      if (row != column && count > 0) confusions.push_back({row, column, count});
    }
  }
  if (confusions.empty()) return "";
  std::ranges::stable_sort(confusions, std::greater{}, &Confusion::count);
  confusions.resize(std::min(confusions.size(), listed_confusions));
  std::string rows;
  for (const auto& [truth, said, count] : confusions) {
    rows += "<tr><td>" + html_escaped(class_names[truth]) + "</td><td>" + html_escaped(class_names[said]) +
            "</td><td class=number>" + format_count(count) + "</td><td class=number>" +
            format_percent(share(count, row_sum(counts, classes, truth))) + "</td></tr>";
  }
  return "<figure class=card><figcaption><h3>Most frequent confusions</h3></figcaption><table><tr><th>it "
         "is</th><th>taken "
         "for</th><th class=number>images</th><th class=number>of its class</th></tr>" +
         rows + "</table></figure>\n";
}

std::string draw_class_accuracy(std::span<const std::string> class_names, std::span<const std::int64_t> counts) {
  const std::size_t classes = class_names.size();
  struct ClassAccuracy {
    std::size_t index;
    double accuracy;
  };
  std::vector<ClassAccuracy> accuracies;
  for (std::size_t row = 0; row < classes; ++row) {
    const std::int64_t total = row_sum(counts, classes, row);
    if (total > 0) accuracies.push_back({row, share(counts[row * classes + row], total)});
  }
  if (accuracies.empty()) return "";
  std::ranges::stable_sort(accuracies, std::less{}, &ClassAccuracy::accuracy);
  const std::size_t shown = std::min(accuracies.size(), listed_classes);
  std::string rows;
  for (const auto& [index, accuracy] : std::span(accuracies).first(shown)) {
    rows += "<div class=bar><span>" + html_escaped(class_names[index]) +
            "</span><i><b style=\"width:" + format_percent(accuracy) + "\"></b></i><em>" + format_percent(accuracy) +
            "</em></div>";
  }
  const std::string title = shown < accuracies.size() ? "Accuracy per class: the weakest " + std::to_string(shown) +
                                                            " of " + std::to_string(accuracies.size())
                                                      : "Accuracy per class";
  return "<figure class=card><figcaption><h3>" + title + "</h3></figcaption>" + rows + "</figure>\n";
}

}  // namespace sleight
