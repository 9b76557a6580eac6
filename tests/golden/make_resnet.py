"""Residual networks in PyTorch: names and shapes of torchvision's, and whole small networks in float64.

Three kinds of cases. "names": the state dictionary of a torchvision model. "counts": trained numbers per network.
"network": a narrow network on a few small images, one step of training: logits, loss, two numbers of each gradient and
running statistic; and the logits of inference.
All numbers that go in come from formula(), which the test repeats, so the file holds results only.
"""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
import torchvision


def formula(shape, phase, scale, offset=0.0):
    """offset + scale * cos(phase + 0.7 i) for element i in row-major order."""
    count = math.prod(shape)
    values = [offset + scale * math.cos(phase + 0.7 * i) for i in range(count)]
    return torch.tensor(values, dtype=torch.float64).reshape(shape)


def fill(network):
    """Gives the k-th entry of the state dictionary, by name in alphabetical order, the phase k."""
    state = {name: tensor for name, tensor in network.state_dict().items() if not name.endswith("num_batches_tracked")}
    for phase, name in enumerate(sorted(state)):
        tensor = state[name]
        if name.endswith("running_var") or (tensor.dim() == 1 and name.endswith("weight")):
            values = formula(tensor.shape, phase, 0.25, 1.0)
        elif tensor.dim() > 1:
            fan_in = tensor.numel() / tensor.shape[0]
            values = formula(tensor.shape, phase, math.sqrt(2.0 / fan_in))
        else:
            values = formula(tensor.shape, phase, 0.125)
        tensor.copy_(values)


def convolution(inputs, outputs, kernel, stride=1):
    return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)


class PostActivation(nn.Module):
    """The block of v1, v1b, v1c and v1d; the places of the strides tell them apart."""

    def __init__(self, inputs, width, stride, bottleneck, version):
        super().__init__()
        first, second = (stride, 1) if version == "v1" else (1, stride)
        outputs = 4 * width if bottleneck else width
        if bottleneck:
            self.conv1, self.bn1 = convolution(inputs, width, 1, first), nn.BatchNorm2d(width)
            self.conv2, self.bn2 = convolution(width, width, 3, second), nn.BatchNorm2d(width)
            self.conv3, self.bn3 = convolution(width, outputs, 1), nn.BatchNorm2d(outputs)
        else:
            self.conv1, self.bn1 = convolution(inputs, width, 3, stride), nn.BatchNorm2d(width)
            self.conv2, self.bn2 = convolution(width, outputs, 3), nn.BatchNorm2d(outputs)
        self.bottleneck = bottleneck
        self.downsample = nn.Identity()
        if stride != 1 or inputs != outputs:
            if version == "v1d":
                pool = nn.AvgPool2d(2, 2, ceil_mode=True, count_include_pad=False) if stride != 1 else nn.Identity()
                self.downsample = nn.Sequential(pool, convolution(inputs, outputs, 1), nn.BatchNorm2d(outputs))
            else:
                self.downsample = nn.Sequential(convolution(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x):
        if self.bottleneck:
            branch = F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))
            branch = self.bn3(self.conv3(branch))
        else:
            branch = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(branch + self.downsample(x))


class PreActivation(nn.Module):
    """The block of v2."""

    def __init__(self, inputs, width, stride, bottleneck, version):
        super().__init__()
        outputs = 4 * width if bottleneck else width
        self.bn1 = nn.BatchNorm2d(inputs)
        if bottleneck:
            self.conv1, self.bn2 = convolution(inputs, width, 1), nn.BatchNorm2d(width)
            self.conv2, self.bn3 = convolution(width, width, 3, stride), nn.BatchNorm2d(width)
            self.conv3 = convolution(width, outputs, 1)
        else:
            self.conv1, self.bn2 = convolution(inputs, width, 3, stride), nn.BatchNorm2d(width)
            self.conv2 = convolution(width, outputs, 3)
        self.bottleneck = bottleneck
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(convolution(inputs, outputs, 1, stride))

    def forward(self, x):
        activated = F.relu(self.bn1(x))
        branch = self.conv2(F.relu(self.bn2(self.conv1(activated))))
        if self.bottleneck:
            branch = self.conv3(F.relu(self.bn3(branch)))
        return branch + (x if self.downsample is None else self.downsample(activated))


class Resnet(nn.Module):
    def __init__(self, version, bottleneck, blocks, classes, width, small_images):
        super().__init__()
        self.version, self.small_images = version, small_images
        if version in ("v1c", "v1d"):
            half = width // 2
            self.conv1 = nn.Sequential(convolution(3, half, 3, 2), nn.BatchNorm2d(half), nn.ReLU(),
                                       convolution(half, half, 3), nn.BatchNorm2d(half), nn.ReLU(),
                                       convolution(half, width, 3))
        else:
            self.conv1 = convolution(3, width, 3) if small_images else convolution(3, width, 7, 2)
        if version != "v2":
            self.bn1 = nn.BatchNorm2d(width)
        channels = width
        self.stages = len(blocks)
        for stage, count in enumerate(blocks):
            layers = []
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                block = PreActivation if version == "v2" else PostActivation
                layers.append(block(channels, width << stage, stride, bottleneck, version))
                channels = (width << stage) * (4 if bottleneck else 1)
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layers))
        if version == "v2":
            self.norm = nn.BatchNorm2d(channels)
        self.fc = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.conv1(x)
        if self.version != "v2":
            x = F.relu(self.bn1(x))
        if not self.small_images:
            x = F.max_pool2d(x, 3, 2, 1)
        for stage in range(self.stages):
            x = getattr(self, f"layer{stage + 1}")(x)
        if self.version == "v2":
            x = F.relu(self.norm(x))
        return self.fc(x.mean((2, 3)))


def names(model):
    network = getattr(torchvision.models, model)()
    state = {name: list(tensor.shape) for name, tensor in network.state_dict().items()
             if not name.endswith("num_batches_tracked")}
    return {"kind": "names", "model": model, "state": state}


def parameter_count(network):
    return sum(parameter.numel() for parameter in network.parameters())


def check_against_torchvision():
    """The networks of this script are torchvision's where torchvision has them."""
    for model, blocks, bottleneck in (("resnet18", [2, 2, 2, 2], False), ("resnet50", [3, 4, 6, 3], True)):
        theirs = getattr(torchvision.models, model)().double()
        ours = Resnet("v1b", bottleneck, blocks, 1000, 64, False).double()
        ours.load_state_dict(theirs.state_dict())
        images = formula((2, 3, 65, 47), 0, 1.0)
        torch.testing.assert_close(ours(images), theirs(images))


def counts():
    """Trainable numbers of every network, from the modules above."""
    sizes = {18: ([2, 2, 2, 2], False), 34: ([3, 4, 6, 3], False), 50: ([3, 4, 6, 3], True),
             101: ([3, 4, 23, 3], True), 152: ([3, 8, 36, 3], True)}
    result = {}
    for depth, (blocks, bottleneck) in sizes.items():
        for version in ("v1", "v1b", "v1c", "v1d", "v2"):
            result[f"resnet{depth}_{version}"] = parameter_count(Resnet(version, bottleneck, blocks, 1000, 64, False))
    for depth in (20, 32, 44, 56, 110):
        for version in ("v1", "v2"):
            network = Resnet(version, False, 3 * [(depth - 2) // 6], 10, 16, True)
            result[f"cifar_resnet{depth}_{version}"] = parameter_count(network)
    return {"kind": "counts", "counts": result}


@torch.no_grad()
def filled(*description):
    network = Resnet(*description).double()
    fill(network)
    return network


def network(version, bottleneck, blocks, width, small_images, shape, classes=7):
    """One step of training and one of inference. Of each gradient: its length, and its product with a formula."""
    module = filled(version, bottleneck, blocks, classes, width, small_images)
    images = formula(shape, 0.3, 1.0)
    labels = torch.arange(shape[0]) % classes
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
    return {"kind": "network", "version": version, "bottleneck": bottleneck, "blocks": blocks, "width": width,
            "small_pictures": small_images, "shape": list(shape), "classes": classes,
            "labels": labels.tolist(), "logits": logits.detach().reshape(-1).tolist(), "loss": loss.item(),
            "inference_logits": inference.detach().reshape(-1).tolist(), "gradients": gradients, "running": running}


def cases():
    check_against_torchvision()
    return [
        names("resnet18"),
        names("resnet50"),
        counts(),
        network("v1", False, [3, 3, 3], 16, True, (2, 3, 13, 10)),
        network("v2", False, [2, 1, 2], 16, True, (2, 3, 9, 12)),
        network("v1", True, [2, 1, 1, 1], 16, False, (3, 3, 45, 37)),
        network("v1b", False, [1, 2, 1, 1], 16, False, (3, 3, 37, 45)),
        network("v1b", True, [1, 1, 2, 1], 16, False, (2, 3, 41, 50)),
        network("v1c", True, [1, 2, 1, 1], 16, False, (2, 3, 39, 64)),
        network("v1d", False, [1, 1, 1, 2], 16, False, (2, 3, 37, 50)),
        network("v1d", True, [1, 2, 1, 1], 32, False, (2, 3, 50, 37)),
        network("v2", False, [1, 2, 1, 1], 16, False, (3, 3, 33, 40)),
        network("v2", True, [2, 1, 2, 1], 16, False, (2, 3, 50, 39)),
    ]
