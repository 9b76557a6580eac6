#!/usr/bin/env python3
"""Times the same training step in PyTorch and in Sleight, in turn, in one run, with the same number of threads.

Every measurement is a process of its own, so that peak memory is comparable and nothing stays warm. PyTorch is taken at
its best of NCHW and channels_last. Needs torch and torchvision; they are no part of Sleight.

  bench/compare_pytorch.py --bench build/bin/bench_step --model cifar_resnet20 --batch-size 128
  bench/compare_pytorch.py --bench build/bin/bench_step --model resnet50 --batch-size 8
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile


def cifar_resnet(depth):
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, inputs, outputs, stride):
            super().__init__()
            self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
            self.bn1 = nn.BatchNorm2d(outputs)
            self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
            self.bn2 = nn.BatchNorm2d(outputs)
            self.downsample = None
            if stride != 1 or inputs != outputs:
                self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

        def forward(self, x):
            shortcut = x if self.downsample is None else self.downsample(x)
            y = torch.relu_(self.bn1(self.conv1(x)))
            return torch.relu_(self.bn2(self.conv2(y)).add_(shortcut))

    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    channels = 16
    for stage, width in enumerate((16, 32, 64)):
        for block in range((depth - 2) // 6):
            layers.append(Block(channels, width, 2 if stage > 0 and block == 0 else 1))
            channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def time_pytorch(arguments):
    """The child process: one format, one result on stdout as JSON."""
    import resource
    import time

    import torch
    import torchvision

    torch.manual_seed(1)
    torch.set_num_threads(arguments.threads)
    cifar = arguments.model.startswith("cifar_resnet")
    if cifar:
        model = cifar_resnet(int(arguments.model.removeprefix("cifar_resnet")))
        size, classes = 32, 10
    else:
        model = getattr(torchvision.models, arguments.model)()
        size, classes = 224, 1000
    layout = torch.channels_last if arguments.child == "channels_last" else torch.contiguous_format
    model = model.to(memory_format=layout).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4, nesterov=True)
    pictures = torch.randn(arguments.batch_size, 3, size, size).to(memory_format=layout)
    labels = torch.randint(classes, (arguments.batch_size,))
    seconds = []
    for step in range(arguments.warm_up + arguments.steps):
        start = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(model(pictures), labels).backward()
        optimizer.step()
        if step >= arguments.warm_up:
            seconds.append(time.perf_counter() - start)
    json.dump({"seconds_median": statistics.median(seconds),
               "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}, sys.stdout)


def run_pytorch(arguments, layout):
    command = [sys.executable, os.path.abspath(__file__), "--child", layout, "--model", arguments.model,
               "--batch-size", str(arguments.batch_size), "--threads", str(arguments.threads),
               "--steps", str(arguments.steps), "--warm-up", str(arguments.warm_up)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run_sleight(arguments):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "step.json")
        subprocess.run([arguments.bench, "--model", arguments.model, "--batch-size", str(arguments.batch_size),
                        "--threads", str(arguments.threads), "--steps", str(arguments.steps),
                        "--warm-up", str(arguments.warm_up), "--json", report], check=True, stdout=subprocess.DEVNULL)
        with open(report, encoding="utf-8") as file:
            return json.load(file)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default="build/bin/bench_step")
    parser.add_argument("--model", default="cifar_resnet20")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=10, help="timed steps per process")
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3, help="how often each process is run, in turn")
    parser.add_argument("--json", help="write all figures to this file")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        time_pytorch(arguments)
        return
    results = {"sleight": [], "contiguous": [], "channels_last": []}
    for _ in range(arguments.rounds):
        results["sleight"].append(run_sleight(arguments))
        for layout in ("contiguous", "channels_last"):
            results[layout].append(run_pytorch(arguments, layout))
    medians = {name: statistics.median(r["seconds_median"] for r in runs) for name, runs in results.items()}
    memory = {name: max(r["peak_memory_bytes"] for r in runs) for name, runs in results.items()}
    for name, runs in results.items():
        times = [r["seconds_median"] * 1e3 for r in runs]
        label = "Sleight" if name == "sleight" else f"PyTorch {name}"
        print(f"{label:24s} {medians[name] * 1e3:8.1f} ms per step (rounds {min(times):.1f} to {max(times):.1f}), "
              f"{arguments.batch_size / medians[name]:8.1f} pictures/s, peak memory {memory[name] / 2**20:7.0f} MiB")
    best = min(("contiguous", "channels_last"), key=lambda name: medians[name])
    leanest = min(memory["contiguous"], memory["channels_last"])
    ratios = sorted(p["seconds_median"] / s["seconds_median"] for p, s in zip(results[best], results["sleight"]))
    print(f"{arguments.model} batch {arguments.batch_size}, {arguments.threads} threads: "
          f"{statistics.median(ratios):.2f}x PyTorch's best ({best}; per round {ratios[0]:.2f} to {ratios[-1]:.2f}), "
          f"{memory['sleight'] / leanest:.2f}x the memory of its leanest")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)


if __name__ == "__main__":
    main()
