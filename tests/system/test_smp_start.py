# SPDX-License-Identifier: BSD-2-Clause
"""CPUs start beside each other, and CPU 0 goes on meanwhile: nobody gets a page that another one has."""
import re

import pytest

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
    assert "0 violations" in bed.command("audit")[0]
