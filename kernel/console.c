/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's process: its space, its turn on CPU 0, its sleep, its restart, its memory. */
#include "kernel/console.h"

#include "abi/layout.h"
#include "arch/x86_64/insn.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/trap.h"
#include "arch/x86_64/user_copy.h"
#include "drivers/tsc.h"
#include "drivers/uart.h"
#include "kernel/cpu.h"
#include "kernel/create.h"
#include "kernel/log.h"
#include "kernel/machine.h"
#include "kernel/partition.h"
#include "kernel/sched.h"
#include "kernel/scrub.h"
#include "kernel/user_image.h"
#include "lib/assert.h"
#include "lib/string.h"

extern const uint8_t console_image_start[], console_image_end[];

enum {
	RESTARTS_MAX = 5,
	RESTART_WINDOW_S = 60,
	LOOP_SECONDS = 5, /* of its own CPU time without a call */
	REGIONS = 128,
	BLOB_MAX = 4096,
	REGION_MAX = 1024 * 1024,
};

struct region {
	uint64_t va;
	uint64_t pages; /* 0: free */
	hpa_t pa;
};

struct blob {
	uint8_t *data; /* a page of the heap, kept once taken */
	uint64_t size;
};

static struct {
	struct page_space space;
	struct user_image program;
	uint8_t *data;
	struct ring3_state state;
	bool sleeping;	       /* in CALL_WAIT */
	bool dead;	       /* failed too often: the kernel goes on without */
	uint32_t events;       /* a: enum console_event */
	uint64_t wake_tsc;     /* 0: none */
	uint64_t entered;      /* TSC of the last entry */
	uint64_t since_call;   /* CPU time since its last call */
	uint64_t window_start; /* TSC */
	uint64_t window_used;
	uint64_t restarts[RESTARTS_MAX]; /* TSC of the latest */
	unsigned restart_count;
	struct deadline deadline;
	struct region regions[REGIONS];
	struct {
		uint64_t pages; /* 0: none is being made */
		hpa_t pa;
		uint64_t clean; /* bytes from its begin */
	} making;
	uint64_t next_va;
	struct blob blobs[BLOB_KEYS];
	uint64_t image_va[MAX_IMAGES + 1]; /* the last is the configuration's; 0: not mapped */
} console;

struct page_space *console_space(void)
{
	return &console.space;
}

static void start_program(void)
{
	user_image_reset(&console.program, console.data);
	memset(&console.state, 0, sizeof(console.state));
	console.state.rip = console.program.entry;
	console.state.rsp = USER_STACK_TOP(0);
	console.sleeping = false;
	console.since_call = 0;
}

/* A block of heap pages, contiguous. */
static uint8_t *heap_pages(uint64_t pages)
{
	uint8_t *block = page_pool_alloc_block(&kernel_heap, pages);

	ASSERT(block); /* boot: the heap is sized for it */
	return block;
}

void console_init(void)
{
	uint8_t *stack = heap_pages(USER_STACK_SIZE / PAGE_SIZE);
	int err;

	user_image_parse(console_image_start, console_image_end, &console.program);
	console.data = heap_pages(user_image_data_pages(&console.program));
	err = user_space_init(&console.space, &kernel_heap);
	err = err ? err
		  : user_image_map(&console.program, &console.space, console.data, &kernel_heap);
	err = err ? err
		  : page_map(&console.space, USER_STACK_TOP(0) - USER_STACK_SIZE,
			     page_pool_pa(&kernel_heap, stack), USER_STACK_SIZE,
			     PAGE_USER | PAGE_READ | PAGE_WRITE);
	ASSERT(!err);
	console.next_va = USER_GROW_BASE;
	deadline_init(&console.deadline, NULL);
	start_program();
}

void console_event(uint32_t events)
{
	uint32_t old = __atomic_fetch_or(&console.events, events, __ATOMIC_SEQ_CST);

	if (this_cpu()->number == 0)
		sched_preempt();
	else if ((old & events) != events)
		cpu_kick(0);
}

bool console_wants_cpu(void)
{
	if (console.dead)
		return false;
	return !console.sleeping || __atomic_load_n(&console.events, __ATOMIC_SEQ_CST);
}

static void window_advance(uint64_t now)
{
	if (now - console.window_start < us_to_tsc(CONSOLE_WINDOW_US))
		return;
	console.window_start = now;
	console.window_used = 0;
}

bool console_has_share(void)
{
	window_advance(tsc_read());
	return console.window_used < us_to_tsc(CONSOLE_SHARE_US);
}

/* It leaves the CPU: its time is charged. */
static void leave(void)
{
	uint64_t used = tsc_read() - console.entered;

	console.window_used += used;
	console.since_call += used;
	this_cpu()->busy_tsc += used;
	this_cpu()->in_console = false;
}

noreturn void console_enter(void)
{
	struct cpu *cpu = this_cpu();

	if (console.sleeping) {
		console.sleeping = false;
		deadline_cancel(&console.deadline);
		console.state.gprs.rax = __atomic_exchange_n(&console.events, 0, __ATOMIC_SEQ_CST);
	}
	console.entered = tsc_read();
	cpu->in_console = true;
	cpu_use_space(&console.space);
	sched_tick_after(CONSOLE_SHARE_US);
	trap_return_ring3(&console.state);
}

static void wake(struct deadline *deadline)
{
	(void)deadline;
	console_event(CONSOLE_TIMEOUT);
}

noreturn void console_wait(const struct trap_frame *frame, uint64_t deadline)
{
	struct cpu *cpu = this_cpu();

	ring3_state_save(&console.state, frame);
	console.sleeping = true;
	leave();
	console.since_call = 0;
	if (deadline && deadline <= tsc_read()) {
		console_event(CONSOLE_TIMEOUT);
	} else if (deadline) {
		console.deadline.expired = wake;
		deadline_set(&cpu->deadlines, &console.deadline, deadline);
		cpu_timer_update(cpu);
	}
	cpu_loop();
}

void console_alive(void)
{
	console.since_call = 0;
	console.window_used += tsc_read() - console.entered;
	console.entered = tsc_read();
}

void console_tick(struct trap_frame *frame, bool others)
{
	ring3_state_save(&console.state, frame);
	leave();
	if (console.since_call > us_to_tsc(LOOP_SECONDS * 1000000ULL))
		console_failed("it does not come back", frame->rip, 0);
	if (!others || console_has_share()) {
		this_cpu()->in_console = true;
		console.entered = tsc_read();
		return;
	}
	cpu_loop();
}

/* True if it may be started once more: not more than RESTARTS_MAX times in RESTART_WINDOW_S. */
static bool restart_allowed(uint64_t now)
{
	uint64_t *oldest = &console.restarts[console.restart_count % RESTARTS_MAX];
	bool allowed = console.restart_count < RESTARTS_MAX ||
		       now - *oldest > us_to_tsc(RESTART_WINDOW_S * 1000000ULL);

	*oldest = now;
	console.restart_count++;
	return allowed;
}

noreturn void console_failed(const char *why, uint64_t rip, uint64_t address)
{
	static const char gone[] =
		"\r\nfreehold: the console failed 5 times in 60 s and stays off; guests run on\r\n";

	leave();
	log_print(LOG_ERROR, "console: restarted: %s (rip 0x%lx, address 0x%lx)", why, rip, address);
	if (restart_allowed(tsc_read())) {
		start_program();
		__atomic_fetch_or(&console.events, CONSOLE_RESTARTED, __ATOMIC_SEQ_CST);
	} else {
		console.dead = true;
		uart_write(gone, sizeof(gone) - 1);
	}
	cpu_loop();
}

static const struct extent_tag console_tag = {.owner = OWNER_CONSOLE};

static void release(hpa_t pa, uint64_t pages)
{
	spin_lock(&machine.memory_lock);
	ASSERT(!extent_release_range(&machine.extents, pa, pages * PAGE_SIZE, console_tag));
	spin_unlock(&machine.memory_lock);
}

static int grant_region(uint64_t pages)
{
	struct extent_request request = {
		.size = pages * PAGE_SIZE, .align = PAGE_SIZE, .tag = console_tag, .whole = true};
	struct extent_grant grant;
	int err;

	spin_lock(&machine.memory_lock);
	err = extent_alloc(&machine.extents, &request, &grant);
	spin_unlock(&machine.memory_lock);
	if (err)
		return err;
	console.making.pages = pages;
	console.making.pa = grant.start;
	console.making.clean = grant.clean ? grant.size : 0;
	return ERR_NONE;
}

/* A call's worth. True if all of it is clean. */
static bool clean_region(void)
{
	uint64_t size = console.making.pages * PAGE_SIZE;
	uint64_t end = MIN(size, console.making.clean + SCRUB_STEP);

	for (; console.making.clean < end; console.making.clean += PAGE_SIZE)
		scrub(console.making.pa + console.making.clean, PAGE_SIZE);
	return console.making.clean == size;
}

static int64_t map_region(struct region *region)
{
	int err;

	if (!region->va) {
		/* An address stays with its region, a guard page behind it. */
		region->va = console.next_va;
		console.next_va += REGION_MAX + PAGE_SIZE;
	}
	err = page_map(&console.space, region->va, console.making.pa,
		       console.making.pages * PAGE_SIZE, PAGE_USER | PAGE_READ | PAGE_WRITE);
	if (err)
		return err;
	region->pages = console.making.pages;
	region->pa = console.making.pa;
	return (int64_t)region->va;
}

int64_t console_mem_map(uint64_t pages)
{
	struct region *region = NULL;
	int64_t va;

	if (!pages || pages > REGION_MAX / PAGE_SIZE)
		return ERR_INVAL;
	for (unsigned i = 0; i < REGIONS && !region; i++)
		if (!console.regions[i].pages)
			region = &console.regions[i];
	if (!region)
		return ERR_LIMIT;
	/* One that nobody went on with: an instance of the console failed meanwhile. */
	if (console.making.pages && console.making.pages != pages) {
		release(console.making.pa, console.making.pages);
		console.making.pages = 0;
	}
	va = console.making.pages ? ERR_NONE : grant_region(pages);
	if (va < 0)
		return va;
	if (!clean_region())
		return ERR_AGAIN;
	va = map_region(region);
	if (va < 0)
		release(console.making.pa, console.making.pages);
	console.making.pages = 0;
	return va;
}

bool console_has_region(uint64_t va, uint64_t size)
{
	for (unsigned i = 0; i < REGIONS; i++) {
		const struct region *region = &console.regions[i];

		if (va >= region->va && va - region->va < region->pages * PAGE_SIZE)
			return size <= region->pages * PAGE_SIZE - (va - region->va);
	}
	return false;
}

bool console_ring_in_use(uint64_t va, uint64_t size)
{
	if (create_uses_ring(va, size))
		return true;
	for (unsigned i = 0; i < MAX_PARTITIONS; i++)
		if (partitions[i] && partitions[i]->desc.ring < va + size &&
		    va < partitions[i]->desc.ring +
				    RING_PAGES(partitions[i]->desc.ring_size) * PAGE_SIZE)
			return true;
	return false;
}

int console_mem_unmap(uint64_t address, uint64_t pages)
{
	for (unsigned i = 0; i < REGIONS; i++) {
		struct region *region = &console.regions[i];
		uint64_t size = region->pages * PAGE_SIZE;
		int err;

		if (!region->pages || region->va != address || region->pages != pages)
			continue;
		if (console_ring_in_use(address, size))
			return ERR_BUSY;
		err = page_unmap(&console.space, address, size);
		if (err)
			return err;
		/* The console runs on CPU 0 only: nobody else holds its translations. */
		tlb_flush_all_local();
		spin_lock(&machine.memory_lock);
		err = extent_release_range(&machine.extents, region->pa, size, console_tag);
		spin_unlock(&machine.memory_lock);
		region->pages = err ? region->pages : 0;
		return err;
	}
	return ERR_NOENT;
}

int64_t console_image_map(uint32_t index, uint64_t *size)
{
	uint32_t place = index == IMAGE_CONFIG ? MAX_IMAGES : index;
	const struct machine_image *image = index == IMAGE_CONFIG ? &machine.config
								  : &machine.images[place];
	uint64_t va = USER_IMAGES_BASE + place * GIB(4);
	uint64_t bytes;
	int err;

	if ((index != IMAGE_CONFIG && index >= machine.image_count) || !image->size)
		return ERR_NOENT;
	bytes = ALIGN_UP(image->size, PAGE_SIZE);
	*size = image->size;
	if (console.image_va[place])
		return (int64_t)va;
	if (bytes > MIB(1))
		return ERR_LIMIT; /* it is for texts */
	err = page_map(&console.space, va, image->start, bytes, PAGE_USER | PAGE_READ);
	if (err)
		return err;
	console.image_va[place] = va;
	return (int64_t)va;
}

int console_blob_set(uint32_t key, uint64_t data, uint64_t size)
{
	struct blob *blob = &console.blobs[key % BLOB_KEYS];

	if (key >= BLOB_KEYS || size > BLOB_MAX)
		return ERR_INVAL;
	if (!blob->data)
		blob->data = page_pool_alloc(&kernel_heap);
	if (!blob->data)
		return ERR_NOMEM;
	blob->size = 0;
	if (!user_copy_in(blob->data, data, size))
		return ERR_FAULT;
	blob->size = size;
	return ERR_NONE;
}

int64_t console_blob_get(uint32_t key, uint64_t to, uint64_t size)
{
	const struct blob *blob = &console.blobs[key % BLOB_KEYS];

	if (key >= BLOB_KEYS)
		return ERR_INVAL;
	size = MIN(size, blob->size);
	if (size && !user_copy_out(to, blob->data, size))
		return ERR_FAULT;
	return (int64_t)size;
}
