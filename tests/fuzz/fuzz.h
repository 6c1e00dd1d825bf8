/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What every target here gives. libFuzzer calls it with inputs it makes up, replay.c with the files
 * of the corpus. It aborts when a promise is broken, whatever the input. */
int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size);
