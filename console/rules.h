/* SPDX-License-Identifier: BSD-2-Clause */
/* The numbered rules of a configuration. What is refused names its rule, so that it can be looked up. */
#pragma once

#include "lib/types.h"

/* The numbers are part of the language: they stay, and new ones come at the end. */
enum rule {
	RULE_NAME = 1,
	RULE_KEYS,
	RULE_VALUE,
	RULE_MISSING,
	RULE_MACHINE,
	RULE_COUNT,
	RULE_CPU,
	RULE_OWNER,
	RULE_CORE,
	RULE_FIT,
	RULE_SHARE,
	RULE_MEMORY,
	RULE_IMAGE,
	RULE_BOOT,
	RULE_RUNNING,
	RULE_ORDER,
	RULE_END
};

const char *rule_text(enum rule rule);

/* As text_fail, with the rule's code, and its number behind it. */
void rule_error(enum rule rule, const char *text, ...) printf_like(2, 3);
