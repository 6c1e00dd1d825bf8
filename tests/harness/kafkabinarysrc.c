/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the sink wrote comes back: whole, in order, from anywhere, and what is missing is reported
 * (ARIA-1, ARIA-2). */
#include "kafkabinarysrc-rig.h"

#include <string.h>

static void
expect_eos (SourceRig *rig)
{
  GstEvent *eos = source_rig_event (rig, GST_EVENT_EOS);

  gst_event_unref (eos);
  g_assert_cmpuint (source_rig_stat (rig, "pending"), ==, 0);
}

static void
expect_field (SourceRig *rig, const gchar *message_name, const gchar *field, const gchar *value)
{
  g_autoptr (GstMessage) message = source_rig_pop (rig, GST_MESSAGE_ELEMENT, message_name);

  g_assert_nonnull (message);
  g_assert_cmpstr (
      gst_structure_get_string (gst_message_get_structure (message), field), ==, value);
}

static const gchar *const everything[]
    = { "read-by=registry", "read-by=bytes", "max-queued-bytes=4194304",
        "read-by=bytes max-queued-bytes=4194304", "check-crc=false session-id=s1 stream-id=cam" };

static void
test_everything (gconstpointer data)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", "partition-by=stream");
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstBuffer) first = NULL;
  g_autoptr (GstPad) pad = NULL;
  gint64 duration = 0;

  source_rig_push_many (rig, "s1", 0, 50);
  source_rig_settle (rig);
  source_rig_read (rig, data);
  first = source_rig_pull (rig, "s1", "cam", 0);
  g_assert_true (GST_BUFFER_IS_DISCONT (first));
  g_assert_cmpuint (GST_BUFFER_PTS (first), ==, 0);
  g_assert_cmpuint (GST_BUFFER_DURATION (first), ==, 100 * GST_MSECOND);
  for (guint i = 1; i < 50; i++) {
    g_autoptr (GstBuffer) buffer = source_rig_pull (rig, "s1", "cam", i);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, i * 100 * GST_MSECOND);
    g_assert_false (GST_BUFFER_IS_DISCONT (buffer));
  }
  expect_eos (rig);
  pad = gst_element_get_static_pad (rig->element, "src");
  caps = gst_pad_get_current_caps (pad);
  g_assert_true (gst_structure_has_name (gst_caps_get_structure (caps, 0), "image/jpeg"));
  g_assert_true (gst_structure_has_field (gst_caps_get_structure (caps, 0), "width"));
  g_assert_true (gst_element_query_duration (rig->element, GST_FORMAT_TIME, &duration));
  g_assert_cmpint (duration, ==, 50 * 100 * GST_MSECOND);
  g_assert_cmpuint (source_rig_stat (rig, "pushed"), ==, 50);
  g_assert_cmpuint (source_rig_stat (rig, "missing"), ==, 0);
  expect_field (rig, "kafkabinarysrc-connection", "state", "connected");
  g_assert_null (source_rig_pop (rig, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR, NULL));
}

/* a stream over all partitions is put in order again */
static void
test_spread (gconstpointer data)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", "partition-by=frame");

  source_rig_push_many (rig, "s1", 0, 200);
  source_rig_settle (rig);
  source_rig_read (rig, data);
  source_rig_pull_many (rig, "s1", 0, 200);
  expect_eos (rig);
  g_assert_cmpuint (source_rig_stat (rig, "missing"), ==, 0);
}

static void
test_starts (gconstpointer data)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);
  g_autofree gchar *time = NULL;

  source_rig_push_many (rig, "s1", 0, 30);
  source_rig_settle (rig);
  time = g_strdup_printf (
      "start=time start-time=%" G_GINT64_FORMAT " %s", source_rig_time (20) - 1, (gchar *) data);
  source_rig_read (rig, time);
  source_rig_pull_many (rig, "s1", 20, 10);
  expect_eos (rig);
  g_assert_cmpuint (source_rig_stat (rig, "before"), ==, 20);
  g_free (time);
  time = g_strdup_printf ("start=offset start-offset=-4 %s", (gchar *) data);
  source_rig_read (rig, time);
  source_rig_pull_many (rig, "s1", 26, 4);
  expect_eos (rig);
  g_free (time);
  time = g_strdup_printf ("start=latest %s", (gchar *) data);
  source_rig_read (rig, time);
  expect_eos (rig);
  g_assert_cmpuint (source_rig_stat (rig, "records-read"), ==, 0);
}

/* exact, forwards and back; positions as they should be */
static void
test_seek (gconstpointer data)
{
  static const guint targets[] = { 30, 3, 49, 0, 17 };
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);
  g_autoptr (GstQuery) query = gst_query_new_seeking (GST_FORMAT_TIME);
  gboolean seekable;
  gint64 end;

  source_rig_push_many (rig, "s1", 0, 60);
  source_rig_settle (rig);
  source_rig_read (rig, data);
  source_rig_pull_many (rig, "s1", 0, 5);
  g_assert_true (gst_element_query (rig->element, query));
  gst_query_parse_seeking (query, NULL, &seekable, NULL, &end);
  g_assert_true (seekable);
  g_assert_cmpint (end, ==, 60 * 100 * GST_MSECOND);
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++) {
    g_autoptr (GstBuffer) buffer = NULL;
    guint target = targets[i];

    /* between two frames: the later one is the first that is wanted */
    source_rig_seek (rig, target * 100 * GST_MSECOND - (target > 0 ? 50 * GST_MSECOND : 0));
    while (gst_harness_buffers_in_queue (rig->src) > 0 || buffer == NULL) {
      TribFrameInfo info;
      gst_clear_buffer (&buffer);
      buffer = gst_harness_pull (rig->src);
      g_assert_nonnull (buffer);
      g_assert_true (trib_frame_meta_get (buffer, &info));
      /* what was in the harness when the seek came */
      if (info.index == target && GST_BUFFER_IS_DISCONT (buffer))
        break;
      gst_clear_buffer (&buffer);
    }
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, target * 100 * GST_MSECOND);
  }
  g_assert_false (gst_element_seek (rig->element, 2.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
      GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0));
}

static void
check_seeking (SourceRig *rig, guint n_frames)
{
  g_autoptr (GstQuery) query = gst_query_new_seeking (GST_FORMAT_TIME);
  gboolean seekable;
  gint64 begin, end;

  g_assert_true (gst_element_query (rig->element, query));
  gst_query_parse_seeking (query, NULL, &seekable, &begin, &end);
  g_assert_true (seekable);
  g_assert_cmpint (begin, ==, 0);
  g_assert_cmpint (end, ==, n_frames * 100 * GST_MSECOND);
}

static guint
index_of (GstBuffer *buffer)
{
  TribFrameInfo info;

  g_assert_true (trib_frame_meta_get (buffer, &info));
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, info.index * 100 * GST_MSECOND);
  return info.index;
}

/* a recorder that began now: all that is kept can be sought, in time since the oldest frame */
static void
test_seek_back (gconstpointer data)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);
  g_autofree gchar *line = g_strdup_printf ("until=never start=latest %s", (gchar *) data);
  g_autoptr (GstBuffer) first = NULL;
  guint n = 20, index;

  source_rig_push_many (rig, "s1", 0, n);
  source_rig_settle (rig);
  source_rig_read (rig, line);
  while (first == NULL) {
    source_rig_push_many (rig, "s1", n++, 1);
    source_rig_settle (rig);
    first = gst_harness_try_pull (rig->src);
  }
  index = index_of (first);
  g_assert_cmpuint (index, >=, 20);
  source_rig_pull_many (rig, "s1", index + 1, n - index - 1);
  check_seeking (rig, n);
  for (guint target = 0; target < 20; target += 10) {
    source_rig_seek (rig, target * 100 * GST_MSECOND);
    source_rig_pull_many (rig, "s1", target, n - target);
    source_rig_push_many (rig, "s1", n, 1);
    source_rig_pull_many (rig, "s1", n, 1);
    check_seeking (rig, ++n);
  }
}

/* nothing is written now: what was is there */
static void
test_seek_back_silent (gconstpointer data)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);
  GstBuffer *buffer;

  source_rig_push_many (rig, "s1", 0, 20);
  source_rig_settle (rig);
  source_rig_read (rig, data);
  source_rig_seek (rig, 0);
  for (guint i = 0; i < 20; i++) {
    buffer = source_rig_pull (rig, "s1", "cam", i);
    g_assert_cmpuint (index_of (buffer), ==, i);
    gst_buffer_unref (buffer);
  }
  check_seeking (rig, 20);
  source_rig_seek (rig, GST_SECOND);
  source_rig_pull_many (rig, "s1", 10, 10);
}

static guint64
field (GstMessage *message, const gchar *name)
{
  return trib_structure_uint64 (gst_message_get_structure (message), name);
}

/* indexes that were never written: a gap, a message, a count */
static void
test_gap (void)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);
  g_autoptr (GstBuffer) after = NULL;
  g_autoptr (GstEvent) gap = NULL;
  g_autoptr (GstMessage) message = NULL;
  GstClockTime at, duration;

  source_rig_push_many (rig, "s1", 0, 3);
  source_rig_push_many (rig, "s1", 5, 3);
  source_rig_settle (rig);
  source_rig_read (rig, NULL);
  source_rig_pull_many (rig, "s1", 0, 3);
  after = source_rig_pull (rig, "s1", "cam", 5);
  g_assert_true (GST_BUFFER_IS_DISCONT (after));
  gap = source_rig_event (rig, GST_EVENT_GAP);
  gst_event_parse_gap (gap, &at, &duration);
  g_assert_cmpuint (at, ==, 300 * GST_MSECOND);
  g_assert_cmpuint (duration, ==, 200 * GST_MSECOND);
  g_assert_cmpstr (
      gst_structure_get_string (gst_event_get_structure (gap), "reason"), ==, "unknown");
  message = source_rig_pop (rig, GST_MESSAGE_ELEMENT, "kafkabinarysrc-frames-missing");
  g_assert_nonnull (message);
  g_assert_cmpuint (field (message, "index"), ==, 3);
  g_assert_cmpuint (field (message, "count"), ==, 2);
  source_rig_pull_many (rig, "s1", 6, 2);
  expect_eos (rig);
  g_assert_cmpuint (source_rig_stat (rig, "missing"), ==, 2);
}

/* a frame that failed: the registry says why */
static void
test_failed (void)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", "max-pending-bytes=1048576");
  g_autoptr (GstEvent) gap = NULL;
  g_autoptr (GstMessage) message = NULL;
  const GstStructure *s;

  source_rig_push_many (rig, "s1", 0, 3);
  source_rig_settle (rig);
  source_rig_push_size (rig, "s1", "cam", 3, 2 * 1024 * 1024);
  source_rig_push_many (rig, "s1", 4, 3);
  source_rig_settle (rig);
  source_rig_read (rig, NULL);
  source_rig_pull_many (rig, "s1", 0, 3);
  source_rig_pull_many (rig, "s1", 4, 3);
  expect_eos (rig);
  g_assert_cmpuint (source_rig_stat (rig, "failed"), ==, 1);
  g_assert_cmpuint (source_rig_stat (rig, "missing"), ==, 0);
  message = source_rig_pop (rig, GST_MESSAGE_ELEMENT, "kafkabinarysrc-frames-missing");
  g_assert_nonnull (message);
  s = gst_message_get_structure (message);
  g_assert_cmpstr (gst_structure_get_string (s, "reason"), ==, "too-large");
  g_assert_nonnull (gst_structure_get_string (s, "error-message"));
  g_assert_cmpuint (field (message, "index"), ==, 3);
}

/* retention has removed bytes: counted and reported, no error */
static void
test_past_retention (void)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);
  g_autoptr (GstMessage) message = NULL;
  guint n = 0;

  for (guint i = 0; i < 12; i++)
    source_rig_push_size (rig, "s1", "cam", i, 1000000);
  source_rig_settle (rig);
  source_rig_read (rig, NULL);
  for (GstBuffer *buffer = gst_harness_pull (rig->src); buffer;
       buffer = n < 12 - source_rig_stat (rig, "expired") ? gst_harness_pull (rig->src) : NULL) {
    n++;
    gst_buffer_unref (buffer);
  }
  expect_eos (rig);
  g_assert_cmpuint (n, ==, source_rig_stat (rig, "pushed"));
  g_assert_cmpuint (source_rig_stat (rig, "expired"), >=, 7);
  g_assert_cmpuint (source_rig_stat (rig, "expired") + n, ==, 12);
  g_assert_null (source_rig_pop (rig, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING, NULL));
  /* the bytes alone: the beginning is what is left */
  source_rig_read (rig, "read-by=bytes start=offset start-offset=0");
  gst_buffer_unref (gst_harness_pull (rig->src));
  message = source_rig_pop (rig, GST_MESSAGE_ELEMENT, "kafkabinarysrc-records-lost");
  g_assert_nonnull (message);
  g_assert_cmpuint (field (message, "count"), >=, 7);
  g_assert_cmpuint (source_rig_stat (rig, "records-lost"), ==, field (message, "count"));
}

/* one stream is given, the others are reported; a name chooses */
static void
test_streams (gconstpointer data)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);
  g_autoptr (GstMessage) message = NULL;
  g_autofree gchar *other = g_strdup_printf ("stream-id=other %s", (gchar *) data);

  for (guint i = 0; i < 20; i++) {
    source_rig_push (rig, "s1", "cam", i);
    if (i > 0)
      source_rig_push (rig, "s1", "other", i);
  }
  source_rig_settle (rig);
  source_rig_read (rig, data);
  source_rig_pull_many (rig, "s1", 0, 20);
  expect_eos (rig);
  g_assert_cmpuint (source_rig_stat (rig, "filtered"), ==, 19);
  message = source_rig_pop (rig, GST_MESSAGE_ELEMENT, "kafkabinarysrc-other-stream");
  g_assert_nonnull (message);
  g_assert_cmpstr (
      gst_structure_get_string (gst_message_get_structure (message), "stream"), ==, "other");
  gst_clear_message (&message);
  source_rig_read (rig, other);
  for (guint i = 1; i < 20; i++)
    gst_buffer_unref (source_rig_pull (rig, "s1", "other", i));
  expect_eos (rig);
}

/* sessions follow each other, running time goes on; a name chooses */
static void
test_sessions (gconstpointer data)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);
  g_autofree gchar *second = g_strdup_printf ("session-id=b %s", (gchar *) data);
  g_autoptr (GstEvent) segment_event = NULL;
  GstSegment segment;

  source_rig_push_many (rig, "a", 0, 10);
  source_rig_push_many (rig, "b", 1000, 10);
  source_rig_settle (rig);
  source_rig_read (rig, data);
  source_rig_pull_many (rig, "a", 0, 10);
  {
    g_autoptr (GstBuffer) buffer = source_rig_pull (rig, "b", "cam", 1000);
    g_assert_true (GST_BUFFER_IS_DISCONT (buffer));
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, 100 * GST_SECOND);
  }
  segment_event = source_rig_event (rig, GST_EVENT_SEGMENT);
  gst_clear_event (&segment_event);
  segment_event = source_rig_event (rig, GST_EVENT_SEGMENT);
  gst_event_copy_segment (segment_event, &segment);
  g_assert_cmpuint (
      gst_segment_to_running_time (&segment, GST_FORMAT_TIME, 100 * GST_SECOND), ==, GST_SECOND);
  source_rig_pull_many (rig, "b", 1001, 9);
  expect_eos (rig);
  expect_field (rig, "kafkabinarysrc-session", "session", "a");
  expect_field (rig, "kafkabinarysrc-session", "session", "b");
  source_rig_read (rig, second);
  source_rig_pull_many (rig, "b", 1000, 10);
  expect_eos (rig);
  g_assert_cmpuint (source_rig_stat (rig, "filtered"), ==, 10);
}

static void
query_latency (SourceRig *rig, gboolean live, GstClockTime min)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  gboolean is_live;
  GstClockTime is_min, is_max;

  g_assert_true (gst_element_query (rig->element, query));
  gst_query_parse_latency (query, &is_live, &is_min, &is_max);
  g_assert_cmpint (is_live, ==, live);
  g_assert_cmpuint (is_min, ==, min);
  g_assert_cmpuint (is_max, ==, GST_CLOCK_TIME_NONE);
}

/* live: what comes later comes, and a wait is over when the element is stopped */
static void
test_follow (gconstpointer data)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);
  g_autofree gchar *line = g_strdup_printf ("until=never latency-ms=70 %s", (gchar *) data);
  gint64 duration;

  source_rig_read (rig, line);
  query_latency (rig, TRUE, 70 * GST_MSECOND);
  for (guint i = 0; i < 30; i++) {
    source_rig_push_many (rig, "s1", i, 1);
    source_rig_pull_many (rig, "s1", i, 1);
    /* as long as what was given so far */
    g_assert_true (gst_element_query_duration (rig->element, GST_FORMAT_TIME, &duration));
    g_assert_cmpint (duration, ==, (i + 1) * 100 * GST_MSECOND);
  }
  /* again from the middle, and on */
  source_rig_seek (rig, 2 * GST_SECOND);
  source_rig_pull_many (rig, "s1", 20, 10);
  source_rig_push_many (rig, "s1", 30, 1);
  source_rig_pull_many (rig, "s1", 30, 1);
  source_rig_read (rig, "until=end");
  source_rig_pull_many (rig, "s1", 0, 31);
  query_latency (rig, FALSE, 0);
}

/* ARIA-5: a broker that is not there is waited for and reported once; a stop ends the wait */
static void
test_no_broker (gconstpointer data)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);
  g_autoptr (GstMessage) warning = NULL;
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  g_free (rig->servers);
  rig->servers = g_strdup_printf ("127.0.0.1:%u", trib_test_free_port ());
  source_rig_read (rig, data);
  warning = gst_bus_timed_pop_filtered (
      rig->bus, trib_test_scale (20) * GST_SECOND, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR);
  g_assert_nonnull (warning);
  g_assert_cmpint (GST_MESSAGE_TYPE (warning), ==, GST_MESSAGE_WARNING);
  gst_message_parse_warning (warning, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ);
  g_assert_nonnull (strstr (error->message, rig->servers));
  g_assert_cmpuint (source_rig_stat (rig, "outages"), ==, 1);
  message = source_rig_pop (rig, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR, NULL);
  g_assert_null (message);
}

/* ISO 8601, and relative to now */
static void
test_start_times (gconstpointer data)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);

  source_rig_push_many (rig, "s", 0, 30);
  source_rig_settle (rig);
  source_rig_read (rig, data);
  if (strstr (data, "2024"))
    source_rig_pull_many (rig, "s", 20, 10);
  expect_eos (rig);
  if (strstr (data, "2024") == NULL)
    g_assert_cmpuint (source_rig_stat (rig, "before"), ==, 30);
}

static void
test_uri (void)
{
  static const gchar *const wrong[] = { "kafka://h:1/?sesion=a", "kafka:///?session=a", "kafka:h",
    "kafka:/h", "kafka:?a://b", "kafka://h:1/?session", "kafka://", "kafka://a:1,/?session=a",
    "kafka://,a:1", "kafka://a:1,b:99999/", "kafka://a:1,b:/", "kafka://a:1,b c/",
    "kafka://u@a:1,b:2/", "kafka://a:1,b%00/", "kafka://a:1,[::g]/" };
  static const gchar uri[] = "kafka://h:1/?session=a_b&stream=cam&start=-20s&until=never&prefix=p-";
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) src
      = gst_object_ref_sink (gst_element_make_from_uri (GST_URI_SRC, uri, NULL, &error));
  g_autofree gchar *servers = NULL, *session = NULL, *stream = NULL, *when = NULL, *prefix = NULL;
  g_autofree gchar *same = NULL;
  gint start, until;

  g_assert_no_error (error);
  g_object_get (src, "bootstrap-servers", &servers, "session-id", &session, "stream-id", &stream,
      "start", &start, "start-time", &when, "until", &until, "topic-prefix", &prefix, NULL);
  g_assert_cmpstr (servers, ==, "h:1");
  g_assert_cmpstr (session, ==, "a_b");
  g_assert_cmpstr (stream, ==, "cam");
  g_assert_cmpstr (when, ==, "-20s");
  g_assert_cmpstr (prefix, ==, "p-");
  g_assert_cmpint (start, ==, 3);
  g_assert_cmpint (until, ==, 1);
  same = gst_uri_handler_get_uri (GST_URI_HANDLER (src));
  g_assert_cmpstr (same, ==, uri);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_assert_false (gst_uri_handler_set_uri (GST_URI_HANDLER (src), wrong[i], &error));
    g_assert_nonnull (error);
    g_clear_error (&error);
  }
}

/* as bootstrap-servers takes them */
static void
test_uri_hosts (void)
{
  static const struct {
    const gchar *uri;
    const gchar *servers;
  } rows[] = {
    { "kafka://a:9092,b:9093/?session=s", "a:9092,b:9093" },
    { "kafka://a,b:1?session=s", "a:9092,b:1" },
    { "kafka://a:1,b,c/?session=s", "a:1,b:9092,c:9092" },
    { "kafka://[::1]:1,[fe80::1%25eth0],127.0.0.1/?session=s",
        "[::1]:1,[fe80::1%eth0]:9092,127.0.0.1:9092" },
    { "kafka://a:1%2Cb:2?session=s", "a:1,b:2" },
    { "kafka://h?session=s", "h:9092" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstElement) src = gst_element_make_from_uri (GST_URI_SRC, rows[i].uri, NULL, &error);
    g_autofree gchar *servers = NULL, *session = NULL, *uri = NULL;

    g_assert_no_error (error);
    gst_object_ref_sink (src);
    g_object_get (src, "bootstrap-servers", &servers, "session-id", &session, NULL);
    g_assert_cmpstr (servers, ==, rows[i].servers);
    g_assert_cmpstr (session, ==, "s");
    uri = gst_uri_handler_get_uri (GST_URI_HANDLER (src));
    g_assert_cmpstr (uri, ==, rows[i].uri);
  }
}

static void
test_settings (void)
{
  static const gchar *const lines[] = {
    "kafkabinarysrc bootstrap-servers=in-process binary-topic=a/b",
    "kafkabinarysrc bootstrap-servers=in-process stream-id=\"\"",
    "kafkabinarysrc bootstrap-servers=in-process stream-id=\"a_\001\"",
    "kafkabinarysrc bootstrap-servers=in-process session-id=\"\"",
    "kafkabinarysrc bootstrap-servers=in-process start-time=yesterday",
    "kafkabinarysrc bootstrap-servers=in-process start-time=-20x",
    "kafkabinarysrc bootstrap-servers=in-process start-time=20s",
    "kafkabinarysrc bootstrap-servers=in-process consumer-config=c,group.id=mine",
    "kafkabinarysrc bootstrap-servers=in-process consumer-config=c,no.such=1",
    "kafkabinarysrc bootstrap-servers=in-process consumer-config=c,fetch.max.bytes=10",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    trib_assert_settings_refused (lines[i]);
}

/* older producers have such names (ARIA-40) */
static void
test_stream_with_underscore (void)
{
  g_autoptr (GstElement) src = gst_object_ref_sink (
      gst_parse_launch ("kafkabinarysrc bootstrap-servers=in-process stream-id=slam_left", NULL));

  trib_set_state (src, GST_STATE_READY, 5000);
  trib_set_state (src, GST_STATE_NULL, 5000);
}

static void
play_again (SourceRig *rig)
{
  g_assert_cmpint (
      gst_element_set_state (rig->element, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
}

/* What gst-inspect-1.0 calls changeable in NULL or READY takes effect in both (ARIA-2: stream and
 * session choose). */
static void
test_set_in_ready (void)
{
  g_autoptr (SourceRig) rig = source_rig_new ("in-process", NULL);
  g_autofree gchar *address = NULL, *same = NULL, *text = NULL;
  g_autoptr (GstMessage) refused = NULL;

  source_rig_push_many (rig, "s1", 0, 10);
  for (guint i = 0; i < 10; i++)
    source_rig_push (rig, "s1", "other", i);
  source_rig_push_many (rig, "s2", 20, 10);
  source_rig_settle (rig);
  source_rig_read (rig, "stream-id=cam session-id=s1");
  source_rig_pull_many (rig, "s1", 0, 10);
  expect_eos (rig);
  g_object_get (rig->element, "broker-address", &address, NULL);

  gst_element_set_state (rig->element, GST_STATE_READY);
  gst_util_set_object_arg (G_OBJECT (rig->element), "read-by", "bytes");
  g_object_set (rig->element, "stream-id", "other", "check-crc", FALSE, NULL);
  play_again (rig);
  for (guint i = 0; i < 10; i++)
    gst_buffer_unref (source_rig_pull (rig, "s1", "other", i));
  expect_eos (rig);
  /* counters begin anew with new settings */
  g_assert_cmpuint (source_rig_stat (rig, "pushed"), ==, 10);
  g_assert_cmpuint (source_rig_stat (rig, "filtered"), ==, 20);

  gst_element_set_state (rig->element, GST_STATE_READY);
  gst_util_set_object_arg (G_OBJECT (rig->element), "read-by", "registry");
  gst_util_set_object_arg (G_OBJECT (rig->element), "start", "time");
  text = g_strdup_printf ("%" G_GINT64_FORMAT, source_rig_time (25));
  g_object_set (rig->element, "stream-id", "cam", "session-id", "s2", "start-time", text, NULL);
  play_again (rig);
  source_rig_pull_many (rig, "s2", 25, 5);
  expect_eos (rig);
  g_assert_cmpuint (source_rig_stat (rig, "pushed"), ==, 5);
  g_object_get (rig->element, "broker-address", &same, NULL);
  g_assert_cmpstr (address, ==, same);

  /* refused with a reason, not taken back to what was before, and mended without a way to NULL */
  gst_element_set_state (rig->element, GST_STATE_READY);
  g_object_set (rig->element, "stream-id", "", NULL);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpint (
        gst_element_set_state (rig->element, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_FAILURE);
    refused = source_rig_pop (rig, GST_MESSAGE_ERROR, NULL);
    g_assert_nonnull (refused);
    gst_clear_message (&refused);
  }
  g_object_set (rig->element, "stream-id", "cam", "session-id", "s1", NULL);
  gst_util_set_object_arg (G_OBJECT (rig->element), "start", "earliest");
  play_again (rig);
  source_rig_pull_many (rig, "s1", 0, 10);
  expect_eos (rig);
  /* in PLAYING nothing changes until the next start */
  g_object_set (rig->element, "stream-id", "other", NULL);
  source_rig_seek (rig, 0);
  source_rig_pull_many (rig, "s1", 0, 10);
}

static void
test_secrets (void)
{
  g_autoptr (GstElement) element = gst_element_factory_make ("kafkabinarysrc", NULL);
  g_autoptr (GstStructure) config
      = gst_structure_new ("c", "sasl.password", G_TYPE_STRING, "hush", NULL);
  g_autoptr (GstStructure) shown = NULL;
  g_autofree gchar *text = NULL;

  gst_object_ref_sink (element);
  g_object_set (element, "consumer-config", config, NULL);
  g_object_get (element, "consumer-config", &shown, NULL);
  text = gst_structure_to_string (shown);
  g_assert_null (strstr (text, "hush"));
}

static void
add_both (const gchar *path, GTestDataFunc func)
{
  g_autofree gchar *registry = g_strconcat (path, "/registry", NULL);
  g_autofree gchar *bytes = g_strconcat (path, "/bytes", NULL);

  g_test_add_data_func (registry, "read-by=registry", func);
  g_test_add_data_func (bytes, "read-by=bytes", func);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (everything); i++) {
    g_autofree gchar *path = g_strdup_printf ("/kafkabinarysrc/ARIA-1/everything/%u", i);
    g_test_add_data_func (path, everything[i], test_everything);
  }
  add_both ("/kafkabinarysrc/spread", test_spread);
  add_both ("/kafkabinarysrc/starts", test_starts);
  add_both ("/kafkabinarysrc/seek", test_seek);
  add_both ("/kafkabinarysrc/seek-back/latest", test_seek_back);
  g_test_add_data_func (
      "/kafkabinarysrc/seek-back/silent/never", "until=never start=latest", test_seek_back_silent);
  g_test_add_data_func (
      "/kafkabinarysrc/seek-back/silent/end", "start=latest read-by=bytes", test_seek_back_silent);
  add_both ("/kafkabinarysrc/streams", test_streams);
  g_test_add_data_func ("/kafkabinarysrc/start-time/iso",
      "start=time start-time=2024-08-01T14:00:02+02:00", test_start_times);
  g_test_add_data_func (
      "/kafkabinarysrc/start-time/relative", "start=time start-time=-20s", test_start_times);
  add_both ("/kafkabinarysrc/sessions", test_sessions);
  add_both ("/kafkabinarysrc/follow", test_follow);
  add_both ("/kafkabinarysrc/ARIA-5/no-broker", test_no_broker);
  g_test_add_func ("/kafkabinarysrc/gap", test_gap);
  g_test_add_func ("/kafkabinarysrc/failed", test_failed);
  g_test_add_func ("/kafkabinarysrc/past-retention", test_past_retention);
  g_test_add_func ("/kafkabinarysrc/uri", test_uri);
  g_test_add_func ("/kafkabinarysrc/uri-hosts", test_uri_hosts);
  g_test_add_func ("/kafkabinarysrc/settings", test_settings);
  g_test_add_func ("/kafkabinarysrc/ARIA-40/stream-with-underscore", test_stream_with_underscore);
  g_test_add_func ("/kafkabinarysrc/ARIA-2/set-in-ready", test_set_in_ready);
  g_test_add_func ("/kafkabinarysrc/secrets", test_secrets);
  return trib_gst_test_run ();
}
