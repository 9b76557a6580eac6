// What the tests of the simt executor share. They hold kernels, as a .cu file does, and are compiled by the host
// compiler.
#pragma once

#include <string>
#include <vector>

#include "catch2_adapter.h"
#include "kernels/lib/launch.h"
#include "kernels/lib/pack.h"
#include "kernels/lib/reduce.h"
#include "kernels/simt/guarded_buffer.h"
#include "kernels/simt/three_orders.h"

namespace sleight::kernels {

using simt::GuardedBuffer;
using simt::run_in_three_orders;
using simt::SimtError;

inline const std::vector<ThreadOrder>& all_orders() {
  static const std::vector<ThreadOrder> orders{ThreadOrder::forward, ThreadOrder::reverse, ThreadOrder::shuffled};
  return orders;
}

// The message of the Exception that function throws; the test fails if it throws none.
template <class Exception, class Function>
std::string message_of(Function&& function) {
  try {
    function();
  } catch (const Exception& error) {
    return error.what();
  }
  FAIL("expected an exception");
  return "";
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace sleight::kernels
