/* SPDX-License-Identifier: BSD-2-Clause */
/* Notes for the log, and the copying of texts that a loader hands us. */
#include "boot/note.h"

#include "lib/format.h"
#include "lib/string.h"

void boot_note(struct boot_info *info, const char *text, ...)
{
	va_list args;

	if (info->note_count >= BOOT_MAX_NOTES) {
		info->notes_lost++;
		return;
	}
	va_start(args, text);
	vformat(info->notes[info->note_count++], BOOT_NOTE_SIZE, text, args);
	va_end(args);
}

void boot_copy_text(struct boot_info *info, const char *what, char *to, size_t to_size,
		    const char *from, size_t from_size)
{
	size_t length = strnlen(from, from_size);
	size_t kept = MIN(length, to_size - 1);
	bool odd = false;

	for (size_t i = 0; i < kept; i++) {
		bool printable = from[i] >= ' ' && from[i] <= '~';

		to[i] = printable ? from[i] : '?';
		odd |= !printable;
	}
	to[kept] = '\0';
	if (length == from_size)
		boot_note(info, "%s: not terminated", what);
	if (kept < length)
		boot_note(info, "%s: cut from %zu to %zu characters", what, length, kept);
	if (odd)
		boot_note(info, "%s: has characters that are not printable ASCII", what);
}
