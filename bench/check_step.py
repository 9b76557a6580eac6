"""Whether one training step of Sleight's YOLOv3 is the step that pytorch_yolov3.py makes, in float64, from the same weights
and the same batch: the loss and its four parts, and by how much every parameter and running statistic moved."""
import json
import math
import os

import torch

from pytorch_yolov3 import Yolov3, Yolov3Loss

MEAN, DEVIATION = (123.68, 116.779, 103.939), (58.393, 57.12, 57.375)
# Sleight computes in float32. The loss is a sum over all places; an update is a sum over all places that also went
# through every layer, where a leaky ReLU near 0 may take the other side.
LOSS_TOLERANCE, UPDATE_TOLERANCE = 1e-4, 2e-2


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


def check_step(model_name, folder):
    """folder: of bench_step --record. Prints what differs by how much; True when all is within tolerance."""
    before, after, batch = (read_safetensors(os.path.join(folder, f"{name}.safetensors"))
                            for name in ("before", "after", "batch"))
    with open(os.path.join(folder, "step.json"), encoding="utf-8") as file:
        ours = json.load(file)
    classes = before["heads.stride8.prediction.bias"].numel() // 3 - 5
    model = Yolov3(model_name, classes).double().train()
    passed_over = {name for name in model.state_dict() if name.endswith("num_batches_tracked")}
    missing, unknown = model.load_state_dict({name: tensor.double() for name, tensor in before.items()}, strict=False)
    assert set(missing) == passed_over and not unknown, (missing, unknown)

    pictures = (batch["images"].double() - torch.tensor(MEAN)) / torch.tensor(DEVIATION)
    pictures = torch.where(batch["flips"].bool()[:, None, None, None], pictures.flip(2), pictures).permute(0, 3, 1, 2)
    optimizer = torch.optim.SGD(model.parameters(), lr=ours["learning_rate"], momentum=ours["momentum"],
                                weight_decay=ours["weight_decay"], nesterov=True)
    components = Yolov3Loss().double()(model(pictures), batch["object_boxes"].double(), batch["object_classes"],
                                       batch["object_weights"].double())
    components.sum().backward()
    optimizer.step()

    def difference(got, wanted):
        return abs(got - wanted) / abs(wanted) if wanted else abs(got)

    losses = {"loss": (ours["loss"], components.sum().item())}
    losses |= {name: pair for name, *pair in
               zip(("centre", "size", "objectness", "classes"), ours["components"], components.tolist())}
    worst_loss = 0.0
    for name, (got, wanted) in losses.items():
        print(f"{name:12s} {got:14.6f} here, {wanted:14.6f} in PyTorch, relative difference {difference(got, wanted):.1e}")
        worst_loss = max(worst_loss, difference(got, wanted))
    moved = {}
    for name, tensor in model.state_dict().items():
        if name not in passed_over:
            wanted = tensor - before[name].double()
            error = (after[name].double() - before[name].double() - wanted).norm() / wanted.norm()
            moved[name] = error.item()
    worst = max(moved, key=lambda name: math.inf if math.isnan(moved[name]) else moved[name])
    print(f"updates of {len(moved)} tensors: largest relative difference {moved[worst]:.1e} ({worst}), "
          f"median {sorted(moved.values())[len(moved) // 2]:.1e}")
    return worst_loss <= LOSS_TOLERANCE and moved[worst] <= UPDATE_TOLERANCE
