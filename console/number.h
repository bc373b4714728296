/* SPDX-License-Identifier: BSD-2-Clause */
/* The numbers of the command language: counts, sizes with a unit, lists of CPUs, and sizes for people. */
#pragma once

#include "lib/types.h"

/*
 * Decimal, or hexadecimal with 0x; the whole text; no sign, blank or leading zero. False: *value is
 * untouched.
 */
bool must_check number_parse(const char *text, uint64_t *value);

/* A number and a unit K, M, G or T (powers of 1024); without one, bytes. False also if it passes 2^64. */
bool must_check number_parse_size(const char *text, uint64_t *bytes);

/* Seconds, or a number and a unit s, m or h. At most 366 days. */
bool must_check number_parse_seconds(const char *text, uint64_t *seconds);

enum number_list_error { LIST_OK, LIST_SYNTAX, LIST_TOO_MANY, LIST_TWICE };

/* "3" or "2-3,5", in the order given. That the CPUs exist is for the caller to check. */
enum number_list_error must_check number_parse_list(const char *text, uint32_t *list,
						    size_t capacity, size_t *count);

/* 1.2 GiB and the like: for people; one digit after the point, rounded down. Returns to. */
enum { NUMBER_TEXT = 24 };
const char *number_size_text(char to[NUMBER_TEXT], uint64_t bytes);
