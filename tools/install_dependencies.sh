#!/usr/bin/env bash
# Installs the packages that the build needs, on Debian 12 and its successors. Says which, asks for nothing that is
# there already, and needs no network when nothing is missing.
#
#   tools/install_dependencies.sh           what the build, the tests and the benchmarks need
#   tools/install_dependencies.sh --fuzz    clang as well, for the libFuzzer targets
set -euo pipefail

# package, and what it is for
packages=(
  "g++                     the compiler (C++20, OpenMP)"
  "cmake                   configures the build"
  "ninja-build             runs the build"
  "ccache                  makes the second build short"
  "libdnnl-dev             oneDNN: convolutions and matrix products on the CPU"
  "ocl-icd-opencl-dev      OpenCL, which Debian's oneDNN asks for when it is found by CMake"
  "libboost-context-dev    fibers: the threads of the simt device"
  "libjpeg-dev             libjpeg-turbo: reads JPEG"
  "libstb-dev              stb_image: reads and writes PNG; stb_truetype: text on images"
  "fonts-dejavu-core       DejaVu Sans, the font of text on images"
  "fonts-droid-fallback    Chinese, Japanese and Korean names on images"
  "libarchive-dev          reads .zip, .tar and .tar.gz, .tar.xz, ..."
  "libzstd-dev             libarchive's own, for programs with their libraries linked in"
  "liblz4-dev              the same"
  "zlib1g-dev              checks the checksums of .tar.gz"
  "libpugixml-dev          reads XML: the annotations of Pascal VOC"
  "libyaml-cpp-dev         reads YAML: class names of YOLO's datasets"
  "nlohmann-json3-dev      JSON: headers of checkpoints, metrics"
  "libcli11-dev            the flags of the tools"
  "catch2                  the tests"
  "libbenchmark-dev        Google Benchmark: the benchmarks"
)
fuzz_packages=(
  "clang                   libFuzzer comes with it"
  "libomp-dev              OpenMP for clang"
)

case "${1:-}" in
  "") ;;
  --fuzz) packages+=("${fuzz_packages[@]}") ;;
  -h | --help)
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
    exit 0
    ;;
  *)
    echo "install_dependencies.sh: unknown argument '$1'; there is --fuzz and --help" >&2
    exit 2
    ;;
esac

if ! command -v apt-get > /dev/null || ! command -v dpkg-query > /dev/null; then
  {
    echo "install_dependencies.sh knows Debian's packages only, and there is no apt-get here. Install by other means:"
    printf '  %s\n' "${packages[@]}"
    echo "and build with: cmake --preset release && cmake --build --preset release"
  } >&2
  exit 1
fi

is_installed() {
  [[ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2> /dev/null)" == installed ]]
}

missing=()
for line in "${packages[@]}"; do
  package="${line%% *}"
  if ! is_installed "$package"; then
    (( ${#missing[@]} > 0 )) || echo "To be installed:"
    echo "  $line"
    missing+=("$package")
  fi
done

if (( ${#missing[@]} == 0 )); then
  echo "All ${#packages[@]} packages are installed."
  exit 0
fi

as_root=()
if (( EUID != 0 )); then
  if ! command -v sudo > /dev/null; then
    echo "This needs root, and there is no sudo. Run as root: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

"${as_root[@]}" apt-get update
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
