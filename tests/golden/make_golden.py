#!/usr/bin/env python3
"""Writes every golden file again: python3 tests/golden/make_golden.py [NAME ...]

Each make_NAME.py beside this file has one function cases() that returns the list of cases of NAME.json. Needs PyTorch,
and for coco_results and detection_metrics pycocotools; the tests read the JSON files and need nothing.
"""
import importlib
import sys

import golden


def main():
    names = sys.argv[1:] or sorted(
        path.stem.removeprefix("make_") for path in golden.FOLDER.glob("make_*.py") if path.stem != "make_golden")
    for name in names:
        module = importlib.import_module(f"make_{name}")
        # What is not made with PyTorch says so itself.
        made_with = {"made_with": module.made_with} if hasattr(module, "made_with") else {}
        golden.write(name, module.cases(), **made_with)


if __name__ == "__main__":
    main()
