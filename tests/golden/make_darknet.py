"""DarkNet classifiers and YOLOv3 in PyTorch, in float64: narrow ones for one step of training, and the whole YOLOv3 from
a file of darknet's weights.

"network": as in make_resnet.py. A detector becomes a classifier for this: the means of its three predictions over all
places are the logits, coarsest scale first.
"weights": the bytes of a file as large as yolov3.weights come from file_numbers(), which the test repeats; they are read
as darknet reads them (in the order in which the convolutions run), and the predictions of one image are kept as two
numbers each and as some of their values.
"""
import io
import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

from make_resnet import fill, formula

# 0.1, as the kernels keep it: in float32.
SLOPE = float(np.float32(0.1))
DARKNET53 = [[64, 1], [128, 2], [256, 8], [512, 8], [1024, 4]]


class Unit(nn.Module):
    """Convolution, batch norm, leaky ReLU."""

    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.leaky_relu(self.bn(self.conv(x)), SLOPE)


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1, self.conv2 = Unit(channels, channels // 2, 1), Unit(channels // 2, channels, 3)

    def forward(self, x):
        return x + self.conv2(self.conv1(x))


class Stage(nn.Module):
    def __init__(self, inputs, channels, blocks):
        super().__init__()
        self.conv_down = Unit(inputs, channels, 3, 2)
        self.blocks = nn.Sequential(*[Block(channels) for _ in range(blocks)])

    def forward(self, x):
        return self.blocks(self.conv_down(x))


class Backbone(nn.Module):
    def __init__(self, stem, stages):
        super().__init__()
        self.stem = nn.Sequential()
        self.stem.add_module("conv1", Unit(3, stem, 3))
        channels = [stem] + [stage[0] for stage in stages]
        self.stages = nn.Sequential(*[Stage(channels[i], *stage) for i, stage in enumerate(stages)])

    def features(self, x):
        x = self.stem(x)
        outputs = []
        for stage in self.stages:
            x = stage(x)
            outputs.append(x)
        return outputs


class Classifier(Backbone):
    def __init__(self, stem, stages, classes):
        super().__init__(stem, stages)
        self.head = nn.Module()
        self.head.fc = nn.Linear(stages[-1][0], classes)

    def forward(self, x):
        return self.head.fc(self.features(x)[-1].mean((2, 3)))


class Head(nn.Module):
    def __init__(self, coarser, channels, pairs, outputs):
        super().__init__()
        half = channels // 2
        inputs = channels
        if coarser:
            self.transition = Unit(coarser // 2, half, 1)
            inputs += half
        self.pairs = pairs
        for i in range(pairs):
            self.add_module(f"conv{2 * i + 1}", Unit(inputs, half, 1))
            self.add_module(f"conv{2 * i + 2}", Unit(half, channels, 3))
            inputs = channels
        self.prediction = nn.Conv2d(channels, outputs, 1)

    def forward(self, x, handed_on):
        if handed_on is not None:
            x = torch.cat([F.interpolate(self.transition(handed_on), scale_factor=2, mode="nearest"), x], 1)
        for i in range(self.pairs):
            route = getattr(self, f"conv{2 * i + 1}")(x)
            x = getattr(self, f"conv{2 * i + 2}")(route)
        return self.prediction(x), route


class Yolov3(Backbone):
    def __init__(self, stem, stages, pairs, classes):
        super().__init__(stem, stages)
        channels = [stage[0] for stage in stages]
        self.heads = nn.ModuleDict({
            "stride32": Head(None, channels[4], pairs, 3 * (5 + classes)),
            "stride16": Head(channels[4], channels[3], pairs, 3 * (5 + classes)),
            "stride8": Head(channels[3], channels[2], pairs, 3 * (5 + classes))})

    def predictions(self, x):
        _, _, fine, middle, coarse = self.features(x)
        at_32, route = self.heads["stride32"](coarse, None)
        at_16, route = self.heads["stride16"](middle, route)
        at_8, _ = self.heads["stride8"](fine, route)
        return {8: at_8, 16: at_16, 32: at_32}

    def forward(self, x):
        predictions = self.predictions(x)
        return torch.cat([predictions[stride].mean((2, 3)) for stride in (32, 16, 8)], 1)


def parameter_count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def counts():
    small = [[32, 0], [64, 1], [96, 1], [160, 1], [256, 1]]
    return {"kind": "counts", "classifiers": {"darknet53": parameter_count(Classifier(32, DARKNET53, 1000)),
                                              "darknet_small": parameter_count(Classifier(16, small, 1000))},
            "detectors": {"yolov3": parameter_count(Yolov3(32, DARKNET53, 3, 80)),
                          "yolov3_small": parameter_count(Yolov3(16, small, 1, 80))}}


def network(module, shape, classes, **description):
    """One step of training and one of inference. Of each gradient: its length, and its product with a formula."""
    module = module.double()
    with torch.no_grad():
        fill(module)
    images = formula(shape, 0.3, 1.0)
    labels = torch.arange(shape[0]) % classes
    with torch.no_grad():
        inference = module.eval()(images)
    module.train()
    logits = module(images)
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    gradients = {}
    for name, parameter in module.named_parameters():
        direction = formula(parameter.shape, 0.1, 1.0)
        gradients[name] = [parameter.grad.norm().item(), (parameter.grad * direction).sum().item()]
    running = {name: [tensor.norm().item(), (tensor * formula(tensor.shape, 0.1, 1.0)).sum().item()]
               for name, tensor in module.state_dict().items() if ".running_" in name}
    return {"kind": "network", **description, "shape": list(shape), "classes": classes, "labels": labels.tolist(),
            "logits": logits.detach().reshape(-1).tolist(), "loss": loss.item(),
            "inference_logits": inference.reshape(-1).tolist(), "gradients": gradients, "running": running}


def classifier(stem, stages, shape, classes=7):
    return network(Classifier(stem, stages, classes), shape, classes, family="darknet", stem=stem, stages=stages)


def detector(stem, stages, pairs, shape, classes=3):
    return network(Yolov3(stem, stages, pairs, classes), shape, 9 * (5 + classes), family="yolov3", stem=stem,
                   stages=stages, head_pairs=pairs, detector_classes=classes)


def even(first, count):
    """Numbers in [0, 1): the index through the last steps of MurmurHash3 (fmix32), as a fraction of 2^32."""
    h = np.arange(first, first + count, dtype=np.uint32)
    h ^= h >> np.uint32(16)
    h *= np.uint32(0x85ebca6b)
    h ^= h >> np.uint32(13)
    h *= np.uint32(0xc2b2ae35)
    h ^= h >> np.uint32(16)
    return h.astype(np.float64) / 4294967296.0


def convolutions_as_they_run(module, image):
    """Pairs (convolution, batch norm or None) in the order of darknet's files."""
    order = []
    hooks = [m.register_forward_hook(lambda m, *_: order.append(m)) for m in module.modules()
             if isinstance(m, (nn.Conv2d, nn.BatchNorm2d))]
    module(image)
    for hook in hooks:
        hook.remove()
    pairs = []
    for m in order:
        if isinstance(m, nn.Conv2d):
            pairs.append([m, None])
        else:
            pairs[-1][1] = m
    return pairs


def file_numbers(order):
    """The bytes of a file: header, then one formula for each kind of number."""
    file = io.BytesIO()
    file.write(np.array([0, 2, 0], dtype="<i4").tobytes() + np.array([32013312], dtype="<u8").tobytes())
    position = 0
    for conv, norm in order:
        channels, fan_in = conv.weight.shape[0], conv.weight[0].numel()
        kinds = [(-0.1, 0.2), (0.75, 0.5), (-0.1, 0.2), (0.75, 0.5)] if norm is not None else [(-0.1, 0.2)]
        for low, width in kinds:
            file.write((low + width * even(position, channels)).astype("<f4").tobytes())
            position += channels
        bound = math.sqrt(3.0 / fan_in)
        file.write(((2.0 * even(position, channels * fan_in) - 1.0) * bound).astype("<f4").tobytes())
        position += channels * fan_in
    return file.getvalue()


@torch.no_grad()
def read_file(data, order):
    """Darknet's load_weights_upto."""
    major, minor, _ = np.frombuffer(data, "<i4", 3)
    floats = np.frombuffer(data, "<f4", offset=20 if 10 * major + minor >= 2 else 16)
    at = 0

    def take(tensor):
        nonlocal at
        tensor.copy_(torch.from_numpy(floats[at:at + tensor.numel()].astype(np.float64)).reshape(tensor.shape))
        at += tensor.numel()

    for conv, norm in order:
        for tensor in (norm.bias, norm.weight, norm.running_mean, norm.running_var) if norm is not None else (conv.bias,):
            take(tensor)
        take(conv.weight)
    assert at == len(floats), (at, len(floats))
    return at


@torch.no_grad()
def weights():
    shape = (1, 3, 64, 96)
    module = Yolov3(32, DARKNET53, 3, 80).double().eval()
    images = formula(shape, 0.3, 1.0)
    order = convolutions_as_they_run(module, images)
    data = file_numbers(order)
    count = read_file(data, order)
    words = np.frombuffer(data, "<u4")
    predictions = {}
    for stride, prediction in module.predictions(images).items():
        flat = prediction.reshape(-1)
        direction = formula(prediction.shape, 0.1, 1.0).reshape(-1)
        step = max(1, flat.numel() // 24)
        predictions[str(stride)] = {"shape": list(prediction.shape), "step": step, "values": flat[::step].tolist(),
                                    "length": flat.norm().item(), "product": (flat * direction).sum().item()}
    return {"kind": "weights", "classes": 80, "shape": list(shape), "bytes": len(data), "numbers": count,
            "convolutions": len(order), "sum_of_words": int(words.sum(dtype=np.uint64) & 0xffffffff),
            "predictions": predictions}


def cases():
    return [
        counts(),
        classifier(16, [[32, 1], [48, 2], [64, 0]], (2, 3, 21, 26)),
        detector(8, [[16, 0], [24, 1], [32, 1], [48, 2], [64, 1]], 1, (2, 3, 64, 96)),
        detector(8, [[16, 1], [16, 1], [32, 0], [40, 1], [64, 1]], 3, (3, 3, 96, 64), classes=11),
        weights(),
    ]
