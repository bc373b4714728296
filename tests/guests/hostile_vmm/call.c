/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks by call: every number, with arguments that nobody in his right mind would give. */
#include "abi/info.h"
#include "abi/layout.h"
#include "lib/string.h"
#include "tests/guests/hostile_vmm/attack.h"

enum { NUMBERS = 96, TEXT_MAX = 512 };

/* Pointers, lengths and numbers alike: each goes into each argument. */
static const uint64_t values[] = {
	0,
	1,
	7,
	0xff0,
	0x1000,
	0xffffffff,
	0x100000000ULL,
	USER_CONFIG_BASE,
	USER_CONFIG_BASE - 1,
	USER_STACK_TOP(0) - 4,
	USER_GUEST_BASE,
	USER_END - 1,
	USER_END,
	0x7fffffffffffffffULL,
	0x8000000000000000ULL,
	0xfffffe8000004000ULL,
	0xffffff6000004000ULL,
	0xffffffff80200000ULL,
	0xfffffffffffff000ULL,
	0xffffffffffffffffULL,
};

/* These would end the upcall or the partition by what they are. */
static bool ends(uint64_t number)
{
	return number == CALL_RESUME || number == CALL_PART_END;
}

/* Calls of the console are not for a VMM, and numbers without a call have no meaning. */
static bool is_ours(uint64_t number)
{
	return number < CALL_VMM_COUNT;
}

static void sweep_one(uint64_t number, uint64_t *made)
{
	for (unsigned i = 0; i < ARRAY_SIZE(values); i++) {
		for (unsigned j = 0; j < ARRAY_SIZE(values); j++) {
			int64_t answer = attack_call(number, values[i], values[j],
						     values[(i + j) % ARRAY_SIZE(values)],
						     values[(i * 7 + j) % ARRAY_SIZE(values)]);

			(*made)++;
			if (!is_ours(number) && answer >= 0)
				attack_broke("call %lu(%lx, %lx) answers %lx", number, values[i],
					     values[j], (uint64_t)answer);
		}
	}
}

/* n: which eighth of the numbers, so that one upcall does not take too long. */
static void sweep(struct frame *frame, uint64_t n)
{
	uint64_t made = 0;

	(void)frame;
	for (uint64_t number = n; number < NUMBERS; number += 8)
		if (!ends(number))
			sweep_one(number, &made);
	attack_held("%lu calls made", made);
}

/* Numbers beyond all tables, also such that only their low half means something. */
static void numbers(struct frame *frame, uint64_t n)
{
	static const uint64_t tops[] = {0x100, 0x10000, 0x80000000, 0x100000000ULL, 1ULL << 63};

	(void)frame;
	(void)n;
	for (unsigned i = 0; i < ARRAY_SIZE(tops); i++)
		for (uint64_t low = 0; low < 256; low++) {
			uint64_t number = tops[i] +
					  (low == CALL_RESUME || low == CALL_PART_END ? 200 : low);

			if (is_ours((uint32_t)number))
				continue; /* EAX alone is the number */
			if (attack_call(number, 0, 0, 0, 0) >= 0)
				attack_broke("call %lx is answered", number);
		}
	attack_held("no number but the known ones");
}

/* The kernel reads kernel memory for nobody, and writes it for nobody. */
static void pointers(struct frame *frame, uint64_t n)
{
	static const uint64_t foreign[] = {0,
					   0x1000,
					   USER_IMAGE_BASE - 64,
					   USER_END - 4,
					   USER_END,
					   0x0000800000000000ULL,
					   0xfffffe8000004000ULL,
					   0xffffff0000000000ULL,
					   0xffffff6000004000ULL,
					   0xffffffff80200000ULL,
					   0xffffffffffffffc0ULL};
	static const uint64_t lengths[] = {1,	       64,	   4096,      0x7fffffff,
					   1ULL << 32, 1ULL << 63, UINT64_MAX};

	(void)frame;
	(void)n;
	for (unsigned i = 0; i < ARRAY_SIZE(foreign); i++)
		for (unsigned j = 0; j < ARRAY_SIZE(lengths); j++) {
			if (attack_call(CALL_LOG, foreign[i], lengths[j], 0, 0) >= 0)
				attack_broke("log(%lx, %lx) is taken", foreign[i], lengths[j]);
			if (attack_call(CALL_CPUID_SET, foreign[i], lengths[j], 0, 0) >= 0)
				attack_broke("cpuid(%lx, %lx) is taken", foreign[i], lengths[j]);
		}
	attack_held("no pointer but our own");
}

/* What a report is made of may not be readable, or endless. */
static void end_with(struct frame *frame, uint64_t n)
{
	static const struct {
		uint64_t reason, code, text, length;
	} ways[] = {
		{REASON_POWEROFF, 0, 0xffffffff80200000ULL, 64},
		{REASON_POWEROFF, 0, 0, UINT64_MAX},
		{REASON_POWEROFF, UINT64_MAX, USER_STACK_TOP(0) - 8, 4096},
		{UINT64_MAX, 0, USER_CONFIG_BASE, 16},
		{REASON_OPERATOR, 0, USER_CONFIG_BASE, 1ULL << 63},
		{REASON_KERNEL, 0, USER_CONFIG_BASE, 512},
	};

	(void)frame;
	if (n >= ARRAY_SIZE(ways))
		attack_held("there are %lu ways", ARRAY_SIZE(ways));
	attack_call(CALL_PART_END, ways[n].reason, ways[n].code, ways[n].text, ways[n].length);
	for (;;)
		asm volatile("ud2");
}

/* More log than the log takes from one partition; control characters in it. */
static void flood_log(struct frame *frame, uint64_t n)
{
	char text[TEXT_MAX];

	(void)frame;
	memset(text, 0x1b, sizeof(text));
	for (uint64_t i = 0; i < 1000 + n; i++) {
		text[i % sizeof(text)] = (char)i;
		attack_call(CALL_LOG, (uintptr_t)text, sizeof(text), 0, 0);
	}
	attack_held("1000 lines logged");
}

const struct attack attacks_call[] = {
	{"sweep", sweep, NULL, NULL},	    {"numbers", numbers, NULL, NULL},
	{"pointers", pointers, NULL, NULL}, {"end", end_with, NULL, NULL},
	{"log", flood_log, NULL, NULL},	    {NULL, NULL, NULL, NULL},
};
