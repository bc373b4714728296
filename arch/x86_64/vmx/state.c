/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's registers but for segments between the VMCS and a frame; what is the host's is forced
 * here.
 */
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/gprs.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/vmx/vcpu.h"
#include "lib/string.h"

/* What a guest's EFER and RFLAGS may hold. */
#define EFER_GUEST_MASK	  (EFER_SCE | EFER_LME | EFER_NXE)
#define RFLAGS_GUEST_MASK (BITS(21, 0) & ~(BIT(15) | BIT(5) | BIT(3)))

/*
 * Loading these of CR4 invalidates translations: SDM 3A 4.10.4.1 "Operations that Invalidate TLBs
 * and Paging-Structure Caches"; and whatever else the walk depends on.
 */
#define CR4_WALK \
	(CR4_PSE | CR4_PAE | CR4_PGE | CR4_LA57 | CR4_PCIDE | CR4_SMEP | CR4_SMAP | CR4_PKE)

const uint32_t vmx_eager_msr[VMX_EAGER_COUNT] = {MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_SFMASK,
						 MSR_KERNEL_GS_BASE};

uint64_t vmx_cr0(const struct virt_vcpu *v)
{
	return (vmx_read_live(VMCS_GUEST_CR0) & ~VMX_CR0_MASK) |
	       (vmx_of(v)->cr0_shadow & VMX_CR0_MASK);
}

uint64_t vmx_cr4(const struct virt_vcpu *v)
{
	return (vmx_read_live(VMCS_GUEST_CR4) & ~VMX_CR4_MASK) |
	       (vmx_of(v)->cr4_shadow & VMX_CR4_MASK);
}

static bool pae_paging(const struct virt_vcpu *v)
{
	const struct vmx_vcpu *x = vmx_of(v);

	return (x->cr0_shadow & CR0_PG) && (x->cr4_shadow & CR4_PAE) && !(v->efer & EFER_LMA);
}

static void ip_get(const struct vmx_vcpu *x, struct frame *frame)
{
	uint32_t blocked = (uint32_t)vmx_read_live(VMCS_GUEST_INTERRUPTIBILITY);

	frame->rip = x->rip;
	frame->rflags = x->rflags;
	frame->shadow = (blocked & VMX_BLOCKED_BY_STI ? SHADOW_STI : 0) |
			(blocked & VMX_BLOCKED_BY_MOV_SS ? SHADOW_MOV_SS : 0) |
			(blocked & VMX_BLOCKED_BY_NMI ? SHADOW_NMI : 0);
}

/*
 * One of the two at most, and STI's only with IF: SDM 3C 27.3.1.5 "Checks on Guest Non-Register
 * State".
 */
static uint32_t blocking(uint32_t shadow, uint64_t rflags)
{
	uint32_t blocked = shadow & SHADOW_NMI ? VMX_BLOCKED_BY_NMI : 0;

	if (shadow & SHADOW_MOV_SS)
		blocked |= VMX_BLOCKED_BY_MOV_SS;
	else if ((shadow & SHADOW_STI) && (rflags & RFLAGS_IF))
		blocked |= VMX_BLOCKED_BY_STI;
	return blocked;
}

/*
 * A single step that the shadow holds back must be pending, and none without: likewise there. A
 * breakpoint that was met before stays.
 */
static void ip_put(struct vmx_vcpu *x, const struct frame *frame)
{
	uint64_t was = vmx_read_live(VMCS_GUEST_PENDING_DEBUG);
	uint64_t pending = was & ~(uint64_t)VMX_PENDING_DEBUG_BS;
	uint32_t blocked;

	vmx_set_rip(x, frame->rip);
	vmx_set_rflags(x, (frame->rflags & RFLAGS_GUEST_MASK) | RFLAGS_FIXED);
	blocked = blocking(frame->shadow, x->rflags);
	if ((blocked & VMX_BLOCKED_BY_SHADOW) && (x->rflags & RFLAGS_TF))
		pending |= VMX_PENDING_DEBUG_BS;
	vmx_write(VMCS_GUEST_INTERRUPTIBILITY, blocked);
	if (__builtin_expect(pending != was, 0))
		vmx_write(VMCS_GUEST_PENDING_DEBUG, pending);
}

uint8_t vmx_cpl(const struct virt_vcpu *v)
{
	(void)v;
	return (uint8_t)(vmx_read_live(VMCS_SEGMENT(VMCS_GUEST_ACCESS, SEG_SS)) >> 5 & 3);
}

static void control_get(const struct virt_vcpu *v, struct frame_control *to)
{
	to->cr0 = vmx_cr0(v);
	to->cr2 = v->cr2;
	to->cr3 = vmx_read_live(VMCS_GUEST_CR3);
	to->cr4 = vmx_cr4(v);
	to->cr8 = v->cr8;
	to->efer = v->efer;
	to->cpl = vmx_cpl(v);
	if (__builtin_expect(!pae_paging(v), 1))
		return;
	for (unsigned i = 0; i < 4; i++)
		to->pdptr[i] = vmx_read_live(VMCS_GUEST_PDPTE0 + 2 * i);
}

/* What no processor would ever hold. */
static bool control_legal(const struct frame_control *c)
{
	bool paging = c->cr0 & CR0_PG;

	if (c->cr0 >> 32 || (paging && !(c->cr0 & CR0_PE)) || c->cr3 >> cpu_features.phys_bits)
		return false;
	if (c->cr4 & ~vmx_capability.cr4_fixed1 || c->cr4 & CR4_VMXE)
		return false;
	return !paging || !(c->efer & EFER_LME) || (c->cr4 & CR4_PAE);
}

/*
 * NE is demanded by VMX, CD and NW would reach other guests' memory, and machine checks are the
 * host's.
 */
static void cr0_put(struct vmx_vcpu *x, uint64_t value)
{
	x->cr0_shadow = value;
	vmx_write(VMCS_CR0_SHADOW, value);
	vmx_write(VMCS_GUEST_CR0, (value & ~(uint64_t)(CR0_CD | CR0_NW)) | CR0_NE | CR0_ET);
}

static void cr4_put(struct vmx_vcpu *x, uint64_t value)
{
	x->cr4_shadow = value;
	vmx_write(VMCS_CR4_SHADOW, value);
	vmx_write(VMCS_GUEST_CR4, value | CR4_VMXE | CR4_MCE);
}

/* Long mode is active when it is enabled and paging is on; the entry control says the same. */
static void efer_put(struct virt_vcpu *v, uint64_t value)
{
	struct vmx_vcpu *x = vmx_of(v);
	bool active = (value & EFER_LME) && (x->cr0_shadow & CR0_PG);
	uint64_t efer = (value & EFER_GUEST_MASK) | (active ? EFER_LMA : 0);
	uint32_t entry = active ? x->entry | VMX_ENTRY_LONG_MODE
				: x->entry & ~(uint32_t)VMX_ENTRY_LONG_MODE;

	if ((efer ^ v->efer) & (EFER_NXE | EFER_LMA))
		x->flush_linear = true;
	v->efer = efer;
	x->entry = entry;
	vmx_write(VMCS_GUEST_EFER, efer);
	vmx_write(VMCS_ENTRY_CONTROLS, entry);
}

void vmx_set_efer(struct virt_vcpu *v, uint64_t value)
{
	efer_put(v, value);
}

/* CR8 is the local APIC's: it changes by CALL_LAPIC_WRITE only. */
static bool control_put(struct virt_vcpu *v, const struct frame_control *from)
{
	const struct frame_control c = *from;
	struct vmx_vcpu *x = vmx_of(v);

	if (!control_legal(&c))
		return false;
	if (((c.cr0 ^ vmx_cr0(v)) & (CR0_PG | CR0_WP)) || ((c.cr4 ^ vmx_cr4(v)) & CR4_WALK) ||
	    c.cr3 != vmx_read(VMCS_GUEST_CR3))
		x->flush_linear = true;
	v->cr2 = c.cr2;
	cr0_put(x, c.cr0);
	cr4_put(x, c.cr4);
	efer_put(v, c.efer);
	vmx_write(VMCS_GUEST_CR3, c.cr3);
	for (unsigned i = 0; i < 4 && pae_paging(v); i++)
		vmx_write(VMCS_GUEST_PDPTE0 + 2 * i, c.pdptr[i]);
	return true;
}

static uint64_t *system_field(struct frame_system *system, unsigned eager)
{
	uint64_t *const members[VMX_EAGER_COUNT] = {&system->star, &system->lstar, &system->cstar,
						    &system->sfmask, &system->kernel_gs_base};

	return members[eager];
}

/* The loaded vCPU's are in the processor. */
static void system_get(const struct virt_vcpu *v, struct frame_system *to)
{
	for (unsigned i = 0; i < VMX_EAGER_COUNT; i++)
		*system_field(to, i) = msr_read(vmx_eager_msr[i]);
	to->sysenter_cs = vmx_read(VMCS_GUEST_SYSENTER_CS);
	to->sysenter_esp = vmx_read(VMCS_GUEST_SYSENTER_ESP);
	to->sysenter_eip = vmx_read(VMCS_GUEST_SYSENTER_EIP);
	to->pat = vmx_of(v)->pat;
	to->dr6 = dr6_read();
	to->dr7 = vmx_read(VMCS_GUEST_DR7);
}

/* WRMSR and VM entry refuse addresses that are not canonical. */
static bool system_legal(const struct frame_system *s)
{
	const uint64_t addresses[] = {s->lstar, s->cstar, s->kernel_gs_base, s->sysenter_esp,
				      s->sysenter_eip};
	bool legal = !(s->sfmask >> 32);

	for (unsigned i = 0; i < ARRAY_SIZE(addresses); i++)
		legal = legal && (uint64_t)((int64_t)(addresses[i] << 16) >> 16) == addresses[i];
	return legal;
}

static bool system_put(struct virt_vcpu *v, const struct frame_system *from)
{
	struct frame_system s = *from;
	bool loaded = vmx_is_loaded(v);
	struct vmx_vcpu *x = vmx_of(v);

	if (!system_legal(&s))
		return false;
	for (unsigned i = 0; i < VMX_EAGER_COUNT; i++) {
		x->eager[i] = *system_field(&s, i);
		if (loaded)
			msr_write(vmx_eager_msr[i], x->eager[i]);
	}
	vmx_write(VMCS_GUEST_SYSENTER_CS, (uint32_t)s.sysenter_cs);
	vmx_write(VMCS_GUEST_SYSENTER_ESP, s.sysenter_esp);
	vmx_write(VMCS_GUEST_SYSENTER_EIP, s.sysenter_eip);
	vmx_write(VMCS_GUEST_PAT, x->pat = s.pat);
	vmx_write(VMCS_GUEST_DR7, (uint32_t)s.dr7);
	/* A set bit in the upper half of either is #GP. */
	x->dr6 = (uint32_t)s.dr6;
	if (loaded)
		dr6_write(x->dr6);
	return true;
}

/*
 * A VMCS that is not current here cannot be read: what was noted when it was unloaded, for a
 * debugger's eyes.
 */
static void get_noted(const struct vmx_vcpu *x, uint32_t groups, struct frame *frame)
{
	if (groups & GROUP_IP) {
		frame->rip = x->noted.rip;
		frame->rflags = x->noted.rflags;
		frame->shadow = x->noted.shadow;
	}
	if (groups & GROUP_CONTROL)
		frame->control = x->noted.control;
	if (groups & GROUP_CS)
		frame->seg[SEG_CS] = x->noted.seg[SEG_CS];
}

/* What an instruction fetch depends on, and no more: the hot case. */
static void fetch_get(const struct virt_vcpu *v, struct frame *frame)
{
	const struct vmx_vcpu *x = vmx_of(v);

	frame->rip = x->rip;
	frame->rflags = x->rflags;
	frame->control.cr0 = vmx_cr0(v);
	frame->control.cr3 = vmx_read_live(VMCS_GUEST_CR3);
	frame->control.cr4 = vmx_cr4(v);
	frame->control.efer = v->efer;
	frame->control.cpl = vmx_cpl(v);
	vmx_code_get(v, &frame->seg[SEG_CS]);
}

void vmx_get(struct virt_vcpu *v, uint32_t groups, struct frame *frame)
{
	const struct vmx_vcpu *x = vmx_of(v);

	if (groups & GROUP_GPR)
		gprs_copy(frame->gpr, v->gpr);
	if (!vmx_is_loaded(v)) {
		get_noted(x, groups, frame);
		return;
	}
	if ((groups & ~(uint32_t)GROUP_GPR) == GROUPS_FETCH) {
		fetch_get(v, frame);
		return;
	}
	if (groups & GROUP_IP)
		ip_get(x, frame);
	if (groups & GROUP_CONTROL)
		control_get(v, &frame->control);
	if (groups & GROUP_CS)
		vmx_segment_get(SEG_CS, &frame->seg[SEG_CS]);
	if (groups & GROUP_MEMORY)
		groups |= vmx_memory_get(v, frame);
	if (groups & GROUP_SEGMENT)
		vmx_segments_get(frame);
	if (groups & GROUP_SYSTEM)
		system_get(v, &frame->system);
}

void vmx_note(struct virt_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	ip_get(x, &x->noted);
	control_get(v, &x->noted.control);
	vmx_segment_get(SEG_CS, &x->noted.seg[SEG_CS]);
}

bool vmx_put(struct virt_vcpu *v, uint32_t groups, const struct frame *frame)
{
	struct vmx_vcpu *x = vmx_of(v);

	if (groups & GROUP_GPR)
		gprs_copy(v->gpr, frame->gpr);
	if (groups & GROUP_IP)
		ip_put(x, frame);
	if ((groups & GROUP_CONTROL) && !control_put(v, &frame->control))
		return false;
	if (groups & GROUP_SEGMENT)
		vmx_segments_put(x, frame);
	if (!(groups & GROUP_SYSTEM))
		return true;
	/* This group comes with INIT alone, which no event survives that waited for the entry. */
	vmx_write(VMCS_ENTRY_EVENT, 0);
	vmx_write(VMCS_GUEST_PENDING_DEBUG, 0);
	x->event = false;
	return system_put(v, &frame->system);
}

/* With the step's trap comes what a MOV SS before held back, which an injected exception drops. */
static void trap_step(struct virt_vcpu *v)
{
	static const struct frame_event debug = {.type = INJECT_EXCEPTION, .vector = EXCEPTION_DB};

	if (!(vmx_of(v)->rflags & RFLAGS_TF))
		return;
	dr6_write(dr6_read() | DR6_BS |
		  (vmx_read(VMCS_GUEST_PENDING_DEBUG) & VMX_PENDING_DEBUG_B0_B3));
	vmx_inject(v, &debug);
}

void vmx_step(struct virt_vcpu *v)
{
	struct vmx_vcpu *x = vmx_of(v);

	vmx_set_rflags(x, x->rflags & ~(uint64_t)RFLAGS_RF);
	trap_step(v);
}

/* Without a length RF stays: a repeated instruction goes on, or a jump has cleared it. */
void vmx_skip(struct virt_vcpu *v, uint32_t len)
{
	if (vmx_move_on(v, len))
		return;
	if (len)
		vmx_step(v);
	else
		trap_step(v);
}
