#!/usr/bin/env bash
# Searches for inputs that break the readers of files: builds the targets of tests/fuzz and runs each of them.
#
#   tools/fuzz.sh 60                        every target for 60 seconds, as many at once as there are processors
#   tools/fuzz.sh 600 fuzz_image fuzz_recipe
#
# Starts from tests/fuzz/corpus and from what earlier searches found, in build_fuzz/corpus. An input that breaks a target
# lies in build_fuzz/findings/TARGET; the command that shows it again is printed, and the exit status is 1.
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }
case "${1:-}" in
  -h | --help) usage; exit 0 ;;
  # 0, also as 00, would be no limit to libFuzzer.
  '' | *[!0-9]* | 0*) echo "fuzz.sh: give the seconds for each target, like: tools/fuzz.sh 60; there is --help" >&2; exit 2 ;;
esac
seconds=$1
shift
cd "$(dirname "${BASH_SOURCE[0]}")/.."

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
  for source in tests/fuzz/fuzz_*.cpp; do targets+=("$(basename "$source" .cpp)"); done
fi
for target in "${targets[@]}"; do
  if [[ $target != fuzz_* || $target == */* || ! -f tests/fuzz/$target.cpp ]]; then
    echo "fuzz.sh: there is no target '$target'; tests/fuzz has$(cd tests/fuzz && printf ' %s' fuzz_*.cpp | sed 's/\.cpp//g')" >&2
    exit 2
  fi
done

command -v clang++ > /dev/null || { echo "fuzz.sh: there is no clang++; tools/install_dependencies.sh --fuzz" >&2; exit 2; }
mkdir -p build_fuzz
if ! { cmake --preset fuzz && cmake --build build_fuzz --target "${targets[@]}"; } > build_fuzz/build.log 2>&1; then
  tail -n 20 build_fuzz/build.log >&2
  echo "fuzz.sh: the targets do not build; all of it is in build_fuzz/build.log" >&2
  exit 2
fi

# Of time and memory, for one input; a finding is shown again under the same ones.
export limits="-timeout=10 -rss_limit_mb=2048"

search() {
  local target=$1 seconds=$2
  mkdir -p "build_fuzz/corpus/$target" "build_fuzz/findings/$target"
  # A finding ends a target's search: the same one would be found again and again.
  local status=0
  build_fuzz/bin/"$target" -max_total_time="$seconds" $limits -print_final_stats=1 \
    -artifact_prefix="build_fuzz/findings/$target/" "build_fuzz/corpus/$target" "tests/fuzz/corpus/$target" \
    > "build_fuzz/$target.log" 2>&1 || status=$?
  echo "$status" > "build_fuzz/$target.status"
}
export -f search
trap 'echo "fuzz.sh: interrupted; what was found by now lies in build_fuzz/findings, the logs in build_fuzz" >&2; exit 130' INT
printf '%s\n' "${targets[@]}" | xargs -P "$(nproc)" -I TARGET bash -c 'search TARGET '"$seconds"

failed=()
printf '%-24s %8s %10s %10s %9s %9s  %s\n' target seconds inputs 'per s' coverage 'at end' findings
for target in "${targets[@]}"; do
  log=build_fuzz/$target.log
  first=$(sed -n 's/^#[0-9]*[[:space:]]*INITED cov: \([0-9]*\).*/\1/p' "$log" | head -n 1)
  last=$(sed -n 's/^#[0-9]*[[:space:]].* cov: \([0-9]*\).*/\1/p' "$log" | tail -n 1)
  inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  took=$(sed -n 's/^Done [0-9]* runs in \([0-9]*\) second.*/\1/p' "$log")
  finding=none
  if [ "$(cat "build_fuzz/$target.status")" != 0 ]; then
    failed+=("$target")
    finding=$(sed -n 's/^SUMMARY: //p' "$log" | head -n 1 | cut -c 1-100)
  fi
  printf '%-24s %8s %10s %10s %9s %9s  %s\n' "$target" "${took:--}" "${inputs:--}" "${rate:--}" "${first:--}" "${last:--}" \
    "${finding:-see build_fuzz/$target.log}"
done

for target in "${failed[@]}"; do
  input=$(sed -n 's/.*Test unit written to //p' "build_fuzz/$target.log" | tail -n 1)
  echo
  echo "$target: once mended, copy the input to tests/fuzz/corpus/$target, where the tests keep it. To see it again:"
  echo "  build_fuzz/bin/$target $limits ${input:-tests/fuzz/corpus/$target}"
done
[ ${#failed[@]} -eq 0 ]
