/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The I/O and MSR permission maps, one of each for the whole machine: closed, apart from a short list of
 * MSRs that VMLOAD and VMSAVE switch anyway. APM2 15.10 "IOIO Intercepts", 15.11 "MSR Intercepts".
 */
#pragma once

#include "lib/types.h"

/* Fills both in and checks them against the list. Once, before the first vCPU. */
void svm_maps_init(void);

hpa_t svm_iopm_pa(void);
hpa_t svm_msrpm_pa(void);

/* Bit 0: reads do not exit; bit 1: writes do not. Reads the map itself, not the list. */
unsigned svm_msr_open(uint32_t index);
bool svm_port_open(uint16_t port);
