/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * VMX's own instructions, one a function: SDM 3C 31 "VMX Instruction Reference". They fail by flags
 * only if we misuse them, which is a mistake of ours: a panic that names it.
 */
#pragma once

#include "arch/x86_64/vmx/vmcs.h"

/* Out of line, so that the success costs one branch. */
noreturn void vmx_insn_failed(const char *name, uint64_t operand);

static inline void vmx_on(hpa_t region)
{
	bool failed;

	asm volatile("vmxon %1" : "=@ccbe"(failed) : "m"(region) : "memory");
	if (__builtin_expect(failed, 0))
		vmx_insn_failed("VMXON", region);
}

static inline void vmx_off(void)
{
	bool failed;

	asm volatile("vmxoff" : "=@ccbe"(failed) : : "memory");
	if (__builtin_expect(failed, 0))
		vmx_insn_failed("VMXOFF", 0);
}

static inline void vmx_clear(hpa_t vmcs)
{
	bool failed;

	asm volatile("vmclear %1" : "=@ccbe"(failed) : "m"(vmcs) : "memory");
	if (__builtin_expect(failed, 0))
		vmx_insn_failed("VMCLEAR", vmcs);
}

static inline void vmx_ptrld(hpa_t vmcs)
{
	bool failed;

	asm volatile("vmptrld %1" : "=@ccbe"(failed) : "m"(vmcs) : "memory");
	if (__builtin_expect(failed, 0))
		vmx_insn_failed("VMPTRLD", vmcs);
}

static inline uint64_t vmx_read(uint64_t field)
{
	uint64_t value;
	bool failed;

	asm volatile("vmread %2, %0" : "=r"(value), "=@ccbe"(failed) : "r"(field));
	if (__builtin_expect(failed, 0))
		vmx_insn_failed("VMREAD", field);
	return value;
}

/*
 * These two for where it is certain that the VMCS is current, as after an exit: then a field that exists can
 * be read and written.
 */
static inline uint64_t vmx_read_live(uint64_t field)
{
	uint64_t value;

	asm volatile("vmread %1, %0" : "=r"(value) : "r"(field) : "cc");
	return value;
}

static inline void vmx_write_live(uint64_t field, uint64_t value)
{
	asm volatile("vmwrite %0, %1" : : "r"(value), "r"(field) : "cc", "memory");
}

static inline uint32_t vmx_read32(uint64_t field)
{
	return (uint32_t)vmx_read(field);
}

static inline void vmx_write(uint64_t field, uint64_t value)
{
	bool failed;

	asm volatile("vmwrite %1, %2" : "=@ccbe"(failed) : "r"(value), "r"(field) : "memory");
	if (__builtin_expect(failed, 0))
		vmx_insn_failed("VMWRITE", field);
}

enum vmx_invalidation { VMX_INVALIDATE_SINGLE = 1, VMX_INVALIDATE_ALL = 2 };

/* SDM 3C "INVEPT": translations that came of one EPT pointer, or all. */
static inline void vmx_invept(enum vmx_invalidation type, uint64_t eptp)
{
	const struct {
		uint64_t eptp, reserved;
	} descriptor = {.eptp = eptp};
	bool failed;

	asm volatile("invept %1, %2"
		     : "=@ccbe"(failed)
		     : "m"(descriptor), "r"((uint64_t)type)
		     : "memory");
	if (__builtin_expect(failed, 0))
		vmx_insn_failed("INVEPT", eptp);
}

/* SDM 3C "INVVPID": linear and combined translations of one VPID, or of all but 0. */
static inline void vmx_invvpid(enum vmx_invalidation type, uint16_t vpid)
{
	const struct {
		uint64_t vpid, linear;
	} descriptor = {.vpid = vpid};
	bool failed;

	asm volatile("invvpid %1, %2"
		     : "=@ccbe"(failed)
		     : "m"(descriptor), "r"((uint64_t)type)
		     : "memory");
	if (__builtin_expect(failed, 0))
		vmx_insn_failed("INVVPID", vpid);
}

/*
 * After an NMI exit NMIs are blocked: the handler's IRET opens them, as if it had been delivered.
 */
static inline void vmx_take_nmi(void)
{
	asm volatile("int $2" : : : "memory");
}
