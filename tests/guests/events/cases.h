/* SPDX-License-Identifier: BSD-2-Clause */
/* The cases of events, by file. */
#pragma once

/* nmi.c: C08 */
void c_test_nmi_self(void);
void c_test_nmi_blocked(void);
void c_test_nmi_fault(void);
void c_test_nmi_halted(void);
void c_test_nmi_flood(void);

/* nested.c: C04 */
void c_test_handlers(void);

/* sources.c: C11 */
void c_test_sources(void);
