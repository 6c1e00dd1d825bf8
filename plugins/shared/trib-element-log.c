/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-element-log.h"

#include <stdarg.h>

/* The thresholds are compared as numbers, so both sides must be the same ones. */
G_STATIC_ASSERT ((gint) TRIB_LOG_ERROR == (gint) GST_LEVEL_ERROR);
G_STATIC_ASSERT ((gint) TRIB_LOG_TRACE == (gint) GST_LEVEL_TRACE);
G_STATIC_ASSERT (sizeof (GstDebugLevel) == sizeof (gint));

/* A category of that name that exists is used, so several plugins may bind the same library. */
static GstDebugCategory *
category_of (TribLogCategory *category)
{
  GstDebugCategory *known = g_atomic_pointer_get (&category->data);

  if (G_UNLIKELY (known == NULL)) {
    known = _gst_debug_category_new (category->name, 0, category->description);
    g_atomic_pointer_set (&category->data, known);
  }
  return known;
}

static void G_GNUC_PRINTF (7, 0)
    log_line (TribLogCategory *category, TribLogLevel level, const gchar *file, gint line,
        const gchar *function, const gchar *id, const gchar *format, va_list args)
{
  gst_debug_log_id_valist (
      category_of (category), (GstDebugLevel) level, file, function, line, id, format, args);
}

void
trib_element_log_bind (TribLogCategory *first, ...)
{
  va_list args;

  va_start (args, first);
  for (TribLogCategory *c = first; c; c = va_arg (args, TribLogCategory *))
    category_of (c);
  va_end (args);
  trib_log_set_hook (log_line, (const gint *) &_gst_debug_min);
}
