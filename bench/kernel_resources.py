#!/usr/bin/env python3
"""What the compiler made of every kernel, from cuobjdump: as a table, or against one.

  bench/kernel_resources.py build/kernels/cuda/CMakeFiles/sleight_kernels_cuda.dir > bench/kernel_resources.md
  bench/kernel_resources.py build/kernels/cuda/CMakeFiles/sleight_kernels_cuda.dir --check bench/kernel_resources.md

Both complain, with exit code 1, about a kernel that uses local memory (spilled registers or a stack frame), divides in 64
bits, or rounds to bfloat16 in software. --check also complains about a kernel that lost its accesses of 16 bytes, about
kernels that the table does not have or has too many, and, where the table is from the same compiler, about registers and
shared memory that differ.

cuobjdump is part of the CUDA toolkit; --cuobjdump names it where it is not in PATH. Exit code 2: there is nothing to read;
3: there is no cuobjdump.
"""
import argparse
import collections
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys

# A division of 64 bits takes some hundred instructions, in a function that is called or in their place.
DIVISION_FUNCTION = re.compile(r"\$__cuda_sm\d+_(div|rem)_[su]64$")
DIVISION = re.compile(r"\sI2F\.U64\.RP\s")
DIVIDE_ALL_THE_SAME = {
    "resize_channels_kernel": "an element's number may need 64 bits; one small tensor of a step",
    "fill_kernel": "an element's number may need 64 bits; once a thread, of 16 to 32 elements",
}
# bfloat16 in software: 0x7fff and the last bit that stays are added to the bits of the float32.
SOFTWARE_ROUNDING = re.compile(r"\s(IADD|IADD3|VIADD|UIADD3|IMAD\.IADD)\S*\s.*\b0x7fff\b")
LOAD = re.compile(r"\sLDG\.E\.128\S*\s")
STORE = re.compile(r"\sSTG\.E\.128\S*\s")

HEAD = """# What the kernels take of a GPU

Per thread: registers (of 65,536 per multiprocessor, so 2048 threads of 32 registers run at once). Per block: static
shared memory in bytes, with the 1,024 that sm_90 keeps for itself. Wide: instructions that load or store 16 bytes, on
{newest}. Local memory, which is spilled registers and stack frames, is what `kernels/cuda/CMakeLists.txt` makes an error:
the last column stays 0. Written by `bench/kernel_resources.py`, which a test runs again; compiled, not measured.

Compiler: {compiler}
"""


class Kernel:
    def __init__(self, registers, stack, shared, local):
        self.registers, self.shared, self.local = registers, shared, stack + local
        self.loads = self.stores = self.roundings = 0
        self.divides = False


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


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
    """{(architecture, function): Kernel} of one object, and what compiled it."""
    kernels, compilers = {}, set()
    architecture = function = None
    for line in run(cuobjdump, "--dump-resource-usage", str(path)).splitlines():
        if match := re.match(r"arch = (sm_\w+)", line.strip()):
            architecture = match[1]
        elif match := re.match(r"Function (\S+):", line.strip()):
            function = match[1]
        elif function and (match := re.search(r"REG:(\d+) STACK:(\d+) SHARED:(\d+) LOCAL:(\d+)", line)):
            kernels[architecture, function] = Kernel(*(int(number) for number in match.groups()))
            function = None

    kernel = None
    for line in run(cuobjdump, "--dump-sass", str(path)).splitlines():
        if match := re.match(r"\s*(?:code for|arch =) (sm_\w+)", line):
            architecture, kernel = match[1], None
        elif match := re.match(r"\s*Function : (\S+)", line):
            kernel = kernels.get((architecture, match[1]))
        elif kernel:
            kernel.loads += bool(LOAD.search(line))
            kernel.stores += bool(STORE.search(line))
            kernel.divides |= bool(DIVISION.search(line))
            kernel.roundings += bool(SOFTWARE_ROUNDING.search(line))

    # A function that the compiler calls lies in the section of its kernel.
    sections = {}
    for line in run(cuobjdump, "--dump-elf", str(path)).splitlines():
        words = line.split()
        if match := re.match(r"arch = (sm_\w+)", line.strip()):
            architecture, sections = match[1], {}
        elif match := re.match(r"\s*Tool Version: (.+?)\s*$", line):
            compilers.add(match[1])
        elif len(words) == 7 and (architecture, words[6]) in kernels:
            sections[words[5]] = kernels[architecture, words[6]]
        elif len(words) == 7 and DIVISION_FUNCTION.search(words[6]) and words[5] in sections:
            sections[words[5]].divides = True
    return kernels, compilers


def read_folder(cuobjdump, folder):
    """{(file, kernel): {architecture: Kernel}}, and what compiled them."""
    paths = sorted(folder.rglob("*.cu.o"))
    table, compilers = collections.defaultdict(dict), set()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        for path, (kernels, compiled_by) in zip(paths, pool.map(lambda path: read_object(cuobjdump, path), paths)):
            compilers |= compiled_by
            names = demangle(function for _, function in kernels)
            for (architecture, _), kernel, name in zip(kernels.keys(), kernels.values(), names):
                table[path.name.removesuffix(".o"), short_name(name)][architecture] = kernel
    return dict(table), ", ".join(sorted(compilers)) or "unknown"


def table_of(kernels, compiler):
    architectures = sorted({architecture for by_architecture in kernels.values() for architecture in by_architecture})
    newest = architectures[-1]
    lines = HEAD.format(newest=newest, compiler=compiler).splitlines()
    lines.append("")
    lines.append("| file | kernel | " + " | ".join(f"registers {a} | shared {a}" for a in architectures)
                 + " | wide loads | wide stores | local |")
    lines.append("|---|---|" + "---:|---:|" * len(architectures) + "---:|---:|---:|")
    for (file, name), by_architecture in sorted(kernels.items()):
        cells = [f"`{file}`", f"`{name}`"]
        for architecture in architectures:
            kernel = by_architecture.get(architecture)
            cells += [str(kernel.registers), str(kernel.shared)] if kernel else ["", ""]
        kernel = by_architecture.get(newest)
        cells += [str(kernel.loads), str(kernel.stores)] if kernel else ["", ""]
        cells.append(str(max(kernel.local for kernel in by_architecture.values())))
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def complaints(kernels):
    for (file, name), by_architecture in sorted(kernels.items()):
        for architecture, kernel in sorted(by_architecture.items()):
            where = f"{name} in {file} on {architecture}"
            if kernel.local:
                yield f"{where} uses {kernel.local} bytes of local memory"
            if kernel.divides and name.split("<")[0] not in DIVIDE_ALL_THE_SAME:
                yield f"{where} divides in 64 bits; divide in 32, or by a constant"
            if kernel.roundings:
                yield f"{where} rounds to bfloat16 in software {kernel.roundings} times; convert through bfloat16_bits"


def differences(kernels, compiler, committed):
    """What the committed table says and the kernels are not."""
    def rows_of(lines):
        cells = ([cell.strip() for cell in line.strip("| ").split("|")] for line in lines if line.startswith("| `"))
        return {(file.strip("`"), name.strip("`")): numbers for file, name, *numbers in cells}

    compiled = table_of(kernels, compiler)
    rows, now = rows_of(committed), rows_of(compiled)
    # Registers are another compiler's choice, and other architectures are other columns.
    comparable = [line for line in compiled if line.startswith(("Compiler:", "| file"))]
    same_compiler = all(line in committed for line in comparable)
    for key in sorted(rows.keys() | now.keys()):
        where = f"{key[1]} in {key[0]}"
        if key not in now:
            yield f"{where} is in the table and not compiled"
        elif key not in rows:
            yield f"{where} is not in the table"
        else:
            for what, before, after in zip(("loads", "stores"), rows[key][-3:-1], now[key][-3:-1]):
                if int(before) > 0 and int(after) == 0:
                    yield f"{where} has lost its {what} of 16 bytes"
            if same_compiler and rows[key] != now[key]:
                yield f"{where}: the table says {' '.join(rows[key])}, the compiler {' '.join(now[key])}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where the objects of sleight_kernels_cuda are")
    parser.add_argument("--check", type=pathlib.Path, metavar="TABLE", help="compare with this table; print none")
    parser.add_argument("--cuobjdump", default="cuobjdump")
    arguments = parser.parse_args()
    cuobjdump = shutil.which(arguments.cuobjdump)
    if not cuobjdump:
        print(f"[skipped] kernel_resources.py: there is no {arguments.cuobjdump}; name it with --cuobjdump",
              file=sys.stderr)
        return 3
    kernels, compiler = read_folder(cuobjdump, arguments.folder)
    if not kernels:
        print(f"kernel_resources.py: no kernels in {arguments.folder}; build sleight_kernels_cuda first", file=sys.stderr)
        return 2
    found = list(complaints(kernels))
    if arguments.check:
        changed = list(differences(kernels, compiler, arguments.check.read_text().splitlines()))
        if changed:
            changed.append(f"where that is meant, write {arguments.check} anew: kernel_resources.py FOLDER > TABLE")
        found += changed
    else:
        print("\n".join(table_of(kernels, compiler)))
    for complaint in found:
        print(f"kernel_resources.py: {complaint}", file=sys.stderr)
    if arguments.check and not found:
        print(f"{len(kernels)} kernels are what {arguments.check} says")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
