/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-trace.h"

G_BEGIN_DECLS

/* One descriptor that lines are written to, without waiting for its reader. One thread at a time.
 * Private to gst/trace. */

typedef struct {
  gint fd;             /* owned; -1: none, or closed */
  gboolean regular;    /* a file: never blocks, and a cut line can be removed */
  gboolean socket;     /* each call has a flag not to wait */
  gboolean poll_first; /* flags are shared, so poll() is needed before a write */
  gboolean terminal;
} TribTraceFd;

#define TRIB_TRACE_FD_INIT \
  {                        \
    .fd = -1               \
  }

typedef enum {
  TRIB_TRACE_WROTE,  /* some or all */
  TRIB_TRACE_LATER,  /* no space now; poll() for POLLOUT */
  TRIB_TRACE_FAILED, /* an error that may pass */
  TRIB_TRACE_GONE,   /* an error that stays; the descriptor is closed */
} TribTraceWrite;

gboolean trib_trace_fd_open_path (TribTraceFd *f, const gchar *path, GError **error);
gboolean trib_trace_fd_open_dup (TribTraceFd *f, gint fd, GError **error);
TribTraceWrite trib_trace_fd_write (
    TribTraceFd *f, const gchar *lines, gsize len, gsize *ret_taken, GError **error);
void trib_trace_fd_close (TribTraceFd *f);

G_END_DECLS
