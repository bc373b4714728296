/* SPDX-License-Identifier: BSD-2-Clause */
/* The tasks that tasks.S switches to, and their gates. */
#include "lib/string.h"
#include "tests/guests/lib/report.h"
#include "tests/guests/lib/trap.h"
#include "tests/guests/modes/layout.h"
#include "tests/guests/modes/modes.h"

enum { VECTOR_SENT = 0x60, NO_DESCRIPTOR = 0xfff8, DR6_BT = 1 << 15 };

struct tss32 mode_task_a __attribute__((aligned(256))), mode_task_b __attribute__((aligned(256)));
uint32_t task_directory[1024] __attribute__((aligned(4096)));
extern struct tss32 mode_tss; /* the main task's begins so */
extern uint8_t task_stack[];
extern uint32_t task_no_rf, task_no_bt;

void tasks_fault(void), tasks_interrupt(void), tasks_nmi(void), tasks_trap(void);
void tasks_new_fault(void), tasks_paging(void);
void tasks_interrupt_fault(void), task_of_mending(void);
void task_of_fault(void), task_of_interrupt(void), task_of_nmi(void), task_trapped(void);
void task_of_ts(void), task_of_paging(void);

static void set_task(unsigned selector, struct tss32 *task, void (*code)(void))
{
	*task = modes_flat_task((void *)code, task_stack);
	mode_gdt[selector / 8] = modes_tss_descriptor(task, sizeof(*task) - 1);
}

static void prepare_fault(void)
{
	set_task(MODE_TASK_A, &mode_task_a, task_of_fault);
	modes_set_task_gate(VECTOR_GP, MODE_TASK_A);
	task_no_rf = test_bed("qemu"); /* TCG sets it in no image that a fault saves */
}

void task_test_fault(void)
{
	modes_run_piece(tasks_fault, prepare_fault);
}

static void prepare_interrupt(void)
{
	set_task(MODE_TASK_A, &mode_task_a, task_of_interrupt);
	modes_set_task_gate(VECTOR_SENT, MODE_TASK_A);
}

static void prepare_interrupt_fault(void)
{
	prepare_interrupt();
	mode_task_a.ss = NO_DESCRIPTOR;
	set_task(MODE_TASK_B, &mode_task_b, task_of_mending);
	modes_set_task_gate(VECTOR_TS, MODE_TASK_B);
}

void task_test_interrupt(void)
{
	modes_run_piece(tasks_interrupt, prepare_interrupt);
	modes_run_piece(tasks_interrupt_fault, prepare_interrupt_fault);
}

static void prepare_nmi(void)
{
	set_task(MODE_TASK_A, &mode_task_a, task_of_nmi);
	modes_set_task_gate(VECTOR_NMI, MODE_TASK_A);
}

void task_test_nmi(void)
{
	modes_run_piece(tasks_nmi, prepare_nmi);
}

static void prepare_trap(void)
{
	set_task(MODE_TASK_A, &mode_task_a, task_trapped);
	mode_task_a.trap = 1;
	task_no_bt = test_bed("ryzen") ? DR6_BT : 0; /* under SVM Bochs exits before it writes DR6 */
}

void task_test_trap(void)
{
	if (test_bed("qemu")) {
		test_skip("TCG ignores the T bit");
		return;
	}
	modes_run_piece(tasks_trap, prepare_trap);
}

static void prepare_new_fault(void)
{
	set_task(MODE_TASK_A, &mode_task_a, task_trapped);
	mode_task_a.ss = NO_DESCRIPTOR;
	set_task(MODE_TASK_B, &mode_task_b, task_of_ts);
	modes_set_task_gate(VECTOR_TS, MODE_TASK_B);
}

void task_test_new_fault(void)
{
	modes_run_piece(tasks_new_fault, prepare_new_fault);
}

/* The other task sees at NO_PAGE what is at 0. */
static void prepare_paging(void)
{
	set_task(MODE_TASK_A, &mode_task_a, task_of_paging);
	memcpy(task_directory, mode_directory, sizeof(task_directory));
	task_directory[NO_PAGE >> 22] = mode_directory[0];
	mode_task_a.cr3 = (uint32_t)(uintptr_t)task_directory;
	mode_tss.cr3 = (uint32_t)(uintptr_t)mode_directory;
}

void task_test_paging(void)
{
	modes_run_piece(tasks_paging, prepare_paging);
}
