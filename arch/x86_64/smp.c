/* SPDX-License-Identifier: BSD-2-Clause */
/* Starting the other CPUs: SDM 3A 9.4 "Multiple-Processor (MP) Initialization". */
#include "arch/x86_64/smp.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/cpu_features.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/percpu.h"
#include "arch/x86_64/smp_mailbox.h"
#include "arch/x86_64/tsc_sync.h"
#include "lib/assert.h"
#include "lib/string.h"

enum {
	INIT_WAIT_US = 10000,
	SIPI_WAIT_US = 200,
	ANSWER_WAIT_US = 200000,   /* an emulated CPU may be slow to get its turn */
	PATIENT_WAIT_US = 2000000, /* when it is asked once more, at the end */
	SILENT_MAX = 4,		   /* of those: firmware may list a hundred that are not there */
	TSC_SYNC_US = 1000,
	READY_WAIT_US = 1000000, /* it took its place: it runs, and is awaited in earnest */
};

struct smp_mailbox smp_mailbox;

/* How far the CPU that took the mailbox has come. */
enum progress { PROGRESS_NONE, PROGRESS_DIFFERENT, PROGRESS_READY };

static uint32_t progress;
static const char *different; /* what it lacks */
static smp_differs_t *ask_more;

/*
 * The tables for the switch to long mode, in the image because CR3 is loaded in 16-bit mode and the
 * image is below 4 GiB: the trampoline page at its own address, and the kernel's half.
 */
static uint64_t low_root[512] __attribute__((aligned(4096)));
static uint64_t low_pdpt[512] __attribute__((aligned(4096)));
static uint64_t low_pd[512] __attribute__((aligned(4096)));
static uint64_t low_pt[512] __attribute__((aligned(4096)));

static uint64_t deadline_in(uint64_t us, uint64_t tsc_khz)
{
	return tsc_read() + us * tsc_khz / 1000;
}

static void wait_us(uint64_t us, uint64_t tsc_khz)
{
	uint64_t deadline = deadline_in(us, tsc_khz);

	while (tsc_read() < deadline)
		cpu_pause();
}

/* True as soon as *word is no longer what it was. */
static bool wait_change(const uint32_t *word, uint32_t from, uint64_t us, uint64_t tsc_khz)
{
	uint64_t deadline = deadline_in(us, tsc_khz);

	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == from) {
		if (tsc_read() >= deadline)
			return false;
		cpu_pause();
	}
	return true;
}

static void low_tables_build(hpa_t trampoline)
{
	const uint64_t table = page_format_host.table;

	memcpy(low_root, kernel_space.root, sizeof(low_root));
	low_root[0] = kernel_image_pa(low_pdpt) | table;
	low_pdpt[0] = kernel_image_pa(low_pd) | table;
	low_pd[0] = kernel_image_pa(low_pt) | table;
	/* Executable, not writable. */
	low_pt[trampoline / PAGE_SIZE] = trampoline | page_format_host.leaf;
	ASSERT(kernel_image_pa(low_root) < GIB(4));
}

static uint32_t trampoline_offset(const uint8_t *symbol)
{
	return (uint32_t)(symbol - smp_trampoline_start);
}

static void trampoline_write(hpa_t trampoline)
{
	uint8_t *page = window_map_page(trampoline);
	uint32_t base = (uint32_t)trampoline;
	struct smp_patch patch;

	memcpy(page, smp_trampoline_start, trampoline_offset(smp_trampoline_end));
	memcpy(&patch, smp_trampoline_patch, sizeof(patch));
	patch.root = (uint32_t)kernel_image_pa(low_root);
	patch.gdt_base = base + trampoline_offset(smp_trampoline_gdt);
	patch.long_target = base + trampoline_offset(smp_trampoline_long);
	memcpy(page + trampoline_offset(smp_trampoline_patch), &patch, sizeof(patch));
	window_unmap();
}

static void mailbox_open(const struct smp_target *target)
{
	smp_mailbox.apic_id = target->apic_id;
	smp_mailbox.x2apic_leaf = apic_is_x2apic() && cpu_features.max_leaf >= 0xb;
	smp_mailbox.number = target->number;
	smp_mailbox.apic_page = (uintptr_t)apic_page(&smp_mailbox.apic_base);
	smp_mailbox.cr3 = kernel_space.root_pa;
	smp_mailbox.stack = percpu_address(target->number) + PERCPU_MAIN_TOP;
	__atomic_store_n(&progress, PROGRESS_NONE, __ATOMIC_RELAXED);
	__atomic_store_n(&smp_mailbox.state, SMP_MAILBOX_OPEN, __ATOMIC_SEQ_CST);
}

/* True if the CPU took its place. */
static bool wake(const struct smp_target *target, hpa_t trampoline, uint64_t tsc_khz,
		 uint64_t patience_us)
{
	uint8_t page = (uint8_t)(trampoline / PAGE_SIZE);
	uint32_t open = SMP_MAILBOX_OPEN;

	apic_send_init(target->apic_id);
	wait_us(INIT_WAIT_US, tsc_khz);
	apic_send_sipi(target->apic_id, page);
	if (!wait_change(&smp_mailbox.state, SMP_MAILBOX_OPEN, SIPI_WAIT_US, tsc_khz)) {
		apic_send_sipi(target->apic_id, page);
		wait_change(&smp_mailbox.state, SMP_MAILBOX_OPEN, patience_us, tsc_khz);
	}
	return !__atomic_compare_exchange_n(&smp_mailbox.state, &open, SMP_MAILBOX_CANCELLED, false,
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Everything up to where the CPU stands still in smp_entry. */
static enum smp_state start(const struct smp_target *target, hpa_t trampoline, uint64_t tsc_khz,
			    uint64_t patience_us)
{
	enum smp_state state = SMP_SILENT;

	if (!percpu_exists(target->number) && percpu_create(target->number, target->apic_id))
		return SMP_NO_MEMORY;
	mailbox_open(target);
	if (wake(target, trampoline, tsc_khz, patience_us)) {
		state = SMP_FAILED;
		if (wait_change(&progress, PROGRESS_NONE, READY_WAIT_US, tsc_khz))
			state = __atomic_load_n(&progress, __ATOMIC_ACQUIRE) == PROGRESS_READY
					? SMP_RUNNING
					: SMP_DIFFERENT;
	}
	/* Puts it to sleep, wherever it is, as long as nobody sends a SIPI: no NMI reaches it. */
	if (state != SMP_RUNNING)
		apic_send_init(target->apic_id);
	return state;
}

static void start_one(struct smp_target *target, hpa_t trampoline, uint64_t tsc_khz,
		      uint64_t patience_us)
{
	target->state = start(target, trampoline, tsc_khz, patience_us);
	target->feature = target->state == SMP_DIFFERENT ? different : NULL;
	if (target->state != SMP_RUNNING)
		return;
	tsc_sync_measure(target, tsc_khz * TSC_SYNC_US / 1000);
	__atomic_store_n(&arch_cpu_of(target->number)->released, true, __ATOMIC_RELEASE);
}

void smp_start(struct smp_target *targets, unsigned count, hpa_t trampoline, uint64_t tsc_khz,
	       smp_differs_t *differs)
{
	unsigned silent = 0;

	ASSERT(!(trampoline & PAGE_MASK) && trampoline < MIB(1));
	ask_more = differs;
	low_tables_build(trampoline);
	trampoline_write(trampoline);
	for (unsigned i = 0; i < count; i++)
		start_one(&targets[i], trampoline, tsc_khz, ANSWER_WAIT_US);
	/* One that never took its place has touched nothing of it, and may only have been slow. */
	for (unsigned i = 0; i < count && silent < SILENT_MAX; i++) {
		if (targets[i].state != SMP_SILENT)
			continue;
		start_one(&targets[i], trampoline, tsc_khz, PATIENT_WAIT_US);
		silent += targets[i].state == SMP_SILENT;
	}
}

static noreturn void leave_out(const char *feature)
{
	different = feature;
	__atomic_store_n(&progress, PROGRESS_DIFFERENT, __ATOMIC_RELEASE);
	for (;;)
		cpu_halt();
}

/* The second half, on a block whose descriptors are loaded: ask_more may take a #GP. */
static noreturn void in_block(unsigned number)
{
	const char *feature = ask_more ? ask_more() : NULL;

	if (feature)
		leave_out(feature);
	apic_init_cpu();
	__atomic_store_n(&progress, PROGRESS_READY, __ATOMIC_RELEASE);
	tsc_sync_answer();
	while (!__atomic_load_n(&arch_cpu()->released, __ATOMIC_ACQUIRE))
		cpu_pause();
	kernel_ap_main(number);
}

noreturn void smp_entry(unsigned number)
{
	const char *feature = cpu_features_differ();

	if (feature)
		leave_out(feature);
	cpu_enter(number, in_block);
}
