// Options: what a list of them writes into a recipe file and reads from it, and what a resumed run must agree on.
#include "engine/base/options.h"

#include "catch2_adapter.h"
#include "engine/base/error.h"
#include "tests/base/error_message.h"

namespace sleight {

namespace {

struct Values {
  std::string name = "a \"quoted\" \\ name # with = all, sorts [of] 'signs'\n\tand \x01 utf-8: \xC3\xA9";
  bool on = true;
  int count = -3;
  std::int64_t large = 1LL << 60;
  std::uint64_t seed = UINT64_MAX;
  double fraction = 0.1 + 0.2;
  std::vector<std::string> files = {"a, b", "", "c"};
  std::optional<bool> maybe = false;
  std::optional<int> some = 7;
  std::optional<std::int64_t> many = 8;
  std::optional<double> tiny = 1e-300;
  std::optional<std::string> text = "true";
  std::optional<std::vector<double>> numbers = {{1.5, -2.0, 1e20}};

  void declare(OptionList& options) {
    options.add("name", name, "");
    options.add("on", on, "");
    options.add("count", count, "");
    options.add("large", large, "");
    options.add("seed", seed, "");
    options.add("fraction", fraction, "");
    options.add("files", files, "");
    options.add("maybe", maybe, "");
    options.add("some", some, "");
    options.add("many", many, "");
    options.add("tiny", tiny, "");
    options.add("text", text, "");
    options.add("numbers", numbers, "");
  }

  bool operator==(const Values&) const = default;
};

}  // namespace

TEST_CASE("options: every type of value survives a recipe file, whatever is in it") {
  Values values;
  OptionList options;
  values.declare(options);
  const std::string text = recipe_text("tool", options.settings());
  INFO(text);
  Values read{.name = "",
              .on = false,
              .count = 0,
              .large = 0,
              .seed = 0,
              .fraction = 0.0,
              .files = {},
              .maybe = {},
              .some = {},
              .many = {},
              .tiny = {},
              .text = {},
              .numbers = {}};
  OptionList again;
  read.declare(again);
  again.read(text, "here");
  CHECK(read == values);
  CHECK(recipe_text("tool", again.settings()) == text);

  values.files.clear();
  values.numbers->clear();
  again.read(recipe_text("tool", options.settings()), "here");
  CHECK(read == values);
}

TEST_CASE("options: a value that is empty, does not apply, or is of one start, is not written") {
  std::optional<int> empty;
  int size = 1, steps = 2, used = 3;
  bool applies = false;
  OptionList options;
  options.add("empty", empty, "");
  options.add("size", size, "").applies_when([&] { return applies; });
  options.add("steps", steps, "").of_this_start();
  options.add("used", used, "");
  CHECK(options.settings() == std::vector<Setting>{{"used", "3"}});
  applies = true;
  CHECK(options.settings() == std::vector<Setting>{{"size", "1"}, {"used", "3"}});
}

TEST_CASE("options: what a resumed run must agree on is compared in both directions") {
  int number = 1, threads = 1, steps = 1;
  std::optional<std::string> augmentation;
  OptionList options;
  options.add("number", number, "");
  options.add("threads", threads, "").free_on_resume();
  options.add("steps", steps, "").of_this_start();
  options.add("augmentation", augmentation, "");
  using Changes = std::vector<std::string>;
  const std::vector<Setting> before = {{"number", "1"}, {"threads", "1"}, {"augmentation", "\"none\""}};
  CHECK(changed_settings(options, before, before) == Changes{});
  CHECK(changed_settings(options, before, {{"number", "1"}, {"threads", "2"}, {"augmentation", "\"none\""}}) ==
        Changes{});
  CHECK(changed_settings(options, before, {{"number", "2"}, {"augmentation", "\"none\""}}) ==
        Changes{"--number was 1, now 2"});
  CHECK(changed_settings(options, before, {{"number", "1"}}) == Changes{"--augmentation was \"none\", now not set"});
  CHECK(changed_settings(options, {{"number", "1"}}, before) == Changes{"--augmentation was not set, now \"none\""});
}

TEST_CASE("options: a name or an alias is declared once") {
  int number = 0;
  OptionList options;
  options.add("number", number, "").alias("count");
  CHECK(error_message([&] { options.add("number", number, ""); }) == "the option --number is declared twice");
  CHECK(error_message([&] { options.add("count", number, ""); }) == "the option --count is declared twice");
  CHECK(options.find("count") == options.find("number"));
  CHECK(options.find("other") == nullptr);
}

TEST_CASE("options: values that were not read from anywhere are checked too") {
  double rate = 0.5;
  OptionList options;
  options.add("rate", rate, "").not_negative().below(1.0);
  CHECK_NOTHROW(options.check());
  rate = 1.0;
  CHECK(error_message([&] { options.check(); }) == "--rate must be a number, at least 0 and below 1, got '1'");
}

TEST_CASE("toml: comments, blank lines, both kinds of texts, escapes and lists over several lines") {
  const std::vector<TomlEntry> entries = read_toml(
      "# first\n\n a = 1 # one\r\nb-2 = 'C:\\x' \nc_3=\"\\u00e9 \\\"\\n\\U0001F600\"\nd = [1,\n  \"two\", # 2\n 3,]\ne "
      "= []",
      "here");
  REQUIRE(entries.size() == 5);
  const auto is = [&](std::size_t i, const std::string& name, const std::vector<std::string>& words, int line) {
    CHECK(entries[i].name == name);
    CHECK(entries[i].words == words);
    CHECK(entries[i].line == line);
  };
  is(0, "a", {"1"}, 3);
  is(1, "b-2", {"C:\\x"}, 4);
  is(2, "c_3", {"\xC3\xA9 \"\n\xF0\x9F\x98\x80"}, 5);
  is(3, "d", {"1", "two", "3"}, 6);
  is(4, "e", {}, 9);
}

TEST_CASE("toml: what is no setting is refused with its line") {
  const auto refuse = [](const std::string& text, const std::string& part) {
    INFO(text);
    const std::string message = error_message([&] { read_toml(text, "here"); });
    INFO(message);
    CHECK(message.starts_with("here, line "));
    CHECK(message.find(part) != std::string::npos);
  };
  refuse("a = 1\n[table]\n", "line 2: '[table]' is no setting");
  refuse("a\n", "'a' is no setting");
  refuse("= 1\n", "'= 1' is no setting");
  refuse("a =\n", "a value is missing");
  refuse("a = 1 2\n", "something follows the value of a");
  refuse("a = \"x\n", "no closing \"");
  refuse("a = \"x", "no closing \"");
  refuse("a = 'x\n", "no closing '");
  refuse("a = \"\\q\"\n", "a backslash in a text is written");
  refuse("a = \"\\", "a backslash in a text is written");
  refuse("a = \"\\u12\"\n", "needs 4 digits");
  refuse("a = [1 2]\n", "neither ',' nor ']'");
  refuse("a = [1", "neither ',' nor ']'");
  refuse("a = [", "a value is missing");
  refuse("a = 1\na = 2\n", "a comes twice");
}

}  // namespace sleight
