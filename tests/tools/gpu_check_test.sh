#!/usr/bin/env bash
# tools/gpu_check.sh on machines that are only described: a folder of programs that say what the real ones would say, and
# an nvidia-smi that finds a GPU or none.
#
#   gpu_check_test.sh GPU_CHECK
set -euo pipefail

gpu_check="$(realpath "$1")"
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT
trap 'echo "line $LINENO is not so"' ERR

expect() {  # expect STATUS COMMAND...: runs it into $place/output
  local wanted="$1" status=0
  shift
  "$@" > "$place/output" 2>&1 || status=$?
  (( status == wanted )) && return
  echo "$* ended with $status instead of $wanted:"
  cat "$place/output"
  exit 1
}
archived() { tar -xzOf "$1/results.tar.gz" "results/$2"; }  # archived OUT_DIR FILE
expect_text() {  # expect_text FILE TEXT
  grep -qF -- "$2" "$1" && return
  echo "no '$2' in $1:"
  cat "$1"
  exit 1
}

program() {  # program NAME: its text from standard input
  mkdir -p "${1%/*}"
  { echo '#!/usr/bin/env bash'; cat; } > "$1"
  chmod +x "$1"
}

program "$place/machine/nvidia-smi" << 'END'
case "$1" in
  -L) echo 'GPU 0: A Described GPU (UUID: GPU-1)' ;;
  *) echo 'A Described GPU, 580.1, 1000 MiB' ;;
esac
END
program "$place/no_gpu/nvidia-smi" << 'END'
echo 'No devices were found'
exit 6
END
program "$place/machine/compute-sanitizer" << 'END'
echo '========= ERROR SUMMARY: 0 errors'
END
program "$place/machine/python3" << 'END'
exit 1
END
folder="$place/folder"
for name in test_kernels test_device; do
  program "$folder/bin/$name" << 'END'
echo 'All tests passed (3 assertions in 1 test case)'
END
done
program "$folder/bin/bench_kernels" << 'END'
[[ "$*" != *--benchmark_list_tests* ]] || exit 0
for word in "$@"; do [[ "$word" == --benchmark_out=* ]] && exec > "${word#*=}"; done
row() {  # row NAME BYTES OF_COPY [COUNTER]
  printf '    {\n      "name": "%s",\n      "run_name": "%s",\n      "iterations": 20,\n      "bytes": %s,\n' "$1" "$1" "$2"
  printf '      "bytes_per_second": 3.0e+12,\n%s      "of_copy": %s,\n      "of_equal_copy": 1.0e+00\n    },\n' "${4:-}" "$3"
}
printf '{\n  "context": {\n    "caches": [\n      {\n        "size": 32768\n      }\n    ]\n  },\n  "benchmarks": [\n'
row 'add/64x56x56x256/float32/iterations:20/manual_time' 6.1656883200000000e+08 9.5000000000000000e-01
row 'bias/64x56x56x256 to 3/float32/iterations:20/manual_time' 3.2000000000000000e+07 8.5050000000000000e-01
row 'cast/25557032/float32/iterations:20/manual_time' 2.0445625600000000e+08 9.0000000000000000e-01
row 'softmax_cross_entropy/8x1000/float32/iterations:20/manual_time' 3.1900000000000000e+07 2.0000000000000000e-02
row 'linear/8x2048x1000/float32' 9.0000000000000000e+07 1.0000000000000001e-01 '      "flops_per_second": 9.0e+12,
'
row 'yolo_assign/8x50/float32' 2.0000000000000000e+03 9.9999999999999995e-07
END
# It tunes as well: what it found is in the cache from then on.
program "$folder/bin/bench_step" << 'END'
[[ "$*" == *'resnet18 '*tf32* ]] && { echo '{' > "${!#}"; echo 'error: out of memory'; exit 1; }
[[ ! -e "${0%/*}/waits" || "$*" != *yolov3* ]] || { echo $$ > "${0%/*}/waiting"; mv "${0%/*}/waiting" "${0%/*}/is_waiting"; exec sleep 300; }
mkdir -p "$XDG_CACHE_HOME/sleight"
echo "$4" >> "$XDG_CACHE_HOME/sleight/tuning.txt"
captured=true
[[ "$*" == *--no-cuda-graphs* ]] && captured=false
while (( $# > 1 )); do
  case "$1" in --json) json="$2" ;; --precision) precision="$2" ;; esac
  shift
done
cat > "$json" << JSON
{
  "batch_size": 256,
  "cuda_graphs": $captured,
  "image_size": 224,
  "images_per_second": 1234.5,
  "peak_memory_bytes": 1610612736,
  "precision": "$precision",
  "roofline_fraction": 0.455,
  "seconds_maximum": 0.012,
  "seconds_median": 0.01,
  "seconds_minimum": 0.009
}
JSON
END
program "$folder/bin/train_classifier" << 'END'
while (( $# > 1 )); do [[ "$1" == --out ]] && out="$2"; shift; done
mkdir -p "$out"
echo 'best top-1 91.23% after epoch 14, last 91%' > "$out/log.txt"
END
program "$folder/bin/train_detector" << 'END'
[[ "$*" == *'--data synthetic'* ]] || exit 1
while (( $# > 1 )); do [[ "$1" == --out ]] && out="$2"; shift; done
mkdir -p "$out"
echo weights > "$out/best.safetensors"
echo 'best VOC07 mAP@0.5 78.90% after epoch 12, last 78%' > "$out/log.txt"
END
export PATH="$place/machine:$PATH"
mkdir "$place/scratch"
export TMPDIR="$place/scratch"

# No GPU: said, with an exit code of its own, and nothing written. What would be run can be seen all the same.
PATH="$place/no_gpu:$PATH" expect 3 "$gpu_check" "$place/out" --folder "$folder"
expect_text "$place/output" 'no NVIDIA GPU'
[[ ! -e "$place/out" ]]
PATH="$place/no_gpu:$PATH" expect 0 "$gpu_check" "$place/out" --folder "$folder" --dry-run
for words in 'bin/test_kernels \[gpu\]' 'bin/test_device \[gpu\]' 'bin/test_kernels \[cudnn\]' '--tool racecheck' \
  'bench_kernels --device cuda' '--model resnet50' '--no-cuda-graphs' '--precision tf32' '--precision fp16' \
  'compare_pytorch.py --device cuda' 'train_classifier --device cuda --precision bf16' \
  'bench_step --device cuda --model yolov3 --batch-size 64 --image-size 416 --precision bf16 --warm-up' \
  'bench_step --model yolov3 --batch-size 64 --image-size 416 --precision bf16 --warm-up' \
  'train_detector --device cuda --precision bf16'; do
  expect_text "$place/output" "$words"
done
[[ ! -e "$place/out" ]]

# Models and precisions of one's own, in their order.
expect 0 "$gpu_check" "$place/out" --folder "$folder" --only steps --models yolov3_small --precisions fp16,bf16 --dry-run
expect_text "$place/output" '--model yolov3_small --batch-size 64 --image-size 256 --precision fp16'
[[ "$(grep -c bench_step "$place/output")" == 3 && "$(grep -m 1 bench_step "$place/output")" == *fp16* ]]

# Images of one's own, from wherever the command was started.
mkdir -p "$place/images"
(cd "$place" && expect 0 "$gpu_check" out --folder "$folder" --data images --only train --dry-run)
expect_text "$place/output" "--data $place/images --epochs 160 --tricks none"

# Wrong words.
expect 2 "$gpu_check"
expect 2 "$gpu_check" "$place/out" --data "$place/no_images"
expect_text "$place/output" 'to train on'
expect 2 "$gpu_check" "$place/out" --only everything
expect 2 "$gpu_check" "$place/out" --seconds ten
expect 2 "$gpu_check" "$place/out" --models resnet50,vgg
expect_text "$place/output" "for the model 'vgg'"
expect 2 "$gpu_check" "$place/out" --precisions bf16,int8
expect 2 "$gpu_check" "$place/out" --cache "$place/no_cache"
expect 4 "$gpu_check" "$place/out" --folder "$place"

# A whole run: two files come out; the table has a row for each command, and its figures.
expect 0 "$gpu_check" "$place/out" --folder "$folder" --only first --only sanitizer --only kernels --only train --seconds 900
[[ "$(ls "$place/out")" == $'results.tar.gz\nsummary.md' ]]
table="$place/out/summary.md"
expect_text "$table" '# GPU: A Described GPU, 20'
expect_text "$table" 'gpu_check.sh OUT_DIR --only first --only sanitizer --only kernels --only train --seconds 900'
expect_text "$table" '| first | test_device | passed |'
expect_text "$table" '| first | cudnn | passed |'
expect_text "$table" '| sanitizer | racecheck | passed |'
expect_text "$table" '| resnet50-bf16-second_start | 256 | 224 | bf16 | yes | 10.00 (9.00 to 12.00) | 1234.5 | 46% | 1.50 GiB |'
expect_text "$table" '| add | float32 | 1 | 0.95 | 0.95 | 3000 |'
expect_text "$table" '| bias | float32 | 1 | 0.85 | 0.85 | 3000 |'
[[ "$(grep -c '| float32 |' "$table")" == 3 ]]
expect_text "$table" 'detector: best VOC07 mAP@0.5 78.90% after epoch 12'
expect_text "$table" 'classifier: best top-1 91.23% after epoch 14'
archived "$place/out" first/test_kernels.log > "$place/text"
expect_text "$place/text" 'All tests passed'
archived "$place/out" summary.md | cmp - "$table"
(! archived "$place/out" train/detector/best.safetensors 2> /dev/null)
[[ -z "$(ls "$TMPDIR")" ]]

# Results are not written over.
expect 2 "$gpu_check" "$place/out" --folder "$folder"
expect_text "$place/output" 'holds results already'

# What was measured goes on with the next run, from its archive or as the file itself.
[[ "$(archived "$place/out" cache/sleight/tuning.txt | wc -l)" == 2 ]]
archived "$place/out" cache/sleight/tuning.txt > "$place/tuning.txt"
for cache in "$place/out/results.tar.gz" "$place/tuning.txt"; do
  rm -rf "$place/cached"
  expect 0 "$gpu_check" "$place/cached" --folder "$folder" --only steps --models cifar_resnet20 --precisions fp16 --cache "$cache"
  [[ "$(archived "$place/cached" cache/sleight/tuning.txt | paste -sd ' ')" == 'resnet50 resnet50 cifar_resnet20 cifar_resnet20' ]]
  expect_text "$place/cached/summary.md" "--cache ${cache##*/}"
done

# One step that fails: the others are measured, and the run has failed. No PyTorch is no failure.
expect 1 "$gpu_check" "$place/steps" --folder "$folder" --only steps --only compare
expect_text "$place/steps/summary.md" '| steps | resnet18-tf32 | FAILED: exit code 1, see steps/resnet18-tf32.log |'
[[ "$(grep -c 'resnet18-tf32' "$place/steps/summary.md")" == 1 ]]  # no figures, no row of them
expect_text "$place/steps/summary.md" '| steps | yolov3-bf16-not_captured | passed |'
expect_text "$place/steps/summary.md" '| yolov3-bf16-not_captured | 256 | 224 | bf16 | no | 10.00 '
expect_text "$place/steps/summary.md" '| compare | compare | not run: python3 has no torch and torchvision here |'

# Killed: what was finished is there, whole. Told to stop: the same, and no program is left on the GPU.
touch "$folder/bin/waits"
for signal in KILL TERM; do
  rm -f "$folder/bin/is_waiting"
  setsid "$gpu_check" "$place/$signal" --folder "$folder" --only steps > "$place/output" 2>&1 &
  checker=$!
  until [[ -e "$folder/bin/is_waiting" ]]; do sleep 0.1; done
  status=0
  if [[ "$signal" == KILL ]]; then kill -KILL -- "-$checker"; else kill -TERM "$checker"; fi
  wait "$checker" 2> /dev/null || status=$?
  expect_text "$place/$signal/summary.md" '| steps | resnet50-bf16 | passed |'
  archived "$place/$signal" steps/resnet50-bf16.json > "$place/text"
  expect_text "$place/text" '"images_per_second": 1234.5'
  (( $(find "$place/$signal" -type f | wc -l) <= 8 ))
  if [[ "$signal" == KILL ]]; then
    kill "$(cat "$folder/bin/is_waiting")"  # nobody was left to do it
  else
    (( status == 143 ))
    (! kill -0 "$(cat "$folder/bin/is_waiting")" 2> /dev/null)
    expect_text "$place/TERM/summary.md" '| steps | yolov3-bf16 | not finished: stopped by a signal |'
  fi
done

# A short time: a command is cut off, the rest is left out, and the table says so.
started=$SECONDS
expect 0 "$gpu_check" "$place/short" --folder "$folder" --only steps --only kernels --seconds 24
(( SECONDS - started < 100 ))
expect_text "$place/short/summary.md" '| steps | resnet50-bf16 | passed |'
expect_text "$place/short/summary.md" '| steps | yolov3-bf16 | cut off: its time was used up |'
expect_text "$place/short/summary.md" '| kernels | kernels | not run: no time left |'
rm "$folder/bin/waits"

# A disk that is full from some moment on: said, and what was saved before is still whole.
program "$place/full/cp" << END
[[ "\$*" != *summary.md.new ]] || (( \$(echo >> "$place/copies"; wc -l < "$place/copies") <= 2 )) || exit 1
exec $(command -v cp) "\$@"
END
PATH="$place/full:$PATH" expect 1 "$gpu_check" "$place/filled" --folder "$folder" --only steps --models cifar_resnet20
expect_text "$place/output" 'is a disk full? Everything is in '
expect_text "$place/output" '| steps | cifar_resnet20-fp32 | passed |'
expect_text "$place/filled/summary.md" '| steps | cifar_resnet20-fp16 | passed |'
[[ "$(archived "$place/filled" steps/cifar_resnet20-fp16.log | wc -l)" -gt 0 ]]
[[ "$(ls "$place/filled")" == $'results.tar.gz\nsummary.md' ]]

# A sanitizer that refuses the machine, and none: said, and no failure. One that finds something is one.
program "$place/refuses/compute-sanitizer" << 'END'
echo '========= Error: Device not supported. Please refer to the supported devices'
END
PATH="$place/refuses:$PATH" expect 0 "$gpu_check" "$place/refused" --folder "$folder" --only sanitizer
expect_text "$place/refused/summary.md" 'not run: compute-sanitizer is not usable here (========= Error: Device not supported'
program "$place/finds/compute-sanitizer" << 'END'
[[ "$*" != *test_kernels* ]] || exit 99
END
PATH="$place/finds:$PATH" expect 1 "$gpu_check" "$place/found" --folder "$folder" --only sanitizer
expect_text "$place/found/summary.md" '| sanitizer | memcheck | FAILED: exit code 99, see sanitizer/memcheck.log |'
if ! compgen -G '/usr/local/cuda/*/compute-sanitizer' > /dev/null; then
  rm "$place/machine/compute-sanitizer"
  expect 0 "$gpu_check" "$place/no_sanitizer" --folder "$folder" --only sanitizer
  expect_text "$place/no_sanitizer/summary.md" '| sanitizer | sanitizer | not run: compute-sanitizer is not on this machine |'
fi

# A test that finds no GPU passes for Catch2, and proves nothing.
program "$folder/bin/test_kernels" << 'END'
echo 'warning: [skipped] cuDNN cannot be opened'
END
expect 1 "$gpu_check" "$place/skipped" --folder "$folder" --only first
expect_text "$place/skipped/summary.md" '| first | test_kernels | FAILED: a test found no GPU or no library: warning: [skipped] cuDNN'
