/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-fields.h"

#include <trace/trib-trace.h>

G_BEGIN_DECLS

/* The trace records (OBS-6) of an element: where its properties say. */

/**
 * TribElementTraceSettings:
 * @location: file, or fd:N; empty: neither
 * @message: (nullable): the message that they are posted as, too; its fields are
 *   trib_element_trace_fields
 * @window_ns: of the view
 * @slow_ns: a timing beyond it is slow; 0: beyond @window_ns
 */
typedef struct {
  TribTraceLevel level;
  const gchar *location;
  const TribFieldTable *message;
  gint64 window_ns;
  gint64 slow_ns;
} TribElementTraceSettings;

extern const TribField trib_element_trace_fields[1];

gboolean trib_element_trace_open (GstElement *element, const TribElementTraceSettings *settings,
    TribTrace **ret_trace, GError **error);
gboolean trib_element_trace_open_lines (GstElement *element, const gchar *property,
    const gchar *location, gsize max_bytes, TribTrace **ret_trace, GError **error);

G_END_DECLS
