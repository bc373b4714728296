/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's process: a thread of CPU 0 in ring 3. It waits in CALL_WAIT; one that faults or loops is
 * started anew, and what it kept in blobs and mapped memory is still there.
 */
#pragma once

#include "abi/calls.h"
#include "lib/types.h"

struct page_space;
struct trap_frame;

/* Builds it. CPU 0, boot. */
void console_init(void);

/* Raises events (enum console_event); wakes CPU 0 if need be. Any CPU. */
void console_event(uint32_t events);

/* CPU 0: has it something to do? Has it any of its share of this window left? */
bool console_wants_cpu(void);
bool console_has_share(void);

/* CPU 0: lets it run. Comes back if what one that failed had begun is not at its end yet (create_recover). */
void console_enter(void);

/* The timer interrupted it; others tells whether a vCPU wants the CPU. May not return. */
void console_tick(struct trap_frame *frame, bool others);

/* It faulted, or looped: a new one starts, or none if that happens too often. */
noreturn void console_failed(const char *why, uint64_t rip, uint64_t address);

/* CALL_WAIT: puts it to sleep until an event or the time. */
noreturn void console_wait(const struct trap_frame *frame, uint64_t deadline);

/* A call of its has been done: it is alive. */
void console_alive(void);

struct page_space *console_space(void);

/* Is [va, va + size) memory that it asked for, in one piece? Has a partition a ring there? */
bool console_has_region(uint64_t va, uint64_t size);
bool console_ring_in_use(uint64_t va, uint64_t size);

/* CALL_MEM_MAP, CALL_MEM_UNMAP, CALL_IMAGE_MAP: an address or an error. */
int64_t console_mem_map(uint64_t pages);
int console_mem_unmap(uint64_t address, uint64_t pages);
int64_t console_image_map(uint32_t index, uint64_t *size);

/* Blobs. */
int console_blob_set(uint32_t key, uint64_t data, uint64_t size);
int64_t console_blob_get(uint32_t key, uint64_t to, uint64_t size);
