#!/usr/bin/env bash
# From a fresh machine to first trained networks: installs what is missing, builds, trains a small ResNet on generated
# images and a small detector on generated scenes, and shows what it got.
#
#   tools/quickstart.sh             the CUDA kernels are compiled where an NVIDIA GPU is found
#   tools/quickstart.sh --cuda      compile them; needs nvcc, and takes several minutes more
#   tools/quickstart.sh --no-cuda   do not
set -euo pipefail

cuda_flag="${1:-}"
if (( $# > 1 )) || [[ ! "$cuda_flag" =~ ^(--cuda|--no-cuda)?$ ]]; then
  sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}"
  [[ "$cuda_flag" == -h || "$cuda_flag" == --help ]] && exit 0
  exit 2
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=tools/build_environment.sh
source tools/build_environment.sh

heading "1/5  Installing what is missing"
tools/install_dependencies.sh

heading "2/5  Building"
choose_cuda "$cuda_flag" build
echo "$cuda_reason"
cmake --preset release "-DSLEIGHT_CUDA=$cuda"
cmake --build --preset release --parallel "$build_jobs" \
  --target train_classifier evaluate_classifier predict train_detector evaluate_detector detect

heading "3/5  Training cifar_resnet20 to name the shape in an image"
run="runs/quickstart-$(date +%Y%m%d-%H%M%S)"
size=32
# The recipe is the one that train_classifier chooses for the model and a training of this length; it says which.
build/bin/train_classifier --data synthetic --model cifar_resnet20 --synthetic-size "$size" --synthetic-images 8000 \
  --epochs 8 --evaluation-epochs 4 --out "$run"

heading "4/5  Training yolov3_small to find shapes in a scene"
scenes="$run-detector"
build/bin/train_detector --config tools/quickstart_detector.toml --out "$scenes"

heading "5/5  Looking at images they have not seen"
# The whole answers go to files; the sheets show them at a glance.
build/bin/predict --weights "$run/best.safetensors" --data synthetic --synthetic-size "$size" --count 30 \
  --sheet "$run/predictions.png" > "$run/predictions.txt"
of_scenes() { sed -n "s/^synthetic-$1 = //p" tools/quickstart_detector.toml; }
build/bin/evaluate_detector --weights "$scenes/best.safetensors" --data synthetic \
  --synthetic-images "$(of_scenes images)" --synthetic-size "$(of_scenes size)" \
  --synthetic-classes "$(of_scenes classes)" --synthetic-objects "$(of_scenes objects)" \
  --sheet "$scenes/detections.png" > "$scenes/scores.txt"

# "best top-1 97.1234% after epoch 8, last ..." -> 97.1%
best() { sed -n 's/.*best .* \([0-9.]*\)% after epoch.*/\1/p' "$1/log.txt" | awk 'END { printf "%.1f%%", $1 }'; }
line() { printf '  %-48s %s\n' "$1" "$2"; }

heading "What you got, in $SECONDS seconds"
line "cifar_resnet20, a classifier" "$(best "$run") of new images named rightly (10 classes)"
line "yolov3_small, a detector" "$(best "$scenes") VOC07 mAP@0.5 on new scenes (3 classes)"
echo
echo "Open these:"
line "$scenes/detections.png" "scenes, and the boxes that it found"
line "$scenes/report.html" "curves of mAP, precision by recall, its worst scenes"
line "$run/predictions.png" "30 images, and what the network says"
line "$run/report.html" "curves, learning rate, confusion matrix"
echo
echo "Beside each report: best.safetensors, the weights; recipe.toml, the same run again with --config."
echo
echo "Next, on your own images (FOLDER may be an archive, too; --help lists all flags):"
echo "  build/bin/train_classifier --data FOLDER --model resnet18        FOLDER/train/<class>/*.jpg and FOLDER/val/..."
echo "  build/bin/train_detector --data FOLDER"
