/* SPDX-License-Identifier: BSD-2-Clause */
/* The backends that this build has. */
#include "arch/x86_64/virt.h"

const struct virt_ops *const virt_backends[] = {&svm_ops, &vmx_ops};
const unsigned virt_backend_count = ARRAY_SIZE(virt_backends);
