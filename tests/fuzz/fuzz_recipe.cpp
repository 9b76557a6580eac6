// Any text as a recipe file: read or refused with an Error, and what is read comes back from a recipe of our own.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/options.h"

namespace {

// A setting of every type and of every kind of limit.
struct Settings {
  bool nesterov = true;
  int threads = 0;
  std::int64_t epochs = 90;
  std::uint64_t seed = 1;
  double momentum = 0.9;
  std::string data;
  std::vector<std::string> images;
  std::optional<bool> mixing;
  std::optional<int> classes;
  std::optional<std::int64_t> batch_size;
  std::optional<double> learning_rate;
  std::optional<std::string> schedule;
  std::optional<std::vector<double>> milestones;

  void declare(sleight::OptionList& options) {
    options.add("nesterov", nesterov, "");
    options.add("threads", threads, "").range(0, 1024);
    options.add("epochs", epochs, "").positive();
    options.add("seed", seed, "");
    options.add("momentum", momentum, "").not_negative().below(1.0);
    options.add("data", data, "");
    options.add("images", images, "");
    options.add("mixing", mixing, "").alias("mix");
    options.add("classes", classes, "");
    options.add("batch-size", batch_size, "").positive();
    options.add("learning-rate", learning_rate, "").positive();
    options.add("schedule", schedule, "").one_of({"cosine", "step"});
    options.add("milestones", milestones, "").not_negative();
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Settings first, second;
  sleight::OptionList read, again;
  first.declare(read);
  second.declare(again);
  try {
    read.read({reinterpret_cast<const char*>(data), size}, "recipe.toml");
    read.check();
  } catch (const sleight::Error&) {
    return 0;
  }
  // No Error may leave this.
  again.read(sleight::recipe_text("train", read.settings()), "written again");
  if (again.settings() != read.settings()) std::abort();
  return 0;
}
