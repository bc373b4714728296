# SPDX-License-Identifier: BSD-2-Clause
"""The machines that Freehold is run on here: command lines for QEMU, configurations for Bochs.

Used by tools/run.py and by the system tests. What the beds have and lack is told in docs/.
"""
import glob
import os
import re
import subprocess

UEFI_FIRMWARE = "/usr/share/ovmf/OVMF.fd"
BOCHS_BIOS = "/usr/share/bochs/BIOS-bochs-latest"
# Debian's link to its VGA BIOS for Bochs dangles; SeaBIOS's one works.
BOCHS_VGA_BIOS = "/usr/share/seabios/vgabios-isavga.bin"
# The processors that Freehold is tried on, by the names that are asked for on a command line. Bochs knows
# more: `bochs --help cpu`.
BOCHS_MODELS = {"ryzen": "ryzen", "skylake": "corei7_skylake_x", "haswell": "corei7_haswell_4770",
                "tigerlake": "tigerlake"}


def bochs_all_models():
    """What Bochs itself lists: a line for each, indented or not, and nothing else looks like one."""
    listed = subprocess.run(["bochs", "--help", "cpu"], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False).stdout.decode(errors="replace")
    return re.findall(r"^\s*([a-z][a-z0-9_]+)\s*$", listed, re.MULTILINE)


def bochs_model(word):
    """The model's own name, from that or from the short one. Raises ValueError with a line for the user."""
    if word in BOCHS_MODELS:
        return BOCHS_MODELS[word]
    if word in BOCHS_MODELS.values() or word in bochs_all_models():
        return word
    raise ValueError(f"CPU={word}: Bochs has {', '.join(BOCHS_MODELS)}, and by its own names what "
                     "`bochs --help cpu` lists")


def has_nested_kvm():
    """Whether KVM would give its guest a working SVM or VMX. That /dev/kvm opens proves nothing."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as cpuinfo:
        flags = next((line.split() for line in cpuinfo if line.startswith("flags")), [])
    if "svm" not in flags and "vmx" not in flags:
        return False
    for path in glob.glob("/sys/module/kvm_*/parameters/nested"):
        with open(path, encoding="ascii") as parameter:
            if parameter.read().strip() in ("1", "Y"):
                return True
    return False


def qemu_accel(cpu, icount, thread="multi"):
    """The accelerator's arguments. cpu=None: the best there is.

    thread: of TCG. "multi": each CPU runs at once with the others, but no guest of ours is to run on CPU 0
    while others use their FPU. FXRSTOR, XRSTOR and FLDENV on any CPU clear IGNNE of the first one in a word
    (hflags2) that also says whether it is in a guest, with nested paging, and whether GIF is set, and QEMU
    7.2 does so without a lock: a VMRUN or exit there at the same moment comes to nothing, and the guest or
    the whole machine has a triple fault, or takes no interrupts any more. "single": one after the other.
    """
    if icount:
        # One tick is one instruction; 7.2 makes no progress with two CPUs. Idle time is skipped, and
        # the run is the same every time; with icount="sleep" idle time lasts as long as the host's.
        sleep = "on" if icount == "sleep" else "off"
        return ["-accel", "tcg", "-icount", f"shift=0,sleep={sleep}", "-cpu", cpu or "EPYC"]
    if cpu is None and has_nested_kvm():
        return ["-accel", "kvm", "-cpu", "host"]
    return ["-accel", f"tcg,thread={thread}", "-cpu", cpu or "EPYC"]


def qemu_command(iso, serial, *, cpus=4, mem="2G", cpu=None, firmware="bios", icount=False,
                 fixed_clock=False, extra=(), esp=None, thread="multi"):
    """serial: the arguments that say where COM1 goes. esp: the tree of an EFI system partition, in the ISO's
    place."""
    if icount and cpus != 1:
        raise ValueError("icount needs cpus=1")
    command = ["qemu-system-x86_64", "-machine", "q35", *qemu_accel(cpu, icount, thread),
               "-smp", str(cpus), "-m", str(mem), "-display", "none", "-nic", "none",
               *(["-drive", f"file=fat:{esp},format=raw,snapshot=on"] if esp else
                 ["-cdrom", iso, "-boot", "d"]),
               *serial]
    if firmware == "uefi":
        command += ["-bios", UEFI_FIRMWARE]
    if fixed_clock:
        command += ["-rtc", "base=2026-01-01,clock=vm"]
    return command + list(extra)


def bochs_config(iso, com1, log, *, model="ryzen", count=1, mem_mib=512, ips=50_000_000,
                 fixed_clock=False, ignore_bad_msrs=False, extra=()):
    """The text of a bochsrc. com1: mode and device. A triple fault of the host ends the run.
    ignore_bad_msrs: for software that takes MSRs for granted which Bochs has not."""
    clock = "sync=none, time0=1767225600" if fixed_clock else "sync=none, time0=local"
    return "\n".join([
        "config_interface: textconfig",
        'display_library: rfb, options="timeout=0"',
        f"cpu: model={model}, count={count}, ips={ips}, reset_on_triple_fault=0, "
        f"ignore_bad_msrs={int(ignore_bad_msrs)}",
        f"memory: guest={mem_mib}, host={mem_mib}",
        f"romimage: file={BOCHS_BIOS}",
        f"vgaromimage: file={BOCHS_VGA_BIOS}",
        "pci: enabled=1, chipset=i440fx",
        "ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14",
        f"ata0-master: type=cdrom, path={iso}, status=inserted",
        "boot: cdrom",
        f"com1: enabled=1, {com1}",
        f"clock: {clock}",
        f"log: {log}",
        "panic: action=fatal",
        "error: action=report",
        "info: action=ignore",
        "debug: action=ignore",
        *extra, ""])


def bochs_command(config, commands):
    """Debian's Bochs is the debugger build: it wants to be told to go on, from the file `commands`."""
    return ["bochs", "-q", "-f", config, "-rc", commands]
