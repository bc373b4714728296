# SPDX-License-Identifier: BSD-2-Clause
# What a machine can check of the style and the architecture. Each part is a target of its own.

C_SOURCES = $(sort $(shell find abi lib boot arch drivers kernel vmm console tests -name '*.c'))
C_HEADERS = $(sort $(shell find abi lib boot arch drivers kernel vmm console tests -name '*.h'))
# Only the project's own rooms; tests are hosted programs and include what they like.
ROOM_HEADERS = $(filter-out tests/%,$(C_HEADERS))

LINTS := lint-layers lint-style lint-threats lint-headers lint-format lint-cppcheck lint-clang

.PHONY: lint format $(LINTS)
lint: $(LINTS)

lint-layers lint-style lint-threats: lint-%:
	$(Q)$(PYTHON) tools/lint_$*.py

# Each header compiles alone.
lint-headers: $(addprefix $(BUILD)/headers/,$(addsuffix .ok,$(ROOM_HEADERS)))
	@echo 'headers: $(words $(ROOM_HEADERS)) compile alone'

$(BUILD)/headers/boot/efi/%.ok: EXTRA_CFLAGS := $(EFI_INCLUDES)
$(BUILD)/headers/boot/efi/%.ok: | $(SETUP_EFI)
$(BUILD)/headers/%.ok: % $(BUILD)/obj/flags
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) $(EXTRA_CFLAGS) -MMD -MP -MT $@ -MF $@.d -fsyntax-only -xc -include $< /dev/null
	@touch $@
-include $(wildcard $(BUILD)/headers/*/*.ok.d $(BUILD)/headers/*/*/*.ok.d $(BUILD)/headers/*/*/*/*.ok.d)

lint-format: | $(SETUP_LINT)
	$(Q)unformatted=$$(clang-format --dry-run -Werror $(C_SOURCES) $(C_HEADERS) 2>&1 | \
		sed -n 's/^\([^: ]*\):[0-9].*/\1/p' | sort -u); \
	[ -z "$$unformatted" ] || { echo "not formatted (make format):" $$unformatted; exit 1; }
	@echo 'format: kept'

format: | $(SETUP_LINT)
	clang-format -i $(C_SOURCES) $(C_HEADERS)

lint-cppcheck: | $(SETUP_LINT)
	@mkdir -p $(BUILD)/cppcheck
	$(Q)cppcheck -q --enable=warning,performance,portability --std=c11 --platform=unix64 -I. -U__ASSEMBLER__ \
		--inline-suppr --suppressions-list=tools/cppcheck.suppress --error-exitcode=1 \
		--cppcheck-build-dir=$(BUILD)/cppcheck -j$(shell nproc) \
		$(filter-out tests/%,$(C_SOURCES))
	@echo 'cppcheck: nothing found'

# Whoever builds with the other compiler finds nothing to complain of.
lint-clang: | $(SETUP_TEST)
	$(Q)MAKEFLAGS= $(MAKE) --no-print-directory -s CC=clang BUILD=$(BUILD)/clang $(BUILD)/clang/freehold.elf
	@echo 'clang: builds it, too'
