/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The name under which kernel/ knows the spinlock; it stands in lib/, where the drivers can see it.
 */
#pragma once

#include "lib/spinlock.h"
