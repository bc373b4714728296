/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel's command line: words, separated by spaces, of the form key or key=value. */
#pragma once

#include "boot/boot_info.h"

enum boot_option {
	BOOT_OPTION_ABSENT,
	BOOT_OPTION_SET,
	BOOT_OPTION_CUT, /* set, and the value is longer than the buffer */
};

/*
 * Looks for key and copies its value into value (size bytes, size > 0, always terminated; empty if
 * the key is absent or has no value). If a key occurs twice, the last one counts.
 */
enum boot_option must_check boot_option(const struct boot_info *info, const char *key, char *value,
					size_t size);

/* True if key=word is what counts. */
bool must_check boot_option_is(const struct boot_info *info, const char *key, const char *word);
