#!/usr/bin/env bash
# tools/gpu_check.sh on machines that are only described: a folder of programs that say what the real ones would say, and
# an nvidia-smi that finds a GPU or none.
#
#   gpu_check_test.sh GPU_CHECK
set -euo pipefail

gpu_check="$(realpath "$1")"
place="$(mktemp -d)"
trap 'rm -rf "$place"' EXIT

expect() {  # expect STATUS COMMAND...: runs it into $place/output
  local wanted="$1" status=0
  shift
  "$@" > "$place/output" 2>&1 || status=$?
  (( status == wanted )) && return
  echo "$* ended with $status instead of $wanted:"
  cat "$place/output"
  exit 1
}
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
echo 'ERROR SUMMARY: 0 errors'
END
folder="$place/folder"
for name in test_kernels test_base; do
  program "$folder/bin/$name" << 'END'
if [[ "$*" == *--list-tests* ]]; then
  [[ "$0" == *test_base ]] || printf '  a case\n      [gpu]\n'
  exit 3
fi
echo 'All tests passed (3 assertions in 1 test case)'
END
done
program "$folder/bin/bench_kernels" << 'END'
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
program "$folder/bin/bench_step" << 'END'
[[ "$*" == *resnet18*tf32* ]] && { echo 'error: out of memory'; exit 1; }
rate=100
[[ "$*" == *tf32* ]] && rate=900
echo "$4 batch 256 224x224, cuda:0 A Described GPU: 10.00 ms per step (min 9.00, max 11.00, 30 steps), $rate.5 images/s, 1.0 GFLOP/s"
echo "roofline 2000.0 images/s at the 1.0 GFLOP/s of a matrix product and the 1.0 GB/s of a copy, measured in this run; $(( rate / 20 )).5% of it reached"
END
program "$folder/bin/train_classifier" << 'END'
while (( $# > 1 )); do [[ "$1" == --out ]] && out="$2"; shift; done
mkdir -p "$out"
echo '12:00:00 best top-1 91.23% in epoch 14' > "$out/log.txt"
END
program "$folder/bin/train_detector" << 'END'
[[ "$*" == *'--data synthetic'* ]] || exit 1
while (( $# > 1 )); do [[ "$1" == --out ]] && out="$2"; shift; done
mkdir -p "$out"
echo '12:00:00 best VOC07 mAP@0.5 78.90% after epoch 12' > "$out/log.txt"
END
export PATH="$place/machine:$PATH"

# No GPU: said, with an exit code of its own, and nothing written. What would be run can be seen all the same.
PATH="$place/no_gpu:$PATH" expect 3 "$gpu_check" "$place/out" --folder "$folder"
expect_text "$place/output" 'no NVIDIA GPU'
[[ ! -e "$place/out" ]]
PATH="$place/no_gpu:$PATH" expect 0 "$gpu_check" "$place/out" --folder "$folder" --dry-run
for words in 'bin/test_kernels \[gpu\]' '--tool racecheck' 'bench_kernels --device cuda' '--model resnet50' \
  '--no-cuda-graphs' '--precision tf32' 'compare_pytorch.py --device cuda' 'train_classifier --device cuda --precision bf16' \
  'bench_step --device cuda --model yolov3 --batch-size 64 --image-size 416 --precision bf16 --warm-up' \
  'bench_step --model yolov3 --batch-size 64 --image-size 416 --precision bf16 --warm-up' \
  'train_detector --device cuda --precision bf16'; do
  expect_text "$place/output" "$words"
done
[[ ! -e "$place/out" ]]

# Images of one's own, from wherever the command was started.
mkdir -p "$place/images"
(cd "$place" && expect 0 "$gpu_check" out --folder "$folder" --data images --only train --dry-run)
expect_text "$place/output" "--data $place/images --out"
expect_text "$place/output" '--epochs 160 --tricks none'

# Wrong words.
expect 2 "$gpu_check"
expect 2 "$gpu_check" "$place/out" --data "$place/no_images"
expect_text "$place/output" 'to train on'
expect 2 "$gpu_check" "$place/out" --only everything
expect 4 "$gpu_check" "$place/out" --folder "$place"

# A whole run: the table has a row for each part and its figures.
expect 0 "$gpu_check" "$place/out" --folder "$folder" --only tests --only kernels --only train
expect_text "$place/out/summary.md" '| tests | passed |'
expect_text "$place/out/summary.md" '1 programs, memcheck and racecheck'
expect_text "$place/out/summary.md" '3 rows of 32 MB and more: median 0.90 of a copy, least 0.85 (bias/64x56x56x256 to 3/float32/iterations:20/manual_time)'
expect_text "$place/out/summary.md" 'best VOC07 mAP@0.5 78.90% after epoch 12, '
expect_text "$place/out/summary.md" ' s, generated scenes; best top-1 91.23% in epoch 14, '
expect_text "$place/out/summary.md" 'A Described GPU'
expect_text "$place/out/summary.json" '{"part": "train", "outcome": "passed"'
[[ ! -e "$place/out/steps" ]]

# One step that fails: the others are measured, the part has failed, and so has the run.
expect 1 "$gpu_check" "$place/steps" --folder "$folder" --only steps --only train
expect_text "$place/steps/summary.md" '| steps | FAILED: resnet18-tf32-captured: exit code 1; resnet18-tf32-not_captured: exit code 1 |'
expect_text "$place/steps/summary.md" 'fastest: 900.5 images/s resnet50 batch 256 224x224, cuda:0 A Described GPU, 45.5% of its roofline; 100.5 images/s yolov3 batch'
expect_text "$place/steps/summary.md" ', 5.5% of its roofline |'
expect_text "$place/steps/summary.md" '| train | passed |'

# A test that finds no GPU passes for Catch2, and proves nothing.
program "$folder/bin/test_kernels" << 'END'
[[ "$*" == *--list-tests* ]] && { echo '[gpu]'; exit 1; }
echo 'warning: [skipped] cuDNN cannot be opened'
END
expect 1 "$gpu_check" "$place/skipped" --folder "$folder" --only tests
expect_text "$place/skipped/summary.md" 'test_kernels: a test found no GPU or no library'
