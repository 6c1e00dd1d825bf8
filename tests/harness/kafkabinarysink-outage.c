/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ARIA-5: the element while its broker is away: waits that end, states that change, what the
 * application is notified. */
#include <string.h>

#include "kafkabinarysink-rig.h"

#define JPEG "image/jpeg,width=64,height=48"
#define FRAME 50000
#define BOUND "max-pending-bytes=1048576 "

/* plays, has sent one frame, and then its broker goes */
static SinkRig *
rig_without_broker (const gchar *properties)
{
  g_autofree gchar *all = g_strconcat (BOUND, properties, NULL);
  SinkRig *rig = sink_rig_new_mock (all);

  gst_harness_set_src_caps_str (rig->h, JPEG);
  sink_rig_push_ok (rig, 100);
  trib_assert_eventually (sink_rig_stat (rig, "acknowledged") == 1, 10000);
  sink_rig_down (rig);
  return rig;
}

typedef struct {
  SinkRig *rig;
  guint n;
  gint n_pushed; /* atomic */
  GstFlowReturn flow;
} Feeder;

static gpointer
feed (gpointer data)
{
  Feeder *feeder = data;

  for (guint i = 0; i < feeder->n && feeder->flow == GST_FLOW_OK; i++) {
    feeder->flow = gst_harness_push (feeder->rig->h, sink_rig_buffer (FRAME, 3));
    if (feeder->flow == GST_FLOW_OK)
      g_atomic_int_inc (&feeder->n_pushed);
  }
  return NULL;
}

/* a frame has been offered, and waits for space */
static gboolean
is_blocked (SinkRig *rig)
{
  g_autoptr (GstStructure) s = trib_element_stats (rig->sink);

  return trib_structure_uint64 (s, "blocked") == 1
         && trib_structure_uint64 (s, "pending-bytes") + FRAME > 1048576;
}

/* a flush ends the wait; the frame is counted, reported and the stream goes on */
static void
test_flush_while_blocked (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("");
  Feeder feeder = { .rig = rig, .n = 1000 };
  GThread *thread = g_thread_new ("feeder", feed, &feeder);
  GstSegment segment;

  trib_assert_eventually (is_blocked (rig), 10000);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_flush_start ()));
  g_thread_join (thread);
  g_assert_cmpint (feeder.flow, ==, GST_FLOW_FLUSHING);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_flush_stop (TRUE)));
  g_assert_cmpuint (sink_rig_stat (rig, "dropped-flushed"), ==, 1);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_segment (&segment)));
  sink_rig_up (rig);
  sink_rig_push_ok (rig, 100);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_eos ()));
  g_assert_cmpuint (sink_rig_stat (rig, "acknowledged"), ==, 2 + (guint64) feeder.n_pushed);
  g_assert_cmpuint (sink_rig_stat (rig, "failed"), ==, 0);
}

/* a pause only interrupts: nothing is lost, nothing arrives twice */
static void
test_pause_while_blocked (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("");
  Feeder feeder = { .rig = rig, .n = 40 };
  GThread *thread = g_thread_new ("feeder", feed, &feeder);
  g_autoptr (GPtrArray) registry = NULL;

  trib_assert_eventually (is_blocked (rig), 10000);
  for (guint i = 0; i < 20; i++) {
    trib_set_state (rig->sink, GST_STATE_PAUSED, 10000);
    trib_set_state (rig->sink, GST_STATE_PLAYING, 10000);
  }
  trib_assert_eventually (is_blocked (rig), 10000);
  sink_rig_up (rig);
  g_thread_join (thread);
  g_assert_cmpint (feeder.flow, ==, GST_FLOW_OK);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_eos ()));
  g_assert_cmpuint (sink_rig_stat (rig, "acknowledged"), ==, 41);
  g_assert_cmpuint (sink_rig_stat (rig, "dropped"), ==, 0);
  registry = sink_rig_read (rig, "vrs-frame-registry");
  g_assert_cmpuint (registry->len, ==, 41);
  for (guint i = 0; i < registry->len; i++)
    g_assert_cmpuint (rig_count (registry, ((RigRecord *) registry->pdata[i])->key), ==, 1);
}

/* going to NULL with a frame that waits for space, and others pending */
static void
test_stop_while_blocked (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("drain-timeout-ms=200");
  Feeder feeder = { .rig = rig, .n = 1000 };
  GThread *thread = g_thread_new ("feeder", feed, &feeder);
  g_autoptr (GstMessage) message = NULL;
  const GstStructure *s;

  trib_assert_eventually (is_blocked (rig), 10000);
  gst_element_set_state (rig->sink, GST_STATE_NULL);
  g_thread_join (thread);
  g_assert_cmpint (feeder.flow, ==, GST_FLOW_FLUSHING);
  /* the books of the run stay readable */
  g_assert_cmpuint (sink_rig_stat (rig, "pending"), ==, 0);
  g_assert_cmpuint (sink_rig_stat (rig, "pinned-buffers"), ==, 0);
  g_assert_cmpuint (sink_rig_stat (rig, "failed-purged"), ==, (guint64) feeder.n_pushed);
  g_assert_cmpuint (sink_rig_stat (rig, "dropped-flushed"), ==, 1);
  g_assert_cmpuint (sink_rig_stat (rig, "acknowledged"), ==, 1);
  /* one message at least about losses, with all its fields */
  message = sink_rig_pop (rig, GST_MESSAGE_ELEMENT, "kafkabinarysink-frames-lost");
  g_assert_nonnull (message);
  s = gst_message_get_structure (message);
  g_assert_true (gst_structure_has_field_typed (s, "failed", G_TYPE_UINT64));
  g_assert_true (gst_structure_has_field_typed (s, "dropped", G_TYPE_UINT64));
  g_assert_true (gst_structure_has_field_typed (s, "reason", G_TYPE_STRING));
  g_assert_true (gst_structure_has_field_typed (s, "frame-ids", GST_TYPE_ARRAY));
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_ERROR, NULL), ==, 0);
}

static gpointer
push_eos (gpointer data)
{
  gst_harness_push_event (((SinkRig *) data)->h, gst_event_new_eos ());
  return NULL;
}

/* EOS waits until frames are acknowledged: it is not there before */
static void
test_eos_waits (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("drain-timeout-ms=60000");
  GThread *thread;

  for (guint i = 0; i < 5; i++)
    sink_rig_push_ok (rig, FRAME);
  thread = g_thread_new ("eos", push_eos, rig);
  /* a pause in the middle of it changes nothing */
  gst_element_set_state (rig->sink, GST_STATE_PAUSED);
  gst_element_set_state (rig->sink, GST_STATE_PLAYING);
  g_assert_cmpuint (sink_rig_stat (rig, "pending"), ==, 5);
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_EOS, NULL), ==, 0);
  sink_rig_up (rig);
  g_thread_join (thread);
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_EOS, NULL), ==, 1);
  g_assert_cmpuint (sink_rig_stat (rig, "pending"), ==, 0);
  g_assert_cmpuint (sink_rig_stat (rig, "acknowledged"), ==, 6);
}

/* ... but not for ever: then one warning with the numbers, and EOS */
static void
test_eos_gives_up (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("drain-timeout-ms=300");
  g_autoptr (GstMessage) warning = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 5; i++)
    sink_rig_push_ok (rig, FRAME);
  push_eos (rig);
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_WARNING, &warning), ==, 1);
  gst_message_parse_warning (warning, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, "5 frames"));
  g_assert_nonnull (strstr (error->message, "5 of 6 frames"));
  g_assert_nonnull (strstr (error->message, "5 failed-purged"));
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_EOS, NULL), ==, 1);
  sink_rig_assert_closed (rig);
}

static void
check_text (GstMessage *message, const gchar *expected)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, &debug);
  else
    gst_message_parse_warning (message, &error, &debug);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE);
  g_test_message ("%s", error->message);
  g_assert_nonnull (strstr (error->message, expected));
}

/* what waits for too long is said, too; EOS has the numbers */
static void
test_timed_out_is_said (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("delivery-timeout-ms=1000 drain-timeout-ms=60000");
  g_autoptr (GstMessage) first = NULL, last = NULL;

  for (guint i = 0; i < 3; i++)
    sink_rig_push_ok (rig, FRAME);
  trib_assert_eventually (sink_rig_stat (rig, "failed-timed-out") == 3, 20000);
  push_eos (rig);
  /* an outage has a warning of another code */
  while ((first = sink_rig_pop (rig, GST_MESSAGE_WARNING, NULL)) != NULL) {
    g_autoptr (GError) error = NULL;
    gst_message_parse_warning (first, &error, NULL);
    if (error->code == GST_RESOURCE_ERROR_WRITE)
      break;
    g_clear_pointer (&first, gst_message_unref);
  }
  g_assert_nonnull (first);
  check_text (first, "failed-timed-out");
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_WARNING, &last), >=, 1);
  check_text (last, "3 of 4 frames were not delivered to Kafka: 3 failed-timed-out");
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_ERROR, NULL), ==, 0);
}

/* on-loss=error: the first loss, whatever its reason, is one error */
static void
test_loss_is_error (gconstpointer data)
{
  g_autofree gchar *properties = g_strconcat ("on-loss=error ", data, NULL);
  g_autoptr (SinkRig) rig = rig_without_broker (properties);
  g_autoptr (GstMessage) error = NULL;
  gboolean drops = strstr (data, "overflow") != NULL;

  for (guint i = 0; i < (drops ? 40 : 3); i++)
    g_assert_cmpint (
        gst_harness_push (rig->h, sink_rig_buffer (FRAME, (guint8) i)), ==, GST_FLOW_OK);
  push_eos (rig);
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_ERROR, &error), ==, 1);
  check_text (error, drops ? "dropped-newest" : strstr (data, "delivery") ? "timed-out" : "purged");
}

/* A flush ends the wait of EOS, which is then not there. (A flush that is faster than the EOS
 * refuses it at the pad, with the same outcome.) */
static void
test_eos_is_flushed (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("drain-timeout-ms=900000");
  GThread *thread;

  sink_rig_push_ok (rig, FRAME);
  thread = g_thread_new ("eos", push_eos, rig);
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_flush_start ()));
  g_thread_join (thread);
  g_object_set (rig->sink, "drain-timeout-ms", 100, NULL);
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_EOS, NULL), ==, 0);
  g_assert_cmpuint (sink_rig_stat (rig, "pending"), ==, 1);
}

static void
test_stop_with_broker_down (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("drain-timeout-ms=300");

  for (guint i = 0; i < 15; i++)
    sink_rig_push_ok (rig, FRAME);
  gst_element_set_state (rig->sink, GST_STATE_NULL);
  g_assert_cmpuint (sink_rig_stat (rig, "pending"), ==, 0);
  g_assert_cmpuint (sink_rig_stat (rig, "failed-purged"), ==, 15);
  /* counters begin anew with the next run */
  sink_rig_up (rig);
  gst_element_set_state (rig->sink, GST_STATE_PLAYING);
  g_assert_cmpuint (sink_rig_stat (rig, "produced"), ==, 0);
}

static void
test_overflow_error (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("overflow=error drain-timeout-ms=0");
  Feeder feeder = { .rig = rig, .n = 1000 };
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  feed (&feeder);
  g_assert_cmpint (feeder.flow, ==, GST_FLOW_ERROR);
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_ERROR, &message), ==, 1);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE);
  g_assert_cmpuint (sink_rig_stat (rig, "dropped-overflow"), ==, 1);
}

/* the policy can be changed for a frame that waits */
static void
test_overflow_changes_while_blocked (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("drain-timeout-ms=0");
  Feeder feeder = { .rig = rig, .n = 60 };
  GThread *thread = g_thread_new ("feeder", feed, &feeder);

  trib_assert_eventually (is_blocked (rig), 10000);
  gst_util_set_object_arg (G_OBJECT (rig->sink), "overflow", "drop-oldest");
  g_thread_join (thread);
  g_assert_cmpint (feeder.flow, ==, GST_FLOW_OK);
  g_assert_cmpuint (sink_rig_stat (rig, "dropped-oldest"), >, 0);
  g_assert_cmpuint (sink_rig_stat (rig, "dropped-oldest") + sink_rig_stat (rig, "pending"), ==, 60);
}

/* a frame of the pool is the sink's until the broker has it */
static void
test_pinned (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("drain-timeout-ms=60000");
  GstBuffer *buffer = sink_rig_buffer (FRAME, 1);

  gst_buffer_ref (buffer);
  gst_harness_push (rig->h, buffer);
  g_assert_cmpuint (sink_rig_stat (rig, "pinned-buffers"), ==, 1);
  /* the memory that is held, which may be a little more than the frame */
  g_assert_cmpuint (sink_rig_stat (rig, "pinned-bytes"), >=, FRAME);
  g_assert_cmpuint (sink_rig_stat (rig, "pinned-bytes"), <, FRAME + 4096);
  g_assert_cmpint (GST_MINI_OBJECT_REFCOUNT_VALUE (buffer), >, 1);
  sink_rig_up (rig);
  trib_assert_eventually (GST_MINI_OBJECT_REFCOUNT_VALUE (buffer) == 1, 10000);
  gst_buffer_unref (buffer);
}

static GstMessage *
pop_connection (SinkRig *rig, const gchar *state)
{
  GstMessage *message = NULL;

  do {
    gst_clear_message (&message);
    trib_assert_eventually (
        (message = sink_rig_pop (rig, GST_MESSAGE_ELEMENT, "kafkabinarysink-connection")), 20000);
  } while (
      g_strcmp0 (gst_structure_get_string (gst_message_get_structure (message), "state"), state)
      != 0);
  return message;
}

/* connection messages with their fields; one warning an outage */
static void
test_messages (void)
{
  g_autoptr (SinkRig) rig = rig_without_broker ("drain-timeout-ms=60000");
  g_autoptr (GstMessage) connected = pop_connection (rig, "connected");
  g_autoptr (GstMessage) down = NULL, recovered = NULL, warning = NULL;
  const GstStructure *s = gst_message_get_structure (connected);
  g_autoptr (GError) error = NULL;
  guint64 value = 0;
  gboolean flag = TRUE;

  g_assert_cmpstr (gst_structure_get_string (s, "previous"), ==, "connecting");
  g_assert_true (gst_structure_get_boolean (s, "recovered", &flag));
  g_assert_false (flag);
  for (guint i = 0; i < 5; i++)
    sink_rig_push_ok (rig, 1000);
  down = pop_connection (rig, "down");
  s = gst_message_get_structure (down);
  g_assert_true (gst_structure_get_uint64 (s, "pending", &value));
  g_assert_cmpuint (value, ==, 5);
  g_assert_true (gst_structure_get_uint64 (s, "previous-duration", &value));
  g_assert_cmpuint (value, >, 0);
  g_assert_nonnull (gst_structure_get_string (s, "reason"));
  sink_rig_up (rig);
  recovered = pop_connection (rig, "connected");
  s = gst_message_get_structure (recovered);
  g_assert_true (gst_structure_get_boolean (s, "recovered", &flag));
  g_assert_true (flag);
  g_assert_true (gst_structure_get_uint64 (s, "outage-duration", &value));
  g_assert_cmpuint (value, >=, 3 * GST_SECOND);
  push_eos (rig);
  g_assert_cmpuint (sink_rig_stat (rig, "outages"), ==, 1);
  g_assert_cmpuint (sink_rig_stat (rig, "acknowledged"), ==, 6);
  g_assert_cmpuint (sink_rig_count_messages (rig, GST_MESSAGE_WARNING, &warning), ==, 1);
  gst_message_parse_warning (warning, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_WRITE);
  g_assert_nonnull (strstr (error->message, rig->address));
}

static gpointer
read_stats (gpointer data)
{
  SinkRig *rig = ((gpointer *) data)[0];
  gint *ends = ((gpointer *) data)[1];

  while (!g_atomic_int_get (ends)) {
    g_autofree gchar *session = NULL;
    sink_rig_assert_closed (rig);
    g_object_get (rig->sink, "session-id", &session, NULL);
  }
  return NULL;
}

/* properties are read by other threads while the element goes up and down */
static void
test_states_and_readers (void)
{
  g_autoptr (SinkRig) rig = sink_rig_new_mock ("drain-timeout-ms=50");
  gint ends = FALSE;
  gpointer data[2] = { rig, &ends };
  GThread *thread = g_thread_new ("stats", read_stats, data);

  for (guint i = 0; i < 8; i++) {
    g_assert_cmpint (
        gst_element_set_state (rig->sink, GST_STATE_NULL), ==, GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state (rig->sink, GST_STATE_PLAYING);
    g_object_set (rig->sink, "overflow", i % 4, "mode", i % 2, NULL);
  }
  g_atomic_int_set (&ends, TRUE);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/kafkabinarysink/outage/ARIA-5/messages", test_messages);
  g_test_add_func ("/kafkabinarysink/outage/flush-while-blocked", test_flush_while_blocked);
  g_test_add_func ("/kafkabinarysink/outage/pause-while-blocked", test_pause_while_blocked);
  g_test_add_func ("/kafkabinarysink/outage/stop-while-blocked", test_stop_while_blocked);
  g_test_add_func ("/kafkabinarysink/outage/eos-waits", test_eos_waits);
  g_test_add_func ("/kafkabinarysink/outage/eos-gives-up", test_eos_gives_up);
  g_test_add_func ("/kafkabinarysink/outage/eos-is-flushed", test_eos_is_flushed);
  g_test_add_func ("/kafkabinarysink/outage/timed-out-is-said", test_timed_out_is_said);
  g_test_add_data_func ("/kafkabinarysink/outage/on-loss-error/timed-out",
      "delivery-timeout-ms=1000 drain-timeout-ms=60000", test_loss_is_error);
  g_test_add_data_func (
      "/kafkabinarysink/outage/on-loss-error/given-up", "drain-timeout-ms=300", test_loss_is_error);
  g_test_add_data_func ("/kafkabinarysink/outage/on-loss-error/dropped",
      "overflow=drop-newest drain-timeout-ms=300", test_loss_is_error);
  g_test_add_func ("/kafkabinarysink/outage/ARIA-5/stop", test_stop_with_broker_down);
  g_test_add_func ("/kafkabinarysink/outage/overflow-error", test_overflow_error);
  g_test_add_func ("/kafkabinarysink/outage/overflow-changes", test_overflow_changes_while_blocked);
  g_test_add_func ("/kafkabinarysink/outage/pinned", test_pinned);
  g_test_add_func ("/kafkabinarysink/outage/states-and-readers", test_states_and_readers);
  return trib_gst_test_run ();
}
