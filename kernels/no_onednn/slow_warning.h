// A word about speed, for builds without oneDNN.
#pragma once

namespace sleight::kernels {

// Says on stderr, once per process, that what follows is slow.
void warn_of_plain_loops();

}  // namespace sleight::kernels
