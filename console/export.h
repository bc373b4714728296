/* SPDX-License-Identifier: BSD-2-Clause */
/* Prints commands that can be typed, pasted or saved; long ones on several lines, joined by a \. */
#pragma once

#include "console/config.h"

/* "create NAME KEY=VALUE ..." */
void export_create(const char *name, const struct definition *definition);

/* How the configuration `from` becomes `to`, as commands; nothing if they are the same. Returns how many. */
unsigned export_difference(const struct config *from, const struct config *to);
