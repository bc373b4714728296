/* SPDX-License-Identifier: BSD-2-Clause */
/* Two events at once, and which events a VMM may ask for. Pure. */
#pragma once

#include "abi/frame.h"
#include "lib/types.h"

enum inject_outcome { INJECT_ONE, INJECT_TRIPLE_FAULT };

/* What the processor does if second is raised while first is being delivered. */
enum inject_outcome inject_combine(const struct frame_event *first,
				   const struct frame_event *second, struct frame_event *result);

/* False for what VM entry would refuse: SDM 3C 27.2.1.3 "VM-Entry Control Fields", APM2 15.20. */
bool inject_valid(const struct frame_event *event);
