/* SPDX-License-Identifier: BSD-2-Clause */
/* Of the words that there are, the one that was most likely meant by one that is none of them. */
#pragma once

#include "abi/config.h"

enum { SIMILAR_HINT = 64 };

struct similar {
	const char *typed;
	unsigned distance;    /* the best of those offered is less than that away */
	char best[NAME_SIZE]; /* "": none is near */
};

/* typed: kept by the caller. */
struct similar similar_to(const char *typed);

/* Of two that are as near the first one counts. */
void similar_offer(struct similar *similar, const char *word);

/* "; did you mean list?", or "". */
const char *similar_hint(const struct similar *similar, char to[SIMILAR_HINT]);
