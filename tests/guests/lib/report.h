/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a tiny guest says on COM1: a line for each case (`ok NAME`, `FAIL NAME: detail`, `skip NAME:
 * reason`), at the end `done N failed M`; and how it ends, with a value that the operator sees.
 */
#pragma once

#include "lib/types.h"

void print(const char *text, ...) printf_like(1, 2);
void print_bytes(const char *data, size_t size);

struct test_case {
	const char *name;
	void (*run)(void);
};

/* Runs them all, or the one that the command line's case=NAME names, and ends the guest. */
void test_run_all(const struct test_case *cases, size_t count);

/* Runs them all and tells how many failed; the guest goes on. */
unsigned test_run_cases(const struct test_case *cases, size_t count);

/* The current case has failed. The first few details are printed. */
void test_fail(const char *text, ...) printf_like(1, 2);

/* test_fail unless ok; returns ok. */
#define test_check(ok, ...) ((ok) || (test_fail(__VA_ARGS__), false))

/* The current case cannot be shown here. Nothing else of it may have failed. */
void test_skip(const char *why);

/* True if the command line says bed=NAME. */
bool test_bed(const char *name);

/* Test device, port F4h: powers the guest off with a value. */
noreturn void guest_exit(uint32_t value);

/* What the guest cannot go on from: `FAIL guest: …`, and the end with value 255. */
noreturn void guest_die(const char *text, ...) printf_like(1, 2);

/* Stays, with interrupts off. */
noreturn void guest_stop(void);
