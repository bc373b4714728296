# SPDX-License-Identifier: BSD-2-Clause
"""The log, the console and a panic stand on the machine's screen, too: VGA text by BIOS, pixels by UEFI."""
import time

import pytest
import screen
import test_uefi

PATIENCE = 100
FIRMWARES = [("bios", False), ("uefi", True)]


def wait_until(bed, pixels, holds, seconds=60):
    """The screen's lines, once holds is true of them: a picture taken while it is drawn may have its
    last line before the others."""
    deadline = time.monotonic() + seconds
    while True:
        lines = screen.read(bed, pixels)
        if holds(lines):
            return lines
        if time.monotonic() >= deadline:
            raise AssertionError("\n".join(line for line in lines if line.strip()) + "\n" +
                                 bed.hmp("info registers -a"))
        time.sleep(0.2)


def wait_for(bed, pixels, pattern, seconds=60):
    """The screen's lines, once one of them has pattern in it and all are text."""
    return wait_until(bed, pixels, lambda lines: any(pattern in line for line in lines) and
                      "\ufffd" not in "".join(lines), seconds)


def prompt_line(lines):
    """The number of the last line that is not empty, if it is the prompt's; else 0."""
    last = max((at for at, line in enumerate(lines) if line), default=0)
    return last if lines[last].startswith("freehold>") else 0


@pytest.mark.parametrize("firmware,pixels", FIRMWARES)
def test_console(boot, firmware, pixels):
    bed = boot(config="# nothing\n", firmware=firmware)
    bed.expect_prompt(PATIENCE)
    lines = wait_until(bed, pixels, prompt_line)
    assert any("Type help for the commands." in line for line in lines), lines
    assert any("] virtualization: SVM" in line for line in lines), lines
    help_lines = [line.rstrip() for line in bed.command("help")]

    # Scrolled, and every line where it belongs: the last ones of the answer, then the prompt.
    def shows_help(lines):
        last = prompt_line(lines)
        shown = help_lines[-(last - 1):]
        return last > 20 and lines[last - len(shown):last] == shown

    last = prompt_line(wait_until(bed, pixels, shows_help))
    assert bed.command("audit")[-1].endswith(" 0 violations")
    # What is typed and taken back.
    bed.send("lost\x15")
    bed.send("kept")
    wait_until(bed, pixels, lambda lines: lines[last] == "freehold> kept")


@pytest.mark.parametrize("firmware,pixels", FIRMWARES)
def test_panic(boot, firmware, pixels):
    boot.panic_expected = True
    bed = boot(config="# nothing\n", firmware=firmware)
    bed.expect_prompt(PATIENCE)
    bed.send_line("debug panic 0 --yes")
    bed.expect("freehold: halted")
    wait_until(bed, pixels, lambda lines: "freehold: panic on CPU 0: " in lines[1] and
               any(line.startswith("cr0 ") for line in lines) and
               any("backtrace:" in line for line in lines))


@pytest.mark.parametrize("firmware,pixels", FIRMWARES)
def test_panic_before_page_tables(boot, firmware, pixels):
    """A processor that will not do is told of while the loader's page tables stand."""
    boot.panic_expected = True
    bed = boot(config="# nothing\n", firmware=firmware, cpu="EPYC,-pat", cpus=1)
    bed.expect("freehold: halted", PATIENCE)
    wait_for(bed, pixels, "freehold: panic on CPU 0: this processor lacks ")


def test_no_64_bit_mode(boot):
    """What the 32-bit code says before anything is set up."""
    bed = boot(config="# nothing\n", firmware="bios", cpu="qemu32", cpus=1)
    bed.expect("freehold: this CPU has no 64-bit mode", PATIENCE)
    sentence = "freehold: this CPU has no 64-bit mode"
    assert wait_for(bed, False, sentence)[0].startswith(sentence)


def test_without_serial(boot, build, tmp_path):
    """serial=none: nothing comes on the line, and the screen shows what there is."""
    tree = test_uefi.make_tree(build, tmp_path)
    bed = test_uefi.start_by_shell(boot, tree, test_uefi.SHELL_PROGRAM + " serial=none")
    lines = wait_for(bed, True, "freehold>", PATIENCE)
    assert any("loader: freehold.efi" in line for line in lines), lines
    assert "freehold> " not in bed.serial.all
