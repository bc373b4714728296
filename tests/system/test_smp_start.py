# SPDX-License-Identifier: BSD-2-Clause
"""CPUs start beside each other, and CPU 0 goes on meanwhile: nobody gets a page that another one has."""
import contextlib
import os
import re

import pytest
from arena import ESCAPES
from conftest import BUILD

STACK = re.compile(r"cpu \d+ \S+ +(\d+) of +(\d+) bytes, guard page in place$")


@pytest.mark.parametrize("turn", range(3))
def test_sixteen_cpus(boot, turn):
    """Pages that two have show in the stacks' marks, or stop the machine; each start is another race."""
    bed = boot(cpus=16, mem="1G", deadline=300)
    bed.expect_prompt()
    assert sum(line.startswith("cpu ") for line in bed.command("host")) == 16, turn
    for cpu in range(16):
        for line in bed.command(f"debug stacks {cpu}"):
            used, size = map(int, STACK.match(line).groups())
            assert used * 2 <= size, line
    assert bed.command("audit")[0].endswith(" 0 violations")


@pytest.mark.parametrize("turn", range(3))
def test_all_are_there_for_the_configuration(boot, turn):
    """Its first line may name the CPU that was started last. Another race at each start, seldom lost; for
    that all of the machine's CPUs have one of ours."""
    one = {min(os.sched_getaffinity(0))}
    bed = boot(config="create every cpus=15 memory=4M kernel=hello\nstart every\n", cpus=16, deadline=300,
               images={"hello": os.path.join(BUILD, "tiny", "hello.elf")})
    for thread in os.listdir(f"/proc/{bed.process.pid}/task"):
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.sched_setaffinity(int(thread), one)
    bed.expect_prompt()
    log = ESCAPES.sub("", bed.serial.all)
    assert "\nevery: created with 4 MiB and 15 dedicated CPUs\n" in log and "error:" not in log, (turn, log)
