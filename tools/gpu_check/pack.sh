# shellcheck shell=bash disable=SC2034,SC2154  # the variables are those of gpu_check.sh, which reads this file
# The programs: built in a checkout, found in a folder that was unpacked, or packed for a machine without a compiler.

readonly programs=(bench_kernels bench_step train_classifier train_detector)

# Folders of tests that hold one for the GPU.
gpu_test_areas() { grep -rl --include='*.cpp' -F '[gpu]' "$root/tests" | sed "s|$root/tests/||;s|/.*||" | sort -u; }

build() {
  cmake --preset portable -S "$root" || return 1
  local targets=("${programs[@]}") area
  for area in $(gpu_test_areas); do targets+=("test_$area"); done
  cmake --build "$root/build_portable" --parallel "${BUILD_JOBS:-$(nproc)}" --target "${targets[@]}"
}

# pack FILE.tar.gz: everything that the other machine needs, in one file. `pack FOLDER` chooses the file's name.
pack() {
  local file="$1" from="$root/build_portable" staging folder name area
  [[ -d "$root/kernels" ]] || fail 2 "--pack works in a checkout of the repository, not in an unpacked folder"
  if [[ "$file" != *.tar.gz && "$file" != *.tgz ]]; then
    mkdir -p "$file" || fail 2 "cannot make the folder $file; name a FILE.tar.gz or a folder"
    file="${file%/}/sleight_gpu.tar.gz"
  fi
  [[ ! -e "$file" ]] || fail 2 "$file exists; name a new file"
  build || fail 4 "the programs cannot be built"
  staging="$(mktemp -d)"
  folder="$staging/sleight_gpu"
  mkdir -p "$folder"/{bin,lib,bench,tools}
  for area in $(gpu_test_areas); do strip -o "$folder/bin/test_$area" "$from/bin/test_$area"; done
  for name in "${programs[@]}"; do strip -o "$folder/bin/$name" "$from/bin/$name"; done
  if compgen -G "$from/lib/*.so*" > /dev/null; then cp "$from"/lib/*.so* "$folder/lib/"; fi
  cp "$root"/bench/{compare_pytorch,pytorch_yolov3,check_step}.py "$folder/bench/"
  cp -r "$root"/tools/gpu_check{,.sh} "$folder/tools/"
  cp "$root/LICENSE" "$folder/"
  git -C "$root" describe --always --dirty --abbrev=40 > "$folder/COMMIT" 2> /dev/null || rm -f "$folder/COMMIT"
  tar -C "$staging" --sort=name --owner=0 --group=0 -c sleight_gpu | gzip -9 > "$file.new" ||
    { rm -rf "$file.new" "$staging"; fail 1 "$file cannot be written; is the disk full?"; }
  mv "$file.new" "$file"
  say "$file: $(( $(stat -c %s "$file") / 1000000 )) MB, $(du -sm "$folder" | cut -f1) MB unpacked"
  say "On the machine with the GPU: tar -xzf ${file##*/} && sleight_gpu/tools/gpu_check.sh OUT_DIR"
  rm -rf "$staging"
}

# Sets `bin` to the folder of the programs. Where there are none, they are built.
find_programs() {
  local tool
  if [[ -z "$folder" && -d "$root/bin" ]]; then folder="$root"; fi
  if [[ -n "$folder" ]]; then
    bin="$folder/bin"
    [[ -x "$bin/bench_step" ]] || fail 4 "$bin holds no bench_step; make the folder with: tools/gpu_check.sh --pack FILE.tar.gz"
    return
  fi
  bin="$root/build_portable/bin"
  if [[ "$dry_run" == yes ]]; then
    say "cmake --preset portable && cmake --build --preset portable"
    return
  fi
  for tool in cmake ninja nvcc; do
    command -v "$tool" > /dev/null || [[ -x "/usr/local/cuda/bin/$tool" ]] ||
      fail 4 "there are no programs here, and no $tool to build them with; carry what was built elsewhere by: tools/gpu_check.sh --pack FILE.tar.gz"
  done
  heading "Building"
  build > "$work/build.log" 2>&1 || {
    cp "$work/build.log" "$out/build.log" || true
    fail 4 "the build failed (the end of $out/build.log: $(tail -n 1 "$work/build.log")); carry what was built elsewhere by: tools/gpu_check.sh --pack FILE.tar.gz"
  }
}

# The test programs that hold tests for the GPU.
gpu_test_programs() {
  local area
  if [[ -n "$folder" ]]; then
    compgen -G "$bin/test_*" | sort || true
  else
    for area in $(gpu_test_areas); do say "$bin/test_$area"; done
  fi
}
