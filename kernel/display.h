/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's screen, as far as ring 0 needs it: the log until the console program takes the screen over,
 * and a panic. Everything else that is shown there is drawn by the console, in memory that is mapped for it.
 */
#pragma once

#include "lib/types.h"

struct boot_info;
struct page_space;
struct screen_info;

/*
 * Looks at what the loader says of a screen. While the loader's page tables stand, a panic is shown there
 * if it is below 4 GiB. CPU 0.
 */
void display_init(const struct boot_info *info);

/* Before the loader's page tables go: nothing is drawn until display_start. */
void display_stop(void);

/* Maps it and shows the log from here on, line by line, from the top again when it is full. Boot, CPU 0. */
void display_start(void);

/*
 * CALL_SCREEN: maps it into the console's space and leaves it to the console; the kernel draws there in a
 * panic only. ERR_NOENT if there is none, ERR_NOMEM.
 */
int must_check display_give(struct page_space *space, struct screen_info *info);

/* Is that memory the screen's, as it was given to the console? For the audit. */
bool display_is_given(hpa_t pa, uint64_t size);

/* For a panic: from the top of an empty screen as far as it reaches, without any lock. */
void display_panic_write(const char *text, size_t size);
