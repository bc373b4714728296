/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of hostile_a, by file. */
#pragma once

/* cpuid.c: A01 */
void a_test_hidden(void);
void a_test_flood(void);
void a_test_flood_user(void);

/* length.c: A02, A03, A04, and of A07 what is about lengths */
void a_test_prefixes(void);
void a_test_rex(void);
void a_test_straddle(void);
void a_test_race(void);
void a_test_edge(void);

/* absent.c: A05, A06, A11, A13, A19, A24 */
void a_test_svm(void);
void a_test_vmx(void);
void a_test_waits(void);
void a_test_user_waits(void);
void a_test_others(void);
void a_test_features(void);

/* call.c: A07, H01 */
void a_test_hypercall(void);
void a_test_hypercall_numbers(void);

/* fpu.c: A15, A16 */
void a_test_fpu_images(void);
void a_test_fpu_kept(void);
void a_test_nm_storm(void);

/* user.c: A13, A18 */
void a_test_tsc(void);
void a_test_umip(void);

/* port.c: A22, A23 */
void a_test_ports(void);
void a_test_port_strings(void);
void a_test_port_interrupted(void);
void a_test_port_flood(void);

/* debug.c: A17 */
void a_test_gd(void);

/* state.c: A08, A09, A14, A16, A17 */
void a_test_cache(void);
void a_test_xsetbv(void);
void a_test_lmsw(void);
void a_test_debug_registers(void);
