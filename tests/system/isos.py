# SPDX-License-Identifier: BSD-2-Clause
"""ISOs for the tests, made once for each content and kept in build/iso; with LOADER=efi each has the tree of
an EFI system partition beside it, for what that can boot."""
import hashlib
import os
import shutil

import mkesp
import mkiso

KEPT = 40
LOADER = os.environ.get("LOADER") or "grub"
ESP = ".esp"


def digest(paths, words):
    state = hashlib.sha256()
    for word in words:
        state.update(word.encode() + b"\0")
    for path in paths:
        with open(path, "rb") as file:
            state.update(hashlib.sha256(file.read()).digest())
    return state.hexdigest()[:16]


def last_use(path):
    try:
        return os.path.getmtime(path)
    except FileNotFoundError:  # another process has pruned it since we looked
        return 0


def prune(folder):
    """Each build of the kernel makes new ones: keep those used last."""
    isos = sorted((os.path.join(folder, name) for name in os.listdir(folder)
                   if name.endswith(".iso")), key=last_use)
    for path in isos[:-KEPT]:
        try:
            os.unlink(path)
            shutil.rmtree(path + ESP, ignore_errors=True)
        except FileNotFoundError:
            pass


def make_esp(build, config, images, esp):
    """It appears whole, and before its ISO: another process may want the same two."""
    own = f"{esp}.{os.getpid()}"
    with open(config, "a", encoding="utf-8") as text:
        text.write("# the end\n")  # QEMU's FAT of a folder has no empty files
    mkesp.build(os.path.join(build, "freehold.efi"), config, images, own)
    try:
        os.rename(own, esp)
    except OSError:  # the other one was faster
        shutil.rmtree(own)


def get(build, config_text, images=None, kernel="freehold.elf", cmdline=""):
    """The path of an ISO. images: {name: path}; kernel: a file of the build folder, or a path."""
    images = images or {}
    folder = os.path.join(build, "iso")
    os.makedirs(folder, exist_ok=True)
    kernel = os.path.join(build, kernel)
    key = digest([kernel, mkiso.__file__, *images.values()], [config_text, cmdline, LOADER, *images])
    iso = os.path.join(folder, key + ".iso")
    try:
        os.utime(iso)  # first: another process may be about to remove those used longest ago
    except FileNotFoundError:
        config = f"{iso}.{os.getpid()}.conf"
        with open(config, "w", encoding="utf-8") as text:
            text.write(config_text)
        # freehold.efi has its own kernel, and its command line in the firmware's variables.
        if LOADER == "efi" and os.path.basename(kernel) == "freehold.elf" and not cmdline:
            make_esp(build, config, images, iso + ESP)
        mkiso.build(kernel, config, images, iso, cmdline)
        os.unlink(config)
        prune(folder)
    return iso
