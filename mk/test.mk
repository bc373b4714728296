# SPDX-License-Identifier: BSD-2-Clause
# The suites together. The system tests run in the emulators, one per CPU at a time.

# What a system test may boot. FIRMWARE=uefi: QEMU's machines by OVMF. The hostile VMM only once it is there.
SYSTEM_INPUTS := $(BUILD)/freehold.elf $(GUEST_FILES) $(TINY_ELFS) $(PROTOCOL_IMAGES) \
	$(if $(wildcard tests/guests/hostile_vmm/*.c),$(BUILD)/freehold-hostile.elf)
PYTEST := $(PYTHON) -m pytest -q -n $(shell nproc) --dist loadgroup -p no:cacheprovider
TESTS ?= tests/system

.PHONY: system test test-long bench bench-linux trace
system: $(SYSTEM_INPUTS) $(ZOO_FILES) | $(SETUP_RUN) $(SETUP_TEST)
	$(Q)BUILD=$(BUILD) FIRMWARE=$(FIRMWARE) LOADER=$(LOADER) $(PYTEST) $(TESTS)

# The unit tests that play at random play longer: 2 * 10^7 byte strings for the decoder, 10^6 states for the
# emulator, 10^8 bytes and 10^6 lines for the console.
test-long: export FREEHOLD_LONG := 1
test-long: TEST_OPTIONS := --long
test test-long: $(UNIT_PROGRAMS) $(FUZZ_PROGRAMS) $(MSAN_PROGRAMS) $(SYSTEM_INPUTS) $(ZOO_FILES) | $(SETUP_RUN) $(SETUP_TEST) $(SETUP_LINT)
	+$(Q)BUILD=$(BUILD) FIRMWARE=$(FIRMWARE) $(PYTHON) tools/test.py --lints '$(LINTS)' \
		--programs '$(UNIT_PROGRAMS) $(FUZZ_PROGRAMS) $(MSAN_PROGRAMS)' \
		--pytest '$(PYTEST) $(TEST_OPTIONS) tests/system' --report $(BUILD)/system.xml

# PARTS=machine for one of its parts; bench-linux is the part that takes Bochs minutes.
PARTS ?= exits machine linux
bench-linux: PARTS := linux-bochs
bench bench-linux: $(SYSTEM_INPUTS) | $(SETUP_RUN) $(SETUP_TEST)
	$(Q)BUILD=$(BUILD) $(PYTHON) tests/bench/run.py $(PARTS:%=--part %)

# OF=row of bench
trace: $(SYSTEM_INPUTS) | $(SETUP_RUN) $(SETUP_TEST)
	$(Q)BUILD=$(BUILD) $(PYTHON) tests/bench/trace.py '$(OF)'
