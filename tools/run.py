#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Runs an ISO with this terminal as the machine's serial line. Ends when the machine powers off.

Every key goes to the machine, Ctrl-C and Ctrl-] too; Ctrl-^ x (Ctrl-6 on many keyboards, then x) is
the way out of an emulator that no longer answers.
"""
import argparse
import os
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
        firmware=options.firmware, extra=options.extra.split())
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        pass_messages(process.stderr)
    return process.returncode


def mebibytes(text):
    units = {"G": 1024, "M": 1}
    unit = units.get(text[-1:].upper())
    number = text[:-1] if unit else text
    if not number.isdigit():
        sys.exit(f"run: MEM={text} is not a number of M or G")
    return int(number) * (unit or 1)


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
                sys.exit(f"run: Bochs did not start; see {bochs_log}")
            time.sleep(0.1)


def bridge(line):
    """Copies between the terminal and the serial line until Bochs, or the user, ends it."""
    inputs, escaped = [line, sys.stdin], False
    while True:
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
            if escaped and data[:1] == b"x":
                return
            escaped = data == bytes([ESCAPE])
            if not escaped:
                line.sendall(data)


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
                bochs_log, model=options.cpu or "ryzen",
                count=options.cpus, mem_mib=mebibytes(options.mem)))
        with open(go, "w", encoding="ascii") as text:
            text.write("c\n")
        process = subprocess.Popen(machine.bochs_command(rc, go), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        line = connect(port, process, bochs_log)
        is_tty = sys.stdin.isatty()
        saved = termios.tcgetattr(0) if is_tty else None
        try:
            if is_tty:
                tty.setraw(0)
            bridge(line)
        finally:
            if is_tty:
                termios.tcsetattr(0, termios.TCSADRAIN, saved)
            process.kill()
            process.wait()
    # Bochs ends with 1 after an ACPI power-off, too: its code says nothing.
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--iso", required=True)
    parser.add_argument("--emulator", choices=("qemu", "bochs"), default="qemu")
    parser.add_argument("--firmware", choices=("bios", "uefi"), default="bios")
    parser.add_argument("--cpus", type=int, default=4)
    parser.add_argument("--mem", default="2G")
    parser.add_argument("--cpu", help="QEMU's -cpu or Bochs's cpu model")
    parser.add_argument("--extra", default="", help="more arguments for QEMU")
    options = parser.parse_args()
    if options.emulator == "bochs" and options.cpu not in (None, *machine.BOCHS_MODELS):
        parser.error(f"CPU={options.cpu}: Bochs has {', '.join(machine.BOCHS_MODELS)}")
    print("Ctrl-^ x ends the emulator.", file=sys.stderr)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit({"qemu": run_qemu, "bochs": run_bochs}[options.emulator](options))


if __name__ == "__main__":
    main()
