# SPDX-License-Identifier: BSD-2-Clause
"""The beds: an ISO booted in QEMU or Bochs, with the serial line and, for QEMU, the monitor.

A bed is started at once by its constructor and lives until stop(), its deadline, or the test
process's end, whatever comes first.
"""
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time

import isos
import machine
from serial_line import PROMPT, Serial


NUDGE_SECONDS = 0.1


def die_with_parent():
    """Runs in the emulator's process: the kernel kills it when the tests are killed."""
    import ctypes  # pylint: disable=import-outside-toplevel
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def connect_retrying(process, make, seconds=30):
    """make() until somebody listens."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return make()
        except (ConnectionRefusedError, FileNotFoundError):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the emulator did not start: {process.args}") from None
            time.sleep(0.05)


class Monitor:
    """QEMU's monitor, over QMP. Any thread may ask."""

    def __init__(self, connection):
        connection.settimeout(60)
        self.lock = threading.Lock()
        self.file = connection.makefile("rw", encoding="utf-8")
        self.file.readline()  # the greeting
        self.qmp("qmp_capabilities")

    def qmp(self, name, **arguments):
        request = {"execute": name, "arguments": arguments}
        with self.lock:
            self.file.write(json.dumps(request) + "\n")
            self.file.flush()
            while True:
                line = self.file.readline()
                if not line:
                    raise RuntimeError(f"QEMU ended during {name}")
                answer = json.loads(line)
                if "return" in answer:
                    return answer["return"]
                if "error" in answer:
                    raise RuntimeError(f"QMP {name}: {answer['error']['desc']}")

    def hmp(self, line):
        """A command of the human monitor: nmi, mce, info registers, system_powerdown ..."""
        return self.qmp("human-monitor-command", **{"command-line": line})


class Bed:
    """What both have in common. `name` is the base of the log files' names."""

    def __init__(self, name, logs, deadline):
        os.makedirs(logs, exist_ok=True)
        self.folder = tempfile.TemporaryDirectory(prefix="bed-")
        self.serial_log = os.path.join(logs, name + ".serial.log")
        self.emulator_log = os.path.join(logs, name + ".emulator.log")
        for path in (self.serial_log, self.emulator_log):
            with open(path, "wb"):
                pass
        self.process = None
        self.serial = None
        self.deadline = deadline
        self.timer = None
        self.start_timer()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def launch(self, command):
        with open(self.emulator_log, "ab") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=die_with_parent)

    def start_timer(self, seconds=0):
        """From now on it may run for `deadline` seconds, or longer if it is to."""
        if self.timer:
            self.timer.cancel()
        self.timer = threading.Timer(max(self.deadline, seconds), self.kill)
        self.timer.daemon = True
        self.timer.start()

    def freeze(self):
        """Until thaw() the machine stands still, its clocks as well, and takes no CPU from others."""
        self.timer.cancel()
        if self.process.poll() is None:
            self.stand_still(True)

    def thaw(self):
        self.start_timer()
        if self.process.poll() is None:
            self.stand_still(False)

    def stand_still(self, still):
        """Good for an emulator whose clocks count instructions."""
        self.process.send_signal(signal.SIGSTOP if still else signal.SIGCONT)

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()

    def stop(self):
        """Kills what still runs; the serial log is complete afterwards."""
        self.timer.cancel()
        self.kill()
        if self.process:
            self.process.wait()
        if self.serial:
            self.serial.thread.join(5)
            self.serial.connection.close()
        self.folder.cleanup()

    def wait_exit(self, timeout=60):
        """Waits for the machine to power itself off; returns the emulator's exit code."""
        self.serial.wait_end(timeout)
        return self.process.wait(timeout)

    # What tests use all the time.
    def expect(self, pattern, timeout=60):
        return self.serial.expect(pattern, timeout)

    def expect_prompt(self, timeout=120):
        return self.serial.expect("^" + PROMPT, timeout)

    def send(self, text):
        self.serial.send(text)

    def send_line(self, text):
        self.serial.send_line(text)

    def command(self, text, timeout=60):
        return self.serial.command(text, timeout)

    def problems(self):
        """What the emulator itself complained about, for the end of each test."""
        return []


# The suite runs by either firmware: make system FIRMWARE=uefi. Bochs has a BIOS only, and where
# instructions are counted OVMF takes minutes. With LOADER=efi, too, the firmware starts freehold.efi.
FIRMWARE = os.environ.get("FIRMWARE", "bios")


class QemuBed(Bed):
    def __init__(self, iso, name, logs, *, cpus=2, mem="1G", cpu="EPYC", icount=False,
                 firmware=None, extra=(), fixed_clock=True, no_reboot=True, deadline=300,
                 command=None, uart=("-serial", "chardev:com1"), thread="multi"):
        """command: a complete QEMU command instead of an ISO's, for what boots without one. uart: the device
        whose line we have. thread: see machine.qemu_accel()."""
        super().__init__(name, logs, deadline)
        serial_path, qmp_path = self.path("serial"), self.path("qmp")
        # wait=on: the machine starts when we listen, so that not a byte is lost.
        serial = ["-chardev", f"socket,id=com1,path={serial_path},server=on,wait=on",
                  *uart, "-qmp", f"unix:{qmp_path},server=on,wait=off",
                  "-monitor", "none"]
        firmware = firmware or ("bios" if icount else FIRMWARE)
        esp = iso + isos.ESP if iso and firmware == "uefi" and os.path.isdir(iso + isos.ESP) else None
        extra = list(extra) + (["-no-reboot"] if no_reboot else [])
        self.launch(command + serial + extra if command else machine.qemu_command(
            iso, serial, cpus=cpus, mem=mem, cpu=cpu, firmware=firmware, icount=icount,
            fixed_clock=fixed_clock, extra=extra, esp=esp, thread=thread))
        self.serial = Serial(self.connect(serial_path), self.serial_log)
        self.monitor = Monitor(self.connect(qmp_path))
        if icount == "sleep":
            threading.Thread(target=self.nudge, daemon=True).start()

    def nudge(self):
        """With -icount sleep=on QEMU 7.2 now and then forgets to arm the timer that ends an idle CPU's sleep,
        and its clock stands still until something makes its main loop turn: about once in 1,500 commands."""
        try:
            while self.process.poll() is None:
                self.monitor.qmp("query-status")
                time.sleep(NUDGE_SECONDS)
        except (OSError, RuntimeError, ValueError):
            pass  # it ended meanwhile

    def connect(self, path):
        def make():
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(path)
            return connection
        return connect_retrying(self.process, make)

    def hmp(self, line):
        return self.monitor.hmp(line)

    def stand_still(self, still):
        self.monitor.qmp("stop" if still else "cont")


# What Bochs writes when it refuses a guest's state. Of the host's part of a VMCS it says VMFAIL.
REFUSALS = ("VMENTER FAIL", "VMFAIL: VMCS link pointer")


class BochsBed(Bed):
    # Failed VM entries and instructions, and the simulator's own end, but not the end by power-off.
    COMPLAINTS = ("VMFAIL", "VMENTER FAIL", ">>PANIC<<", "shutdown status")
    EXPECTED = ("soft power off",)

    def __init__(self, iso, name, logs, *, model="ryzen", count=1, mem=512, ips=50_000_000,
                 extra=(), fixed_clock=True, ignore_bad_msrs=False, deadline=300):
        super().__init__(name, logs, deadline)
        self.bochs_log = os.path.join(logs, name + ".bochs.log")
        self.looked_at, self.found = 0, []  # how far it was searched for problems, and those
        for _ in range(5):  # the port may be taken between our look and Bochs's
            port = self.free_port()
            self.write("bochsrc", machine.bochs_config(
                os.path.abspath(iso), f"mode=socket-server, dev=127.0.0.1:{port}",
                os.path.abspath(self.bochs_log), model=model, count=count, mem_mib=mem, ips=ips,
                fixed_clock=fixed_clock, ignore_bad_msrs=ignore_bad_msrs, extra=extra))
            self.write("go", "c\n")
            self.launch(machine.bochs_command(self.path("bochsrc"), self.path("go")))
            try:
                connection = connect_retrying(
                    self.process, lambda port=port: socket.create_connection(("127.0.0.1", port)))
                break
            except RuntimeError:
                self.kill()
        else:
            raise RuntimeError(f"Bochs did not start; see {self.emulator_log}")
        self.serial = Serial(connection, self.serial_log)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="ascii") as file:
            file.write(text)

    @staticmethod
    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    def problems(self):
        """The log is read on from where the last look ended: it grows by a megabyte a second."""
        with open(self.bochs_log, "rb") as log:
            log.seek(self.looked_at)
            text = log.read()
        text = text[:text.rfind(b"\n") + 1]
        self.looked_at += len(text)
        self.found += [line.rstrip() for line in text.decode(errors="replace").split("\n")
                       if any(word in line for word in self.COMPLAINTS)
                       and not any(word in line for word in self.EXPECTED)]
        return list(self.found)
