/* SPDX-License-Identifier: BSD-2-Clause */
/* Questions about the machine that more than one command asks. */
#pragma once

#include "abi/info.h"
#include "lib/types.h"

/* False past the last image. Its name ends. */
bool host_image(uint32_t index, struct image_info *image);

/* The index of an image, or -1. */
int host_find_image(const char *name);

/* All zero if the kernel does not answer. */
void host_query(struct host_info *info);

/* state is CPU_ABSENT if there is no such CPU. */
void host_query_cpu(uint32_t cpu, struct cpu_info *info);

/* The largest free extent, bytes. */
uint64_t host_largest_free(void);
