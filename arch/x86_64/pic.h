/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's two 8259s, which nobody uses: masked, and moved away from the exceptions' vectors. */
#pragma once

/* CPU 0, before interrupts are enabled for the first time. */
void pic_disable(void);
