/* SPDX-License-Identifier: BSD-2-Clause */
/* run: create and start are the same code as ever, one after the other. */
#include "console/handlers.h"
#include "console/session.h"
#include "lib/format.h"

void run_new(const struct invocation *in)
{
	char start[NAME_SIZE + 8];

	format(start, sizeof(start), "start %s", in->name);
	session_then(start);
	create_run(in);
}
