/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of hostile_b, by file. */
#pragma once

/* control.c: B01, B02 */
void b_test_cr0(void);
void b_test_cr4(void);
void b_test_cr3(void);
void b_test_efer(void);
void b_test_leave(void);

/* msr.c: B05, B06 */
void b_test_read_all(void);
void b_test_write_all(void);
void b_test_write_bits(void);

/* apic.c: B08, B09 */
void b_test_x2_in_xapic(void);
void b_test_x2_registers(void);
void b_test_apic_base(void);
void b_test_transitions(void);

/* cache.c: B04, B11 */
void b_test_cache_modes(void);
void b_test_mtrrs(void);

/* refused.c: B10, B13 to B15 */
void b_test_debugctl(void);
void b_test_machine_check(void);
void b_test_speculation(void);
void b_test_platform(void);

/* time.c: B12 */
void b_test_tsc(void);
void b_test_deadline(void);

/* efer.c: B03, B17 */
void b_test_priority(void);
void b_test_efer_flips(void);
