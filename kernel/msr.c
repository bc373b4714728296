/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MSRs that the kernel answers itself, in one table. All others go to the VMM, whose default is
 * #GP. What VMLOAD and VMSAVE switch does not exit at all.
 */
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"
#include "kernel/partition.h"

enum { X2APIC_FIRST = 0x800, X2APIC_COUNT = 0x100 };

/* Both answer false for #GP(0), with nothing changed. */
struct msr_row {
	uint32_t index;
	bool (*read)(struct vcpu *v, uint64_t *value);
	bool (*write)(struct vcpu *v, uint64_t value);
};

static uint64_t guest_now(const struct vcpu *v)
{
	return vcpu_tsc_to_guest(v, tsc_read());
}

static bool tsc_get(struct vcpu *v, uint64_t *value)
{
	*value = guest_now(v);
	return true;
}

static void tsc_move(struct vcpu *v, uint64_t delta)
{
	struct lapic_effect effect = {0};

	v->tsc_offset += delta;
	v->tsc_adjust += delta;
	machine.virt->set_tsc_offset(&v->virt, v->tsc_offset);
	lapic_tsc_moved(&v->lapic, (int64_t)delta, &effect);
	vcpu_timer_update(v);
}

static bool tsc_set(struct vcpu *v, uint64_t value)
{
	tsc_move(v, value - guest_now(v));
	return true;
}

static bool tsc_adjust_get(struct vcpu *v, uint64_t *value)
{
	*value = v->tsc_adjust;
	return true;
}

static bool tsc_adjust_set(struct vcpu *v, uint64_t value)
{
	tsc_move(v, value - v->tsc_adjust);
	return true;
}

static bool apic_base_get(struct vcpu *v, uint64_t *value)
{
	*value = lapic_base_read(&v->lapic);
	return true;
}

static bool apic_base_set(struct vcpu *v, uint64_t value)
{
	struct lapic_effect effect = {0};

	if (!lapic_base_write(&v->lapic, value, cpu_features.phys_bits, &effect))
		return false;
	vcpu_apply_effect(v, &effect);
	vcpu_pend_local(v, PEND_INTERRUPT);
	return true;
}

static bool deadline_get(struct vcpu *v, uint64_t *value)
{
	*value = lapic_tsc_deadline_read(&v->lapic);
	return true;
}

static bool deadline_set_msr(struct vcpu *v, uint64_t value)
{
	struct lapic_effect effect = {0};

	lapic_tsc_deadline_write(&v->lapic, value, guest_now(v), &effect);
	vcpu_apply_effect(v, &effect);
	vcpu_pend_local(v, PEND_INTERRUPT);
	return true;
}

static bool pat_get(struct vcpu *v, uint64_t *value)
{
	*value = machine.virt->pat(&v->virt);
	return true;
}

/* SDM 3A 12.12.2 "IA32_PAT MSR": types 2, 3 and anything above 7 are reserved. */
static bool pat_set(struct vcpu *v, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		unsigned type = value >> (8 * i) & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	machine.virt->set_pat(&v->virt, value);
	return true;
}

static bool efer_get(struct vcpu *v, uint64_t *value)
{
	*value = machine.virt->efer(&v->virt);
	return true;
}

/* APM2 3.1.7 "Extended Feature Enable Register (EFER)"; LMA is the processor's, LME is fixed while paging. */
static bool efer_set(struct vcpu *v, uint64_t value)
{
	uint64_t old = machine.virt->efer(&v->virt);
	uint64_t allowed = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;

	if (value & ~allowed)
		return false;
	if ((value ^ old) & EFER_LME && machine.virt->cr0(&v->virt) & CR0_PG)
		return false;
	machine.virt->set_efer(&v->virt, (value & ~(uint64_t)EFER_LMA) | (old & EFER_LMA));
	return true;
}

static bool tsc_aux_get(struct vcpu *v, uint64_t *value)
{
	*value = v->tsc_aux;
	return cpu_features.rdtscp;
}

static bool tsc_aux_set(struct vcpu *v, uint64_t value)
{
	if (!cpu_features.rdtscp || value >> 32)
		return false;
	v->tsc_aux = value;
	msr_write(MSR_TSC_AUX, value);
	return true;
}

/* Searched from the front: the hot ones first. */
static const struct msr_row rows[] = {
	{MSR_TSC_DEADLINE, deadline_get, deadline_set_msr},
	{MSR_EFER, efer_get, efer_set},
	{MSR_TSC, tsc_get, tsc_set},
	{MSR_APIC_BASE, apic_base_get, apic_base_set},
	{MSR_TSC_ADJUST, tsc_adjust_get, tsc_adjust_set},
	{MSR_PAT, pat_get, pat_set},
	{MSR_TSC_AUX, tsc_aux_get, tsc_aux_set},
};

static const struct msr_row *row_find(uint32_t index)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].index == index)
			return &rows[i];
	return NULL;
}

static inline bool is_x2apic(uint32_t index)
{
	return index - X2APIC_FIRST < X2APIC_COUNT;
}

static enum vcpu_action finish_read(struct vcpu *v, bool good, uint64_t value)
{
	if (!good) {
		vcpu_inject_gp(v);
		return VCPU_RESUME;
	}
	v->virt.gpr[GPR_RAX] = (uint32_t)value;
	v->virt.gpr[GPR_RDX] = value >> 32;
	machine.virt->skip(&v->virt, v->virt.exit.insn_len);
	return VCPU_RESUME;
}

enum vcpu_action vcpu_msr_read(struct vcpu *v)
{
	uint32_t index = (uint32_t)v->virt.gpr[GPR_RCX];
	const struct msr_row *row = NULL;
	uint64_t value = 0;
	bool good;

	if (!v->virt.exit.insn_len)
		vcpu_upcall_length(v);
	if (!is_x2apic(index)) {
		row = row_find(index);
		if (!row)
			vcpu_upcall(v, EXIT_MSR);
	}
	if (!row)
		good = lapic_msr_read(&v->lapic, index, guest_now(v), &value);
	else
		good = row->read(v, &value);
	return finish_read(v, good, value);
}

static bool x2apic_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	struct lapic_effect effect = {0};

	if (!lapic_msr_write(&v->lapic, index, value, guest_now(v), &effect))
		return false;
	if (effect.kinds)
		vcpu_apply_effect(v, &effect);
	vcpu_check_lapic(v);
	return true;
}

enum vcpu_action vcpu_msr_write(struct vcpu *v)
{
	uint32_t index = (uint32_t)v->virt.gpr[GPR_RCX];
	uint64_t value = v->virt.gpr[GPR_RDX] << 32 | (uint32_t)v->virt.gpr[GPR_RAX];
	const struct msr_row *row = NULL;
	bool good;

	if (!v->virt.exit.insn_len)
		vcpu_upcall_length(v);
	if (!is_x2apic(index)) {
		row = row_find(index);
		if (!row)
			vcpu_upcall(v, EXIT_MSR);
	}
	if (!row)
		good = x2apic_write(v, index, value);
	else
		good = row->write(v, value);
	if (good)
		machine.virt->skip(&v->virt, v->virt.exit.insn_len);
	else
		vcpu_inject_gp(v);
	return VCPU_RESUME;
}
