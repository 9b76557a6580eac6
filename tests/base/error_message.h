// The message of the exception that a function throws, to be looked into by a test; empty when it throws none.
#pragma once

#include <exception>
#include <string>

namespace sleight {

template <class Function>
std::string error_message(Function&& function) {
  try {
    function();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace sleight
