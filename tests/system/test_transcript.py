# SPDX-License-Identifier: BSD-2-Clause
"""One guest's transcript, instruction by instruction, is the same on each bed but for documented differences;
and where a difference is said to be the emulator's, the emulator alone shows it, too."""
import os

import beds
import pytest
import transcripts

# Fewer instructions a second make the serial line cheap in them: a character takes 87 us of virtual time.
IPS, BARE_IPS = 20_000_000, 10_000_000
MODELS = {"ryzen": "ryzen", "skylake": "corei7_skylake_x"}
BEDS = ("qemu", *MODELS)


def transcript(bed, timeout=150):
    """What the guest prints, to its last line."""
    bed.expect(r"^done \d+ failed \d+$", timeout)
    return transcripts.parse(bed.serial.all.replace("\r", ""))


def fail_with(lines):
    lines = list(lines)
    assert not lines, f"{len(lines)} lines:\n" + "\n".join(lines[:60])


@pytest.mark.parametrize("name", BEDS)
def test_transcript(boot, build, name):
    config = f'create t vcpus=1 memory=8M kernel=transcript testdev=on cmdline="bed={name}"\nstart t\n'
    images = {"transcript": os.path.join(build, "tiny", "transcript.elf")}
    if name == "qemu":
        bed = boot(config=config, images=images, cpus=1, icount="sleep")
    else:
        bed = boot(beds.BochsBed, config=config, images=images, model=MODELS[name], ips=IPS)
    bed.expect_prompt()
    bed.send_line("console t")
    fail_with(transcripts.compare(name, transcript(bed)))


@pytest.mark.parametrize("name", BEDS)
def test_differences_of_the_emulators(boot, build, name):
    """The same guest on the machine itself."""
    elf = os.path.join(build, "tiny", "transcript.elf")
    if name == "qemu":
        bed = boot.start(beds.QemuBed, None, command=[
            "qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-icount", "shift=0,sleep=off",
            "-cpu", "EPYC", "-m", "64M", "-display", "none", "-nic", "none", "-kernel", elf,
            "-append", "bed=bare-qemu"])
    else:
        bed = boot(beds.BochsBed, kernel=os.path.join("tiny", "transcript.elf"),
                   cmdline=f"bed=bare-{name}", model=MODELS[name], ips=BARE_IPS)
    fail_with(transcripts.unproven(name, transcript(bed)))
