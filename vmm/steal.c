/* SPDX-License-Identifier: BSD-2-Clause */
/* The kernel counts; the guest's memory is written here, where the guest's writes could be, too. */
#include "vmm/steal.h"

#include "abi/layout.h"
#include "vmm/call.h"
#include "vmm/guest_mem.h"
#include "vmm/host_clock.h"

enum { ENABLED = 1 << 0 };

#define RESERVED BITS(5, 1)

struct steal_time {
	uint64_t steal;	  /* ns */
	uint32_t version; /* odd while the structure changes */
	uint32_t flags;
	uint8_t preempted; /* always 0: nobody writes here while the vCPU waits */
	uint8_t pad0[3];
	uint32_t pad1[11];
};

static_assert(sizeof(struct steal_time) == 64, "KVM's layout");

/* Each vCPU's own. Touched by that vCPU's VMM half only. */
static struct {
	uint64_t msr; /* as written */
	uint32_t version;
} states[MAX_VCPUS];

void steal_init(unsigned vcpu)
{
	states[vcpu].msr = 0;
	states[vcpu].version = 0;
}

uint64_t steal_msr_read(unsigned vcpu)
{
	return states[vcpu].msr;
}

/* Where there is no RAM nothing is written, which is the guest's own loss. */
void steal_grown(unsigned vcpu, uint64_t tsc)
{
	gpa_t gpa = states[vcpu].msr & ~BITS(5, 0);
	struct steal_time time = {.steal = host_clock_ns(tsc), .version = states[vcpu].version + 1};

	if (!(states[vcpu].msr & ENABLED) || !guest_write(gpa, &time, sizeof(time)))
		return;
	time.version = states[vcpu].version += 2;
	if (!guest_write(gpa + offsetof(struct steal_time, version), &time.version,
			 sizeof(time.version)))
		return; /* it is the same memory: cannot be */
}

bool steal_msr_write(unsigned vcpu, uint64_t value)
{
	uint64_t tsc;

	if (value & RESERVED)
		return false;
	states[vcpu].msr = value;
	tsc = call_steal_watch(value & ENABLED);
	steal_grown(vcpu, tsc);
	return true;
}
