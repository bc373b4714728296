/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hardware task switches, where the processor leaves them to its hypervisor: SDM 3A 7.3 "Task Switching".
 * The processor has checked the gate and the new TSS's descriptor before it exited (SDM 3C 26.4.2 "Treatment
 * of Task Switches"); all that comes after is done here.
 */
#pragma once

#include "vmm/emulate.h"

/*
 * Carries out frame->task; frame->reason is EXIT_TASK_SWITCH, with GPR, IP, CONTROL and SEGMENT.
 * EMULATE_DONE: the new task is in the frame, and all of these groups changed. EMULATE_FAULT: either
 * nothing changed but the event, or the fault is the new task's and the rest is as with EMULATE_DONE.
 * *trap: the new TSS has its T bit set. The debug registers are the caller's.
 */
enum emulate_result must_check task_switch(struct emulate *e, bool *trap);

/*
 * The new task's segment registers, whose selectors are in the frame's, and of which only CS and SS are
 * usable yet: table 7-1 "Exception Conditions Checked During a Task Switch", from the LDT on. ext is the EXT
 * bit of the error codes. Sets the accessed bits. Returns false with a fault; what was loaded by then stays.
 */
bool must_check task_load_segments(struct emulate *e, unsigned ext);
