#!/usr/bin/env python3
"""Times the same training step in PyTorch and in Sleight, in turn, in one run.

Every measurement is a process of its own, so that peak memory is comparable and nothing stays warm. PyTorch is taken at
its best. Needs torch and torchvision; they are no part of Sleight.

On the cpu, with the same number of threads, PyTorch's best is that of NCHW and channels_last:

  bench/compare_pytorch.py --bench build/bin/bench_step --model cifar_resnet20 --batch-size 128
  bench/compare_pytorch.py --bench build/bin/bench_step --model resnet50 --batch-size 8
  bench/compare_pytorch.py --bench build/bin/bench_step --model yolov3 --batch-size 2 --image-size 416

On a GPU, for each precision, that of eager execution and torch.compile, without and with CUDA graphs, all in
channels_last; in bf16 through autocast. Precisions that bench_step does not offer are measured in PyTorch alone:

  bench/compare_pytorch.py --device cuda --bench build/bin/bench_step --model resnet50 --batch-size 256

YOLOv3 is that of pytorch_yolov3.py; whether both sides compute the same thing is seen by

  bench/compare_pytorch.py --bench build/bin/bench_step --model yolov3_small --batch-size 2 --image-size 128 --check

Both sides are timed over steps that are queued without a pause, with the images in the memory of the device, where
Sleight starts from bytes and PyTorch from normalized numbers. A setting that fails is reported and left out.
"""
import argparse
import json
import os
import re
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


# How PyTorch is run on a GPU: torch.compile's mode, or None for eager execution. "reduce-overhead" is the default with CUDA
# graphs; "max-autotune" measures kernels, and uses CUDA graphs too.
GPU_SETTINGS = {"eager": None, "compile": "default", "compile+graphs": "reduce-overhead", "compile+autotune": "max-autotune"}
GPU_PRECISIONS = ("fp32", "tf32", "bf16")
CPU_SETTINGS = ("contiguous", "channels_last")
DETECTORS = ("yolov3", "yolov3_small")


def classifier_task(name, batch_size, image_size):
    import torch
    import torchvision

    if name.startswith("cifar_resnet"):
        model, size, classes = cifar_resnet(int(name.removeprefix("cifar_resnet"))), 32, 10
    else:
        model, size, classes = getattr(torchvision.models, name)(), 224, 1000
    size = image_size or size
    images = torch.randn(batch_size, 3, size, size)
    return model, (images, torch.randint(classes, (batch_size,))), torch.nn.functional.cross_entropy


def detector_task(name, batch_size, image_size):
    import torch
    from pytorch_yolov3 import Yolov3, Yolov3Loss, random_objects

    size, classes, objects = image_size or 416, 80, 8
    images = torch.randn(batch_size, 3, size, size)
    components = Yolov3Loss()
    model = Yolov3(name, classes)
    model.loss = components  # its anchors go where the model goes
    return model, (images, *random_objects(batch_size, objects, size, classes)), lambda *all: components(*all).sum()


def make_task(name, batch_size, image_size):
    """The model; a batch, its images first; what makes a loss of the model's output and the rest of the batch."""
    return (detector_task if name in DETECTORS else classifier_task)(name, batch_size, image_size)


def time_pytorch(arguments):
    """The child process: one setting, one result on stdout as JSON."""
    import resource
    import time

    import torch

    on_gpu = arguments.device != "cpu"
    torch.manual_seed(1)
    torch.set_num_threads(arguments.threads)
    model, batch, criterion = make_task(arguments.model, arguments.batch_size, arguments.image_size)
    channels_last = on_gpu or arguments.child == "channels_last"
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = model.to(device=arguments.device, memory_format=layout).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4, nesterov=True,
                                **({"fused": True} if on_gpu else {}))
    images, *targets = (tensor.to(arguments.device) for tensor in batch)
    images = images.to(memory_format=layout)

    def loss_of(images, *targets):
        return criterion(model(images), *targets)

    if on_gpu:
        torch.backends.cudnn.benchmark = True  # the fastest algorithm, measured
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = arguments.precision != "fp32"
        if GPU_SETTINGS[arguments.child] is not None:
            loss_of = torch.compile(loss_of, mode=GPU_SETTINGS[arguments.child])

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", torch.bfloat16, enabled=on_gpu and arguments.precision == "bf16"):
            loss = loss_of(images, *targets)
        loss.backward()
        optimizer.step()

    for _ in range(arguments.warm_up):
        step()
    seconds = []
    if on_gpu:
        torch.cuda.synchronize()
        events = [torch.cuda.Event(enable_timing=True) for _ in range(arguments.steps + 1)]
        events[0].record()
        for event in events[1:]:
            step()
            event.record()
        torch.cuda.synchronize()
        seconds = [before.elapsed_time(after) * 1e-3 for before, after in zip(events, events[1:])]
        # What the driver gave out, not only what tensors filled: CUDA graphs keep pools of their own.
        peak = torch.cuda.max_memory_reserved()
    else:
        for _ in range(arguments.steps):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    json.dump({"seconds_median": statistics.median(seconds), "peak_memory_bytes": peak}, sys.stdout)


def common_arguments(arguments):
    return ["--model", arguments.model, "--batch-size", str(arguments.batch_size),
            "--image-size", str(arguments.image_size), "--threads", str(arguments.threads),
            "--steps", str(arguments.steps), "--warm-up", str(arguments.warm_up), "--device", arguments.device]


def run_pytorch(arguments, setting, precision):
    command = [sys.executable, os.path.abspath(__file__), "--child", setting, "--precision", precision,
               *common_arguments(arguments)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def run_sleight(arguments, precision):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "step.json")
        chosen = ["--precision", precision] if arguments.device != "cpu" else []
        subprocess.run([arguments.bench, *common_arguments(arguments), *chosen, "--no-roofline", "--json", report],
                       check=True, capture_output=True, text=True)
        with open(report, encoding="utf-8") as file:
            return json.load(file)


def check(arguments):
    """One step of Sleight against the same in PyTorch: the exit code."""
    from check_step import check_step

    arguments.warm_up, arguments.steps = 0, 1
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([arguments.bench, *common_arguments(arguments), "--no-roofline", "--record", folder], check=True,
                       stdout=subprocess.DEVNULL)
        equal = check_step(arguments.model, folder)
    print("the same step" if equal else "NOT the same step")
    return 0 if equal else 1


def sleight_precisions(bench):
    """What bench_step --help lists: --precision fp32|tf32."""
    text = subprocess.run([bench, "--help"], check=True, capture_output=True, text=True).stdout
    listed = re.search(r"--precision (\S+)", text)
    return listed[1].split("|") if listed else []


def measure(arguments, precision, settings, with_sleight):
    """Rounds of every setting in turn: name -> results. A setting that fails once is not tried again."""
    jobs = {name: (lambda name=name: run_pytorch(arguments, name, precision)) for name in settings}
    if with_sleight:
        jobs = {"sleight": lambda: run_sleight(arguments, precision), **jobs}
    results = {name: [] for name in jobs}
    for _ in range(arguments.rounds):
        for name, job in list(jobs.items()):
            try:
                results[name].append(job())
            except subprocess.CalledProcessError as error:
                lines = (error.stderr or "").strip().splitlines()
                print(f"{name} {precision}: failed: {lines[-1] if lines else error}", file=sys.stderr)
                del jobs[name], results[name]
    return results


def report(arguments, precision, results):
    medians = {name: statistics.median(r["seconds_median"] for r in runs) for name, runs in results.items()}
    memory = {name: max(r["peak_memory_bytes"] for r in runs) for name, runs in results.items()}
    where = f"{arguments.threads} threads" if arguments.device == "cpu" else precision
    for name, runs in results.items():
        times = [r["seconds_median"] * 1e3 for r in runs]
        label = "Sleight" if name == "sleight" else f"PyTorch {name}"
        print(f"{label:24s} {medians[name] * 1e3:8.2f} ms per step (rounds {min(times):.2f} to {max(times):.2f}), "
              f"{arguments.batch_size / medians[name]:8.1f} images/s, peak memory {memory[name] / 2**20:7.0f} MiB, {where}")
    peers = [name for name in results if name != "sleight"]
    if "sleight" not in results or not peers:
        return
    best = min(peers, key=lambda name: medians[name])
    leanest = min(memory[name] for name in peers)
    ratios = sorted(p["seconds_median"] / s["seconds_median"] for p, s in zip(results[best], results["sleight"]))
    print(f"{arguments.model} batch {arguments.batch_size}, {where}: "
          f"{statistics.median(ratios):.2f}x PyTorch's best ({best}; per round {ratios[0]:.2f} to {ratios[-1]:.2f}), "
          f"{memory['sleight'] / leanest:.2f}x the memory of its leanest")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", default="build/bin/bench_step")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--model", default="cifar_resnet20")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--image-size", type=int, default=0, help="side of the images; 0: the model's own")
    parser.add_argument("--check", action="store_true",
                        help="time nothing: compare loss and update of one step; for yolov3 and yolov3_small")
    parser.add_argument("--precision", action="append", choices=GPU_PRECISIONS,
                        help="on a GPU; may be given several times (default: tf32 and bf16)")
    parser.add_argument("--settings", default=",".join(GPU_SETTINGS),
                        help="on a GPU: which ways of running PyTorch, separated by commas (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--steps", type=int, default=10, help="timed steps per process")
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3, help="how often each process is run, in turn")
    parser.add_argument("--json", help="write all figures to this file")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        arguments.precision = arguments.precision[0]
        time_pytorch(arguments)
        return 0
    if arguments.check:
        if arguments.model not in DETECTORS:
            parser.error(f"--check is for {' and '.join(DETECTORS)}, whose layers have the names of Sleight's weights")
        return check(arguments)
    sys.stdout.reconfigure(line_buffering=True)  # whoever stops this has what was measured so far
    on_gpu = arguments.device != "cpu"
    settings = arguments.settings.split(",") if on_gpu else CPU_SETTINGS
    if on_gpu and not set(settings) <= set(GPU_SETTINGS):
        parser.error(f"--settings are some of {', '.join(GPU_SETTINGS)}, not {arguments.settings}")
    offered = sleight_precisions(arguments.bench) if on_gpu else ["fp32"]
    figures = {}
    for precision in (arguments.precision or ["tf32", "bf16"]) if on_gpu else ["fp32"]:
        results = measure(arguments, precision, settings, precision in offered)
        report(arguments, precision, results)
        figures[precision] = results
        if arguments.json:
            with open(arguments.json, "w", encoding="utf-8") as file:
                json.dump(figures if on_gpu else results, file, indent=1)
    # Without a figure on both sides there is nothing to compare.
    compared = any("sleight" in results and len(results) > 1 for results in figures.values())
    return 0 if compared else 1


if __name__ == "__main__":
    sys.exit(main())
