#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Fails on an include that breaks the layers of docs/architecture.md, "Rooms, and who may call whom".

Ring 0 points downward only: boot, kernel, drivers, arch/x86_64, lib. Ring 3 (vmm, console) sees lib
and abi. The backends svm and vmx see neither each other, nor does anybody else use their names.
"""
import os
import re
import sys

# Each room and what it may include beside itself.
ROOMS = {
    "abi": set(),
    "lib": set(),
    "arch": {"lib"},
    "drivers": {"arch", "lib"},
    "kernel": {"drivers", "arch", "lib", "abi"},
    "boot": {"kernel", "drivers", "arch", "lib", "abi"},
    "vmm": {"lib", "abi"},
    "console": {"lib", "abi"},
}

# (who, what): the few includes that the rule does not give and that are right. The first is a file or
# a room, the second a file.
EXCEPTIONS = {
    # What boot/ hands over is declared by boot/, and read by those that it is handed to.
    ("kernel", "boot/boot_info.h"),
    ("drivers", "boot/boot_info.h"),
    # Words of the command line that boot_info.h carries.
    ("kernel", "boot/option.h"),
    # Limits of this build that both sides of the ABI know: MAX_CPUS and kin.
    ("arch", "abi/layout.h"),
    ("drivers", "abi/layout.h"),
    # The neutral exit and state are the frame page's own structures: decoded once, copied as they are.
    ("arch", "abi/frame.h"),
    # The call gate's numbers, for its assembly.
    ("arch/x86_64/asm_offsets.c", "abi/calls.h"),
    # What every layer answers its caller with.
    ("arch", "abi/errors.h"),
    ("drivers", "abi/errors.h"),
}

# Where the two backends' names may stand outside their folders: the one place that chooses.
CHOOSERS = {"arch/x86_64/virt.c", "arch/x86_64/virt.h"}
CHOSEN = {"svm_ops", "vmx_ops", "svm_virt_ops", "vmx_virt_ops"}

# A freestanding program has these and no others.
SYSTEM_HEADERS = {"assert.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h", "stddef.h",
                  "stdint.h", "stdnoreturn.h"}
# GNU-EFI's, for the program that runs on the firmware.
FIRMWARE_HEADERS = {"boot/efi": {"efi.h"}}
GENERATED = {"gen/asm_offsets.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)
COMMENT_OR_STRING = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.DOTALL)
BACKEND_NAME = re.compile(r"\b((?:svm|vmx)_\w+)")


def sources():
    for room in ROOMS:
        for folder, _, names in os.walk(room):
            for name in sorted(names):
                if name.endswith((".c", ".h", ".S", ".inc")):
                    yield os.path.join(folder, name)


def backend(path):
    return next((name for name in ("svm", "vmx") if f"arch/x86_64/{name}/" in path), None)


def check_include(path, quote, target):
    """What is wrong with it, or None."""
    room = path.split("/")[0]
    if quote == "<" and target in FIRMWARE_HEADERS.get(os.path.dirname(path), ()):
        return None
    if quote == "<":
        return None if target in SYSTEM_HEADERS else "no header of a freestanding program"
    if target in GENERATED:
        return None if path.endswith(".S") else "generated for assembly only"
    if not os.path.exists(target):
        return "no such file; includes are written from the project's root"
    if backend(target) and backend(path) != backend(target):
        return "a backend is seen by nobody but itself"
    other = target.split("/")[0]
    if other == room or other in ROOMS[room]:
        return None
    if (room, target) in EXCEPTIONS or (path, target) in EXCEPTIONS:
        return None
    return f"{room}/ may not see {other}/"


def check_names(path, text):
    allowed = CHOSEN if path in CHOOSERS else set()
    plain = COMMENT_OR_STRING.sub(" ", text)
    for name in sorted(set(BACKEND_NAME.findall(plain)) - allowed):
        if backend(path) != name[:3]:
            yield f"{path}: {name}: such names occur in arch/x86_64/{name[:3]}/ only"


def find_cycles(graph):
    """Include circles, as text; each file is looked at once."""
    done, problems = set(), []

    def visit(path, trail):
        if path in trail:
            problems.append("circle: " + " -> ".join(trail[trail.index(path):] + [path]))
        elif path not in done:
            for target in graph.get(path, ()):
                visit(target, trail + [path])
            done.add(path)

    for path in sorted(graph):
        visit(path, [])
    return problems


def main():
    problems, graph = [], {}
    for path in sources():
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for quote, target in INCLUDE.findall(text):
            why = check_include(path, quote, target)
            if why:
                problems.append(f"{path}: {target}: {why}")
            if quote == '"':
                graph.setdefault(path, []).append(target)
        problems += check_names(path, text)
    problems += find_cycles(graph)
    print("\n".join(problems) if problems else f"layers: {len(list(sources()))} files keep them")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
