#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs an ISO with this terminal as the machine's serial line. Ends when the machine powers off.

Every key goes to the machine, Ctrl-C and Ctrl-] too; Ctrl-^ x (Ctrl-6 on many keyboards, then x) is
the way out of an emulator that no longer answers.
"""
import argparse
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
import tty

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine  # pylint: disable=wrong-import-position

ESCAPE = 0x1e  # Ctrl-^

# Of each of the processor's features that the emulator leaves out it tells once per CPU and start.
NOISE = b"TCG doesn't support requested feature"


class Refused(Exception):
    """A word that cannot be right, in one line for the user."""


def pass_messages(pipe):
    """What the emulator says, without what nobody can act on."""
    for line in pipe:
        if NOISE not in line:
            os.write(2, line)


def run_qemu(options):
    # Signals off: Ctrl-C is a byte for the machine. The monitor shares the line behind the escape.
    serial = ["-chardev", "stdio,id=com1,mux=on,signal=off", "-serial", "chardev:com1",
              "-mon", "chardev=com1", "-echr", hex(ESCAPE)]
    command = machine.qemu_command(
        options.iso, serial, cpus=options.cpus, mem=options.mem, cpu=options.cpu,
        firmware=options.firmware, extra=options.extra.split(), esp=options.esp, thread=options.thread)
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        pass_messages(process.stderr)
    return process.returncode


def mebibytes(text):
    match = re.fullmatch(r"(\d+)([GgMm]?)", text)
    if not match or not int(match.group(1)):
        raise Refused(f"MEM={text}: a number of M or G, as in 512M")
    return int(match.group(1)) * (1024 if match.group(2) in ("G", "g") else 1)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connect(port, process, bochs_log, seconds=20):
    """Bochs listens once it has read its configuration, and waits for us."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise Refused(f"Bochs did not start; see {bochs_log}") from None
            time.sleep(0.1)


class Keys:
    """What the user types, without Ctrl-^ and the key behind it: x ends, Ctrl-^ is itself."""

    def __init__(self):
        self.escaped = False
        self.ended = False

    def take(self, data):
        """The bytes of data that are for the machine."""
        passed = bytearray()
        for key in data:
            if self.escaped:
                self.escaped = False
                if key == ord("x"):
                    self.ended = True
                    break
                if key == ESCAPE:
                    passed.append(key)
            elif key == ESCAPE:
                self.escaped = True
            else:
                passed.append(key)
        return bytes(passed)


def bridge(line):
    """Copies between the terminal and the serial line until Bochs, or the user, ends it."""
    inputs, keys = [line, sys.stdin], Keys()
    while not keys.ended:
        ready = select.select(inputs, [], [])[0]
        if line in ready:
            try:
                data = line.recv(4096)
            except ConnectionResetError:
                return
            if not data:
                return
            os.write(1, data)
        if sys.stdin in ready:
            data = os.read(0, 256)
            if not data:
                inputs.remove(sys.stdin)
            line.sendall(keys.take(data))


def raw_terminal():
    """Every key goes to the machine. Answers how the terminal was, None if it is none."""
    if not sys.stdin.isatty():
        return None
    saved = termios.tcgetattr(0)
    tty.setraw(0)
    return saved


def run_bochs(options):
    logs = os.path.join(os.environ.get("BUILD", "build"), "logs")
    os.makedirs(logs, exist_ok=True)
    bochs_log = os.path.abspath(os.path.join(logs, "run.bochs.log"))
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        rc, go = folder + "/bochsrc", folder + "/go"
        with open(rc, "w", encoding="ascii") as text:
            text.write(machine.bochs_config(
                os.path.abspath(options.iso), f"mode=socket-server, dev=127.0.0.1:{port}",
                bochs_log, model=options.cpu, count=options.cpus,
                mem_mib=mebibytes(options.mem)))
        with open(go, "w", encoding="ascii") as text:
            text.write("c\n")
        process = subprocess.Popen(machine.bochs_command(rc, go), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        saved = None
        try:
            line = connect(port, process, bochs_log)
            saved = raw_terminal()
            bridge(line)
        finally:
            if saved:
                termios.tcsetattr(0, termios.TCSADRAIN, saved)
            process.kill()
            process.wait()
    # Bochs ends with 1 after an ACPI power-off, too: its code says nothing.
    return 0


EMULATORS = {"qemu": run_qemu, "bochs": run_bochs}


def check_bochs(options):
    """Sets the model's own name."""
    try:
        options.cpu = machine.bochs_model(options.cpu or "ryzen")
    except ValueError as why:
        raise Refused(why) from None
    if options.firmware != "bios":
        raise Refused("FIRMWARE=uefi: Bochs has a BIOS only")
    if options.extra:
        raise Refused("QEMU_EXTRA: not for Bochs")


def check(options):
    """Words that come from make's command line, by the names that they have there."""
    if options.emulator not in EMULATORS:
        raise Refused(f"EMULATOR={options.emulator}: there are {' and '.join(EMULATORS)}")
    if options.firmware not in ("bios", "uefi"):
        raise Refused(f"FIRMWARE={options.firmware}: there are bios and uefi")
    if options.loader not in ("grub", "efi"):
        raise Refused(f"LOADER={options.loader}: there are grub and efi, which is freehold.efi")
    if options.loader == "efi" and options.firmware != "uefi":
        raise Refused("LOADER=efi: freehold.efi needs FIRMWARE=uefi")
    if options.thread not in ("single", "multi"):
        raise Refused(f"THREAD={options.thread}: there are single and multi")
    if not re.fullmatch(r"[1-9]\d*", options.cpus):
        raise Refused(f"CPUS={options.cpus}: a number from 1")
    options.cpus = int(options.cpus)
    mebibytes(options.mem)
    if options.emulator == "bochs":
        check_bochs(options)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iso")
    parser.add_argument("--esp", help="the tree of an EFI system partition, instead of an ISO")
    parser.add_argument("--loader", default="grub")
    parser.add_argument("--check", action="store_true", help="look at the words, start nothing")
    parser.add_argument("--emulator", default="qemu")
    parser.add_argument("--firmware", default="bios")
    parser.add_argument("--cpus", default="4")
    parser.add_argument("--mem", default="2G")
    parser.add_argument("--cpu", help="QEMU's -cpu or Bochs's cpu model")
    parser.add_argument("--thread", default="single", help="of QEMU without KVM; see machine.qemu_accel()")
    parser.add_argument("--extra", default="", help="more arguments for QEMU")
    options = parser.parse_args()
    try:
        check(options)
        if options.check:
            return
        print("Ctrl-^ x ends the emulator.", file=sys.stderr)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.exit(EMULATORS[options.emulator](options))
    except Refused as why:
        sys.exit(f"run: {why}")


if __name__ == "__main__":
    main()
