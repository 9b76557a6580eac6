// For tests of many tiny programs: where one step is shorter than waking a second thread.
#pragma once

#include "engine/device/compute_threads.h"
#include "engine/device/device.h"

namespace sleight::cases {

class OneThread {
 public:
  OneThread() : before_(compute_threads()) { set_compute_threads(1); }
  ~OneThread() { set_compute_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

}  // namespace sleight::cases
