/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What branches of every kind say, as records: messages, regions, records, nothing; whose frame a
 * message is about; flush, end, other caps; settings that cannot be. */
#include <frame/trib-frame-meta.h>
#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>
#include <math.h>
#include <string.h>
#include <trib-gst-test.h>

/* ---- an element that says what a test wants it to ---- */

typedef GstFlowReturn (*Speak) (GstElement *element, GstBuffer *frame);

static Speak speak;

typedef struct {
  GstBaseTransform parent;
} TestSpeaker;

typedef struct {
  GstBaseTransformClass parent;
} TestSpeakerClass;

static GType test_speaker_get_type (void);

G_DEFINE_TYPE (TestSpeaker, test_speaker, GST_TYPE_BASE_TRANSFORM)

static GstFlowReturn
test_speaker_transform_ip (GstBaseTransform *base, GstBuffer *frame)
{
  return speak (GST_ELEMENT (base), frame);
}

static void
test_speaker_init (TestSpeaker *self)
{
}

static void
test_speaker_class_init (TestSpeakerClass *klass)
{
  static GstStaticPadTemplate sink
      = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
  static GstStaticPadTemplate src
      = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

  gst_element_class_add_static_pad_template (GST_ELEMENT_CLASS (klass), &sink);
  gst_element_class_add_static_pad_template (GST_ELEMENT_CLASS (klass), &src);
  gst_element_class_set_static_metadata (
      GST_ELEMENT_CLASS (klass), "Speaker", "Filter/Analyzer", "Says things", "A test");
  GST_BASE_TRANSFORM_CLASS (klass)->transform_ip = test_speaker_transform_ip;
}

static void
say (GstElement *element, const gchar *text)
{
  GstStructure *structure = gst_structure_from_string (text, NULL);

  g_assert_nonnull (structure);
  gst_element_post_message (element, gst_message_new_element (GST_OBJECT (element), structure));
}

/* the frame's number */
static guint
number_of (GstBuffer *frame)
{
  return (guint) (GST_BUFFER_PTS (frame) / (100 * GST_MSECOND));
}

/* ---- the harness ---- */

static gchar *
text_of (GstBuffer *buffer)
{
  GstMapInfo map;
  gchar *text;

  g_assert_nonnull (buffer);
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  text = g_strndup ((const gchar *) map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return text;
}

static gchar *
pull_text (GstHarness *h)
{
  return text_of (gst_harness_pull (h));
}

static void
assert_has (const gchar *text, const gchar *part)
{
  if (strstr (text, part) == NULL)
    g_error ("%s has no %s", text, part);
}

static GstHarness *
harness_of (GstElement *element, const gchar *caps, const gchar *out_caps)
{
  GstHarness *h = gst_harness_new_with_element (element, "sink", "src");

  gst_object_unref (element);
  gst_harness_set_sink_caps_str (h, out_caps);
  gst_harness_set_src_caps_str (h, caps);
  return h;
}

static GstHarness *
harness (const gchar *properties, const gchar *caps)
{
  g_autofree gchar *line = g_strdup_printf ("messageextract %s", properties);
  g_autoptr (GError) error = NULL;
  GstElement *element = gst_parse_launch (line, &error);

  g_assert_no_error (error);
  return harness_of (gst_object_ref_sink (element), caps, "application/json");
}

static void
assert_lacks (const gchar *text, const gchar *part)
{
  if (strstr (text, part) != NULL)
    g_error ("%s has %s", text, part);
}

static guint64
count (GstHarness *h, const gchar *name)
{
  g_autoptr (GstStructure) stats = trib_element_stats (h->element);

  return trib_structure_uint64 (stats, name);
}

/* what came in is somewhere */
static void
assert_books (GstHarness *h)
{
  g_assert_cmpuint (count (h, "frames-in"), ==,
      count (h, "frames-answered") + count (h, "frames-dropped") + count (h, "frames-flushed")
          + count (h, "frames-inside"));
  g_assert_cmpuint (count (h, "messages-in"), ==,
      count (h, "messages-mapped") + count (h, "messages-unknown") + count (h, "messages-dropped")
          + count (h, "messages-pending"));
  g_assert_cmpuint (count (h, "records-out") + count (h, "records-refused"), ==,
      count (h, "records-mapped") + count (h, "records-regions") + count (h, "records-empty")
          + count (h, "records-skipped") + count (h, "records-passed"));
}

static const gchar gray[] = "video/x-raw,format=GRAY8,width=8,height=4,framerate=10/1";

static GstBuffer *
frame_at (GstClockTime pts)
{
  GstBuffer *frame = gst_buffer_new_allocate (NULL, 32, NULL);

  gst_buffer_memset (frame, 0, 0, 32);
  GST_BUFFER_PTS (frame) = pts;
  GST_BUFFER_DURATION (frame) = 100 * GST_MSECOND;
  return frame;
}

static void
push (GstHarness *h, guint number)
{
  g_assert_cmpint (gst_harness_push (h, frame_at (number * 100 * GST_MSECOND)), ==, GST_FLOW_OK);
}

/* ---- what is said, and of which frame ---- */

/* nothing to say: each frame is answered all the same */
static void
test_empty (void)
{
  g_autoptr (TribHarness) h = harness ("element=identity source=none", gray);
  g_autofree gchar *text = NULL;
  g_autoptr (GstStructure) stats = NULL;

  g_assert_cmpint (gst_harness_push (h, frame_at (300 * GST_MSECOND)), ==, GST_FLOW_OK);
  text = pull_text (h);
  assert_has (text, "\"kind\":\"empty\"");
  assert_has (text, "\"t_ns\":300000000");
  assert_has (text, "\"source\":\"none\"");
  assert_has (text, "\"width\":8,\"height\":4");
  stats = trib_element_stats (h->element);
  g_assert_cmpuint (trib_structure_uint64 (stats, "frames-answered"), ==, 1);
  g_assert_cmpuint (trib_structure_uint64 (stats, "records-empty"), ==, 1);
}

static GstFlowReturn
speak_things (GstElement *element, GstBuffer *frame)
{
  if (number_of (frame) == 1)
    return GST_FLOW_OK;
  say (element,
      "thing, x=(int)1, y=2.5, inner=(structure)\"in, deep=(string)text;\", "
      "list=(int){ 1, 2 }, array=(double)< 0.5, 1.0 >, rate=(fraction)5/2, ok=(boolean)true, "
      "range=(int)[ 1, 5 ], width=(int)7");
  say (element, "thing, x=(int)2");
  say (element, "unheard-of, x=(int)3");
  return GST_FLOW_OK;
}

/* messages of one frame that add to a list are one record; the application sees them all the
 * same */
static void
test_list (void)
{
  g_autoptr (TribHarness) h
      = harness ("element=testspeaker source=s "
                 "mapping=\"thing: type=things, list=all, a=x, b=inner.deep, c=list, "
                 "d=[x,y,'here',4], e=centred(x,x,y,y), f=rate, g=ok\"",
          gray);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autofree gchar *text = NULL, *empty = NULL;

  gst_element_set_bus (h->element, bus);
  speak = speak_things;
  push (h, 0);
  text = pull_text (h);
  assert_has (text, "\"type\":\"things\"");
  assert_has (text, "\"t_ns\":0,\"source\":\"s\"");
  assert_has (text, "\"all\":[{\"a\":1,\"b\":\"text\",\"c\":[1,2],\"d\":[1,2.5,\"here\",4],"
                    "\"e\":[-0.25,-0.25,2.5,2.5],\"f\":2.5,\"g\":true},{\"a\":2}]}");
  assert_lacks (text, "part");
  push (h, 1);
  empty = pull_text (h);
  assert_has (empty, "\"type\":\"things\",\"kind\":\"empty\",\"t_ns\":100000000");
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT);
  g_assert_nonnull (message);
  g_assert_true (gst_message_has_name (message, "thing"));
  g_assert_cmpuint (count (h, "messages-unknown"), ==, 1);
  g_assert_cmpuint (count (h, "messages-mapped"), ==, 2);
  g_assert_cmpuint (count (h, "values-unconverted"), ==, 0);
  assert_books (h);
  gst_element_set_bus (h->element, NULL);
}

/* without a list they are parts; an asterisk takes every field, but for names that a record has for
 * itself */
static void
test_parts (void)
{
  g_autoptr (TribHarness) h = harness ("element=testspeaker mapping=\"thing: b=x, *\"", gray);
  g_autofree gchar *first = NULL, *second = NULL;

  speak = speak_things;
  push (h, 0);
  first = pull_text (h);
  second = pull_text (h);
  assert_has (first, "\"type\":\"thing\"");
  assert_has (first, "\"part\":1,\"parts\":2");
  assert_has (first, "\"b\":1,");
  assert_has (first, "\"y\":2.5");
  assert_has (first, "\"inner\":{\"deep\":\"text\"}");
  assert_has (first, "\"array\":[0.5,1.0]");
  assert_has (first, "\"width_\":7");
  assert_lacks (first, "\"x\":");
  assert_lacks (first, "range");
  assert_has (second, "\"part\":2,\"parts\":2");
  g_assert_cmpuint (count (h, "values-unconverted"), ==, 1);
  assert_books (h);
}

static GstStructure *
nest (guint depth)
{
  GstStructure *s = gst_structure_new ("n", "d", G_TYPE_UINT, depth, NULL);

  for (guint i = depth; i > 0; i--) {
    GstStructure *outer = gst_structure_new ("n", "d", G_TYPE_UINT, i - 1, NULL);

    gst_structure_set (outer, "n", GST_TYPE_STRUCTURE, s, NULL);
    gst_structure_free (s);
    s = outer;
  }
  return s;
}

static GstFlowReturn
speak_values (GstElement *element, GstBuffer *frame)
{
  const gchar *texts[] = { "a", "b\"", NULL };
  g_autoptr (GstStructure) deep = nest (40), shallow = nest (2);
  g_autoptr (GBytes) bytes = g_bytes_new_static ("x", 1);
  g_autoptr (GstDateTime) time = gst_date_time_new_ymd (2024, 2, 29);
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();
  GstStructure *s = gst_structure_new ("fused", "u64", G_TYPE_UINT64, G_MAXUINT64, "i64",
      G_TYPE_INT64, G_MININT64, "f", G_TYPE_FLOAT, 0.1, "nan", G_TYPE_DOUBLE, NAN, "none",
      G_TYPE_STRING, NULL, "state", GST_TYPE_STATE, GST_STATE_PAUSED, "flags", GST_TYPE_SEEK_FLAGS,
      GST_SEEK_FLAG_FLUSH, "texts", G_TYPE_STRV, texts, "day", GST_TYPE_DATE_TIME, time, "mask",
      GST_TYPE_BITMASK, (guint64) 5, "shallow", GST_TYPE_STRUCTURE, shallow, "deep",
      GST_TYPE_STRUCTURE, deep, "bytes", G_TYPE_BYTES, bytes, "buffer", GST_TYPE_BUFFER, buffer,
      "c", G_TYPE_CHAR, -3, NULL);

  gst_element_post_message (element, gst_message_new_element (GST_OBJECT (element), s));
  return GST_FLOW_OK;
}

/* whatever an element may put into a message; what a record cannot hold is counted, and the rest is
 * there */
static void
test_values (void)
{
  static const gchar *const parts[] = { "\"type\":\"observation\"", "\"u64\":18446744073709551615",
    "\"i64\":-9223372036854775808", "\"f\":0.1,", "\"nan\":null", "\"none\":null",
    "\"state\":\"paused\"", "\"flags\":1,", "\"texts\":[\"a\",\"b\\\"\"]", "\"day\":\"2024-02-29\"",
    "\"mask\":5,", "\"c\":-3", "\"shallow\":{\"d\":0,\"n\":{\"d\":1,\"n\":{\"d\":2}}}",
    "\"d\":20," };
  g_autoptr (TribHarness) h = harness ("element=testspeaker mapping=\"*: *\"", gray);
  g_autofree gchar *text = NULL;

  speak = speak_values;
  push (h, 0);
  text = pull_text (h);
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    assert_has (text, parts[i]);
  assert_lacks (text, "\"d\":40");
  assert_lacks (text, "buffer");
  /* bytes, the buffer, and what is too deep */
  g_assert_cmpuint (count (h, "values-unconverted"), ==, 3);
}

static GstFlowReturn
speak_number (GstElement *element, GstBuffer *frame)
{
  g_autofree gchar *text = g_strdup_printf ("thing, n=(int)%u", number_of (frame));

  say (element, text);
  return GST_FLOW_OK;
}

/* Frames wait behind the element that posts, so that messages come before the frames before them
 * are out. */
static void
test_queue_behind (void)
{
  g_autoptr (TribHarness) h
      = harness ("element=\"testspeaker ! queue max-size-buffers=0\" mapping=\"thing: *\"", gray);

  speak = speak_number;
  for (guint i = 0; i < 50; i++)
    push (h, i);
  for (guint i = 0; i < 50; i++) {
    g_autofree gchar *text = pull_text (h);
    g_autofree gchar *time
        = g_strdup_printf ("\"t_ns\":%" G_GUINT64_FORMAT ",", i * 100 * GST_MSECOND);
    g_autofree gchar *number = g_strdup_printf ("\"n\":%u}", i);

    assert_has (text, time);
    assert_has (text, number);
  }
  /* a record is counted when its push has come back, in the thread of the queue */
  trib_assert_eventually (count (h, "records-out") == 50, 10000);
  assert_books (h);
}

static GstFlowReturn
speak_of_before (GstElement *element, GstBuffer *frame)
{
  if (number_of (frame) == 1)
    say (element, "thing, of=(int)0, timestamp=(guint64)0");
  if (number_of (frame) == 2)
    say (element, "thing, of=(int)1, running-time=(guint64)100000000");
  if (number_of (frame) == 3)
    say (element, "thing, of=(int)77, timestamp=(guint64)7700000000");
  return GST_FLOW_OK;
}

/* what is said of a frame that has left is of that frame, and of no later one (OBS-3) */
static void
test_late (void)
{
  static const gchar *const parts[][2] = { { "\"kind\":\"empty\",\"frame_id\":10,", "" },
    { "\"frame_id\":10,", "\"of\":0}" }, { "\"kind\":\"empty\",\"frame_id\":11,", "" },
    { "\"frame_id\":11,", "\"of\":1}" }, { "\"kind\":\"empty\",\"frame_id\":12,", "" },
    /* no such frame is known: the one that the element was given */
    { "\"frame_id\":13,", "\"of\":77}" } };
  g_autoptr (TribHarness) h = harness ("element=testspeaker mapping=\"thing: of=of\"", gray);

  speak = speak_of_before;
  for (guint i = 0; i < 4; i++) {
    TribFrameInfo info = { .session = "s", .stream = "camera", .index = 10 + i, .t_ns = 1000 + i };
    GstBuffer *frame = frame_at (i * 100 * GST_MSECOND);

    trib_frame_meta_set (frame, &info);
    g_assert_cmpint (gst_harness_push (h, frame), ==, GST_FLOW_OK);
  }
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    g_autofree gchar *text = pull_text (h);

    assert_has (text, parts[i][0]);
    assert_has (text, parts[i][1]);
    assert_has (text, "\"session\":\"s\",\"stream\":\"camera\",\"source\":\"");
  }
  g_assert_cmpuint (count (h, "messages-late"), ==, 2);
  assert_books (h);
}

/* ---- regions of interest ---- */

static GstFlowReturn
mark_regions (GstElement *element, GstBuffer *frame)
{
  GstVideoRegionOfInterestMeta *roi;

  gst_buffer_add_video_region_of_interest_meta (frame, "face", 1, 2, 3, 4);
  if (number_of (frame) == 1) {
    roi = gst_buffer_add_video_region_of_interest_meta (frame, "car", 5, 6, 7, 8);
    roi->id = 9;
    gst_video_region_of_interest_meta_add_param (
        roi, gst_structure_new (
                 "detection", "confidence", G_TYPE_DOUBLE, 0.5, "label_id", G_TYPE_INT, 3, NULL));
  }
  if (number_of (frame) == 2)
    say (element, "thing, n=(int)2");
  return GST_FLOW_OK;
}

static void
test_regions (void)
{
  g_autoptr (TribHarness) h
      = harness ("element=testspeaker mapping=\"thing: list=things, *\"", gray);
  g_autofree gchar *face = NULL, *mixed = NULL, *message = NULL, *named = NULL;

  speak = mark_regions;
  for (guint i = 0; i < 3; i++)
    push (h, i);
  face = pull_text (h);
  assert_has (face, "\"type\":\"face\"");
  assert_has (face, "\"faces\":[{\"bbox\":[1,2,3,4]}]}");
  mixed = pull_text (h);
  assert_has (mixed, "\"type\":\"regions\",\"t_ns\":100000000,\"source\":\"regions\"");
  assert_has (mixed, "\"regions\":[{\"bbox\":[1,2,3,4],\"label\":\"face\"},"
                     "{\"bbox\":[5,6,7,8],\"label\":\"car\",\"id\":9,\"confidence\":0.5,"
                     "\"detection\":{\"confidence\":0.5,\"label_id\":3}}]}");
  /* where there is a message, it is that which counts */
  message = pull_text (h);
  assert_has (message, "\"things\":[{\"n\":2}]");
  g_object_set (h->element, "type", "people", "source", "camera", NULL);
  push (h, 0);
  named = pull_text (h);
  assert_has (named, "\"type\":\"people\"");
  assert_has (named, "\"source\":\"camera\"");
  g_assert_cmpuint (count (h, "records-regions"), ==, 3);
  assert_books (h);
}

/* ---- branches that are different ---- */

/* records of the branch's own go on as they are */
static void
test_records (void)
{
  g_autoptr (TribHarness) h = harness ("element=\"qualityextract source=sharp\" source=no", gray);
  g_autofree gchar *text = NULL;

  push (h, 3);
  text = pull_text (h);
  assert_has (text, "\"type\":\"quality\"");
  assert_has (text, "\"source\":\"sharp\"");
  g_assert_cmpuint (count (h, "records-passed"), ==, 1);
  assert_books (h);
}

static GstFlowReturn
speak_and_drop (GstElement *element, GstBuffer *frame)
{
  if (number_of (frame) == 1)
    say (element, "thing, n=(int)1");
  return number_of (frame) == 3 ? GST_FLOW_OK : GST_BASE_TRANSFORM_FLOW_DROPPED;
}

/* A frame that is dropped is skipped, unless something was said of it. */
static void
test_dropped_frames (void)
{
  static const gchar *const parts[] = { "\"kind\":\"skipped\",\"t_ns\":0,", "\"t_ns\":100000000,",
    "\"kind\":\"skipped\",\"t_ns\":200000000,", "\"kind\":\"empty\",\"t_ns\":300000000,",
    "\"kind\":\"skipped\",\"t_ns\":400000000," };
  g_autoptr (TribHarness) h = harness ("element=testspeaker mapping=\"thing: *\"", gray);

  speak = speak_and_drop;
  for (guint i = 0; i < 5; i++)
    push (h, i);
  g_assert_true (gst_harness_push_event (h, gst_event_new_eos ()));
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    g_autofree gchar *text = pull_text (h);

    assert_has (text, parts[i]);
  }
  g_assert_cmpuint (count (h, "frames-dropped"), ==, 4);
  g_assert_cmpuint (count (h, "frames-inside"), ==, 0);
  g_assert_cmpuint (count (h, "records-skipped"), ==, 3);
  assert_books (h);
}

static GstFlowReturn
speak_and_fail (GstElement *element, GstBuffer *frame)
{
  GST_ELEMENT_ERROR (element, STREAM, FAILED, ("it broke"), (NULL));
  return GST_FLOW_ERROR;
}

static void
test_branch_fails (void)
{
  g_autoptr (TribHarness) h = harness ("element=testspeaker", gray);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_bus (h->element, bus);
  speak = speak_and_fail;
  g_assert_cmpint (gst_harness_push (h, frame_at (0)), ==, GST_FLOW_ERROR);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  g_assert_cmpuint (count (h, "records-out"), ==, 0);
  gst_element_set_bus (h->element, NULL);
}

/* ---- the stream ---- */

/* other pictures: the records say their size, and are the same kind of records */
static void
test_caps_change (void)
{
  g_autoptr (TribHarness) h = harness ("element=testspeaker mapping=\"thing: *\"", gray);
  g_autofree gchar *small = NULL, *large = NULL;
  GstEvent *event;
  guint n_caps = 0;

  speak = speak_number;
  push (h, 0);
  gst_harness_set_src_caps_str (h, "video/x-raw,format=GRAY8,width=4,height=8,framerate=10/1");
  push (h, 1);
  small = pull_text (h);
  large = pull_text (h);
  assert_has (small, "\"width\":8,\"height\":4,");
  assert_has (large, "\"width\":4,\"height\":8,");
  while ((event = gst_harness_try_pull_event (h)) != NULL) {
    n_caps += GST_EVENT_TYPE (event) == GST_EVENT_CAPS;
    gst_event_unref (event);
  }
  g_assert_cmpuint (n_caps, ==, 1);
}

static void
test_msgpack (void)
{
  GstElement *element = gst_element_factory_make ("messageextract", NULL);
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GstBuffer) record = NULL;
  guint8 first = 0;

  g_object_set (element, "element", "identity", NULL);
  h = harness_of (gst_object_ref_sink (element), gray, "application/x-msgpack");
  push (h, 0);
  record = gst_harness_pull (h);
  gst_buffer_extract (record, 0, &first, 1);
  g_assert_cmphex (first & 0xf0, ==, 0x80);
}

static GstFlowReturn
speak_and_hold (GstElement *element, GstBuffer *frame)
{
  say (element, "thing, n=(int)1");
  return GST_BASE_TRANSFORM_FLOW_DROPPED;
}

/* a flush takes frames and messages along; what comes behind it is answered as ever */
static void
test_flush (void)
{
  g_autoptr (TribHarness) h = harness ("element=testspeaker mapping=\"thing: *\"", gray);
  g_autofree gchar *text = NULL;
  GstSegment segment;

  speak = speak_and_hold;
  push (h, 0);
  push (h, 1);
  g_assert_cmpuint (count (h, "frames-inside"), ==, 2);
  g_assert_cmpuint (count (h, "messages-pending"), ==, 2);
  g_assert_true (gst_harness_push_event (h, gst_event_new_flush_start ()));
  g_assert_true (gst_harness_push_event (h, gst_event_new_flush_stop (TRUE)));
  g_assert_cmpuint (count (h, "frames-flushed"), ==, 2);
  g_assert_cmpuint (count (h, "messages-dropped"), ==, 2);
  g_assert_cmpuint (count (h, "pending-bytes"), ==, 0);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = 500 * GST_MSECOND;
  g_assert_true (gst_harness_push_event (h, gst_event_new_segment (&segment)));
  speak = speak_number;
  push (h, 7);
  text = pull_text (h);
  assert_has (text, "\"t_ns\":200000000,");
  assert_has (text, "\"n\":7}");
  assert_books (h);
}

/* a gap takes the place of frames that are dropped, and comes behind what is said of them */
static void
test_gap (void)
{
  g_autoptr (TribHarness) h = harness ("element=testspeaker mapping=\"thing: *\"", gray);
  g_autofree gchar *text = NULL;

  speak = speak_and_hold;
  push (h, 0);
  push (h, 1);
  g_assert_true (gst_harness_push_event (h, gst_event_new_gap (0, 100 * GST_MSECOND)));
  text = pull_text (h);
  assert_has (text, "\"t_ns\":0,");
  assert_has (text, "\"n\":1}");
  g_assert_cmpuint (count (h, "frames-inside"), ==, 1);
  assert_books (h);
}

static GstFlowReturn
speak_too_much (GstElement *element, GstBuffer *frame)
{
  g_autofree gchar *text = g_strnfill (300 * 1024, 'x');

  for (guint i = 0; i < 2; i++)
    gst_element_post_message (
        element, gst_message_new_element (GST_OBJECT (element),
                     gst_structure_new ("thing", "text", G_TYPE_STRING, text, NULL)));
  return GST_FLOW_OK;
}

static GstFlowReturn
speak_too_often (GstElement *element, GstBuffer *frame)
{
  g_autofree gchar *text = g_strnfill (100 * 1024, 'x');

  for (guint i = 0; i < 100; i++)
    gst_element_post_message (
        element, gst_message_new_element (GST_OBJECT (element),
                     gst_structure_new ("thing", "text", G_TYPE_STRING, text, NULL)));
  return GST_BASE_TRANSFORM_FLOW_DROPPED;
}

/* what a record cannot hold, and what would wait without end, is dropped, counted, and reported
 * once */
static void
test_bounds (void)
{
  g_autoptr (TribHarness) h = harness ("element=testspeaker mapping=\"thing: *\"", gray);
  g_autoptr (GstBus) bus = gst_bus_new ();
  GstMessage *message;
  guint n_told = 0;

  gst_element_set_bus (h->element, bus);
  speak = speak_too_much;
  push (h, 0);
  g_assert_cmpuint (count (h, "messages-dropped"), ==, 2);
  while ((message = gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT)) != NULL) {
    n_told += gst_message_has_name (message, "messageextract-dropped");
    gst_message_unref (message);
  }
  g_assert_cmpuint (n_told, ==, 1);
  speak = speak_too_often;
  push (h, 1);
  g_assert_cmpuint (count (h, "pending-bytes"), <=, 4 * 1024 * 1024);
  g_assert_cmpuint (count (h, "messages-pending"), >, 30);
  assert_books (h);
  gst_element_set_bus (h->element, NULL);
}

/* ---- settings ---- */

static void
assert_refused (const gchar *properties, GQuark domain, gint code, const gchar *part)
{
  g_autofree gchar *line = g_strdup_printf ("messageextract %s", properties);
  g_autoptr (GError) error = NULL;
  GstElement *element = gst_parse_launch (line, &error);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;

  g_test_message ("%s", line);
  g_assert_no_error (error);
  gst_object_ref_sink (element);
  gst_element_set_bus (element, bus);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_READY), ==, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, domain, code);
  assert_has (error->message, part);
  gst_element_set_bus (element, NULL);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
}

static void
test_refused (void)
{
  const gint settings = GST_RESOURCE_ERROR_SETTINGS;

  assert_refused ("", GST_RESOURCE_ERROR, settings, "the \"element\" property is not set");
  assert_refused ("element=\"no-such-thing a=b ! nor-this\"", GST_CORE_ERROR,
      GST_CORE_ERROR_MISSING_PLUGIN, "no-such-thing");
  assert_refused (
      "element=\"identity no-such-property=1\"", GST_RESOURCE_ERROR, settings, "no-such-property");
  assert_refused ("element=\"identity ! !\"", GST_RESOURCE_ERROR, settings, "identity ! !");
  assert_refused ("element=fakesink", GST_RESOURCE_ERROR, settings, "no source pad");
  assert_refused ("element=fakesrc", GST_RESOURCE_ERROR, settings, "no sink pad");
  assert_refused ("element=identity mapping=\"thing: type=\"", GST_RESOURCE_ERROR, settings,
      "mapping, character 13:");
}

/* what was wrong can be put right, in READY too; names that no record can have leave things as they
 * are */
static void
test_set_again (void)
{
  GstElement *e = gst_element_factory_make ("messageextract", NULL);
  g_autofree gchar *type = NULL, *source = NULL, *text = NULL;
  g_autoptr (TribHarness) h = NULL;

  g_assert_cmpint (gst_element_set_state (e, GST_STATE_READY), ==, GST_STATE_CHANGE_FAILURE);
  g_object_set (e, "element", "nothing-of-that-name", NULL);
  g_object_set (e, "element", "testspeaker", "mapping", "thing: list=l, *", NULL);
  g_assert_cmpint (gst_element_set_state (e, GST_STATE_READY), ==, GST_STATE_CHANGE_SUCCESS);
  g_object_set (e, "mapping", "not one", NULL);
  g_assert_cmpint (gst_element_set_state (e, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  g_object_set (e, "mapping", "thing: *", "type", "right", "source", "me", NULL);
  g_object_set (e, "type", "fused", NULL);
  g_object_get (e, "type", &type, "source", &source, NULL);
  g_assert_cmpstr (type, ==, "right");
  g_assert_cmpstr (source, ==, "me");
  h = harness_of (gst_object_ref_sink (e), gray, "application/json");
  /* too late for another branch */
  g_object_set (e, "element", "identity", NULL);
  speak = speak_number;
  push (h, 4);
  text = pull_text (h);
  assert_has (text, "\"type\":\"right\"");
  assert_has (text, "\"n\":4}");
}

/* In NULL messages are dropped: the warning is posted again when the pipeline starts. */
static void
test_refused_names (void)
{
  GstElement *pipeline = gst_parse_launch (
      "messageextract name=x element=identity type=fused ! fakesink async=false", NULL);
  g_autoptr (GstElement) x = gst_bin_get_by_name (GST_BIN (pipeline), "x");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autofree gchar *type = NULL;
  GstMessage *message;

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  g_assert_nonnull (message);
  gst_message_unref (message);
  g_assert_null (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING));
  g_object_get (x, "type", &type, NULL);
  g_assert_cmpstr (type, ==, NULL);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_object_set (x, "type", "face", NULL);
  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  g_assert_null (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  gst_element_register (NULL, "testspeaker", GST_RANK_NONE, test_speaker_get_type ());
  g_test_add_func ("/messageextract/empty", test_empty);
  g_test_add_func ("/messageextract/list", test_list);
  g_test_add_func ("/messageextract/parts", test_parts);
  g_test_add_func ("/messageextract/values", test_values);
  g_test_add_func ("/messageextract/queue-behind", test_queue_behind);
  g_test_add_func ("/messageextract/late", test_late);
  g_test_add_func ("/messageextract/regions", test_regions);
  g_test_add_func ("/messageextract/records", test_records);
  g_test_add_func ("/messageextract/dropped-frames", test_dropped_frames);
  g_test_add_func ("/messageextract/branch-fails", test_branch_fails);
  g_test_add_func ("/messageextract/caps-change", test_caps_change);
  g_test_add_func ("/messageextract/msgpack", test_msgpack);
  g_test_add_func ("/messageextract/flush", test_flush);
  g_test_add_func ("/messageextract/gap", test_gap);
  g_test_add_func ("/messageextract/bounds", test_bounds);
  g_test_add_func ("/messageextract/refused", test_refused);
  g_test_add_func ("/messageextract/set-again", test_set_again);
  g_test_add_func ("/messageextract/refused-names", test_refused_names);
  return trib_gst_test_run ();
}
