"""YOLOv3's boxes and scores, and the suppression of overlapping ones, written plainly: one list, sorted and searched.

A case has what its "kind" says: "decode" (predictions -> boxes, scores) or "suppression" (boxes, scores -> detections).
"""
import numpy
import torch

from golden import exact, flat
from make_yolo_loss import ANCHORS


def sigmoid(x):
    return 1 / (1 + numpy.exp(-x))


def decode_case(seed, images, rows, columns, classes):
    generator = torch.Generator().manual_seed(seed)
    predictions, boxes, scores = [], [], []
    for scale in range(3):
        h, w, stride = rows << (2 - scale), columns << (2 - scale), 8 << scale
        prediction = exact(images, h, w, 3, 5 + classes, generator=generator)
        predictions.append(flat(prediction))
        p = prediction.numpy()
        y, x = numpy.mgrid[:h, :w]
        anchors = ANCHORS[3 * scale:3 * scale + 3].numpy()
        center = (sigmoid(p[..., :2]) + numpy.stack([x, y], -1)[None, :, :, None]) * stride
        size = numpy.exp(p[..., 2:4]) * anchors
        boxes.append(numpy.concatenate([center - size / 2, center + size / 2], -1).reshape(images, -1, 4))
        scores.append((sigmoid(p[..., 4:5]) * sigmoid(p[..., 5:])).reshape(images, -1, classes))
    return {"kind": "decode", "pictures": images, "rows": rows, "columns": columns, "classes": classes,
            "anchors": flat(ANCHORS), "predictions": predictions,
            "boxes": numpy.concatenate(boxes, 1).reshape(-1).tolist(),
            "scores": numpy.concatenate(scores, 1).reshape(-1).tolist()}


def iou(a, b):
    width = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
    height = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
    shared = width * height
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def suppress(boxes, scores, score_threshold, overlap_threshold, candidates, detections):
    listed = [(-float(scores[place, k]), k, place) for place in range(len(boxes)) for k in range(scores.shape[1])
              if scores[place, k] > numpy.float32(score_threshold)]
    kept = []
    for negative_score, k, place in sorted(listed)[:candidates]:
        box = boxes[place].tolist()
        if all(other[0] != k or iou(other[2:], box) <= overlap_threshold for other in kept):
            kept.append([k, -negative_score, *box])
    return kept[:detections]


def suppression_case(seed, places, classes, levels, score_threshold=0.01, overlap_threshold=0.45, candidates=400,
                     detections=100, images=2, size=8):
    """Scores are multiples of 1/levels, so that many are equal; whole corners, so that many overlaps are, too."""
    generator = numpy.random.default_rng(seed)
    corner = generator.integers(0, 24, (images, places, 2))
    boxes = numpy.concatenate([corner, corner + generator.integers(2, size, (images, places, 2))], -1).astype(float)
    scores = (generator.integers(0, levels, (images, places, classes)) / levels).astype(numpy.float32)
    found = [suppress(boxes[n], scores[n], score_threshold, overlap_threshold, candidates, detections)
             for n in range(images)]
    assert all(len(rows) > 0 for rows in found)
    return {"kind": "suppression", "pictures": images, "places": places, "classes": classes,
            "score_threshold": score_threshold, "overlap_threshold": overlap_threshold, "candidates": candidates,
            "detections": detections, "boxes": boxes.astype(int).reshape(-1).tolist(),
            "scores": scores.astype(float).reshape(-1).tolist(), "counts": [len(rows) for rows in found],
            "found": found}


def cases():
    return [
        decode_case(1, 1, 1, 2, 3),
        decode_case(2, 2, 1, 1, 1),
        suppression_case(3, 60, 3, 16),
        suppression_case(4, 75, 2, 8, overlap_threshold=0.5, size=5),
        suppression_case(5, 61, 3, 64, candidates=50, detections=7),
        suppression_case(6, 90, 1, 4, score_threshold=0.5, candidates=20),
        suppression_case(7, 1, 5, 64, detections=3),
    ]
