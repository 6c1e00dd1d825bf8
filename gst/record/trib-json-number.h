/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The numbers of RFC 8259, section 6: grammar and value. Private to gst/record. */

typedef struct {
  gboolean negative;
  gboolean integer;  /* neither '.' nor exponent */
  gboolean overflow; /* more digits than @mantissa holds; it means nothing then */
  /* the magnitude is mantissa * 10^exponent */
  guint64 mantissa;
  gint64 exponent;
  const gchar *wanted; /* why the scan ended too early, for a message; NULL: it did not */
} TribJsonNumber;

const guchar *trib_json_number_scan (
    const guchar *p, const guchar *end, TribJsonNumber *ret_number);
gdouble trib_json_number_to_double (const TribJsonNumber *n, const gchar *text, gsize len);

G_END_DECLS
