/* SPDX-License-Identifier: BSD-2-Clause */
/* MMIO and string ports: accesses for which the VMM carries out the instruction itself. */
#include "vmm/upcall_emulate.h"

#include "abi/info.h"
#include "lib/string.h"
#include "vmm/bus.h"
#include "vmm/call.h"
#include "vmm/guest_features.h"
#include "vmm/guest_pkru.h"
#include "vmm/lapic_page.h"
#include "vmm/mmio_quick.h"
#include "vmm/report.h"

/* Where nobody is, the bus reads all-ones and drops writes: that is an answer too. */
static bool mmio_read(void *context, gpa_t gpa, unsigned size, uint64_t *value)
{
	const struct frame *frame = context;

	if (lapic_page_has(frame, gpa))
		*value = lapic_page_read(gpa, size);
	else
		bus_mmio_read(gpa, size, value);
	return true;
}

static bool mmio_write(void *context, gpa_t gpa, unsigned size, uint64_t value)
{
	const struct frame *frame = context;

	if (lapic_page_has(frame, gpa))
		lapic_page_write(gpa, size, value);
	else
		bus_mmio_write(gpa, size, value);
	return true;
}

static bool port_in(void *context, uint16_t port, unsigned size, void *data, size_t count)
{
	uint8_t *to = data;

	(void)context;
	for (; count; count--, to += size) {
		uint32_t value = bus_port_read(port, size);

		memcpy(to, &value, size);
	}
	return true;
}

static bool port_out(void *context, uint16_t port, unsigned size, const void *data, size_t count)
{
	(void)context;
	bus_port_write_block(port, size, data, count);
	return true;
}

static const struct emulate_ops ops = {mmio_read, mmio_write, port_in, port_out};

void upcall_emulator_init(struct emulate *e, struct frame *frame)
{
	e->frame = frame;
	e->ops = &ops;
	e->context = frame;
	e->cpu = &guest_features.cpu;
	e->pkru = guest_pkru(frame);
}

/*
 * What cannot be emulated is run again a few times before it ends the guest: another vCPU may have put it
 * there after the exit (THREATS A04), and then the guest goes on by itself.
 */
enum { REPEATS = 64 };

struct repeat {
	uint64_t rip;
	unsigned count;
};

static struct repeat repeated[MAX_VCPUS]; /* each vCPU's own */

static bool must_repeat(const struct frame *frame)
{
	struct repeat *last = &repeated[frame->vcpu % MAX_VCPUS];

	if (last->rip != frame->rip)
		last->count = 0;
	last->rip = frame->rip;
	return ++last->count < REPEATS;
}

struct resume upcall_emulated(struct emulate *e, enum emulate_result result)
{
	if (__builtin_expect(result == EMULATE_DONE, 1))
		return (struct resume){.groups = e->changed, .insn_len = e->skip};
	if (result == EMULATE_UNSUPPORTED && must_repeat(e->frame))
		return (struct resume){0};
	if (result == EMULATE_UNSUPPORTED)
		report_instruction(e->frame);
	return (struct resume){.groups = e->changed};
}

/* Not inlined: the emulator's frame is large, and nearly every exit is done without it. */
static __attribute__((noinline)) struct resume mmio_slowly(struct frame *frame)
{
	enum emulate_result result;
	UPCALL_EMULATOR e;

	call_frame(GROUP_IP | GROUP_CONTROL | GROUP_MEMORY);
	if (frame->mmio.access & MMIO_FETCH)
		report_end(frame, REASON_EMULATION, "instruction fetch from 0x%lx, where no RAM is",
			   frame->mmio.gpa);
	upcall_emulator_init(&e, frame);
	result = emulate_fetch(&e);
	if (result != EMULATE_DONE)
		return upcall_emulated(&e, result);
	if (emulate_needs_segments(&e.insn))
		call_frame(GROUP_SEGMENT);
	return upcall_emulated(&e, emulate_one(&e));
}

struct resume upcall_mmio(struct frame *frame)
{
	struct resume answer;

	if (__builtin_expect(mmio_quick(frame, &answer), 1))
		return answer;
	return mmio_slowly(frame);
}

struct resume upcall_io_string(struct frame *frame)
{
	UPCALL_EMULATOR e;

	upcall_emulator_init(&e, frame);
	return upcall_emulated(&e, emulate_exit(&e));
}
