#include "tools/common/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/text.h"

namespace sleight {

namespace {

constexpr std::size_t help_column = 30, help_width = 110;

// As CLI11 takes them: "-n,--name,--old-name", and of a switch also "!--no-name,!--no-old-name".
std::string names_of(const Option& option) {
  if (option.is_positional()) return option.name();
  std::string names = "--" + option.name();
  if (option.short_name() != 0) names.insert(0, {'-', option.short_name(), ','});
  for (const std::string& alias : option.aliases())
    names += ",--" + alias;
  if (!option.is_switch()) return names;
  names += ",!--" + option.off_name();
  for (const std::string& alias : option.aliases())
    names += ",!--no-" + alias;
  return names;
}

CLI::Option* declare(CLI::App& app, const Option& option) {
  if (option.is_switch()) return app.add_flag(names_of(option));
  CLI::Option* const declared = app.add_option(names_of(option), CLI::callback_t());
  declared->required(option.is_required());
  if (option.is_list()) {
    declared->expected(1, CLI::detail::expected_max_vector_size);
    declared->allow_extra_args(option.is_positional());
  } else if (!option.is_positional()) {
    declared->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);  // parse() says it better
  }
  if (option.separator() != 0) declared->delimiter(option.separator());
  return declared;
}

std::string upper_case(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  return text;
}

// "  -n, --batch-size IMAGES", "  --[no-]nesterov", "  IMAGE...".
std::string usage_of(const Option& option) {
  std::string value = option.unit();
  if (value.empty()) {
    for (const std::string& choice : option.choices())
      value += (value.empty() ? "" : "|") + choice;
  }
  if (value.empty()) value = upper_case(option.name());
  if (option.is_positional()) return "  " + value + (option.is_list() ? "..." : "");
  std::string text = "  ";
  if (option.short_name() != 0) text += {'-', option.short_name(), ',', ' '};
  if (option.is_switch()) {
    return option.off_name() == "no-" + option.name() ? text + "--[no-]" + option.name()
                                                      : text + "--" + option.name() + ", --" + option.off_name();
  }
  return text + "--" + option.name() + " " + value;
}

// What an option does, and in brackets what it takes: "(1 to 4096; default: 64)".
std::string explanation_of(const Option& option) {
  std::vector<std::string> notes;
  if (option.is_required()) notes.emplace_back("required");
  if (option.is_number() && !option.interval().empty()) notes.push_back(option.interval());
  for (const std::string& name : option.excluded())
    notes.push_back("not with --" + name);
  if (!option.default_text().empty()) notes.push_back("default: " + option.default_text());
  std::string text;
  for (const std::string& note : notes)
    text += (text.empty() ? " (" : "; ") + note;
  return option.help() + (text.empty() ? "" : text + ")");
}

void append_help(std::string& text, const std::string& usage, const std::string& explanation) {
  text += usage;
  std::size_t column = usage.size();
  const auto begin_line = [&] {
    text += "\n" + std::string(help_column, ' ');
    column = help_column;
  };
  if (column + 2 > help_column) {
    begin_line();
  } else {
    text += std::string(help_column - column, ' ');
    column = help_column;
  }
  std::istringstream words(explanation);
  for (std::string word; words >> word;) {
    if (column > help_column && column + 1 + word.size() > help_width) begin_line();
    if (column > help_column) {
      text += ' ';
      ++column;
    }
    text += word;
    column += word.size();
  }
  text += '\n';
}

// A recipe of a run says in its first line which program takes it; nothing where it is this one.
std::string whose_recipe(const std::string& text, const std::string& program) {
  const std::string first = text.substr(0, text.find('\n'));
  if (!first.starts_with("# ") || first.find(program) != std::string::npos) return "";
  return ". This is " + program + ", and the file begins with " + shown(first, help_width);
}

}  // namespace

CommandLine::CommandLine(std::string program, std::string description, const OptionList& options)
    : program_(std::move(program)), description_(std::move(description)), options_(options) {}

std::string CommandLine::help() const {
  std::string text = description_ + "\n\nUsage: " + program_ + " [OPTIONS]";
  for (const Option& option : options_.all()) {
    if (!option.is_positional()) continue;
    const std::string usage = usage_of(option).substr(2);
    text += option.is_required() ? " " + usage : " [" + usage + "]";
  }
  text += "\n\n";
  append_help(text, "  -h, --help", "Print this help and exit");
  for (const Option& option : options_.all())
    append_help(text, usage_of(option), explanation_of(option));
  return text;
}

std::optional<int> CommandLine::parse(const std::vector<std::string>& arguments) const {
  return parse(arguments, std::cout, std::cerr);
}

std::optional<int> CommandLine::parse(const std::vector<std::string>& arguments, std::ostream& output,
                                      std::ostream& errors) const {
  CLI::App app(description_, program_);
  app.formatter_fn([this](const CLI::App*, const std::string&, CLI::AppFormatMode) { return help(); });
  std::vector<std::pair<const Option*, CLI::Option*>> declared;
  for (const Option& option : options_.all())
    declared.emplace_back(&option, declare(app, option));
  for (const auto& [option, cli_option] : declared) {
    for (const std::string& name : option->excluded())
      cli_option->excludes("--" + name);
  }
  try {
    app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));  // CLI11 takes a vector from its end
    std::set<std::string> decided;                                              // given, or by what is given
    for (const auto& [option, cli_option] : declared) {
      if (cli_option->count() == 0) continue;
      decided.insert(option->name());
      decided.insert(option->decided().begin(), option->decided().end());
      const std::vector<std::string>& words = cli_option->results();
      check(option->is_switch() || option->is_list() || words.size() == 1, "--", option->name(), " is given ",
            words.size(), " times; give it once");
      // Of a switch that is given twice, the last word counts.
      option->assign(option->is_switch() ? std::span(words).last(1) : std::span(words));
    }
    const std::string file = settings_file_ ? settings_file_() : "";
    if (!file.empty()) {
      const std::string text = read_text_file(file);
      try {
        options_.read(text, file, decided);
      } catch (const Error& error) {
        fail(error.what(), whose_recipe(text, program_));
      }
    }
  } catch (const CLI::ParseError& error) {
    // Its own exit statuses (104 and more) say nothing that the message does not.
    std::ostringstream message;
    const bool is_help = app.exit(error, output, message) == 0;
    errors << printable(message.str(), LineBreaks::kept);
    return is_help ? 0 : 1;
  } catch (const std::out_of_range&) {
    // What CLI11 lets through of std::stoll: "--no-nesterov=99999999999999999999".
    errors << "error: the value of a switch must be true or false\n";
    return 1;
  } catch (const Error& error) {
    errors << "error: " << printable(error.what(), LineBreaks::kept) << '\n';
    return 1;
  }
  return std::nullopt;
}

}  // namespace sleight
