/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A local APIC written from the manual to be obviously right and as slow as it likes: an entry for
 * each vector, a timer that is moved along, nothing cached, nothing deferred. And a walk that does
 * the same to it and to kernel/lapic and compares, for the unit tests and the fuzzer.
 */
#pragma once

#include "lib/types.h"

/* The walk's clocks: two TSC ticks are one tick of the timer. */
enum {
	MODEL_TSC_KHZ = 2000000,
	MODEL_TICK_KHZ = 1000000,
	MODEL_TSC_PER_TICK = 2,
	MODEL_PERIOD_MIN = 200000
};

enum model_mode { MODEL_OFF, MODEL_XAPIC, MODEL_X2APIC };

struct model {
	uint32_t id;
	bool bsp;
	enum model_mode mode;
	uint64_t page;
	bool irr[256], isr[256], tmr[256], watch[256];
	bool line, nmi, error_told;
	uint32_t tpr, ldr, dfr, svr, esr, esr_next, icr, icr_high, divide, lvt[6];
	uint32_t initial_count;
	bool counting;
	uint64_t left; /* of the count, in TSC ticks */
	uint64_t deadline;
	uint64_t now;
};

/* What a write gave rise to. */
struct model_effect {
	bool ipi, eoi, mode_changed;
	unsigned eoi_vector;
	uint32_t dest;
	unsigned delivery, vector, shorthand;
	bool logical;
};

void model_reset(struct model *m, uint32_t id, bool bsp, uint64_t now);
void model_init(struct model *m);
void model_raise(struct model *m, unsigned vector, bool level);
/* rose: it has gone up since the last time, wherever it is now. */
void model_line(struct model *m, bool rose, bool level);
void model_advance(struct model *m, uint64_t ticks);
int model_pending(const struct model *m);
void model_accept(struct model *m);
uint32_t model_ppr(const struct model *m);
bool model_matches(const struct model *m, uint32_t dest, bool logical);
uint32_t model_page_read(struct model *m, unsigned offset);
void model_page_write(struct model *m, unsigned offset, uint32_t value, struct model_effect *effect);
bool model_msr_read(struct model *m, uint32_t index, uint64_t *value);
bool model_msr_write(struct model *m, uint32_t index, uint64_t value, struct model_effect *effect);
bool model_base_write(struct model *m, uint64_t value, unsigned phys_bits,
		      struct model_effect *effect);
void model_tsc_deadline_write(struct model *m, uint64_t value);
void model_tsc_moved(struct model *m, int64_t delta);
uint64_t model_remaining(const struct model *m);

/*
 * Plays the operations that bytes spell; fails by calling walk_failed (the test's or the fuzzer's).
 */
void lapic_walk(const uint8_t *bytes, size_t size);

noreturn void walk_failed(const char *expression, int line);
