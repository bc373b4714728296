/* SPDX-License-Identifier: BSD-2-Clause */
/* What the console's tests demand of its output. After <cmocka.h>, which the same kernel's fuzzers lack. */
#pragma once

#include <string.h>

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
