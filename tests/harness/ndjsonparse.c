/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which records come out of a stream of bytes, when they are, what is passed over, and that the
 * books close. */
#include <trib-gst-test.h>

#include <string.h>

#include "record-rig.h"

static void
expect (GstHarness *h, const gchar *text, GstClockTime pts, guint64 offset, gboolean discont)
{
  g_autoptr (GstBuffer) out = gst_harness_try_pull (h);

  g_assert_nonnull (out);
  record_assert_text (out, text);
  g_assert_cmpuint (GST_BUFFER_PTS (out), ==, pts);
  g_assert_cmpuint (GST_BUFFER_OFFSET (out), ==, offset);
  g_assert_cmpint (GST_BUFFER_IS_DISCONT (out), ==, discont);
}

#define A "{\"t_ns\":1700000000000000000}"
#define B "{\"t_ns\":1700000000033333333,\"b\":\"\xc3\xbc\"}"
#define BAD "{\"t_ns\":1,}"
#define C "{\"t_ns\":1600000000000000000}"
#define D "{\"x\":{\"t_ns\":5}}"

static const gchar stream[] = "\xef\xbb\xbf" A "\r\n\r\n" B "\n" BAD "\n" C "\n[1]\n" D;

/* wherever the stream is cut */
static void
test_stream (void)
{
  gsize len = strlen (stream);

  for (gsize step = 1; step <= len; step += step < 40 ? 1 : 17) {
    g_autoptr (TribHarness) h = record_harness ("ndjsonparse", "application/octet-stream");
    g_autoptr (GstStructure) stats = NULL;
    g_autoptr (GstCaps) caps = NULL;
    guint64 at = 3;

    for (gsize i = 0; i < len; i += step)
      record_push_bytes (h, stream + i, MIN (step, len - i), GST_CLOCK_TIME_NONE);
    g_assert_true (gst_harness_push_event (h, gst_event_new_eos ()));
    expect (h, A, 0, at, TRUE);
    at += strlen (A) + 4;
    expect (h, B, 33333333, at, FALSE);
    at += strlen (B) + 1 + strlen (BAD) + 1;
    /* earlier than the first */
    expect (h, C, 0, at, TRUE);
    at += strlen (C) + 1 + 4;
    /* the last line has no newline, and no time of its own */
    expect (h, D, GST_CLOCK_TIME_NONE, at, TRUE);
    g_assert_null (gst_harness_try_pull (h));
    record_check_stats (h, 7, 4, "syntax 1 type 1");
    record_check_last (h, 6, at - 4);
    stats = trib_element_stats (h->element);
    g_assert_cmpuint (trib_structure_uint64 (stats, "blank"), ==, 1);
    g_assert_cmpuint (trib_structure_uint64 (stats, "untimed"), ==, 1);
    g_assert_cmpuint (trib_structure_uint64 (stats, "bytes-in"), ==, len);
    caps = gst_pad_get_current_caps (h->sinkpad);
    g_assert_true (gst_structure_has_name (gst_caps_get_structure (caps, 0), "application/json"));
  }
}

static void
test_dropped (void)
{
  g_autoptr (TribHarness) h = gst_harness_new ("ndjsonparse");
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;

  g_object_set (h->element, "max-line-bytes", (guint64) 20, NULL);
  /* the harness has started it already: what it is at the start counts */
  trib_set_state (h->element, GST_STATE_NULL, 5000);
  trib_set_state (h->element, GST_STATE_PLAYING, 5000);
  gst_harness_set_src_caps_str (h, "application/octet-stream");
  gst_element_set_bus (h->element, bus);
  record_push (h, "{\"a\":1}\n{\"a\":\"0123456789", 0);
  record_push (h, "0123456789\"}\n{\"b\":2}\n{\"c\":\n", 0);
  expect (h, "{\"a\":1}", GST_CLOCK_TIME_NONE, 0, TRUE);
  expect (h, "{\"b\":2}", GST_CLOCK_TIME_NONE, 37, TRUE);
  record_check_stats (h, 4, 2, "limit 1 truncated 1");
  message = trib_bus_wait_element (h->element, "ndjsonparse-dropped", 5000);
  record_check_message (message, "limit", 2, 8);
  gst_clear_message (&message);
  message = trib_bus_wait_element (h->element, "ndjsonparse-dropped", 5000);
  record_check_message (message, "truncated", 4, 50);
  gst_element_set_bus (h->element, NULL);
}

/* the warning of an end, or NULL; the events are serialized, so it is there when EOS returns */
static gchar *
warning_at_end (const gchar *element, const gchar *caps, const gchar *text)
{
  g_autoptr (TribHarness) h = record_harness (element, caps);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (h->element, bus);
  if (*text)
    record_push (h, text, 0);
  g_assert_true (gst_harness_push_event (h, gst_event_new_eos ()));
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  gst_element_set_bus (h->element, NULL);
  if (message == NULL)
    return NULL;
  gst_message_parse_warning (message, &error, NULL);
  return g_strdup (error->message);
}

/* a file of something else, or of nothing, is said to be one */
static void
test_nothing_found (void)
{
  static const struct {
    const gchar *element, *caps, *text, *warning;
  } ends[] = {
    { "ndjsonparse", "text/plain", "one\ntwo\n", "No record was found (lines: 2, bytes: 8)*" },
    { "ndjsonparse", "text/plain", "\n\n", "No record was found (lines: 2,*" },
    { "ndjsonparse", "text/plain", "", "No record was found (lines: 0, bytes: 0)*" },
    { "ndjsonparse", "text/plain", "one\n{}\n", NULL },
    { "msgpackenc", "application/json", "{]", "No record could be converted (received: 1)." },
    { "msgpackenc", "application/json", "", NULL },
    { "msgpackdec", "application/x-msgpack", "\xc1", "No record could be converted*" },
    { "ndjsonenc", "application/json", "[", "No record could be converted*" },
    { "ndjsonenc", "application/json", "{}", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (ends); i++) {
    g_autofree gchar *warning = warning_at_end (ends[i].element, ends[i].caps, ends[i].text);
    if (ends[i].warning == NULL)
      g_assert_null (warning);
    else
      g_assert_true (warning && g_pattern_match_simple (ends[i].warning, warning));
  }
}

static const struct {
  const gchar *field, *unit, *base;
  const gchar *line;
  GstClockTime pts;
} times[] = {
  { "t_ns", "ns", "absolute", "{\"t_ns\":5}", 5 },
  { "t_ns", "ns", "absolute", "{\"t_ns\":-5}", GST_CLOCK_TIME_NONE },
  { "t_ns", "ns", "absolute", "{\"t_ns\":\"5\"}", GST_CLOCK_TIME_NONE },
  { "t_ns", "ns", "absolute", "{\"t_ns\":5,\"t_ns\":6}", 6 },
  { "t", "s", "absolute", "{\"t\":1.5}", 1500000000 },
  { "t", "s", "absolute", "{\"t\":9223372037}", GST_CLOCK_TIME_NONE },
  { "t", "s", "absolute", "{\"t\":1e300}", GST_CLOCK_TIME_NONE },
  { "t", "ms", "absolute", "{\"t\":2}", 2000000 },
  { "t", "us", "absolute", "{\"t\":0.5}", 500 },
  { "", "ns", "absolute", "{\"t_ns\":5}", GST_CLOCK_TIME_NONE },
  { "t_ns", "ns", "first", "{\"t_ns\":-9223372036854775808}", 0 },
};

static void
test_times (void)
{
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++) {
    g_autofree gchar *line
        = g_strdup_printf ("ndjsonparse time-field=\"%s\" time-unit=%s time-base=%s",
            times[i].field, times[i].unit, times[i].base);
    g_autoptr (TribHarness) h = gst_harness_new_parse (line);

    gst_harness_set_src_caps_str (h, "application/octet-stream");
    record_push (h, times[i].line, 0);
    record_push (h, "\n", 0);
    expect (h, times[i].line, times[i].pts, 0, TRUE);
  }
}

/* the span between two times may be larger than either sign of 64 bits holds */
static void
test_far_apart (void)
{
  g_autoptr (TribHarness) h = record_harness ("ndjsonparse", "application/octet-stream");

  record_push (h, "{\"t_ns\":-9223372036854775808}\n{\"t_ns\":9223372036854775806}\n", 0);
  expect (h, "{\"t_ns\":-9223372036854775808}", 0, 0, TRUE);
  expect (h, "{\"t_ns\":9223372036854775806}", G_MAXUINT64 - 1, 30, FALSE);
}

static const GstSegment *
segment_of (GstHarness *h, GstEvent **ret_event)
{
  const GstSegment *segment;

  *ret_event = gst_pad_get_sticky_event (h->sinkpad, GST_EVENT_SEGMENT, 0);
  g_assert_nonnull (*ret_event);
  gst_event_parse_segment (*ret_event, &segment);
  return segment;
}

static void
test_segments (void)
{
  g_autoptr (TribHarness) h = gst_harness_new ("ndjsonparse");
  g_autoptr (GstEvent) bytes_event = NULL;
  g_autoptr (GstEvent) time_event = NULL;
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_BYTES);
  g_assert_true (gst_harness_push_event (h, gst_event_new_stream_start ("a")));
  g_assert_true (gst_harness_push_event (h, gst_event_new_segment (&segment)));
  record_push (h, "{\"t_ns\":7}\n{", 0);
  expect (h, "{\"t_ns\":7}", 0, 0, TRUE);
  g_assert_cmpint (segment_of (h, &bytes_event)->format, ==, GST_FORMAT_TIME);
  g_assert_cmpuint (segment_of (h, &time_event)->start, ==, 0);
  gst_clear_event (&time_event);

  /* a flush forgets the line that was begun, and the first time */
  g_assert_true (gst_harness_push_event (h, gst_event_new_flush_start ()));
  g_assert_true (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = 4 * GST_SECOND;
  g_assert_true (gst_harness_push_event (h, gst_event_new_segment (&segment)));
  /* a line that begins in one buffer and ends in the next is of the time of the first */
  record_push (h, "{\"t_ns\":", 5 * GST_SECOND);
  record_push (h, "100}\n{\"t_ns\":103}\n", 6 * GST_SECOND);
  expect (h, "{\"t_ns\":100}", 5 * GST_SECOND, 0, TRUE);
  expect (h, "{\"t_ns\":103}", 5 * GST_SECOND + 3, 13, FALSE);
  g_assert_cmpuint (segment_of (h, &time_event)->start, ==, 4 * GST_SECOND);
  record_check_stats (h, 3, 3, NULL);
}

static void
test_not_taken (void)
{
  g_autoptr (TribHarness) h = record_harness ("ndjsonparse", "application/octet-stream");
  g_autoptr (GstStructure) stats = NULL;

  record_push (h, "{\"a\":1}\n", 0);
  GST_PAD_SET_FLUSHING (h->sinkpad);
  g_assert_cmpint (
      gst_harness_push (h, gst_buffer_new_memdup ("{}\n{}\n{", 7)), ==, GST_FLOW_FLUSHING);
  GST_PAD_UNSET_FLUSHING (h->sinkpad);
  stats = trib_element_stats (h->element);
  g_assert_cmpuint (trib_structure_uint64 (stats, "not-taken"), ==, 1);
  record_check_stats (h, 2, 1, NULL);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/ndjsonparse/stream", test_stream);
  g_test_add_func ("/ndjsonparse/nothing-found", test_nothing_found);
  g_test_add_func ("/ndjsonparse/dropped", test_dropped);
  g_test_add_func ("/ndjsonparse/times", test_times);
  g_test_add_func ("/ndjsonparse/far-apart", test_far_apart);
  g_test_add_func ("/ndjsonparse/segments", test_segments);
  g_test_add_func ("/ndjsonparse/not-taken", test_not_taken);
  return trib_gst_test_run ();
}
