// main() of every program here and of the benchmarks: runs the tool that it is linked with.
#include "engine/device/compute_threads.h"
#include "tools/common/run_tool.h"

int main(int argument_count, char** arguments) {
  sleight::restart_with_short_spins(arguments);
  return sleight::run_tool(sleight::registered_tools().front(), {arguments + 1, arguments + argument_count});
}
