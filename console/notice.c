/* SPDX-License-Identifier: BSD-2-Clause */
/* What waits is bounded: the oldest news goes first, since `list` and `log` tell of it anyway. */
#include "console/notice.h"

#include "console/answer.h"
#include "console/attach.h"
#include "lib/copy.h"
#include "lib/format.h"

enum { WAITING = 16, NOTICE_SIZE = 448 };

static struct {
	unsigned first, count;
	char text[WAITING][NOTICE_SIZE];
} notices;

void notice_reset(void)
{
	notices.first = notices.count = 0;
}

static void tell(const char *text)
{
	char line[NOTICE_SIZE + 2];

	answer_news(line, format(line, sizeof(line), answer_is_script() ? "%s" : "[%s]", text));
}

static void defer(const char *text)
{
	if (notices.count == WAITING) {
		notices.first = (notices.first + 1) % WAITING;
		notices.count--;
	}
	str_copy(notices.text[(notices.first + notices.count++) % WAITING], NOTICE_SIZE, text);
}

void notice_print(struct partition *partition, bool ends, const char *text, ...)
{
	char line[NOTICE_SIZE];
	va_list args;

	va_start(args, text);
	vformat(line, sizeof(line), text, args);
	va_end(args);
	if (partition && partition == attach_partition())
		attach_note(line, ends);
	else if (attach_partition() || answer_is_open())
		defer(line);
	else
		tell(line);
}

void notice_flush(void)
{
	if (answer_is_open())
		return;
	while (notices.count > 0) {
		tell(notices.text[notices.first]);
		notices.first = (notices.first + 1) % WAITING;
		notices.count--;
	}
}
