/* SPDX-License-Identifier: BSD-2-Clause */
/* What `doctor` looks at: a table of checks. */
#pragma once

#include "abi/facts.h"
#include "abi/info.h"
#include "lib/types.h"

enum { DOCTOR_FOUND = 160 };

#define HYPERVISOR_1_ECX (1u << 31) /* CPUID, leaf 1 */

/* All that the checks look at, asked for once. */
struct patient {
	struct host_info host;
	struct machine_facts facts;
	uint32_t cpuid_1_ecx, cpuid_7_ebx, cpuid_7_edx;
	uint32_t ext_7_edx, ext_8_ebx, ext_a_edx; /* 80000007h, 80000008h, 8000000Ah */
	char below[13]; /* 40000000h: who calls himself a hypervisor; "": none */
	uint32_t cpus_failed, cpus_idle_threads;
	uint64_t holes, hole_bytes; /* between pieces of memory */
	uint64_t free_pieces, free_largest;
};

enum verdict {
	DOCTOR_WELL,
	DOCTOR_NOTE, /* worth to know, nothing is wrong */
	DOCTOR_LACKS,
	DOCTOR_INCURABLE, /* it lacks it, and the check's remedy would not help this machine */
	DOCTOR_VERDICTS,
};

struct check {
	const char *name;
	/* Looks, and writes what it found in a few words. */
	enum verdict (*look)(const struct patient *patient, char found[DOCTOR_FOUND]);
	const char *effect, *remedy; /* if it is not well */
};

/* doctor_checks.c */
extern const struct check doctor_checks[];
extern const unsigned doctor_check_count;
