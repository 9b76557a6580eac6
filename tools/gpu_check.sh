#!/usr/bin/env bash
# Tests and measures Sleight on a machine with an NVIDIA GPU: one command, one table.
#
#   tools/gpu_check.sh OUT_DIR [--only PART] [--folder PREBUILT] [--data DATA] [--dry-run]
#   tools/gpu_check.sh --pack FOLDER        (on the machine that builds: what another machine needs, in one folder)
#
#   --only PART        tests, kernels, steps, compare or train; may be given several times (default: all, in this order)
#   --folder PREBUILT  a folder made by --pack; without it the folder this script lies in when it was packed, else the
#                      programs are built here (cmake --preset portable)
#   --data DATA        what the classifier trains on, as train_classifier takes it: 160 epochs, by the recipe for CIFAR-10
#                      (default: generated images, 15 epochs)
#   --dry-run          print the commands and run none; needs no GPU
#
# Parts:
#   tests    every test with the tag [gpu], then compute-sanitizer's memcheck and racecheck on our kernels' small cases
#   kernels  every operation: bytes per second, and as a fraction of a device copy measured in the same run
#   steps    whole training steps: each model and precision, captured in a CUDA graph and not; YOLOv3 at 416 in bf16
#   compare  the same step in PyTorch (eager and compiled) and here, in turn
#   train    real training runs, of a detector on generated scenes and of a classifier: mAP, accuracy and time
#
# Each part ends within ten minutes, and one that fails does not stop the next. OUT_DIR receives summary.md, summary.json
# and a folder of logs for each part. Nothing about the GPU is changed.
#
# Exit code: 0 all parts passed; 1 a part failed; 2 wrong arguments; 3 no GPU or no driver; 4 no programs to run.
set -euo pipefail

readonly part_seconds=570
readonly all_parts=(tests kernels steps compare train)
readonly programs=(bench_kernels bench_step train_classifier train_detector)

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
out=""
folder=""
data=synthetic
dry_run=no
parts=()

say() { printf '%s\n' "$*"; }
heading() { printf '\n== %s ==\n\n' "$*"; }
fail() {
  printf 'gpu_check.sh: %s\n' "$2" >&2
  exit "$1"
}
usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"; }

# ---- Arguments ----

parse_arguments() {
  while (( $# > 0 )); do
    case "$1" in
      -h | --help) usage; exit 0 ;;
      --only | --folder | --data | --pack)
        (( $# > 1 )) || fail 2 "$1 needs a value; --help says which"
        case "$1" in
          --only)
            [[ " ${all_parts[*]} " == *" $2 "* ]] || fail 2 "there is no part '$2'; there are: ${all_parts[*]}"
            parts+=("$2") ;;
          --folder) [[ -d "$2/bin" ]] || fail 4 "$2 has no bin/; make it with: tools/gpu_check.sh --pack FOLDER"
                    folder="$(cd "$2" && pwd)" ;;
          --data) [[ -e "$2" || "$2" == synthetic ]] || fail 2 "there is no $2 to train on"
                  data="$2"
                  [[ "$2" == synthetic ]] || data="$(realpath "$2")" ;;
          --pack) pack "$2"; exit 0 ;;
        esac
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

# ---- The folder that is carried ----

# Folders of tests that hold one for the GPU.
gpu_test_areas() { grep -rl --include='*.cpp' -F '[gpu]' "$root/tests" | sed "s|$root/tests/||;s|/.*||" | sort -u; }

build() {
  cmake --preset portable -S "$root" || return 1
  local targets=("${programs[@]}") area
  for area in $(gpu_test_areas); do targets+=("test_$area"); done
  cmake --build "$root/build_portable" --parallel "${BUILD_JOBS:-$(nproc)}" --target "${targets[@]}"
}

pack() {
  local to="$1" from="$root/build_portable" area program
  [[ ! -e "$to" ]] || fail 2 "$to exists; name a new folder"
  [[ -d "$root/kernels" ]] || fail 2 "--pack works in a checkout of the repository, not in a packed folder"
  build || fail 4 "the programs cannot be built"
  mkdir -p "$to"/{bin,lib,tests,bench,tools}
  for area in $(gpu_test_areas); do strip -o "$to/bin/test_$area" "$from/bin/test_$area"; done
  for program in "${programs[@]}"; do strip -o "$to/bin/$program" "$from/bin/$program"; done
  if compgen -G "$from/lib/*.so*" > /dev/null; then cp "$from"/lib/*.so* "$to/lib/"; fi
  mkdir -p "$to/tests/golden"
  cp "$root"/tests/golden/*.json "$to/tests/golden/"
  cp "$root"/bench/{compare_pytorch,pytorch_yolov3,check_step}.py "$to/bench/"
  cp "$root/tools/gpu_check.sh" "$to/tools/"
  cp "$root/LICENSE" "$to/"
  git -C "$root" rev-parse HEAD > "$to/COMMIT" 2> /dev/null || rm -f "$to/COMMIT"
  say "$to: $(du -sm "$to" | cut -f1) MB, $(( $(tar -C "$to" -cz . | wc -c) / 1000000 )) MB as .tar.gz"
  say "On the machine with the GPU: FOLDER/tools/gpu_check.sh OUT_DIR"
}

# ---- What is on this machine ----

require_gpu() {
  if command -v nvidia-smi > /dev/null; then
    nvidia-smi -L 2> /dev/null | grep -q '^ *\(GPU\|MIG\)' && return
    fail 3 "no NVIDIA GPU: nvidia-smi finds none ($(nvidia-smi -L 2>&1 | head -n 1))"
  fi
  compgen -G '/dev/nvidia[0-9]*' > /dev/null && return
  fail 3 "no NVIDIA GPU: there is no nvidia-smi and no /dev/nvidia0. This command measures a GPU; without one run tools/test.sh, or --dry-run to see what would be run"
}

find_programs() {
  if [[ -z "$folder" && -d "$root/bin" ]]; then folder="$root"; fi
  if [[ -n "$folder" ]]; then
    bin="$folder/bin"
    return
  fi
  bin="$root/build_portable/bin"
  if [[ "$dry_run" == yes ]]; then
    say "cmake --preset portable && cmake --build --preset portable"
    return
  fi
  local tool
  for tool in cmake ninja nvcc; do
    command -v "$tool" > /dev/null || [[ -x "/usr/local/cuda/bin/$tool" ]] ||
      fail 4 "there are no programs here, and no $tool to build them with; carry a folder made elsewhere by: tools/gpu_check.sh --pack FOLDER"
  done
  heading "Building"
  build > "$out/build.log" 2>&1 || fail 4 "the build failed (the end of $out/build.log: $(tail -n 1 "$out/build.log")); carry a folder made elsewhere by: tools/gpu_check.sh --pack FOLDER"
}

# Where Python's packages keep NVIDIA's libraries: nvidia/*/lib and torch/lib, one folder a line.
python_library_folders() {
  command -v python3 > /dev/null || return 0
  python3 - << 'PYTHON' 2> /dev/null || true
import importlib.util
import pathlib
for package, pattern in (("nvidia", "*/lib"), ("torch", "lib")):
    specification = importlib.util.find_spec(package)
    for place in (specification.submodule_search_locations or []) if specification else []:
        print(*sorted(str(folder) for folder in pathlib.Path(place).glob(pattern) if folder.is_dir()), sep="\n")
PYTHON
}

# The first file of this pattern that a program would find, or, with its folder put on LD_LIBRARY_PATH, could find.
find_library() {
  local pattern="$1" place file
  local -a known=() others=()
  IFS=: read -r -a known <<< "${LD_LIBRARY_PATH:-}"
  for place in "${known[@]}"; do
    file="$(compgen -G "$place/$pattern" | head -n 1 || true)"
    [[ -z "$file" ]] || { say "$file"; return; }
  done
  file="$( (ldconfig -p 2> /dev/null || /sbin/ldconfig -p 2> /dev/null) | awk '{print $NF}' | while read -r file; do
    # shellcheck disable=SC2053  # a pattern on the right is what is meant
    [[ "${file##*/}" == $pattern ]] && { echo "$file"; break; }
  done || true)"
  [[ -z "$file" ]] || { say "$file"; return; }
  mapfile -t others < <(python_library_folders)
  for place in /usr/local/cuda/lib64 /usr/local/cuda/lib /usr/local/nvidia/lib64 /usr/lib/wsl/lib "${others[@]}"; do
    file="$(compgen -G "$place/$pattern" | head -n 1 || true)"
    [[ -n "$file" ]] || continue
    say "$file"
    return
  done
}

describe_machine() {
  local name pattern file
  say "date: $(date -u '+%Y-%m-%d %H:%M UTC')"
  if command -v nvidia-smi > /dev/null; then
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2> /dev/null |
      sed 's/^/GPU, driver, memory: /' || true
  fi
  say "processor: $(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) threads"
  while read -r name pattern; do
    file="$(find_library "$pattern")"
    say "$name: ${file:-not found}"
  done <<< "$libraries"
  command -v nvcc > /dev/null && say "nvcc: $(nvcc --version | sed -n 's/.*release \([^,]*\),.*/\1/p')"
  if command -v python3 > /dev/null; then
    say "PyTorch: $(python3 -c 'import torch; print(torch.__version__, "with cuDNN", torch.backends.cudnn.version())' 2> /dev/null || echo 'not found')"
  fi
  say "Sleight: $(cat "$root/COMMIT" 2> /dev/null || git -C "$root" describe --always --dirty 2> /dev/null || echo 'no commit known')"
}

libraries='driver libcuda.so.1
cuDNN libcudnn.so.[0-9]*
cuBLASLt libcublasLt.so.[0-9]*
NCCL libnccl.so.2'

# Programs open these libraries when they need them, so their folders have to be known before a program starts.
add_library_folders() {
  local name pattern file
  while read -r name pattern; do
    file="$(find_library "$pattern")"
    [[ -n "$file" ]] || continue
    case ":${LD_LIBRARY_PATH:-}:" in
      *":${file%/*}:"*) ;;
      *) export LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}${file%/*}" ;;
    esac
  done <<< "$libraries"
}

# ---- Running one command ----

part=""
part_started=0
commands=0
failures=()

# run NAME SECONDS COMMAND...: its output goes to OUT_DIR/PART/NAME.log; the part's own time is never exceeded.
run() {
  local name="$1" limit="$2" left status=0 started=$SECONDS
  shift 2
  left=$(( part_seconds - (SECONDS - part_started) ))
  (( limit < left )) || limit=$left
  if [[ "$dry_run" == yes ]]; then
    printf '  timeout %d' "$limit"
    printf ' %q' "$@"
    printf '\n'
    return
  fi
  commands=$(( commands + 1 ))
  if (( limit < 10 )); then
    say "  $name: not run, the part's time is used up"
    failures+=("$name: no time left")
    return 1
  fi
  printf '%q ' "$@" > "$out/$part/$name.log"
  printf '\n\n' >> "$out/$part/$name.log"
  timeout --kill-after=10 "$limit" "$@" < /dev/null >> "$out/$part/$name.log" 2>&1 || status=$?
  if (( status == 124 || status == 137 )); then
    failures+=("$name: stopped after $limit s")
  elif (( status != 0 )); then
    failures+=("$name: exit code $status")
  fi
  if (( status == 0 )); then
    say "  $name: done after $(( SECONDS - started )) s"
  else
    say "  $name: FAILED (${failures[-1]#*: }) after $(( SECONDS - started )) s, see $out/$part/$name.log"
  fi
  return "$status"
}

# ---- The parts: each sets `figures` to what the table should show ----

# Catch2 says what it ran in its last lines; a test that found no GPU says so and passes, which is no proof here.
check_test_log() {
  local name="$1" log="$out/$part/$1.log"
  [[ "$dry_run" == no ]] || return 0
  if grep -q '\[skipped\]' "$log"; then
    failures+=("$name: a test found no GPU or no library: $(grep -m 1 -F '[skipped]' "$log" | cut -c 1-150)")
  elif grep -q 'No tests ran\|No test cases matched' "$log"; then
    failures+=("$name: no tests ran")
  fi
}

# The test programs that hold tests for the GPU.
gpu_test_programs() {
  local program area listed
  if [[ ! -x "$bin/bench_step" ]]; then
    for area in $(gpu_test_areas); do say "$bin/test_$area"; done
    return
  fi
  for program in "$bin"/test_*; do
    [[ -x "$program" ]] || continue
    # Catch2 2 makes the number of tests the exit code.
    listed="$("$program" '[gpu]' --list-tests 2> /dev/null || true)"
    if [[ "$listed" == *'[gpu]'* ]]; then say "$program"; fi
  done
}

part_tests() {
  local program name tool ran=0
  while read -r program; do
    name="${program##*/}"
    run "$name" 240 "$program" '[gpu]' && check_test_log "$name"
    ran=$(( ran + 1 ))
  done < <(gpu_test_programs)
  if (( ran == 0 )) && [[ "$dry_run" == no ]]; then failures+=("there are no tests in $bin"); fi
  local sanitizer
  sanitizer="$(command -v compute-sanitizer || compgen -G '/usr/local/cuda/*/compute-sanitizer' | head -n 1 || true)"
  if [[ -z "$sanitizer" && "$dry_run" == no ]]; then
    figures="$ran programs; compute-sanitizer is not on this machine"
    return
  fi
  for tool in memcheck racecheck; do
    run "$tool" 200 "${sanitizer:-compute-sanitizer}" --tool "$tool" --kernel-name kns=sleight --report-api-errors no \
      --error-exitcode 99 "$bin/test_kernels" 'cases on the GPU*' && check_test_log "$tool"
  done
  figures="$ran programs, memcheck and racecheck"
}

part_kernels() {
  run kernels 560 "$bin/bench_kernels" --device cuda --benchmark_out="$out/kernels/kernels.json" \
    --benchmark_out_format=json || true
  [[ "$dry_run" == no && -f "$out/kernels/kernels.json" ]] || return 0
  # Operations that do arithmetic worth counting are not bound by memory, and rows that move little by their launch.
  figures="$(awk '
    /^ *"name":/ { name = $0; sub(/^ *"name": "/, "", name); sub(/",?$/, "", name); bytes = 0; fraction = ""; flops = 0 }
    /^ *"bytes":/ { bytes = $2 + 0 }
    /^ *"of_copy":/ { fraction = $2 + 0 }
    /^ *"flops_per_second":/ { flops = 1 }
    /^ *}/ { if (bytes >= 32e6 && fraction != "" && !flops) print fraction, name; bytes = 0 }
    ' "$out/kernels/kernels.json" | sort -g | awk '
      { value[NR] = $1; $1 = ""; name[NR] = substr($0, 2) }
      END {
        if (NR == 0) { print "no rows of 32 MB and more"; exit }
        printf "%d rows of 32 MB and more: median %.2f of a copy, least %.2f (%s)", NR, value[int((NR + 1) / 2)], value[1], name[1]
      }')"
}

# The fastest of a model's steps, and what part of its roofline that was.
fastest_step() {
  awk -v model="$1" '
    $1 == model && / ms per step / {
      match($0, /[0-9.]+ images\/s/)
      rate = substr($0, RSTART, RLENGTH)
      is_best = rate + 0 > best + 0
      if (!is_best) next
      best = rate
      setting = $0
      sub(/: [0-9.]* ms per step.*/, "", setting)
      fraction = ""
    }
    /^roofline / && is_best && match($0, /[0-9.]+% of it reached/) {
      fraction = ", " substr($0, RSTART, index(substr($0, RSTART), "%")) " of its roofline"
      is_best = 0
    }
    END { print best == "" ? model ": none" : best " " setting fraction }' "$out"/steps/"$1"-*.log
}

part_steps() {
  local model batch size precisions precision capture name
  local -a flags
  while read -r model batch size precisions; do
    for precision in $precisions; do
      for capture in captured not_captured; do
        name="$model-$precision-$capture"
        flags=(--device cuda --model "$model" --batch-size "$batch" --image-size "$size" --precision "$precision"
          --warm-up 10 --steps 30)
        if [[ "$capture" == captured ]]; then flags+=(--profile); else flags+=(--no-cuda-graphs); fi
        run "$name" 150 "$bin/bench_step" "${flags[@]}" --json "$out/steps/$name.json" || true
      done
    done
  done << 'STEPS'
resnet50 256 224 bf16 tf32 fp32
yolov3 64 416 bf16
resnet18 256 224 bf16 tf32 fp32
cifar_resnet20 128 32 bf16 tf32 fp32
STEPS
  [[ "$dry_run" == no ]] || return 0
  figures="fastest: $(fastest_step resnet50); $(fastest_step yolov3)"
}

part_compare() {
  local model batch size limit precisions precision
  local -a flags
  if [[ "$dry_run" == no ]] && ! python3 -c 'import torch, torchvision' 2> /dev/null; then
    failures+=("python3 has no torch and torchvision to compare with")
    return
  fi
  # A limit for each, so that a compiler that takes its time does not use up the next one's. max-autotune takes longer
  # than a part may.
  while read -r model batch size limit precisions; do
    flags=()
    for precision in $precisions; do flags+=(--precision "$precision"); done
    run "$model" "$limit" python3 "$root/bench/compare_pytorch.py" --device cuda --bench "$bin/bench_step" \
      --model "$model" --batch-size "$batch" --image-size "$size" "${flags[@]}" --warm-up 10 --steps 30 --rounds 1 \
      --settings eager,compile,compile+graphs --json "$out/compare/$model.json" || true
  done << 'COMPARISONS'
resnet50 256 224 260 tf32 bf16
yolov3 64 416 200 bf16
cifar_resnet20 128 32 110 tf32 bf16
COMPARISONS
  [[ "$dry_run" == no ]] || return 0
  figures="$(grep -h "PyTorch's best" "$out"/compare/*.log 2> /dev/null | paste -sd ';' - || true)"
}

# result_of_run NAME WORDS: the line with which the log of a training run ends.
result_of_run() { grep -h "$2" "$out/train/$1/log.txt" 2> /dev/null | tail -n 1 | sed 's/^[^a-zA-Z]*//' || true; }

part_train() {
  local started=$SECONDS classifier_started flags
  run train_detector 150 "$bin/train_detector" --device cuda --precision bf16 --model yolov3_small --data synthetic \
    --synthetic-size 128 --synthetic-images 3200 --synthetic-classes 3 --image-size 128 --random-shapes off \
    --augmentation flip --epochs 12 --evaluation-epochs 6 --out "$out/train/detector" || true
  classifier_started=$SECONDS
  flags=(--device cuda --precision bf16 --model cifar_resnet20 --data "$data" --out "$out/train/classifier")
  if [[ "$data" == synthetic ]]; then
    flags+=(--synthetic-size 32 --synthetic-images 20000 --epochs 15)
  else
    flags+=(--epochs 160 --tricks none --schedule cosine --warmup-epochs 1 --learning-rate 0.1 --data-on-device
      --evaluation-epochs 10)
  fi
  run train_classifier 560 "$bin/train_classifier" "${flags[@]}" || true
  [[ "$dry_run" == no ]] || return 0
  figures="$(result_of_run detector 'best VOC07'), $(( classifier_started - started )) s, generated scenes"
  figures+="; $(result_of_run classifier 'best top-1'), $(( SECONDS - classifier_started )) s, data $data"
}

# ---- The table ----

rows=()

run_part() {
  local outcome
  part="$1"
  part_started=$SECONDS
  commands=0
  failures=()
  figures=""
  heading "$part"
  [[ "$dry_run" == yes ]] || mkdir -p "$out/$part"
  "part_$part"
  [[ "$dry_run" == no ]] || return 0
  if (( ${#failures[@]} == 0 )); then
    outcome=passed
  else
    outcome="FAILED: $(printf '%s; ' "${failures[@]}")"
    outcome="${outcome%; }"
    any_failed=yes
  fi
  rows+=("$part"$'\t'"$outcome"$'\t'"$(( SECONDS - part_started )) s"$'\t'"$figures")
  write_summary  # after each part: a run that is cut off leaves what it had
}

json_string() { printf '"%s"' "$(printf '%s' "$1" | tr '\n\t' '  ' | sed 's/\\/\\\\/g;s/"/\\"/g')"; }

write_summary() {
  local row name outcome time text separator=""
  {
    say "# GPU check"
    say ""
    sed 's/^/- /' "$out/machine.txt"
    say ""
    say "| part | outcome | time | key figures |"
    say "|---|---|---|---|"
    for row in "${rows[@]}"; do
      IFS=$'\t' read -r name outcome time text <<< "$row"
      say "| $name | $outcome | $time | $text |"
    done
  } > "$out/summary.md"
  {
    printf '{"machine": %s, "parts": [' "$(json_string "$(paste -sd ';' "$out/machine.txt")")"
    for row in "${rows[@]}"; do
      IFS=$'\t' read -r name outcome time text <<< "$row"
      printf '%s\n  {"part": %s, "outcome": %s, "time": %s, "figures": %s}' "$separator" "$(json_string "$name")" \
        "$(json_string "$outcome")" "$(json_string "$time")" "$(json_string "$text")"
      separator=","
    done
    printf '\n]}\n'
  } > "$out/summary.json"
}

main() {
  parse_arguments "$@"
  local any_failed=no bin="" figures="" name
  if [[ "$dry_run" == no ]]; then
    require_gpu
    mkdir -p "$out" || fail 2 "cannot make $out"
  fi
  # Before anything else is started: programs run elsewhere, and tests look for their files where they are started.
  [[ "$dry_run" == yes ]] || out="$(cd "$out" && pwd)"
  find_programs
  [[ "$dry_run" == yes || -x "$bin/bench_step" ]] || fail 4 "$bin holds no bench_step"
  add_library_folders
  cd "${folder:-$root}"
  # Measured choices of algorithms stay with the figures they belong to.
  [[ "$dry_run" == yes ]] || export XDG_CACHE_HOME="$out/cache"
  if [[ "$dry_run" == no ]]; then
    describe_machine > "$out/machine.txt"
    heading "Machine"
    cat "$out/machine.txt"
  fi
  for name in "${parts[@]}"; do run_part "$name"; done
  [[ "$dry_run" == no ]] || exit 0
  heading "Result"
  sed -n '/^|/p' "$out/summary.md"
  say ""
  say "$out/summary.md, summary.json, and the logs of each part beside them"
  [[ "$any_failed" == no ]] || exit 1
}

main "$@"
