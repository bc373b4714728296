#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes an ISO that boots Freehold by GRUB, from BIOS and from UEFI.

Usage: mkiso.py --kernel ELF --config FILE --out ISO [--cmdline WORDS] [--image NAME=PATH]...
The configuration travels as a module called freehold.conf, each image as a module of its name.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile

NAME_SIZE = 32  # abi/layout.h, with the terminator
CMDLINE_SIZE = 4096  # BOOT_CMDLINE_SIZE of boot/boot_info.h, with the terminator
CONFIG_NAME = "freehold.conf"

# What GRUB needs for this menu and nothing else: it loads faster, above all in Bochs.
GRUB_MODULES = "normal multiboot2 iso9660 serial terminal echo test configfile all_video"
# What the start-up file that grub-mkrescue puts into UEFI's image loads: GRUB would miss each aloud.
GRUB_MODULES += "".join(" part_" + kind for kind in (
    "acorn", "amiga", "apple", "bsd", "dfly", "dvh", "gpt", "msdos", "plan", "sun", "sunpc"))

GRUB_CFG = """\
set timeout=0
serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
# UEFI has no text mode to hand over: without a driver GRUB complains about the lack of one.
if [ "$grub_platform" = efi ]; then insmod all_video; fi
menuentry "Freehold" {{
\tmultiboot2 /boot/freehold.elf {cmdline}
{modules}
}}
"""


class Refused(Exception):
    """An argument that cannot be right, in one line for the user."""


def check_file(what, path):
    if not os.path.isfile(path):
        raise Refused(f"{what}: no file '{path}'")
    if not os.access(path, os.R_OK):
        raise Refused(f"{what}: '{path}' cannot be read")
    return path


def parse_image(word):
    name, equals, path = word.partition("=")
    if not equals or not name or not path:
        raise Refused(f"IMAGES: '{word}' is not NAME=PATH")
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise Refused(f"IMAGES: a name has letters, digits, '.', '_' and '-' only, not '{name}'")
    if len(name) >= NAME_SIZE:
        raise Refused(f"IMAGES: '{name}' is longer than {NAME_SIZE - 1} characters")
    if name == CONFIG_NAME:
        raise Refused(f"IMAGES: {CONFIG_NAME} is the configuration; name it with CONFIG=")
    return name, check_file(f"image {name}", path)


def parse_images(words):
    images = {}
    for name, path in map(parse_image, words):
        if name in images:
            raise Refused(f"IMAGES: '{name}' is given twice")
        images[name] = path
    return images


def grub_quote(text):
    """GRUB splits and expands like a shell; single quotes hold everything but themselves."""
    if len(text) >= CMDLINE_SIZE:
        raise Refused(f"KERNEL_CMDLINE: longer than {CMDLINE_SIZE - 1} characters")
    if any(not 32 <= ord(char) < 127 or char == "'" for char in text):
        raise Refused("KERNEL_CMDLINE: only printable ASCII without single quotes")
    return " ".join(f"'{word}'" for word in text.split())


def build(kernel, config, images, out, cmdline=""):
    """images: {name: path}. Raises Refused on a bad argument."""
    check_file("kernel", kernel)
    check_file("CONFIG", config)
    options = grub_quote(cmdline)
    files = dict(images)
    files[CONFIG_NAME] = config
    with tempfile.TemporaryDirectory() as tree:
        os.makedirs(tree + "/boot/grub")
        # The symbols for gdb stay behind: they are most of the file.
        subprocess.run(["objcopy", "--strip-debug", kernel, tree + "/boot/freehold.elf"], check=True)
        for name, path in files.items():
            shutil.copyfile(path, f"{tree}/boot/{name}.img" if name != CONFIG_NAME
                            else f"{tree}/boot/{name}")
        modules = "\n".join(
            f"\tmodule2 /boot/{name}{'' if name == CONFIG_NAME else '.img'} {name}" for name in files)
        with open(tree + "/boot/grub/grub.cfg", "w", encoding="ascii") as menu:
            menu.write(GRUB_CFG.format(cmdline=options, modules=modules))
        run_mkrescue(tree, out)


def run_mkrescue(tree, out, modules=GRUB_MODULES):
    os.makedirs(os.path.dirname(os.path.abspath(out)), exist_ok=True)
    partial = f"{out}.{os.getpid()}"
    done = subprocess.run(["grub-mkrescue", "--install-modules=" + modules, "--locales=",
                           "--themes=", "--fonts=", "-o", partial, tree],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0 or not os.path.exists(partial):
        raise Refused("grub-mkrescue failed:\n" + done.stdout.decode(errors="replace"))
    os.replace(partial, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--cmdline", default="")
    parser.add_argument("--image", action="append", default=[])
    options = parser.parse_args()
    try:
        build(options.kernel, options.config, parse_images(options.image), options.out,
              options.cmdline)
    except Refused as why:
        sys.exit(f"iso: {why}")


if __name__ == "__main__":
    main()
