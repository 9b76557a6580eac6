#include "engine/report/run_log.h"

#include <cmath>
#include <limits>

#include "catch2_adapter.h"
#include "tests/base/error_message.h"
#include "tests/base/temporary_folder.h"

namespace sleight {

namespace {

std::string without_seconds(std::string text) {
  for (std::size_t begin = text.find(",\"seconds\":"); begin != std::string::npos;
       begin = text.find(",\"seconds\":", begin)) {
    text.erase(begin, text.find(",\"values\"", begin) - begin);
  }
  return text;
}

}  // namespace

TEST_CASE("metrics are one JSON object a line, there at once") {
  const TemporaryFolder folder;
  RunLog log(folder / "runs/first");
  log.scalars(1, 0.25, {{"train/loss", 2.5}, {"train/learning_rate", 0.1}});
  const std::string first = "{\"step\":1,\"epoch\":0.25,\"values\":{\"train/learning_rate\":0.1,\"train/loss\":2.5}}\n";
  CHECK(without_seconds(read_text_file(folder / "runs/first/metrics.jsonl")) == first);
  log.scalars(2, 1,
              {{"quote\"", 1.0 / 3}, {"lost", std::nan("")}, {"beyond", std::numeric_limits<double>::infinity()}});
  CHECK(without_seconds(read_text_file(folder / "runs/first/metrics.jsonl")) ==
        first +
            "{\"step\":2,\"epoch\":1.0,\"values\":{\"beyond\":null,\"lost\":null,\"quote\\\"\":0.3333333333333333}}\n");

  const auto lines = read_metrics(folder / "runs/first/metrics.jsonl");
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].step == 1);
  CHECK(lines[0].epoch == 0.25);
  CHECK(lines[0].find("train/loss") == 2.5);
  CHECK(!lines[0].find("train/los"));
  CHECK(lines[1].find("quote\"") == 1.0 / 3);
  REQUIRE(lines[1].find("lost"));
  CHECK(std::isnan(*lines[1].find("lost")));
  CHECK(contains(error_message([&] { log.scalars(1, 1, {}); }), "metrics of step 1 after those of step 2"));
}

TEST_CASE("a run is not begun where another one is") {
  const TemporaryFolder folder;
  { RunLog log(folder.path()); }
  // Nothing was logged: nothing to lose.
  {
    RunLog log(folder.path());
    log.scalars(1, 0, {});
  }
  const std::string message = error_message([&] { RunLog log(folder.path()); });
  CAPTURE(message);
  CHECK(contains(message, folder.path().string()));
  CHECK(contains(message, "--resume"));
  CHECK(read_metrics(folder / "metrics.jsonl").size() == 1);

  write_file_atomically(folder / "file", "");
  CHECK(contains(error_message([&] { RunLog log(folder / "file/run"); }), "cannot make the folder"));
}

TEST_CASE("a resumed run's metrics have no line twice and none of the lost steps") {
  const TemporaryFolder folder;
  {
    RunLog log(folder.path());
    for (int step = 1; step <= 9; ++step)
      log.scalars(step, step, {{"value", 1.0 * step}});
    log.scalars(9, 9, {{"validation", 9}});
  }
  // A process that dies in the middle of a line leaves its beginning.
  AppendFile(folder / "metrics.jsonl").write("{\"step\":10,\"epo");
  CHECK(read_metrics(folder / "metrics.jsonl").size() == 10);

  for (const int resumed : {9, 6, 6, 0}) {
    CAPTURE(resumed);
    {
      RunLog log(folder.path(), resumed);
      if (resumed > 0) CHECK(contains(error_message([&] { log.scalars(resumed - 1, 0, {}); }), "after those of step"));
      log.scalars(resumed + 1, resumed + 1, {{"value", 100.0 + resumed}});
    }
    const auto lines = read_metrics(folder / "metrics.jsonl");
    REQUIRE(lines.size() == static_cast<std::size_t>(resumed == 9 ? 11 : resumed + 1));
    CHECK(lines.back().step == resumed + 1);
    CHECK(lines.back().find("value") == 100.0 + resumed);
  }
}

TEST_CASE("training time goes on over a resume") {
  const TemporaryFolder folder;
  write_file_atomically(folder / "metrics.jsonl",
                        "{\"step\":5,\"epoch\":1,\"seconds\":1000.5,\"values\":{}}\n"
                        "{\"step\":6,\"epoch\":1,\"seconds\":2000.5,\"values\":{}}\n");
  RunLog log(folder.path(), 5);
  CHECK(log.seconds() >= 1000.5);
  CHECK(log.seconds() < 1900);
  log.scalars(6, 1, {});
  CHECK(read_metrics(folder / "metrics.jsonl").back().seconds >= 1000.5);
}

TEST_CASE("metrics with an older name of a part of the loss are read under the name of today") {
  const TemporaryFolder folder;
  write_file_atomically(folder.path() / metrics_file_name,
                        std::string_view(R"({"epoch": 1, "seconds": 2, "step": 3, "values": {"train/loss_centre": 4}})"
                                         "\n"));
  const std::vector<MetricsLine> lines = read_metrics(folder.path() / metrics_file_name);
  REQUIRE(lines.size() == 1);
  CHECK(lines.front().find("train/loss_center") == std::optional<double>(4.0));
  CHECK_FALSE(lines.front().find("train/loss_centre"));
}

TEST_CASE("a damaged line of metrics is named and nothing is cut") {
  const TemporaryFolder folder;
  const std::string good = "{\"step\":1,\"epoch\":1,\"seconds\":1,\"values\":{}}\n";
  for (const std::string bad : {"{\"step\":2,\n", "\n", "[]\n", "{\"step\":2}\n", "3\n",
                                "{\"step\":\"2\",\"epoch\":1,\"seconds\":1,\"values\":{}}\n",
                                "{\"step\":2,\"epoch\":1,\"seconds\":1,\"values\":{\"a\":\"b\"}}\n",
                                "{\"step\":1.5,\"epoch\":1,\"seconds\":1,\"values\":{}}\n",
                                "{\"step\":2,\"epoch\":1,\"seconds\":1,\"values\":[1]}\n"}) {
    CAPTURE(bad);
    write_file_atomically(folder / "metrics.jsonl", good + bad + good);
    const std::string message = error_message([&] { read_metrics(folder / "metrics.jsonl"); });
    CHECK(contains(message, "metrics.jsonl"));
    CHECK(contains(message, "line 2"));
    CHECK_FALSE(contains(message, "exception"));
    CHECK(error_message([&] { RunLog log(folder.path(), 1); }) == message);
    CHECK(read_text_file(folder / "metrics.jsonl") == good + bad + good);
  }
}

}  // namespace sleight
