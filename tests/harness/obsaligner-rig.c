/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obsaligner-rig.h"

#include <fused-reader.h>
#include <string.h>

/* A test clock ends no wait by itself, not even one for a time that has passed. */
static gboolean
end_wait_if_due (GstTestClock *clock)
{
  GstClockID id = NULL, done = NULL;
  gboolean due = gst_test_clock_peek_next_pending_id (clock, &id)
                 && gst_clock_id_get_time (id) <= gst_clock_get_time (GST_CLOCK (clock));

  if (due)
    done = gst_test_clock_process_next_clock_id (clock);
  if (done)
    gst_clock_id_unref (done);
  if (id)
    gst_clock_id_unref (id);
  return due;
}

/* For a wait that begins when its time has been set already: nothing may look then. */
static gpointer
keep_time (gpointer data)
{
  Rig *rig = data;

  g_mutex_lock (&rig->lock);
  while (!rig->end) {
    while (end_wait_if_due (rig->clock))
      ;
    g_cond_wait_until (&rig->ended, &rig->lock, g_get_monotonic_time () + G_TIME_SPAN_MILLISECOND);
  }
  g_mutex_unlock (&rig->lock);
  return NULL;
}

static Rig *
rig_new_element (const gchar *properties)
{
  Rig *rig = g_new0 (Rig, 1);
  g_autofree gchar *line = g_strdup_printf ("obsaligner %s", properties);
  g_autoptr (GError) error = NULL;

  rig->clock = GST_TEST_CLOCK (gst_test_clock_new ());
  gst_system_clock_set_default (GST_CLOCK (rig->clock));
  rig->element = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (rig->element);
  g_mutex_init (&rig->lock);
  g_cond_init (&rig->ended);
  rig->keeper = g_thread_new ("keeper", keep_time, rig);
  return rig;
}

Rig *
rig_new (const gchar *properties)
{
  Rig *rig = rig_new_element (properties);

  rig->h = gst_harness_new_with_element (rig->element, "sink", "src");
  gst_harness_set_src_caps_str (rig->h, "application/json");
  return rig;
}

Rig *
rig_new_pads (const gchar *properties, guint n)
{
  Rig *rig = rig_new_element (properties);

  rig->h = gst_harness_new_with_element (rig->element, NULL, "src");
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *name = g_strdup_printf ("sink_%u", i);
    rig->more[i] = gst_harness_new_with_element (rig->element, name, NULL);
    gst_harness_set_src_caps_str (rig->more[i], "application/json");
  }
  gst_harness_play (rig->h);
  return rig;
}

void
rig_free (Rig *rig)
{
  for (guint i = 0; i < G_N_ELEMENTS (rig->more); i++)
    g_clear_pointer (&rig->more[i], gst_harness_teardown);
  gst_harness_teardown (rig->h);
  g_mutex_lock (&rig->lock);
  rig->end = TRUE;
  g_cond_signal (&rig->ended);
  g_mutex_unlock (&rig->lock);
  g_thread_join (rig->keeper);
  g_mutex_clear (&rig->lock);
  g_cond_clear (&rig->ended);
  gst_object_unref (rig->element);
  gst_system_clock_set_default (NULL);
  gst_object_unref (rig->clock);
  g_free (rig);
}

/* Lets everything happen that is due by then; time does not go back. What was made before is out by
 * then: for the time of a push, sources are not silent. */
void
rig_at (Rig *rig, gdouble ms)
{
  GstClockTime now = (GstClockTime) (ms * GST_MSECOND);

  trib_assert_eventually (rig_stat (rig, "frames-queued") == 0, 20000);
  gst_test_clock_set_time (rig->clock, MAX (now, gst_clock_get_time (GST_CLOCK (rig->clock))));
  while (end_wait_if_due (rig->clock))
    ;
}

void
rig_push (GstHarness *h, const gchar *json)
{
  g_assert_cmpint (
      gst_harness_push (h, gst_buffer_new_memdup (json, strlen (json))), ==, GST_FLOW_OK);
}

/* ":t4" and "#1/2" behind a frame */
static void
add_details (GString *json, const gchar *p, gint64 frame, gboolean has_frame)
{
  const gchar *t = strstr (p, ":t"), *part = strchr (p, '#'), *names = strchr (p, ':');
  gdouble ms = t ? g_ascii_strtod (t + 2, NULL) : (gdouble) frame;

  if (has_frame)
    g_string_append_printf (json, ",\"frame_id\":%" G_GINT64_FORMAT, frame);
  g_string_append_printf (json, ",\"t_ns\":%" G_GINT64_FORMAT, (gint64) (ms * GST_MSECOND));
  if (part)
    g_string_append_printf (json, ",\"part\":%d,\"parts\":%d", part[1] - '0', part[3] - '0');
  if (names && !t) {
    g_auto (GStrv) expected = g_strsplit (names + 1, "+", -1);
    g_string_append (json, ",\"expected\":[");
    for (guint i = 0; expected[i]; i++)
      g_string_append_printf (json, "%s\"%s\"", i > 0 ? "," : "", expected[i]);
    g_string_append_c (json, ']');
  }
}

/* one word of a script, without its time */
static void
say_word (GstHarness *h, const gchar *word)
{
  GString *json = g_string_new ("{");
  gsize n = strcspn (word, "0123456789=:#");
  const gchar *kind = strchr (word, '='), *p = word + n;
  gboolean has_frame = g_ascii_isdigit (*p);
  gint64 frame = has_frame ? g_ascii_strtoll (p, (gchar **) &p, 10) : 0;

  if (n > 0)
    g_string_append_printf (json, "\"type\":\"%.*s\"", (int) n, word);
  else
    g_string_append (json, "\"type\":\"frame\"");
  if (kind) {
    gsize len = strcspn (kind + 1, ":#");
    g_string_append_printf (json, ",\"kind\":\"%.*s\"", (int) len, kind + 1);
    if (strncmp (kind + 1, "skipped", len) == 0)
      g_string_append (json, ",\"reason\":\"busy\"");
    p = kind + 1 + len;
  }
  if (has_frame || strstr (p, ":t"))
    add_details (json, p, frame, has_frame);
  g_string_append_c (json, '}');
  rig_push (h, json->str);
  g_string_free (json, TRUE);
}

/**
 * rig_say:
 * @script: words, each WHAT@MS: at that time, this is said. F33: source F about frame 33, captured
 *   at 33 ms; F33:t36: at 36 ms; F:t36: without a frame id; F33=empty, F33=skipped, F=bound:t33,
 *   F=eos; 33=announce:F+P; F33#1/2: part 1 of 2. @MS alone only lets time pass.
 */
void
rig_say (Rig *rig, GstHarness *h, const gchar *script)
{
  g_auto (GStrv) words = g_strsplit (script, " ", -1);

  for (guint i = 0; words[i]; i++) {
    gchar *at = strrchr (words[i], '@');

    g_assert_nonnull (at);
    *at = '\0';
    rig_at (rig, g_ascii_strtod (at + 1, NULL));
    if (*words[i])
      say_word (h, words[i]);
  }
}

static gchar *
summary (GstBuffer *buffer)
{
  GstMapInfo map;
  gchar *line;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  line = rig_fused_summary ((const gchar *) map.data, map.size, FALSE);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return line;
}

/* (transfer full): the next fused record as one line */
gchar *
rig_pull (Rig *rig)
{
  GstBuffer *buffer = gst_harness_pull (rig->h);

  g_assert_nonnull (buffer);
  return summary (buffer);
}

/* the next fused records are these, "|" between them */
void
rig_expect (Rig *rig, const gchar *lines)
{
  g_auto (GStrv) expected = g_strsplit (lines, "|", -1);

  for (guint i = 0; expected[i]; i++) {
    g_autofree gchar *line = rig_pull (rig);
    g_assert_cmpstr (line, ==, expected[i]);
  }
}

static gboolean
has_eos (GstHarness *h)
{
  g_autoptr (GstEvent) eos = gst_pad_get_sticky_event (h->sinkpad, GST_EVENT_EOS, 0);

  return eos != NULL;
}

/* EOS on every pad; what still comes is @lines ("" for nothing), and the counters close */
void
rig_end (Rig *rig, const gchar *lines)
{
  GString *got = g_string_new (NULL);
  GstBuffer *buffer;

  if (rig->h->srcpad)
    gst_harness_push_event (rig->h, gst_event_new_eos ());
  for (guint i = 0; i < G_N_ELEMENTS (rig->more); i++) {
    if (rig->more[i])
      gst_harness_push_event (rig->more[i], gst_event_new_eos ());
  }
  trib_assert_eventually (has_eos (rig->h), 20000);
  while ((buffer = gst_harness_try_pull (rig->h))) {
    g_autofree gchar *line = summary (buffer);
    g_string_append_printf (got, "%s%s", got->len > 0 ? "|" : "", line);
  }
  g_assert_cmpstr (got->str, ==, lines);
  g_string_free (got, TRUE);
  g_assert_cmpuint (rig_stat (rig, "records-pending"), ==, 0);
  rig_assert_closed (rig);
}

guint64
rig_stat (Rig *rig, const gchar *field)
{
  g_autoptr (GstStructure) stats = trib_element_stats (rig->element);

  return trib_structure_uint64 (stats, field);
}

static guint64
sum (const GstStructure *stats, const gchar *const *fields)
{
  guint64 n = 0;

  for (; *fields; fields++)
    n += trib_structure_uint64 (stats, *fields);
  return n;
}

/* every record and every fused record has one outcome */
void
rig_assert_closed (Rig *rig)
{
  static const gchar *const records[] = { "records-emitted", "records-late", "records-duplicate",
    "records-dropped", "records-invalid", "records-control", "records-pending", NULL };
  static const gchar *const frames[] = { "frames-out", "frames-queued", "frames-dropped", NULL };
  g_autoptr (GstStructure) stats = trib_element_stats (rig->element);

  g_assert_cmpuint (trib_structure_uint64 (stats, "records-in"), ==, sum (stats, records));
  g_assert_cmpuint (trib_structure_uint64 (stats, "frames-fused"), ==, sum (stats, frames));
}
