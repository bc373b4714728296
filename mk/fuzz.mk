# SPDX-License-Identifier: BSD-2-Clause
# The fuzz harnesses: tests/fuzz/fuzz_*.c, always built by clang, which brings libFuzzer. `make fuzz`
# searches for TIME seconds each; `make test` replays the corpora, those of devices twice.

FUZZ_TESTS := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ_CC := clang
FUZZ_SANITIZE := -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all
TIME ?= 60
# THREATS J05: what guests read, once more under MemorySanitizer. It knows no library but the C one.
MSAN_TESTS := $(sort $(wildcard tests/fuzz/fuzz_dev_*.c) tests/fuzz/fuzz_lapic.c)
MSAN_SANITIZE := -fsanitize=fuzzer,memory -fno-sanitize-recover=all

$(BUILD)/gen/fuzz.mk: mk/fuzz.mk $(FUZZ_TESTS) tools/test_rules.py $(BUILD)/gen/fuzz.list
	$(Q)$(PYTHON) tools/test_rules.py fuzz $(FUZZ_TESTS) >$@
	$(Q)$(PYTHON) tools/test_rules.py msan $(MSAN_TESTS) >>$@
	$(Q)$(PYTHON) tools/test_rules.py reach $(FUZZ_TESTS) >>$@

$(BUILD)/gen/fuzz.list: FORCE
	@mkdir -p $(@D)
	@echo '$(FUZZ_TESTS) $(HOST_SOURCES)' | cmp -s - $@ || echo '$(FUZZ_TESTS) $(HOST_SOURCES)' >$@
include $(BUILD)/gen/fuzz.mk

$(BUILD)/obj/fuzz/lib/string.c.o: EXTRA_CFLAGS := -fno-builtin

$(BUILD)/fuzz/%:
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(FUZZ_CC) $(FUZZ_SANITIZE) $^ -o $@ $(LIBS)

$(BUILD)/msan/%:
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(FUZZ_CC) $(MSAN_SANITIZE) $^ -o $@ $(LIBS)

$(BUILD)/obj/msan/%.c.o: %.c $(BUILD)/obj/flags | $(SETUP_TEST)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(FUZZ_CC) $(HOST_CFLAGS) -Wno-missing-prototypes $(MSAN_SANITIZE) $(EXTRA_CFLAGS) -MMD -MP -c $< -o $@

# libFuzzer's entry function has a prototype in no header.
$(BUILD)/obj/fuzz/%.c.o: %.c $(BUILD)/obj/flags | $(SETUP_TEST)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(FUZZ_CC) $(HOST_CFLAGS) -Wno-missing-prototypes $(FUZZ_SANITIZE) $(EXTRA_CFLAGS) -MMD -MP -c $< -o $@

# Without libFuzzer, to see how far the corpora get.
$(BUILD)/reach/%: $(BUILD)/obj/reach/tests/fuzz/replay.c.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(COVERAGE_FLAGS) $^ -o $@ $(LIBS)

$(BUILD)/obj/reach/%.c.o: %.c $(BUILD)/obj/flags | $(SETUP_TEST)
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -Wno-missing-prototypes $(COVERAGE_FLAGS) $(EXTRA_CFLAGS) -MMD -MP -c $< -o $@

# What the search finds goes to the build's own corpus; what it breaks on, to build/fuzz/NAME.crash-*.
seeds = $(wildcard tests/fuzz/corpus/$1 tests/fuzz/corpus/$(patsubst fuzz_%,%,$1))
.PHONY: fuzz fuzz-reach replay
fuzz: $(addprefix fuzz-,$(notdir $(FUZZ_PROGRAMS)))
fuzz-%: $(BUILD)/fuzz/%
	@mkdir -p $(BUILD)/fuzz/corpus/$*
	$(call say,FUZZ,$*)
	$(Q)$< -max_total_time=$(TIME) -timeout=10 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix=$(BUILD)/fuzz/$*.crash- $(BUILD)/fuzz/corpus/$* $(call seeds,$*)

replay: $(FUZZ_PROGRAMS) $(MSAN_PROGRAMS)
	$(Q)$(PYTHON) tools/run_unit.py $^

# What of their sources the harnesses reach, by the corpora in the tree and what was found in this build.
fuzz-reach: $(REACH_PROGRAMS)
	$(Q)find $(BUILD)/obj/reach -name '*.gcda' -delete
	$(Q)$(foreach name,$(notdir $^),$(BUILD)/reach/$(name) $(wildcard $(BUILD)/fuzz/corpus/$(name)) \
		$(call seeds,$(name)) >/dev/null &&) true
	$(Q)$(LCOV) -c -d $(BUILD)/obj/reach -b . --no-external -o $(BUILD)/reach/all.info
	$(Q)$(LCOV) -r $(BUILD)/reach/all.info '*/tests/*' -o $(BUILD)/reach/reach.info
	$(Q)$(PYTHON) tools/reach.py $(BUILD)/reach/reach.info
