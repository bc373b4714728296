/* SPDX-License-Identifier: BSD-2-Clause */
/* The devices' outside, done by calls to the kernel; the clock is in vmm/host_clock.c. */
#include "vmm/host.h"

#include "lib/copy.h"
#include "lib/string.h"
#include "vmm/call.h"
#include "vmm/host_end.h"
#include "vmm/ring.h"

enum { REASON_TEXT = 64 };

/*
 * The first wish counts. A loser's text may be lost, its wish is not: the partition ends either
 * way.
 */
uint32_t host_end_wish;
static uint32_t exit_code;
static char reset_reason[REASON_TEXT];

void apic_message(uint32_t dest, bool logical, unsigned mode, unsigned vector, bool level_triggered)
{
	call_apic_message(APIC_MESSAGE(dest, vector, mode, logical, level_triggered));
}

void eoi_watch(const uint64_t vectors[4])
{
	static uint64_t told[4]; /* the caller's lock guards it */

	for (unsigned i = 0; i < 4; i++) {
		if (told[i] == vectors[i])
			continue;
		told[i] = vectors[i];
		call_eoi_watch(i, vectors[i]);
	}
}

void pic_output(bool level)
{
	call_pic_line(level);
}

size_t console_put(const void *data, size_t size)
{
	return ring_put(data, size);
}

size_t console_get(void *data, size_t size)
{
	return ring_get(data, size);
}

static bool wish_for(enum part_reason reason)
{
	uint32_t none = REASON_NONE;

	return __atomic_compare_exchange_n(&host_end_wish, &none, reason, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_RELAXED);
}

void guest_power_off(void)
{
	wish_for(REASON_POWEROFF);
}

void guest_exit(uint32_t code)
{
	if (wish_for(REASON_POWEROFF))
		exit_code = code;
}

void guest_reset(const char *why)
{
	if (wish_for(REASON_RESET))
		str_copy(reset_reason, sizeof(reset_reason), why);
}

noreturn void host_end(void)
{
	call_part_end((enum part_reason)host_end_wish, exit_code, reset_reason,
		      strlen(reset_reason));
}
