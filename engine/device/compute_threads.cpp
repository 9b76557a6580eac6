#include "engine/device/compute_threads.h"

#include <omp.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/base/text.h"

namespace sleight {

namespace {

int cores() {
  const int processors = omp_get_num_procs();
  std::string cpu_max;
  std::getline(std::ifstream("/sys/fs/cgroup/cpu.max"), cpu_max);
  return std::min(processors, cores_of_quota(cpu_max).value_or(processors));
}

// Asked of a real region, because limits have several sources.
int granted_threads() {
  int granted = 1;
#pragma omp parallel
#pragma omp single
  granted = omp_get_num_threads();
  return granted;
}

}  // namespace

void set_compute_threads(int count) {
  // Far beyond any machine OpenMP does not refuse: it crashes.
  check(count >= 0 && count <= 1024, "the number of compute threads must be 0 (one per core) to 1024, got ", count);
  const int wanted = count == 0 ? cores() : count;
  // Otherwise (OMP_DYNAMIC) each region may get another number, by the load of the machine.
  omp_set_dynamic(0);
  omp_set_num_threads(std::min(wanted, omp_get_thread_limit()));
  const int granted = granted_threads();
  omp_set_num_threads(granted);
  if (granted < wanted)
    log_warning("OpenMP grants ", count_of(granted, "compute thread"), " of ", wanted,
                ": this run uses that many; OMP_THREAD_LIMIT may be the reason");
}

int compute_threads() {
  return omp_get_max_threads();
}

std::optional<int> cores_of_quota(std::string_view cpu_max) {
  double numbers[2] = {};
  for (double& number : numbers) {
    const auto [end, error] = std::from_chars(cpu_max.data(), cpu_max.data() + cpu_max.size(), number);
    if (error != std::errc() || !(number > 0.0)) return std::nullopt;
    cpu_max.remove_prefix(std::min(cpu_max.size(), static_cast<std::size_t>(end - cpu_max.data()) + 1));
  }
  const double whole = numbers[0] / numbers[1] + 0.999;
  return whole < 1e6 ? std::optional(std::max(1, static_cast<int>(whole))) : std::nullopt;
}

void restart_with_short_spins(char** arguments) {
  for (const char* name : {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"})
    if (std::getenv(name) != nullptr) return;
  setenv("GOMP_SPINCOUNT", "1000", 1);  // GCC's libgomp: turns of the loop
  setenv("KMP_BLOCKTIME", "0", 1);      // LLVM's libomp
  // By its own path, or top and pkill would know it as "exe".
  std::error_code unknown;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", unknown);
  if (!unknown) execv(program.c_str(), arguments);
  // Without /proc, or when its file has gone, it cannot restart, and goes on as it was started.
  unsetenv("GOMP_SPINCOUNT");
  unsetenv("KMP_BLOCKTIME");
}

}  // namespace sleight
