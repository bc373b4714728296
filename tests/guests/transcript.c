/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The transcript: a line for each of some hundred cases, which says what one instruction, or a few, did. All
 * beds print the same, but for differences that tests/system/test_transcript.py lists, each with its proof.
 * subject=NAME prints one chapter. It needs no Freehold: on the bare machine it tells whose a difference is.
 */
#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/words.h"
#include "tests/guests/transcript/shot.h"
#include "tests/guests/transcript/subject.h"

enum { LEAF_SIGNATURE = 0x40000000, SIGNATURE = 0x65657246 };
enum { PIC_MASTER_MASK = 0x21, PIC_SLAVE_MASK = 0xa1 };

static const struct {
	const char *name;
	void (*run)(void);
} subjects[] = {
	{"plain", subject_plain},	{"control", subject_control}, {"enable", subject_enable},
	{"msr", subject_msr},		{"segment", subject_segment}, {"gate", subject_gate},
	{"transfer", subject_transfer}, {"emulate", subject_emulate}, {"step", subject_step},
	{"debug", subject_debug},	{"fault", subject_fault},     {"real", subject_real},
	{"v86", subject_v86},
};

const char *subject_name;

bool on_freehold(void)
{
	return cpuid(LEAF_SIGNATURE, 0).ebx == SIGNATURE;
}

void guest_main(void)
{
	char only[32];
	bool all = !words_value("subject", only, sizeof(only));

	/* On the bare machine the timer's interrupt would come as vector 8. */
	io_out8(PIC_MASTER_MASK, 0xff);
	io_out8(PIC_SLAVE_MASK, 0xff);
	apic_enable();
	shot_init();
	for (unsigned i = 0; i < ARRAY_SIZE(subjects); i++) {
		subject_name = subjects[i].name;
		if (all || !strcmp(only, subject_name))
			subjects[i].run();
	}
	print("done 1 failed 0\n");
	guest_exit(0);
}
