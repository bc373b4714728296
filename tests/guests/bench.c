/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What each kind of exit costs, in TSC ticks a round trip: the least of many, the guest's own instruction and
 * the loop's two RDTSCs included. A line each: `bench NAME TICKS`. first=1 only says when it runs first,
 * only=NAME measures one of them.
 */
#include "arch/x86_64/insn.h"
#include "lib/string.h"
#include "tests/guests/lib/apic.h"
#include "tests/guests/lib/cpu.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/lib/vendor.h"
#include "tests/guests/lib/words.h"

enum {
	PORT_PM_TIMER = 0x608,
	PORT_PIC_MASK = 0x21,
	PORT_COM2 = 0x2f8,
	VECTOR_BENCH = 0x40,
	CR4_MCE_BIT = 1 << 6,
	CR4_PGE_BIT = 1 << 7,
	CR0_WP_BIT = 1 << 16,
	MSR_EFER_INDEX = 0xc0000080,
};

#define APIC_REGISTERS ((volatile uint32_t *)APIC_PAGE)
#define IOAPIC_PAGE    ((volatile uint32_t *)0xfec00000)

struct bench {
	const char *name;
	void (*run)(void);
	bool x2apic;
};

static volatile uint64_t taken;
static bool by_msr;

static void on_bench(struct trap_frame *frame)
{
	(void)frame;
	if (by_msr)
		msr_write(MSR_X2APIC + (APIC_EOI >> 4), 0);
	else
		APIC_REGISTERS[APIC_EOI / 4] = 0;
	taken++;
}

static void run_nothing(void)
{
}

static void run_cpuid(void)
{
	cpuid(0, 0);
}

static void run_rdmsr(void)
{
	msr_read(MSR_EFER_INDEX);
}

static void run_vmcall(void)
{
	uint64_t number = 0;

	asm volatile("vmcall" : "+a"(number) : : "memory");
}

static void run_vmmcall(void)
{
	uint64_t number = 0;

	asm volatile("vmmcall" : "+a"(number) : : "memory");
}

static void run_port(void)
{
	io_in32(PORT_PM_TIMER);
}

static void run_port_pic(void)
{
	io_in8(PORT_PIC_MASK);
}

static void run_mmio(void)
{
	(void)IOAPIC_PAGE[4];
}

/* IF is 1 all the while: the interrupt goes in at the entry that follows its cause. */
static void wait_taken(uint64_t before)
{
	while (taken == before)
		asm volatile("" : : : "memory");
	interrupts_disable();
}

static void run_page_tpr(void)
{
	(void)APIC_REGISTERS[APIC_TPR / 4];
}

static void run_page_eoi(void)
{
	APIC_REGISTERS[APIC_EOI / 4] = 0;
}

/* Sent to itself, taken, ended. */
static void run_page_self_ipi(void)
{
	uint64_t before = taken;

	interrupts_enable();
	APIC_REGISTERS[APIC_ICR / 4] = VECTOR_BENCH | ICR_SELF | ICR_ASSERT;
	wait_taken(before);
}

static void run_msr_tpr(void)
{
	msr_read(MSR_X2APIC + (APIC_TPR >> 4));
}

static void run_msr_eoi(void)
{
	msr_write(MSR_X2APIC + (APIC_EOI >> 4), 0);
}

static void run_msr_self_ipi(void)
{
	uint64_t before = taken;

	interrupts_enable();
	msr_write(MSR_X2APIC + (APIC_SELF >> 4), VECTOR_BENCH);
	wait_taken(before);
}

static void run_timer(void)
{
	uint64_t before = taken;

	interrupts_enable();
	msr_write(MSR_DEADLINE, 1);
	wait_taken(before);
}

static void run_wbinvd(void)
{
	cache_write_back_invalidate();
}

static void run_pge(void)
{
	uint64_t cr4 = cr4_read();

	cr4_write(cr4 ^ CR4_PGE_BIT);
	cr4_write(cr4);
}

static void run_wp(void)
{
	uint64_t cr0 = cr0_read();

	cr0_write(cr0 ^ CR0_WP_BIT);
	cr0_write(cr0);
}

/* To the port whose line nobody reads: the console's would put these out, and not the figures. */
static void run_string(void)
{
	static const char page[PAGE_SIZE];
	const char *from = page;
	size_t count = sizeof(page);

	asm volatile("rep outsb" : "+S"(from), "+c"(count) : "d"(PORT_COM2) : "memory");
}

static const struct bench benches[] = {
	{"nothing", run_nothing, false},
	{"cpuid", run_cpuid, false},
	{"rdmsr", run_rdmsr, false},
	{"hypercall", run_vmmcall, false},
	{"port-device", run_port, false},
	{"port-pic", run_port_pic, false},
	{"outsb-4-kib", run_string, false},
	{"mmio-device", run_mmio, false},
	{"xapic-tpr-read", run_page_tpr, false},
	{"xapic-eoi", run_page_eoi, false},
	{"xapic-self-ipi", run_page_self_ipi, false},
	{"wbinvd", run_wbinvd, false},
	{"cr4-pge-twice", run_pge, false},
	{"cr0-wp-twice", run_wp, false},
	{"x2apic-tpr-read", run_msr_tpr, true},
	{"x2apic-eoi", run_msr_eoi, true},
	{"x2apic-self-ipi", run_msr_self_ipi, true},
	{"timer-past", run_timer, true},
};

static uint64_t least(void (*run)(void), unsigned rounds)
{
	uint64_t best = UINT64_MAX;

	for (unsigned i = 0; i < rounds; i++) {
		uint64_t start = tsc_read();
		uint64_t ticks;

		run();
		ticks = tsc_read() - start;
		best = MIN(best, ticks);
	}
	return best;
}

void guest_main(void)
{
	unsigned rounds = (unsigned)words_number("rounds", 1000);
	char only[32];
	bool chosen = words_value("only", only, sizeof(only));

	print("bench first-instruction %lu\n", tsc_read());
	if (words_number("first", 0))
		guest_exit(0);
	interrupts_disable();
	cr4_write(cr4_read() | CR4_MCE_BIT); /* as operating systems do: reads exit without it */
	trap_set(VECTOR_BENCH, on_bench);
	apic_enable();
	for (unsigned i = 0; i < ARRAY_SIZE(benches); i++) {
		if (chosen && strcmp(only, benches[i].name))
			continue;
		if (benches[i].x2apic && !by_msr)
			apic_use_x2();
		by_msr = benches[i].x2apic;
		if (benches[i].run == run_vmmcall && vendor_is_intel()) {
			print("bench hypercall %lu\n", least(run_vmcall, rounds));
			continue;
		}
		apic_write(APIC_LVT_TIMER, VECTOR_BENCH | LVT_DEADLINE);
		print("bench %s %lu\n", benches[i].name, least(benches[i].run, rounds));
	}
	print("done %u failed 0\n", (unsigned)ARRAY_SIZE(benches));
	guest_exit(0);
}
