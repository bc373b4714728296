# SPDX-License-Identifier: BSD-2-Clause
# Installs the Debian packages that a target needs before anything else is done with it.
#
# The compilers are an included file's recipe: make restarts itself after it, so that what is asked of
# the compiler while the rules are read is asked of one that is there. The other groups are stamps
# that their users depend on.

$(BUILD)/setup/compile.mk: tools/setup
	@tools/setup compile $@
include $(BUILD)/setup/compile.mk

$(BUILD)/setup/%: tools/setup
	@tools/setup $* $@

SETUP_RUN := $(BUILD)/setup/run
SETUP_EFI := $(BUILD)/setup/efi
SETUP_SIGN := $(BUILD)/setup/sign
SETUP_TEST := $(BUILD)/setup/test
SETUP_LINT := $(BUILD)/setup/lint
