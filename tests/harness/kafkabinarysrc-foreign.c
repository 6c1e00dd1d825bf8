/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What other producers, and broken ones, write: kafkabinarysrc passes over what is of no use and
 * gives the rest (ARIA-2). */
#include "kafkabinarysrc-rig.h"

#include <librdkafka/rdkafka.h>

#include <string.h>

#define BYTES "vrs-binary-stream"
#define REGISTRY "vrs-frame-registry"
/* offset of no record */
#define NOWHERE G_GINT64_CONSTANT (1000000000000000)

typedef struct {
  SourceRig *rig;
  rd_kafka_t *producer;
} Foreign;

static void
on_delivery (rd_kafka_t *producer, const rd_kafka_message_t *m, void *opaque)
{
  g_assert_cmpint (m->err, ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  *(gint64 *) m->_private = m->offset;
}

static Foreign *
foreign_new (void)
{
  Foreign *f = g_new0 (Foreign, 1);
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  g_autoptr (GstElement) sink = NULL;
  g_autofree gchar *address = NULL;
  gchar why[256] = "";

  f->rig = source_rig_new ("in-process", NULL);
  sink = gst_harness_find_element (f->rig->sink, "kafkabinarysink");
  g_object_get (sink, "broker-address", &address, NULL);
  g_assert_nonnull (address);
  rd_kafka_conf_set (conf, "bootstrap.servers", address, NULL, 0);
  rd_kafka_conf_set (conf, "linger.ms", "0", NULL, 0);
  rd_kafka_conf_set_log_cb (conf, NULL);
  rd_kafka_conf_set_dr_msg_cb (conf, on_delivery);
  f->producer = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  g_assert_nonnull (f->producer);
  return f;
}

static void
foreign_free (Foreign *f)
{
  rd_kafka_destroy (f->producer);
  source_rig_free (f->rig);
  g_free (f);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Foreign, foreign_free)

/* returns the record's offset */
static gint64
write_record (Foreign *f, const gchar *topic, gint32 partition, const gchar *key, const gchar *text,
    const gchar *header, const gchar *header_value)
{
  g_autofree gchar *name = g_strconcat (f->rig->prefix, topic, NULL);
  static gint64 t_ms = G_GINT64_CONSTANT (1722513600000);
  rd_kafka_headers_t *headers = rd_kafka_headers_new (1);
  gint64 offset = -1;

  if (header)
    rd_kafka_header_add (headers, header, -1, header_value, -1);
  g_assert_cmpint (
      rd_kafka_producev (f->producer, RD_KAFKA_V_TOPIC (name), RD_KAFKA_V_PARTITION (partition),
          RD_KAFKA_V_KEY (key, key ? strlen (key) : 0),
          RD_KAFKA_V_VALUE ((void *) text, text ? strlen (text) : 0), RD_KAFKA_V_TIMESTAMP (t_ms++),
          RD_KAFKA_V_HEADERS (headers), RD_KAFKA_V_OPAQUE (&offset),
          RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END),
      ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  g_assert_cmpint (
      rd_kafka_flush (f->producer, trib_test_scale (30000)), ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  g_assert_cmpint (offset, >=, 0);
  return offset;
}

static gchar *
frame_id (const gchar *session, guint64 index, gint64 t_ns)
{
  return g_strdup_printf ("%s_cam_%" G_GUINT64_FORMAT "_%" G_GINT64_FORMAT, session, index, t_ns);
}

/* a JPEG, as far as its first bytes go */
static gint64
write_bytes (Foreign *f, gint32 partition, const gchar *session, guint64 index, gint64 t_ns)
{
  g_autofree gchar *key = frame_id (session, index, t_ns);

  return write_record (f, BYTES, partition, key, "\xff\xd8\xff\xe0 a picture", NULL, NULL);
}

/* @offset: -1: the frame failed */
static void
write_entry (
    Foreign *f, gint32 partition, gint64 offset, const gchar *session, guint64 index, gint64 t_ns)
{
  static const gchar picture[] = "\xff\xd8\xff\xe0 a picture";
  g_autofree gchar *key = frame_id (session, index, t_ns);
  g_autofree gchar *place
      = offset < 0 ? g_strdup ("null") : g_strdup_printf ("%" G_GINT64_FORMAT, offset);
  g_autofree gchar *text = g_strdup_printf (
      "{\"frame_id\":\"%s\",\"session_id\":\"%s\",\"stream_id\":\"cam\",\"frame_index\":"
      "%" G_GUINT64_FORMAT ",\"capture_timestamp_ns\":%" G_GINT64_FORMAT
      ",\"metadata_topic\":\"%svrs-metadata-stream\",\"metadata_partition\":0,\"metadata_offset\":"
      "0,"
      "\"metadata_crc32c\":0,\"binary_topic\":\"%s" BYTES
      "\",\"binary_partition\":%d,\"binary_offset\":%s,\"binary_crc32c\":0,"
      "\"compression_format\":\"jpeg\",\"compressed_size\":%u,\"compression_ratio\":1.0,"
      "\"created_at\":\"2024-08-01T12:00:00.000Z\",\"size_bytes\":%u,\"status\":\"%s\",\"error_"
      "reason\":\"timed-out\","
      "\"error_message\":\"m\"}",
      key, session, index, t_ns, f->rig->prefix, f->rig->prefix, partition, place,
      (guint) strlen (picture), (guint) strlen (picture), offset < 0 ? "FAILED" : "LINKED");

  write_record (f, REGISTRY, 0, key, text, NULL, NULL);
}

static void
write_frame (Foreign *f, gint32 partition, const gchar *session, guint64 index)
{
  gint64 t_ns = source_rig_time (index);

  write_entry (
      f, partition, write_bytes (f, partition, session, index, t_ns), session, index, t_ns);
}

static GstBuffer *
pull (Foreign *f, const gchar *session, guint64 index)
{
  GstBuffer *buffer = gst_harness_pull (f->rig->src);
  TribFrameInfo info;

  g_assert_nonnull (buffer);
  g_assert_true (trib_frame_meta_get (buffer, &info));
  g_assert_cmpstr (info.session, ==, session);
  g_assert_cmpuint (info.index, ==, index);
  return buffer;
}

static void
pull_on (Foreign *f, const gchar *session, guint64 index)
{
  gst_buffer_unref (pull (f, session, index));
}

static void
expect_eos (Foreign *f)
{
  gst_event_unref (source_rig_event (f->rig, GST_EVENT_EOS));
  g_assert_cmpuint (source_rig_stat (f->rig, "pending"), ==, 0);
}

/* an entry that names a place beyond the end costs that frame, not those in other partitions */
static void
test_beyond_the_end (void)
{
  g_autoptr (Foreign) f = foreign_new ();

  write_frame (f, 0, "s", 0);
  write_frame (f, 1, "s", 1);
  write_entry (f, 0, NOWHERE, "s", 2, source_rig_time (2));
  write_frame (f, 1, "s", 3);
  write_frame (f, 2, "s", 4);
  write_frame (f, 0, "s", 5);
  write_frame (f, 1, "s", 6);
  source_rig_read (f->rig, "check-crc=false");
  for (guint i = 0; i < 7; i++)
    if (i != 2)
      pull_on (f, "s", i);
  expect_eos (f);
  g_assert_cmpuint (source_rig_stat (f->rig, "damaged"), ==, 1);
  g_assert_cmpuint (source_rig_stat (f->rig, "pushed"), ==, 6);
}

/* no content type of HTTP is a media type of GStreamer */
static void
test_content_types (void)
{
  static const gchar *const types[] = { "image/jpeg; charset=binary", "image/", "image/a b",
    "image/\xc3\xa4", "application/octet-stream", "image/jpeg;" };
  g_autoptr (Foreign) f = foreign_new ();

  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    g_autofree gchar *key = frame_id ("s", i, source_rig_time (i));
    write_record (f, BYTES, 0, key, "\xff\xd8\xff\xe0 a picture", "content-type", types[i]);
  }
  source_rig_read (f->rig, "read-by=bytes");
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    pull_on (f, "s", i);
  expect_eos (f);
}

/* GStreamer's own parser trusts its text */
static void
test_caps (void)
{
  static const gchar *const texts[] = { "image/jpeg,x=(buffer)zz", "image/jpeg,x=(buffer)",
    "image/jpeg,x=(GstBuffer)zz", "image/jpeg,s=(structure)\"a,b=(buffer)zz\"",
    "image/jpeg,x=(taglist)\"a\"", "image/jpeg,x=(sample)zz:None:None:None",
    "image/jpeg,framerate=-2147483648/1", "image/jpeg,framerate=(fraction)2147483648/1",
    "image/jpeg,framerate=1/0", "image/jpeg,framerate=0/0", "image/jpeg,framerate=1/-2147483648",
    "ANY", "EMPTY", "NONE", "", "image/jpeg;image/png", "image/jpeg,width=[1,2]", "video/x-raw",
    "video/x-raw,format=RGB,width=2147483647,height=2147483647", "{{{{{{{{", "a/b", "/", "1/" };
  g_autoptr (Foreign) f = foreign_new ();

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree gchar *key = frame_id ("s", i, source_rig_time (i));
    write_record (f, BYTES, 0, key, "\xff\xd8\xff\xe0 a picture", "caps", texts[i]);
  }
  source_rig_read (f->rig, "read-by=bytes");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    pull_on (f, "s", i);
  expect_eos (f);
}

/* caps that need more bytes than there are: an element that maps such a frame refuses it, and end
 * the stream */
static void
test_too_few_bytes (void)
{
  static const gchar *const texts[] = { "video/x-raw,format=RGB,width=64,height=48,framerate=10/1",
    "video/x-raw,format=RGB,width=-1,height=4,framerate=0/1" };
  g_autoptr (Foreign) f = foreign_new ();

  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *key = frame_id ("s", i, source_rig_time (i));
    write_record (f, BYTES, 0, key, "few", "caps", texts[i]);
  }
  write_bytes (f, 0, "s", 2, source_rig_time (2));
  source_rig_read (f->rig, "read-by=bytes");
  pull_on (f, "s", 2);
  expect_eos (f);
  g_assert_cmpuint (source_rig_stat (f->rig, "unusable"), ==, 2);
}

/* a session whose first frame failed begins in running time where the one before it ended, all the
 * same */
static void
test_session_begins_badly (void)
{
  g_autoptr (Foreign) f = foreign_new ();
  g_autoptr (GstEvent) event = NULL;
  g_autoptr (GstMessage) message = NULL;
  GstSegment segment;

  write_frame (f, 0, "a", 0);
  write_frame (f, 0, "a", 1);
  write_entry (f, 0, -1, "b", 1000, source_rig_time (1000));
  write_entry (f, 0, NOWHERE, "b", 1001, source_rig_time (1001));
  write_frame (f, 0, "b", 1002);
  source_rig_read (f->rig, "check-crc=false");
  pull_on (f, "a", 0);
  pull_on (f, "a", 1);
  pull_on (f, "b", 1002);
  event = source_rig_event (f->rig, GST_EVENT_SEGMENT);
  gst_clear_event (&event);
  event = source_rig_event (f->rig, GST_EVENT_SEGMENT);
  gst_event_copy_segment (event, &segment);
  g_assert_cmpuint (gst_segment_to_running_time (
                        &segment, GST_FORMAT_TIME, source_rig_time (1002) - source_rig_time (0)),
      ==, 100 * GST_MSECOND);
  expect_eos (f);
  message = source_rig_pop (f->rig, GST_MESSAGE_ELEMENT, "kafkabinarysrc-session");
  gst_clear_message (&message);
  message = source_rig_pop (f->rig, GST_MESSAGE_ELEMENT, "kafkabinarysrc-session");
  g_assert_nonnull (message);
}

/* the largest numbers that a key can hold */
static void
test_limits (gconstpointer data)
{
  static const guint64 indexes[] = { 0, 1, 2, 5, G_MAXUINT64 - 2, G_MAXUINT64 - 1, G_MAXUINT64 };
  g_autoptr (Foreign) f = foreign_new ();

  write_bytes (f, 0, "s", 0, G_MININT64);
  write_bytes (f, 0, "s", 1, 0);
  write_bytes (f, 0, "s", 2, G_MAXINT64);
  write_bytes (f, 0, "s", G_MAXUINT64, G_MAXINT64);
  write_bytes (f, 0, "s", 5, G_MININT64);
  write_bytes (f, 0, "s", G_MAXUINT64 - 1, G_MAXINT64);
  write_bytes (f, 0, "s", G_MAXUINT64 - 2, G_MAXINT64);
  source_rig_read (f->rig, data);
  for (guint i = 0; i < G_N_ELEMENTS (indexes); i++) {
    g_autoptr (GstBuffer) buffer = pull (f, "s", indexes[i]);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), <=, G_MAXINT64);
  }
  if (strstr (data, "until") == NULL)
    expect_eos (f);
  source_rig_seek (f->rig, 1);
  source_rig_seek (f->rig, G_MAXINT64);
  source_rig_seek (f->rig, 0);
  pull_on (f, "s", 0);
}

/* a gap of all indexes that there are */
static void
test_longest_gap (void)
{
  g_autoptr (Foreign) f = foreign_new ();

  write_frame (f, 0, "s", 0);
  write_entry (f, 0, -1, "s", G_MAXUINT64 - 1, source_rig_time (8));
  write_entry (f, 0, -1, "s", G_MAXUINT64, source_rig_time (9));
  source_rig_read (f->rig, "until=never check-crc=false");
  pull_on (f, "s", 0);
  trib_assert_eventually (source_rig_stat (f->rig, "failed") == 2, 20000);
  g_assert_cmpuint (source_rig_stat (f->rig, "missing"), ==, G_MAXUINT64 - 2);
  write_frame (f, 0, "s", 0);
  write_frame (f, 0, "s", 7);
  /* nothing comes after the last index */
  trib_assert_eventually (
      source_rig_stat (f->rig, "duplicates") == 1 && source_rig_stat (f->rig, "late") == 1, 20000);
}

/* until=never: some records of another session, or far ahead, cost no frame of the stream */
static void
test_rogue (gconstpointer data)
{
  g_autoptr (Foreign) f = foreign_new ();
  g_autoptr (GstMessage) message = NULL;
  const gchar *session = data;

  source_rig_read (f->rig, "until=never check-crc=false");
  for (guint i = 0; i < 10; i++)
    write_frame (f, 0, "s", i);
  for (guint i = 0; i < 10; i++)
    pull_on (f, "s", i);
  for (guint i = 0; i < 3; i++) {
    guint64 index = i < 2 ? 1000000 + i : 5000000;
    write_entry (f, 0, write_bytes (f, 0, session, index, source_rig_time (10)), session, index,
        source_rig_time (10));
  }
  for (guint i = 10; i < 40; i++) {
    write_frame (f, 0, "s", i);
    pull_on (f, "s", i);
  }
  message = source_rig_pop (f->rig, GST_MESSAGE_ELEMENT, "kafkabinarysrc-other-session");
  g_assert_nonnull (message);
  g_assert_cmpstr (
      gst_structure_get_string (gst_message_get_structure (message), "session"), ==, session);
  g_assert_cmpuint (
      source_rig_stat (f->rig, g_str_equal (session, "s") ? "implausible" : "filtered"), ==, 3);
}

/* likewise an index that is a few ahead of its time, also when the run is slow */
static void
test_rogue_near (void)
{
  g_autoptr (Foreign) f = foreign_new ();
  gint64 t_ns = source_rig_time (10) + 1;

  source_rig_read (f->rig, "until=never check-crc=false");
  for (guint i = 0; i < 10; i++)
    write_frame (f, 0, "s", i);
  for (guint i = 0; i < 10; i++)
    pull_on (f, "s", i);
  write_entry (f, 0, write_bytes (f, 0, "s", 17, t_ns), "s", 17, t_ns);
  for (guint i = 10; i < 30; i++) {
    write_frame (f, 0, "s", i);
    pull_on (f, "s", i);
  }
  g_assert_cmpuint (source_rig_stat (f->rig, "implausible"), ==, 1);
}

/* a record without a value is no frame, and takes no frame's place */
static void
test_tombstone (gconstpointer data)
{
  g_autoptr (Foreign) f = foreign_new ();
  g_autofree gchar *key = frame_id ("s", 0, source_rig_time (0));
  g_autofree gchar *debug = NULL;
  g_autoptr (GstMessage) warning = NULL;

  write_record (f, BYTES, 0, key, NULL, NULL, NULL);
  write_record (f, REGISTRY, 0, key, NULL, NULL, NULL);
  write_frame (f, 0, "s", 0);
  source_rig_read (f->rig, data);
  pull_on (f, "s", 0);
  expect_eos (f);
  g_assert_cmpuint (source_rig_stat (f->rig, "malformed"), ==, 1);
  warning = source_rig_pop (f->rig, GST_MESSAGE_WARNING, NULL);
  gst_message_parse_warning (warning, NULL, &debug);
  g_assert_nonnull (strstr (debug, "tombstone"));
}

static void
write_text_entry (Foreign *f, const gchar *id, const gchar *session, guint64 index, gint64 t_ns,
    const gchar *reason)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"frame_id\":\"%s\",\"session_id\":\"%s\",\"stream_id\":\"cam\",\"frame_index\":"
      "%" G_GUINT64_FORMAT ",\"capture_timestamp_ns\":%" G_GINT64_FORMAT
      ",\"metadata_topic\":\"m\",\"metadata_partition\":null,\"metadata_offset\":null,"
      "\"metadata_crc32c\":0,\"binary_topic\":\"b\",\"binary_partition\":null,"
      "\"binary_offset\":null,\"binary_crc32c\":0,\"compressed_size\":0,\"status\":\"FAILED\","
      "\"error_reason\":\"%s\",\"error_message\":\"%s\"}",
      id, session, index, t_ns, reason, reason);

  write_record (f, REGISTRY, 0, id, text, NULL, NULL);
}

/* an entry whose frame id says something else than its members is none */
static void
test_contradiction (void)
{
  gint64 t_ns = source_rig_time (0);
  g_autoptr (Foreign) f = foreign_new ();

  write_text_entry (f, "s_cam_0_1722513600000000000", "s", 1, t_ns, "r");
  write_text_entry (f, "s_cam_0_1722513600000000000", "s", 0, t_ns + 1, "r");
  write_text_entry (f, "s_cam_0_1722513600000000000", "x", 0, t_ns, "r");
  write_text_entry (f, "s_cam_0_01722513600000000000", "s", 0, t_ns, "r");
  /* a time of fewer digits (ARIA-2) */
  write_text_entry (f, "s_cam_0_1722513600000", "s", 0, t_ns, "r");
  source_rig_read (f->rig, NULL);
  expect_eos (f);
  g_assert_cmpuint (source_rig_stat (f->rig, "malformed"), ==, 4);
  g_assert_cmpuint (source_rig_stat (f->rig, "failed"), ==, 1);
}

/* texts of any length are cut where they are for people, and are no names of sessions */
static void
test_long_texts (void)
{
  g_autofree gchar *text = g_strnfill (200000, 'x');
  g_autofree gchar *id = g_strdup_printf ("%s_cam_0_0", text);
  g_autoptr (Foreign) f = foreign_new ();
  g_autoptr (GstMessage) message = NULL;
  const GstStructure *s;

  write_text_entry (f, "s_cam_0_0", text, 0, 0, "r");
  write_text_entry (f, id, text, 0, 0, "r");
  memcpy (text + 63, "\xc3\xa4\\n", 4);
  write_text_entry (f, "s_cam_0_0", "s", 0, 0, text);
  source_rig_read (f->rig, NULL);
  expect_eos (f);
  g_assert_cmpuint (source_rig_stat (f->rig, "malformed"), ==, 2);
  g_assert_cmpuint (source_rig_stat (f->rig, "failed"), ==, 1);
  g_assert_cmpuint (source_rig_stat (f->rig, "texts-cut"), ==, 1);
  message = source_rig_pop (f->rig, GST_MESSAGE_ELEMENT, "kafkabinarysrc-frames-missing");
  s = gst_message_get_structure (message);
  g_assert_cmpuint (strlen (gst_structure_get_string (s, "reason")), ==, 63);
  g_assert_cmpuint (strlen (gst_structure_get_string (s, "error-message")), ==, 512);
  g_assert_null (strchr (gst_structure_get_string (s, "error-message"), '\n'));
}

static void
expect_nothing (Foreign *f, const gchar *reason, const gchar *said)
{
  g_autoptr (GstMessage) warning = NULL;
  g_autoptr (GstStructure) stats = NULL;
  g_autoptr (GError) error = NULL;

  trib_assert_eventually ((warning = source_rig_pop (f->rig, GST_MESSAGE_WARNING, NULL)), 20000);
  stats = trib_element_stats (f->rig->element);
  gst_message_parse_warning (warning, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (error->message, said));
  g_assert_cmpstr (gst_structure_get_string (stats, "nothing-found"), ==, reason);
  g_clear_pointer (&warning, gst_message_unref);
  warning = source_rig_pop (f->rig, GST_MESSAGE_WARNING, NULL);
  g_assert_null (warning);
}

typedef struct {
  const gchar *properties;
  const gchar *reason;
  const gchar *said;
} Nothing;

static const Nothing nothings[] = {
  { "session-id=x", "filter", "\"s0 cam\", \"s1 cam\", \"s2 cam\", \"s3 cam\", \"s4 cam\"." },
  { "session-id=s1 stream-id=x", "filter", "\"s0 cam\"" },
  { "start=offset start-offset=1000", "offset", "beyond the end" },
  { "start=time start-time=2000000000000000000", "time", "later than all" },
  { "read-by=bytes start-partition=2", "record", "no record" },
};

/* a source that has nothing to give says so */
static void
test_nothing (gconstpointer data)
{
  const Nothing *nothing = data;
  g_autoptr (Foreign) f = foreign_new ();

  for (guint i = 0; i < 7; i++) {
    g_autofree gchar *session = g_strdup_printf ("s%u", i);
    write_frame (f, 0, session, 0);
  }
  source_rig_read (f->rig, nothing->properties);
  expect_eos (f);
  expect_nothing (f, nothing->reason, nothing->said);
}

/* also one that waits for more, which is given when it is there */
static void
test_nothing_yet (void)
{
  g_autoptr (Foreign) f = foreign_new ();

  write_frame (f, 0, "other", 0);
  source_rig_read (f->rig, "until=never session-id=s check-crc=false");
  expect_nothing (f, "filter", "\"other cam\"");
  write_frame (f, 0, "s", 0);
  pull_on (f, "s", 0);
}

#define METADATA "vrs-metadata-stream"
#define RAW_5_X_4   \
  "abcdefghijklmno" \
  "ABCDEFGHIJKLMNO" \
  "abcdefghijklmno" \
  "ABCDEFGHIJKLMNO"

/* a frame as the old producer writes it: no headers, no places, no check sums */
static void
write_old (Foreign *f, guint index, gboolean with_metadata, const gchar *bytes)
{
  g_autofree gchar *key
      = g_strdup_printf ("my_run_slam_left_%u_%" G_GINT64_FORMAT, index, source_rig_time (index));
  g_autofree gchar *metadata = g_strdup_printf (
      "{\"frame_id\":\"%s\",\"session_id\":\"my_run\",\"stream_id\":\"slam_left\","
      "\"image_width\":null,\"compression\":{\"format\":\"raw\",\"quality\":null,"
      "\"shape\":[4,5,3],\"dtype\":\"uint8\"}}",
      key);
  g_autofree gchar *entry = g_strdup_printf (
      "{\"frame_id\":\"%s\",\"session_id\":\"my_run\",\"stream_id\":\"slam_left\","
      "\"frame_index\":%u,\"metadata_topic\":\"vrs-metadata-stream\",\"binary_topic\":\"x\","
      "\"metadata_offset\":null,\"binary_offset\":null,\"status\":\"LINKED\","
      "\"error_message\":null,\"size_bytes\":1,\"compression_format\":\"raw\"}",
      key, index);

  write_record (f, REGISTRY, index % 3, key, entry, NULL, NULL);
  write_record (f, BYTES, (index + 1) % 3, key, bytes, NULL, NULL);
  if (with_metadata)
    write_record (f, METADATA, index % 2, key, metadata, NULL, NULL);
}

static void
check_old (Foreign *f, guint index, const gchar *stream)
{
  g_autoptr (GstBuffer) buffer = pull (f, "my_run", index);
  TribFrameInfo info;

  trib_frame_meta_get (buffer, &info);
  g_assert_cmpstr (info.stream, ==, stream);
  g_assert_cmpint (info.t_ns, ==, source_rig_time (index));
}

/* compressed and raw frames of the old producer, with default settings and by bytes */
static void
test_old_raw (gconstpointer data)
{
  g_autoptr (Foreign) f = foreign_new ();
  g_autoptr (GstBuffer) buffer = NULL;
  g_autoptr (GstCaps) caps = NULL, wanted = NULL;

  for (guint i = 0; i < 20; i++)
    write_old (f, i, TRUE, RAW_5_X_4);
  source_rig_read (f->rig, data);
  buffer = pull (f, "my_run", 0);
  /* rows are padded to what elements expect */
  g_assert_cmpuint (gst_buffer_get_size (buffer), ==, 64);
  g_assert_cmpint (gst_buffer_memcmp (buffer, 16, RAW_5_X_4 + 15, 15), ==, 0);
  for (guint i = 1; i < 20; i++)
    check_old (f, i, "slam_left");
  caps = gst_pad_get_current_caps (GST_PAD_PEER (f->rig->src->sinkpad));
  wanted = gst_caps_from_string ("video/x-raw, format=RGB, width=5, height=4");
  g_assert_true (gst_caps_can_intersect (caps, wanted));
  expect_eos (f);
}

static void
test_old_jpeg (gconstpointer data)
{
  g_autoptr (Foreign) f = foreign_new ();

  for (guint i = 0; i < 5; i++)
    write_old (f, i, FALSE, "\xff\xd8\xff\xe0 a picture");
  source_rig_read (f->rig, data);
  for (guint i = 0; i < 5; i++)
    check_old (f, i, "slam_left");
  expect_eos (f);
}

/* an entry whose bytes were never written costs that frame */
static void
test_old_lost (void)
{
  g_autoptr (Foreign) f = foreign_new ();
  g_autofree gchar *entry = g_strdup_printf (
      "{\"frame_id\":\"my_run_slam_left_1_%" G_GINT64_FORMAT "\",\"status\":\"PENDING\","
      "\"session_id\":\"my_run\",\"stream_id\":\"slam_left\",\"frame_index\":1,"
      "\"capture_timestamp_ns\":%" G_GINT64_FORMAT "}",
      source_rig_time (1), source_rig_time (1));

  write_old (f, 0, FALSE, "\xff\xd8\xff\xe0 a picture");
  write_record (f, REGISTRY, 0, "k", entry, NULL, NULL);
  write_old (f, 2, FALSE, "\xff\xd8\xff\xe0 a picture");
  source_rig_read (f->rig, "until=never");
  check_old (f, 0, "slam_left");
  check_old (f, 2, "slam_left");
  g_assert_cmpuint (source_rig_stat (f->rig, "damaged"), ==, 1);
}

/* values of producers that know nothing of frames: in the order in which they were written */
static void
test_no_identity (void)
{
  g_autoptr (Foreign) f = foreign_new ();
  g_autofree gchar *session = g_strconcat (f->rig->prefix, BYTES, NULL);

  for (guint i = 0; i < 30; i++)
    write_record (
        f, BYTES, i % 3, i % 2 ? "a key" : NULL, "\xff\xd8\xff\xe0 a picture", NULL, NULL);
  write_record (f, BYTES, 0, NULL, NULL, NULL, NULL);
  source_rig_read (f->rig, "identity=none");
  for (guint i = 0; i < 30; i++) {
    g_autoptr (GstBuffer) buffer = pull (f, session, i);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, i * GST_MSECOND);
  }
  expect_eos (f);
  g_assert_cmpuint (source_rig_stat (f->rig, "malformed"), ==, 1);
  source_rig_seek (f->rig, 10 * GST_MSECOND);
  gst_buffer_unref (pull (f, session, 0));
}

/* frames are the same only when their capture times are, too */
static void
test_second_run (gconstpointer data)
{
  g_autoptr (Foreign) f = foreign_new ();

  for (guint run = 0; run < 2; run++) {
    for (guint i = 0; i < 5; i++) {
      gint64 t_ns = source_rig_time (1000 * run + i);
      write_entry (f, 0, write_bytes (f, 0, "s", i, t_ns), "s", i, t_ns);
    }
  }
  write_frame (f, 0, "s", 3);
  source_rig_read (f->rig, data);
  for (guint i = 0; i < 10; i++) {
    g_autoptr (GstBuffer) buffer = pull (f, "s", i % 5);
    TribFrameInfo info;
    trib_frame_meta_get (buffer, &info);
    g_assert_cmpint (info.t_ns, ==, source_rig_time (i < 5 ? i : 1000 + i - 5));
  }
  expect_eos (f);
  g_assert_cmpuint (source_rig_stat (f->rig, "filtered"), ==, 1);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/kafkabinarysrc/foreign/ARIA-2/beyond-the-end", test_beyond_the_end);
  g_test_add_func ("/kafkabinarysrc/foreign/content-types", test_content_types);
  g_test_add_func ("/kafkabinarysrc/foreign/caps", test_caps);
  g_test_add_func ("/kafkabinarysrc/foreign/too-few-bytes", test_too_few_bytes);
  g_test_add_func ("/kafkabinarysrc/foreign/session-begins-badly", test_session_begins_badly);
  g_test_add_func ("/kafkabinarysrc/foreign/longest-gap", test_longest_gap);
  g_test_add_data_func (
      "/kafkabinarysrc/foreign/tombstone/registry", "check-crc=false", test_tombstone);
  g_test_add_data_func ("/kafkabinarysrc/foreign/tombstone/bytes", "read-by=bytes", test_tombstone);
  g_test_add_func ("/kafkabinarysrc/foreign/ARIA-2/contradiction", test_contradiction);
  g_test_add_func ("/kafkabinarysrc/foreign/long-texts", test_long_texts);
  g_test_add_data_func ("/kafkabinarysrc/foreign/ARIA-40/raw/registry", NULL, test_old_raw);
  g_test_add_data_func ("/kafkabinarysrc/foreign/ARIA-40/raw/bytes", "read-by=bytes", test_old_raw);
  g_test_add_data_func ("/kafkabinarysrc/foreign/ARIA-40/jpeg/registry", NULL, test_old_jpeg);
  g_test_add_data_func ("/kafkabinarysrc/foreign/ARIA-40/jpeg/named",
      "read-by=bytes stream-id=slam_left session-id=my_run", test_old_jpeg);
  g_test_add_func ("/kafkabinarysrc/foreign/ARIA-40/lost", test_old_lost);
  g_test_add_func ("/kafkabinarysrc/foreign/no-identity", test_no_identity);
  for (guint i = 0; i < G_N_ELEMENTS (nothings); i++) {
    g_autofree gchar *name = g_strdup_printf ("/kafkabinarysrc/foreign/nothing/%u", i);
    g_test_add_data_func (name, &nothings[i], test_nothing);
  }
  g_test_add_func ("/kafkabinarysrc/foreign/nothing/yet", test_nothing_yet);
  g_test_add_data_func ("/kafkabinarysrc/foreign/rogue/index", "s", test_rogue);
  g_test_add_data_func ("/kafkabinarysrc/foreign/rogue/session", "other", test_rogue);
  g_test_add_func ("/kafkabinarysrc/foreign/rogue/near", test_rogue_near);
  g_test_add_data_func (
      "/kafkabinarysrc/foreign/second-run/registry", "check-crc=false", test_second_run);
  g_test_add_data_func (
      "/kafkabinarysrc/foreign/second-run/bytes", "read-by=bytes", test_second_run);
  g_test_add_data_func ("/kafkabinarysrc/foreign/limits/end", "read-by=bytes", test_limits);
  g_test_add_data_func (
      "/kafkabinarysrc/foreign/limits/never", "read-by=bytes until=never", test_limits);
  return trib_gst_test_run ();
}
