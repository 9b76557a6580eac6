#!/usr/bin/env bash
# Tests and measures Sleight on a machine with an NVIDIA GPU: one command, one table, one archive.
#
#   tools/gpu_check.sh --pack FILE.tar.gz     on the machine that builds: what another machine needs, in one file; a
#                                             folder gets sleight_gpu.tar.gz
#   tools/gpu_check.sh OUT_DIR [OPTION...]    on the machine with the GPU
#
#   --seconds N          end within N seconds: what does not fit is cut off or left out, and the table says so
#                        (default: each part ends within 10 minutes, all within 50)
#   --only PART          may be given several times (default: all, in the order below)
#   --models A,B         resnet50, yolov3, cifar_resnet20, resnet18 (default: these), other ResNets, yolov3_small
#   --precisions P,Q     bf16, fp16, tf32, fp32 (default: these)
#   --cache FILE         starts with the choices of algorithms that an earlier run on such a GPU measured: its
#                        results.tar.gz, or a tuning.txt
#   --data DATA          what the classifier trains on, as train_classifier takes it: 160 epochs, by the recipe for
#                        CIFAR-10 (default: generated images, 15 epochs)
#   --folder UNPACKED    the folder of a --pack; without it the one that this script lies in, else the programs are built
#                        here (cmake --preset portable)
#   --dry-run            print the commands and run none; needs no GPU
#
# Parts, the most valuable first:
#   first      9 minutes: the tests for a GPU, the first model's step twice (first start and second), cuDNN's plans, and
#              the kernels of batch norm, max pooling and SGD
#   steps      whole training steps: each precision and model, captured in a CUDA graph; the first precision also not
#   compare    the same steps in PyTorch (eager and compiled) and here, in turn
#   kernels    every operation: bytes per second, and as a fraction of a device copy measured in the same run
#   train      real training runs, of a detector on generated scenes and of a classifier: mAP, accuracy and time
#   sanitizer  compute-sanitizer's memcheck and racecheck on our kernels' small cases, where it can be used
#
# OUT_DIR receives summary.md, a table to be committed in bench/results, and results.tar.gz: logs, figures and the cache
# of measured algorithms. Both are written anew after each command, so that a kill loses only the command that ran. A
# command that fails does not stop the next. Nothing about the GPU is changed.
#
# Exit code: 0 nothing failed; 1 a command failed, or the results cannot be written; 2 wrong arguments; 3 no GPU or no
# driver; 4 no programs to run; 130 or 143 stopped by a signal.
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
say() { printf '%s\n' "$@"; }
heading() { printf '\n== %s ==\n\n' "$*"; }
fail() {
  printf 'gpu_check.sh: %s\n' "$2" >&2
  exit "$1"
}
usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

# shellcheck source=tools/gpu_check/machine.sh
. "$root/tools/gpu_check/machine.sh"
# shellcheck source=tools/gpu_check/pack.sh
. "$root/tools/gpu_check/pack.sh"
# shellcheck source=tools/gpu_check/parts.sh
. "$root/tools/gpu_check/parts.sh"
# shellcheck source=tools/gpu_check/results.sh
. "$root/tools/gpu_check/results.sh"

out=""
folder=""
data=synthetic
cache=""
dry_run=no
parts=()
models=("${all_models[@]}")
precisions=("${all_precisions[@]}")
budget=3000
shown_arguments=""
bin=""       # the programs
gpu_name=""
work=""      # a folder of this run alone
logs=LOGS    # in it, what goes into the archive

# ---- Arguments ----

value_of() {  # value_of OPTION VALUE
  local item
  case "$1" in
    --only)
      [[ " ${all_parts[*]} " == *" $2 "* ]] || fail 2 "there is no part '$2'; there are: ${all_parts[*]}"
      parts+=("$2") ;;
    --seconds)
      [[ "$2" =~ ^[1-9][0-9]{0,5}$ ]] || fail 2 "--seconds takes a whole number of seconds, not '$2'"
      budget="$2" ;;
    --models)
      IFS=, read -r -a models <<< "$2"
      for item in "${models[@]:-}"; do
        step_of_model "$item" > /dev/null || fail 2 "no batch size is known for the model '$item'; --help lists models"
      done ;;
    --precisions)
      IFS=, read -r -a precisions <<< "$2"
      for item in "${precisions[@]:-}"; do
        [[ -n "$item" && " ${all_precisions[*]} " == *" $item "* ]] ||
          fail 2 "there is no precision '$item'; there are: ${all_precisions[*]}"
      done ;;
    --cache)
      [[ -f "$2" ]] || fail 2 "there is no file $2; --cache takes the results.tar.gz of an earlier run, or a tuning.txt"
      cache="$(realpath "$2")" ;;
    --folder)
      [[ -d "$2/bin" ]] || fail 4 "$2 has no bin/; make it with: tools/gpu_check.sh --pack FILE.tar.gz"
      folder="$(cd "$2" && pwd)" ;;
    --data)
      [[ -e "$2" || "$2" == synthetic ]] || fail 2 "there is no $2 to train on"
      data="$2"
      [[ "$2" == synthetic ]] || data="$(realpath "$2")" ;;
    --pack) pack "$2"; exit 0 ;;
  esac
  [[ "$1" == --folder ]] || shown_arguments+=" $1 ${2##*/}"
}

parse_arguments() {
  while (( $# > 0 )); do
    case "$1" in
      -h | --help) usage; exit 0 ;;
      --only | --seconds | --models | --precisions | --cache | --folder | --data | --pack)
        (( $# > 1 )) || fail 2 "$1 needs a value; --help says which"
        value_of "$1" "$2"
        shift ;;
      --dry-run) dry_run=yes ;;
      -*) fail 2 "unknown argument '$1'; --help lists them" ;;
      *) [[ -z "$out" ]] || fail 2 "one OUT_DIR, not '$out' and '$1'"
         out="$1" ;;
    esac
    shift
  done
  [[ -n "$out" ]] || fail 2 "where to write? tools/gpu_check.sh OUT_DIR (--help says more)"
  (( ${#parts[@]} > 0 )) || parts=("${all_parts[@]}")
}

# ---- Running one command ----

part=""
part_end=0
running=""  # the name of a command, and the process that it is
child=""
any_failed=no

# The last of them are for the archive, and for a command that has to be killed.
seconds_left() {
  local end=$(( budget - 8 ))
  (( end < part_end )) || end=$part_end
  say $(( end - SECONDS ))
}

# What a command that ended well may still say: that it found nothing to test, which is no proof here.
problem_in_log() {
  if grep -q '\[skipped\]' "$1"; then
    say "a test found no GPU or no library: $(grep -m 1 -F '[skipped]' "$1" | cut -c 1-150)"
  elif grep -q 'No tests ran\|No test cases matched' "$1"; then
    say "no tests ran"
  fi
}

# run NAME SECONDS COMMAND...: what it says goes to PART/NAME.log.
run() {
  local name="$1" wanted="$2" limit status=0 started=$SECONDS took problem log="$logs/$part/$1.log"
  shift 2
  limit="$(seconds_left)"
  (( limit < wanted )) || limit=$wanted
  if [[ "$dry_run" == yes ]]; then
    printf '  timeout %d' "$limit"
    printf ' %q' "$@"
    printf '\n'
    return
  fi
  if (( limit < 5 )); then
    record "$name" "not run: no time left" 0
    return
  fi
  if ! { printf '%q ' "$@" && printf '\n\n'; } > "$log" 2> /dev/null; then
    record "$name" "FAILED: not run, its log cannot be written; free the disk, or set TMPDIR to another" 0
    return
  fi
  # In the background, so that a signal to this script is heard at once.
  timeout --kill-after=5 "$limit" "$@" < /dev/null >> "$log" 2>&1 &
  child=$!
  running="$name"
  wait "$child" || status=$?
  child=""
  took=$(( SECONDS - started ))
  problem="$(problem_in_log "$log" || true)"
  if (( status == 0 )) && [[ -z "$problem" ]]; then
    record "$name" passed "$took"
  elif (( status == 0 )); then
    record "$name" "FAILED: $problem" "$took"
  elif (( (status == 124 || status == 137) && took >= limit && limit < wanted )); then
    record "$name" "cut off: its time was used up" "$took"
  elif (( (status == 124 || status == 137) && took >= limit )); then
    record "$name" "FAILED: stopped after $limit s" "$took"
  else
    record "$name" "FAILED: exit code $status, see $part/$name.log" "$took"
  fi
}

stopped() {  # stopped EXIT_CODE
  trap '' INT TERM
  if [[ -n "$child" ]]; then
    kill -TERM "$child" 2> /dev/null || true
    wait "$child" || true
    record "$running" "not finished: stopped by a signal" ""
  fi
  exit "$1"
}

remove_work() {
  if [[ -n "$save_problem" ]]; then
    printf 'gpu_check.sh: %s Everything is in %s\n' "$save_problem" "$work" >&2
  else
    rm -rf "$work"
  fi
}

main() {
  parse_arguments "$@"
  if [[ "$dry_run" == no ]]; then
    require_gpu
    mkdir -p "$out" || fail 2 "cannot make $out"
    out="$(cd "$out" && pwd)"  # programs run elsewhere
    [[ ! -e "$out/summary.md" && ! -e "$out/results.tar.gz" ]] ||
      fail 2 "$out holds results already; name another folder"
    # Beside OUT_DIR's two files nothing is left behind, so the many small ones are made elsewhere.
    work="$(mktemp -d "${TMPDIR:-/tmp}/gpu_check.XXXXXX")" || fail 2 "no folder can be made in ${TMPDIR:-/tmp}; set TMPDIR"
    trap remove_work EXIT
    trap 'stopped 130' INT
    trap 'stopped 143' TERM
    logs="$work/results"
    # Measured choices of algorithms stay with the figures they belong to.
    export XDG_CACHE_HOME="$logs/cache"
    mkdir -p "$XDG_CACHE_HOME"
    [[ -z "$cache" ]] || use_cache "$cache"
  fi
  find_programs
  add_library_folders
  cd "${folder:-$root}"
  if [[ "$dry_run" == no ]]; then
    describe_machine > "$work/machine.txt"
    gpu_name="$(sed -n 's/^GPU, driver, memory: \([^,]*\),.*/\1/p;' "$work/machine.txt" | head -n 1)"
    gpu_name="${gpu_name:-a GPU without nvidia-smi}"
    heading "Machine"
    cat "$work/machine.txt"
  fi
  for part in "${parts[@]}"; do
    heading "$part"
    [[ "$dry_run" == yes ]] || mkdir -p "$logs/$part"
    part_end=$(( SECONDS + $(seconds_of_part "$part") ))
    "part_$part"
  done
  [[ "$dry_run" == no ]] || exit 0
  heading "Result"
  summary
  heading "$out/summary.md and results.tar.gz"
  [[ "$any_failed" == no && -z "$save_problem" ]] || exit 1
}

main "$@"
