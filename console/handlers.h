/* SPDX-License-Identifier: BSD-2-Clause */
/* What the command table calls, one function for each command. */
#pragma once

#include "console/command.h"

void create_run(const struct invocation *in);
extern const struct command_keys create_keys;

void run_new(const struct invocation *in);

void control_start(const struct invocation *in);
void control_stop(const struct invocation *in);
void control_pause(const struct invocation *in);
void control_resume(const struct invocation *in);
void control_reset(const struct invocation *in);
void control_destroy(const struct invocation *in);
void control_console(const struct invocation *in);
extern const struct command_keys control_stop_keys;

void show_list(const struct invocation *in);
void show_partition(const struct invocation *in);
void show_stats(const struct invocation *in);

void policy_cpuid(const struct invocation *in);
void policy_msrs(const struct invocation *in);

void host_show(const struct invocation *in);
void host_images(const struct invocation *in);

void machine_log(const struct invocation *in);
void machine_reboot(const struct invocation *in);
void machine_poweroff(const struct invocation *in);
void machine_audit(const struct invocation *in);
void machine_debug_panic(const struct invocation *in);
void machine_debug_cpu(const struct invocation *in);
void machine_debug_stacks(const struct invocation *in);
void machine_debug_vcpu(const struct invocation *in);
void machine_debug_random(const struct invocation *in);

void answer_set_mode(const struct invocation *in);
void pager_set(const struct invocation *in);
void session_time(const struct invocation *in);

void help_show(const struct invocation *in);
