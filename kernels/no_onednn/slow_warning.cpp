#include "kernels/no_onednn/slow_warning.h"

#include <cstdio>
#include <mutex>

namespace sleight::kernels {

void warn_of_plain_loops() {
  static std::once_flag said;
  std::call_once(said, [] {
    std::fputs(
        "note: built without oneDNN, so convolutions and matrix products on the cpu are plain loops: many times "
        "slower\n",
        stderr);
  });
}

}  // namespace sleight::kernels
