/* SPDX-License-Identifier: BSD-2-Clause */
/* What the console's tests demand of its output. After <cmocka.h>, which the same kernel's fuzzers lack. */
#pragma once

#include <string.h>

#include "console/main.h"
#include "tests/unit/fake_kernel.h"

/* There is such a part in what came out. */
static inline void fake_expect(const char *part)
{
	if (!strstr(fake_output(), part))
		fail_msg("\"%s\" is not in:\n%s", part, fake_output());
}

/* The same of the answer to a line. */
static inline void fake_expect_in(const char *line, const char *part)
{
	fake_command(line);
	fake_expect(part);
}

/*
 * A commit that goes on in the background has made job. It will take that away again, once
 * CALL_PART_CREATE fails, for it makes more, too.
 */
static inline void fake_make_job(void)
{
	fake_command("edit");
	fake_command("create job memory=4M kernel=kernel");
	fake_command("create more memory=4M kernel=kernel");
	fake.again[CALL_PART_CREATE] = 100;
	fake_type("commit\r");
	console_turn();
	fake_type("\x03");
	while (!fake_find("job"))
		console_turn();
}
