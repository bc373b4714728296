/* SPDX-License-Identifier: BSD-2-Clause */
/* The command `rules` prints the table, and so does docs/console.md. */
#include "console/rules.h"

#include "console/handlers.h"
#include "console/text.h"
#include "lib/format.h"

static const char *const texts[RULE_END] = {
	[RULE_NAME] = "a name is well-formed, and one partition's only",
	[RULE_KEYS] = "keys are known, given once, and not too long together",
	[RULE_VALUE] = "a value is of its key's kind, and in its range",
	[RULE_MISSING] = "memory= and kernel= are there",
	[RULE_MACHINE] = "the machine can run guests",
	[RULE_COUNT] = "there are no more partitions than this build has room for",
	[RULE_CPU] = "a CPU that is named exists, and has started",
	[RULE_OWNER] = "a dedicated CPU has one owner; cpu 0 stays in the pool",
	[RULE_CORE] = "threads of a core are one partition's, or smt=share of all",
	[RULE_FIT] = "cpus=, vcpus=, on= and smt= fit together",
	[RULE_SHARE] = "weight= and cap= are for pool vCPUs, and cap= within their reach",
	[RULE_MEMORY] = "the memory is free",
	[RULE_IMAGE] = "images exist, and a partition has at most 8",
	[RULE_BOOT] = "boot=, load= and entry= fit together",
	[RULE_RUNNING] = "a running partition keeps what it was made from",
	[RULE_ORDER] = "after= names another partition, and no circle is made",
};

const char *rule_text(enum rule rule)
{
	return texts[rule];
}

void rule_error(enum rule rule, const char *text, ...)
{
	char line[TEXT_LINE];
	va_list args;

	va_start(args, text);
	vformat(line, sizeof(line), text, args);
	va_end(args);
	text_error("%s [rule %u]", line, rule);
}

void rules_show(const struct invocation *in)
{
	(void)in;
	for (unsigned rule = RULE_NAME; rule < RULE_END; rule++)
		text_print("rule %2u: %s", rule, texts[rule]);
}
