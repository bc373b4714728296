/* SPDX-License-Identifier: BSD-2-Clause */
/* Runtime services of the firmware: UEFI 2.10 chapter 8; the way to call them: 2.3.4 "x64 Platforms". */
#include "kernel/efi.h"

#include "abi/layout.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/regs.h"
#include "arch/x86_64/ring3_call.h"
#include "arch/x86_64/user_copy.h"
#include "arch/x86_64/vectors.h"
#include "boot/boot_info.h"
#include "boot/option.h"
#include "drivers/tsc.h"
#include "drivers/uart.h"
#include "kernel/cpu.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "lib/string.h"

enum {
	STACK_SIZE = 32 * 1024,
	/* Microsoft's x64 calling convention: a home for four registers above the return address. */
	HOME_SIZE = 32,
	TIME_PATIENCE_US = 2 * 1000 * 1000,
	RESET_PATIENCE_US = 10 * 1000 * 1000,
	OPCODE_CLI = 0xfa,
	OPCODE_STI = 0xfb,
};

/*
 * Above all that firmware can have at its physical addresses; the return leads to a page that is not there.
 */
#define STACK_TOP    (USER_END - MIB(1))
#define RETURN_TO    (USER_END - PAGE_SIZE)
#define REGIONS_END  (USER_END - MIB(2))
#define ANSWER_SPACE 256 /* at the stack's top, for what a service writes */

static struct {
	bool usable;
	struct page_space space;
	struct ring3_call *call;
	uint8_t *stack;
	struct efi_services services;
	const char *service; /* that runs */
	uint64_t deadline;   /* TSC */
} efi;

static const struct boot_runtime *region_of(hpa_t pa, size_t size)
{
	for (uint32_t i = 0; i < machine.boot->runtime_count; i++) {
		const struct boot_runtime *region = &machine.boot->runtime[i];

		if (pa >= region->start && pa < region->end && size <= region->end - pa)
			return region;
	}
	return NULL;
}

static bool is_runtime(hpa_t pa, size_t size, bool code)
{
	const struct boot_runtime *region = region_of(pa, size);

	return region && (!code || region->kind == BOOT_RUNTIME_CODE);
}

static const char *map_region(const struct boot_runtime *region)
{
	static const unsigned prots[] = {
		[BOOT_RUNTIME_CODE] = PAGE_EXEC,
		[BOOT_RUNTIME_DATA] = PAGE_WRITE,
		[BOOT_RUNTIME_IO] = PAGE_WRITE | PAGE_CACHE_UC,
	};

	if (region->end > REGIONS_END)
		return "a region lies above the lower half of the address space";
	/* It would reach what we give to partitions: two maps of one firmware that do not agree. */
	if (boot_has_ram(machine.boot, region->start, region->end))
		return "a region lies in memory that the map says is free";
	switch (page_map(&efi.space, region->start, region->start, region->end - region->start,
			 PAGE_USER | PAGE_READ | prots[region->kind])) {
	case ERR_NONE:
		return NULL;
	case ERR_EXIST:
		return "two regions overlap";
	default:
		return "no memory for their page tables";
	}
}

static const char *map_stack(void)
{
	efi.stack = page_pool_alloc_block(&kernel_heap, STACK_SIZE / PAGE_SIZE);
	efi.call = page_pool_alloc_block(&kernel_heap, RING3_CALL_PAGES);
	if (!efi.stack || !efi.call ||
	    page_map(&efi.space, STACK_TOP - STACK_SIZE, page_pool_pa(&kernel_heap, efi.stack),
		     STACK_SIZE, PAGE_USER | PAGE_READ | PAGE_WRITE))
		return "no memory for their stack";
	ring3_call_init(efi.call);
	return NULL;
}

static const char *make_space(void)
{
	const char *wrong = NULL;

	if (user_space_init(&efi.space, &kernel_heap))
		return "no memory for their page tables";
	for (uint32_t i = 0; i < machine.boot->runtime_count && !wrong; i++)
		wrong = map_region(&machine.boot->runtime[i]);
	wrong = wrong ? wrong : map_stack();
	if (wrong)
		page_space_free(&efi.space);
	return wrong;
}

static const char *find_services(void)
{
	static const struct efi_source source = {.map = firmware_map, .is_runtime = is_runtime};
	const struct boot_info *boot = machine.boot;

	if (boot_option_is(boot, "efi", "off"))
		return "efi=off";
	if (!boot->runtime_count)
		return "the loader does not tell where they are";
	return efi_find_services(&source, boot->efi_system_table, &efi.services);
}

void efi_init(void)
{
	const char *wrong;

	if (!machine.boot->efi_system_table)
		return;
	wrong = find_services();
	wrong = wrong ? wrong : make_space();
	efi.usable = !wrong;
	if (wrong)
		log_print(LOG_WARNING, "efi: runtime services are not used: %s", wrong);
	else
		log_print(LOG_INFO, "efi: UEFI %u.%u, runtime services in %u regions",
			  efi.services.major, efi.services.minor / 10, machine.boot->runtime_count);
}

/* What the service gets, and gives back, in memory. */
static void *answer_space(void)
{
	return efi.stack + STACK_SIZE - ANSWER_SPACE;
}

/* False if it failed; else its EFI_STATUS. */
static bool call(const char *service, hpa_t function, struct trap_gprs args, uint64_t patience_us,
		 uint64_t *status)
{
	struct cpu *cpu = this_cpu();
	const struct page_space *space = cpu->space;
	/* RSP + 8 is a multiple of 16 at a function's entry. */
	const uint64_t top = STACK_SIZE - ANSWER_SPACE - HOME_SIZE - sizeof(uint64_t);
	const struct ring3_state state = {
		.gprs = args,
		.rip = function,
		.rsp = STACK_TOP - STACK_SIZE + top,
	};

	*(uint64_t *)(efi.stack + top) = RETURN_TO;
	efi.service = service;
	efi.deadline = tsc_read() + us_to_tsc(patience_us);
	cpu->in_firmware = true;
	cpu_use_space(&efi.space);
	apic_timer_arm(efi.deadline);
	*status = ring3_call(efi.call, &state);
	apic_timer_stop();
	cpu->armed = DEADLINE_NONE;
	cpu_use_space(space);
	cpu->in_firmware = false;
	return efi.usable;
}

bool efi_time(uint64_t *seconds)
{
	struct trap_gprs args = {.rcx = STACK_TOP - ANSWER_SPACE};
	struct efi_time time;
	uint64_t status;

	if (!efi.usable)
		return false;
	memset(answer_space(), 0, sizeof(time));
	if (!call("GetTime", efi.services.get_time, args, TIME_PATIENCE_US, &status))
		return false;
	if (status) {
		log_print(LOG_WARNING, "efi: GetTime answers 0x%lx", status);
		return false;
	}
	memcpy(&time, answer_space(), sizeof(time));
	return efi_time_seconds(&time, seconds);
}

void efi_reset(enum efi_reset_type type)
{
	struct trap_gprs args = {.rcx = type};
	uint64_t status;

	if (efi.usable &&
	    call("ResetSystem", efi.services.reset_system, args, RESET_PATIENCE_US, &status))
		log_print(LOG_WARNING, "efi: ResetSystem comes back");
}

static noreturn void fail(const char *why, uint64_t rip, uint64_t address)
{
	log_print(LOG_ERROR, "efi: %s: %s at rip 0x%lx, address 0x%lx: not used any more",
		  efi.service, why, rip, address);
	efi.usable = false;
	ring3_call_end(efi.call, 0);
}

/* Code regions hold their programs' data, too: a page there becomes what is wanted of it. */
static bool change_page(uint64_t address, uint64_t error)
{
	const struct boot_runtime *region = region_of(address, 1);
	uint64_t page = ALIGN_DOWN(address, PAGE_SIZE);
	unsigned prot = error & PAGE_FAULT_W ? PAGE_WRITE : PAGE_EXEC;

	if (!region || region->kind != BOOT_RUNTIME_CODE || !(error & PAGE_FAULT_P) ||
	    !(error & (PAGE_FAULT_W | PAGE_FAULT_I)))
		return false;
	if (page_protect(&efi.space, page, PAGE_SIZE, PAGE_USER | PAGE_READ | prot))
		return false;
	tlb_invalidate(page);
	return true;
}

/* CLI and STI do nothing: whoever runs too long must be stopped. */
static bool skip_flag(struct trap_frame *frame)
{
	uint8_t opcode;

	if (!user_copy_in(&opcode, frame->rip, 1) || (opcode != OPCODE_CLI && opcode != OPCODE_STI))
		return false;
	frame->rip++;
	return true;
}

void efi_fault(struct trap_frame *frame, const char *name, uint64_t address)
{
	if (frame->vector == EXCEPTION_PF && frame->rip == RETURN_TO && address == RETURN_TO)
		ring3_call_end(efi.call, frame->gprs.rax);
	if (frame->vector == EXCEPTION_PF && change_page(address, frame->error))
		return;
	if (frame->vector == EXCEPTION_GP && skip_flag(frame))
		return;
	fail(name, frame->rip, address);
}

void efi_interrupt(struct trap_frame *frame, unsigned vector)
{
	if (vector == VECTOR_UART)
		uart_interrupt();
	if (apic_vector_in_service((uint8_t)vector))
		apic_eoi();
	if (vector != VECTOR_TIMER)
		return;
	if (tsc_read() >= efi.deadline)
		fail("does not come back", frame->rip, 0);
	apic_timer_arm(efi.deadline);
}
