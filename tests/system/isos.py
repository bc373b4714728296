# SPDX-License-Identifier: BSD-2-Clause
"""ISOs for the tests, made once for each content and kept in build/iso."""
import hashlib
import os

import mkiso

KEPT = 40


def digest(paths, words):
    state = hashlib.sha256()
    for word in words:
        state.update(word.encode() + b"\0")
    for path in paths:
        with open(path, "rb") as file:
            state.update(hashlib.sha256(file.read()).digest())
    return state.hexdigest()[:16]


def prune(folder):
    """Each build of the kernel makes new ones: keep those used last."""
    isos = sorted((os.path.join(folder, name) for name in os.listdir(folder)
                   if name.endswith(".iso")), key=os.path.getmtime)
    for path in isos[:-KEPT]:
        try:
            os.unlink(path)
        except FileNotFoundError:
            pass


def get(build, config_text, images=None, kernel="freehold.elf", cmdline=""):
    """The path of an ISO. images: {name: path}; kernel: a file of the build folder, or a path."""
    images = images or {}
    folder = os.path.join(build, "iso")
    os.makedirs(folder, exist_ok=True)
    kernel = os.path.join(build, kernel)
    key = digest([kernel, mkiso.__file__, *images.values()], [config_text, cmdline, *images])
    iso = os.path.join(folder, key + ".iso")
    try:
        os.utime(iso)  # first: another process may be about to remove those used longest ago
    except FileNotFoundError:
        config = f"{iso}.{os.getpid()}.conf"
        with open(config, "w", encoding="utf-8") as text:
            text.write(config_text)
        mkiso.build(kernel, config, images, iso, cmdline)
        os.unlink(config)
        prune(folder)
    return iso
