"""YOLOv3's loss on one scale with dense targets: every place has a target and a mask, and autograd makes the gradient.

Predicted boxes meet the objects in torchvision's box_iou; objects are put in their places by index assignment, in the
order of the list, so that the last one stays.
"""
import numpy
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, one_hot
from torchvision.ops import box_iou

from golden import exact, flat

ANCHORS = torch.tensor([[10, 13], [16, 30], [33, 23], [30, 61], [62, 45], [59, 119], [116, 90], [156, 198], [373, 326]],
                       dtype=torch.float64)


def best_anchors(boxes, classes):
    sizes = (boxes[..., 2:] - boxes[..., :2])[:, :, None]
    shared = torch.minimum(sizes, ANCHORS).prod(-1)
    iou = shared / (sizes.prod(-1) + ANCHORS.prod(-1) - shared)
    best = torch.from_numpy(numpy.argmax(iou.numpy(), axis=-1))  # numpy promises the first of equal values
    is_object = (classes >= 0) & (sizes[:, :, 0] > 0).all(-1)
    return torch.where(is_object, best, -1)


def random_objects(generator, images, count, height, width, classes, scale):
    """Boxes on a grid of 1/8 pixel, most of them in the size of the scale's anchors, some of them nothing at all."""
    anchor = ANCHORS[3 * scale:3 * scale + 3][torch.randint(0, 3, (images, count), generator=generator)]
    size = (anchor * (0.75 + 0.5 * torch.rand(images, count, 2, generator=generator, dtype=torch.float64)) * 8).round() / 8
    extent = torch.tensor([width, height], dtype=torch.float64)
    center = (torch.rand(images, count, 2, generator=generator, dtype=torch.float64) * extent * 8).round() / 8
    boxes = torch.cat([center - size / 2, center + size / 2], -1)
    labels = torch.randint(0, classes, (images, count), generator=generator)
    labels[torch.rand(images, count, generator=generator) < 0.2] = -1
    weights = torch.tensor([1.0, 0.3, 0.7])[torch.randint(0, 3, (images, count), generator=generator)]
    return boxes, labels, weights.to(torch.float64)


def case(name, seed, scale, grid, classes, boxes=None, labels=None, weights=None, objects=5, images=2, size_loss="l1",
         smoothing="none", epsilon=0.025, threshold=0.7, box_weight=True, near=True):
    generator = torch.Generator().manual_seed(seed)
    stride, (rows, columns) = 8 << scale, grid
    height, width = rows * stride, columns * stride
    if boxes is None:
        boxes, labels, weights = random_objects(generator, images, objects, height, width, classes, scale)
    else:
        boxes, labels = torch.tensor(boxes, dtype=torch.float64), torch.tensor(labels)
        weights = torch.tensor(weights).to(torch.float64)  # float32 first: what the kernels are given
    images = len(boxes)
    anchors = ANCHORS[3 * scale:3 * scale + 3]
    best = best_anchors(boxes, labels)
    prediction = exact(images, rows, columns, 3, 5 + classes, generator=generator)

    # Which place each object has, in the order of the list.
    center = (boxes[..., :2] + boxes[..., 2:]) / 2 / stride
    cell = center.floor()
    cell = torch.minimum(cell.clamp(min=0), torch.tensor([columns - 1, rows - 1], dtype=torch.float64))
    fraction = (center - cell).clamp(0, 1)
    here = torch.nonzero(best.div(3, rounding_mode="floor") == scale)
    owner = torch.full((images, rows, columns, 3), -1)
    for n, m in here:
        x, y = cell[n, m].long()
        owner[n, y, x, best[n, m] % 3] = m
        if near:  # the other anchors of the cell predict nearly the object's box
            for other in range(3):
                logit = torch.logit(fraction[n, m].clamp(0.1, 0.9))
                size = torch.log((boxes[n, m, 2:] - boxes[n, m, :2]) / anchors[other])
                prediction[n, y, x, other, :4] = (torch.cat([logit, size]) * 8).round() / 8
    prediction.requires_grad_()

    positive = owner >= 0
    n, _, _, anchor = torch.nonzero(positive, as_tuple=True)
    m = owner[positive]
    wide = boxes[n, m, 2] - boxes[n, m, 0]
    high = boxes[n, m, 3] - boxes[n, m, 1]
    weight = weights[n, m][:, None]
    large = weight * (2 - wide * high / (width * height))[:, None] if box_weight else weight
    found = prediction[positive]

    center_loss = large * binary_cross_entropy_with_logits(found[:, :2], fraction[n, m], reduction="none")
    error = found[:, 2:4] - torch.log(torch.stack([wide, high], -1) / anchors[anchor])
    size_terms = large * (error.abs() if size_loss == "l1" else error.square() / 2)
    objectness_loss = weight[:, 0] * binary_cross_entropy_with_logits(found[:, 4], torch.ones_like(found[:, 4]),
                                                                      reduction="none")
    target = one_hot(labels[n, m], classes).to(torch.float64)
    if smoothing == "gluon":
        share = min(1 / classes, epsilon)
        target = target * (1 - share) + (1 - target) * share
    elif smoothing == "darknet":
        target = target * (1 - epsilon) + epsilon / 2
    class_loss = weight * binary_cross_entropy_with_logits(found[:, 5:], target, reduction="none")

    with torch.no_grad():
        y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        corner = torch.stack([x, y], -1)[None, :, :, None]
        middle = (torch.sigmoid(prediction[..., :2]) + corner) * stride
        extent = torch.exp(prediction[..., 2:4]) * anchors
        predicted = torch.cat([middle - extent / 2, middle + extent / 2], -1)
        ignored = torch.zeros_like(positive)
        for image in range(images):
            real = boxes[image][best[image] >= 0]
            iou = box_iou(predicted[image].reshape(-1, 4), real)
            assert not ((iou - threshold).abs() < 1e-4).any(), "too close to the threshold to be a fair case"
            ignored[image] = (iou > threshold).any(-1).reshape(rows, columns, 3)
        ignored &= ~positive
    negative = ~positive & ~ignored
    background = prediction[negative][:, 4]
    background_loss = binary_cross_entropy_with_logits(background, torch.zeros_like(background), reduction="none")

    components = torch.stack([center_loss.sum(), size_terms.sum(), objectness_loss.sum() + background_loss.sum(),
                              class_loss.sum()]) / images
    loss = components.sum()
    upstream = 0.5
    gradient, = torch.autograd.grad(loss * upstream, prediction)
    assigned = torch.where(positive, owner, torch.where(ignored, -2, -1))
    if near:
        assert positive.any() and ignored.any() and negative.any(), name
    return {
        "name": name, "scale": scale, "pictures": images, "rows": rows, "columns": columns, "classes": classes,
        "size_loss": size_loss, "smoothing": smoothing, "epsilon": epsilon, "threshold": threshold,
        "box_weight": box_weight, "anchors": flat(ANCHORS), "boxes": flat(boxes), "labels": flat(labels),
        "weights": flat(weights), "prediction": flat(prediction), "loss_gradient": upstream, "best_anchor": flat(best),
        "assigned": flat(assigned), "loss": loss.item(), "components": flat(components), "gradient": flat(gradient),
    }


def centered(x, y, width, height):
    return [x - width / 2, y - height / 2, x + width / 2, y + height / 2]


def cases():
    # One image of 5 x 3 cells of 8 pixels: centers on borders of cells, on the right and lower edge, in the corner,
    # outside; two objects in one place, and one that is equal in size but on another scale's anchor.
    borders = [[centered(8, 16, 10, 13), centered(24, 8, 10, 13), centered(16, 40, 16, 30), centered(24, 40, 33, 23),
                centered(-4, 50, 10, 13), centered(12, 20, 16, 30), centered(13, 21, 16, 30), centered(12, 20, 62, 45)]]
    nothing = [[[3, 4, 3, 9], [5, 9, 4, 12]], [[0, 0, 0, 0], [1, 1, 9, 9]]]
    return [
        case("l1", 1, 0, (5, 3), 3),
        case("l2, gluon smoothing", 2, 1, (3, 4), 3, size_loss="l2", smoothing="gluon"),
        case("one class, gluon smoothing", 3, 0, (4, 7), 1, smoothing="gluon", epsilon=0.025),
        case("80 classes, gluon smoothing", 4, 2, (1, 2), 80, smoothing="gluon", objects=3),
        case("20 classes, darknet smoothing", 5, 2, (2, 3), 20, smoothing="darknet", epsilon=0.1, objects=7),
        case("no box weight, another threshold", 6, 0, (3, 5), 3, box_weight=False, threshold=0.5),
        case("one place for objects", 7, 1, (2, 2), 3, objects=1, images=3),
        case("borders and one place twice", 8, 0, (5, 3), 3, boxes=borders, labels=[[0, 1, 2, 0, 1, 2, 1, 0]],
             weights=[[1.0, 0.3, 1.0, 0.7, 0.3, 1.0, 0.7, 1.0]]),
        case("no object", 9, 0, (2, 3), 3, boxes=nothing, labels=[[0, 1], [2, -1]], weights=[[1.0, 1.0], [1.0, 1.0]],
             near=False),
    ]
