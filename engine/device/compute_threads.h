// The threads of the CPU kernels and of oneDNN, which share one OpenMP pool.
#pragma once

#include <optional>
#include <string_view>

namespace sleight {

// 0 means one per core that this process may use: the machine's, or fewer where its affinity or a container's quota
// says so. OpenMP may grant fewer (OMP_THREAD_LIMIT); then that number is taken, and a warning says so. oneDNN's
// kernels wait for every thread that was promised, and for a missing one they would wait for ever. Throws Error for a
// count below 0 or above 1,024. Applies to regions of the calling thread.
void set_compute_threads(int count);
int compute_threads();

// The cores in the text of a control group's cpu.max ("150000 100000" is 1.5 and counts as 2); nullopt where it sets no
// limit.
std::optional<int> cores_of_quota(std::string_view cpu_max);

// Makes threads that wait for others spin for a moment only, and then sleep. OpenMP's default is to spin for
// milliseconds: beside one other busy process a waiting thread then takes the core that its partner needs. The OpenMP
// runtime reads this choice from the environment when it is loaded, which is before main(); so the program starts itself
// once more. For the first line of main(), which passes its arguments. Does nothing where the environment already holds
// a choice (OMP_WAIT_POLICY, GOMP_SPINCOUNT, KMP_BLOCKTIME).
void restart_with_short_spins(char** arguments);

}  // namespace sleight
