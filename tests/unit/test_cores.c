/* SPDX-License-Identifier: BSD-2-Clause */
/* Which CPUs are threads of one core, on processors old and new, and who may run where because of it. */
/* sources: arch/x86_64/topology.c */
#include "tests/unit/kernel_host.h"

#include "arch/x86_64/topology.h"
#include "kernel/cores.c"

uint8_t host_blocks[HOST_CPUS][PERCPU_KERNEL_SIZE] __attribute__((aligned(64)));
uint64_t host_tsc, host_xcr0, host_dr[4];
unsigned host_cpu;
void (*host_on_window)(void), (*host_on_idle)(void);

static unsigned failed = MAX_CPUS; /* a CPU that did not start */

bool cpu_online(unsigned number)
{
	return number < HOST_CPUS && number != failed;
}

/* What CPUID says of a processor, as far as it is about threads. */
struct processor {
	const char *name;
	uint32_t max, version_ebx, version_edx, leaf4_eax;
	struct cpuid_regs b;
	uint32_t ext_max, ext_ecx, node_ebx;
	unsigned bits;
};

#define HTT  (1u << 28)
#define TOPO (1u << 22)

static const struct processor processors[] = {
	{.name = "Pentium III", .max = 3, .version_edx = 0x383fbff},
	{.name = "Pentium 4 HT", .max = 2, .version_ebx = 2 << 16, .version_edx = HTT},
	{"Pentium D 8xx EE: 2 cores, 4 threads", 5, 4 << 16, HTT, 1 << 26 | 0x121, {0}, 0, 0, 0, 1},
	{"Core 2 Duo", 10, 2 << 16, HTT, 1 << 26 | 0x121, {0}, 0x80000008, 0, 0, 0},
	{"Core 2 Quad", 10, 4 << 16, HTT, 3 << 26 | 0x121, {0}, 0x80000008, 0, 0, 0},
	{"Nehalem, 4 cores of 2",
	 11,
	 16 << 16,
	 HTT,
	 7 << 26 | 0x121,
	 {1, 2, 0x100, 0},
	 0x80000008,
	 0,
	 0,
	 1},
	{"Skylake-X without SMT",
	 22,
	 32 << 16,
	 HTT,
	 15 << 26 | 0x121,
	 {0, 1, 0x100, 0},
	 0x80000008,
	 0,
	 0,
	 0},
	{"Knights Landing, 4 threads",
	 13,
	 255 << 16,
	 HTT,
	 63u << 26 | 0x121,
	 {2, 4, 0x100, 0},
	 0x80000008,
	 0,
	 0,
	 2},
	{"Leaf Bh is there and empty",
	 22,
	 8 << 16,
	 HTT,
	 3 << 26 | 0x121,
	 {0, 0, 0, 0},
	 0x80000008,
	 0,
	 0,
	 1},
	{"Opteron K10, 4 cores", 5, 4 << 16, HTT, 0, {0}, 0x8000001b, 0, 0, 0},
	{"Bulldozer, 2 cores a module", 13, 8 << 16, HTT, 0, {0}, 0x8000001e, TOPO, 1 << 8, 1},
	{"Zen, by leaf 8000001Eh", 13, 8 << 16, HTT, 0, {0}, 0x8000001f, TOPO, 1 << 8, 1},
	{"Zen without SMT", 13, 8 << 16, HTT, 0, {0}, 0x8000001f, TOPO, 0, 0},
	{"Zen 2, by leaf Bh", 16, 16 << 16, HTT, 0, {1, 2, 0x100, 0}, 0x80000020, TOPO, 1 << 8, 1},
	{"TopoExt hidden", 13, 8 << 16, HTT, 0, {0}, 0x8000001f, 0, 1 << 8, 0},
};

static const struct processor *asked;

static struct cpuid_regs answer(uint32_t leaf, uint32_t subleaf)
{
	const struct processor *p = asked;

	switch (leaf) {
	case 0:
		return (struct cpuid_regs){.eax = p->max};
	case 1:
		return (struct cpuid_regs){.ebx = p->version_ebx, .edx = p->version_edx};
	case 4:
		return (struct cpuid_regs){.eax = subleaf ? 0 : p->leaf4_eax};
	case 0xb:
		return p->b;
	case 0x80000000:
		return (struct cpuid_regs){.eax = p->ext_max};
	case 0x80000001:
		return (struct cpuid_regs){.ecx = p->ext_ecx};
	case 0x8000001e:
		return (struct cpuid_regs){.ebx = p->node_ebx};
	default:
		return (struct cpuid_regs){0};
	}
}

static void test_processors(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(processors); i++) {
		asked = &processors[i];
		if (topology_thread_bits(answer) != asked->bits)
			fail_msg("%s: %u bits", asked->name, topology_thread_bits(answer));
	}
}

static int set_up(void **state)
{
	(void)state;
	memset(host_blocks, 0, sizeof(host_blocks));
	for (unsigned i = 0; i < HOST_CPUS; i++)
		cpu_of(i)->owner = CPU_NO_OWNER;
	failed = MAX_CPUS;
	return 0;
}

static void use(const uint32_t *apic_ids, unsigned bits)
{
	cores_init(apic_ids, HOST_CPUS, bits);
}

static void test_without_threads(void **state)
{
	(void)state;
	use((const uint32_t[]){0, 1, 2, 3}, 0);
	for (unsigned i = 0; i < HOST_CPUS; i++) {
		assert_int_equal(core_of(i), i);
		assert_true(core_serves_pool(i));
		assert_int_equal(core_admits(i, false), i != 0);
	}
}

/* The firmware's order: threads beside each other, or all first threads first. */
static void test_pairs(void **state)
{
	(void)state;
	use((const uint32_t[]){0, 1, 2, 3}, 1);
	assert_true(core_of(0) == core_of(1) && core_of(2) == core_of(3) && core_of(0) != core_of(2));
	assert_true(core_serves_pool(0) && core_serves_pool(2));
	assert_false(core_serves_pool(1) || core_serves_pool(3));
	assert_false(core_admits(1, false) || core_admits(1, true));
	assert_true(core_admits(2, false) && core_admits(3, false));
	use((const uint32_t[]){4, 8, 5, 9}, 1);
	assert_true(core_of(0) == core_of(2) && core_of(1) == core_of(3));
	assert_true(core_serves_pool(1) && !core_serves_pool(3) && !core_admits(2, true));
}

static void own(unsigned cpu, uint32_t slot, bool share)
{
	cpu_of(cpu)->owner = slot;
	core_take(cpu, share);
}

static void test_a_dedicated_cpu_takes_its_core(void **state)
{
	(void)state;
	use((const uint32_t[]){0, 1, 2, 3}, 1);
	own(3, 5, false);
	assert_false(core_serves_pool(2) || core_admits(2, false) || core_admits(2, true));
	cpu_of(3)->owner = CPU_NO_OWNER;
	core_release(3, false);
	assert_true(core_serves_pool(2) && core_admits(2, false));
}

static void test_both_must_share(void **state)
{
	(void)state;
	use((const uint32_t[]){0, 1, 2, 3}, 1);
	own(2, 5, true);
	assert_false(core_admits(3, false));
	assert_true(core_admits(3, true));
	assert_false(core_serves_pool(3));
	own(3, 6, true);
	cpu_of(2)->owner = CPU_NO_OWNER;
	core_release(2, true);
	assert_false(core_serves_pool(2) || core_admits(2, false));
	assert_true(core_admits(2, true));
}

/* The first thread did not start: the second serves. */
static void test_a_thread_that_did_not_start(void **state)
{
	(void)state;
	failed = 2;
	use((const uint32_t[]){0, 1, 2, 3}, 1);
	assert_false(core_serves_pool(2) || core_admits(2, false));
	assert_true(core_serves_pool(3) && core_admits(3, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_processors),
		cmocka_unit_test_setup(test_without_threads, set_up),
		cmocka_unit_test_setup(test_pairs, set_up),
		cmocka_unit_test_setup(test_a_dedicated_cpu_takes_its_core, set_up),
		cmocka_unit_test_setup(test_both_must_share, set_up),
		cmocka_unit_test_setup(test_a_thread_that_did_not_start, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
