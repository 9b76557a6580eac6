#!/usr/bin/env python3
"""Writes the seeds of the targets whose formats are made by hand: tests/fuzz/make_seeds.py [CORPUS_FOLDER]"""

import json
import pathlib
import struct
import sys

corpus = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "corpus")


def write(target, name, content):
    folder = corpus / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def safetensors(header, data=b""):
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def tensor(dtype, shape, begin, end):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


whole = {
    "__metadata__": {"model": "resnet18", "step": "7"},
    "label": tensor("I64", [1], 0, 8),
    "weight": tensor("F32", [2, 1], 8, 16),
    "half": tensor("BF16", [], 16, 18),
    "pixels": tensor("U8", [2, 1, 0], 18, 18),
}
write("fuzz_safetensors", "whole.safetensors", safetensors(whole, bytes(18)))
write("fuzz_safetensors", "cut.safetensors", safetensors(whole, bytes(9)))
write("fuzz_safetensors", "empty.safetensors", safetensors({}))
write("fuzz_safetensors", "unknown_type.safetensors", safetensors({"a": tensor("F8_E5M2", [1], 0, 1)}, b"x"))
write("fuzz_safetensors", "hole.safetensors", safetensors({"a": tensor("U8", [1], 1, 2)}, b"xy"))

write("fuzz_recipe", "whole.toml", """# train --config recipe.toml --out NEW_FOLDER
nesterov = true
threads = 4
epochs = 90
seed = 18446744073709551615
momentum = 0.9
data = "C:\\\\images \\u00e9"
images = ['a', "b",
  "c"]  # three
mix = false
batch-size = 64
learning-rate = 1e-05
schedule = "cosine"
milestones = [1.5, 20]
""")
write("fuzz_recipe", "unknown.toml", "epochs = 1\nepoch = 2\n")
write("fuzz_recipe", "open_text.toml", 'data = "a\n')

write("fuzz_metadata", "count", "224")
write("fuzz_metadata", "number", "-1.5e-3")
write("fuzz_metadata", "switch", "true")
write("fuzz_metadata", "texts", '["cat","dog \\u00e9"]')
write("fuzz_metadata", "colors", "[0.485,0.456,0.406]")
write("fuzz_metadata", "loss_scale", "65536 12 3")
receipts = [{"trick": "mixup", "fired": 12, "counts": [["batches", 12.0], ["mean lambda", 0.5]]}]
write("fuzz_metadata", "receipts", json.dumps(receipts))

line = {"step": 100, "epoch": 1.5, "seconds": 12.5, "values": {"train/loss": 2.3, "train/loss_centre": None}}
write("fuzz_metrics", "two.jsonl", json.dumps(line) + "\n" + json.dumps(line) + "\n")
write("fuzz_metrics", "cut.jsonl", json.dumps(line) + "\n" + json.dumps(line)[:30])
write("fuzz_metrics", "wrong.jsonl", '{"step":"1","epoch":1,"seconds":1,"values":{}}\n')
