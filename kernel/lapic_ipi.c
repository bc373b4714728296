/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who is meant by an interrupt message, and what an ICR write sends. SDM 3A "Issuing Interprocessor
 * Interrupts".
 */
#include "kernel/lapic.h"
#include "kernel/lapic_internal.h"

enum icr_bit { ICR_LOGICAL = 1 << 11, ICR_ASSERT = 1 << 14, ICR_LEVEL = 1 << 15 };

enum dfr_model { DFR_CLUSTER = 0x0, DFR_FLAT = 0xf };

/* struct lapic's route: all that a sender asks for, so that other CPUs read it in one piece. */
enum route_shift { ROUTE_MODEL = 32, ROUTE_ACCEPTS = 36, ROUTE_MODE = 37 };

void lapic_route_update(struct lapic *l)
{
	uint64_t route;

	/* SDM 3A "Deriving Logical x2APIC ID from the Local x2APIC ID". */
	if (l->mode == LAPIC_X2APIC)
		l->ldr = (l->id >> 4) << 16 | 1u << (l->id & 15);
	route = (uint64_t)l->mode << ROUTE_MODE | (uint64_t)lapic_accepts(l) << ROUTE_ACCEPTS |
		(uint64_t)(l->dfr >> 28) << ROUTE_MODEL | l->ldr;
	__atomic_store_n(&l->route, route, __ATOMIC_RELEASE);
}

static bool matches_physical(const struct lapic *l, uint32_t mode, uint32_t dest)
{
	return dest == l->id || (mode == LAPIC_XAPIC && dest == 0xff);
}

/*
 * SDM 3A "Logical Destination Mode in x2APIC Mode": a cluster in the upper half, a bit each in the
 * lower.
 */
static bool matches_x2apic(uint32_t ldr, uint32_t dest)
{
	return dest >> 16 == ldr >> 16 && (dest & ldr & 0xffff);
}

/* SDM 3A "Logical Destination Mode"; the models that it reserves match nobody. */
static bool matches_xapic(uint32_t ldr, uint32_t model, uint32_t dest)
{
	uint32_t logical_id = ldr >> 24;

	if (dest == 0xff)
		return true;
	if (dest > 0xff)
		return false;
	if (model == DFR_FLAT)
		return dest & logical_id;
	if (model != DFR_CLUSTER)
		return false;
	return (dest >> 4 == 0xf || dest >> 4 == logical_id >> 4) && (dest & logical_id & 0xf);
}

bool lapic_matches(const struct lapic *l, uint32_t dest, bool logical)
{
	uint64_t route = __atomic_load_n(&l->route, __ATOMIC_ACQUIRE);
	uint32_t mode = (uint32_t)(route >> ROUTE_MODE), ldr = (uint32_t)route;

	if (mode == LAPIC_OFF)
		return false;
	if (dest == LAPIC_DEST_ALL)
		return true;
	if (!logical)
		return matches_physical(l, mode, dest);
	return mode == LAPIC_X2APIC ? matches_x2apic(ldr, dest)
				    : matches_xapic(ldr, route >> ROUTE_MODEL & 0xf, dest);
}

/* One that is off or software-disabled would win, being idle, and drop the vector. */
bool lapic_arbitrates(const struct lapic *l)
{
	return __atomic_load_n(&l->route, __ATOMIC_ACQUIRE) >> ROUTE_ACCEPTS & 1;
}

/*
 * Processors of today arbitrate by PPR (SDM 3A "Arbitration Priority" calls APR a thing of the P6),
 * so that the idle one is chosen.
 */
unsigned lapic_arbitration_priority(const struct lapic *l)
{
	return __atomic_load_n(&l->ppr, __ATOMIC_RELAXED);
}

enum {
	TO_DEST_BIT = 1 << LAPIC_TO_DEST,
	TO_SELF_BIT = 1 << LAPIC_TO_SELF,
	TO_ALL_BIT = 1 << LAPIC_TO_ALL,
	TO_OTHERS_BIT = 1 << LAPIC_TO_OTHERS
};

/*
 * By delivery mode: the shorthands with which it is sent; with none it is ignored. SDM 3A "Valid
 * Combinations for the Pentium 4 and Intel Xeon Processors' Local xAPIC ICR", and NMIs to oneself,
 * which processors do send and test suites rely on.
 */
static const uint8_t valid_shorthands[8] = {
	[LAPIC_FIXED] = TO_DEST_BIT | TO_SELF_BIT | TO_ALL_BIT | TO_OTHERS_BIT,
	[LAPIC_LOWEST] = TO_DEST_BIT | TO_OTHERS_BIT,
	[LAPIC_NMI] = TO_DEST_BIT | TO_SELF_BIT | TO_ALL_BIT | TO_OTHERS_BIT,
	[LAPIC_INIT] = TO_DEST_BIT | TO_OTHERS_BIT,
	[LAPIC_SIPI] = TO_DEST_BIT | TO_OTHERS_BIT,
};

void lapic_send(struct lapic *l, uint32_t icr, uint32_t dest, struct lapic_effect *effect)
{
	struct lapic_ipi ipi = {
		.dest = dest,
		.mode = icr >> 8 & 7,
		.vector = (uint8_t)icr,
		.shorthand = icr >> 18 & 3,
		.logical = icr & ICR_LOGICAL,
	};

	if (!(valid_shorthands[ipi.mode] & 1 << ipi.shorthand))
		return;
	/* The INIT level de-assert, which no processor since the Pentium 4 acts on. */
	if (ipi.mode == LAPIC_INIT && icr & ICR_LEVEL && !(icr & ICR_ASSERT))
		return;
	if (ipi.mode <= LAPIC_LOWEST && ipi.vector < LAPIC_FIRST_VECTOR) {
		lapic_error(l, ESR_SEND_VECTOR);
		return;
	}
	if (ipi.mode == LAPIC_FIXED && ipi.shorthand == LAPIC_TO_SELF) {
		lapic_raise(l, ipi.vector, false);
		return;
	}
	effect->kinds |= LAPIC_EFFECT_IPI;
	effect->ipi = ipi;
}
