"""Detection metrics: COCO's twelve numbers by pycocotools, Pascal VOC's by the rules of the development kit's VOCevaldet
and VOCap, written down here in the kit's own terms: integer corners counted from 1, a box is xmax - xmin + 1 wide.

COCO: objects are [image, class, x, y, width, height, area, crowd], detections [image, class, x, y, width, height,
score]. VOC: objects are [image, class, xmin, ymin, xmax, ymax, difficult], detections [image, class, xmin, ymin,
xmax, ymax, score].
"""
import contextlib
import importlib.metadata
import io
import random

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

made_with = f"pycocotools {importlib.metadata.version('pycocotools')}, NumPy {np.__version__}"


def none_if_absent(number):
    return None if number == -1 else float(number)


def coco_case(name, image_count, classes, objects, detections):
    images = [{"id": i + 1} for i in range(image_count)]
    categories = [{"id": i + 1} for i in range(classes)]
    truth, found = COCO(), COCO()
    truth.dataset = {"images": images, "categories": categories, "annotations": [
        {"id": i + 1, "image_id": o[0] + 1, "category_id": o[1] + 1, "bbox": o[2:6], "area": o[6], "iscrowd": o[7]}
        for i, o in enumerate(objects)]}
    # What loadRes makes of results, which it refuses to do for an empty list.
    found.dataset = {"images": images, "categories": categories, "annotations": [
        {"id": i + 1, "image_id": d[0] + 1, "category_id": d[1] + 1, "bbox": d[2:6], "area": d[4] * d[5], "iscrowd": 0,
         "score": d[6]} for i, d in enumerate(detections)]}
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        found.createIndex()
        evaluation = COCOeval(truth, found, "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    precision = evaluation.eval["precision"]  # [threshold, recall, class, size, most detections]
    by_class = [none_if_absent(precision[:, :, k, 0, 2].mean()) for k in range(classes)]
    return {"kind": "coco", "name": name, "pictures": image_count, "classes": classes, "objects": objects,
            "detections": detections, "numbers": [none_if_absent(number) for number in evaluation.stats],
            "average_precision_by_class": by_class}


def random_coco(name, seed, image_count, classes, most_objects, detections_per_object, stray, score_step, crowd_share):
    draw = random.Random(seed)
    objects, detections = [], []

    def box():
        side = draw.choice([6, 20, 31, 33, 70, 95, 97, 200])
        return [draw.randrange(0, 2000) / 8, draw.randrange(0, 2000) / 8,
                max(1, side + draw.randrange(-24, 25) / 8), max(1, side + draw.randrange(-24, 25) / 8)]

    def score():
        return round(draw.random() / score_step) * score_step

    for image in range(image_count):
        for _ in range(draw.randrange(most_objects + 1)):
            label, (x, y, w, h) = draw.randrange(classes), box()
            crowd = int(draw.random() < crowd_share)
            outline = round(w * h * draw.uniform(0.5, 1.0), 3)
            objects.append([image, label, x, y, w, h, outline, crowd])
            for _ in range(draw.randrange(detections_per_object + 1)):
                shift = [side * draw.randrange(-16, 17) / 64 for side in (w, h, w, h)]
                label_said = label if draw.random() < 0.9 else draw.randrange(classes)
                detections.append([image, label_said, x + shift[0], y + shift[1], w + shift[2], h + shift[3], score()])
        for _ in range(draw.randrange(stray + 1)):
            detections.append([image, draw.randrange(classes), *box(), score()])
    return coco_case(name, image_count, classes, objects, detections)


def coco_cases():
    crowd = [0, 0, 0, 0, 200, 200, 30000, 1]
    inside = [0, 0, 20, 20, 40, 40, 1600, 0]
    one = [0, 0, 10, 10, 20, 20, 400, 0]
    return [
        random_coco("many objects", 1, 14, 3, 6, 3, 3, 1 / 1024, 0.1),
        random_coco("equal scores", 2, 14, 2, 6, 3, 3, 0.25, 0.1),
        random_coco("many crowds", 3, 10, 2, 6, 4, 4, 1 / 64, 0.5),
        coco_case("no detections", 2, 2, [one, [1, 1, 0, 0, 50, 50, 2500, 0]], []),
        coco_case("nothing at all", 2, 2, [], []),
        coco_case("no objects", 2, 2, [], [[0, 0, 1, 1, 5, 5, 0.5]]),
        coco_case("a class without objects, one without detections", 2, 3, [one, [1, 2, 5, 5, 40, 40, 1600, 0]],
                  [[0, 0, 10, 10, 20, 18, 0.9], [1, 1, 5, 5, 40, 40, 0.8]]),
        coco_case("several detections of one object", 1, 1, [one],
                  [[0, 0, 10, 10, 20, 16, 0.9], [0, 0, 10, 10, 20, 20, 0.8], [0, 0, 10, 10, 20, 19, 0.7]]),
        coco_case("two equal objects, and one beside them", 1, 1, [one, one, [0, 0, 12, 10, 20, 20, 400, 0]],
                  [[0, 0, 10, 10, 20, 20, 0.9], [0, 0, 10, 10, 20, 20, 0.9], [0, 0, 11, 10, 20, 20, 0.8],
                   [0, 0, 10, 10, 20, 20, 0.5]]),
        coco_case("overlaps of exactly a threshold", 10, 1,
                  [[i, 0, 0, 0, 20, 20, 400, 0] for i in range(10)],
                  [[i, 0, 0, 0, 20, 10 + i, 0.9 - i / 16] for i in range(10)]),
        # 7 of 20 is 0.35, and 35 * 0.01 in float64 is above it.
        coco_case("a recall that rounding holds below a level", 20, 1, [[i, *one[1:]] for i in range(20)],
                  [[i, 0, 10, 10, 20, 20, 0.9 - i / 16] for i in range(7)]),
        coco_case("areas on the limits", 4, 1,
                  [[0, 0, 0, 0, 32, 32, 1024, 0], [1, 0, 0, 0, 96, 96, 9216, 0], [2, 0, 0, 0, 64, 64, 1024, 0],
                   [3, 0, 0, 0, 200, 200, 9216.5, 0]],
                  [[0, 0, 0, 0, 32, 32, 0.9], [1, 0, 0, 0, 96, 96, 0.8], [2, 0, 0, 0, 64, 64, 0.7],
                   [3, 0, 0, 0, 200, 200, 0.6], [0, 0, 60, 60, 32, 32, 0.95], [1, 0, 200, 200, 96, 96, 0.85],
                   [2, 0, 300, 0, 33, 33, 0.75]]),
        coco_case("tiny areas", 1, 1,
                  [[0, 0, 3, 3, 0.5, 0.5, 0.25, 0], [0, 0, 9, 9, 1, 1, 0.5, 0], [0, 0, 20, 20, 0, 8, 0, 0]],
                  [[0, 0, 3, 3, 0.5, 0.5, 0.9], [0, 0, 20, 20, 0, 8, 0.8], [0, 0, 9, 9, 1, 0.875, 0.7],
                   [0, 0, 50, 50, 0, 0, 0.6]]),
        coco_case("detections in a crowd", 1, 1, [crowd, inside],
                  [[0, 0, 20, 20, 40, 38, 0.9], [0, 0, 20, 20, 40, 40, 0.8], [0, 0, 100, 100, 30, 30, 0.7],
                   [0, 0, 180, 180, 40, 40, 0.6], [0, 0, 100, 100, 31, 30, 0.5], [0, 0, 190, 190, 10, 20, 0.4]]),
        coco_case("a crowd alone", 1, 1, [crowd], [[0, 0, 20, 20, 40, 38, 0.9], [0, 0, 300, 300, 40, 38, 0.8]]),
        coco_case("more than 100 detections", 1, 2,
                  [[0, 0, 30 * i, 0, 20, 20, 400, 0] for i in range(12)] + [[0, 1, 0, 100, 20, 20, 400, 0]],
                  # Right ones at ranks 1, 11, 21, ...; beyond rank 100 they do not count.
                  [[0, 0, 30 * (i // 10), 0 if i % 10 == 0 else 300, 20, 20, 1 - i / 256] for i in range(120)] +
                  [[0, 1, 0, 100, 20, 20, 0.001]]),
    ]


def voc_average_precisions(objects, found):
    """Of one class; found: (score, image, box) in the order of the file."""
    positives = sum(not difficult for *_, difficult in objects)
    if positives == 0:
        return {"objects": 0, "exact": None, "rounded": None, "all_point": None}
    taken = [False] * len(objects)
    right, wrong = [], []
    for _, image, box in sorted(found, key=lambda one: -one[0]):
        largest, best = -np.inf, None
        for i, (where, *corners, _) in enumerate(objects):
            width = min(box[2], corners[2]) - max(box[0], corners[0]) + 1
            height = min(box[3], corners[3]) - max(box[1], corners[1]) + 1
            if where != image or width <= 0 or height <= 0:
                continue
            areas = [(b[2] - b[0] + 1) * (b[3] - b[1] + 1) for b in (box, corners)]
            overlap = width * height / (sum(areas) - width * height)
            if overlap > largest:
                largest, best = overlap, i
        is_found = largest >= 0.5
        is_ignored = is_found and objects[best][-1]
        right.append(is_found and not is_ignored and not taken[best])
        wrong.append(not is_found or (not is_ignored and taken[best]))
        if right[-1]:
            taken[best] = True
    right, wrong = np.cumsum(right, dtype=float), np.cumsum(wrong, dtype=float)
    recall = right / positives
    with np.errstate(invalid="ignore"):
        precision = right / (right + wrong)
    # MATLAB's max passes over NaN, which 0 / 0 is before the first detection that counts.
    levels = {"exact": [right * 10 >= k * positives for k in range(11)],
              "rounded": [recall >= level for level in np.arange(0.0, 1.1, 0.1)]}
    result = {"objects": positives}
    for name, reached in levels.items():
        best = [np.fmax.reduce(precision[r], initial=0.0) for r in reached]
        result[name] = float(np.sum(best) / 11)
    recall = np.concatenate([[0.0], recall, [1.0]])
    precision = np.concatenate([[0.0], precision, [0.0]])
    for i in range(len(precision) - 2, -1, -1):
        precision[i] = np.fmax(precision[i], precision[i + 1])
    steps = np.flatnonzero(recall[1:] != recall[:-1]) + 1
    result["all_point"] = float(np.sum((recall[steps] - recall[steps - 1]) * precision[steps]))
    return result


def voc_case(name, image_count, classes, objects, detections):
    by_class = []
    for k in range(classes):
        of_class = [[o[0], *o[2:]] for o in objects if o[1] == k]
        found = [(d[6], d[0], d[2:6]) for d in sorted(detections, key=lambda d: d[0]) if d[1] == k]
        by_class.append(voc_average_precisions(of_class, found))
    return {"kind": "voc", "name": name, "pictures": image_count, "classes": classes, "objects": objects,
            "detections": detections, "by_class": by_class}


def random_voc(name, seed, image_count, classes, most_objects, score_step):
    draw = random.Random(seed)
    objects, detections = [], []
    for image in range(image_count):
        for _ in range(draw.randrange(most_objects + 1)):
            label, x, y = draw.randrange(classes), draw.randrange(1, 200), draw.randrange(1, 200)
            w, h = draw.randrange(0, 40), draw.randrange(0, 40)
            objects.append([image, label, x, y, x + w, y + h, int(draw.random() < 0.25)])
            for _ in range(draw.randrange(4)):
                d = [draw.randrange(-(s // 6) - 1, s // 6 + 2) for s in (w, h, w, h)]
                detections.append([image, label, x + d[0], y + d[1], max(x + d[0], x + w + d[2]),
                                   max(y + d[1], y + h + d[3]), round(draw.random() / score_step) * score_step])
        for _ in range(draw.randrange(3)):
            x, y = draw.randrange(1, 200), draw.randrange(1, 200)
            detections.append([image, draw.randrange(classes), x, y, x + 20, y + 30,
                               round(draw.random() / score_step) * score_step])
    return voc_case(name, image_count, classes, objects, detections)


def voc_cases():
    one = [0, 0, 11, 11, 30, 30, 0]
    difficult = [0, 0, 101, 101, 120, 120, 1]
    return [
        random_voc("many objects", 11, 16, 3, 6, 1 / 1024),
        random_voc("equal scores", 12, 16, 2, 6, 0.25),
        voc_case("no detections", 1, 2, [one, [0, 1, 1, 1, 5, 5, 0]], []),
        voc_case("a class without objects, one with a difficult one only", 1, 3, [one, [0, 2, 1, 1, 9, 9, 1]],
                 [[0, 0, 11, 11, 30, 29, 0.5], [0, 1, 11, 11, 30, 29, 0.5], [0, 2, 1, 1, 9, 9, 0.5]]),
        voc_case("several detections of one object", 2, 1, [one, [1, 0, 11, 11, 30, 30, 0]],
                 [[0, 0, 11, 11, 30, 28, 0.9], [0, 0, 11, 11, 30, 30, 0.8], [1, 0, 11, 11, 30, 30, 0.7],
                  [0, 0, 11, 11, 30, 29, 0.6]]),
        # The second detection overlaps both objects by more than a half, but most the one that is found already.
        voc_case("the best object is taken", 1, 1, [one, [0, 0, 14, 11, 33, 30, 0]],
                 [[0, 0, 11, 11, 30, 30, 0.9], [0, 0, 12, 11, 31, 30, 0.8]]),
        # Of two equal objects the first decides: it counts in one image and is difficult in the other.
        voc_case("two equal objects, one difficult", 2, 1,
                 [one, [*one[:6], 1], [1, 0, 11, 11, 30, 30, 1], [1, 0, 11, 11, 30, 30, 0]],
                 [[0, 0, 11, 11, 30, 30, 0.9], [0, 0, 101, 101, 120, 120, 0.8], [1, 0, 11, 11, 30, 30, 0.7]]),
        voc_case("difficult objects", 1, 1, [one, difficult, [0, 0, 12, 11, 31, 30, 1]],
                 [[0, 0, 101, 101, 120, 120, 0.95], [0, 0, 101, 101, 120, 119, 0.9], [0, 0, 11, 11, 30, 30, 0.8],
                  [0, 0, 12, 11, 31, 30, 0.7], [0, 0, 150, 150, 160, 160, 0.6], [0, 0, 11, 12, 30, 30, 0.5]]),
        # 10 x 20 of 20 x 20 pixels is a half, 10 x 19 is not.
        voc_case("an overlap of exactly a half", 2, 1, [one, [1, 0, 11, 11, 30, 30, 0]],
                 [[0, 0, 11, 11, 20, 30, 0.9], [1, 0, 11, 11, 20, 29, 0.8]]),
        # 3 of 10 and 6 of 10: recalls that rounding lifts over, or holds below, a level.
        voc_case("recall of three tenths", 10, 1, [[i, *one[1:]] for i in range(10)],
                 [[i, 0, 11, 11, 30, 30, 0.9 - i / 16] for i in range(3)]),
        voc_case("recall of six tenths", 10, 1, [[i, *one[1:]] for i in range(10)],
                 [[i, 0, 11, 11, 30, 30, 0.9 - i / 16] for i in range(6)]),
        voc_case("single pixels", 1, 1, [[0, 0, 5, 5, 5, 5, 0], [0, 0, 9, 9, 10, 9, 0]],
                 [[0, 0, 5, 5, 5, 5, 0.9], [0, 0, 10, 9, 10, 9, 0.8], [0, 0, 6, 5, 6, 5, 0.7]]),
    ]


def cases():
    return coco_cases() + voc_cases()
