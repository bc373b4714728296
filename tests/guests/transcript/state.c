/* SPDX-License-Identifier: BSD-2-Clause */
/* A table: how each register is read and written. The order is that in which they can be put back. */
#include "tests/guests/transcript/state.h"

#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "tests/guests/lib/layout.h"
#include "tests/guests/transcript/gdt.h"
#include "tests/guests/transcript/text.h"

#define SELECTOR(name)                                                       \
	static uint64_t name##_read(void)                                    \
	{                                                                    \
		uint64_t value;                                              \
                                                                             \
		asm volatile("mov %%" #name ", %k0" : "=r"(value));          \
		return value;                                                \
	}                                                                    \
	static void name##_write(uint64_t value)                             \
	{                                                                    \
		asm volatile("mov %k0, %%" #name : : "r"(value) : "memory"); \
	}

SELECTOR(ds)
SELECTOR(es)
SELECTOR(fs)
SELECTOR(gs)

static uint64_t efer_read(void)
{
	return msr_read(MSR_EFER);
}

static void efer_write(uint64_t value)
{
	msr_write(MSR_EFER, value);
}

static uint64_t ldtr_read(void)
{
	uint16_t value;

	asm volatile("sldt %0" : "=r"(value));
	return value;
}

static void ldtr_write(uint64_t value)
{
	ldt_load((uint16_t)value);
}

static uint64_t tr_read(void)
{
	uint16_t value;

	asm volatile("str %0" : "=r"(value));
	return value;
}

/* LTR wants an available TSS, and has made the one that we have been using busy. */
static void tr_write(uint64_t value)
{
	gdt_free_tss((unsigned)value);
	tr_load((uint16_t)value);
}

static uint64_t fs_base_read(void)
{
	return msr_read(MSR_FS_BASE);
}

static void fs_base_write(uint64_t value)
{
	msr_write(MSR_FS_BASE, value);
}

static uint64_t gs_base_read(void)
{
	return msr_read(MSR_GS_BASE);
}

static void gs_base_write(uint64_t value)
{
	msr_write(MSR_GS_BASE, value);
}

static uint64_t swapped_gs_base_read(void)
{
	return msr_read(MSR_KERNEL_GS_BASE);
}

static void swapped_gs_base_write(uint64_t value)
{
	msr_write(MSR_KERNEL_GS_BASE, value);
}

static bool has_xcr0(void)
{
	return cr4_read() & CR4_OSXSAVE;
}

static uint64_t xcr0_read_if(void)
{
	return has_xcr0() ? xcr0_read() : 0;
}

static void xcr0_write_if(uint64_t value)
{
	if (has_xcr0())
		xcr0_write(value);
}

static const struct {
	const char *name;
	uint64_t (*read)(void);
	void (*write)(uint64_t value);
} registers[] = {
	{"cr4", cr4_read, cr4_write},
	{"cr0", cr0_read, cr0_write},
	{"cr3", cr3_read, cr3_write},
	{"cr8", cr8_read, cr8_write},
	{"efer", efer_read, efer_write},
	{"xcr0", xcr0_read_if, xcr0_write_if},
	{"dr7", dr7_read, dr7_write},
	{"dr6", dr6_read, dr6_write},
	{"dr0", dr0_read, dr0_write},
	{"dr1", dr1_read, dr1_write},
	{"dr2", dr2_read, dr2_write},
	{"dr3", dr3_read, dr3_write},
	{"ldtr", ldtr_read, ldtr_write},
	{"tr", tr_read, tr_write},
	{"ds", ds_read, ds_write},
	{"es", es_read, es_write},
	{"fs", fs_read, fs_write},
	{"gs", gs_read, gs_write},
	{"fsbase", fs_base_read, fs_base_write},
	{"gsbase", gs_base_read, gs_base_write},
	{"kgsbase", swapped_gs_base_read, swapped_gs_base_write},
};
static_assert(ARRAY_SIZE(registers) <= STATE_MAX, "there is room");

void state_note(struct state *state)
{
	ds_write(SELECTOR_UDATA);
	es_write(SELECTOR_UDATA);
	fs_write(SELECTOR_UDATA);
	gs_write(SELECTOR_UDATA);
	for (unsigned i = 0; i < ARRAY_SIZE(registers); i++)
		state->value[i] = registers[i].read();
}

void state_restore(const struct state *state, struct text *text)
{
	for (unsigned i = 0; i < ARRAY_SIZE(registers); i++) {
		uint64_t now = registers[i].read();

		if (now == state->value[i])
			continue;
		if (registers[i].read == cr3_read)
			now ^= state->value[i]; /* where the guest was linked does not show */
		text_add(text, " %s=%lx", registers[i].name, now);
		registers[i].write(state->value[i]);
	}
}
