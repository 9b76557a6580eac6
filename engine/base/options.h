// The settings of a program, each declared once: its name is the flag of the command line and the key of recipe.toml,
// and from the same declaration follow --help, the range check, what a recipe file holds, and what a resumed run must
// agree on.
//
//   OptionList options;
//   options.add("mixup", alpha_, "Alpha of Beta(alpha, alpha); 0 turns mixup off").unit("ALPHA").not_negative();
//
// tools/common/command_line.h reads the command line into the variables and writes --help.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/toml.h"

namespace sleight {

// Where a value arrives. A std::optional is empty until the user gives a value; resolving the options fills it,
// so that a recipe file holds what was decided. One that stays empty does not apply and is not written.
using OptionTarget =
    std::variant<bool*, int*, std::int64_t*, std::uint64_t*, double*, std::string*, std::vector<std::string>*,
                 std::optional<bool>*, std::optional<int>*, std::optional<std::int64_t>*, std::optional<double>*,
                 std::optional<std::string>*, std::optional<std::vector<double>>*>;

class Option {
 public:
  Option(std::string name, OptionTarget target, std::string help);

  // The placeholder of the value in --help, in capitals: "PIXELS", "EPOCHS", "FOLDER". Required for numbers.
  Option& unit(std::string name);
  // The default, for a value that a recipe decides: "0.1, for CIFAR models 0.2". Others show what they hold.
  Option& default_text(std::string text);
  // "-n". A switch is turned off by "--no-NAME", or by the flag that off_name() says.
  Option& short_name(char letter);
  Option& off_name(std::string name);
  // An older name: still read from the command line and from recipes, not shown.
  Option& alias(std::string name);
  // A value without its flag: "predict IMAGE...".
  Option& positional();
  Option& required();

  // Of a number, or of each in a list. Both ends are allowed; positive() and below() leave theirs out.
  Option& range(double lowest, double highest);
  Option& positive();
  Option& not_negative();
  Option& below(double end);
  Option& one_of(std::vector<std::string> choices);
  // problem: what is wrong with a value as it was written, or "".
  Option& check(std::function<std::string(const std::string& text)> problem);
  // Of a list: "1,2,3" on the command line is three values.
  Option& separated_by(char separator);
  Option& excludes(std::string name);
  // Where it is given on the command line, what a settings file says of these is left aside: they belong to the file's
  // choice, not to this one (--augmentation none, and the file's --brightness).
  Option& decides(std::vector<std::string> names);

  // May change between the parts of a run: it changes no number (loader-threads).
  Option& free_on_resume();
  // Says something of one start of the program, not of the run (out, resume, max-steps): not in recipe.toml.
  Option& of_this_start();
  // Names what the program writes, a file or a folder; it must be nothing that it reads.
  Option& written();
  // Says nothing unless this is true (synthetic-size, while data is "synthetic"): not in recipe.toml then.
  Option& applies_when(std::function<bool()> applies);

  const std::string& name() const { return name_; }
  const std::string& help() const { return help_; }
  const OptionTarget& target() const { return target_; }
  const std::string& unit() const { return unit_; }
  // What --help shows as the default; empty: there is none to show. Taken when the option was declared.
  const std::string& default_text() const { return default_text_; }
  char short_name() const { return short_name_; }
  const std::string& off_name() const { return off_name_; }
  const std::vector<std::string>& aliases() const { return aliases_; }
  const std::vector<std::string>& choices() const { return choices_; }
  char separator() const { return separator_; }
  const std::vector<std::string>& excluded() const { return excluded_; }
  const std::vector<std::string>& decided() const { return decided_; }
  bool is_positional() const { return positional_; }
  bool is_required() const { return required_; }
  bool is_free_on_resume() const { return free_on_resume_; }
  bool is_in_recipe() const { return !of_this_start_ && (!applies_ || applies_()); }
  bool is_written() const { return written_; }
  bool is_of_this_start() const { return of_this_start_; }
  bool is_switch() const;
  bool is_list() const;
  bool is_number() const;  // or a list of them
  // "1 to 4096", "above 0 and at most 1"; "" for any number.
  std::string interval() const;

  // Gives the variable a value as people write it, in several words if it is a list. Throws Error, naming the flag, for
  // what is not of its type or out of its range.
  void assign(std::span<const std::string> words) const;
  // "" or what is wrong with the value, flag and value named.
  std::string problem() const;
  // The value in TOML's syntax: enough digits that reading it again gives the same number. Nothing where it is empty.
  std::optional<std::string> toml() const;

 private:
  bool contains(double number) const;
  // "must be a whole number, 1 to 4096".
  std::string expectation() const;

  std::string name_;
  OptionTarget target_;
  std::string help_, unit_, default_text_, off_name_;
  char short_name_ = 0, separator_ = 0;
  std::vector<std::string> aliases_, choices_, excluded_, decided_;
  std::optional<double> lowest_, highest_;
  bool without_lowest_ = false, without_highest_ = false;
  std::vector<std::function<std::string(const std::string&)>> checks_;
  std::function<bool()> applies_;
  bool positional_ = false, required_ = false, free_on_resume_ = false, of_this_start_ = false, written_ = false;
};

// A name and its value in TOML's syntax.
using Setting = std::pair<std::string, std::string>;

class OptionList {
 public:
  // The variable must outlive the list. Throws Error for a name that is taken.
  template <class T>
  Option& add(std::string name, T& value, std::string help) {
    return add(Option(std::move(name), OptionTarget(&value), std::move(help)));
  }

  OptionList() = default;
  OptionList(const OptionList&) = delete;
  OptionList& operator=(const OptionList&) = delete;

  // In the order in which they were declared.
  const std::deque<Option>& all() const { return options_; }
  // By its name or an alias; null when there is none.
  const Option* find(std::string_view name) const;

  // Gives variables the values of a recipe file; not those of the options named in `except`. Throws Error that begins
  // with the origin (where the text is from) for a setting that no option knows and for a value that is wrong: a
  // misspelled setting must not be a setting that does nothing.
  void read(std::string_view toml, const std::string& origin, const std::set<std::string>& except = {}) const;

  // Throws Error for the first value out of its range.
  void check() const;

  // What a recipe file holds, with values as they are now: call it when everything is resolved.
  std::vector<Setting> settings() const;

 private:
  Option& add(Option option);

  std::deque<Option> options_;  // references to them stay good
};

// A TOML file of settings, the same run again: "# ... tool --config THIS_FILE --out NEW_FOLDER", then a line each.
std::string recipe_text(std::string_view tool, const std::vector<Setting>& settings);

// What a resumed run changes: "--augmentation was "none", now "cifar"" for each setting that must agree and does not,
// in either direction; empty where the run may go on. Both lists complete, that is resolved.
std::vector<std::string> changed_settings(const OptionList& options, const std::vector<Setting>& before,
                                          const std::vector<Setting>& now);

}  // namespace sleight
