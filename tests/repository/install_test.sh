#!/usr/bin/env bash
# Installs the libraries into a new folder, moves them, and uses them from another project with find_package(sleight).
#   install_test.sh CMAKE BUILD_FOLDER GENERATOR CXX_COMPILER [CXX_FLAGS]
set -euo pipefail

cmake="$1"
build="$2"
generator="$3"
compiler="$4"
flags="${5:-}"
consumer="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/install_test"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

"$cmake" --install "$build" --prefix "$folder/first" --component library > /dev/null
# A package that holds paths of the machine it was built on would still work where it was installed first.
mv "$folder/first" "$folder/moved"

if grep --recursive --files-with-matches --fixed-strings "$build" "$folder/moved" --include='*.cmake'; then
  echo "The installed package points into the build folder $build" >&2
  exit 1
fi

"$cmake" -S "$consumer" -B "$folder/build" -G "$generator" -DCMAKE_PREFIX_PATH="$folder/moved" -DCMAKE_CXX_COMPILER="$compiler" \
  -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_BUILD_TYPE=Debug
"$cmake" --build "$folder/build"
"$folder/build/consumer"

# Threads that spin at barriers would take the processor from tests that run beside this one.
export OMP_WAIT_POLICY=passive
"$folder/build/make_images" "$folder/images"
"$folder/build/train_example" "$folder/images" "$folder/run" 2>&1 | tee "$folder/output"
# Weights that were not loaded guess, with a loss of about 0.69.
grep --quiet '^16 images: loss 0\.[0-4].*, top-1 \(9\|100\)' "$folder/output"
for file in recipe.toml log.txt metrics.jsonl report.html last.safetensors best.safetensors; do
  test -s "$folder/run/$file" || { echo "The run left no $file" >&2; exit 1; }
done
grep --quiet 'stopped by --max-steps after step 7 of 30' "$folder/output"
grep --quiet 'resumed .* after step 7 of 30' "$folder/output"
# What is wrong is said in one line, and the run is as it was.
if "$folder/build/train_example" "$folder/images" "$folder/run" 2> "$folder/errors"; then exit 1; fi
grep 'already holds a run' "$folder/errors"
