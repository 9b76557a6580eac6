#!/usr/bin/env bash
# Makes the two images of the main README from a real run, each 600 pixels wide: boxes that a detector finds in
# photographs (found.png), and the run's report (report.png), with the same height.
#
#   tools/images/make.sh WEIGHTS REPORT PHOTO...
#
#   WEIGHTS   of a detector: runs/cells/best.safetensors
#   REPORT    of a run: runs/cells/report.html
#   PHOTO     photographs that the detector was not trained on; six fill the image
#
# Needs build/bin/detect, a browser (Debian: chromium) for the report, and pngquant, which brings photographs in PNG
# below 250 KB. SCORE=0.5 is the minimum score of the boxes, OUT=tools/images the folder, BROWSER=chromium the browser.
set -euo pipefail

if (( $# < 3 )) || [[ "$1" == -h || "$1" == --help ]]; then
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
  [[ "${1:-}" == -h || "${1:-}" == --help ]] && exit 0
  exit 2
fi
weights="$1"
report="$2"
shift 2

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
out="${OUT:-$root/tools/images}"
browser="${BROWSER:-chromium}"
score="${SCORE:-0.5}"
most_bytes=250000

for program in "$browser" pngquant; do
  if ! command -v "$program" > /dev/null; then
    echo "make.sh: there is no '$program' here; install it (apt-get install chromium pngquant)" >&2
    exit 1
  fi
done
for file in "$root/build/bin/detect" "$weights" "$report" "$@"; do
  if [[ ! -f "$file" ]]; then
    echo "make.sh: there is no file '$file'" >&2
    exit 1
  fi
done

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

# finish NAME: reduces the image to at most 256 colors and moves it to its place.
finish() {
  pngquant --force --speed 1 --strip --output "$work/$1-small.png" 256 "$work/$1.png"
  local bytes
  bytes="$(stat --format=%s "$work/$1-small.png")"
  if (( bytes > most_bytes )); then
    echo "make.sh: $1.png has $bytes bytes, more than $most_bytes; take fewer photographs" >&2
    exit 1
  fi
  mv "$work/$1-small.png" "$out/$1.png"
  echo "wrote $out/$1.png, $bytes bytes"
}

# Two columns of 285 pixels and three margins of 10; a single photograph fills the width.
size=285
columns=2
(( $# > 1 )) || { size=580; columns=1; }
"$root/build/bin/detect" --weights "$weights" --score-threshold "$score" --sheet "$work/found.png" --sheet-size "$size" \
  --sheet-columns "$columns" "$@" > "$work/found.txt"
finish found

# The PNG's header has the height at bytes 20 to 23.
height=$((16#$(od --address-radix=n --format=x1 --skip-bytes=20 --read-bytes=4 "$work/found.png" | tr -d ' ')))
# The page as it is at 1,000 pixels, so that its curves stand side by side.
"$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --user-data-dir="$work/browser" \
  --force-device-scale-factor=0.6 --window-size="1000,$((height * 10 / 6))" --screenshot="$work/report.png" \
  "file://$(realpath "$report")" > "$work/browser.txt" 2>&1 || true
if [[ ! -s "$work/report.png" ]]; then
  echo "make.sh: $browser drew nothing:" >&2
  tail -n 5 "$work/browser.txt" >&2
  exit 1
fi
finish report
