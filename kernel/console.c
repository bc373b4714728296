/* SPDX-License-Identifier: BSD-2-Clause */
/* The console's process: its space, its turn on CPU 0, its sleep, its restart. */
#include "kernel/console.h"

#include "abi/layout.h"
#include "arch/x86_64/kernel_space.h"
#include "arch/x86_64/trap.h"
#include "drivers/tsc.h"
#include "drivers/uart.h"
#include "kernel/cpu.h"
#include "kernel/create.h"
#include "kernel/log.h"
#include "kernel/sched.h"
#include "kernel/user_image.h"
#include "lib/assert.h"
#include "lib/string.h"

extern const uint8_t console_image_start[], console_image_end[];

enum {
	RESTARTS_MAX = 5,
	RESTART_WINDOW_S = 60,
	LOOP_SECONDS = 5,    /* of its own CPU time without a call */
	RECOVER_SECONDS = 2, /* for other CPUs, of which one may be stuck */
};

static struct {
	struct page_space space;
	struct user_image program;
	uint8_t *data;
	struct ring3_state state;
	bool sleeping;	       /* in CALL_WAIT */
	bool dead;	       /* failed too often: the kernel goes on without */
	bool recovering;       /* what the one before had begun comes to an end first */
	uint64_t recover_end;  /* TSC: or until then */
	uint32_t events;       /* a: enum console_event */
	uint64_t wake_tsc;     /* 0: none */
	uint64_t entered;      /* TSC of the last entry */
	uint64_t since_call;   /* CPU time since its last call */
	uint64_t window_start; /* TSC */
	uint64_t window_used;
	uint64_t restarts[RESTARTS_MAX]; /* TSC of the latest */
	unsigned restart_count;
	struct deadline deadline;
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
		return console.recovering;
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

/* A CPU that does not answer is the watchdog's to tell, and the operator's to know. */
static void recover(void)
{
	console.recovering = !create_recover();
	if (!console.recovering || tsc_read() < console.recover_end)
		return;
	console.recovering = false;
	log_print(LOG_ERROR, "console: what it had begun is left as it is: a CPU does not answer");
}

void console_enter(void)
{
	struct cpu *cpu = this_cpu();

	if (console.recovering) {
		recover();
		return;
	}
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
	console.recovering = true;
	console.recover_end = tsc_read() + us_to_tsc(RECOVER_SECONDS * 1000000ULL);
	if (restart_allowed(tsc_read())) {
		start_program();
		__atomic_fetch_or(&console.events, CONSOLE_RESTARTED, __ATOMIC_SEQ_CST);
	} else {
		console.dead = true;
		uart_write(gone, sizeof(gone) - 1);
	}
	cpu_loop();
}
