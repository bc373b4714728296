/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS D05: AVX-512's moves under a mask, with their operand in RAM and in the test device, which gives
 * back what was written; also across into a page that is not there. Both must end alike, elements that are
 * off being neither changed nor faulted.
 */
#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/emulate/cases.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/paging.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"

enum {
	ECHO = 0xff000000,
	PAGE = 4096,
	VECTOR = 64,
	EBX7_AVX512F = 1 << 16,
	EBX7_AVX512BW = 1 << 30,
	ZERO = 0x80, /* EVEX.z */
};
#define EBX7_AVX512VL BIT(31)

/* EVEX.W and pp as they stand in its second byte; the opcode, whose form [rdi] is a load's or a store's. */
static const struct move {
	const char *name;
	uint8_t payload, load, store;
	bool aligned;
} moves[] = {
	{"vmovups", 0x7c, 0x10, 0x11, false},	{"vmovupd", 0xfd, 0x10, 0x11, false},
	{"vmovss", 0x7e, 0x10, 0x11, false},	{"vmovsd", 0xff, 0x10, 0x11, false},
	{"vmovaps", 0x7c, 0x28, 0x29, true},	{"vmovapd", 0xfd, 0x28, 0x29, true},
	{"vmovdqa32", 0x7d, 0x6f, 0x7f, true},	{"vmovdqa64", 0xfd, 0x6f, 0x7f, true},
	{"vmovdqu8", 0x7f, 0x6f, 0x7f, false},	{"vmovdqu16", 0xff, 0x6f, 0x7f, false},
	{"vmovdqu32", 0x7e, 0x6f, 0x7f, false}, {"vmovdqu64", 0xfe, 0x6f, 0x7f, false},
};

static const uint64_t masks[] = {0, 1, ~0ULL, 0x5a3c, 0x8000000000008f0e, 0x0f0f1e9b7d5531e6};

/* Where the operand is in its two pages, and whether the second is there. */
static const struct place {
	unsigned at;
	bool second;
} places[] = {{0x40, true}, {PAGE - 0x1d, true}, {PAGE - 0x20, false}};

/* How a run ended: the operand's bytes and the register's. */
struct outcome {
	int vector;
	uint64_t cr2;
	uint64_t memory[VECTOR / 8], reg[VECTOR / 8];
};

static uint8_t ram[2 * PAGE] __attribute__((aligned(PAGE)));

static void copy_words(volatile uint64_t *to, const volatile uint64_t *from)
{
	for (unsigned i = 0; i < VECTOR / 8; i++)
		to[i] = from[i];
}

/* kmovq k3, rcx; vmovdqu64 zmm17, [rsi]; the move of zmm17 and [rdi]; vmovdqu64 [rdx], zmm17 */
static void run(const struct move *move, bool store, unsigned third, uint64_t mask, uintptr_t pages,
		const struct place *place, struct outcome *outcome)
{
	const uint8_t code[] = {
		0xc4,
		0xe1,
		0xfb,
		0x92,
		0xd9,
		0x62,
		0xe1,
		0xfe,
		0x48,
		0x6f,
		0x0e,
		0x62,
		0xe1,
		move->payload,
		(uint8_t)(third | 8 | 3),
		store ? move->store : move->load,
		0x0f,
		0x62,
		0xe1,
		0xfe,
		0x48,
		0x7f,
		0x0a,
	};
	uint64_t before[VECTOR / 8];
	struct code_run registers = {
		.rcx = mask,
		.rdx = (uintptr_t)outcome->reg,
		.rsi = (uintptr_t)before,
		.rdi = PAGING_TEST + place->at,
	};
	volatile uint64_t *operand = (volatile uint64_t *)(pages + place->at);
	struct fault fault;

	memset(outcome, 0, sizeof(*outcome));
	for (unsigned i = 0; i < VECTOR / 8; i++)
		before[i] = 0x1122334455667788 * (i + 1);
	for (unsigned i = 0; i < VECTOR / 8; i++)
		operand[i] = ~before[i];
	paging_map(PAGING_TEST, pages, PAGE_P | PAGE_W);
	paging_map(PAGING_TEST + PAGE, pages + PAGE, place->second ? PAGE_P | PAGE_W : 0);
	fault = code_fault(&registers, code, sizeof(code), false);
	copy_words(outcome->memory, operand);
	outcome->vector = fault.vector;
	outcome->cr2 = fault.vector == VECTOR_PF ? fault.cr2 : 0;
}

static unsigned compare(const struct move *move, bool store, unsigned third, uint64_t mask,
			const struct place *place)
{
	struct outcome on_ram, on_device;

	run(move, store, third, mask, (uintptr_t)ram, place, &on_ram);
	run(move, store, third, mask, ECHO, place, &on_device);
	test_check(!memcmp(&on_ram, &on_device, sizeof(on_ram)),
		   "%s %s %x of %lx at %x: vector %d not %d, cr2 %lx not %lx, %lx not %lx",
		   move->name, store ? "to" : "from", third, mask, place->at, on_device.vector,
		   on_ram.vector, on_device.cr2, on_ram.cr2,
		   store ? on_device.memory[0] : on_device.reg[0],
		   store ? on_ram.memory[0] : on_ram.reg[0]);
	return on_ram.vector == VECTOR_PF;
}

static unsigned compare_all_masks(const struct move *move, const struct place *place)
{
	unsigned faults = 0;

	for (unsigned length = 0; length < 3; length++)
		for (unsigned i = 0; i < ARRAY_SIZE(masks); i++) {
			faults += compare(move, false, length << 5, masks[i], place);
			faults += compare(move, false, length << 5 | ZERO, masks[i], place);
			faults += compare(move, true, length << 5, masks[i], place);
		}
	return faults;
}

void emulate_test_masks(void)
{
	uint64_t need = EBX7_AVX512F | EBX7_AVX512BW | EBX7_AVX512VL;
	unsigned faults = 0;

	if ((cpuid(7, 0).ebx & need) != need) {
		test_skip("no AVX-512BW or VL");
		return;
	}
	for (unsigned i = 0; i < ARRAY_SIZE(moves); i++)
		for (unsigned j = 0; j < ARRAY_SIZE(places); j++)
			if (!moves[i].aligned || places[j].at % VECTOR == 0)
				faults += compare_all_masks(&moves[i], &places[j]);
	test_check(faults > 0, "no page fault at all");
}
