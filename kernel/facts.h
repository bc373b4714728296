/* SPDX-License-Identifier: BSD-2-Clause */
/* What `doctor` looks at and ring 3 cannot see. Noted by whoever finds it at boot, on CPU 0. */
#pragma once

#include "abi/facts.h"

/* The part that cannot be asked for later; the rest is filled in by facts_describe. */
extern struct machine_facts machine_facts;

/* All of it. CPU 0. */
void facts_describe(struct machine_facts *facts);
