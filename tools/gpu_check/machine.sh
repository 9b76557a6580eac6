# shellcheck shell=bash disable=SC2034,SC2154  # the variables are those of gpu_check.sh, which reads this file
# What is on the machine: the GPU, and the libraries that the programs open when they need them.

require_gpu() {
  if command -v nvidia-smi > /dev/null; then
    nvidia-smi -L 2> /dev/null | grep -q '^ *\(GPU\|MIG\)' && return
    fail 3 "no NVIDIA GPU: nvidia-smi finds none ($(nvidia-smi -L 2>&1 | head -n 1))"
  fi
  compgen -G '/dev/nvidia[0-9]*' > /dev/null && return
  fail 3 "no NVIDIA GPU: there is no nvidia-smi and no /dev/nvidia0. This command measures a GPU; without one run tools/test.sh, or --dry-run to see what would be run"
}

readonly libraries='driver libcuda.so.1
cuDNN libcudnn.so.[0-9]*
cuBLASLt libcublasLt.so.[0-9]*
NCCL libnccl.so.2'

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

# Python's packages name their files without a version, so cuDNN is asked.
cudnn_version() {
  python3 -c 'import ctypes, sys; print(ctypes.CDLL(sys.argv[1]).cudnnGetVersion())' "$1" 2> /dev/null || true
}

# Without importing them, which takes many seconds.
python_packages() {
  python3 - << 'PYTHON' 2> /dev/null
import importlib.metadata
found = {package.metadata["Name"]: package.version for package in importlib.metadata.distributions()}
wanted = sorted((name for name in found if name and name.startswith(("torch", "nvidia-cudnn"))), reverse=True)
print(", ".join(f"{name} {found[name]}" for name in wanted) or "not found")
PYTHON
}

# What a table of figures needs to say of its machine, one thing a line. No paths: the table is there to be committed.
describe_machine() {
  local name pattern file version
  say "date: $(date -u '+%Y-%m-%d %H:%M UTC')"
  if command -v nvidia-smi > /dev/null; then
    nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader 2> /dev/null |
      sed 's/^/GPU, driver, memory: /' || true
  fi
  say "processor: $(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo), $(nproc) threads"
  while read -r name pattern; do
    file="$(find_library "$pattern")"
    [[ -z "$file" ]] || file="$(readlink -f "$file")"
    version=""
    [[ "$name" != cuDNN || -z "$file" ]] || version="$(cudnn_version "$file")"
    file="${file##*/}"
    say "$name: ${file:-not found}${version:+, version $version}"
  done <<< "$libraries"
  if command -v python3 > /dev/null; then
    say "PyTorch: $(python_packages || echo "not found")"
  fi
  say "Sleight: $(cat "$root/COMMIT" 2> /dev/null || git -C "$root" describe --always --dirty 2> /dev/null || echo 'no commit known')"
}
