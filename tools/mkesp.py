#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Makes the tree of an EFI system partition that boots Freehold without another loader.

Usage: mkesp.py --efi FILE --config FILE --out FOLDER [--image NAME=PATH]...
The folder's former content is replaced.
"""
import argparse
import os
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import mkiso  # pylint: disable=wrong-import-position

MARK = "EFI/BOOT/BOOTX64.EFI"


def clear(out):
    """Removes a former tree of ours; a folder that holds anything else is somebody's, and refused."""
    found = {os.path.relpath(os.path.join(folder, name), out)
             for folder, _, names in os.walk(out) for name in names}
    if not found:
        return
    if any(path != MARK and not path.startswith("freehold/") for path in found) or MARK not in found \
            or f"freehold/{mkiso.CONFIG_NAME}" not in found:
        raise mkiso.Refused(f"ESP: '{out}' holds more than a tree that this program made")
    shutil.rmtree(out + "/freehold")
    os.remove(os.path.join(out, MARK))


def build(efi, config, images, out):
    """images: {name: path}. Raises mkiso.Refused on a bad argument."""
    mkiso.check_file("efi", efi)
    mkiso.check_file("CONFIG", config)
    folded = {}
    for name in images:
        if folded.setdefault(name.lower(), name) != name:
            raise mkiso.Refused(f"IMAGES: '{folded[name.lower()]}' and '{name}' are one file on FAT")
    clear(out)
    os.makedirs(os.path.join(out, os.path.dirname(MARK)), exist_ok=True)
    os.makedirs(out + "/freehold/images")
    shutil.copyfile(efi, os.path.join(out, MARK))
    shutil.copyfile(config, f"{out}/freehold/{mkiso.CONFIG_NAME}")
    for name, path in images.items():
        shutil.copyfile(path, f"{out}/freehold/images/{name}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--efi", required=True)
    parser.add_argument("--config", required=True)
    parser.add_argument("--out", required=True)
    parser.add_argument("--image", action="append", default=[])
    options = parser.parse_args()
    try:
        build(options.efi, options.config, mkiso.parse_images(options.image), options.out)
    except mkiso.Refused as why:
        sys.exit(f"esp: {why}")


if __name__ == "__main__":
    main()
