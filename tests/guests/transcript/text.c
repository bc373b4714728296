/* SPDX-License-Identifier: BSD-2-Clause */
/* See text.h. */
#include "tests/guests/transcript/text.h"

#include "arch/x86_64/regs.h"
#include "lib/format.h"
#include "tests/guests/lib/trap.h"

enum { CODES = 32 };

static const char *const names[CODES] = {
	[VECTOR_DE] = "#DE", [VECTOR_DB] = "#DB", [VECTOR_NMI] = "NMI", [VECTOR_BP] = "#BP",
	[VECTOR_OF] = "#OF", [VECTOR_BR] = "#BR", [VECTOR_UD] = "#UD",	[VECTOR_NM] = "#NM",
	[VECTOR_DF] = "#DF", [VECTOR_TS] = "#TS", [VECTOR_NP] = "#NP",	[VECTOR_SS] = "#SS",
	[VECTOR_GP] = "#GP", [VECTOR_PF] = "#PF", [VECTOR_MF] = "#MF",	[VECTOR_AC] = "#AC",
	[VECTOR_MC] = "#MC", [VECTOR_XM] = "#XM", [21] = "#CP"};

static bool has_error(unsigned vector)
{
	return vector == VECTOR_DF || (vector >= VECTOR_TS && vector <= VECTOR_PF) ||
	       vector == VECTOR_AC || vector == 21;
}

void text_vadd(struct text *text, const char *more, va_list args)
{
	text->used += vformat(text->line + text->used, sizeof(text->line) - text->used, more, args);
}

void text_add(struct text *text, const char *more, ...)
{
	va_list args;

	va_start(args, more);
	text_vadd(text, more, args);
	va_end(args);
}

void text_add_vector(struct text *text, unsigned vector, const uint32_t *error, uint64_t dr6)
{
	if (vector < CODES && names[vector])
		text_add(text, "%s", names[vector]);
	else
		text_add(text, "int%x", vector);
	if (error && has_error(vector))
		text_add(text, "(%x)", *error);
	if (vector == VECTOR_DB)
		text_add(text, "(%lx)", dr6 ^ DR6_RESET);
}
