#!/usr/bin/env bash
# From a fresh machine to first trained networks: installs what is missing, builds, trains a small ResNet on generated
# pictures (about two minutes on two cores) and a small detector on generated scenes (about one), and shows what it got.
#
#   tools/quickstart.sh
set -euo pipefail

if (( $# > 0 )); then
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
  [[ "$1" == -h || "$1" == --help ]] && exit 0
  exit 2
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/build_environment.sh
source tools/build_environment.sh

heading "1/5  Installing what is missing"
tools/install_dependencies.sh

heading "2/5  Building"
cmake --preset release
cmake --build --preset release --parallel "$build_jobs" \
  --target train_classifier evaluate_classifier predict train_detector evaluate_detector detect show_program show_batch

heading "3/5  Training cifar_resnet20 on generated pictures"
run="runs/quickstart-$(date +%Y%m%d-%H%M%S)"
size=32
# The recipe is the one that train_classifier chooses for the model and a training of this length; it says which.
build/bin/train_classifier --data synthetic --model cifar_resnet20 --synthetic-size "$size" --synthetic-images 8000 \
  --epochs 10 --out "$run"

heading "4/5  Looking at some pictures it has not seen"
# The whole answers go to a file; the sheet shows them at a glance.
build/bin/predict --weights "$run/best.safetensors" --data synthetic --synthetic-size "$size" --count 30 \
  --sheet "$run/predictions.png" > "$run/predictions.txt"

heading "5/5  Training yolov3_small to find shapes in generated scenes"
scenes="$run-detector"
build/bin/train_detector --data synthetic --synthetic-size 128 --synthetic-images 1200 --synthetic-classes 3 \
  --model yolov3_small --image-size 128 --random-shapes off --augmentation flip --epochs 8 --evaluation-epochs 4 \
  --out "$scenes"
build/bin/evaluate_detector --weights "$scenes/best.safetensors" --data synthetic --synthetic-size 128 \
  --synthetic-images 1200 --synthetic-classes 3 --sheet "$scenes/detections.png" > "$scenes/scores.txt"

heading "What you got"
grep 'best top-1' "$run/log.txt"
echo "  (guessing would be right in 10% of the cases: there are 10 classes)"
echo
echo "  $run/report.html         curves, learning rate, confusion matrix: open it in a browser"
echo "  $run/predictions.png     30 pictures with what the network says"
echo "  $run/best.safetensors    the weights"
echo "  $run/recipe.toml         the same run again: build/bin/train_classifier --config $run/recipe.toml --out NEW_FOLDER"
echo
grep 'best VOC07' "$scenes/log.txt"
echo "  $scenes/report.html       curves of mAP, precision by recall, the pictures with most mistakes"
echo "  $scenes/detections.png    scenes it has not seen, with the boxes that it found"
echo "  $scenes/scores.txt        every metric side by side"
echo
echo "  With your own pictures (train/<class>/*.jpg and val/<class>/*.jpg, or the same in a .tar):"
echo "  build/bin/train_classifier --data FOLDER --model resnet18"
echo "  With your own boxes (Pascal VOC, COCO or YOLO text; --format says which):"
echo "  build/bin/train_detector --data FOLDER --format voc --model yolov3_small --anchors auto"
