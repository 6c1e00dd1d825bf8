/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caps of records, the format that a pad chooses, the head of a stream, bytes of memory. */
#include <gst/gst.h>

#include <shared/trib-element-records.h>

static void
test_caps (void)
{
  static const struct {
    const gchar *caps;
    gboolean is_record;
    TribRecordFormat format;
  } rows[] = {
    { "application/json", TRUE, TRIB_RECORD_JSON },
    { "application/x-msgpack, x=1", TRUE, TRIB_RECORD_MSGPACK },
    { TRIB_RECORD_CAPS, TRUE, TRIB_RECORD_JSON },
    { "application/x-ndjson", FALSE, TRIB_RECORD_JSON },
    { "EMPTY", FALSE, TRIB_RECORD_JSON },
    { "ANY", FALSE, TRIB_RECORD_JSON },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GstCaps) caps = gst_caps_from_string (rows[i].caps);
    TribRecordFormat format;

    g_assert_cmpint (trib_record_caps_parse (caps, &format), ==, rows[i].is_record);
    g_assert_cmpint (trib_record_caps_format (caps), ==, rows[i].format);
  }
  for (guint format = TRIB_RECORD_JSON; format <= TRIB_RECORD_MSGPACK; format++) {
    g_autoptr (GstCaps) caps = trib_record_caps_new ((TribRecordFormat) format);

    g_assert_cmpint (trib_record_caps_format (caps), ==, format);
  }
}

/* @peer_caps: (nullable): NULL: not linked */
static void
assert_choice (const gchar *peer_caps, TribRecordFormat wanted)
{
  g_autoptr (GstCaps) ours = gst_caps_from_string (TRIB_RECORD_CAPS);
  g_autoptr (GstCaps) theirs = gst_caps_from_string (peer_caps ? peer_caps : "ANY");
  g_autoptr (GstPadTemplate) src_template
      = gst_object_ref_sink (gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, ours));
  g_autoptr (GstPadTemplate) sink_template
      = gst_object_ref_sink (gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, theirs));
  g_autoptr (GstPad) src = gst_object_ref_sink (gst_pad_new_from_template (src_template, "src"));
  g_autoptr (GstPad) sink = gst_object_ref_sink (gst_pad_new_from_template (sink_template, "sink"));

  if (peer_caps != NULL)
    gst_pad_link_full (src, sink, GST_PAD_LINK_CHECK_NOTHING);
  g_assert_cmpint (trib_pad_choose_record_format (src), ==, wanted);
}

static void
test_choice (void)
{
  assert_choice (NULL, TRIB_RECORD_JSON);
  assert_choice (TRIB_RECORD_CAPS, TRIB_RECORD_JSON);
  assert_choice ("application/x-msgpack; application/json", TRIB_RECORD_JSON);
  assert_choice (TRIB_RECORD_CAPS_MSGPACK, TRIB_RECORD_MSGPACK);
  /* nothing in common: the push of the caps fails, with JSON as well as without */
  assert_choice ("video/x-raw", TRIB_RECORD_JSON);
}

static void
test_head (void)
{
  g_autoptr (GstPad) pad = gst_object_ref_sink (gst_pad_new ("src", GST_PAD_SRC));
  g_autoptr (GstCaps) caps = trib_record_caps_new (TRIB_RECORD_JSON);
  g_autoptr (GstEvent) start = NULL, segment = NULL;
  g_autoptr (GstCaps) current = NULL;
  const GstSegment *s;
  const gchar *id;
  guint group = 0;

  gst_pad_set_active (pad, TRUE);
  trib_pad_push_stream_head (pad, 7, "/fused", caps);
  start = gst_pad_get_sticky_event (pad, GST_EVENT_STREAM_START, 0);
  segment = gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  current = gst_pad_get_current_caps (pad);
  gst_event_parse_stream_start (start, &id);
  gst_event_parse_segment (segment, &s);
  g_assert_true (g_str_has_suffix (id, "/fused"));
  g_assert_true (gst_event_parse_group_id (start, &group));
  g_assert_cmpuint (group, ==, 7);
  g_assert_true (gst_caps_is_equal (current, caps));
  g_assert_cmpint (s->format, ==, GST_FORMAT_TIME);
  gst_pad_set_active (pad, FALSE);
}

/* the bytes are not copied, and outlive the buffer */
static void
test_bytes (void)
{
  GstBuffer *buffer = gst_buffer_new_memdup ("abc", 3);
  g_autoptr (GBytes) bytes = trib_memory_to_bytes (gst_buffer_get_memory (buffer, 0));

  gst_buffer_unref (buffer);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "abc", 3);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/shared-records/caps", test_caps);
  g_test_add_func ("/shared-records/choice", test_choice);
  g_test_add_func ("/shared-records/head", test_head);
  g_test_add_func ("/shared-records/bytes", test_bytes);
  return g_test_run ();
}
