/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * THREATS I01: the fastest exits there are, for ever, on all of cpus=1, by kind=; A08, A09, A23: what a
 * processor might do slowly for all its CPUs; B04: caches off; I08: what keeps a bus or a cache busy without
 * any exit. wait=0: does not wait for the other CPUs to come.
 */
#include "arch/x86_64/insn.h"
#include "arch/x86_64/regs.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/vendor.h"
#include "tests/guests/lib/words.h"

enum { PORT_NOTHING = 0x1f0, MSR_NONE = 0x1234 };

static void storm_cpuid(void)
{
	cpuid(0, 0);
}

static bool has_vmcall; /* asked once: CPUID exits, too */

static void storm_call(void)
{
	uint64_t number = 0;

	if (has_vmcall)
		asm volatile("vmcall" : "+a"(number) : : "memory");
	else
		asm volatile("vmmcall" : "+a"(number) : : "memory");
}

static void storm_out(void)
{
	io_out8(PORT_NOTHING, 0);
}

static void storm_msr(void)
{
	msr_read(MSR_APIC);
}

static void read_nothing(void *unused)
{
	(void)unused;
	msr_read(MSR_NONE);
}

static void storm_fault(void)
{
	fault_of(read_nothing, NULL);
}

static void storm_mmio(void)
{
	apic_read(APIC_TPR);
}

static void storm_invd(void)
{
	asm volatile("invd" : : : "memory");
}

static void storm_wbinvd(void)
{
	cache_write_back_invalidate();
	asm volatile(".byte 0xf3, 0x0f, 0x09" : : : "memory"); /* WBNOINVD */
}

static void storm_post(void)
{
	io_out8(0x80, 0x80);
	io_out8(0x84, 0x84);
	io_out8(0xed, 0xed);
}

static void storm_cache_off(void)
{
	cr0_write(cr0_read() | CR0_CD);
	cr0_write(cr0_read() & ~(uint64_t)CR0_CD);
}

/* Two cache lines, and more of them than any cache is small. */
static uint8_t lines[1 << 16] __attribute__((aligned(64)));
static unsigned next_line;

static uint8_t *some_line(void)
{
	next_line = (next_line + 64) % (sizeof(lines) - 64);
	return &lines[next_line];
}

static void storm_flush(void)
{
	uint8_t *line = some_line();

	asm volatile("incl %0\n\tclflush %0" : "+m"(*line) : : "memory");
}

static void storm_split(void)
{
	uint32_t *across = (uint32_t *)(void *)(some_line() + 62);

	asm volatile("lock incl %0" : "+m"(*across) : : "memory");
}

/* The local APIC's DFR: the emulator does what LOCK asks for, and writes what is refused. */
static void storm_lock_mmio(void)
{
	asm volatile("lock incl %0"
		     : "+m"(*(volatile uint32_t *)(APIC_PAGE + APIC_DFR))
		     :
		     : "memory");
}

static void storm_stream(void)
{
	asm volatile("movnti %1, %0" : "=m"(*some_line()) : "r"(next_line) : "memory");
}

static const struct {
	const char *name;
	void (*exit)(void);
	bool open; /* to interrupts: no exits, and under SVM Bochs could not preempt it */
} kinds[] = {
	{"cpuid", storm_cpuid, false},
	{"call", storm_call, false},
	{"out", storm_out, false},
	{"msr", storm_msr, false},
	{"fault", storm_fault, false},
	{"mmio", storm_mmio, false},
	{"invd", storm_invd, false},
	{"wbinvd", storm_wbinvd, false},
	{"post", storm_post, false},
	{"cache-off", storm_cache_off, false},
	{"flush", storm_flush, true},
	{"split", storm_split, true},
	{"lock-mmio", storm_lock_mmio, false},
	{"stream", storm_stream, true},
};

static void storm(void *kind)
{
	void (*exit)(void) = kinds[(uintptr_t)kind].exit;

	interrupts_disable();
	if (kinds[(uintptr_t)kind].open)
		interrupts_enable();
	for (;;)
		exit();
}

void guest_main(void)
{
	unsigned cpus = (unsigned)words_number("cpus", 1);
	uintptr_t kind = 0;
	char name[16] = "cpuid";

	has_vmcall = vendor_is_intel();
	words_value("kind", name, sizeof(name));
	while (kind < ARRAY_SIZE(kinds) && strcmp(name, kinds[kind].name))
		kind++;
	if (kind == ARRAY_SIZE(kinds))
		guest_die("kind=%s is unknown", name);
	for (unsigned i = 1; i < cpus; i++) {
		if (!words_number("wait", 1)) {
			cpu_send_start(i);
			continue;
		}
		if (!cpu_start(i))
			guest_die("CPU %u does not start", i);
		cpu_run(i, storm, (void *)kind);
	}
	print("storm %s on %u\n", kinds[kind].name, cpus);
	storm((void *)kind);
}
