/* SPDX-License-Identifier: BSD-2-Clause */
/* A ring of lines; count says where the next one goes. */
#include "console/history.h"

#include "lib/copy.h"
#include "lib/string.h"

const char *history_get(const struct history *history, unsigned back)
{
	if (back == 0 || back > history->count || back > HISTORY_LINES)
		return NULL;
	return history->lines[(history->count - back) % HISTORY_LINES];
}

void history_add(struct history *history, const char *text)
{
	const char *latest = history_get(history, 1);

	if (!text[0] || (latest && !strcmp(latest, text)))
		return;
	str_copy(history->lines[history->count % HISTORY_LINES], LINE_SIZE, text);
	history->count++;
}
