// Every option of every tool: --help says what it takes, a recipe file holds it and gives it back, and a training that
// is resumed refuses another value, whether it was changed, added or taken away.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/checkpoint/safetensors.h"
#include "models/detector.h"
#include "tests/base/temporary_folder.h"
#include "tests/folders.h"
#include "tests/tools/training_run.h"
#include "tools/classifier/options.h"
#include "tools/common/command_line.h"
#include "tools/common/image_files.h"
#include "tools/common/run_tool.h"
#include "tools/detector/options.h"

using namespace sleight;
using namespace sleight::test;

namespace {

using Words = std::vector<std::string>;
using Given = std::vector<std::pair<std::string, Words>>;  // names and values

struct Made {
  std::string name;
  std::unique_ptr<Tool> tool;
  OptionList options;

  Made(const RegisteredTool& registered, const Words& arguments)
      : name(registered.name), tool(registered.make(arguments)) {
    tool->declare(options);
  }
};

// Calls function with every tool, several times with one that is several.
template <class Function>
void with_each_tool(Function function) {
  for (const RegisteredTool& registered : registered_tools()) {
    for (const Words& arguments : {Words{}, Words{"--format", "voc"}}) {
      if (!arguments.empty() && registered.name != "show_batch") continue;
      INFO(registered.name << (arguments.empty() ? "" : " with boxes"));
      function([&] { return std::make_unique<Made>(registered, arguments); }, arguments);
    }
  }
}

void assign(const OptionList& options, const Given& given) {
  for (const auto& [name, words] : given) {
    const Option* const option = options.find(name);
    check(option != nullptr, "there is no option ", name);
    option->assign(words);
  }
}

std::optional<std::string> value_in(const std::vector<Setting>& settings, const std::string& name) {
  const auto found = std::ranges::find(settings, name, &Setting::first);
  return found == settings.end() ? std::nullopt : std::optional(found->second);
}

// Values of which at least one is legal and not the one that the option has.
std::vector<Words> other_values(const Option& option) {
  static const std::map<std::string, std::vector<Words>> known = {
      {"model", {{"resnet18"}, {"yolov3"}}},
      {"device", {{"simt"}}},
      {"data", {{"photographs"}}},
      {"format", {{"coco"}}},
      {"random-shapes", {{"64:96:2"}, {"off"}}},
      {"milestones", {{"1", "2.5"}}},
      {"mean", {{"1", "2.5", "3"}}},
      {"deviation", {{"1", "2.5", "3"}}},
      {"anchors", {{"1,2 3,4 5,6 7,8 9,10 11,12 13,14 15,16 17,18"}, {"7"}}}};
  if (known.contains(option.name())) return known.at(option.name());
  if (option.is_switch()) return {{"true"}, {"false"}};
  std::vector<Words> values;
  for (const std::string& choice : option.choices())
    values.push_back({choice});
  if (!values.empty()) return values;
  if (!option.is_number()) return {{"a \"b\" \\ c.txt"}};
  for (const char* number : {"3", "0.3", "96", "1"})
    values.push_back({number});
  return values;
}

// What must be given for an option to apply.
std::vector<Given> contexts() {
  std::vector<Given> all = {{},
                            {{"data", {"synthetic"}}},
                            {{"data", {"photographs"}}},
                            {{"data-on-device", {"true"}}},
                            {{"model", {"resnet18"}}, {"epochs", {"3"}}}};
  for (const DetectorFamily* family : detector_families())
    all.push_back({{"model", {family->models.front().name}}});
  return all;
}

const std::set<std::string> options_of_a_start = {"config", "out", "resume", "max-steps", "png", "epoch", "step"};
const std::set<std::string> free_options = {"threads", "loader-threads", "cuda-graphs", "checkpoint-steps",
                                            "data-on-device-limit"};

// The parts of --help, one for each option, without their line breaks.
std::vector<std::string> entries_of(const std::string& help) {
  std::vector<std::string> entries;
  std::istringstream lines(help);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t indent = line.find_first_not_of(' ');
    if (indent == std::string::npos || indent == 0) continue;
    if (indent == 2) entries.emplace_back();
    if (entries.empty()) continue;
    std::istringstream words(line);
    for (std::string word; words >> word;)
      entries.back() += (entries.back().empty() ? "" : " ") + word;
  }
  return entries;
}

bool is_legal(const Option& option, const Words& words) {
  try {
    option.assign(words);
  } catch (const Error&) {
    return false;
  }
  return true;
}

// A tool whose option of this name has another value than by default, and applies.
template <class Make>
std::unique_ptr<Made> with_another_value(const Make& make, const std::string& name) {
  const std::optional<std::string> before = make()->options.find(name)->toml();
  for (const Given& context : contexts()) {
    for (const Words& words : other_values(*make()->options.find(name))) {
      std::unique_ptr<Made> made = make();
      const auto is_unknown = [&](const auto& one) { return made->options.find(one.first) == nullptr; };
      if (std::ranges::any_of(context, is_unknown)) continue;
      for (const Option& option : made->options.all()) {
        if (option.is_required()) option.assign(other_values(option).front());
      }
      assign(made->options, context);
      const Option& option = *made->options.find(name);
      if (is_legal(option, words) && option.is_in_recipe() && option.toml() != before) return made;
    }
  }
  return nullptr;
}

}  // namespace

TEST_CASE("every program with options is walked over") {
  std::set<std::string> registered, programs = {"bench_loader", "bench_step"};
  for (const RegisteredTool& tool : registered_tools())
    registered.insert(tool.name);
  for (const auto& entry : std::filesystem::directory_iterator(source_folder() / "tools")) {
    if (entry.path().extension() == ".cpp" && entry.path().stem() != "main")
      programs.insert(entry.path().stem().string());
  }
  CHECK(registered == programs);
  CHECK(registered.size() >= 14);
}

TEST_CASE("every option of every tool is in --help, with its unit and its default") {
  with_each_tool([](const auto& make, const Words& arguments) {
    const auto made = make();
    const std::string help = CommandLine(made->name, made->tool->description(), made->options).help();
    const std::vector<std::string> entries = entries_of(help);
    REQUIRE(entries.size() == made->options.all().size() + 1);  // --help itself
    for (std::size_t i = 0; i < made->options.all().size(); ++i) {
      const Option& option = made->options.all()[i];
      const std::string& entry = entries[i + 1];
      INFO(entry);
      CHECK_FALSE(option.help().empty());
      CHECK(contains(entry, option.help()));
      CHECK((option.is_positional() ||
             contains(entry, option.is_switch() && !contains(entry, "--" + option.name()) ? "--[no-]" + option.name()
                                                                                          : "--" + option.name())));
      for (const std::string& alias : option.aliases())
        CHECK_FALSE(contains(help, "--" + alias));
      if (!option.is_switch()) {
        CHECK(option.unit().empty() != option.choices().empty());
        CHECK(option.unit().find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos);
        const std::string shown = option.unit().empty() ? option.choices().front() + "|" : option.unit();
        CHECK(contains(entry, option.is_positional() ? shown : "--" + option.name() + " " + shown));
      }
      // A text may be empty: no file, no folder. Everything else has a default, or must be given.
      const bool may_have_none =
          option.is_required() || option.is_positional() || std::holds_alternative<std::string*>(option.target());
      CHECK((may_have_none || !option.default_text().empty()));
      if (!option.default_text().empty() && !option.is_required())
        CHECK(contains(entry, "default: " + option.default_text() + ")"));
    }
    // The benchmarks need not be built.
    if (!std::filesystem::exists(binary_folder() / "bin" / made->name)) {
      CHECK(made->name.starts_with("bench_"));
      return;
    }
    Words words = arguments;
    words.emplace_back("--help");
    const ToolResult result = run_tool_process(made->name, words);
    CHECK(result.status == 0);
    CHECK(result.output == help);
  });
}

TEST_CASE("every option of every tool survives a recipe file and back") {
  with_each_tool([](const auto& make, const Words&) {
    const auto names = make();
    // Without --config a program reads no recipe, and every start is one of its own.
    const bool has_recipes = names->options.find("config") != nullptr;
    for (const Option& declared : names->options.all()) {
      const std::string& name = declared.name();
      INFO(name);
      CHECK(declared.is_of_this_start() == (has_recipes && options_of_a_start.contains(name)));
      if (declared.is_of_this_start()) continue;
      const auto changed = with_another_value(make, name);
      REQUIRE(changed);
      const std::string text = recipe_text(changed->name, changed->options.settings());
      INFO(text);
      const auto again = make();
      again->options.read(text, "the recipe");
      CHECK(again->options.settings() == changed->options.settings());
      CHECK(again->options.find(name)->toml() != declared.toml());
    }
  });
}

namespace {

ClassifierRun fitted(const ClassifierOptions& options) {
  return fitted_to(resolve(options), 1000);
}

DetectorRun fitted(const DetectorOptions& options) {
  return fitted_to(resolve(options), {std::make_unique<ImageFiles>(std::vector<std::filesystem::path>(1000),
                                                                   std::vector<std::string>{"thing"}),
                                      {},
                                      {},
                                      {}});
}

// What the recipe file of a run holds that was started with these.
template <class Options>
std::vector<Setting> started_with(const Given& given) {
  Options options;
  OptionList list;
  options.declare(list);
  assign(list, given);
  return settings_of(fitted(options).options);
}

template <class Options>
std::vector<Setting> resumed_from(const std::string& recipe) {
  return settings_of(fitted(options_in_recipe<Options>(recipe, "the recipe")).options);
}

std::string without(const std::vector<Setting>& settings, const std::string& name) {
  std::vector<Setting> rest = settings;
  std::erase_if(rest, [&](const Setting& setting) { return setting.first == name; });
  return recipe_text("tool", rest);
}

struct Changed {
  std::vector<Setting> before, now;
};

// Two runs that differ in this option.
template <class Options>
std::optional<Changed> changed_in(const Option& option) {
  for (const Given& context : contexts()) {
    for (const Words& words : other_values(option)) {
      Given given = context;
      given.emplace_back(option.name(), words);
      try {
        const Changed changed{started_with<Options>(context), started_with<Options>(given)};
        const auto before = value_in(changed.before, option.name()), now = value_in(changed.now, option.name());
        if (before && now && before != now) return changed;
      } catch (const Error&) {  // not together with the others, or no option of this tool
      }
    }
  }
  return std::nullopt;
}

template <class Options>
void walk_over_resumes() {
  Options options;
  OptionList list;
  options.declare(list);
  for (const Option& option : list.all()) {
    INFO(option.name());
    CHECK(option.is_free_on_resume() == free_options.contains(option.name()));
    if (option.is_of_this_start()) continue;
    const std::optional<Changed> runs = changed_in<Options>(option);
    REQUIRE(runs);
    const auto is_refused = [&](const std::vector<Setting>& before, const std::vector<Setting>& now) {
      const std::vector<std::string> changes = changed_settings(list, before, now);
      return std::ranges::any_of(
          changes, [&](const std::string& change) { return change.starts_with("--" + option.name() + " was "); });
    };
    // The recipe of each run is complete: read again, it is the same run.
    for (const std::vector<Setting>& settings : {runs->before, runs->now}) {
      CHECK(resumed_from<Options>(recipe_text("tool", settings)) == settings);
      CHECK(changed_settings(list, settings, settings).empty());
    }
    const bool must_refuse = !free_options.contains(option.name());
    CHECK(is_refused(runs->before, runs->now) == must_refuse);  // added, or changed
    CHECK(is_refused(runs->now, runs->before) == must_refuse);
    // Removed: a part that is left over may not fit the default.
    const auto refuses_without = [&] {
      try {
        return is_refused(runs->now, resumed_from<Options>(without(runs->now, option.name())));
      } catch (const Error&) {
        return true;
      }
    };
    CHECK(refuses_without() == must_refuse);
  }
}

}  // namespace

TEST_CASE("a resumed classifier's training refuses every option that is changed, added or removed, unless it is free") {
  walk_over_resumes<ClassifierOptions>();
}

TEST_CASE("a resumed detector's training refuses every option that is changed, added or removed, unless it is free") {
  walk_over_resumes<DetectorOptions>();
}

TEST_CASE("a recipe says how large the crops of a short training are") {
  const auto area_of = [](const Given& given) {
    return value_in(started_with<ClassifierOptions>(given), "minimum-crop-area");
  };
  const Given model = {{"model", {"resnet18"}}};
  const auto with = [&](const std::string& name, const std::string& value) {
    Given given = model;
    given.push_back({"epochs", {"3"}});
    given.push_back({name, {value}});
    return given;
  };
  CHECK(area_of(model) == "0.08");
  CHECK(area_of(with("tricks", "standard")) == "0.35");
  CHECK(area_of(with("tricks", "none")) == "0.08");
  CHECK(area_of(with("augmentation", "imagenet")) == "0.35");
  CHECK(area_of(with("minimum-crop-area", "0.2")) == "0.2");
  CHECK(area_of(with("augmentation", "cifar")) == std::nullopt);
  CHECK(area_of({}) == std::nullopt);
}

TEST_CASE("a run that was started without augmentation is not resumed with it") {
  const TemporaryFolder scratch;
  const std::filesystem::path run = scratch / "run", recipe = scratch / "recipe.toml";
  require_success(run_tool_process("train_classifier", small_run(run, {"--augmentation", "none", "--max-steps", "1"})));
  std::string text = read_text_file(run / "recipe.toml");
  const std::string line = "augmentation = \"none\"\n";
  REQUIRE(contains(text, line));
  text.erase(text.find(line), line.size());
  write_file_atomically(recipe, text);
  const ToolResult resumed = run_tool_process(
      "train_classifier", {"--config", recipe.string(), "--resume", "--max-steps", "2", "--out", run.string()});
  INFO(resumed.output);
  CHECK(resumed.status == 1);
  CHECK(contains(resumed.output, "was started with another recipe: --augmentation was \"none\", now \"cifar\""));
}

// As they were written before every setting was in them.
TEST_CASE("a checkpoint with an incomplete recipe of older names is resumed, and still compared") {
  const TemporaryFolder scratch;
  const std::filesystem::path run = scratch / "run";
  require_success(run_tool_process("train_classifier", small_run(run, {"--max-steps", "1"})));
  const SafetensorsFile last(run / "last.safetensors");
  SafetensorsMetadata metadata = last.metadata();
  std::istringstream lines(metadata.at("recipe"));
  std::string older;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("synthetic-images = ")) line.replace(0, 16, "synthetic-pictures");
    if (!line.starts_with("augmentation") && !line.starts_with("checkpoint-steps") && !line.starts_with("weights"))
      older += line + "\n";
  }
  REQUIRE(contains(older, "synthetic-pictures = 160\n"));
  metadata["recipe"] = older;
  write_safetensors(run / "last.safetensors", last.tensors(), metadata);
  const ToolResult other = run_tool_process(
      "train_classifier", {"--resume", "--max-steps", "2", "--augmentation", "none", "--out", run.string()});
  INFO(other.output);
  CHECK(contains(other.output, "--augmentation was \"cifar\", now \"none\""));
  require_success(run_tool_process("train_classifier", {"--resume", "--max-steps", "2", "--out", run.string()}));
}
