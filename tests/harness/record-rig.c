/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "record-rig.h"

#include <string.h>

#include <trib-gst-test.h>

GstHarness *
record_harness (const gchar *element, const gchar *caps)
{
  GstHarness *h = gst_harness_new (element);

  gst_harness_set_src_caps_str (h, caps);
  return h;
}

void
record_push_bytes (GstHarness *h, gconstpointer bytes, gsize len, GstClockTime pts)
{
  GstBuffer *buffer = len > 0 ? gst_buffer_new_memdup (bytes, len) : gst_buffer_new ();

  GST_BUFFER_PTS (buffer) = pts;
  g_assert_cmpint (gst_harness_push (h, buffer), ==, GST_FLOW_OK);
}

void
record_push (GstHarness *h, const gchar *text, GstClockTime pts)
{
  record_push_bytes (h, text, strlen (text), pts);
}

void
record_assert_bytes (GstBuffer *buffer, gconstpointer bytes, gsize len)
{
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_assert_cmpmem (map.data, map.size, bytes, len);
  gst_buffer_unmap (buffer, &map);
}

void
record_assert_text (GstBuffer *buffer, const gchar *text)
{
  GstMapInfo map;
  g_autofree gchar *got = NULL;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  got = g_strndup ((const gchar *) map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  g_assert_cmpstr (got, ==, text);
}

void
record_check_stats (GstHarness *h, guint64 in, guint64 out, const gchar *dropped)
{
  static const gchar *const reasons[] = { "syntax", "utf8", "truncated", "limit", "range", "type" };
  g_autoptr (GstStructure) stats = trib_element_stats (h->element);
  gboolean lines = gst_structure_has_field (stats, "lines-in");
  guint64 total = 0;

  for (gsize i = 0; i < G_N_ELEMENTS (reasons); i++) {
    g_autofree gchar *field = g_strdup_printf ("dropped-%s", reasons[i]);
    const gchar *place = dropped != NULL ? strstr (dropped, reasons[i]) : NULL;
    guint64 wanted
        = place != NULL ? g_ascii_strtoull (place + strlen (reasons[i]) + 1, NULL, 10) : 0;

    g_assert_cmpuint (trib_structure_uint64 (stats, field), ==, wanted);
    total += wanted;
  }
  if (lines)
    total += trib_structure_uint64 (stats, "blank") + trib_structure_uint64 (stats, "not-taken");
  g_assert_cmpuint (trib_structure_uint64 (stats, lines ? "lines-in" : "records-in"), ==, in);
  g_assert_cmpuint (trib_structure_uint64 (stats, "records-out"), ==, out);
  g_assert_cmpuint (in, ==, out + total);
}

void
record_check_last (GstHarness *h, guint64 record, guint64 offset)
{
  g_autoptr (GstStructure) stats = trib_element_stats (h->element);

  g_assert_cmpuint (trib_structure_uint64 (stats, "last-dropped-record"), ==, record);
  g_assert_cmpuint (trib_structure_uint64 (stats, "last-dropped-offset"), ==, offset);
  g_assert_cmpstr (gst_structure_get_string (stats, "last-dropped"), !=, "");
}

void
record_check_message (GstMessage *message, const gchar *reason, guint64 record, guint64 offset)
{
  const GstStructure *s = gst_message_get_structure (message);

  g_assert_cmpstr (gst_structure_get_string (s, "reason"), ==, reason);
  g_assert_nonnull (strstr (gst_structure_get_string (s, "text"), " at byte "));
  g_assert_cmpuint (trib_structure_uint64 (s, "record"), ==, record);
  g_assert_cmpuint (trib_structure_uint64 (s, "offset"), ==, offset);
}
