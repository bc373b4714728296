# SPDX-License-Identifier: BSD-2-Clause
# The unit tests: each tests/unit/test_*.c becomes a program of the host, with the project sources that
# it names, under the address and undefined-behaviour sanitizers. `coverage` builds them once more.

UNIT_TESTS := $(sort $(wildcard tests/unit/test_*.c))

$(BUILD)/gen/unit.mk: $(UNIT_TESTS) tools/test_rules.py $(BUILD)/gen/unit.list
	$(Q)$(PYTHON) tools/test_rules.py unit $(UNIT_TESTS) >$@.new
	$(Q)$(PYTHON) tools/test_rules.py coverage $(UNIT_TESTS) >>$@.new
	$(Q)mv $@.new $@

# What the tests' patterns may match: a file that is new or gone makes the rules stale.
HOST_SOURCES := $(wildcard console/*.c vmm/*.c vmm/dev/*.c lib/*.c)

# Names the tests, too, so that a deleted one makes the rules stale.
$(BUILD)/gen/unit.list: FORCE
	@mkdir -p $(@D)
	@echo '$(UNIT_TESTS) $(HOST_SOURCES)' | cmp -s - $@ || echo '$(UNIT_TESTS) $(HOST_SOURCES)' >$@
include $(BUILD)/gen/unit.mk

# Our own memcpy and kin, where a test links them, must not be compiled into calls of themselves.
STRING_FLAGS := -fno-builtin $(call cc_option,-fno-tree-loop-distribute-patterns)
$(BUILD)/obj/%/lib/string.c.o: EXTRA_CFLAGS := $(STRING_FLAGS)

COVERAGE_FLAGS := --coverage -O0

$(BUILD)/unit/%:
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(SANITIZE) $^ -o $@ -lcmocka $(LIBS)

$(BUILD)/coverage/%:
	@mkdir -p $(@D)
	$(Q)$(CC) $(COVERAGE_FLAGS) $^ -o $@ -lcmocka $(LIBS)

$(BUILD)/obj/unit/%.c.o: %.c $(BUILD)/obj/flags | $(SETUP_TEST) $(SETUP_EFI)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(HOST_CFLAGS) $(SANITIZE) $(EXTRA_CFLAGS) -MMD -MP -c $< -o $@

$(BUILD)/obj/coverage/%.c.o: %.c $(BUILD)/obj/flags | $(SETUP_TEST) $(SETUP_EFI)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) $(COVERAGE_FLAGS) $(EXTRA_CFLAGS) -MMD -MP -c $< -o $@

LCOV := lcov -q --rc lcov_branch_coverage=1

.PHONY: unit coverage
unit: $(UNIT_PROGRAMS)
	$(Q)$(PYTHON) tools/run_unit.py $^

# ROOM=vmm lists what is not covered there. Ends with an error below the bounds of tools/coverage.py.
coverage: $(COVERAGE_PROGRAMS)
	$(Q)find $(BUILD)/obj/coverage -name '*.gcda' -delete
	$(Q)$(PYTHON) tools/run_unit.py $^
	$(Q)$(LCOV) -c -d $(BUILD)/obj/coverage -b . --no-external -o $(BUILD)/coverage/all.info
	$(Q)$(LCOV) -r $(BUILD)/coverage/all.info '*/tests/*' -o $(BUILD)/coverage/unit.info
	$(Q)genhtml -q --branch-coverage -o $(BUILD)/coverage/html $(BUILD)/coverage/unit.info
	@echo "the lines themselves: $(BUILD)/coverage/html/index.html"
	$(Q)$(PYTHON) tools/coverage.py $(BUILD)/coverage/unit.info $(BUILD)/obj/coverage $(ROOM)
