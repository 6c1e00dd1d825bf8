/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records come back: whole, in order, from anywhere, through outages; what is no record is counted.
 */
#include <string.h>

#include "kafkabinarysink-rig.h"

#define TOPIC "mps-sensor-stream"
#define EPOCH_MS G_GINT64_CONSTANT (1722513600000)
#define STEP_MS 10

/* kafkarecordsink writes (SinkRig), kafkarecordsrc reads the same topics back */
typedef struct {
  SinkRig *sink;
  gchar *prefix;
  GstHarness *h;
  GstElement *src;
  GstBus *bus;
} Rig;

static Rig *
rig_new (gboolean mock, const gchar *properties)
{
  static guint n_rigs;
  Rig *rig = g_new0 (Rig, 1);
  g_autofree gchar *all = NULL;

  rig->prefix = g_strdup_printf ("rec%u-", n_rigs++);
  all = g_strdup_printf (
      "topic-prefix=%s drain-timeout-ms=60000 %s", rig->prefix, properties ? properties : "");
  rig->sink = mock ? sink_rig_new_mock_element ("kafkarecordsink", all)
                   : sink_rig_new_element ("kafkarecordsink", all);
  gst_harness_set_src_caps_str (rig->sink->h, "application/json");
  return rig;
}

static void
end_reading (Rig *rig)
{
  if (rig->h == NULL)
    return;
  gst_bus_set_flushing (rig->bus, TRUE);
  gst_element_set_bus (rig->h->element, NULL);
  gst_clear_object (&rig->src);
  gst_clear_object (&rig->bus);
  g_clear_pointer (&rig->h, gst_harness_teardown);
}

static void
rig_free (Rig *rig)
{
  end_reading (rig);
  sink_rig_free (rig->sink);
  g_free (rig->prefix);
  g_free (rig);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static void
read_at (Rig *rig, const gchar *servers, const gchar *properties)
{
  g_autofree gchar *line
      = g_strdup_printf ("kafkarecordsrc bootstrap-servers=%s topic-prefix=%s %s", servers,
          rig->prefix, properties ? properties : "");

  end_reading (rig);
  rig->h = gst_harness_new_parse (line);
  rig->src = gst_harness_find_element (rig->h, "kafkarecordsrc");
  rig->bus = gst_bus_new ();
  gst_element_set_bus (rig->h->element, rig->bus);
  gst_harness_use_systemclock (rig->h);
  gst_harness_play (rig->h);
}

static void
read_back (Rig *rig, const gchar *properties)
{
  read_at (rig, rig->sink->address ? rig->sink->address : "in-process", properties);
}

static gint64
time_ms (guint index)
{
  return EPOCH_MS + (gint64) index * STEP_MS;
}

static gchar *
text_of (guint index)
{
  return g_strdup_printf ("{\"sensor\":\"imu-%u\", \"n\":%u}", index % 3, index);
}

static void
push_bytes (Rig *rig, gconstpointer data, gsize size, guint index)
{
  g_autoptr (GstCaps) unix_time = gst_caps_new_empty_simple ("timestamp/x-unix");
  GstBuffer *buffer = gst_buffer_new_memdup (data, size);

  gst_buffer_add_reference_timestamp_meta (
      buffer, unix_time, time_ms (index) * GST_MSECOND, GST_CLOCK_TIME_NONE);
  g_assert_cmpint (gst_harness_push (rig->sink->h, buffer), ==, GST_FLOW_OK);
}

static void
push (Rig *rig, guint first, guint n)
{
  for (guint i = first; i < first + n; i++) {
    g_autofree gchar *text = text_of (i);
    push_bytes (rig, text, strlen (text), i);
  }
}

static void
settle (Rig *rig)
{
  trib_assert_eventually (sink_rig_stat (rig->sink, "pending") == 0, 20000);
}

static guint64
stat_of (Rig *rig, const gchar *field)
{
  static const gchar *const parts[]
      = { "pushed", "before", "unusable", "damaged", "flushed", "pending" };
  g_autoptr (GstStructure) stats = trib_element_stats (rig->src);
  guint64 sum = 0;

  for (guint i = 0; i < G_N_ELEMENTS (parts); i++)
    sum += trib_structure_uint64 (stats, parts[i]);
  g_assert_cmpuint (trib_structure_uint64 (stats, "records-read"), ==, sum);
  return trib_structure_uint64 (stats, field);
}

static GstMessage *
pop (Rig *rig, GstMessageType types, const gchar *name)
{
  GstMessage *message;

  while ((message = gst_bus_pop_filtered (rig->bus, types))) {
    if (name == NULL || gst_message_has_name (message, name))
      return message;
    gst_message_unref (message);
  }
  return NULL;
}

static GstMessage *
wait_for (Rig *rig, GstMessageType types, const gchar *name)
{
  GstMessage *message = NULL;

  trib_assert_eventually ((message = pop (rig, types, name)), 20000);
  return message;
}

static void
wait_for_state (Rig *rig, const gchar *state)
{
  gboolean there = FALSE;

  while (!there) {
    g_autoptr (GstMessage) message
        = wait_for (rig, GST_MESSAGE_ELEMENT, "kafkarecordsrc-connection");
    const GstStructure *s = gst_message_get_structure (message);
    there = g_str_equal (gst_structure_get_string (s, "state"), state);
  }
}

static GstEvent *
next_event (Rig *rig, GstEventType type)
{
  GstEvent *event;

  while ((event = gst_harness_pull_event (rig->h)) && GST_EVENT_TYPE (event) != type)
    gst_event_unref (event);
  g_assert_nonnull (event);
  return event;
}

static void
expect_eos (Rig *rig)
{
  gst_event_unref (next_event (rig, GST_EVENT_EOS));
  g_assert_cmpuint (stat_of (rig, "pending"), ==, 0);
}

/* the next record, checked; `base` is the index of the one at PTS 0 */
static GstBuffer *
pull (Rig *rig, guint index, guint base)
{
  g_autoptr (GstCaps) unix_time = gst_caps_new_empty_simple ("timestamp/x-unix");
  g_autofree gchar *text = text_of (index);
  GstBuffer *buffer = gst_harness_pull (rig->h);
  GstReferenceTimestampMeta *meta;
  GstMapInfo map;

  g_assert_nonnull (buffer);
  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_assert_cmpmem (map.data, map.size, text, strlen (text));
  gst_buffer_unmap (buffer, &map);
  g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, (index - base) * STEP_MS * GST_MSECOND);
  g_assert_cmpuint (GST_BUFFER_OFFSET_END (buffer), ==, GST_BUFFER_OFFSET (buffer) + 1);
  meta = gst_buffer_get_reference_timestamp_meta (buffer, unix_time);
  g_assert_nonnull (meta);
  g_assert_cmpuint (meta->timestamp, ==, time_ms (index) * GST_MSECOND);
  return buffer;
}

static void
pull_many (Rig *rig, guint first, guint n, guint base)
{
  for (guint i = first; i < first + n; i++)
    gst_buffer_unref (pull (rig, i, base));
}

/* of all partitions, in order of time */
static void
test_everything (gconstpointer data)
{
  g_autoptr (Rig) rig = rig_new (FALSE, "key-field=sensor");
  g_autoptr (GstBuffer) first = NULL;
  g_autoptr (GstPad) pad = NULL;
  g_autoptr (GstCaps) caps = NULL;
  guint64 bytes = 0;

  push (rig, 0, 300);
  settle (rig);
  read_back (rig, data);
  first = pull (rig, 0, 0);
  g_assert_true (GST_BUFFER_IS_DISCONT (first));
  for (guint i = 1; i < 300; i++) {
    g_autoptr (GstBuffer) buffer = pull (rig, i, 0);
    g_assert_false (GST_BUFFER_IS_DISCONT (buffer));
    bytes += gst_buffer_get_size (buffer);
  }
  expect_eos (rig);
  pad = gst_element_get_static_pad (rig->src, "src");
  caps = gst_pad_get_current_caps (pad);
  g_assert_true (gst_structure_has_name (gst_caps_get_structure (caps, 0), "application/json"));
  g_assert_cmpuint (stat_of (rig, "pushed"), ==, 300);
  g_assert_cmpuint (stat_of (rig, "bytes-pushed"), ==, bytes + gst_buffer_get_size (first));
  wait_for_state (rig, "connected");
  g_assert_null (pop (rig, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR, NULL));
}

static void
test_caps (void)
{
  static const gchar *const types[]
      = { "application/json", "application/x-msgpack", "application/json" };
  g_autoptr (Rig) rig = rig_new (FALSE, NULL);

  push (rig, 0, 2);
  gst_harness_set_src_caps_str (rig->sink->h, "application/x-msgpack");
  push_bytes (rig, "\x81\xa1k\x00", 4, 2);
  push_bytes (rig, "\xcc", 1, 3);
  gst_harness_set_src_caps_str (rig->sink->h, "application/json");
  push (rig, 4, 1);
  settle (rig);
  read_back (rig, NULL);
  pull_many (rig, 0, 2, 0);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstBuffer) buffer = gst_harness_pull (rig->h);
    g_assert_cmpuint (GST_BUFFER_PTS (buffer), ==, (2 + i) * STEP_MS * GST_MSECOND);
  }
  pull_many (rig, 4, 1, 0);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    g_autoptr (GstEvent) event = next_event (rig, GST_EVENT_CAPS);
    GstCaps *caps;
    gst_event_parse_caps (event, &caps);
    g_assert_true (gst_structure_has_name (gst_caps_get_structure (caps, 0), types[i]));
  }
  expect_eos (rig);
  g_assert_cmpuint (stat_of (rig, "unusable"), ==, 0);
}

static void
produce (rd_kafka_t *client, const gchar *topic, const gchar *type, const gchar *value, gsize size)
{
  rd_kafka_headers_t *headers = rd_kafka_headers_new (1);
  rd_kafka_resp_err_t err;

  if (type)
    rd_kafka_header_add (headers, "content-type", -1, type, -1);
  err = rd_kafka_producev (client, RD_KAFKA_V_TOPIC (topic), RD_KAFKA_V_PARTITION (0),
      RD_KAFKA_V_VALUE ((void *) value, size), RD_KAFKA_V_MSGFLAGS (RD_KAFKA_MSG_F_COPY),
      RD_KAFKA_V_HEADERS (headers), RD_KAFKA_V_END);
  g_assert_cmpint (err, ==, RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* what other producers write: looked at where no header says it, and passed over, once warned of,
 * when it is neither */
static void
test_other_producers (void)
{
  static const struct {
    const gchar *type;
    const gchar *value;
    gsize size;
    gboolean usable;
  } records[] = {
    { NULL, " {\"a\":1}", 8, TRUE },
    { NULL, "\x81\xa1k\x00", 4, TRUE },
    { "application/octet-stream", "{}", 2, TRUE },
    { "application/json; charset=utf-8", "[1]", 3, TRUE },
    { "application/msgpack", "\xc0", 1, TRUE },
    { NULL, "[1]", 3, FALSE },
    { NULL, "{\"a\":", 5, FALSE },
    { NULL, "plain", 5, FALSE },
    { "image/png", "\x89PNG", 4, FALSE },
    { "application/json", "", 0, FALSE },
    { NULL, "{\"last\":1}", 10, TRUE },
  };
  g_autoptr (Rig) rig = rig_new (TRUE, NULL);
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  g_autofree gchar *topic = g_strconcat (rig->prefix, TOPIC, NULL);
  g_autoptr (GstMessage) warning = NULL;
  g_autoptr (GError) error = NULL;
  rd_kafka_t *client;
  gchar why[256];

  rd_kafka_conf_set (conf, "bootstrap.servers", rig->sink->address, why, sizeof why);
  client = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  g_assert_nonnull (client);
  for (guint i = 0; i < G_N_ELEMENTS (records); i++)
    produce (client, topic, records[i].type, records[i].value, records[i].size);
  g_assert_cmpint (
      rd_kafka_flush (client, trib_test_scale (20000)), ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_destroy (client);
  read_back (rig, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (records); i++) {
    g_autoptr (GstBuffer) buffer = NULL;
    if (!records[i].usable)
      continue;
    buffer = gst_harness_pull (rig->h);
    g_assert_cmpint (gst_buffer_memcmp (buffer, 0, records[i].value, records[i].size), ==, 0);
    g_assert_cmpuint (gst_buffer_get_size (buffer), ==, records[i].size);
    g_assert_cmpuint (GST_BUFFER_OFFSET (buffer), ==, i);
    g_assert_cmpint (GST_BUFFER_IS_DISCONT (buffer), ==, i == 0 || !records[i - 1].usable);
  }
  expect_eos (rig);
  g_assert_cmpuint (stat_of (rig, "unusable"), ==, 5);
  warning = wait_for (rig, GST_MESSAGE_WARNING, NULL);
  gst_message_parse_warning (warning, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ);
  g_assert_null (pop (rig, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR, NULL));
}

/* the warning says what was passed over */
static void
test_passed_over (gconstpointer data)
{
  static const struct {
    const gchar *type;
    const gchar *value;
    const gchar *said;
  } records[] = {
    { "application/json", NULL, "tombstone" },
    { "application/json", "", "an empty value" },
    { "image/png", "x", "unknown content type \"image/png\"" },
    { "a/b\n\"", "x", "unknown content type \"a/b\\n\\\"\"" },
    { NULL, "x", "nor its bytes" },
  };
  guint i = GPOINTER_TO_UINT (data);
  g_autoptr (Rig) rig = rig_new (TRUE, NULL);
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  g_autofree gchar *topic = g_strconcat (rig->prefix, TOPIC, NULL), *debug = NULL;
  g_autoptr (GstMessage) warning = NULL;
  rd_kafka_t *client;
  gchar why[256];

  rd_kafka_conf_set (conf, "bootstrap.servers", rig->sink->address, why, sizeof why);
  client = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  g_assert_nonnull (client);
  produce (client, topic, records[i].type, records[i].value,
      records[i].value ? strlen (records[i].value) : 0);
  g_assert_cmpint (
      rd_kafka_flush (client, trib_test_scale (20000)), ==, RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_destroy (client);
  read_back (rig, NULL);
  expect_eos (rig);
  warning = wait_for (rig, GST_MESSAGE_WARNING, NULL);
  gst_message_parse_warning (warning, NULL, &debug);
  g_assert_nonnull (strstr (debug, records[i].said));
}

static void
test_starts (void)
{
  g_autoptr (Rig) rig = rig_new (FALSE, NULL);
  g_autofree gchar *line = NULL;

  push (rig, 0, 30);
  settle (rig);
  /* not one nanosecond earlier than it was asked for */
  line = g_strdup_printf ("start=time start-time=%" G_GINT64_FORMAT, time_ms (19) * 1000000 + 1);
  read_back (rig, line);
  pull_many (rig, 20, 10, 20);
  expect_eos (rig);
  g_assert_cmpuint (stat_of (rig, "before"), ==, 20);
  read_back (rig, "start=latest");
  expect_eos (rig);
  g_assert_cmpuint (stat_of (rig, "records-read"), ==, 0);
}

/* one partition from an offset: both from the front and from the end */
static void
test_offsets (void)
{
  g_autoptr (Rig) rig = rig_new (FALSE, "key-field=sensor");
  g_autofree gchar *line = NULL;
  gint64 partition = -1;

  /* of one key, so in one partition */
  for (guint i = 0; i < 30; i += 3)
    push (rig, i, 1);
  settle (rig);
  for (guint p = 0; p < 64 && partition < 0; p++) {
    g_autofree gchar *probe = g_strdup_printf ("start=offset start-offset=7 start-partition=%u", p);
    read_back (rig, probe);
    gst_event_unref (next_event (rig, GST_EVENT_EOS));
    if (stat_of (rig, "records-read") > 0)
      partition = p;
  }
  g_assert_cmpint (partition, >=, 0);
  for (guint i = 21; i < 30; i += 3)
    gst_buffer_unref (pull (rig, i, 21));
  line = g_strdup_printf (
      "start=offset start-offset=-2 start-partition=%" G_GINT64_FORMAT, partition);
  read_back (rig, line);
  gst_buffer_unref (pull (rig, 24, 24));
  gst_buffer_unref (pull (rig, 27, 24));
  expect_eos (rig);
}

static void
seek (Rig *rig, GstClockTime position)
{
  g_assert_true (gst_element_seek_simple (
      rig->src, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, position));
}

static void
test_seek (void)
{
  static const guint targets[] = { 30, 3, 49, 0, 17 };
  g_autoptr (Rig) rig = rig_new (FALSE, "key-field=sensor");
  g_autoptr (GstQuery) query = gst_query_new_seeking (GST_FORMAT_TIME);
  gboolean seekable;

  push (rig, 0, 60);
  settle (rig);
  read_back (rig, NULL);
  pull_many (rig, 0, 5, 0);
  g_assert_true (gst_element_query (rig->src, query));
  gst_query_parse_seeking (query, NULL, &seekable, NULL, NULL);
  g_assert_true (seekable);
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++) {
    GstClockTime target = targets[i] * STEP_MS * GST_MSECOND;
    g_autoptr (GstBuffer) buffer = NULL;

    /* between two records: the later one is the first that is wanted */
    seek (rig, target - (target > 0 ? 1 : 0));
    do {
      /* what was in the harness when the seek came */
      gst_clear_buffer (&buffer);
      buffer = gst_harness_pull (rig->h);
      g_assert_nonnull (buffer);
    } while (!GST_BUFFER_IS_DISCONT (buffer) || GST_BUFFER_PTS (buffer) != target);
  }
  /* not the EOS: one of before a seek may lie in the harness */
  trib_assert_eventually (stat_of (rig, "pending") == 0, 20000);
  g_assert_false (gst_element_seek (rig->src, 2.0, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
      GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0));
}

/* sought while nothing is known yet */
static void
test_seek_early (void)
{
  g_autoptr (Rig) rig = rig_new (FALSE, "key-field=sensor");

  read_back (rig, "until=never");
  wait_for_state (rig, "connected");
  seek (rig, 15 * STEP_MS * GST_MSECOND - 1);
  /* of one key: in the order of writing, wherever reading has got to */
  for (guint i = 0; i < 24; i += 3)
    push (rig, i, 1);
  for (guint i = 15; i < 24; i += 3)
    gst_buffer_unref (pull (rig, i, 0));
  g_assert_cmpuint (stat_of (rig, "before"), >=, 1);
}

static void
query_latency (Rig *rig, gboolean live, GstClockTime min)
{
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  gboolean is_live;
  GstClockTime is_min, is_max;

  g_assert_true (gst_element_query (rig->src, query));
  gst_query_parse_latency (query, &is_live, &is_min, &is_max);
  g_assert_cmpint (is_live, ==, live);
  g_assert_cmpuint (is_min, ==, min);
  g_assert_cmpuint (is_max, ==, GST_CLOCK_TIME_NONE);
}

/* live: what comes later comes, and a wait is over when the element is stopped */
static void
test_follow (void)
{
  g_autoptr (Rig) rig = rig_new (FALSE, "key-field=sensor");
  g_autoptr (GstEvent) event = NULL;
  const GstSegment *segment;

  read_back (rig, "until=never latency-ms=70");
  query_latency (rig, TRUE, 70 * GST_MSECOND);
  for (guint i = 0; i < 30; i++) {
    push (rig, i, 1);
    pull_many (rig, i, 1, 0);
  }
  /* the first one is of now */
  event = next_event (rig, GST_EVENT_SEGMENT);
  gst_event_parse_segment (event, &segment);
  g_assert_cmpuint (segment->base, >, 0);
  seek (rig, 20 * STEP_MS * GST_MSECOND);
  pull_many (rig, 20, 10, 0);
  push (rig, 30, 1);
  pull_many (rig, 30, 1, 0);
  read_back (rig, "until=end");
  pull_many (rig, 0, 31, 0);
  query_latency (rig, FALSE, 0);
}

static void
test_past_retention (void)
{
  g_autoptr (Rig) rig = rig_new (FALSE, "key-field=k");
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GstBuffer) buffer = NULL;
  g_autofree gchar *text = g_strnfill (1000000, ' ');
  guint64 count;

  memcpy (text, "{\"k\":1}", 7);
  for (guint i = 0; i < 12; i++)
    push_bytes (rig, text, 1000000, i);
  settle (rig);
  read_back (rig, "start=offset start-offset=0");
  buffer = gst_harness_pull (rig->h);
  g_assert_true (GST_BUFFER_IS_DISCONT (buffer));
  message = wait_for (rig, GST_MESSAGE_ELEMENT, "kafkarecordsrc-records-lost");
  count = trib_structure_uint64 (gst_message_get_structure (message), "count");
  g_assert_cmpuint (count, >=, 7);
  g_assert_cmpuint (stat_of (rig, "records-lost"), ==, count);
  g_assert_cmpuint (GST_BUFFER_OFFSET (buffer), ==, count);
  while (12 - count > stat_of (rig, "pushed"))
    gst_buffer_unref (gst_harness_pull (rig->h));
  expect_eos (rig);
  g_assert_null (pop (rig, GST_MESSAGE_ERROR | GST_MESSAGE_WARNING, NULL));
}

/* waits, says so, and goes on where it was once the broker is back */
static void
test_outage (void)
{
  g_autoptr (Rig) rig = rig_new (TRUE, NULL);
  g_autoptr (GstMessage) warning = NULL;

  push (rig, 0, 5);
  settle (rig);
  read_back (rig, "until=never");
  pull_many (rig, 0, 5, 0);
  sink_rig_down (rig->sink);
  wait_for_state (rig, "down");
  warning = wait_for (rig, GST_MESSAGE_WARNING, NULL);
  sink_rig_up (rig->sink);
  push (rig, 5, 1);
  pull_many (rig, 5, 1, 0);
  wait_for_state (rig, "connected");
  g_assert_cmpuint (stat_of (rig, "outages"), ==, 1);
  g_assert_cmpuint (stat_of (rig, "pushed"), ==, 6);
  g_assert_null (pop (rig, GST_MESSAGE_WARNING | GST_MESSAGE_ERROR, NULL));
}

/* a broker that never was there: reported once; a limit makes it an error; a stop ends the wait */
static void
test_no_broker (void)
{
  g_autoptr (Rig) rig = rig_new (FALSE, NULL);
  g_autofree gchar *servers = g_strdup_printf ("127.0.0.1:%u", trib_test_free_port ());
  g_autoptr (GstMessage) warning = NULL, message = NULL;
  g_autoptr (GError) error = NULL;

  read_at (rig, servers, NULL);
  warning = wait_for (rig, GST_MESSAGE_WARNING, NULL);
  gst_message_parse_warning (warning, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ);
  g_assert_nonnull (strstr (error->message, servers));
  g_assert_cmpuint (stat_of (rig, "outages"), ==, 1);
  g_clear_error (&error);
  read_at (rig, servers, "outage-timeout-ms=100");
  message = wait_for (rig, GST_MESSAGE_ERROR, NULL);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ);
}

static void
test_settings (void)
{
  static const gchar *const lines[] = {
    "kafkarecordsrc bootstrap-servers=in-process topic=a/b",
    "kafkarecordsrc bootstrap-servers=in-process topic=\"\"",
    "kafkarecordsrc bootstrap-servers=in-process start-time=yesterday",
    "kafkarecordsrc bootstrap-servers=in-process start-time=-20x",
    "kafkarecordsrc bootstrap-servers=in-process start-time=20s",
    "kafkarecordsrc bootstrap-servers=in-process start-time=\"\"",
    "kafkarecordsrc bootstrap-servers=in-process consumer-config=c,group.id=mine",
  };

  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    trib_assert_settings_refused (lines[i]);
}

/* What gst-inspect-1.0 calls changeable in NULL or READY takes effect in both. */
static void
test_set_in_ready (void)
{
  g_autoptr (Rig) rig = rig_new (FALSE, NULL);
  g_autofree gchar *address = NULL, *same = NULL, *text = NULL;

  push (rig, 0, 30);
  settle (rig);
  read_back (rig, NULL);
  pull_many (rig, 0, 30, 0);
  expect_eos (rig);
  g_object_get (rig->src, "broker-address", &address, NULL);
  gst_element_set_state (rig->src, GST_STATE_READY);
  gst_util_set_object_arg (G_OBJECT (rig->src), "start", "time");
  text = g_strdup_printf ("%" G_GINT64_FORMAT, time_ms (20) * 1000000);
  g_object_set (rig->src, "start-time", text, NULL);
  g_assert_cmpint (
      gst_element_set_state (rig->src, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
  pull_many (rig, 20, 10, 20);
  expect_eos (rig);
  g_object_get (rig->src, "broker-address", &same, NULL);
  g_assert_cmpstr (address, ==, same);
  g_assert_cmpuint (stat_of (rig, "pushed"), ==, 10);

  /* refused with a reason, not taken back to what was before, and mended without a way to NULL */
  gst_element_set_state (rig->src, GST_STATE_READY);
  g_object_set (rig->src, "topic", "a/b", NULL);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpint (
        gst_element_set_state (rig->src, GST_STATE_PLAYING), ==, GST_STATE_CHANGE_FAILURE);
    gst_message_unref (wait_for (rig, GST_MESSAGE_ERROR, NULL));
  }
  g_object_set (rig->src, "topic", "mps-sensor-stream", NULL);
  gst_util_set_object_arg (G_OBJECT (rig->src), "start", "earliest");
  g_assert_cmpint (
      gst_element_set_state (rig->src, GST_STATE_PLAYING), !=, GST_STATE_CHANGE_FAILURE);
  pull_many (rig, 0, 30, 0);
  expect_eos (rig);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_data_func ("/kafkarecordsrc/everything", "", test_everything);
  g_test_add_data_func (
      "/kafkarecordsrc/everything/small", "max-queued-bytes=4194304", test_everything);
  g_test_add_func ("/kafkarecordsrc/caps", test_caps);
  g_test_add_func ("/kafkarecordsrc/other-producers", test_other_producers);
  for (guint i = 0; i < 5; i++) {
    g_autofree gchar *name = g_strdup_printf ("/kafkarecordsrc/passed-over/%u", i);
    g_test_add_data_func (name, GUINT_TO_POINTER (i), test_passed_over);
  }
  g_test_add_func ("/kafkarecordsrc/starts", test_starts);
  g_test_add_func ("/kafkarecordsrc/offsets", test_offsets);
  g_test_add_func ("/kafkarecordsrc/seek", test_seek);
  g_test_add_func ("/kafkarecordsrc/seek-early", test_seek_early);
  g_test_add_func ("/kafkarecordsrc/follow", test_follow);
  g_test_add_func ("/kafkarecordsrc/past-retention", test_past_retention);
  g_test_add_func ("/kafkarecordsrc/outage", test_outage);
  g_test_add_func ("/kafkarecordsrc/no-broker", test_no_broker);
  g_test_add_func ("/kafkarecordsrc/settings", test_settings);
  g_test_add_func ("/kafkarecordsrc/set-in-ready", test_set_in_ready);
  return trib_gst_test_run ();
}
