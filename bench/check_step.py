"""Whether one training step of Sleight's YOLOv3 is the step that pytorch_yolov3.py makes, in float64, from the same weights
and the same batch: the loss and its four parts, and by how much every parameter and running statistic moved."""
import json
import math
import os

import torch

from pytorch_yolov3 import Yolov3, Yolov3Loss

MEAN, DEVIATION = (123.68, 116.779, 103.939), (58.393, 57.12, 57.375)
# Sleight computes in float32, whose rounding an update carries through every layer and back, where a leaky ReLU near 0 may
# take the other side. How much that makes, PyTorch's own step in float32 says: ours may be off by a few times as much.
LOSS_TOLERANCE, TIMES_PYTORCH = 1e-4, 4.0


def read_safetensors(path):
    types = {"F32": torch.float32, "I32": torch.int32, "U8": torch.uint8}
    with open(path, "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        data = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            tensors[name] = torch.frombuffer(data[begin:end], dtype=types[entry["dtype"]]).reshape(entry["shape"])
    return tensors


def pytorch_step(dtype, model_name, before, batch, settings):
    """One step in this type. Returns the loss's parts, and by how much every tensor moved, in float64."""
    classes = before["heads.stride8.prediction.bias"].numel() // 3 - 5
    model = Yolov3(model_name, classes).to(dtype).train()
    passed_over = {name for name in model.state_dict() if name.endswith("num_batches_tracked")}
    missing, unknown = model.load_state_dict({name: tensor.to(dtype) for name, tensor in before.items()}, strict=False)
    assert set(missing) <= passed_over and not unknown, (missing, unknown)

    images = (batch["images"].to(dtype) - torch.tensor(MEAN, dtype=dtype)) / torch.tensor(DEVIATION, dtype=dtype)
    images = torch.where(batch["flips"].bool()[:, None, None, None], images.flip(2), images).permute(0, 3, 1, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=settings["learning_rate"], momentum=settings["momentum"],
                                weight_decay=settings["weight_decay"], nesterov=True)
    components = Yolov3Loss().to(dtype)(model(images), batch["object_boxes"].to(dtype), batch["object_classes"],
                                        batch["object_weights"].to(dtype))
    components.sum().backward()
    optimizer.step()
    moved = {name: tensor.double() - before[name].double() for name, tensor in model.state_dict().items()
             if name not in passed_over}
    return components, moved


def report(where, moved, wanted):
    """Prints how far the updates are from those wanted; returns the largest relative difference, NaN if there is one."""
    errors = {name: ((moved[name] - wanted[name]).norm() / wanted[name].norm()).item() for name in wanted}
    worst = max(errors, key=lambda name: math.inf if math.isnan(errors[name]) else errors[name])
    print(f"updates of {len(errors)} tensors {where}: largest relative difference {errors[worst]:.1e} ({worst}), "
          f"median {sorted(errors.values())[len(errors) // 2]:.1e}")
    return errors[worst]


def check_step(model_name, folder):
    """folder: of bench_step --record. Prints what differs by how much; True when all is within tolerance."""
    before, after, batch = (read_safetensors(os.path.join(folder, f"{name}.safetensors"))
                            for name in ("before", "after", "batch"))
    with open(os.path.join(folder, "step.json"), encoding="utf-8") as file:
        ours = json.load(file)
    components, exact = pytorch_step(torch.float64, model_name, before, batch, ours)
    _, single = pytorch_step(torch.float32, model_name, before, batch, ours)

    def difference(got, wanted):
        return abs(got - wanted) / abs(wanted) if wanted else abs(got)

    losses = {"loss": (ours["loss"], components.sum().item())}
    losses |= {name: pair for name, *pair in
               zip(("center", "size", "objectness", "classes"), ours["components"], components.tolist())}
    worst_loss = 0.0
    for name, (got, wanted) in losses.items():
        print(f"{name:12s} {got:14.6f} here, {wanted:14.6f} in PyTorch, relative difference {difference(got, wanted):.1e}")
        worst_loss = max(worst_loss, difference(got, wanted))
    ours_moved = {name: after[name].double() - before[name].double() for name in exact}
    worst = report("here", ours_moved, exact)
    allowed = TIMES_PYTORCH * report("in PyTorch's float32", single, exact)
    return worst_loss <= LOSS_TOLERANCE and worst <= allowed
