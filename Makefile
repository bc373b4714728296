# SPDX-License-Identifier: BSD-2-Clause
# Builds, runs and tests Freehold. `make help` lists the targets; the rules stand in mk/, by subject.

BUILD ?= build
CC ?= gcc
LD ?= ld
OBJCOPY ?= objcopy
NM ?= nm
# Debian's own interpreter: it is the one that sees Debian's pytest and pexpect.
PYTHON := /usr/bin/python3

# GNU make's default for CC is "cc"; the flags below are known to work with gcc and clang.
ifeq ($(origin CC),default)
CC := gcc
endif

# Use all CPUs unless the user said how many.
ifeq ($(filter -j%,$(MAKEFLAGS)),)
MAKEFLAGS += -j$(shell nproc)
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory

# V=1 shows the commands.
Q := $(if $(V),,@)
say = @printf '  %-5s %s\n' $(1) $(2)

.DELETE_ON_ERROR:
.SUFFIXES:
# Nothing is deleted for being an intermediate step.
.SECONDARY:
.PHONY: all
all: $(BUILD)/freehold.elf

# Targets that build nothing need neither packages nor generated rules.
ifneq ($(filter-out clean help,$(or $(MAKECMDGOALS),all)),)
include mk/setup.mk
include mk/flags.mk
include mk/user.mk
include mk/kernel.mk
include mk/unit.mk
include mk/fuzz.mk
include mk/guests.mk
include mk/tiny.mk
include mk/efi.mk
include mk/run.mk
include mk/lint.mk
include mk/test.mk
endif

.PHONY: clean help
clean:
	rm -rf $(BUILD)

help:
	@sed -n 's/^## //p' mk/help.txt
