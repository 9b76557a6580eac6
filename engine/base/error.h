// Errors that say what, where, with which values, and what to do. Every failure a user can cause ends up here.
#pragma once

#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>

namespace sleight {

class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// fail("cannot open ", path, ": ", reason, "; check that the folder exists")
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  std::ostringstream message;
  (message << ... << parts);
  throw Error(message.str());
}

template <class... Parts>
void check(bool condition, const Parts&... parts) {
  if (!condition) fail(parts...);
}

// Runs function; an exception leaving it gains "context: " in front, so that errors read from the outside in.
template <class Function>
decltype(auto) with_context(const std::string& context, Function&& function) {
  try {
    return std::forward<Function>(function)();
  } catch (const std::exception& error) {
    throw Error(context + ": " + error.what());
  }
}

}  // namespace sleight
