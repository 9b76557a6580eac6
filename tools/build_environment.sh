# shellcheck shell=bash
# Sourced by quickstart.sh and test.sh: what both say, how wide both build, and whether CUDA kernels are worth their time.

heading() { printf '\n== %s ==\n\n' "$*"; }

# One compiler per core, but only as many as memory holds: the largest source files need about 1 GiB each.
memory_jobs=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
build_jobs=$(nproc)
if (( build_jobs > memory_jobs )); then build_jobs=$memory_jobs; fi
if (( build_jobs < 1 )); then build_jobs=1; fi

has_gpu() {
  nvidia-smi -L 2> /dev/null | grep -q '^GPU ' || compgen -G '/dev/nvidia[0-9]*' > /dev/null
}

# choose_cuda FLAG FOLDER: whether a first build compiles the CUDA kernels, which takes longer than all the rest and
# helps nobody without a GPU. FLAG is --cuda, --no-cuda or empty; a FOLDER that is configured already keeps what it has.
# Sets cuda (ON or OFF) and cuda_reason, a line for people.
# shellcheck disable=SC2034
choose_cuda() {
  local flag="$1" folder="$2" before=""
  [[ -f "$folder/CMakeCache.txt" ]] && before=$(sed -n 's/^SLEIGHT_CUDA:BOOL=//p' "$folder/CMakeCache.txt")
  if ! command -v nvcc > /dev/null && [[ -x /usr/local/cuda/bin/nvcc ]]; then PATH="$PATH:/usr/local/cuda/bin"; fi
  if [[ "$flag" == --cuda ]]; then
    if ! command -v "${CUDACXX:-nvcc}" > /dev/null; then
      echo "--cuda needs nvcc of the CUDA toolkit: put its folder into PATH, or its path into CUDACXX" >&2
      return 1
    fi
    cuda=ON cuda_reason="CUDA kernels: compiled (--cuda)."
  elif [[ "$flag" == --no-cuda ]]; then
    cuda=OFF cuda_reason="CUDA kernels: left out (--no-cuda)."
  elif [[ -n "$before" ]]; then
    cuda=$before cuda_reason="CUDA kernels: as $folder/ has them, SLEIGHT_CUDA=$before (--cuda or --no-cuda changes it)."
  elif ! has_gpu; then
    cuda=OFF cuda_reason="CUDA kernels: left out, no NVIDIA GPU is here (--cuda compiles them all the same)."
  elif ! command -v "${CUDACXX:-nvcc}" > /dev/null; then
    cuda=OFF cuda_reason="CUDA kernels: left out; there is a GPU but no nvcc (install the CUDA toolkit, then --cuda)."
  else
    cuda=ON cuda_reason="CUDA kernels: compiled, an NVIDIA GPU is here (--no-cuda leaves them out)."
  fi
}
