"""A file of annotations and a list of results as people have them, scored by pycocotools: images not in the order of their
ids, scores that tie between images, objects that cross the border, lie outside or have next to no area, crowds, and
results that do the same.
"""
import contextlib
import copy
import importlib.metadata
import io
import random

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

made_with = f"pycocotools {importlib.metadata.version('pycocotools')}, NumPy {np.__version__}"

HEIGHT, WIDTH = 80, 120


def scored(annotations, results):
    truth = COCO()
    truth.dataset = copy.deepcopy(annotations)
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(copy.deepcopy(results)), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return [None if number == -1 else float(number) for number in evaluation.stats]


def case(name, seed, image_count):
    draw = random.Random(seed)
    eighths = lambda low, high: draw.randrange(low * 8, high * 8 + 1) / 8
    ids = draw.sample(range(1, 1000), image_count)
    categories = [{"id": 17, "name": "cat"}, {"id": 2, "name": "dog"}, {"id": 90, "name": "bird"}]
    objects, results = [], []
    for image in ids:
        for _ in range(draw.randrange(1, 6)):
            kind = draw.random()
            w, h = (eighths(0, 1), eighths(0, 1)) if kind < 0.1 else (eighths(5, 60), eighths(5, 60))
            x, y = eighths(-20, WIDTH + (20 if kind < 0.15 else -5)), eighths(-20, HEIGHT - 5)
            category = draw.choice(categories)["id"]
            objects.append({"id": len(objects) + 1, "image_id": image, "category_id": category, "bbox": [x, y, w, h],
                            "area": w * h, "iscrowd": int(draw.random() < 0.1)})
            for _ in range(draw.randrange(3)):
                box = [number + draw.randrange(-8, 9) / 64 * max(w, h) for number in (x, y, w, h)]
                results.append({"image_id": image, "category_id": category if draw.random() < 0.9 else 2,
                                "bbox": [*box[:2], max(box[2], 0.0), max(box[3], 0.0)],
                                "score": draw.choice([0.25, 0.5, 0.75])})
    draw.shuffle(results)
    annotations = {"images": [{"id": i, "file_name": f"{i}.png", "width": WIDTH, "height": HEIGHT} for i in ids],
                   "categories": categories, "annotations": objects}
    numbers = scored(annotations, results)
    # pycocotools itself does not care how the file is ordered; another order of the ids is another ranking of ties.
    annotations["images"].reverse()
    assert scored(annotations, results) == numbers
    return {"name": name, "annotations": annotations, "results": results, "numbers": numbers}


def cases():
    return [case("a dozen pictures", 1, 12), case("three dozen pictures", 2, 36)]
