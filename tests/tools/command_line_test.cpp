// The class through which every tool declares its flags: what --help says of them, what is refused, and with which
// words.
#include "tools/common/command_line.h"

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

// The flags of a tool that does not exist: one of each kind.
struct Flags {
  std::string device = "cpu", name, precision = "fp32";
  int threads = 3;
  std::int64_t batch_size = 64;
  std::uint64_t seed = 1;
  double overlap = 0.5;
  std::vector<std::string> pictures;
  std::optional<std::string> schedule;
  std::optional<int> replay_threads;
  std::optional<std::int64_t> epochs;
  std::optional<double> momentum;
  std::optional<std::vector<double>> milestones;
  bool graphs = true;
  std::optional<bool> nesterov;
  bool unfused = false, everything = false;

  CommandLine command_line{"What the tool does."};
  std::string output, errors;

  Flags() {
    command_line.add_option("pictures", pictures, "Files").required();
    command_line.add_option("--device", device, "Where");
    command_line.add_option("--name", name, "Of nothing");
    command_line.add_option("--precision", precision, "How").one_of({"fp32", "bf16"});
    command_line.add_option("--threads", threads, "Threads").not_negative();
    command_line.add_option("--batch-size", batch_size, "Pictures").range(1, 4096);
    command_line.add_option("--seed", seed, "Seed").check([](const std::string& text) {
      return text.starts_with('-') ? "must not be negative" : "";
    });
    command_line.add_option("--overlap", overlap, "Part").range(0.0, 1.0);
    command_line.add_option("--schedule", schedule, "Schedule");
    command_line.add_option("--replay-threads", replay_threads, "Threads").positive();
    command_line.add_option("--epochs", epochs, "Epochs");
    command_line.add_option("--momentum", momentum, "Momentum");
    command_line.add_option("--milestones", milestones, "Epochs").separated_by(',');
    command_line.add_flag("--graphs,!--no-graphs", graphs, "Graphs");
    command_line.add_flag("--nesterov,!--no-nesterov", nesterov, "Nesterov");
    command_line.add_flag("--unfused", unfused, "Unfused");
    command_line.add_flag("--everything", everything, "Everything").excludes("--unfused");
    command_line.add_settings_file("--config", "File of settings");
  }

  // "picture.png" and these.
  std::optional<int> parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "picture.png");
    return parse_only(arguments);
  }

  std::optional<int> parse_only(const std::vector<std::string>& arguments) {
    std::ostringstream standard_output, standard_error;
    const std::optional<int> status = command_line.parse(arguments, standard_output, standard_error);
    output = standard_output.str();
    errors = standard_error.str();
    return status;
  }
};

// The words are the parser's; which flag it was, and what was wrong with it, must be among them.
void refuse(const std::vector<std::string>& arguments, const std::vector<std::string>& parts) {
  Flags flags;
  const std::optional<int> status = flags.parse(arguments);
  INFO(arguments.front());
  INFO(flags.errors);
  CHECK(status.value_or(0) != 0);
  CHECK(flags.output.empty());
  for (const std::string& part : parts) {
    INFO(part);
    CHECK(contains(flags.errors, part));
  }
}

// The line of --help that says what a flag is called and takes.
std::string help_of(const std::string& help, const std::string& name) {
  const std::size_t start = help.find("\n  " + name);
  return start == std::string::npos ? "" : help.substr(start + 1, help.find('\n', start + 1) - start - 1);
}

}  // namespace

TEST_CASE("--help shows each flag with its default, and no default where there is none") {
  Flags flags;
  CHECK(flags.parse({"--help"}) == std::optional<int>(0));
  CHECK(flags.errors.empty());
  INFO(flags.output);
  CHECK(flags.output.starts_with("What the tool does.\n"));
  for (const auto& [name, part] : {std::pair("--device", "cpu"),
                                   {"--precision", "{fp32,bf16}"},
                                   {"--threads", "3"},
                                   {"--batch-size", "[1 - 4096]"},
                                   {"--batch-size", "64"},
                                   {"--seed", "1"},
                                   {"--overlap", "0.5"},
                                   {"--graphs", "--no-graphs"},
                                   {"--nesterov", "--no-nesterov"},
                                   {"--everything", "Excludes: --unfused"},
                                   {"pictures", "REQUIRED"}}) {
    INFO(name << ' ' << part);
    CHECK(contains(help_of(flags.output, name), part));
  }
  for (const char* name : {"--name", "--schedule", "--replay-threads", "--epochs", "--momentum", "--milestones",
                           "--nesterov", "--unfused", "pictures"}) {
    const std::string line = help_of(flags.output, name);
    INFO(name << ": " << line);
    CHECK_FALSE(line.empty());
    CHECK_FALSE((contains(line, "=") || contains(line, "[]")));
  }
}

TEST_CASE("what is not given stays as it was") {
  Flags flags;
  REQUIRE_FALSE(flags.parse({}));
  CHECK((flags.output + flags.errors).empty());
  CHECK(flags.pictures == std::vector<std::string>{"picture.png"});
  CHECK((flags.device == "cpu" && flags.threads == 3 && flags.batch_size == 64 && flags.overlap == 0.5));
  CHECK(flags.graphs);
  CHECK_FALSE(
      (flags.schedule || flags.replay_threads || flags.epochs || flags.momentum || flags.milestones || flags.nesterov));
}

TEST_CASE("every kind of value arrives") {
  Flags flags;
  REQUIRE_FALSE(flags.parse({"second.png",       "--device=simt",
                             "--threads",        "0",
                             "--batch-size",     "4096",
                             "--seed",           "18446744073709551615",
                             "--overlap",        "1",
                             "--schedule",       "step",
                             "--replay-threads", "2",
                             "--epochs",         "5000000000",
                             "--momentum",       "0.25",
                             "--milestones",     "1.5,2",
                             "--no-graphs",      "--nesterov",
                             "--everything"}));
  CHECK(flags.pictures == std::vector<std::string>{"picture.png", "second.png"});
  CHECK((flags.device == "simt" && flags.threads == 0 && flags.batch_size == 4096 && flags.overlap == 1.0));
  CHECK(flags.seed == UINT64_MAX);
  CHECK(flags.schedule == std::optional<std::string>("step"));
  CHECK(flags.replay_threads == std::optional<int>(2));
  CHECK(flags.epochs == std::optional<std::int64_t>(5000000000));
  CHECK(flags.momentum == std::optional<double>(0.25));
  CHECK(flags.milestones == std::optional<std::vector<double>>({1.5, 2.0}));
  CHECK_FALSE(flags.graphs);
  CHECK(flags.nesterov == std::optional<bool>(true));
  CHECK(flags.everything);
}

TEST_CASE("a switch is turned on and off by its two names, or by a value") {
  for (const auto& [argument, expected] : {std::pair("--nesterov", true),
                                           {"--no-nesterov", false},
                                           {"--nesterov=false", false},
                                           {"--no-nesterov=false", true}}) {
    INFO(argument);
    Flags flags;
    REQUIRE_FALSE(flags.parse({argument}));
    CHECK(flags.nesterov == std::optional<bool>(expected));
  }
  refuse({"--nesterov=maybe"}, {"--nesterov", "maybe"});
  refuse({"--no-nesterov=maybe"}, {"--nesterov", "maybe"});
  refuse({"--graphs=maybe"}, {"--graphs", "maybe"});
  refuse({"--nesterov=99999999999999999999"}, {"error: the value of a switch is neither true nor false\n"});
}

TEST_CASE("a wrong flag is refused with its name and the reason") {
  refuse({"--no-such-flag"}, {"--no-such-flag"});
  for (const char* value : {"0", "4097", "1.5", "many", "99999999999999999999"})
    refuse({"--batch-size", value}, {"--batch-size", value, "not in range", "4096"});
  for (const char* value : {"-0.01", "1.01", "half"})
    refuse({"--overlap", value}, {"--overlap", value, "not in range"});
  refuse({"--threads=-1"}, {"--threads", "-1"});
  refuse({"--replay-threads", "0"}, {"--replay-threads", "0"});
  refuse({"--seed=-1"}, {"--seed: must not be negative\n"});
  refuse({"--precision", "fp8"}, {"--precision", "fp8", "{fp32,bf16}"});
  refuse({"--epochs", "many"}, {"--epochs", "many"});
  refuse({"--milestones", "1,many"}, {"--milestones", "many"});
  refuse({"--device"}, {"--device", "required"});
  refuse({"--unfused", "--everything"}, {"--unfused", "excludes", "--everything"});
  Flags flags;
  CHECK(flags.parse_only({"--device", "cpu"}).value_or(0) != 0);
  CHECK(contains(flags.errors, "pictures is required"));
}

TEST_CASE("settings come from a file, and the command line wins") {
  const TemporaryFolder scratch;
  const std::string file = (scratch / "settings.toml").string();
  write_file_atomically(file, std::string_view("epochs = 2\nmilestones = [3, 4.5]\nnesterov = false\ngraphs = false\n"
                                               "device = \"simt\"\n"));
  Flags flags;
  REQUIRE_FALSE(flags.parse({"--epochs", "7", "--config", file}));
  CHECK(flags.epochs == std::optional<std::int64_t>(7));
  CHECK(flags.milestones == std::optional<std::vector<double>>({3.0, 4.5}));
  CHECK(flags.nesterov == std::optional<bool>(false));
  CHECK_FALSE(flags.graphs);
  CHECK(flags.device == "simt");

  const auto refuse_setting = [&](std::string_view setting, const std::vector<std::string>& parts) {
    write_file_atomically(file, setting);
    Flags wrong;
    INFO(setting);
    CHECK(wrong.parse({"--config", file}).value_or(0) != 0);
    INFO(wrong.errors);
    for (const std::string& part : parts)
      CHECK(contains(wrong.errors, part));
  };
  const std::string origin = "Options were read from the command line and from " + file + ".\n";
  refuse_setting("epoch = 2\n", {"error: a setting in " + file + " is unknown: ", "epoch", "remove it\n"});
  refuse_setting("epochs = \"many\"\n", {"--epochs", "many", origin});
  refuse_setting("batch-size = 0\n", {"--batch-size", "not in range", "4096", origin});
  refuse_setting("nesterov = maybe\n", {"--nesterov", "maybe", origin});
}

TEST_CASE("settings are read from a text, whose origin begins the error") {
  Flags flags;
  flags.command_line.parse_settings("epochs = 2\nseed = 9\nnesterov = true\npictures = \"a.png\"\n",
                                    "the run's recipe");
  CHECK(flags.epochs == std::optional<std::int64_t>(2));
  CHECK(flags.seed == 9);
  CHECK(flags.nesterov == std::optional<bool>(true));
  for (const auto& [text, part] : {std::pair("epoch = 2\n", "epoch"),
                                   {"epochs = \"many\"\n", "many"},
                                   {"nesterov = maybe\n", "maybe"},
                                   {"nesterov = 99999999999999999999\n", "neither true nor false"}}) {
    INFO(text);
    Flags wrong;
    std::string error;
    try {
      wrong.command_line.parse_settings(text, "the run's recipe");
    } catch (const Error& thrown) {
      error = thrown.what();
    }
    INFO(error);
    CHECK(error.starts_with("the run's recipe: "));
    CHECK(contains(error, part));
  }
}
