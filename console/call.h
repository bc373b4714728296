/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The console's way into the kernel: one stub in start.S and a typed wrapper for each call. Host tests
 * link a fake kernel in place of the stub.
 */
#pragma once

#include "abi/calls.h"
#include "abi/errors.h"
#include "abi/exits.h"
#include "abi/facts.h"
#include "abi/info.h"
#include "lib/types.h"

/* The call gate itself. Answers as abi/calls.h says for that call. */
int64_t call_invoke(enum call number, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

/* The host's TSC, now. */
uint64_t call_clock(void);

/* The host's CPUID, of the CPU that runs the console: EAX, EBX, ECX, EDX. */
void call_cpuid(uint32_t leaf, uint32_t subleaf, uint32_t to[4]);

static inline uint64_t call_address(const void *pointer)
{
	return (uint64_t)(uintptr_t)pointer;
}

/* Returns enum console_event bits, or 0 if the kernel answered an error. */
static inline uint32_t call_wait(uint64_t tsc)
{
	int64_t events = call_invoke(CALL_WAIT, tsc, 0, 0, 0);

	return events < 0 ? 0 : (uint32_t)events;
}

/* The kernel's count of bytes, never more than were asked for: nobody indexes with an answer unchecked. */
static inline size_t call_bytes(int64_t answer, size_t size)
{
	return answer < 0 ? 0 : MIN((size_t)answer, size);
}

static inline size_t call_uart_read(void *buffer, size_t size)
{
	return call_bytes(call_invoke(CALL_UART_READ, call_address(buffer), size, 0, 0), size);
}

static inline size_t call_uart_write(const void *data, size_t size)
{
	return call_bytes(call_invoke(CALL_UART_WRITE, call_address(data), size, 0, 0), size);
}

static inline size_t call_log_read(uint64_t *position, void *buffer, size_t size)
{
	return call_bytes(
		call_invoke(CALL_LOG_READ, call_address(position), call_address(buffer), size, 0),
		size);
}

static inline int64_t call_host_info(struct host_info *info)
{
	return call_invoke(CALL_HOST_INFO, call_address(info), 0, 0, 0);
}

static inline int64_t call_cpu_info(uint32_t cpu, struct cpu_info *info)
{
	return call_invoke(CALL_CPU_INFO, cpu, call_address(info), 0, 0);
}

static inline size_t call_extent_info(uint32_t first, struct extent_info *info, size_t count)
{
	return call_bytes(call_invoke(CALL_EXTENT_INFO, first, call_address(info), count, 0), count);
}

static inline int64_t call_image_info(uint32_t index, struct image_info *info)
{
	return call_invoke(CALL_IMAGE_INFO, index, call_address(info), 0, 0);
}

static inline int64_t call_image_map(uint32_t index, uint64_t *size)
{
	return call_invoke(CALL_IMAGE_MAP, index, call_address(size), 0, 0);
}

/* Cleaning what was somebody's takes the kernel several calls: 128 KiB each, of 1 MiB at most. */
static inline int64_t call_mem_map(uint64_t pages)
{
	enum { CALLS = 16 };
	int64_t address = ERR_AGAIN;

	for (unsigned i = 0; i < CALLS && address == ERR_AGAIN; i++)
		address = call_invoke(CALL_MEM_MAP, pages, 0, 0, 0);
	return address;
}

static inline int64_t call_mem_unmap(uint64_t address, uint64_t pages)
{
	return call_invoke(CALL_MEM_UNMAP, address, pages, 0, 0);
}

static inline int64_t call_part_create(const struct part_desc *desc)
{
	return call_invoke(CALL_PART_CREATE, call_address(desc), 0, 0, 0);
}

static inline int64_t call_part_cost(const struct part_desc *desc, struct part_cost *cost)
{
	return call_invoke(CALL_PART_COST, call_address(desc), call_address(cost), 0, 0);
}

static inline int64_t call_part_start(uint32_t slot)
{
	return call_invoke(CALL_PART_START, slot, 0, 0, 0);
}

static inline int64_t call_part_stop(uint32_t slot)
{
	return call_invoke(CALL_PART_STOP, slot, 0, 0, 0);
}

static inline int64_t call_part_pause(uint32_t slot, bool pause)
{
	return call_invoke(CALL_PART_PAUSE, slot, pause, 0, 0);
}

static inline int64_t call_part_destroy(uint32_t slot)
{
	return call_invoke(CALL_PART_DESTROY, slot, 0, 0, 0);
}

static inline int64_t call_part_event(uint32_t slot, uint32_t event)
{
	return call_invoke(CALL_PART_EVENT, slot, event, 0, 0);
}

static inline int64_t call_part_rename(uint32_t slot, const char name[NAME_SIZE])
{
	return call_invoke(CALL_PART_RENAME, slot, call_address(name), 0, 0);
}

static inline int64_t call_part_share(uint32_t slot, uint32_t weight, uint32_t cap)
{
	return call_invoke(CALL_PART_SHARE, slot, weight, cap, 0);
}

static inline int64_t call_part_info(uint32_t slot, struct part_info *info)
{
	return call_invoke(CALL_PART_INFO, slot, call_address(info), 0, 0);
}

static inline int64_t call_vcpu_info(uint32_t slot, uint32_t vcpu, struct vcpu_info *info)
{
	return call_invoke(CALL_VCPU_INFO, slot, vcpu, call_address(info), 0);
}

static inline int64_t call_facts(struct machine_facts *facts)
{
	return call_invoke(CALL_FACTS, call_address(facts), 0, 0, 0);
}

static inline int64_t call_exits_read(uint32_t slot, struct exit_window *window,
				      struct exit_record *to, unsigned count)
{
	return call_invoke(CALL_EXITS_READ, slot, call_address(window), call_address(to), count);
}

static inline int64_t call_stats_name(uint32_t counter, char *buffer, size_t size)
{
	return call_invoke(CALL_STATS_NAME, counter, call_address(buffer), size, 0);
}

static inline int64_t call_part_cpuid(uint32_t slot, uint32_t index, struct cpuid_entry *entry)
{
	return call_invoke(CALL_PART_CPUID, slot, index, call_address(entry), 0);
}

static inline int64_t call_screen(struct screen_info *info)
{
	return call_invoke(CALL_SCREEN, call_address(info), 0, 0, 0);
}

static inline int64_t call_blob_set(uint32_t key, const void *data, size_t size)
{
	return call_invoke(CALL_BLOB_SET, key, call_address(data), size, 0);
}

static inline size_t call_blob_get(uint32_t key, void *buffer, size_t size)
{
	return call_bytes(call_invoke(CALL_BLOB_GET, key, call_address(buffer), size, 0), size);
}

static inline int64_t call_power(enum power_action action)
{
	return call_invoke(CALL_POWER, action, 0, 0, 0);
}

static inline int64_t call_debug(enum debug_command command, uint64_t argument, void *buffer,
				 size_t size)
{
	return call_invoke(CALL_DEBUG, command, argument, call_address(buffer), size);
}
