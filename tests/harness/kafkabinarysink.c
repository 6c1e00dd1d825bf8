/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the element takes, what it says of a frame, what it refuses. */
#include <gst/video/video.h>
#include <string.h>

#include <frame/trib-frame-meta.h>

#include "kafkabinarysink-rig.h"

#define JPEG "image/jpeg,width=64,height=48"
#define FIXED "session-id=s_1 stream-id=214-1"

/* EOS is passed on once every frame has its outcome */
static void
finish (SinkRig *rig)
{
  g_autoptr (GstMessage) eos = NULL;

  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_eos ()));
  eos = sink_rig_pop (rig, GST_MESSAGE_EOS, NULL);
  g_assert_nonnull (eos);
  g_assert_cmpuint (sink_rig_stat (rig, "pending"), ==, 0);
  g_assert_cmpuint (sink_rig_stat (rig, "pinned-buffers"), ==, 0);
}

static const gchar *const accepted[] = {
  "image/jpeg",
  "image/jpeg,width=64,height=48",
  "image/png,width=64,height=48",
  "image/webp",
  "video/x-raw,format=RGB,width=64,height=48,framerate=0/1",
  "video/x-raw,format=I420,width=64,height=48,framerate=30/1",
  "video/x-raw,format=P010_10LE,width=64,height=48,framerate=30/1",
  "video/x-h264,stream-format=byte-stream,alignment=au,width=64,height=48",
  "video/x-h264,stream-format=avc,alignment=au",
  "video/x-h265,stream-format=hvc1,alignment=au",
};
static const gchar *const refused[] = {
  "video/x-h264,stream-format=byte-stream,alignment=nal",
  "video/x-h265,stream-format=byte-stream,alignment=nal",
  "video/x-raw(memory:DMABuf),format=RGB,width=64,height=48,framerate=0/1",
  "image/gif",
  "audio/x-raw,format=S16LE,rate=8000,channels=1,layout=interleaved",
};

static void
test_caps (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  GstPad *pad = gst_element_get_static_pad (rig->sink, "sink");

  for (guint i = 0; i < G_N_ELEMENTS (accepted); i++) {
    g_autoptr (GstCaps) caps = gst_caps_from_string (accepted[i]);
    g_test_message ("%s", accepted[i]);
    g_assert_true (gst_pad_query_accept_caps (pad, caps));
    gst_harness_set_src_caps_str (rig->h, accepted[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_autoptr (GstCaps) caps = gst_caps_from_string (refused[i]);
    g_test_message ("%s", refused[i]);
    g_assert_false (gst_pad_query_accept_caps (pad, caps));
  }
  gst_object_unref (pad);
}

/* ARIA-1, ARIA-2: session given, index counts on */
static void
test_records (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (FIXED);
  g_autoptr (GPtrArray) binary = NULL, metadata = NULL, registry = NULL;

  gst_harness_set_src_caps_str (rig->h, JPEG);
  for (guint i = 0; i < 10; i++)
    sink_rig_push_ok (rig, 1000 + i);
  finish (rig);
  g_assert_cmpuint (sink_rig_stat (rig, "acknowledged"), ==, 10);
  g_assert_cmpuint (sink_rig_stat (rig, "copied-frames"), ==, 0);
  binary = sink_rig_read (rig, "vrs-binary-stream");
  metadata = sink_rig_read (rig, "vrs-metadata-stream");
  registry = sink_rig_read (rig, "vrs-frame-registry");
  g_assert_cmpuint (binary->len, ==, 10);
  g_assert_cmpuint (metadata->len, ==, 10);
  g_assert_cmpuint (registry->len, ==, 10);
  for (guint i = 0; i < 10; i++) {
    const RigRecord *b = binary->pdata[i], *m = metadata->pdata[i], *r = registry->pdata[i];
    g_autofree gchar *prefix = g_strdup_printf ("s_1_214-1_%u_", i);
    g_autofree gchar *status = rig_json_string (r, "status");

    g_assert_true (g_str_has_prefix (b->key, prefix));
    g_assert_cmpstr (b->key, ==, m->key);
    g_assert_cmpstr (b->key, ==, r->key);
    g_assert_cmpint (b->partition, ==, m->partition);
    g_assert_cmpint (b->partition, ==, r->partition);
    g_assert_cmpuint (b->size, ==, 1000 + i);
    g_assert_cmpstr (status, ==, "LINKED");
    g_assert_cmpint (rig_json_int (r, "binary_offset"), ==, b->offset);
    g_assert_cmpint (rig_json_int (r, "metadata_offset"), ==, m->offset);
    g_assert_cmpint (rig_json_int (m, "image_width"), ==, 64);
    g_assert_nonnull (strstr (m->value, "\"key_frame\":true"));
  }
}

static void
test_identity_of_the_meta (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  g_autoptr (GPtrArray) metadata = NULL;
  GstBuffer *buffer = sink_rig_buffer (100, 1);
  TribFrameInfo info = {
    .session = "other_session",
    .stream = "1201-2",
    .index = 4711,
    .t_ns = G_GINT64_CONSTANT (1722513600000000001),
    .key = TRUE,
    .time_source = TRIB_TIME_SOURCE_REFERENCE,
    .format = "jpeg",
    .quality = 77,
    .original_size = 3072,
    .channels = 1,
  };
  const RigRecord *record;

  trib_frame_meta_set (buffer, &info);
  gst_harness_set_src_caps_str (rig->h, JPEG);
  g_assert_cmpint (gst_harness_push (rig->h, buffer), ==, GST_FLOW_OK);
  sink_rig_push_ok (rig, 100);
  finish (rig);
  metadata = sink_rig_read (rig, "vrs-metadata-stream");
  g_assert_cmpuint (metadata->len, ==, 2);
  record = rig_find (metadata, "other_session_1201-2_4711_1722513600000000001");
  g_assert_nonnull (record);
  g_assert_cmpint (record->t_ms, ==, G_GINT64_CONSTANT (1722513600000));
  g_assert_cmpstr (g_hash_table_lookup (record->headers, "time-source"), ==, "reference");
  g_assert_cmpint (rig_json_int (record, "channels"), ==, 1);
  g_assert_nonnull (strstr (record->value, "\"quality\":77"));
  g_assert_nonnull (strstr (record->value, "\"original_size\":3072"));
  /* the meta took no index of the element's own stream */
  for (guint i = 0; i < metadata->len; i++)
    if (metadata->pdata[i] != record)
      g_assert_nonnull (strstr (((RigRecord *) metadata->pdata[i])->key, "_video-0_0_"));
}

static void
test_bad_identity_of_the_meta (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  GstBuffer *buffer = sink_rig_buffer (100, 1);
  TribFrameInfo info = { .session = "s", .stream = "a_b", .quality = -1 };

  trib_frame_meta_set (buffer, &info);
  gst_harness_set_src_caps_str (rig->h, JPEG);
  g_assert_cmpint (gst_harness_push (rig->h, buffer), ==, GST_FLOW_ERROR);
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_ERROR, NULL), ==, 1);
}

/* a fresh one each start; it can be read while it runs */
static void
test_fresh_session (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  g_autofree gchar *first = NULL, *second = NULL;

  g_object_get (rig->sink, "session-id", &first, NULL);
  g_assert_true (g_str_has_prefix (first, "session-"));
  gst_element_set_state (rig->sink, GST_STATE_NULL);
  gst_element_set_state (rig->sink, GST_STATE_PLAYING);
  g_object_get (rig->sink, "session-id", &second, NULL);
  g_assert_cmpstr (first, !=, second);
}

static void
push_stamped (SinkRig *rig, const gchar *session, const gchar *stream, guint64 index)
{
  GstBuffer *buffer = sink_rig_buffer (100, 1);
  TribFrameInfo info = { .session = session,
    .stream = stream,
    .index = index,
    .t_ns = G_GINT64_CONSTANT (1722513600000000000),
    .time_source = TRIB_TIME_SOURCE_META,
    .quality = -1 };

  trib_frame_meta_set (buffer, &info);
  g_assert_cmpint (gst_harness_push (rig->h, buffer), ==, GST_FLOW_OK);
}

static void
check_in_use (SinkRig *rig, const gchar *session, const gchar *stream)
{
  g_autofree gchar *got_session = NULL, *got_stream = NULL;

  g_object_get (rig->sink, "session-id", &got_session, "stream-id", &got_stream, NULL);
  if (session)
    g_assert_cmpstr (got_session, ==, session);
  g_assert_cmpstr (got_stream, ==, stream);
}

/* what is set wins over what buffers carry; the rest is theirs; what is in use can be read */
static void
test_identity_set (gconstpointer data)
{
  static const struct {
    const gchar *properties, *session, *stream;
  } cases[] = { { "", "theirs", "their-1" }, { "session-id=mine", "mine", "their-1" },
    { "stream-id=my-1", "theirs", "my-1" }, { "stream-id=video-0", "theirs", "video-0" },
    { "session-id=mine stream-id=my-1", "mine", "my-1" } };
  guint n = GPOINTER_TO_UINT (data);
  g_autoptr (SinkRig) rig = sink_rig_new (cases[n].properties);
  g_autofree gchar *id = NULL;
  g_autoptr (GPtrArray) records = NULL;

  check_in_use (rig, NULL, n == 0 || n == 1 ? "video-0" : cases[n].stream);
  gst_harness_set_src_caps_str (rig->h, JPEG);
  push_stamped (rig, "theirs", "their-1", 7);
  check_in_use (rig, cases[n].session, cases[n].stream);
  finish (rig);
  id = g_strdup_printf ("%s_%s_7_1722513600000000000", cases[n].session, cases[n].stream);
  records = sink_rig_read (rig, "vrs-frame-registry");
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpstr (((RigRecord *) records->pdata[0])->key, ==, id);
}

/* at EOS a run says what it sent, by session and stream; what follows is said when it stops */
static void
test_runs (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  g_autoptr (GPtrArray) runs = NULL;
  const RigRecord *record;

  gst_harness_set_src_caps_str (rig->h, JPEG);
  for (guint i = 0; i < 5; i++)
    push_stamped (rig, "s_1", i % 2 ? "b-1" : "a-1", 10 + i);
  finish (rig);
  runs = sink_rig_read (rig, "vrs-frame-runs");
  g_assert_cmpuint (runs->len, ==, 2);
  record = rig_find (runs, "s_1_a-1");
  g_assert_nonnull (record);
  g_assert_cmpint (rig_json_int (record, "first_index"), ==, 10);
  g_assert_cmpint (rig_json_int (record, "last_index"), ==, 14);
  g_assert_cmpint (rig_json_int (record, "sent"), ==, 3);
  g_assert_cmpint (rig_json_int (record, "linked"), ==, 3);
  g_assert_cmpint (rig_json_int (record, "failed"), ==, 0);
  g_assert_nonnull (rig_find (runs, "s_1_b-1"));
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_WARNING, NULL), ==, 0);
}

/* What gst-inspect-1.0 calls changeable in NULL or READY takes effect in both. */
static void
test_set_in_ready (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  g_autofree gchar *made = NULL, *kept = NULL, *address = NULL, *same = NULL, *given = NULL;
  g_autoptr (GPtrArray) before = NULL, after = NULL;
  g_autoptr (GstMessage) error = NULL;
  const RigRecord *record;

  gst_harness_set_src_caps_str (rig->h, JPEG);
  sink_rig_push_ok (rig, 100);
  finish (rig);
  gst_element_set_state (rig->sink, GST_STATE_READY);
  g_object_get (rig->sink, "session-id", &made, "broker-address", &address, NULL);
  g_object_set (rig->sink, "topic-prefix", "second-", NULL);
  g_assert_cmpint (
      gst_element_set_state (rig->sink, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
  g_object_get (rig->sink, "session-id", &kept, "broker-address", &same, NULL);
  g_assert_cmpstr (made, ==, kept);
  g_assert_cmpstr (address, ==, same);
  g_assert_cmpuint (sink_rig_stat (rig, "produced"), ==, 0);

  /* refused with a reason, not taken back to what was before, and mended without a way to NULL */
  gst_element_set_state (rig->sink, GST_STATE_READY);
  g_object_set (rig->sink, "stream-id", "a_b", NULL);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpint (
        gst_element_set_state (rig->sink, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_FAILURE);
    g_clear_pointer (&error, gst_message_unref);
    error = sink_rig_pop (rig, GST_MESSAGE_ERROR, NULL);
    g_assert_nonnull (error);
  }
  g_object_set (rig->sink, "stream-id", "camera", "session-id", "given", NULL);
  g_assert_cmpint (
      gst_element_set_state (rig->sink, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
  g_object_get (rig->sink, "session-id", &given, NULL);
  g_assert_cmpstr (given, ==, "given");
  gst_harness_push_event (rig->h, gst_event_new_stream_start ("again"));
  gst_harness_set_src_caps_str (rig->h, JPEG);
  sink_rig_push_ok (rig, 200);
  finish (rig);
  before = sink_rig_read (rig, "vrs-binary-stream");
  g_assert_cmpuint (before->len, ==, 1);
  after = sink_rig_read (rig, "second-vrs-binary-stream");
  g_assert_cmpuint (after->len, ==, 1);
  record = after->pdata[0];
  g_assert_cmpuint (record->size, ==, 200);
  g_assert_true (g_str_has_prefix (record->key, "given_camera_0_"));
}

static void
test_several_memories (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  g_autoptr (GPtrArray) binary = NULL;
  GstBuffer *buffer = gst_buffer_append (sink_rig_buffer (1000, 1), sink_rig_buffer (2000, 2));
  const RigRecord *record;

  g_assert_cmpuint (gst_buffer_n_memory (buffer), ==, 2);
  gst_harness_set_src_caps_str (rig->h, JPEG);
  gst_harness_push (rig->h, buffer);
  sink_rig_push_ok (rig, 500);
  finish (rig);
  g_assert_cmpuint (sink_rig_stat (rig, "copied-frames"), ==, 1);
  g_assert_cmpuint (sink_rig_stat (rig, "copied-bytes"), ==, 3000);
  binary = sink_rig_read (rig, "vrs-binary-stream");
  record = binary->pdata[0];
  g_assert_cmpuint (record->size, ==, 3000);
  for (guint i = 0; i < 3000; i++)
    g_assert_cmpint (record->value[i], ==, i < 1000 ? 1 : 2);
}

/* rows of 15 pixels lie 48 bytes apart by GStreamer's rule; readers expect 45 */
static void
test_rgb_rows (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  g_autoptr (GPtrArray) binary = NULL, metadata = NULL;
  GstBuffer *buffer = sink_rig_buffer (48 * 4, 0xee);
  const RigRecord *record;

  for (guint y = 0; y < 4; y++)
    gst_buffer_memset (buffer, y * 48, (guint8) (y + 1), 45);
  gst_harness_set_src_caps_str (rig->h, "video/x-raw,format=RGB,width=15,height=4,framerate=30/1");
  g_assert_cmpint (gst_harness_push (rig->h, buffer), ==, GST_FLOW_OK);
  finish (rig);
  g_assert_cmpuint (sink_rig_stat (rig, "copied-frames"), ==, 1);
  binary = sink_rig_read (rig, "vrs-binary-stream");
  metadata = sink_rig_read (rig, "vrs-metadata-stream");
  record = binary->pdata[0];
  g_assert_cmpuint (record->size, ==, 45 * 4);
  for (guint i = 0; i < 45 * 4; i++)
    g_assert_cmpint (record->value[i], ==, (gint) (i / 45 + 1));
  g_assert_nonnull (strstr (((RigRecord *) metadata->pdata[0])->value, "\"shape\":[4,15,3]"));
}

/* rows that need no padding are sent as they lie */
static void
test_rgb_without_copy (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);

  gst_harness_set_src_caps_str (rig->h, "video/x-raw,format=RGB,width=16,height=4,framerate=30/1");
  sink_rig_push_ok (rig, 16 * 3 * 4);
  gst_harness_set_src_caps_str (rig->h, "video/x-raw,format=I420,width=16,height=4,framerate=30/1");
  sink_rig_push_ok (rig, 16 * 4 * 3 / 2);
  finish (rig);
  g_assert_cmpuint (sink_rig_stat (rig, "copied-frames"), ==, 0);
}

/* the buffer says by its meta that its rows are further apart than the caps say */
static void
test_video_meta (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  g_autoptr (GPtrArray) binary = NULL;
  GstBuffer *buffer = sink_rig_buffer (64 * 4, 0xee);
  gsize offset[GST_VIDEO_MAX_PLANES] = {
    0,
  };
  gint stride[GST_VIDEO_MAX_PLANES] = { 64 };
  const RigRecord *record;

  for (guint y = 0; y < 4; y++)
    gst_buffer_memset (buffer, y * 64, (guint8) (y + 1), 16);
  gst_buffer_add_video_meta_full (
      buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 16, 4, 1, offset, stride);
  gst_harness_set_src_caps_str (
      rig->h, "video/x-raw,format=GRAY8,width=16,height=4,framerate=30/1");
  g_assert_cmpint (gst_harness_push (rig->h, buffer), ==, GST_FLOW_OK);
  finish (rig);
  binary = sink_rig_read (rig, "vrs-binary-stream");
  record = binary->pdata[0];
  g_assert_cmpuint (record->size, ==, 64);
  for (guint i = 0; i < 64; i++)
    g_assert_cmpint (record->value[i], ==, (gint) (i / 16 + 1));
}

/* A crop is the picture, also where its rows are as far apart as those of the caps. */
static void
test_crop (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  g_autoptr (GPtrArray) binary = NULL;
  GstBuffer *buffer = sink_rig_buffer (16 * 8, 0xee);
  GstVideoCropMeta *crop = gst_buffer_add_video_crop_meta (buffer);
  const RigRecord *record;

  for (guint y = 0; y < 8; y++)
    gst_buffer_memset (buffer, y * 16, (guint8) y, 16);
  gst_buffer_add_video_meta (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 16, 8);
  crop->x = 0;
  crop->y = 3;
  crop->width = 16;
  crop->height = 4;
  gst_harness_set_src_caps_str (
      rig->h, "video/x-raw,format=GRAY8,width=16,height=4,framerate=30/1");
  g_assert_cmpint (gst_harness_push (rig->h, buffer), ==, GST_FLOW_OK);
  finish (rig);
  binary = sink_rig_read (rig, "vrs-binary-stream");
  record = binary->pdata[0];
  g_assert_cmpuint (record->size, ==, 64);
  for (guint i = 0; i < 64; i++)
    g_assert_cmpint (record->value[i], ==, (gint) (i / 16 + 3));
}

/* it costs itself, and not the stream */
static void
push_bad_picture (SinkRig *rig, GstBuffer *bad, gsize good_size)
{
  sink_rig_push_ok (rig, good_size);
  g_assert_cmpint (gst_harness_push (rig->h, bad), ==, GST_FLOW_OK);
  sink_rig_push_ok (rig, good_size);
  trib_assert_eventually (sink_rig_stat (rig, "acknowledged") == 2, 30000);
  g_assert_cmpuint (sink_rig_stat (rig, "failed"), ==, 1);
  g_assert_cmpuint (sink_rig_stat (rig, "failed-malformed"), ==, 1);
  sink_rig_assert_closed (rig);
}

/* a meta that states more than there is: as a short picture */
static void
test_meta_beyond_memory (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  GstBuffer *buffer = sink_rig_buffer (16 * 4, 1);

  gst_buffer_add_video_meta (buffer, GST_VIDEO_FRAME_FLAG_NONE, GST_VIDEO_FORMAT_GRAY8, 1920, 1080);
  gst_harness_set_src_caps_str (
      rig->h, "video/x-raw,format=GRAY8,width=16,height=4,framerate=30/1");
  push_bad_picture (rig, buffer, 16 * 4);
}

/* a picture that is shorter than its caps say */
static void
test_short_picture (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);

  gst_harness_set_src_caps_str (rig->h, "video/x-raw,format=RGB,width=16,height=4,framerate=30/1");
  push_bad_picture (rig, sink_rig_buffer (10, 1), 16 * 4 * 3);
}

static void
test_delta_units (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (FIXED);
  g_autoptr (GPtrArray) metadata = NULL;

  gst_harness_set_src_caps_str (
      rig->h, "video/x-h264,stream-format=byte-stream,alignment=au,width=64,height=48");
  for (guint i = 0; i < 6; i++) {
    GstBuffer *buffer = sink_rig_buffer (100, 1);
    if (i % 3)
      GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
    gst_harness_push (rig->h, buffer);
  }
  finish (rig);
  metadata = sink_rig_read (rig, "vrs-metadata-stream");
  g_assert_cmpuint (metadata->len, ==, 6);
  for (guint i = 0; i < 6; i++)
    g_assert_nonnull (strstr (((RigRecord *) metadata->pdata[i])->value,
        i % 3 ? "\"key_frame\":false" : "\"key_frame\":true"));
}

static void
test_caps_change (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (FIXED);
  g_autoptr (GPtrArray) binary = NULL;
  static const gchar *const caps[]
      = { "image/jpeg,width=64,height=48", "image/png", "image/webp,width=1,height=1" };
  static const gchar *const types[] = { "image/jpeg", "image/png", "image/webp" };

  for (guint i = 0; i < 30; i++) {
    gst_harness_set_src_caps_str (rig->h, caps[i % 3]);
    sink_rig_push_ok (rig, 100 + i);
  }
  finish (rig);
  binary = sink_rig_read (rig, "vrs-binary-stream");
  g_assert_cmpuint (binary->len, ==, 30);
  for (guint i = 0; i < 30; i++) {
    const RigRecord *record = binary->pdata[i];
    const gchar *said = g_hash_table_lookup (record->headers, "caps");
    g_assert_cmpuint (record->size, ==, 100 + i);
    g_assert_cmpstr (g_hash_table_lookup (record->headers, "content-type"), ==, types[i % 3]);
    g_assert_true (g_str_has_prefix (said, types[i % 3]));
  }
}

/* ARIA-4: mode, and overflow with it, while playing */
static void
test_switching (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (FIXED);
  g_autoptr (GPtrArray) binary = NULL, legacy = NULL, registry = NULL;

  gst_harness_set_src_caps_str (rig->h, JPEG);
  for (guint i = 0; i < 50; i++) {
    g_object_set (rig->sink, "mode", i % 2, "overflow", i % 4, NULL);
    sink_rig_push_ok (rig, 300);
  }
  finish (rig);
  g_assert_cmpuint (sink_rig_stat (rig, "acknowledged"), ==, 50);
  binary = sink_rig_read (rig, "vrs-binary-stream");
  legacy = sink_rig_read (rig, "vrs-raw-stream");
  registry = sink_rig_read (rig, "vrs-frame-registry");
  g_assert_cmpuint (binary->len, ==, 25);
  g_assert_cmpuint (registry->len, ==, 25);
  g_assert_cmpuint (legacy->len, ==, 25);
  g_assert_cmpuint (sink_rig_stat (rig, "copied-frames"), ==, 25);
}

static void
test_topic_names (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new ("topic-prefix=site-7. binary-topic=bytes " FIXED);
  g_autoptr (GPtrArray) binary = NULL, registry = NULL;
  g_autofree gchar *topic = NULL;

  gst_harness_set_src_caps_str (rig->h, JPEG);
  sink_rig_push_ok (rig, 10);
  finish (rig);
  binary = sink_rig_read (rig, "site-7.bytes");
  registry = sink_rig_read (rig, "site-7.vrs-frame-registry");
  g_assert_cmpuint (binary->len, ==, 1);
  g_assert_cmpuint (registry->len, ==, 1);
  topic = rig_json_string (registry->pdata[0], "binary_topic");
  g_assert_cmpstr (topic, ==, "site-7.bytes");
}

static const struct {
  const gchar *what, *property, *value, *named;
} wrong[] = {
  { "topic", "binary-topic", "no good", "no good" },
  { "prefix", "topic-prefix", "a/", "a/" },
  { "stream", "stream-id", "a_b", "a_b" },
  { "session", "session-id", "", "session id" },
  { "origin", "time-origin", "yesterday", "yesterday" },
  { "reserved", "producer-config", "c,partitioner=random", "partition-by" },
  { "unknown", "producer-config", "c,no.such.option=1", "no.such.option" },
  { "acks", "producer-config", "c,acks=(string)0", "acks" },
  { "value", "producer-config", "c,linger.ms=many", "linger.ms" },
};

/* exactly one error, RESOURCE/SETTINGS, going to READY; the element can be mended */
static void
test_wrong_settings (gconstpointer data)
{
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (GstElement) sink
      = gst_object_ref_sink (gst_element_factory_make ("kafkabinarysink", NULL));
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL, second = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (sink, bus);
  g_object_set (sink, "bootstrap-servers", "in-process", NULL);
  gst_util_set_object_arg (G_OBJECT (sink), wrong[i].property, wrong[i].value);
  g_assert_cmpint (gst_element_set_state (sink, GST_STATE_READY), ==, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, wrong[i].named));
  second = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);

  g_assert_null (second);
  gst_element_set_state (sink, GST_STATE_NULL);
  gst_element_set_bus (sink, NULL);
}

#define SECRET "correct-horse-battery"

static void
test_secrets (void)
{
  GstElement *pipeline = gst_pipeline_new (NULL);
  g_autoptr (GstElement) sink
      = gst_object_ref_sink (gst_element_factory_make ("kafkabinarysink", NULL));
  g_autoptr (GstStructure) config = gst_structure_new ("c", "sasl.password", G_TYPE_STRING, SECRET,
      "ssl.key.password", G_TYPE_STRING, SECRET, "sasl.username", G_TYPE_STRING, "alice", NULL);
  g_autoptr (GstStructure) back = NULL;
  g_autofree gchar *dot = NULL, *text = NULL;

  gst_bin_add (GST_BIN (pipeline), sink);
  g_object_set (sink, "producer-config", config, "bootstrap-servers", "127.0.0.1:1",
      "drain-timeout-ms", 0, NULL);
  gst_element_set_state (pipeline, GST_STATE_READY);
  g_object_get (sink, "producer-config", &back, NULL);
  g_assert_cmpstr (gst_structure_get_string (back, "sasl.password"), ==, "***");
  g_assert_cmpstr (gst_structure_get_string (back, "ssl.key.password"), ==, "***");
  g_assert_cmpstr (gst_structure_get_string (back, "sasl.username"), ==, "alice");
  dot = gst_debug_bin_to_dot_data (GST_BIN (pipeline), GST_DEBUG_GRAPH_SHOW_ALL);
  g_assert_nonnull (strstr (dot, "kafkabinarysink"));
  g_assert_null (strstr (dot, SECRET));
  text = gst_structure_to_string (back);
  g_assert_null (strstr (text, SECRET));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static void
test_two_sinks_share_the_broker (void)
{
  g_autoptr (SinkRig) a = sink_rig_new ("session-id=a");
  g_autoptr (SinkRig) b = sink_rig_new ("session-id=b");
  g_autofree gchar *address_a = NULL, *address_b = NULL;
  g_autoptr (GPtrArray) registry = NULL;

  g_object_get (a->sink, "broker-address", &address_a, NULL);
  g_object_get (b->sink, "broker-address", &address_b, NULL);
  g_assert_cmpstr (address_a, ==, address_b);
  gst_harness_set_src_caps_str (a->h, JPEG);
  gst_harness_set_src_caps_str (b->h, JPEG);
  for (guint i = 0; i < 5; i++) {
    sink_rig_push_ok (a, 10);
    sink_rig_push_ok (b, 10);
  }
  finish (a);
  finish (b);
  /* what one wrote is there while the other runs */
  gst_element_set_state (a->sink, GST_STATE_NULL);
  registry = sink_rig_read (b, "vrs-frame-registry");
  g_assert_cmpuint (registry->len, ==, 10);
  g_assert_cmpuint (sink_rig_stat (a, "acknowledged"), ==, 5);
}

/* every buffer of a small pool comes back, also the last one */
static void
test_buffer_pool (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new (NULL);
  g_autoptr (GstBufferPool) pool = gst_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  GstBuffer *buffers[3] = {
    NULL,
  };

  gst_buffer_pool_config_set_params (config, NULL, 70000, 3, 3);
  g_assert_true (gst_buffer_pool_set_config (pool, config));
  gst_buffer_pool_set_active (pool, TRUE);
  gst_harness_set_src_caps_str (rig->h, JPEG);
  for (guint i = 0; i < 60; i++) {
    GstBuffer *buffer = NULL;
    /* waits for one to come back; the watchdog ends a wait in vain */
    g_assert_cmpint (gst_buffer_pool_acquire_buffer (pool, &buffer, NULL), ==, GST_FLOW_OK);
    g_assert_cmpint (gst_harness_push (rig->h, buffer), ==, GST_FLOW_OK);
  }
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (gst_buffer_pool_acquire_buffer (pool, &buffers[i], NULL), ==, GST_FLOW_OK);
  for (guint i = 0; i < 3; i++)
    gst_buffer_unref (buffers[i]);
  finish (rig);
  g_assert_cmpuint (sink_rig_stat (rig, "copied-frames"), ==, 0);
  gst_buffer_pool_set_active (pool, FALSE);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/kafkabinarysink/caps", test_caps);
  g_test_add_func ("/kafkabinarysink/ARIA-1/records", test_records);
  g_test_add_func ("/kafkabinarysink/ARIA-2/meta", test_identity_of_the_meta);
  g_test_add_func ("/kafkabinarysink/ARIA-2/bad-meta", test_bad_identity_of_the_meta);
  g_test_add_func ("/kafkabinarysink/ARIA-2/fresh-session", test_fresh_session);
  g_test_add_func ("/kafkabinarysink/runs", test_runs);
  for (guint i = 0; i < 5; i++) {
    g_autofree gchar *path = g_strdup_printf ("/kafkabinarysink/identity-set/%u", i);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_identity_set);
  }
  g_test_add_func ("/kafkabinarysink/set-in-ready", test_set_in_ready);
  g_test_add_func ("/kafkabinarysink/payload/several-memories", test_several_memories);
  g_test_add_func ("/kafkabinarysink/payload/rgb-rows", test_rgb_rows);
  g_test_add_func ("/kafkabinarysink/payload/rgb-without-copy", test_rgb_without_copy);
  g_test_add_func ("/kafkabinarysink/payload/video-meta", test_video_meta);
  g_test_add_func ("/kafkabinarysink/payload/crop", test_crop);
  g_test_add_func ("/kafkabinarysink/payload/meta-beyond-memory", test_meta_beyond_memory);
  g_test_add_func ("/kafkabinarysink/payload/short-picture", test_short_picture);
  g_test_add_func ("/kafkabinarysink/payload/buffer-pool", test_buffer_pool);
  g_test_add_func ("/kafkabinarysink/delta-units", test_delta_units);
  g_test_add_func ("/kafkabinarysink/caps-change", test_caps_change);
  g_test_add_func ("/kafkabinarysink/ARIA-4/switching", test_switching);
  g_test_add_func ("/kafkabinarysink/ARIA-1/topic-names", test_topic_names);
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autofree gchar *path = g_strconcat ("/kafkabinarysink/wrong/", wrong[i].what, NULL);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_wrong_settings);
  }
  g_test_add_func ("/kafkabinarysink/secrets", test_secrets);
  g_test_add_func ("/kafkabinarysink/two-sinks", test_two_sinks_share_the_broker);
  return trib_gst_test_run ();
}
