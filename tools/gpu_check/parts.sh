# shellcheck shell=bash disable=SC2034,SC2154  # the variables are those of gpu_check.sh, which reads this file
# The parts, the most valuable first, and in each the most valuable command first: what comes last is what a short time
# leaves out.

readonly all_parts=(first steps compare kernels train sanitizer)
readonly all_models=(resnet50 yolov3 cifar_resnet20 resnet18)
readonly all_precisions=(bf16 fp16 tf32 fp32)

seconds_of_part() {
  case "$1" in
    first | steps) say 540 ;;
    compare) say 480 ;;
    kernels) say 300 ;;
    train) say 570 ;;
    sanitizer) say 420 ;;
  esac
}

# Batch and size of the images with which a model is measured.
step_of_model() {
  case "$1" in
    cifar_resnet*) say "--batch-size 128 --image-size 32" ;;
    resnet*) say "--batch-size 256 --image-size 224" ;;
    yolov3) say "--batch-size 64 --image-size 416" ;;
    yolov3_small) say "--batch-size 64 --image-size 256" ;;
    *) return 1 ;;
  esac
}

# bench NAME SECONDS MODEL PRECISION [FLAG...]
bench() {
  local name="$1" limit="$2" model="$3" precision="$4" step
  shift 4
  step="$(step_of_model "$model")"
  # shellcheck disable=SC2086  # words are what is meant
  run "$name" "$limit" "$bin/bench_step" --device cuda --model "$model" $step --precision "$precision" --warm-up 10 \
    --steps 30 "$@" --json "$logs/$part/$name.json"
}

# Before anything else: are the kernels right here, how fast is a step, how long is its start when nothing is known of
# this GPU and when everything is, and does the real cuDNN plan as it does without a driver.
part_first() {
  local program name="${models[0]}-${precisions[0]}"
  if command -v nvidia-smi > /dev/null; then run nvidia_smi 20 nvidia-smi -q; fi
  while read -r program; do
    run "${program##*/}" 180 "$program" '[gpu]' --durations yes
  done < <(gpu_test_programs)
  bench "$name-first_start" 150 "${models[0]}" "${precisions[0]}" --profile
  bench "$name-second_start" 90 "${models[0]}" "${precisions[0]}"
  run cudnn 90 "$bin/test_kernels" '[cudnn]' --durations yes
  run kernels 90 "$bin/bench_kernels" --device cuda --benchmark_filter='^(batch_norm|max_pool|sgd)' \
    --benchmark_out="$logs/$part/kernels.json" --benchmark_out_format=json
}

part_steps() {
  local model precision
  for precision in "${precisions[@]}"; do
    for model in "${models[@]}"; do bench "$model-$precision" 150 "$model" "$precision" --profile; done
  done
  for model in "${models[@]}"; do
    bench "$model-${precisions[0]}-not_captured" 150 "$model" "${precisions[0]}" --no-cuda-graphs
  done
}

# One model and precision a command: a compiler that takes its time does not use up the next one's. max-autotune takes
# longer than the part may.
part_compare() {
  local model precision step
  if [[ "$dry_run" == no ]] && ! python3 -c 'import torch, torchvision' 2> /dev/null; then
    record compare "not run: python3 has no torch and torchvision here" 0
    return
  fi
  for precision in "${precisions[@]}"; do
    [[ "$precision" != fp16 ]] || continue  # which compare_pytorch.py does not know
    for model in "${models[@]}"; do
      step="$(step_of_model "$model")"
      # shellcheck disable=SC2086  # words are what is meant
      run "$model-$precision" 240 python3 "$root/bench/compare_pytorch.py" --device cuda --bench "$bin/bench_step" \
        --model "$model" $step --precision "$precision" --warm-up 10 --steps 30 --rounds 1 \
        --settings eager,compile,compile+graphs --json "$logs/$part/$model-$precision.json"
    done
  done
}

part_kernels() {
  run kernels 290 "$bin/bench_kernels" --device cuda --benchmark_out="$logs/$part/kernels.json" \
    --benchmark_out_format=json
}

part_train() {
  local flags=(--device cuda --precision "${precisions[0]}" --model cifar_resnet20 --data "$data")
  run detector 180 "$bin/train_detector" --device cuda --precision "${precisions[0]}" --model yolov3_small --data synthetic \
    --synthetic-size 128 --synthetic-images 3200 --synthetic-classes 3 --image-size 128 --random-shapes off \
    --augmentation flip --epochs 12 --evaluation-epochs 6 --out "$logs/$part/detector"
  if [[ "$data" == synthetic ]]; then
    flags+=(--synthetic-size 32 --synthetic-images 20000 --epochs 15)
  else
    flags+=(--epochs 160 --tricks none --schedule cosine --warmup-epochs 1 --learning-rate 0.1 --data-on-device
      --evaluation-epochs 10)
  fi
  run classifier 560 "$bin/train_classifier" "${flags[@]}" --out "$logs/$part/classifier"
}

# compute-sanitizer refuses some machines, virtual ones above all. Whether it does is seen on a program that opens the
# GPU and runs none of our kernels; then its refusal is no failure of theirs.
part_sanitizer() {
  local sanitizer tool message refused=no
  sanitizer="$(command -v compute-sanitizer || compgen -G '/usr/local/cuda/*/compute-sanitizer' | head -n 1 || true)"
  if [[ "$dry_run" == no ]]; then
    if [[ -z "$sanitizer" ]]; then
      record sanitizer "not run: compute-sanitizer is not on this machine" 0
      return
    fi
    message="$(timeout --kill-after=5 60 "$sanitizer" --tool memcheck "$bin/bench_kernels" --device cuda \
      --benchmark_list_tests 2>&1 < /dev/null)" || refused=yes
    if [[ "$refused" == yes ]] || grep -q 'Error:\|not supported' <<< "$message"; then
      message="$(grep -i -m 1 'error:\|not supported' <<< "$message" || tail -n 1 <<< "$message")"
      record sanitizer "not run: compute-sanitizer is not usable here (${message:-it says nothing})" 0
      return
    fi
  fi
  for tool in memcheck racecheck; do
    run "$tool" 200 "${sanitizer:-compute-sanitizer}" --tool "$tool" --kernel-name kns=sleight --report-api-errors no \
      --error-exitcode 99 "$bin/test_kernels" 'cases on the GPU*' --durations yes
  done
}
