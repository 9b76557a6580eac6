// The warning about speed in builds without oneDNN.
#pragma once

namespace sleight::kernels {

// Prints on stderr, once per process, that convolutions and matrix products are slow.
void warn_of_plain_loops();

}  // namespace sleight::kernels
