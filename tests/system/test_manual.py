# SPDX-License-Identifier: BSD-2-Clause
"""The examples of docs/console.md, typed as they stand there, in order, on one machine."""
import os
import re

MANUAL = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "console.md")
PROMPTS = ("freehold> ", "freehold(edit)> ")
# The failed guest's is shown by test_why.py, where the guests are that fail.
NOT_HERE = ("why ",)


class Step:
    """A command and the lines that follow it in the manual."""

    def __init__(self, prompt, command):
        self.prompt, self.command, self.answer = prompt, command, []


def blocks():
    """The fenced blocks that begin with a prompt, as steps."""
    with open(MANUAL, encoding="utf-8") as manual:
        fenced = re.findall(r"^```\n(.*?)^```$", manual.read(), re.MULTILINE | re.DOTALL)
    for block in fenced:
        steps = []
        for line in block.splitlines():
            prompt = next((prompt for prompt in PROMPTS if line.startswith(prompt)), None)
            if prompt:
                steps.append(Step(prompt, line[len(prompt):]))
            elif steps and line.startswith("> ") and steps[-1].command.endswith("\\"):
                steps[-1].command += "\n" + line[2:]
            elif steps:
                steps[-1].answer.append(line)
        if steps and not steps[0].command.startswith(NOT_HERE):
            yield steps


def same(expected, lines):
    """Line by line, but for what is another number each time; ... stands for any further lines."""
    for index, line in enumerate(expected):
        if line == "...":
            return True
        pattern = re.sub(r"(\\ )+", " +", re.sub(r"\d+", r"\\d+", re.escape(line)))
        if index >= len(lines) or not re.fullmatch(pattern, lines[index]):
            return False
    return len(lines) == len(expected)


def give(bed, step, following):
    """Types it; the answer up to the prompt that follows in the manual, or to what an attached guest says."""
    bed.send(step.command.replace("\n", "\r") + "\r")
    bed.expect(re.escape(step.command.rsplit("\n", 1)[-1]) + r"\n", 60)
    if step.command.startswith("console "):
        answer = bed.serial.lines_until(r"(?<=detaches\]\n)", 60)
        bed.send("\x1d")
        bed.expect_prompt(60)
        return answer
    return bed.serial.lines_until("^" + re.escape(following), 180)


def test_examples(boot, linux_images):
    bed = boot(images=linux_images, cpus=4, mem="2G", deadline=600)
    bed.expect_prompt()
    done = 0
    for steps in blocks():
        for number, step in enumerate(steps):
            following = steps[number + 1].prompt if number + 1 < len(steps) else PROMPTS[0]
            lines = give(bed, step, following)
            assert same(step.answer, lines), (step.command, step.answer, lines)
            done += 1
    assert done >= 14
