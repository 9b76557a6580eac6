// --device, --precision and --threads, as every program that computes has them.
#pragma once

#include <string>

#include "engine/base/options.h"
#include "engine/run/precision.h"

namespace sleight {

struct DeviceFlags {
  std::string name = "cpu";
  std::string precision = "fp32";
  int threads = 0;

  void declare(OptionList& options);
  // Throws Error for a precision that this device has not.
  Precision parsed_precision() const { return parse_precision(precision, name); }
};

// The parts, for programs that have not all of them, or take them to mean more. In the order of --help.
Option& declare_device(OptionList& options, std::string& name);
Option& declare_precision(OptionList& options, std::string& precision);
Option& declare_threads(OptionList& options, int& threads);

}  // namespace sleight
