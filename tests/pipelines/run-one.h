/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef enum {
  VERDICT_OK = 0,
  VERDICT_FAIL = 1,
  VERDICT_SKIP = 77, /* the reason is the last line of the output */
} Verdict;

/* Runs the launch file at @path in this process, which is good for nothing else afterwards. */
Verdict run_one (const gchar *path);
