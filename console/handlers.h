/* SPDX-License-Identifier: BSD-2-Clause */
/* What the command table calls, one function for each command. */
#pragma once

#include "console/command.h"

void create_run(const struct invocation *in);
extern const struct command_keys create_keys;

void change_set(const struct invocation *in);
void change_rename(const struct invocation *in);

void edit_open(const struct invocation *in);
void edit_discard(const struct invocation *in);
void edit_diff(const struct invocation *in);
void edit_check(const struct invocation *in);
void edit_commit(const struct invocation *in);
void edit_commit_confirmed(const struct invocation *in);
void edit_confirm(const struct invocation *in);
void edit_rollback(const struct invocation *in);
void edit_run(const struct invocation *in);
void edit_create(const struct invocation *in);
void edit_set(const struct invocation *in);
void edit_rename(const struct invocation *in);
void edit_destroy(const struct invocation *in);
void export_show(const struct invocation *in);
void rules_show(const struct invocation *in);
void run_new(const struct invocation *in);

void control_start(const struct invocation *in);
void control_stop(const struct invocation *in);
void control_pause(const struct invocation *in);
void control_resume(const struct invocation *in);
void control_reset(const struct invocation *in);
void control_destroy(const struct invocation *in);
void control_console(const struct invocation *in);
void control_detach_key(const struct invocation *in);
extern const struct command_keys control_stop_keys;

void talk_send(const struct invocation *in);
void talk_wait(const struct invocation *in);

void all_attach(const struct invocation *in);
void logs_show(const struct invocation *in);
extern const struct command_keys logs_keys;

void show_list(const struct invocation *in);
void show_partition(const struct invocation *in);
void show_stats(const struct invocation *in);

void why_show(const struct invocation *in);
void exits_show(const struct invocation *in);
void exits_freeze(const struct invocation *in);

void top_run(const struct invocation *in);
void trace_run(const struct invocation *in);
void doctor_run(const struct invocation *in);

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
void machine_debug_stuck(const struct invocation *in);
void machine_debug_stacks(const struct invocation *in);
void machine_debug_vcpu(const struct invocation *in);
void machine_debug_random(const struct invocation *in);

void answer_set_mode(const struct invocation *in);
void pager_set(const struct invocation *in);
void session_time(const struct invocation *in);

void help_show(const struct invocation *in);
