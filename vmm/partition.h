/* SPDX-License-Identifier: BSD-2-Clause */
/* What this VMM is told of its partition: the configuration page, and questions about it. */
#pragma once

#include "abi/config.h"
#include "abi/frame.h"
#include "lib/types.h"

/* The page at USER_CONFIG_BASE. A variable, so that tests can have one of their own. */
extern const struct vmm_config *partition;

/* The frame page of a vCPU (below partition->vcpu_count). */
static inline struct frame *partition_frame(unsigned vcpu)
{
	return (struct frame *)USER_FRAME_PAGE(vcpu);
}

/* The first image of a role, or null. */
const struct vmm_image *partition_image(enum image_role role);

/* Where the RAM that begins below 4 GiB ends, in bytes. */
uint64_t partition_low_end(void);
