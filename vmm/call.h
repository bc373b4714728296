/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The calls that a VMM makes, one function each, with the contract of abi/calls.h. Unit tests link
 * fakes of the same names.
 */
#pragma once

#include "abi/calls.h"
#include "abi/frame.h"
#include "abi/info.h"
#include "lib/types.h"

/* Enters the guest of the calling vCPU. */
noreturn void call_resume(struct resume answer);

/* Host TSC; 0: none. */
void call_set_deadline(uint64_t tsc);

/* message is made by APIC_MESSAGE. */
void call_apic_message(uint64_t message);
void call_pic_line(bool level);

/* The calling vCPU's local APIC, by the register's offset in the xAPIC page. */
uint32_t call_lapic_read(uint32_t offset);
void call_lapic_write(uint32_t offset, uint32_t value);

/* The vectors 64 * index .. 64 * index + 63 whose EOI is wanted as an event. */
void call_eoi_watch(unsigned index, uint64_t vectors);

/* For the calling vCPU. The entries are copied. */
int must_check call_cpuid_set(const struct cpuid_entry *entries, unsigned count);

noreturn void call_part_end(enum part_reason reason, uint32_t code, const char *text, size_t length);

void call_console_notify(void);
void call_log(const char *text, size_t length);
void call_nmi(unsigned vcpu);

/* The calling vCPU wants EVENT_STEAL, or no more; its steal time so far, in ticks of the TSC. */
uint64_t call_steal_watch(bool wanted);

/* More of the calling vCPU's state into its frame page. */
void call_frame(uint32_t groups);
