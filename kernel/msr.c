/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The MSRs that the kernel answers itself, by the list of lib/msr_policy.h. All others go to the VMM,
 * whose default is #GP. What VMLOAD and VMSAVE switch does not exit at all.
 */
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "kernel/cpu.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "lib/msr_policy.h"

enum { X2APIC_EOI = 0x80b, X2APIC_SELF_IPI = 0x83f };

/* Both answer as kernel_exit does, whose exit they end: by answer() or done(), or by refuse(). */
struct msr_row {
	uint32_t index;
	int64_t (*read)(struct vcpu *v);
	int64_t (*write)(struct vcpu *v, uint64_t value);
};

static inline int64_t done(const struct vcpu *v)
{
	return v->virt.exit.insn_len;
}

static inline int64_t answer(struct vcpu *v, uint64_t value)
{
	v->virt.gpr[GPR_RAX] = (uint32_t)value;
	v->virt.gpr[GPR_RDX] = value >> 32;
	return done(v);
}

/* #GP(0); nothing has changed. */
static __attribute__((noinline)) int64_t refuse(struct vcpu *v)
{
	vcpu_inject_gp(v);
	return 0;
}

static uint64_t guest_now(const struct vcpu *v)
{
	return vcpu_tsc_to_guest(v, tsc_read());
}

static int64_t tsc_get(struct vcpu *v)
{
	return answer(v, guest_now(v));
}

static int64_t tsc_move(struct vcpu *v, uint64_t delta)
{
	struct lapic_effect effect = {0};

	v->tsc_offset += delta;
	v->tsc_adjust += delta;
	machine.virt->set_tsc_offset(&v->virt, v->tsc_offset);
	lapic_tsc_moved(&v->lapic, (int64_t)delta, &effect);
	vcpu_timer_update(v);
	return done(v);
}

static int64_t tsc_set(struct vcpu *v, uint64_t value)
{
	return tsc_move(v, value - guest_now(v));
}

static int64_t tsc_adjust_get(struct vcpu *v)
{
	return answer(v, v->tsc_adjust);
}

static int64_t tsc_adjust_set(struct vcpu *v, uint64_t value)
{
	return tsc_move(v, value - v->tsc_adjust);
}

static int64_t apic_base_get(struct vcpu *v)
{
	return answer(v, lapic_base_read(&v->lapic));
}

static int64_t apic_base_set(struct vcpu *v, uint64_t value)
{
	struct lapic_effect effect = {0};

	if (!lapic_base_write(&v->lapic, value, cpu_features.phys_bits, &effect))
		return refuse(v);
	v->frame->lapic_page = v->lapic.page;
	vcpu_apply_effect(v, &effect);
	vcpu_pend_local(v, PEND_INTERRUPT);
	return done(v);
}

static int64_t tsc_deadline_get(struct vcpu *v)
{
	return answer(v, lapic_tsc_deadline_read(&v->lapic));
}

static int64_t tsc_deadline_set(struct vcpu *v, uint64_t value)
{
	struct lapic_effect effect;

	effect.kinds = 0;
	lapic_tsc_deadline_write(&v->lapic, value, guest_now(v), &effect);
	if (effect.kinds)
		vcpu_timer_update(v);
	vcpu_check_lapic(v);
	return done(v);
}

static int64_t pat_get(struct vcpu *v)
{
	return answer(v, machine.virt->pat(&v->virt));
}

/* SDM 3A 12.12.2 "IA32_PAT MSR": types 2, 3 and anything above 7 are reserved. */
static int64_t pat_set(struct vcpu *v, uint64_t value)
{
	for (unsigned i = 0; i < 8; i++) {
		unsigned type = value >> (8 * i) & 0xff;

		if (type > 7 || type == 2 || type == 3)
			return refuse(v);
	}
	machine.virt->set_pat(&v->virt, value);
	return done(v);
}

static int64_t efer_get(struct vcpu *v)
{
	return answer(v, v->virt.efer);
}

/* APM2 3.1.7 "Extended Feature Enable Register (EFER)"; LMA is the processor's, LME is fixed while paging. */
static int64_t efer_set(struct vcpu *v, uint64_t value)
{
	uint64_t old = v->virt.efer;
	uint64_t allowed = EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE;

	if (value & ~allowed)
		return refuse(v);
	if ((value ^ old) & EFER_LME && machine.virt->cr0(&v->virt) & CR0_PG)
		return refuse(v);
	machine.virt->set_efer(&v->virt, (value & ~(uint64_t)EFER_LMA) | (old & EFER_LMA));
	return done(v);
}

static int64_t tsc_aux_get(struct vcpu *v)
{
	return cpu_features.rdtscp ? answer(v, v->tsc_aux) : refuse(v);
}

static int64_t tsc_aux_set(struct vcpu *v, uint64_t value)
{
	if (!cpu_features.rdtscp || value >> 32)
		return refuse(v);
	v->tsc_aux = value;
	msr_write(MSR_TSC_AUX, value);
	return done(v);
}

#define ROW(index, name, function, writes) {index, function##_get, function##_set},
static const struct msr_row rows[] = {MSR_POLICY_KERNEL(ROW)};
#undef ROW

static inline const struct msr_row *row_find(uint32_t index)
{
	for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
		if (rows[i].index == index)
			return &rows[i];
	return NULL;
}

static inline bool is_x2apic(uint32_t index)
{
	return index - MSR_X2APIC_FIRST <= MSR_X2APIC_LAST - MSR_X2APIC_FIRST;
}

static int64_t x2apic_read(struct vcpu *v, uint32_t index)
{
	uint64_t value;

	if (lapic_msr_read_plain(&v->lapic, index, &value))
		return answer(v, value);
	if (!vcpu_read_x2apic(v, index, &value))
		return refuse(v);
	return answer(v, value);
}

static int64_t x2apic_write(struct vcpu *v, uint32_t index, uint64_t value)
{
	struct lapic_effect effect;

	effect.kinds = 0;
	if (!lapic_msr_write(&v->lapic, index, value, guest_now(v), &effect))
		return refuse(v);
	if (effect.kinds)
		vcpu_apply_effect(v, &effect);
	vcpu_check_lapic(v);
	return done(v);
}

/* By far the most frequent write takes the shortest way. */
static int64_t x2apic_eoi(struct vcpu *v, uint64_t value)
{
	struct lapic *l = &v->lapic;

	if (__builtin_expect(value || l->mode != LAPIC_X2APIC || !lapic_eoi_edge(l), 0))
		return x2apic_write(v, X2APIC_EOI, value);
	if (__builtin_expect(lapic_may_deliver(l), 0))
		vcpu_pend_local(v, PEND_INTERRUPT);
	return done(v);
}

/* A vector to oneself is no message; what it does not take, the general way refuses. */
static int64_t x2apic_self_ipi(struct vcpu *v, uint64_t value)
{
	struct lapic *l = &v->lapic;

	if (__builtin_expect(l->mode != LAPIC_X2APIC || !lapic_raise_self(l, value), 0))
		return x2apic_write(v, X2APIC_SELF_IPI, value);
	vcpu_look_at_irr(v);
	return done(v);
}

int64_t vcpu_msr_read(struct vcpu *v)
{
	uint32_t index = (uint32_t)v->virt.gpr[GPR_RCX];
	const struct msr_row *row;

	if (__builtin_expect(!v->virt.exit.insn_len, 0))
		return vcpu_upcall_length(v);
	if (is_x2apic(index))
		return x2apic_read(v, index);
	row = row_find(index);
	if (!row)
		return vcpu_upcall_msr(v);
	return row->read(v);
}

int64_t vcpu_msr_write(struct vcpu *v)
{
	uint32_t index = (uint32_t)v->virt.gpr[GPR_RCX];
	uint64_t value = v->virt.gpr[GPR_RDX] << 32 | (uint32_t)v->virt.gpr[GPR_RAX];
	const struct msr_row *row;

	if (__builtin_expect(!v->virt.exit.insn_len, 0))
		return vcpu_upcall_length(v);
	if (index == X2APIC_EOI)
		return x2apic_eoi(v, value);
	if (index == X2APIC_SELF_IPI)
		return x2apic_self_ipi(v, value);
	if (is_x2apic(index))
		return x2apic_write(v, index, value);
	row = row_find(index);
	if (!row)
		return vcpu_upcall_msr(v);
	return row->write(v, value);
}
