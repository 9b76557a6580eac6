#!/usr/bin/env bash
# Whether tools/quickstart.sh compiles the CUDA kernels, on machines that are only described. Argument: the repository.
set -euo pipefail
cd "$1"
source tools/build_environment.sh

scratch=$(mktemp -d)
trap 'rm -r "$scratch"' EXIT
mkdir "$scratch/with_nvcc" "$scratch/with_gpu" "$scratch/plain" "$scratch/built"
printf '#!/bin/sh\n' > "$scratch/with_nvcc/nvcc"
printf '#!/bin/sh\necho "GPU 0: NVIDIA H100 (UUID: GPU-0)"\n' > "$scratch/with_gpu/nvidia-smi"
printf '#!/bin/sh\necho "No devices were found"\nexit 6\n' > "$scratch/plain/nvidia-smi"
chmod +x "$scratch"/*/nvcc "$scratch"/*/nvidia-smi
echo "SLEIGHT_CUDA:BOOL=ON" > "$scratch/built/CMakeCache.txt"
unset CUDACXX
system=/usr/bin:/bin  # where no nvcc may be

failures=0
# expect WANTED FLAG FOLDER PATH: WANTED is "ON words of the reason", "OFF ..." or "error words of the message".
expect() {
  local wanted="$1" said
  said=$(PATH="$4:$system"; choose_cuda "$2" "$3" 2>&1 && echo "$cuda $cuda_reason") || said="error $said"
  if [[ "$said" != "${wanted%% *} "*"${wanted#* }"* ]]; then
    echo "choose_cuda '$2' in '$3' with '$4': wanted '$wanted', got '$said'" >&2
    failures=$((failures + 1))
  fi
}

expect "ON an NVIDIA GPU is here" "" "$scratch/none" "$scratch/with_gpu:$scratch/with_nvcc"
expect "OFF --no-cuda" --no-cuda "$scratch/none" "$scratch/with_gpu:$scratch/with_nvcc"
expect "OFF --no-cuda" --no-cuda "$scratch/built" "$scratch/plain:$scratch/with_nvcc"
expect "ON --cuda" --cuda "$scratch/none" "$scratch/plain:$scratch/with_nvcc"
expect "ON as $scratch/built/ has them" "" "$scratch/built" "$scratch/plain:$scratch/with_nvcc"
if ! compgen -G '/dev/nvidia[0-9]*' > /dev/null; then
  expect "OFF no NVIDIA GPU is here (--cuda" "" "$scratch/none" "$scratch/plain:$scratch/with_nvcc"
fi
if [[ ! -x /usr/local/cuda/bin/nvcc ]] && ! PATH="$system" command -v nvcc > /dev/null; then
  expect "error --cuda needs nvcc" --cuda "$scratch/none" "$scratch/plain"
  expect "OFF no nvcc" "" "$scratch/none" "$scratch/with_gpu"
fi

# A build of the release preset has CUDA again, whatever the quickstart left behind.
if ! grep -q '"SLEIGHT_CUDA": "ON"' CMakePresets.json; then
  echo "the preset release must say SLEIGHT_CUDA=ON, or it keeps the quickstart's choice" >&2
  failures=$((failures + 1))
fi

for wrong in --gpu "--cuda --no-cuda"; do
  # shellcheck disable=SC2086
  if tools/quickstart.sh $wrong > "$scratch/usage" || ! grep -q -- --no-cuda "$scratch/usage"; then
    echo "quickstart.sh $wrong must be refused, with its usage" >&2
    failures=$((failures + 1))
  fi
done
exit $((failures > 0))
