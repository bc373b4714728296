# SPDX-License-Identifier: BSD-2-Clause
"""Processors that cannot run guests (L10, L12): the machine says why, and its console answers. Bochs's own
have VMX switched on by the firmware, and locked: that it may be off only a unit test shows."""
import beds
import pytest

# Bochs's models, and what each lacks.
REASONS = {
    "p4_prescott_celeron_336": "the processor has neither VMX nor SVM",
    "core2_penryn_t9600": "the processor has VMX without EPT",
    "corei5_lynnfield_750": "the processor has VMX without unrestricted guest",
    "turion64_tyler": "the processor has SVM without nested paging",
}


def check_refusal(machine, reason):
    machine.expect_prompt()
    assert any(f"this machine cannot run guests: {reason}" in line
               for line in machine.command("log"))
    assert any(reason in line for line in machine.command("host"))
    answer = machine.command("create a vcpus=1 memory=8M kernel=none")
    assert answer and answer[0].startswith("error: "), answer


@pytest.mark.parametrize("model", REASONS)
def test_processor_without(boot, model):
    check_refusal(boot(beds.BochsBed, model=model, config="# nothing to start\n"), REASONS[model])


def test_no_64_bit_mode(boot):
    machine = boot(beds.BochsBed, model="p4_willamette", config="# nothing to start\n")
    machine.expect("freehold: this CPU has no 64-bit mode")
