#!/usr/bin/env bash
# Everything that must hold: installs what is missing, builds, runs all tests; then builds once more with the address and
# undefined-behavior sanitizers, and runs all tests again. The GPU kernels are compiled where nvcc is found.
#
#   tools/test.sh               both builds
#   tools/test.sh release       without the sanitizers
#   tools/test.sh debug         with the sanitizers only
set -euo pipefail

case "${1:-}" in
  "") presets=(release debug) ;;
  release | debug) presets=("$1") ;;
  *)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
    [[ "$1" == -h || "$1" == --help ]] && exit 0
    exit 2
    ;;
esac

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/build_environment.sh
source tools/build_environment.sh

heading "Installing what is missing"
tools/install_dependencies.sh

summary=()
status=0
for preset in "${presets[@]}"; do
  seconds_before=$SECONDS
  outcome=passed
  heading "$preset: configure and build"
  # A sanitizer names lines; the variables that a debugger shows as well would only make this build slower.
  flags=()
  [[ "$preset" == debug ]] && flags=(-DCMAKE_CXX_FLAGS_DEBUG="-O1 -g1")
  if cmake --preset "$preset" "${flags[@]}" && cmake --build --preset "$preset" --parallel "$build_jobs"; then
    built=$SECONDS
    heading "$preset: tests"
    ctest --preset "$preset" --parallel "$(nproc)" || outcome="FAILED in the tests"
    times="build $((built - seconds_before)) s, tests $((SECONDS - built)) s"
  else
    outcome="FAILED to build"
    times="after $((SECONDS - seconds_before)) s"
  fi
  [[ "$outcome" == passed ]] || status=1
  summary+=("$(printf '%-8s %s (%s)' "$preset" "$outcome" "$times")")
done

heading "Summary"
printf '%s\n' "${summary[@]}"
exit "$status"
