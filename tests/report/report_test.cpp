#include "engine/report/report.h"
#include "engine/base/format_bytes.h"

#include <cmath>
#include <limits>

#include "catch2_adapter.h"
#include "engine/report/chart.h"
#include "engine/report/confusion.h"
#include "engine/report/text.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"
#include "tests/folders.h"
#include "tests/report/report_example.h"

namespace sleight {

namespace {

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++count;
  return count;
}

std::vector<ChartPoint> line_of(int points) {
  std::vector<ChartPoint> line;
  for (int i = 0; i < points; ++i)
    line.push_back({1.0 * i, 2.0 * i});
  return line;
}

}  // namespace

TEST_CASE("the report draws whatever parts of a loss the metrics hold, and the loss scale is none") {
  ReportData data{.title = "parts"};
  MetricsLine line{.step = 1, .epoch = 1.0, .values = {{"train/loss", 3.0}, {"train/loss_scale", 1024.0}}};
  CHECK_FALSE(contains(make_report({.title = "none", .metrics = {line}}), "Parts of the loss"));
  std::vector<std::string> parts;
  for (const char* part : {"anchors", "box", "center", "mask", "objectness", "rpn_box", "zoom"}) {
    parts.push_back(part);
    line.values.push_back({"train/loss_" + parts.back(), 0.5});
  }
  data.metrics = {line, line};
  const std::string page = make_report(data);
  CHECK(contains(page, "<h3>Parts of the loss</h3>"));
  for (std::size_t i = 0; i < parts.size(); ++i) {
    INFO(parts[i]);
    const std::string color = "color" + std::to_string(i % chart_colors);
    CHECK(contains(page, "<i class=\"" + color + "\"></i>" + parts[i] + " <b>"));
    CHECK(contains(page, "--" + color + ": "));
  }
  CHECK_FALSE(contains(page, "</i>scale <b>"));
}

TEST_CASE("the example report is whole, needs nothing from outside and is kept to be looked at") {
  const std::string page = make_report(example_report());
  write_file_atomically(binary_folder() / "example_report.html", page);
  for (const char* part :
       {"<!DOCTYPE html>", "cifar_resnet20 on CIFAR-10", "<h3>Loss</h3>", "<h3>Accuracy</h3>",
        "<h3>Top-5 accuracy</h3>", "<h3>Learning rate</h3>", "<h3>Speed</h3>", "Receipts", "mean lambda 0.499",
        "What the network sees", "Confusion matrix", "Most frequent confusions", "Accuracy per class", "Recipe",
        "272,474", "peak memory", "611 MiB", "prefers-color-scheme: dark"}) {
    CAPTURE(part);
    CHECK(contains(page, part));
  }
  CHECK(count_of(page, "src=\"data:image/png;base64,iVBORw0KGgo") == 16);
  CHECK(count_of(page, "src=") == 16);
  for (const char* outside : {"http:", "https:", "//cdn", "@import", "url(", "<link"}) {
    CAPTURE(outside);
    CHECK(!contains(page, outside));
  }
  for (const char* broken : {"nan", "inf\"", ">-0<"}) {
    CAPTURE(broken);
    CHECK(!contains(page, broken));
  }
  for (const char* element :
       {"div", "figure", "svg", "table", "tr", "td", "main", "header", "g", "dl", "span", "style"}) {
    CAPTURE(element);
    const std::string name = element;
    CHECK(count_of(page, "<" + name + ">") + count_of(page, "<" + name + " ") == count_of(page, "</" + name + ">"));
  }
  CHECK(page.size() < 1'000'000);
}

TEST_CASE("a report holds its style sheet and its script as they are in the repository") {
  const std::string page = make_report({.title = "t"});
  for (const char* asset : {"report.css", "report.js"}) {
    const std::string text = read_text_file(source_folder() / "engine/report" / asset);
    CAPTURE(asset);
    CHECK(text.size() > 1000);
    CHECK(contains(page, text));
  }
}

TEST_CASE("a report of a resumed run's metrics file is the report of the metrics in memory") {
  const TemporaryFolder folder;
  ReportData data = example_report();
  {
    RunLog log(folder.path());
    for (const MetricsLine& line : data.metrics) {
      if (line.step <= 2000) log.scalars(line.step, line.epoch, line.values);
    }
    log.scalars(2500, 6, {{std::string(metric_names::validation_top1), 0.99}});  // after the checkpoint: lost
  }
  {
    RunLog log(folder.path(), 2000);
    for (const MetricsLine& line : data.metrics) {
      if (line.step > 2000) log.scalars(line.step, line.epoch, line.values);
    }
  }
  std::vector<MetricsLine> metrics = read_metrics(folder / "metrics.jsonl");
  REQUIRE(metrics.size() == data.metrics.size());
  for (std::size_t i = 0; i < metrics.size(); ++i)
    metrics[i].seconds = data.metrics[i].seconds;
  const std::string expected = make_report(data);
  data.metrics = metrics;
  CHECK((make_report(data) == expected));
}

TEST_CASE("a report of nothing but a title is a page without sections") {
  const std::string page = make_report({.title = "<script>alert(\"x\")</script> & 'y'"});
  CHECK(contains(page, "<h1>&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt; &amp; &#39;y&#39;</h1>"));
  CHECK(!contains(page, "<h2>"));
  CHECK(!contains(page, "<figure"));
  CHECK(!contains(page, "class=cards"));
}

TEST_CASE("whatever a folder or a file is called, the page stays a page") {
  const std::string evil = "</style><script>x</script>\"'&";
  ReportData data = example_report();
  data.status = evil;
  data.recipe = {{evil, evil}};
  data.receipts = {{evil, evil}};
  data.class_names[3] = evil;
  data.predictions[0].label = evil;
  data.predictions[1].predicted = evil;
  const std::string page = make_report(data);
  CHECK(count_of(page, "<script>") == 1);
  CHECK(count_of(page, "</style>") == 1);
  CHECK(contains(page, "&lt;/style&gt;&lt;script&gt;x&lt;/script&gt;&quot;&#39;&amp;"));
}

TEST_CASE("the summary of a run") {
  const std::string top1(metric_names::validation_top1);
  const std::string ema(metric_names::ema_top1);
  const std::string speed(metric_names::images_per_second);
  const std::string loss(metric_names::train_loss);
  const double nan = std::nan("");
  const std::vector<MetricsLine> metrics = {{1, 0.5, 3, {{speed, 10}, {loss, 2}}},
                                            {2, 1, 6, {{top1, 0.5}, {ema, 0.4}, {speed, 100}}},
                                            {3, 1.5, 9, {{loss, nan}, {speed, 110}, {top1, nan}}},
                                            {4, 2, 12, {{top1, 0.45}, {ema, 0.6}, {speed, nan}}}};
  const RunSummary summary = summarize(metrics);
  CHECK(summary.best_score == 0.6);
  CHECK(summary.best_is_ema);
  CHECK(summary.best_epoch == 2);
  CHECK(summary.epochs == 2);
  CHECK(summary.seconds == 12);
  CHECK(summary.images_per_second == 100);
  CHECK(summary.non_finite_values == 1);
  CHECK(!summarize({}).best_score);
  CHECK(!summarize({}).images_per_second);

  const std::string page = make_report({.title = "t", .metrics = metrics});
  CHECK(contains(page, "best top-1, epoch 2, EMA</span><b>60.00%"));
  CHECK(contains(page, "1 logged loss is not finite"));
  CHECK(!contains(page, "nan"));
}

TEST_CASE("axis marks are round numbers inside the axis") {
  CHECK(axis_marks(0, 10, 5) == std::vector<double>{0, 2, 4, 6, 8, 10});
  CHECK(axis_marks(0.11, 2.4, 5) == std::vector<double>{0.5, 1.0, 1.5, 2.0});
  for (const auto& [low, high] :
       {std::pair(0.0, 1e-7), std::pair(-3.0, 7e9), std::pair(0.7312, 0.9377), std::pair(1e5, 1e5 + 1)}) {
    CAPTURE(low, high);
    const auto marks = axis_marks(low, high, 5);
    CHECK(marks.size() >= 2);
    CHECK(marks.size() <= 6);
    CHECK(marks.front() >= low - (high - low) * 1e-6);
    CHECK(marks.back() <= high + (high - low) * 1e-6);
  }
  CHECK(axis_marks(1, 1, 5).empty());
  CHECK(axis_marks(2, 1, 5).empty());
  CHECK(axis_marks(0, std::nan(""), 5).empty());
  CHECK(axis_marks(0, std::numeric_limits<double>::infinity(), 5).empty());
}

TEST_CASE("a chart is drawn to scale") {
  const std::string chart =
      draw_chart({.title = "T", .from_zero = true, .series = {{.name = "s", .points = line_of(2)}}});
  // The drawing is 560 x 250 with margins of 50, 14, 12, 36; 2 is not quite at the top, for air.
  CHECK(contains(chart, "d=\"M50.0 214.0h.01L546.0 23.4\""));
  CHECK(contains(chart, "<b>2</b>"));
  CHECK(contains(chart, "&quot;points&quot;:[[0,0,50.0,214.0],[1,2,546.0,23.4]]"));
  CHECK(contains(chart, ">epoch</text>"));
  // The small one is 350 x 180.
  const std::string small =
      draw_chart({.title = "T", .from_zero = true, .is_small = true, .series = {{.name = "s", .points = line_of(2)}}});
  CHECK(contains(small, "d=\"M50.0 144.0h.01L336.0 19.5\""));
  CHECK(contains(small, "viewBox=\"0 0 350.0 180.0\""));
}

TEST_CASE("the horizontal axis has whole epochs, or percent where it is said") {
  const auto marks = [](const Chart& chart) {
    const std::string svg = draw_chart(chart);
    std::vector<std::string> found;
    const std::string_view opening = "<text text-anchor=middle";
    for (std::size_t at = svg.find(opening); at != std::string::npos; at = svg.find(opening, at + 1)) {
      const std::size_t begin = svg.find('>', at) + 1;
      found.push_back(svg.substr(begin, svg.find('<', begin) - begin));
    }
    return found;
  };
  const auto named = [](std::vector<ChartPoint> points) {
    return std::vector<ChartSeries>{{.name = "s", .points = std::move(points)}};
  };
  CHECK(marks({.title = "T", .series = named({{1, 1}, {2, 2}, {3, 2}})}) ==
        std::vector<std::string>{"0", "1", "2", "3"});
  CHECK(marks({.title = "T", .series = named(line_of(11))}) == std::vector<std::string>{"0", "2", "4", "6", "8", "10"});
  CHECK(marks({.title = "T", .series = named({{0, 1}, {1, 2}})}) == std::vector<std::string>{"0", "0.5", "1"});
  const Chart recall{.title = "T",
                     .x_name = "recall",
                     .x_unit = ChartUnit::percent,
                     .series = {{.name = "s", .points = {{0.1, 1}, {0.6, 0.5}}}}};
  CHECK(marks(recall) == std::vector<std::string>{"0%", "20%", "40%", "60%", "80%", "100%"});
  CHECK(contains(draw_chart(recall), "data-x-unit=percent"));
  CHECK(contains(draw_chart(recall), ">recall</text>"));
}

TEST_CASE("a recipe's texts are shown without the quotation marks of its file") {
  const std::string page = make_report({.title = "t", .recipe = {{"model", "\"resnet18\""}, {"odd", "\""}}});
  CHECK(contains(page, "<dd>resnet18</dd>"));
  CHECK(contains(page, "<dd>&quot;</dd>"));
}

TEST_CASE("charts of little or strange data are drawn, and of none are not") {
  const double nan = std::nan("");
  CHECK(draw_chart({.title = "T", .series = {}}) == "");
  CHECK(draw_chart({.title = "T", .series = {{.name = "s", .points = {{1, nan}, {nan, 1}}}}}) == "");
  const std::string one = draw_chart({.title = "T", .series = {{.name = "s", .points = {{3, 5}}, .mark_best = true}}});
  CHECK(contains(one, "<circle"));
  CHECK(!contains(one, "nan"));
  // A gap where a value is lost: the pen is lifted.
  const std::string gap =
      draw_chart({.title = "T", .series = {{.name = "s", .points = {{0, 1}, {1, 2}, {2, nan}, {3, 2}}}}});
  CHECK(count_of(gap, "h.01") == 2);
  CHECK(!contains(gap, "nan"));
  const std::string huge = draw_chart({.title = "T", .series = {{.name = "s", .points = {{0, -1e300}, {1, 1e300}}}}});
  CHECK(!contains(huge, "inf"));
}

TEST_CASE("long curves are thinned without losing their ends' levels or their gaps") {
  std::vector<ChartPoint> points = line_of(100'000);
  points[50'000].y = std::nan("");
  const std::string chart = draw_chart({.title = "T", .series = {{.name = "s", .points = points}}});
  CHECK(chart.size() < 40'000);
  CHECK(count_of(chart, "h.01") == 2);
  CHECK(count_of(chart, "L") >= 396);
}

TEST_CASE("a confusion matrix shows shares of rows, and names the worst pairs first") {
  const std::vector<std::string> names = {"cat", "dog", "eel"};
  const std::vector<std::int64_t> counts = {90, 10, 0, 30, 70, 0, 0, 0, 0};
  const std::string matrix = draw_confusion_matrix(names, counts);
  CHECK(contains(matrix, "<title>dog taken for cat: 30 of 100</title>"));
  CHECK(contains(matrix, "<title>eel taken for eel: 0 of 0</title>"));
  CHECK(!contains(matrix, "nan"));
  const std::string top = draw_top_confusions(names, counts);
  CHECK(top.find("<td>dog</td><td>cat</td><td class=number>30</td><td class=number>30.0%</td>") <
        top.find("<td>cat</td><td>dog</td><td class=number>10</td><td class=number>10.0%</td>"));
  CHECK(contains(top, "<td>cat</td><td>dog</td>"));
  const std::string accuracy = draw_class_accuracy(names, counts);
  CHECK(accuracy.find("dog") < accuracy.find("cat"));
  CHECK(contains(accuracy, "<em>70.0%</em>"));
  CHECK(!contains(accuracy, "eel"));

  const std::vector<std::int64_t> none(9, 0);
  CHECK(draw_confusion_matrix(names, none) == "");
  CHECK(draw_top_confusions(names, none) == "");
  CHECK(draw_class_accuracy(names, none) == "");
}

TEST_CASE("a thousand classes give tables, not an image of a million cells") {
  ReportData data{.title = "t"};
  for (int i = 0; i < 1000; ++i)
    data.class_names.push_back("class " + std::to_string(i));
  data.confusion.assign(1'000'000, 0);
  for (std::size_t i = 0; i < 1000; ++i) {
    data.confusion[i * 1000 + i] = 40 + static_cast<std::int64_t>(i % 10);
    data.confusion[i * 1000 + (i + 1) % 1000] = static_cast<std::int64_t>(i == 500 ? 9 : 1);
  }
  const std::string page = make_report(data);
  CHECK(!contains(page, "Confusion matrix"));
  CHECK(contains(page, "<td>class 500</td><td>class 501</td><td class=number>9</td>"));
  CHECK(contains(page, "the weakest 40 of 1000"));
  CHECK(page.size() < 60'000);

  data.confusion.pop_back();
  CHECK(contains(error_message([&] { make_report(data); }), "1000 classes"));
}

TEST_CASE("numbers of the report are written as people read them") {
  CHECK(format_count(0) == "0");
  CHECK(format_count(999) == "999");
  CHECK(format_count(1234567) == "1,234,567");
  CHECK(format_count(-1000) == "-1,000");
  CHECK(format_count(-100) == "-100");
  CHECK(format_bytes(312LL << 20U) == "312 MiB");
  CHECK(format_bytes(3LL << 29U) == "1.50 GiB");
  CHECK(format_percent(0.92345) == "92.3%");
  CHECK(format_number("%.3g", 1e300) == "1e+300");
}

}  // namespace sleight
