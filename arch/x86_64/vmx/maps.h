/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The I/O and MSR bitmaps, one of each for the whole machine: closed, apart from a short list of
 * MSRs that the VMCS or vmx_vcpu_load switch. SDM 3C 25.6.4 "I/O-Bitmap Addresses", 25.6.9
 * "MSR-Bitmap Address".
 */
#pragma once

#include "lib/types.h"

/* Fills both in and checks them against the list. Once, before the first vCPU. */
void vmx_maps_init(void);

/* Ports 0 to 7FFFh; the page behind it has the others. */
hpa_t vmx_io_bitmap_pa(void);
hpa_t vmx_msr_bitmap_pa(void);

/* Bit 0: reads do not exit; bit 1: writes do not. Reads the map itself, not the list. */
unsigned vmx_msr_open(uint32_t index);
bool vmx_port_open(uint16_t port);
