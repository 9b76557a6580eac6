// The class that reads every tool's command line: what --help says of options, what is refused, and with which words.
#include "tools/common/command_line.h"

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "catch2_adapter.h"
#include "engine/base/file.h"
#include "tests/base/temporary_folder.h"
#include "tests/tools/training_run.h"

using namespace sleight;
using namespace sleight::test;

namespace {

// The flags of a tool that does not exist: one of each kind.
struct Flags {
  std::string config, device = "cpu", name, precision = "fp32";
  int threads = 3;
  std::int64_t batch_size = 64;
  std::uint64_t seed = 1;
  double overlap = 0.5;
  std::vector<std::string> images;
  std::optional<std::string> schedule;
  std::optional<int> replay_threads;
  std::optional<std::int64_t> epochs;
  std::optional<double> momentum;
  std::optional<std::vector<double>> milestones;
  bool graphs = true;
  std::optional<bool> nesterov, no_bias_decay;
  bool unfused = false, everything = false;

  OptionList options;
  CommandLine command_line{"tool", "What the tool does.", options};
  std::string output, errors;

  Flags() {
    options.add("images", images, "Files").unit("IMAGE").positional().required();
    options.add("config", config, "File of settings").unit("FILE").of_this_start();
    options.add("device", device, "Where").unit("DEVICE");
    options.add("name", name, "Of nothing").unit("NAME");
    options.add("precision", precision, "How").one_of({"fp32", "bf16"});
    options.add("threads", threads, "Threads").unit("THREADS").not_negative();
    options.add("batch-size", batch_size, "Images").unit("IMAGES").range(1, 4096).short_name('n').alias("pictures");
    options.add("seed", seed, "Seed").unit("NUMBER");
    options.add("overlap", overlap, "Part").unit("IOU").range(0.0, 1.0).positive();
    options.add("schedule", schedule, "Schedule")
        .unit("SCHEDULE")
        .check([](const std::string& text) { return text == "wrong" ? "is wrong" : ""; })
        .decides({"milestones"});
    options.add("replay-threads", replay_threads, "Threads").unit("THREADS").positive();
    options.add("epochs", epochs, "Epochs").unit("EPOCHS").default_text("120, for small ones 200");
    options.add("momentum", momentum, "Momentum").unit("FACTOR").not_negative().below(1.0);
    options.add("milestones", milestones, "Epochs").unit("EPOCH,...").separated_by(',');
    options.add("graphs", graphs, "Graphs").alias("records");
    options.add("nesterov", nesterov, "Nesterov").default_text("on");
    options.add("no-bias-decay", no_bias_decay, "Weights only").off_name("bias-decay");
    options.add("unfused", unfused, "Unfused");
    options.add("everything", everything, "Everything").excludes("unfused");
    command_line.read_settings_from([this] { return config; });
  }

  // "image.png" and these.
  std::optional<int> parse(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "image.png");
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

}  // namespace

TEST_CASE("--help shows options in the order of their declaration, with unit, range and default") {
  Flags flags;
  CHECK(flags.parse({"--help"}) == std::optional<int>(0));
  CHECK(flags.errors.empty());
  CHECK(flags.output == flags.command_line.help());
  CHECK(flags.output == R"(What the tool does.

Usage: tool [OPTIONS] IMAGE...

  -h, --help                  Print this help and exit
  IMAGE...                    Files (required)
  --config FILE               File of settings
  --device DEVICE             Where (default: cpu)
  --name NAME                 Of nothing
  --precision fp32|bf16       How (default: fp32)
  --threads THREADS           Threads (at least 0; default: 3)
  -n, --batch-size IMAGES     Images (1 to 4096; default: 64)
  --seed NUMBER               Seed (at least 0; default: 1)
  --overlap IOU               Part (above 0 and at most 1; default: 0.5)
  --schedule SCHEDULE         Schedule
  --replay-threads THREADS    Threads (above 0)
  --epochs EPOCHS             Epochs (default: 120, for small ones 200)
  --momentum FACTOR           Momentum (at least 0 and below 1)
  --milestones EPOCH,...      Epochs
  --[no-]graphs               Graphs (default: on)
  --[no-]nesterov             Nesterov (default: on)
  --no-bias-decay, --bias-decay
                              Weights only
  --[no-]unfused              Unfused (default: off)
  --[no-]everything           Everything (not with --unfused; default: off)
)");
}

TEST_CASE("--help breaks long lines between words") {
  std::string value;
  OptionList options;
  std::string help = "word";
  for (int i = 0; i < 40; ++i)
    help += " word";
  options.add("value", value, help).unit("VALUE");
  std::istringstream lines(CommandLine("tool", "Does.", options).help());
  int words = 0;
  for (std::string line; std::getline(lines, line);) {
    CHECK(line.size() <= 110);
    for (std::size_t at = line.find("word"); at != std::string::npos; at = line.find("word", at + 4))
      ++words;
  }
  CHECK(words == 41);
}

TEST_CASE("what is not given stays as it was") {
  Flags flags;
  REQUIRE_FALSE(flags.parse({}));
  CHECK((flags.output + flags.errors).empty());
  CHECK(flags.images == std::vector<std::string>{"image.png"});
  CHECK((flags.device == "cpu" && flags.threads == 3 && flags.batch_size == 64 && flags.overlap == 0.5));
  CHECK(flags.graphs);
  CHECK_FALSE(
      (flags.schedule || flags.replay_threads || flags.epochs || flags.momentum || flags.milestones || flags.nesterov));
}

TEST_CASE("every kind of value arrives") {
  Flags flags;
  REQUIRE_FALSE(flags.parse({"second.png",
                             "--device=simt",
                             "--threads",
                             "0",
                             "-n",
                             "4096",
                             "--seed",
                             "18446744073709551615",
                             "--overlap",
                             "1",
                             "--schedule",
                             "step",
                             "--replay-threads",
                             "2",
                             "--epochs",
                             "5000000000",
                             "--momentum",
                             "0.25",
                             "--milestones",
                             "1.5,2",
                             "--no-graphs",
                             "--nesterov",
                             "--bias-decay",
                             "--everything"}));
  CHECK(flags.images == std::vector<std::string>{"image.png", "second.png"});
  CHECK((flags.device == "simt" && flags.threads == 0 && flags.batch_size == 4096 && flags.overlap == 1.0));
  CHECK(flags.seed == UINT64_MAX);
  CHECK(flags.schedule == std::optional<std::string>("step"));
  CHECK(flags.replay_threads == std::optional<int>(2));
  CHECK(flags.epochs == std::optional<std::int64_t>(5000000000));
  CHECK(flags.momentum == std::optional<double>(0.25));
  CHECK(flags.milestones == std::optional<std::vector<double>>({1.5, 2.0}));
  CHECK_FALSE(flags.graphs);
  CHECK(flags.nesterov == std::optional<bool>(true));
  CHECK(flags.no_bias_decay == std::optional<bool>(false));
  CHECK(flags.everything);
}

TEST_CASE("an older name is read and not shown") {
  Flags flags;
  REQUIRE_FALSE(flags.parse({"--pictures", "7", "--no-records"}));
  CHECK(flags.batch_size == 7);
  CHECK_FALSE(flags.graphs);
  CHECK_FALSE(contains(flags.command_line.help(), "pictures"));
  CHECK_FALSE(contains(flags.command_line.help(), "records"));
  refuse({"--pictures", "0"}, {"--batch-size must be a whole number, 1 to 4096, got '0'"});
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
  Flags flags;
  REQUIRE_FALSE(flags.parse({"--nesterov", "--no-nesterov"}));  // the last one counts
  CHECK(flags.nesterov == std::optional<bool>(false));
  for (const char* argument : {"--nesterov=maybe", "--no-nesterov=maybe"})
    refuse({argument}, {"error: --nesterov must be true or false, got 'maybe'"});
  refuse({"--no-nesterov=99999999999999999999"}, {"error: the value of a switch must be true or false\n"});
}

TEST_CASE("a wrong flag is refused with its name, the reason and the value") {
  refuse({"--no-such-flag"}, {"--no-such-flag"});
  for (const char* value : {"0", "4097"})
    refuse({"--batch-size", value}, {"error: --batch-size must be a whole number, 1 to 4096, got '", value});
  for (const char* value : {"1.5", "many", "99999999999999999999", ""})
    refuse({"--batch-size", value}, {"error: --batch-size must be a whole number, 1 to 4096, got '", value});
  for (const char* value : {"0", "-0.01", "1.01", "half", "nan", "inf"})
    refuse({"--overlap", value}, {"error: --overlap must be a number, above 0 and at most 1, got '", value});
  refuse({"--momentum", "1"}, {"--momentum must be a number, at least 0 and below 1, got '1'"});
  refuse({"--threads", "-1"}, {"--threads must be a whole number, at least 0, got '-1'"});
  refuse({"--replay-threads", "0"}, {"--replay-threads", "above 0"});
  refuse({"--seed", "-1"}, {"--seed must be a whole number, at least 0, got '-1'"});
  refuse({"--precision", "fp8"}, {"--precision must be one of fp32, bf16, got 'fp8'"});
  refuse({"--schedule", "wrong"}, {"--schedule is wrong, got 'wrong'"});
  refuse({"--epochs", "many"}, {"--epochs", "many"});
  refuse({"--milestones", "1,many"}, {"--milestones must be a number, got '1, many'"});
  refuse({"--milestones", "1,inf"}, {"--milestones", "inf"});
  refuse({"--device"}, {"--device", "required"});
  refuse({"--seed", "1", "--seed", "2"}, {"error: --seed is given 2 times; give it once"});
  refuse({"--unfused", "--everything"}, {"--unfused", "excludes", "--everything"});
  Flags flags;
  CHECK(flags.parse_only({"--device", "cpu"}).value_or(0) != 0);
  CHECK(contains(flags.errors, "images is required"));
}

TEST_CASE("settings come from a file, and the command line wins") {
  const TemporaryFolder scratch;
  const std::string file = (scratch / "settings.toml").string();
  write_file_atomically(file, std::string_view("epochs = 2\nmilestones = [3, 4.5]\nnesterov = false\ngraphs = false\n"
                                               "device = \"simt\"\npictures = 8\n"));
  Flags flags;
  REQUIRE_FALSE(flags.parse({"--epochs", "7", "--config", file}));
  CHECK(flags.epochs == std::optional<std::int64_t>(7));
  CHECK(flags.milestones == std::optional<std::vector<double>>({3.0, 4.5}));
  CHECK(flags.nesterov == std::optional<bool>(false));
  CHECK_FALSE(flags.graphs);
  CHECK(flags.device == "simt");
  CHECK(flags.batch_size == 8);

  // The file's milestones belong to the file's schedule.
  Flags another;
  REQUIRE_FALSE(another.parse({"--schedule", "cosine", "--config", file}));
  CHECK(another.milestones == std::nullopt);
  CHECK(another.device == "simt");

  const auto refuse_setting = [&](std::string_view setting, const std::string& message) {
    write_file_atomically(file, setting);
    Flags wrong;
    INFO(setting);
    CHECK(wrong.parse({"--config", file}) == std::optional<int>(1));
    CHECK(wrong.errors == "error: " + file + message + "\n");
  };
  refuse_setting("epochs = 2\nepoch = 2\n",
                 ", line 2: there is no setting epoch. Correct its name (--help lists all) or remove it");
  refuse_setting("epochs = \"many\"\n", ": --epochs must be a whole number, got 'many'");
  refuse_setting("batch-size = 0\n", ": --batch-size must be a whole number, 1 to 4096, got '0'");
  refuse_setting("nesterov = maybe\n", ": --nesterov must be true or false, got 'maybe'");
  refuse_setting("device = [\"cpu\", \"simt\"]\n", ": --device takes one value, got 'cpu, simt'");
}
