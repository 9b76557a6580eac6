#!/usr/bin/env python3
"""Registers, shared memory and local memory of every kernel as compiled, from cuobjdump, as a table.

  bench/kernel_resources.py build/kernels/cuda/CMakeFiles/sleight_kernels_cuda.dir > bench/kernel_resources.md

cuobjdump is part of the CUDA toolkit; --cuobjdump names it where it is not in PATH. Exit code 1 when a kernel uses local
memory (spilled registers or a stack frame), 2 when there is nothing to read.
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys


def demangle(names):
    tool = shutil.which("c++filt") or shutil.which("cu++filt")
    if not tool:
        return list(names)
    text = subprocess.run([tool], input="\n".join(names), capture_output=True, text=True, check=True).stdout
    return text.splitlines()


def short_name(name):
    """'void sleight::kernels::(anonymous namespace)::add_kernel<float>(sleight::Add)' -> 'add_kernel<float>'"""
    name = name.removeprefix("void ").replace("(anonymous namespace)::", "").replace("sleight::kernels::", "")
    name = re.sub(r"\w+_target::", "", name.replace("sleight::", ""))
    depth = 0
    for i, letter in enumerate(name):
        # An argument list begins at a parenthesis outside of the template's brackets: '(ActivationFunction)1' is inside.
        depth += (letter == "<") - (letter == ">")
        if letter == "(" and depth == 0:
            return name[:i]
    return name


def read_object(cuobjdump, path):
    text = subprocess.run([cuobjdump, "--dump-resource-usage", str(path)], capture_output=True, text=True, check=True).stdout
    architecture, function = None, None
    for line in text.splitlines():
        if match := re.match(r"arch = (sm_\w+)", line.strip()):
            architecture = match[1]
        elif match := re.match(r"Function (\S+):", line.strip()):
            function = match[1]
        elif function and (match := re.search(r"REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)", line)):
            yield architecture, function, tuple(int(number) for number in match.groups())
            function = None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where the objects of sleight_kernels_cuda are")
    parser.add_argument("--cuobjdump", default="cuobjdump")
    arguments = parser.parse_args()
    cuobjdump = shutil.which(arguments.cuobjdump)
    if not cuobjdump:
        print(f"kernel_resources.py: there is no {arguments.cuobjdump}; name it with --cuobjdump", file=sys.stderr)
        return 2
    objects = sorted(arguments.folder.rglob("*.cu.o"))
    kernels = {}  # (file, kernel) -> architecture -> figures
    architectures = set()
    for path in objects:
        entries = list(read_object(cuobjdump, path))
        for (architecture, _, figures), name in zip(entries, demangle(entry[1] for entry in entries)):
            architectures.add(architecture)
            kernels.setdefault((path.name.removesuffix(".o"), short_name(name)), {})[architecture] = figures
    if not kernels:
        print(f"kernel_resources.py: no kernels in {arguments.folder}; build sleight_kernels_cuda first", file=sys.stderr)
        return 2
    architectures = sorted(architectures)

    local = [(key, architecture) for key, by_architecture in kernels.items()
             for architecture, figures in by_architecture.items() if figures[1] or figures[3]]
    print("# What the kernels take of a GPU\n")
    print("Per thread: registers (of 65,536 per multiprocessor, so 2048 threads of 32 registers run at once). Per block: static\n"
          "shared memory in bytes, with the 1,024 that sm_90 keeps for itself. Local memory, which is spilled registers and stack\n"
          "frames, is what `kernels/cuda/CMakeLists.txt` makes an error: the last column stays 0. Written by\n"
          "`bench/kernel_resources.py`; compiled, not measured.\n")
    print("| file | kernel | " + " | ".join(f"registers {a} | shared {a}" for a in architectures) + " | local |")
    print("|---|---|" + "---:|---:|" * len(architectures) + "---:|")
    for (file, name), by_architecture in sorted(kernels.items()):
        cells = []
        for architecture in architectures:
            registers, _, shared, _ = by_architecture.get(architecture, ("", 0, "", 0))
            cells += [str(registers), str(shared)]
        worst = max(stack + memory for _, stack, _, memory in by_architecture.values())
        print(f"| `{file}` | `{name}` | " + " | ".join(cells) + f" | {worst} |")
    for (file, name), architecture in local:
        print(f"kernel_resources.py: {name} in {file} uses local memory on {architecture}", file=sys.stderr)
    return 1 if local else 0


if __name__ == "__main__":
    sys.exit(main())
