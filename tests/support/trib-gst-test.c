/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-gst-test.h"

#include "documented-messages.h"

/**
 * trib_gst_test_init:
 * @argc: (inout): as given to main()
 * @argv: (inout): as given to main()
 *
 * trib_test_init(), then GStreamer. From here on the messages of elements are held against their
 * documentation.
 */
void
trib_gst_test_init (int *argc, char ***argv)
{
  trib_test_init (argc, argv);
  gst_init (argc, argv);
  trib_watch_messages ();
}

/**
 * trib_gst_test_run:
 *
 * Runs the tests, then ends GStreamer: with the leaks tracer on, what is still alive then ends the
 * program.
 *
 * Returns: what main() returns
 */
int
trib_gst_test_run (void)
{
  int status = trib_test_run ();

  gst_deinit ();
  return status;
}

/**
 * trib_test_need_elements:
 * @name: first element factory
 * @...: more names, then %NULL
 *
 * Skips the running test with a reason when a factory is missing.
 *
 * Returns: %FALSE when the caller should return
 */
gboolean
trib_test_need_elements (const gchar *name, ...)
{
  va_list names;
  gboolean found = TRUE;

  va_start (names, name);
  for (; name && found; name = va_arg (names, const gchar *)) {
    g_autoptr (GstElementFactory) factory = gst_element_factory_find (name);

    if (!factory) {
      g_autofree gchar *why = g_strdup_printf ("no element %s on this system", name);
      g_test_skip (why);
      found = FALSE;
    }
  }
  va_end (names);
  return found;
}

static void
fail_with_error_message (GstMessage *message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  g_autofree gchar *text = NULL;

  gst_message_parse_error (message, &error, &debug);
  text = g_strdup_printf (
      "%s: %s (%s)", GST_MESSAGE_SRC_NAME (message), error->message, debug ? debug : "");
  g_assertion_message (G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC, text);
}

static GstMessage *
bus_wait (GstElement *pipeline, GstMessageType types, const gchar *structure_name, guint timeout_ms)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gint64 deadline = trib_test_deadline (timeout_ms);
  g_autofree gchar *types_text
      = g_strdup_printf ("message 0x%x %s", types, structure_name ? structure_name : "");

  while (TRUE) {
    gint64 left = MAX (0, deadline - g_get_monotonic_time ());
    g_autoptr (GstMessage) message
        = gst_bus_timed_pop_filtered (bus, left * GST_USECOND, types | GST_MESSAGE_ERROR);

    if (!message)
      trib_test_fail_wait (GST_OBJECT_NAME (pipeline), types_text, timeout_ms);
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR && !(types & GST_MESSAGE_ERROR))
      fail_with_error_message (message);
    if (!structure_name || gst_message_has_name (message, structure_name))
      return g_steal_pointer (&message);
  }
}

/**
 * trib_bus_wait:
 * @pipeline: a pipeline or another element with a bus
 * @types: the messages to wait for; what comes before them is dropped
 * @timeout_ms: how long, before scaling
 *
 * An error message that was not asked for fails the test with its text, and so does the end of the
 * time.
 *
 * Returns: (transfer full): the first such message
 */
GstMessage *
trib_bus_wait (GstElement *pipeline, GstMessageType types, guint timeout_ms)
{
  return bus_wait (pipeline, types, NULL, timeout_ms);
}

/**
 * trib_bus_wait_element:
 * @pipeline: a pipeline or another element with a bus
 * @structure_name: name of the element message's structure
 * @timeout_ms: how long, before scaling
 *
 * Returns: (transfer full): the first element message of that name; see trib_bus_wait()
 */
GstMessage *
trib_bus_wait_element (GstElement *pipeline, const gchar *structure_name, guint timeout_ms)
{
  return bus_wait (pipeline, GST_MESSAGE_ELEMENT, structure_name, timeout_ms);
}

/**
 * trib_set_state:
 * @element: any element
 * @state: where it shall go
 * @timeout_ms: how long an asynchronous change may take, before scaling
 *
 * Fails the test when the state is not reached.
 */
void
trib_set_state (GstElement *element, GstState state, guint timeout_ms)
{
  GstStateChangeReturn result = gst_element_set_state (element, state);

  if (result == GST_STATE_CHANGE_ASYNC) {
    gint64 left_us = trib_test_deadline (timeout_ms) - g_get_monotonic_time ();

    result = gst_element_get_state (element, NULL, NULL, left_us * GST_USECOND);
  }
  g_assert_cmpint (result, !=, GST_STATE_CHANGE_FAILURE);
  g_assert_cmpint (result, !=, GST_STATE_CHANGE_ASYNC);
}

/**
 * trib_run_to_eos:
 * @pipeline: a pipeline
 * @timeout_ms: from start to end of stream, before scaling
 *
 * Plays @pipeline to its end and sets it to NULL. Fails the test on an error message.
 */
void
trib_run_to_eos (GstElement *pipeline, guint timeout_ms)
{
  g_autoptr (GstMessage) message = NULL;

  /* A failing start shows in the error message, not in the return value. */
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = trib_bus_wait (pipeline, GST_MESSAGE_EOS, timeout_ms);
  trib_set_state (pipeline, GST_STATE_NULL, timeout_ms);
}

/**
 * trib_element_stats:
 * @element: (type GstElement): an element with a `stats` property
 *
 * Returns: (transfer full): its stats now
 */
GstStructure *
trib_element_stats (gpointer element)
{
  GstStructure *stats = NULL;

  g_object_get (element, "stats", &stats, NULL);
  g_assert_nonnull (stats);
  return stats;
}

/**
 * trib_structure_uint64:
 * @structure: (nullable): for instance stats
 * @field: name of a 64-bit counter
 *
 * Fails the test when there is no such counter.
 *
 * Returns: its value
 */
guint64
trib_structure_uint64 (const GstStructure *structure, const gchar *field)
{
  guint64 value = 0;

  if (!structure || !gst_structure_get_uint64 (structure, field, &value)) {
    g_autofree gchar *text = structure ? gst_structure_to_string (structure) : g_strdup ("nothing");
    g_autofree gchar *message = g_strdup_printf ("no counter %s in %s", field, text);
    g_assertion_message (G_LOG_DOMAIN, __FILE__, __LINE__, G_STRFUNC, message);
  }
  return value;
}

void
trib_assert_settings_refused (const gchar *launch_line)
{
  g_autoptr (GError) error = NULL;
  GstElement *element = gst_parse_launch (launch_line, &error);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;

  g_assert_no_error (error);
  gst_object_ref_sink (element);
  gst_element_set_bus (element, bus);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_READY), ==, GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_assert_nonnull (message);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  gst_element_set_bus (element, NULL);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_object_unref (element);
}
