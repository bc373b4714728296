/* SPDX-License-Identifier: BSD-2-Clause */
/* THREATS E04: logical destinations, each value of LDR in each model: who is meant, and nobody else. */
#include "tests/guests/hostile_e/cases.h"

#include "arch/x86_64/insn.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/random.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"

enum { VECTOR = 0x51, TRIES = 12 };
/* SDM 3A 11.6.2.2 "Logical Destination Mode" */
#define MODEL_FLAT    0xffffffffu
#define MODEL_CLUSTER 0x0fffffffu
#define EVERYBODY     0xffu
#define X2_EVERYBODY  0xffffffffu

static volatile unsigned taken;

static void take(struct trap_frame *frame)
{
	(void)frame;
	taken += apic_id() == 0; /* another CPU may have been started */
	apic_eoi();
}

/* Whether an IPI to there comes to this CPU. */
static bool comes(uint32_t destination)
{
	taken = 0;
	apic_send(destination, VECTOR | ICR_LOGICAL | ICR_ASSERT);
	interrupts_window();
	return taken == 1;
}

static bool flat_means(uint32_t ldr, uint32_t destination)
{
	return ldr & destination;
}

static bool cluster_means(uint32_t ldr, uint32_t destination)
{
	return destination == EVERYBODY ||
	       (ldr >> 4 == destination >> 4 && (ldr & destination & 0xf));
}

static void try_model(uint32_t model, bool (*means)(uint32_t ldr, uint32_t destination))
{
	uint64_t random = model;

	trap_set(VECTOR, take);
	apic_write(APIC_DFR, model);
	for (uint32_t ldr = 1; ldr < 0xf0; ldr++) { /* cluster 15 is everybody's */
		apic_write(APIC_LDR, ldr << 24);
		test_check(apic_read(APIC_LDR) == ldr << 24, "LDR %x for %x", apic_read(APIC_LDR),
			   ldr << 24);
		test_check(comes(ldr) == means(ldr, ldr), "LDR %x does not mean itself", ldr);
		test_check(comes(EVERYBODY), "LDR %x is not of everybody", ldr);
		for (unsigned i = 0; i < TRIES; i++) {
			uint32_t destination = (uint32_t)(random_next(&random) % 0xf0);

			test_check(comes(destination) == means(ldr, destination),
				   "LDR %x, destination %x: %u came", ldr, destination, taken);
		}
	}
}

/* As it was at reset. */
static void restore(void)
{
	apic_write(APIC_DFR, MODEL_FLAT);
	apic_write(APIC_LDR, 0);
}

void e_test_flat(void)
{
	try_model(MODEL_FLAT, flat_means);
	restore();
}

void e_test_cluster(void)
{
	try_model(MODEL_CLUSTER, cluster_means);
	restore();
}

/* Models that there are not mean this or that, at most once; and flat is flat again afterwards. */
void e_test_reserved_model(void)
{
	uint64_t random = 4;

	trap_set(VECTOR, take);
	for (uint32_t model = 1; model < 15; model++) {
		apic_write(APIC_DFR, model << 28);
		for (unsigned i = 0; i < 256; i++) {
			apic_write(APIC_LDR, i << 24);
			comes((uint32_t)random_next(&random) & 0xff);
			test_check(taken <= 1, "model %x: %u came", model, taken);
		}
	}
	restore();
	apic_write(APIC_LDR, 1u << 24);
	test_check(comes(1) && !comes(2), "flat is not flat afterwards");
	restore();
}

/* SDM 3A 11.12.10.2 "Deriving Logical x2APIC ID from the Local x2APIC ID" */
void e_test_x2_logical(void)
{
	uint64_t random = 16;
	uint32_t ldr;

	trap_set(VECTOR, take);
	apic_use_x2();
	ldr = apic_read(APIC_LDR);
	test_check(ldr == (apic_id() >> 4 << 16 | 1u << (apic_id() & 15)), "LDR %x of %x", ldr,
		   apic_id());
	for (uint32_t cluster = 0; cluster < 64; cluster++)
		for (uint32_t bit = 0; bit < 16; bit++)
			test_check(comes(cluster << 16 | 1u << bit) ==
					   (cluster << 16 == (ldr & 0xffff0000) && (ldr >> bit & 1)),
				   "cluster %x, bit %u: %u came", cluster, bit, taken);
	for (unsigned i = 0; i < 2000; i++) {
		uint32_t destination = (uint32_t)random_next(&random);

		if (destination == X2_EVERYBODY || !((destination ^ ldr) >> 16))
			continue;
		test_check(!comes(destination), "destination %x came", destination);
	}
	test_check(comes(X2_EVERYBODY), "it is not of everybody");
}
