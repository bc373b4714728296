/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log: a ring of text lines "[seconds.micros] text" that any CPU writes and the console reads.
 * It overwrites its oldest bytes, so writing never fails and never waits for a reader.
 */
#pragma once

#include "lib/types.h"

enum { LOG_SIZE = 64 * 1024, LOG_LINE_SIZE = 256 };

/* Lines above the chosen level are not kept. */
enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/*
 * Any CPU, holding no lock of rank LOCK_LOG or above. A line is cut at LOG_LINE_SIZE. Every byte
 * that is not printable ASCII is stored as \xNN, so no text can forge a line or reach the
 * operator's terminal.
 */
void log_print(enum log_level level, const char *text, ...) printf_like(2, 3);

void log_set_level(enum log_level level);

/* The clock for the stamps, in microseconds since boot; until it is set all stamps are 0. */
void log_set_clock(uint64_t (*now_us)(void));

/*
 * Each new line goes to echo, too, under the log's lock: until there is a console that shows it. NULL:
 * nowhere.
 */
void log_set_echo(void (*echo)(const char *text, size_t size));

/* Called after each new line, without the log's lock, on the CPU that wrote it. */
void log_set_notify(void (*notify)(void));

/*
 * Copies what follows *position (bytes since boot; begin with 0) and moves it on; if those bytes
 * have been overwritten it begins at the oldest whole line. Returns the bytes copied, 0 if there
 * are none.
 */
size_t log_read(uint64_t *position, char *to, size_t size);

/* Bytes ever written: a reader that begins here gets new lines only. */
uint64_t log_head(void);

/* Hands out the newest lines, at most size bytes, without the lock: for a panic only. */
void log_panic_tail(size_t size, void (*write)(const char *text, size_t size));

/* What one partition may write: LOG_RATE lines a second, LOG_BURST at once. */
enum { LOG_RATE = 10, LOG_BURST = 20 };

/* A bucket that leaks LOG_RATE lines a second; all zero is an empty one. Its user serialises. */
struct log_limiter {
	uint64_t last_us;    /* when it last leaked */
	uint32_t filled_us;  /* how long it takes to leak empty */
	uint32_t suppressed; /* lines that were held back and not told of yet */
};

/*
 * True if a line may be written at now_us. If lines were held back before it, *suppressed says how
 * many (else 0), and the line that tells of them is paid for too. Pure.
 */
bool log_limiter_allow(struct log_limiter *limiter, uint64_t now_us, uint32_t *suppressed);

/*
 * log_print for text that a guest causes or words: behind the partition's name, within its limiter.
 */
void log_partition(struct log_limiter *limiter, const char *name, enum log_level level,
		   const char *text, ...) printf_like(4, 5);

/* Tells of the lines that are still held back: when the partition ends. */
void log_partition_flush(struct log_limiter *limiter, const char *name, enum log_level level);
