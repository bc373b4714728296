/* SPDX-License-Identifier: BSD-2-Clause */
/* Attacks by address: reading what is not ours, writing what is read-only, executing what is data. */
#include "abi/console_ring.h"
#include "abi/layout.h"
#include "lib/string.h"
#include "tests/guests/hostile_vmm/attack.h"
#include "vmm/partition.h"

/*
 * A sample of all that is not mapped for ring 3: each region of the kernel, the neighbours' slots, and
 * what lies around the VMM's own.
 */
static const uint64_t foreign[] = {
	0xffffffff80000000ULL, /* the kernel's image, its headers */
	0xffffffff80200000ULL, /* its text */
	0xffffffff80400000ULL,
	0xffffffffffffffffULL - 7,
	0xffffff0000000000ULL, /* its heap */
	0xffffff4000000000ULL, /* device registers */
	0xffffff6000000000ULL, /* its stacks */
	0xffffff6000004000ULL,
	0xffffff7000000000ULL, /* its windows */
	0xffffff7000200000ULL,
	0xfffffe8000000000ULL, /* the pool of slot 0: the neighbour's */
	0xfffffe8000004000ULL,
	0xfffffe8040000000ULL, /* of slot 1: our own */
	0xfffffe8040004000ULL,
	0xfffffe8fc0000000ULL, /* of the last slot */
	0xffff800000000000ULL, /* the first of the upper half */
	0xffffff8000000000ULL,
	0x0000800000000000ULL, /* not canonical */
	0xffff7ffffffffff8ULL,
	0x0000000000000000ULL,
	0x0000000000001000ULL,
	USER_IMAGE_BASE - 8,
	USER_CONFIG_BASE - 8,
	USER_CONFIG_BASE + 0x100000,
	USER_FRAME_BASE - 8,
	USER_FRAME_BASE + 0x1000, /* between the frame pages */
	USER_FRAME_PAGE(MAX_VCPUS - 1),
	USER_STACK_BASE, /* guard */
	USER_STACK_TOP(0) + 0x100,
	USER_RING_BASE - 8,
	USER_RING_BASE + RING_PAGES(RING_OUT_MIN) * 4096,
	USER_GROW_BASE,
	USER_IMAGES_BASE - 8,
	USER_IMAGES_BASE + GIB(16),
	USER_GUEST_BASE - 8,
	USER_GUEST_BASE + 0xa0000, /* the guest's hole */
	USER_GUEST_BASE + GIB(3),
	USER_END - 8,
};

static void try_read(struct frame *frame, uint64_t n)
{
	(void)frame;
	if (n >= ARRAY_SIZE(foreign))
		attack_held("there are %lu addresses", ARRAY_SIZE(foreign));
	attack_broke("%lx reads %lx", foreign[n], *(const volatile uint64_t *)foreign[n]);
}

static void try_write(struct frame *frame, uint64_t n)
{
	(void)frame;
	if (n >= ARRAY_SIZE(foreign))
		attack_held("there are %lu addresses", ARRAY_SIZE(foreign));
	*(volatile uint64_t *)foreign[n] = 0x4141414141414141ULL;
	attack_broke("%lx was written", foreign[n]);
}

static void try_jump(struct frame *frame, uint64_t n)
{
	(void)frame;
	if (n >= ARRAY_SIZE(foreign))
		attack_held("there are %lu addresses", ARRAY_SIZE(foreign));
	((void (*)(void))foreign[n])();
	attack_broke("%lx was executed", foreign[n]);
}

static const char text_of_ours[] = "read-only";

static void try_write_own(struct frame *frame, uint64_t n)
{
	uint64_t where[] = {(uintptr_t)try_write_own, (uintptr_t)text_of_ours, USER_CONFIG_BASE,
			    partition->image_count ? partition->images[0].address
						   : USER_IMAGES_BASE};

	(void)frame;
	if (n >= ARRAY_SIZE(where))
		attack_held("there are %lu places", ARRAY_SIZE(where));
	*(volatile uint8_t *)where[n] = 0x41;
	attack_broke("%lx, which is read-only, was written", where[n]);
}

static uint8_t data_of_ours[64];

static void try_execute_own(struct frame *frame, uint64_t n)
{
	enum { RET = 0xc3 };
	uint8_t on_stack[64];
	uint64_t where[] = {(uintptr_t)data_of_ours,
			    (uintptr_t)on_stack,
			    (uintptr_t)frame + 0xf00,
			    USER_RING_BASE + 4096,
			    USER_GUEST_BASE + 0x1000,
			    USER_CONFIG_BASE,
			    (uintptr_t)text_of_ours,
			    partition->image_count ? partition->images[0].address : USER_IMAGES_BASE};

	if (n >= ARRAY_SIZE(where))
		attack_held("there are %lu places", ARRAY_SIZE(where));
	if (n <= 4)
		*(volatile uint8_t *)where[n] = RET;
	((void (*)(void))where[n])();
	attack_broke("data at %lx was executed", where[n]);
}

static uint64_t recurse(uint64_t depth)
{
	volatile uint64_t here[64];

	here[depth & 63] = depth;
	if (depth == UINT64_MAX)
		return 0; /* never, but the compiler must not know */
	return recurse(depth + 1) + here[0];
}

static void try_overflow(struct frame *frame, uint64_t n)
{
	(void)frame;
	attack_broke("the stack has no end: %lu", recurse(n));
}

/* The console must take the ring's indices for what they are: words of a stranger. */
static void try_ring(struct frame *frame, uint64_t n)
{
	struct console_ring *ring = (struct console_ring *)USER_RING_BASE;

	(void)frame;
	memset(ring_stamps(ring), 0x1b, (RING_PAGES(RING_OUT_MIN) - 1) * 4096);
	ring->out_head = n;
	ring->in_tail = ~n;
	ring->out_waiting = 1;
	ring->stamp_head = n + 7;
	ring->out_tail = n - 1;
	ring->in_head = n + 1;
	ring->attached = UINT32_MAX;
	attack_call(CALL_CONSOLE_NOTIFY, 0, 0, 0, 0);
	attack_held("the ring is spoilt");
}

const struct attack attacks_memory[] = {
	{"read", try_read, NULL, NULL},
	{"write", try_write, NULL, NULL},
	{"jump", try_jump, NULL, NULL},
	{"write-own", try_write_own, NULL, NULL},
	{"execute-own", try_execute_own, NULL, NULL},
	{"overflow", try_overflow, NULL, NULL},
	{"ring", try_ring, NULL, NULL},
	{NULL, NULL, NULL, NULL},
};
