/* SPDX-License-Identifier: BSD-2-Clause */
/* Makes the partition that the tests of the VMM run on, and answers its calls. */
#include "tests/unit/vmm_fixture.h"

#include "abi/console_ring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "vmm/call.h"
#include "vmm/guest_layout.h"
#include "vmm/guest_mem.h"

struct fake_calls fake_calls;
struct vmm_config fixture_config;

static uint8_t *base;
static uint64_t span;

static void add_range(gpa_t gpa, uint64_t size)
{
	if (size)
		fixture_config.ranges[fixture_config.range_count++] = (struct part_range){gpa, size};
}

static void describe_memory(uint64_t memory)
{
	struct guest_range ranges[MAX_RANGES];
	uint64_t low = memory < GUEST_DEVICES ? memory : GUEST_DEVICES;

	add_range(0, GUEST_HOLE);
	add_range(GUEST_HOLE_END, low - GUEST_HOLE_END);
	add_range(GIB(4), memory - low);
	for (unsigned i = 0; i < fixture_config.range_count; i++)
		ranges[i] = (struct guest_range){fixture_config.ranges[i].gpa,
						 fixture_config.ranges[i].size};
	if (!guest_mem_init(base, ranges, fixture_config.range_count))
		abort();
}

void fixture_init(uint64_t memory)
{
	if (base)
		munmap(base, span);
	span = memory > GUEST_DEVICES ? memory - GUEST_DEVICES + GIB(4) : memory;
	base = mmap(NULL, span, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		    -1, 0);
	if (base == MAP_FAILED)
		abort();
	memset(&fake_calls, 0, sizeof(fake_calls));
	memset(&fixture_config, 0, sizeof(fixture_config));
	strcpy(fixture_config.name, "test");
	fixture_config.vcpu_count = 1;
	fixture_config.phys_bits = 40;
	fixture_config.tsc_khz = 1000000;
	fixture_config.ring_size = RING_OUT_MIN;
	partition = &fixture_config;
	describe_memory(memory);
}

void fixture_image(enum image_role role, const char *name, const void *data, size_t size)
{
	struct vmm_image *image = &fixture_config.images[fixture_config.image_count++];

	image->address = (uintptr_t)data;
	image->size = size;
	image->role = role;
	snprintf(image->name, sizeof(image->name), "%s", name);
}

uint8_t *fixture_ram(gpa_t gpa)
{
	return base + gpa;
}

bool fixture_untouched(gpa_t from, gpa_t to)
{
	static const uint8_t zeros[PAGE_SIZE];

	while (from < to) {
		uint64_t size = MIN(to - from, PAGE_SIZE);

		if (memcmp(base + from, zeros, size) != 0)
			return false;
		from += size;
	}
	return true;
}

noreturn void call_part_end(enum part_reason reason, uint32_t code, const char *text, size_t length)
{
	fake_calls.reason = reason;
	fake_calls.code = code;
	if (length > REPORT_SIZE || !fake_calls.catch_end)
		abort();
	memcpy(fake_calls.text, text, length);
	fake_calls.text[length] = 0;
	longjmp(fake_calls.ended, 1);
}

noreturn void call_resume(struct resume answer)
{
	if (!fake_calls.catch_resume)
		abort();
	fake_calls.answer = answer;
	longjmp(fake_calls.resumed, 1);
}

void call_set_deadline(uint64_t tsc)
{
	fake_calls.deadline = tsc;
}

void call_apic_message(uint64_t message)
{
	fake_calls.message = message;
}

void call_pic_line(bool level)
{
	fake_calls.pic_line = level;
}

uint32_t call_lapic_read(uint32_t offset)
{
	return fake_calls.lapic_reads[offset / 4 % ARRAY_SIZE(fake_calls.lapic_reads)];
}

void call_lapic_write(uint32_t offset, uint32_t value)
{
	fake_calls.lapic_offset = offset;
	fake_calls.lapic_value = value;
	fake_calls.lapic_writes++;
}

void call_eoi_watch(unsigned index, uint64_t vectors)
{
	fake_calls.eoi_vectors[index] = vectors;
}

int call_cpuid_set(const struct cpuid_entry *entries, unsigned count)
{
	(void)entries;
	(void)count;
	return 0;
}

void call_console_notify(void)
{
	fake_calls.notifies++;
}

void call_log(const char *text, size_t length)
{
	(void)text;
	(void)length;
	fake_calls.logs++;
}

void call_nmi(unsigned vcpu)
{
	(void)vcpu;
}

uint64_t call_steal_watch(bool wanted)
{
	fake_calls.steal_watch = wanted;
	return fake_calls.steal;
}

/* The test's frame has all groups from the start. */
void call_frame(uint32_t groups)
{
	(void)groups;
}
