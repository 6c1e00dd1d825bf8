/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records to one topic: what arrives, what is refused, what an outage does. */
#include <string.h>

#include "kafkabinarysink-rig.h"

#define TOPIC "mps-sensor-stream"

static GstFlowReturn
push (SinkRig *rig, const gchar *text)
{
  return gst_harness_push (rig->h, gst_buffer_new_memdup (text, strlen (text)));
}

static void
push_eos (SinkRig *rig)
{
  g_autoptr (GstMessage) eos = NULL;

  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_eos ()));
  eos = sink_rig_pop (rig, GST_MESSAGE_EOS, NULL);
  g_assert_nonnull (eos);
  g_assert_cmpuint (sink_rig_stat (rig, "pending"), ==, 0);
}

static void
test_json (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new_element ("kafkarecordsink", "key-field=sensor");
  g_autoptr (GPtrArray) records = NULL;
  gint64 before = g_get_real_time () / 1000;

  gst_harness_set_src_caps_str (rig->h, "application/json");
  for (guint i = 0; i < 60; i++) {
    g_autofree gchar *text = g_strdup_printf ("{\"sensor\":\"imu-%u\",\"n\":%u}", i % 3, i);
    g_assert_cmpint (push (rig, text), ==, GST_FLOW_OK);
  }
  push_eos (rig);
  g_assert_cmpuint (sink_rig_stat (rig, "acknowledged"), ==, 60);
  g_assert_cmpuint (sink_rig_stat (rig, "pinned-buffers"), ==, 0);
  g_assert_cmpuint (sink_rig_stat (rig, "copied-records"), ==, 0);
  records = sink_rig_read (rig, TOPIC);
  g_assert_cmpuint (records->len, ==, 60);
  for (guint k = 0; k < 3; k++) {
    gint64 next = k;
    for (guint i = 0; i < 60; i++) {
      const RigRecord *r = records->pdata[i];
      if (r->key[4] != (gchar) ('0' + k))
        continue;
      /* of one key in order, on one partition */
      g_assert_cmpint (rig_json_int (r, "n"), ==, next);
      next += 3;
      g_assert_cmpstr (g_hash_table_lookup (r->headers, "content-type"), ==, "application/json");
      g_assert_cmpint (r->t_ms, >=, before - 1000);
    }
    g_assert_cmpint (next, ==, 60 + k);
  }
}

/* what cannot be read is counted and reported; the others go on */
static void
test_malformed (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new_element ("kafkarecordsink", "key-field=sensor");
  g_autoptr (GstMessage) lost = NULL, warning = NULL;
  g_autoptr (GPtrArray) records = NULL;
  const GstStructure *s;

  gst_harness_set_src_caps_str (rig->h, "application/json");
  g_assert_cmpint (push (rig, "{\"sensor\":\"a\"}"), ==, GST_FLOW_OK);
  g_assert_cmpint (push (rig, "{\"sensor\":\"a\""), ==, GST_FLOW_OK);
  g_assert_cmpint (push (rig, "{\"sensor\":[1]}"), ==, GST_FLOW_OK);
  g_assert_cmpint (push (rig, "{\"n\":1}"), ==, GST_FLOW_OK);
  push_eos (rig);
  g_assert_cmpuint (sink_rig_stat (rig, "acknowledged"), ==, 2);
  g_assert_cmpuint (sink_rig_stat (rig, "failed-malformed"), ==, 2);
  g_assert_cmpuint (sink_rig_stat (rig, "failed"), ==, 2);
  trib_assert_eventually (
      (lost = sink_rig_pop (rig, GST_MESSAGE_ELEMENT, "kafkarecordsink-records-lost")), 10000);
  s = gst_message_get_structure (lost);
  g_assert_cmpuint (trib_structure_uint64 (s, "failed-malformed"), >=, 1);
  g_assert_nonnull (gst_structure_get_string (s, "reason"));
  trib_assert_eventually ((warning = sink_rig_pop (rig, GST_MESSAGE_WARNING, NULL)), 10000);
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_ERROR, NULL), ==, 0);
  records = sink_rig_read (rig, TOPIC);
  g_assert_cmpuint (records->len, ==, 2);
}

/* an application that ends with EOS has seen by then what was lost, however short before */
static void
test_reported_before_eos (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new_element ("kafkarecordsink", NULL);
  g_autoptr (GstMessage) first = NULL, second = NULL, warning = NULL;

  gst_harness_set_src_caps_str (rig->h, "application/json");
  g_assert_cmpint (push (rig, "{"), ==, GST_FLOW_OK);
  trib_assert_eventually (
      (first = sink_rig_pop (rig, GST_MESSAGE_ELEMENT, "kafkarecordsink-records-lost")), 10000);
  /* would be reported a second after the first one */
  g_assert_cmpint (push (rig, "["), ==, GST_FLOW_OK);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_eos ()));
  second = sink_rig_pop (rig, GST_MESSAGE_ELEMENT, "kafkarecordsink-records-lost");
  g_assert_nonnull (second);
  warning = sink_rig_pop (rig, GST_MESSAGE_WARNING, NULL);
  g_assert_nonnull (warning);
}

/* an option that is NULL is not set; those behind it are looked at all the same */
static void
test_option_without_value (void)
{
  static const gchar *const configs[]
      = { "c,client.id=(string)NULL", "c,client.id=(string)NULL,no.such.option=1" };

  for (guint i = 0; i < G_N_ELEMENTS (configs); i++) {
    GstElement *sink = gst_object_ref_sink (gst_element_factory_make ("kafkarecordsink", NULL));
    g_autoptr (GstStructure) config = gst_structure_from_string (configs[i], NULL);
    g_object_set (sink, "bootstrap-servers", "127.0.0.1:1", "producer-config", config, NULL);
    g_assert_cmpint (gst_element_set_state (sink, GST_STATE_READY), ==,
        i == 0 ? GST_STATE_CHANGE_SUCCESS : GST_STATE_CHANGE_FAILURE);
    gst_element_set_state (sink, GST_STATE_NULL);
    gst_object_unref (sink);
  }
}

static void
test_msgpack (void)
{
  static const gchar bytes[] = "\x81\xa1k\x00\xff";
  g_autoptr (SinkRig) rig
      = sink_rig_new_element ("kafkarecordsink", "key-field=k topic=other topic-prefix=a.");
  g_autoptr (GPtrArray) records = NULL;
  const RigRecord *r;

  gst_harness_set_src_caps_str (rig->h, "application/x-msgpack");
  gst_harness_push (rig->h, gst_buffer_new_memdup (bytes, 5));
  push_eos (rig);
  records = sink_rig_read (rig, "a.other");
  g_assert_cmpuint (records->len, ==, 1);
  r = records->pdata[0];
  g_assert_cmpmem (r->value, r->size, bytes, 5);
  g_assert_cmpstr (g_hash_table_lookup (r->headers, "content-type"), ==, "application/x-msgpack");
}

/* the record's time is that of a reference timestamp, where there is one */
static void
test_time (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new_element ("kafkarecordsink", NULL);
  g_autoptr (GstCaps) unix_time = gst_caps_new_empty_simple ("timestamp/x-unix");
  g_autoptr (GPtrArray) records = NULL;
  GstBuffer *buffer = gst_buffer_new_memdup ("{}", 2);

  gst_harness_set_src_caps_str (rig->h, "application/json");
  gst_buffer_add_reference_timestamp_meta (
      buffer, unix_time, G_GUINT64_CONSTANT (1722513600123000000), GST_CLOCK_TIME_NONE);
  gst_harness_push (rig->h, buffer);
  push_eos (rig);
  records = sink_rig_read (rig, TOPIC);
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpint (((RigRecord *) records->pdata[0])->t_ms, ==, G_GINT64_CONSTANT (1722513600123));
}

/* never later than now; a header says the time itself then */
static void
test_time_ahead (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new_element ("kafkarecordsink", NULL);
  g_autoptr (GstCaps) unix_time = gst_caps_new_empty_simple ("timestamp/x-unix");
  g_autoptr (GPtrArray) records = NULL;
  GstBuffer *buffer = gst_buffer_new_memdup ("{}", 2);
  gint64 before = g_get_real_time () / 1000;
  guint64 t_ns = (guint64) (before + 7200000) * GST_MSECOND + 17;
  g_autofree gchar *text = g_strdup_printf ("%" G_GUINT64_FORMAT, t_ns);
  RigRecord *record;

  gst_harness_set_src_caps_str (rig->h, "application/json");
  gst_buffer_add_reference_timestamp_meta (buffer, unix_time, t_ns, GST_CLOCK_TIME_NONE);
  gst_harness_push (rig->h, buffer);
  push_eos (rig);
  records = sink_rig_read (rig, TOPIC);
  g_assert_cmpuint (records->len, ==, 1);
  record = records->pdata[0];
  g_assert_cmpint (record->t_ms, >=, before);
  g_assert_cmpint (record->t_ms, <=, g_get_real_time () / 1000);
  g_assert_cmpstr (g_hash_table_lookup (record->headers, "capture-timestamp-ns"), ==, text);
}

static void
test_several_memories (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new_element ("kafkarecordsink", NULL);
  g_autoptr (GPtrArray) records = NULL;
  GstBuffer *buffer = gst_buffer_new_memdup ("{\"a\"", 4);

  gst_harness_set_src_caps_str (rig->h, "application/json");
  gst_buffer_append (buffer, gst_buffer_new_memdup (":1}", 3));
  gst_harness_push (rig->h, buffer);
  push_eos (rig);
  g_assert_cmpuint (sink_rig_stat (rig, "copied-records"), ==, 1);
  records = sink_rig_read (rig, TOPIC);
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpint (rig_json_int (records->pdata[0], "a"), ==, 1);
}

static void
test_settings (void)
{
  GstElement *sink = gst_element_factory_make ("kafkarecordsink", NULL);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (sink, bus);
  g_object_set (sink, "bootstrap-servers", "in-process", "topic", "no good", NULL);
  g_assert_cmpint (gst_element_set_state (sink, GST_STATE_READY), ==, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  g_assert_nonnull (strstr (error->message, "no good"));
  gst_element_set_bus (sink, NULL);
  gst_object_unref (sink);
}

/* set in READY, in force when it plays */
static void
test_settings_in_ready (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new_element ("kafkarecordsink", NULL);
  g_autoptr (GPtrArray) records = NULL;

  gst_element_set_state (rig->sink, GST_STATE_READY);
  g_object_set (rig->sink, "topic", "changed", "key-field", "k", NULL);
  gst_element_set_state (rig->sink, GST_STATE_PLAYING);
  gst_harness_set_src_caps_str (rig->h, "application/json");
  push (rig, "{\"k\":5}");
  push_eos (rig);
  records = sink_rig_read (rig, "changed");
  g_assert_cmpuint (records->len, ==, 1);
  g_assert_cmpstr (((RigRecord *) records->pdata[0])->key, ==, "5");
}

/* waits, says so, and everything arrives once the broker is back */
static void
test_outage (void)
{
  g_autoptr (SinkRig) rig
      = sink_rig_new_mock_element ("kafkarecordsink", "key-field=n drain-timeout-ms=60000");
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GPtrArray) records = NULL;
  gboolean down = FALSE;

  gst_harness_set_src_caps_str (rig->h, "application/json");
  push (rig, "{\"n\":0}");
  trib_assert_eventually (sink_rig_stat (rig, "acknowledged") == 1, 20000);
  sink_rig_down (rig);
  for (guint i = 1; i < 20; i++) {
    g_autofree gchar *text = g_strdup_printf ("{\"n\":%u}", i);
    g_assert_cmpint (push (rig, text), ==, GST_FLOW_OK);
  }
  while (!down) {
    gst_clear_message (&message);
    trib_assert_eventually (
        (message = sink_rig_pop (rig, GST_MESSAGE_ELEMENT, "kafkarecordsink-connection")), 20000);
    down = g_strcmp0 (
               gst_structure_get_string (gst_message_get_structure (message), "state"), "down")
           == 0;
  }
  sink_rig_up (rig);
  push_eos (rig);
  g_assert_cmpuint (sink_rig_stat (rig, "acknowledged"), ==, 20);
  g_assert_cmpuint (sink_rig_stat (rig, "outages"), ==, 1);
  records = sink_rig_read (rig, TOPIC);
  g_assert_cmpuint (records->len, ==, 20);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/kafkarecordsink/json", test_json);
  g_test_add_func ("/kafkarecordsink/malformed", test_malformed);
  g_test_add_func ("/kafkarecordsink/reported-before-eos", test_reported_before_eos);
  g_test_add_func ("/kafkarecordsink/option-without-value", test_option_without_value);
  g_test_add_func ("/kafkarecordsink/msgpack", test_msgpack);
  g_test_add_func ("/kafkarecordsink/time", test_time);
  g_test_add_func ("/kafkarecordsink/time-ahead", test_time_ahead);
  g_test_add_func ("/kafkarecordsink/several-memories", test_several_memories);
  g_test_add_func ("/kafkarecordsink/settings", test_settings);
  g_test_add_func ("/kafkarecordsink/settings-in-ready", test_settings_in_ready);
  g_test_add_func ("/kafkarecordsink/outage", test_outage);
  return trib_gst_test_run ();
}
