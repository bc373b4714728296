/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of hostile_e, by file; the others stand in hostile_e.c. */
#pragma once

/* logical.c: E04 */
void e_test_flat(void);
void e_test_cluster(void);
void e_test_reserved_model(void);
void e_test_x2_logical(void); /* stays in x2APIC mode */

/* pic.c: E11 */
void e_test_pic_poll(void);
void e_test_pic_rotation(void);
void e_test_pic_automatic(void);
void e_test_pic_garbage(void);
