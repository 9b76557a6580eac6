"""Images per second of one thread: this loader against torchvision, in turn, in one run.

    python3 bench/compare_loader.py build/bin/bench_loader

Makes its own JPEGs (photograph-like: smooth light, edges and grain) in a temporary folder, 2000 x 1500 and 500 x 375.
Both sides read the same files from disk and do RandomResizedCrop(224) and a flip; torchvision as its reference training
script does (PIL, bilinear, antialiased), with one thread. Needs torch, torchvision, numpy and Pillow.
"""

import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import PIL.Image
import torch
import torchvision


def make_image(width: int, height: int, seed: int) -> PIL.Image.Image:
    random = numpy.random.default_rng(seed)
    layers = []
    for cells in (4, 16, 64):
        coarse = random.integers(0, 256, (cells * 3 // 4, cells, 3), dtype=numpy.uint8)
        resample = PIL.Image.Resampling.NEAREST if cells == 16 else PIL.Image.Resampling.BICUBIC
        layers.append(numpy.asarray(PIL.Image.fromarray(coarse).resize((width, height), resample), dtype=numpy.float32))
    grain = random.normal(0.0, 6.0, (height, width, 1))
    mixed = 0.5 * layers[0] + 0.25 * layers[1] + 0.25 * layers[2] + grain
    return PIL.Image.fromarray(mixed.clip(0, 255).astype(numpy.uint8))


def make_folder(folder: pathlib.Path, width: int, height: int, count: int) -> None:
    for index in range(count):
        target = folder / "train" / f"class_{index % 2}" / f"{index}.jpg"
        target.parent.mkdir(parents=True, exist_ok=True)
        make_image(width, height, index).save(target, quality=90)


def torchvision_rate(files: list, images: int) -> float:
    transform = torchvision.transforms.Compose(
        [torchvision.transforms.RandomResizedCrop(224), torchvision.transforms.RandomHorizontalFlip()]
    )
    start = time.perf_counter()
    for index in range(images):
        with open(files[index % len(files)], "rb") as file:
            numpy.asarray(transform(PIL.Image.open(file).convert("RGB")))
    return images / (time.perf_counter() - start)


def sleight_result(bench_loader: str, folder: pathlib.Path, images: int) -> dict:
    command = [bench_loader, str(folder), "--threads", "1", "--runs", "1", "--batch-size", "8", "--batches", str(images // 8)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    for width, height, count, images in ((2000, 1500, 12, 48), (500, 375, 64, 320)):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            make_folder(folder, width, height, count)
            files = sorted(folder.rglob("*.jpg"))
            size = sum(file.stat().st_size for file in files) // len(files)
            torchvision_rate(files, 8)
            theirs, ours, last = [], [], {}
            for _ in range(5):
                theirs.append(torchvision_rate(files, images))
                last = sleight_result(sys.argv[1], folder, images * 2)
                ours.append(last["images_per_second"])
        ratios = sorted(a / b for a, b in zip(ours, theirs))
        print(
            json.dumps(
                {
                    "jpeg": f"{width}x{height}",
                    "mean_file_bytes": size,
                    "sleight_images_per_second": round(statistics.median(ours), 1),
                    "torchvision_images_per_second": round(statistics.median(theirs), 1),
                    "ratio_median": round(statistics.median(ratios), 2),
                    "ratio_least": round(ratios[0], 2),
                    "ratio_most": round(ratios[-1], 2),
                    "runs": len(ratios),
                    "nanoseconds_decoding": last["nanoseconds_decoding"],
                    "nanoseconds_augmenting": last["nanoseconds_augmenting"],
                    "torchvision": torchvision.__version__,
                }
            )
        )


if __name__ == "__main__":
    main()
