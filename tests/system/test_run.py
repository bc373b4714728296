# SPDX-License-Identifier: BSD-2-Clause
"""`make run` in Bochs: the console on this terminal, by the short names, and the way out of it."""
import os
import subprocess
import sys

import isos
import pexpect
import pytest
from conftest import BUILD, LOGS, ROOT

RUN = [sys.executable, os.path.join(ROOT, "tools", "run.py")]


def test_console_on_the_terminal(build):
    iso = isos.get(build, "# nothing to start\n")
    words = ["--iso", iso, "--emulator", "bochs", "--cpu", "haswell", "--cpus", "1", "--mem", "256M"]
    os.makedirs(LOGS, exist_ok=True)
    with open(os.path.join(LOGS, "test_run.serial.log"), "w", encoding="utf-8") as log:
        run = pexpect.spawn(RUN[0], RUN[1:] + words, cwd=ROOT, env=dict(os.environ, BUILD=BUILD),
                            timeout=120, encoding="utf-8", codec_errors="replace", logfile=log)
        try:
            run.expect("freehold> ")
            run.send("host\r")
            run.expect(r"backend +VMX")
            # Ctrl-C and Ctrl-] are the machine's; one Ctrl-^ of two is, too.
            run.send("\x03\x1d\x1e\x1e\r")
            run.expect("freehold> ")
            run.send("\x1ex")
            run.expect(pexpect.EOF, timeout=20)
            run.close()
            assert run.exitstatus == 0
        finally:
            run.close(force=True)


def test_uefi_without_grub(tmp_path):
    """make run FIRMWARE=uefi LOADER=efi, with an image that a guest is created from."""
    config = tmp_path / "conf"
    config.write_text("create a vcpus=1 memory=4M kernel=hello\n")
    words = ["FIRMWARE=uefi", "LOADER=efi", "CPUS=2", "MEM=512M", f"CONFIG={config}",
             f"IMAGES=hello={BUILD}/tiny/hello.elf", f"BUILD={os.environ.get('BUILD', 'build')}"]
    with open(os.path.join(LOGS, "test_run_uefi.serial.log"), "w", encoding="utf-8") as log:
        run = pexpect.spawn("make", ["-s", "run", *words], cwd=ROOT, timeout=200, encoding="utf-8",
                            codec_errors="replace", logfile=log)
        try:
            run.expect("freehold: reading hello")
            run.expect("a: created with 4 MiB")
            run.send("poweroff --yes\r")
            run.expect(pexpect.EOF)
            run.close()
            assert run.exitstatus == 0
        finally:
            run.close(force=True)


@pytest.mark.parametrize("words, answer", [
    (["--emulator", "vbox"], "EMULATOR=vbox: there are qemu and bochs"),
    (["--emulator", "bochs", "--cpu", "z80"], "CPU=z80: Bochs has ryzen, skylake, haswell, tigerlake"),
    (["--emulator", "bochs", "--firmware", "uefi"], "FIRMWARE=uefi: Bochs has a BIOS only"),
    (["--cpus", "0"], "CPUS=0: a number from 1"),
    (["--thread", "many"], "THREAD=many: there are single and multi"),
    (["--loader", "lilo", "--firmware", "uefi"], "LOADER=lilo: there are grub and efi"),
    (["--loader", "efi"], "LOADER=efi: freehold.efi needs FIRMWARE=uefi"),
    (["--mem", "much"], "MEM=much: a number of M or G"),
])
def test_wrong_words(words, answer):
    done = subprocess.run(RUN + ["--check"] + words, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.startswith(f"run: {answer}"), done.stdout


@pytest.mark.parametrize("cpu", ["skylake", "corei7_skylake_x", "tigerlake", "core2_penryn_t9600"])
def test_names_of_processors(cpu):
    subprocess.run(RUN + ["--check", "--emulator", "bochs", "--cpu", cpu], check=True)
