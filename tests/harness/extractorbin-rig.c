/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "extractorbin-rig.h"

#include <frame/trib-frame-meta.h>
#include <string.h>

#define CAPS "video/x-raw,format=GRAY8,width=16,height=8,framerate=30/1"
#define SIZE (16 * 8)

/* ---- the element ---- */

void
rig_open_branch (Rig *rig, guint branch)
{
  g_autofree gchar *sink = g_strdup_printf ("branch_sink_%u", branch);
  g_autofree gchar *src = g_strdup_printf ("branch_src_%u", branch);
  GstHarness *h = gst_harness_new_with_element (rig->element, sink, src);

  gst_harness_set_src_caps_str (h, "application/json");
  rig->branch[branch] = h;
}

void
rig_close_branch (Rig *rig, guint branch)
{
  g_autofree gchar *sink_name = g_strdup_printf ("branch_sink_%u", branch);
  g_autofree gchar *src_name = g_strdup_printf ("branch_src_%u", branch);
  g_autoptr (GstPad) sink = gst_element_get_static_pad (rig->element, sink_name);
  g_autoptr (GstPad) src = gst_element_get_static_pad (rig->element, src_name);

  gst_element_release_request_pad (rig->element, src);
  gst_element_release_request_pad (rig->element, sink);
  g_clear_pointer (&rig->branch[branch], gst_harness_teardown);
}

/* @properties: as on a command line; @n_branches: pairs of request pads */
Rig *
rig_new (const gchar *properties, guint n_branches)
{
  Rig *rig = g_new0 (Rig, 1);
  g_autofree gchar *line = g_strdup_printf ("extractorbin %s", properties);
  g_autoptr (GError) error = NULL;

  rig->element = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  gst_object_ref_sink (rig->element);
  rig->h = gst_harness_new_with_element (rig->element, "sink", "obs");
  for (guint i = 0; i < n_branches; i++)
    rig_open_branch (rig, i);
  gst_harness_set_src_caps_str (rig->h, CAPS);
  return rig;
}

void
rig_open_src (Rig *rig)
{
  rig->src = gst_harness_new_with_element (rig->element, NULL, "src");
}

void
rig_free (Rig *rig)
{
  gst_element_set_state (rig->element, GST_STATE_NULL);
  for (guint i = 0; i < G_N_ELEMENTS (rig->branch); i++)
    if (rig->branch[i])
      rig_close_branch (rig, i);
  g_clear_pointer (&rig->src, gst_harness_teardown);
  gst_harness_teardown (rig->h);
  gst_object_unref (rig->element);
  g_free (rig);
}

/* ---- frames in ---- */

/* with an identity: frame @id, captured RIG_FRAME after the one before */
GstBuffer *
rig_make_frame (guint64 id)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, SIZE, NULL);
  const TribFrameInfo info = { .session = "session-1",
    .stream = "camera",
    .index = id,
    .t_ns = (gint64) (id * RIG_FRAME),
    .key = id % 2 == 0,
    .time_source = TRIB_TIME_SOURCE_META,
    .quality = -1 };

  gst_buffer_memset (buffer, 0, (guint8) id, SIZE);
  GST_BUFFER_PTS (buffer) = id * RIG_FRAME;
  GST_BUFFER_DURATION (buffer) = RIG_FRAME;
  trib_frame_meta_set (buffer, &info);
  return buffer;
}

void
rig_frame (Rig *rig, guint64 id)
{
  g_assert_cmpint (gst_harness_push (rig->h, rig_make_frame (id)), ==, GST_FLOW_OK);
}

/* The time of frames stands still from here on, so that a branch with a short timeout takes its
 * frame in time on any machine. */
void
rig_hold (Rig *rig)
{
  trib_set_state (rig->element, GST_STATE_PAUSED, 10000);
}

void
rig_go_on (Rig *rig)
{
  trib_set_state (rig->element, GST_STATE_PLAYING, 10000);
}

/* the frame that the branch is given next */
guint64
rig_next (Rig *rig, guint branch)
{
  g_autoptr (GstBuffer) buffer = gst_harness_pull (rig->branch[branch]);
  TribFrameInfo info;

  g_assert_nonnull (buffer);
  g_assert_true (trib_frame_meta_get (buffer, &info));
  return info.index;
}

void
rig_take (Rig *rig, guint branch, guint64 id)
{
  g_assert_cmpuint (rig_next (rig, branch), ==, id);
}

/* ---- answers ---- */

void
rig_say (Rig *rig, guint branch, const gchar *json)
{
  GstBuffer *buffer = gst_buffer_new_memdup (json, strlen (json));

  g_assert_cmpint (gst_harness_push (rig->branch[branch], buffer), ==, GST_FLOW_OK);
}

void
rig_answer (Rig *rig, guint branch, guint64 id)
{
  g_autofree gchar *json = g_strdup_printf ("{\"type\":\"seen\",\"frame_id\":%" G_GUINT64_FORMAT
                                            ",\"t_ns\":%" G_GUINT64_FORMAT "}",
      id, id * RIG_FRAME);

  rig_say (rig, branch, json);
}

/* ---- records out ---- */

static gchar *
text_of (GstBuffer *buffer)
{
  GstMapInfo map;
  gchar *text;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  text = g_strndup ((const gchar *) map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  return text;
}

/* the record that comes out next */
gchar *
rig_pull (Rig *rig)
{
  g_autoptr (GstBuffer) buffer = gst_harness_pull (rig->h);

  g_assert_nonnull (buffer);
  return text_of (buffer);
}

/* "": it has none; texts and lists without quotes */
static gchar *
member (const gchar *record, const gchar *name)
{
  g_autofree gchar *key = g_strdup_printf ("\"%s\":", name);
  const gchar *at = strstr (record, key);
  g_autofree gchar *raw = NULL;
  GString *out = g_string_new (NULL);

  if (at) {
    at += strlen (key);
    raw = g_strndup (at, *at == '[' ? strcspn (at, "]") + 1 : strcspn (at, ",}"));
    for (const gchar *p = raw; *p; p++)
      if (!strchr ("\"[]", *p))
        g_string_append_c (out, *p);
  }
  return g_string_free (out, FALSE);
}

/* a record on one line: "announce 7 ok a,b", "skipped 7 a timeout", "empty 7 a", "obs 7 a", "obs 7
 * a late" */
gchar *
rig_summary (const gchar *record)
{
  g_autofree gchar *kind = member (record, "kind"), *frame = member (record, "frame_id"),
                   *source = member (record, "source"), *reason = member (record, "reason"),
                   *expected = member (record, "expected"), *late = member (record, "late");
  gboolean announce = g_str_equal (kind, "announce");

  return g_strstrip (g_strdup_printf ("%s %s %s%s%s%s%s%s", *kind ? kind : "obs", frame, source,
      *source && *reason ? " " : "", reason, announce ? " " : "", announce ? expected : "",
      g_str_equal (late, "true") ? " late" : ""));
}

void
rig_expect (Rig *rig, const gchar *summary)
{
  g_autofree gchar *record = rig_pull (rig), *got = rig_summary (record);

  if (!g_str_equal (got, summary))
    g_error ("expected \"%s\", got \"%s\" of %s", summary, got, record);
}

/* EOS in, EOS out behind what comes before it */
void
rig_end (Rig *rig)
{
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_eos ()));
  for (;;) {
    g_autoptr (GstEvent) event = NULL;
    trib_assert_eventually ((event = gst_harness_try_pull_event (rig->h)) != NULL, 30000);
    if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
      return;
  }
}

/* ---- stats ---- */

guint64
rig_stat (Rig *rig, const gchar *field)
{
  g_autoptr (GstStructure) stats = trib_element_stats (rig->element);

  return trib_structure_uint64 (stats, field);
}

static GstStructure *
branch_stats (const GstStructure *stats, const gchar *name)
{
  const GValue *list = gst_structure_get_value (stats, "branches");

  for (guint i = 0; i < gst_value_array_get_size (list); i++) {
    const GstStructure *s = gst_value_get_structure (gst_value_array_get_value (list, i));
    if (g_str_equal (gst_structure_get_string (s, "branch"), name))
      return gst_structure_copy (s);
  }
  g_error ("no branch %s in the stats", name);
}

guint64
rig_branch_stat (Rig *rig, const gchar *branch, const gchar *field)
{
  g_autoptr (GstStructure) stats = trib_element_stats (rig->element);
  g_autoptr (GstStructure) s = branch_stats (stats, branch);

  return trib_structure_uint64 (s, field);
}

gchar *
rig_branch_state (Rig *rig, const gchar *branch)
{
  g_autoptr (GstStructure) stats = trib_element_stats (rig->element);
  g_autoptr (GstStructure) s = branch_stats (stats, branch);

  return g_strdup (gst_structure_get_string (s, "state"));
}

static guint64
sum (const GstStructure *s, const gchar *const *fields)
{
  guint64 total = 0;

  for (guint i = 0; fields[i]; i++)
    total += trib_structure_uint64 (s, fields[i]);
  return total;
}

/* frames, records and the jobs of each branch are all accounted for */
void
rig_assert_closed (Rig *rig)
{
  static const gchar *const frames[]
      = { "frames-admitted", "frames-dropped", "frames-waiting", NULL };
  static const gchar *const in[] = { "records-own", "records-in", NULL };
  static const gchar *const out[]
      = { "records-out", "records-queued", "records-invalid", "records-unmatched",
          "lost-downstream-full", "lost-not-linked", "lost-downstream-failed", "lost-flush", NULL };
  static const gchar *const jobs[] = { "answered", "empty", "timeout", "skipped", "pending", NULL };
  g_autoptr (GstStructure) stats = trib_element_stats (rig->element);
  const GValue *list = gst_structure_get_value (stats, "branches");

  g_assert_cmpuint (trib_structure_uint64 (stats, "frames-in"), ==, sum (stats, frames));
  g_assert_cmpuint (sum (stats, in), ==, sum (stats, out));
  for (guint i = 0; i < gst_value_array_get_size (list); i++) {
    const GstStructure *s = gst_value_get_structure (gst_value_array_get_value (list, i));
    g_assert_cmpuint (trib_structure_uint64 (s, "jobs"), ==, sum (s, jobs));
  }
}
