/* SPDX-License-Identifier: BSD-2-Clause */
/* The command `rules` prints the table, and so does docs/console.md. */
#include "console/rules.h"

#include "console/handlers.h"
#include "console/text.h"
#include "lib/format.h"

static const struct {
	const char *text;
	enum answer_code code;
} rules[RULE_END] = {
	[RULE_NAME] = {"a name is well-formed, and one partition's only", CODE_RULE},
	[RULE_KEYS] = {"keys are known, given once, and not too long together", CODE_USAGE},
	[RULE_VALUE] = {"a value is of its key's kind, and in its range", CODE_RULE},
	[RULE_MISSING] = {"memory= and kernel= are there", CODE_RULE},
	[RULE_MACHINE] = {"the machine can run guests", CODE_RULE},
	[RULE_COUNT] = {"there are no more partitions than this build has room for", CODE_LIMIT},
	[RULE_CPU] = {"a CPU that is named exists, and has started", CODE_RULE},
	[RULE_OWNER] = {"a dedicated CPU has one owner; cpu 0 stays in the pool", CODE_RULE},
	[RULE_CORE] = {"threads of a core are one partition's, or smt=share of all", CODE_RULE},
	[RULE_FIT] = {"cpus=, vcpus=, on= and smt= fit together", CODE_RULE},
	[RULE_SHARE] = {"weight= and cap= are for pool vCPUs, and cap= within their reach",
			CODE_RULE},
	[RULE_MEMORY] = {"the memory is free", CODE_MEMORY},
	[RULE_IMAGE] = {"images exist, fit into the memory, and are at most 8", CODE_NAME},
	[RULE_BOOT] = {"boot=, load= and entry= fit together", CODE_RULE},
	[RULE_RUNNING] = {"a running partition keeps what it was made from", CODE_STATE},
	[RULE_ORDER] = {"after= is another partition, and no circle is made", CODE_RULE},
};

const char *rule_text(enum rule rule)
{
	return rules[rule].text;
}

void rule_error(enum rule rule, const char *text, ...)
{
	char line[TEXT_LINE];
	va_list args;

	va_start(args, text);
	vformat(line, sizeof(line), text, args);
	va_end(args);
	text_fail(rules[rule].code, "%s [rule %u]", line, rule);
}

void rules_show(const struct invocation *in)
{
	(void)in;
	for (unsigned rule = RULE_NAME; rule < RULE_END; rule++)
		text_print("rule %2u: %s", rule, rules[rule].text);
}
