/* SPDX-License-Identifier: BSD-2-Clause */
/* Frame pointers and symbols. Every address is checked before it is read. */
#include "kernel/backtrace.h"

#include "arch/x86_64/percpu.h"
#include "kernel/symbols.h"

extern const uint8_t kernel_start[], text_start[], text_end[];
extern const uint8_t boot_stack[], boot_stack_end[];

static const struct {
	uint32_t start, end;
} stacks[] = {
	{PERCPU_MAIN_STACK, PERCPU_MAIN_TOP},
	{PERCPU_NMI_STACK, PERCPU_NMI_TOP},
	{PERCPU_DF_STACK, PERCPU_DF_TOP},
	{PERCPU_MC_STACK, PERCPU_MC_TOP},
};

bool backtrace_is_text(uint64_t address)
{
	return address >= (uint64_t)text_start && address < (uint64_t)text_end;
}

struct backtrace_symbol backtrace_symbol(uint64_t rip)
{
	uint32_t low = 0, high = symbol_count;
	uint64_t offset = rip - (uint64_t)kernel_start;

	if (!backtrace_is_text(rip) || !symbol_count || offset < symbol_table[0].offset)
		return (struct backtrace_symbol){"?", 0};
	/* The last symbol that does not begin behind rip is at low. */
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (symbol_table[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return (struct backtrace_symbol){
		.name = &symbol_names[symbol_table[low].name],
		.offset = offset - symbol_table[low].offset,
	};
}

static bool percpu_stack_of(uint64_t address, uint64_t *start, uint64_t *end)
{
	uint64_t block = ALIGN_DOWN(address, PERCPU_SIZE);

	if (address < KERNEL_STACK_BASE || address >= KERNEL_WINDOW_BASE ||
	    !percpu_exists((unsigned)((block - KERNEL_STACK_BASE) / PERCPU_SIZE)))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(stacks); i++) {
		*start = block + stacks[i].start;
		*end = block + stacks[i].end;
		if (address >= *start && address < *end)
			return true;
	}
	return false;
}

bool backtrace_stack_of(uint64_t address, uint64_t *start, uint64_t *end)
{
	*start = (uint64_t)boot_stack;
	*end = (uint64_t)boot_stack_end;
	return (address >= *start && address < *end) || percpu_stack_of(address, start, end);
}

unsigned backtrace_walk(uint64_t rbp, uint64_t *rips, unsigned max)
{
	uint64_t start, end;
	unsigned count = 0;

	if (!backtrace_stack_of(rbp, &start, &end))
		return 0;
	while (count < max && rbp >= start && !(rbp & 7) && rbp <= end - 16) {
		const uint64_t *frame = (const uint64_t *)rbp;

		if (!backtrace_is_text(frame[1]))
			break;
		rips[count++] = frame[1];
		if (frame[0] <= rbp)
			break;
		rbp = frame[0];
	}
	return count;
}
