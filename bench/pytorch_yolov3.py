"""YOLOv3 in plain PyTorch: what bench_step trains, for compare_pytorch.py.

The layers have the names of Sleight's weights. Shapes never depend on the data, so that torch.compile sees one graph and
a CUDA graph can hold the step: what is not there is masked, and no loop goes over objects or places.
"""
import torch
from torch import nn
from torch.nn import functional as F

ANCHORS = ((10, 13), (16, 30), (33, 23), (30, 61), (62, 45), (59, 119), (116, 90), (156, 198), (373, 326))
STRIDES = (8, 16, 32)
# Channels of the stem; channels and blocks of each stage; pairs of convolutions in each head.
NETWORKS = {
    "yolov3": (32, ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)), 3),
    "yolov3_small": (16, ((32, 0), (64, 1), (96, 1), (160, 1), (256, 1)), 1),
}
IGNORE_THRESHOLD = 0.7


class Unit(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.leaky_relu(self.bn(self.conv(x)), 0.1, inplace=True)


class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = Unit(channels, channels // 2, 1)
        self.conv2 = Unit(channels // 2, channels, 3)

    def forward(self, x):
        return x + self.conv2(self.conv1(x))


class Stage(nn.Module):
    def __init__(self, inputs, channels, blocks):
        super().__init__()
        self.conv_down = Unit(inputs, channels, 3, 2)
        self.blocks = nn.Sequential(*(Block(channels) for _ in range(blocks)))

    def forward(self, x):
        return self.blocks(self.conv_down(x))


class Head(nn.Module):
    """1x1 and 3x3 in turn, and a 1x1 that predicts. coarser: channels handed on by the head of twice the stride, or 0."""

    def __init__(self, channels, coarser, pairs, outputs):
        super().__init__()
        inputs = channels
        if coarser:
            self.transition = Unit(coarser, channels // 2, 1)
            inputs += channels // 2
        self.pairs = pairs
        for pair in range(pairs):
            self.add_module(f"conv{2 * pair + 1}", Unit(inputs, channels // 2, 1))
            self.add_module(f"conv{2 * pair + 2}", Unit(channels // 2, channels, 3))
            inputs = channels
        self.prediction = nn.Conv2d(channels, outputs, 1)

    def forward(self, x, handed_on=None):
        if handed_on is not None:
            x = torch.cat((F.interpolate(self.transition(handed_on), scale_factor=2.0, mode="nearest"), x), 1)
        for pair in range(self.pairs):
            narrow = getattr(self, f"conv{2 * pair + 1}")(x)
            x = getattr(self, f"conv{2 * pair + 2}")(narrow)
        return self.prediction(x), narrow


class Yolov3(nn.Module):
    """Images [N, 3, H, W] -> raw predictions [N, 3 * (5 + classes), H / s, W / s] of the strides 8, 16, 32."""

    def __init__(self, name, classes):
        super().__init__()
        stem, stages, pairs = NETWORKS[name]
        self.stem = nn.ModuleDict({"conv1": Unit(3, stem, 3)})
        inputs = (stem, *(channels for channels, _ in stages))
        self.stages = nn.ModuleList(Stage(before, *stage) for before, stage in zip(inputs, stages))
        fine, middle, coarse = (channels for channels, _ in stages[2:])
        outputs = 3 * (5 + classes)
        self.heads = nn.ModuleDict({"stride8": Head(fine, middle // 2, pairs, outputs),
                                    "stride16": Head(middle, coarse // 2, pairs, outputs),
                                    "stride32": Head(coarse, 0, pairs, outputs)})

    def forward(self, x):
        x = self.stem["conv1"](x)
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        coarse, handed_on = self.heads["stride32"](features[4])
        middle, handed_on = self.heads["stride16"](features[3], handed_on)
        fine, _ = self.heads["stride8"](features[2], handed_on)
        return fine, middle, coarse


def overlap(boxes, others):
    """IoU of boxes [N, P, 4] with others [N, M, 4]: [N, P, M]."""
    corner = torch.maximum(boxes[:, :, None, :2], others[:, None, :, :2])
    shared = (torch.minimum(boxes[:, :, None, 2:], others[:, None, :, 2:]) - corner).clamp(min=0).prod(-1)
    areas = [(some[..., 2:] - some[..., :2]).clamp(min=0).prod(-1) for some in (boxes, others)]
    return shared / (areas[0][:, :, None] + areas[1][:, None, :] - shared).clamp(min=1e-12)


def cross_entropy(logits, targets):
    return F.binary_cross_entropy_with_logits(logits, targets, reduction="none")


class Yolov3Loss(nn.Module):
    """GluonCV's loss without smoothing, as kernels/yolo_loss.h defines it, summed over places and divided by the images.

    boxes [N, M, 4] in pixels, classes [N, M] (-1: no object), weights [N, M] -> [4]: center, size, objectness, classes.
    """

    def __init__(self):
        super().__init__()
        self.register_buffer("anchors", torch.tensor(ANCHORS, dtype=torch.float32))

    def forward(self, predictions, boxes, classes, weights):
        sizes = boxes[..., 2:] - boxes[..., :2]
        exists = (classes >= 0) & (sizes > 0).all(-1)
        shared = torch.minimum(sizes[:, :, None], self.anchors).prod(-1)
        best = (shared / (sizes.prod(-1, keepdim=True) + self.anchors.prod(-1) - shared)).argmax(-1)
        scales = [self.of_scale(scale, prediction, boxes, sizes, classes, weights, exists, best)
                  for scale, prediction in enumerate(predictions)]
        return torch.stack(scales).sum(0) / len(boxes)

    def of_scale(self, scale, prediction, boxes, sizes, classes, weights, exists, best):
        images, objects = classes.shape
        stride, anchors = STRIDES[scale], self.anchors[3 * scale:3 * scale + 3]
        # [N, h, w, 3, 5 + K], in at least float32.
        rows = prediction.permute(0, 2, 3, 1).unflatten(-1, (3, -1)).to(boxes.dtype)
        height, width = rows.shape[1:3]

        # The place of each object on this scale; of objects of other scales too, whose terms are masked.
        here = exists & (best // 3 == scale)
        anchor = best % 3
        center = (boxes[..., :2] + boxes[..., 2:]) / (2 * stride)
        limits = torch.tensor([width - 1, height - 1], device=boxes.device)
        cell = torch.minimum(center.floor().clamp(min=0), limits)
        x, y = cell.long().unbind(-1)
        image = torch.arange(images, device=boxes.device)[:, None].expand(-1, objects)

        # Of several objects in one place the last one stays. Absent ones meet in one place more than there are.
        places = height * width * 3
        place = torch.where(here, (y * width + x) * 3 + anchor, places)
        number = torch.arange(objects, device=boxes.device).expand(images, -1)
        owner = torch.full((images, places + 1), -1, device=boxes.device)
        owner = owner.scatter_reduce(1, place, number, "amax")
        responsible = here & (owner.gather(1, place) == number)
        weight = torch.where(responsible, weights, 0)

        found = rows[image, y, x, anchor]
        image_area = height * stride * width * stride
        large = (weight * (2 - sizes.prod(-1) / image_area))[..., None]
        target = torch.log(torch.where(responsible[..., None], sizes / anchors[anchor], 1))
        labels = F.one_hot(classes.clamp(min=0).long(), rows.shape[-1] - 5).to(boxes.dtype)
        center_loss = large * cross_entropy(found[..., :2], (center - cell).clamp(0, 1))
        size_loss = large * (found[..., 2:4] - target).abs()
        class_loss = weight[..., None] * cross_entropy(found[..., 5:], labels)
        object_loss = weight * cross_entropy(found[..., 4], torch.ones_like(weight))

        # Everywhere else there is background, unless what is predicted there covers an object well.
        with torch.no_grad():
            steps = [torch.arange(side, device=boxes.device) for side in (width, height)]
            corners = torch.stack(torch.meshgrid(*steps, indexing="xy"), -1)[None, :, :, None]
            middles = (rows[..., :2].sigmoid() + corners) * stride
            extents = rows[..., 2:4].clamp(max=16).exp() * anchors
            predicted = torch.cat((middles - extents / 2, middles + extents / 2), -1).flatten(1, 3)
            covers = (overlap(predicted, boxes) > IGNORE_THRESHOLD) & exists[:, None]
            background = ~covers.any(-1) & (owner[:, :places] < 0)
        objectness = rows[..., 4].flatten(1)
        background_loss = torch.where(background, cross_entropy(objectness, torch.zeros_like(objectness)), 0)
        return torch.stack((center_loss.sum(), size_loss.sum(), object_loss.sum() + background_loss.sum(),
                            class_loss.sum()))


def random_objects(images, objects, size, classes):
    """Boxes inside of the image, sides from a twentieth of its own to four fifths; classes; weights of 1."""
    sides = size * 0.05 * 16 ** torch.rand(images, objects, 2)
    corner = torch.rand(images, objects, 2) * (size - sides)
    return (torch.cat((corner, corner + sides), -1), torch.randint(classes, (images, objects)),
            torch.ones(images, objects))
