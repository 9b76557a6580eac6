"""What every make_*.py beside this file shares: exact inputs and one way to write a golden file.

A golden file is a small JSON file: {"name", "made_with", "cases": [...]}. Numbers are float64, written so that reading
gives the same bits back.
"""
import json
import pathlib

import torch

FOLDER = pathlib.Path(__file__).resolve().parent


def exact(*shape, generator, step=0.125, limit=4.0):
    """Random multiples of `step` in [-limit, limit]: with the defaults exact in bfloat16, float32 and float64 alike, so
    that every precision starts from the same inputs."""
    count = int(limit / step)
    integers = torch.randint(-count, count + 1, shape, generator=generator)
    return integers.to(torch.float64) * step


def flat(tensor):
    return tensor.detach().reshape(-1).tolist()


def write(name, cases, made_with=f"PyTorch {torch.__version__.split('+')[0]}, float64"):
    path = FOLDER / f"{name}.json"
    lines = ",\n".join("  " + json.dumps(case) for case in cases)
    path.write_text(f'{{"name": "{name}", "made_with": "{made_with}", "cases": [\n{lines}\n]}}\n')
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size} bytes")
