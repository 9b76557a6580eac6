// The detector that tools/quickstart.sh shows must be worth showing.
#include <algorithm>

#include "catch2_adapter.h"
#include "engine/report/run_log.h"
#include "tests/base/temporary_folder.h"
#include "tests/folders.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

TEST_CASE("the quickstart's detector learns to find shapes, in a fifth of its training") {
  const TemporaryFolder scratch;
  const auto recipe = (source_folder() / "tools/quickstart_detector.toml").string();
  require_success(run_tool_process(
      "train_detector", {"--config", recipe, "--synthetic-images", "1440", "--epochs", "2", "--evaluation-epochs", "2",
                         "--threads", "2", "--out", (scratch / "run").string()}));
  const std::vector<MetricsLine> metrics = read_metrics(scratch / "run" / "metrics.jsonl");
  const auto last = std::find_if(metrics.rbegin(), metrics.rend(), [](const MetricsLine& line) {
    return line.find(metric_names::validation_map).has_value();
  });
  REQUIRE(last != metrics.rend());
  // The whole training reaches 78 to 79%. These 2,880 images brought 38 to 45% in seven runs (seeds, numbers of threads,
  // with sanitizers and without) and 26% in an eighth: so early, the last bit of a sum decides much.
  const double floor = 0.20;
  REQUIRE(*last->find(metric_names::validation_map) >= floor);
}
