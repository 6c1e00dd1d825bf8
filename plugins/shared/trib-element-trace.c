/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-element-trace.h"

#include <unistd.h>

#define MESSAGE "trib-trace-message" /* data of the element: the table */

const TribField trib_element_trace_fields[1]
    = { { "record", TRIB_FIELD_TEXT, 0, "a trace record, JSON" } };

/* @thread: the trace's */
static void
trace_record (const gchar *json, gsize len, gpointer user_data)
{
  GstElement *element = user_data;
  const TribFieldTable *message = g_object_get_data (G_OBJECT (element), MESSAGE);

  gst_element_post_message (element, trib_fields_to_message (element, message, &json));
}

/* @thread: the trace's */
static void
trace_failed (TribTraceOutlet outlet, const GError *error, gpointer user_data)
{
  GstElement *element = user_data;

  GST_ELEMENT_WARNING (element, RESOURCE, WRITE, ("%s", error->message),
      ("trace records are lost from here on, and counted"));
}

/* "fd:N" or a path; whichever it is */
static gboolean
parse_location (
    const gchar *property, const gchar *location, TribTraceConfig *config, GError **error)
{
  guint64 fd;

  if (!g_str_has_prefix (location, "fd:")) {
    config->path = *location ? location : NULL;
    return TRUE;
  }
  if (!g_ascii_string_to_unsigned (location + 3, 10, 0, G_MAXINT, &fd, NULL)) {
    g_set_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
        "%s: \"%s\": the number of an open file is expected after \"fd:\" (./%s is a file of that "
        "name)",
        property, location, location);
    return FALSE;
  }
  config->fd = (gint) fd;
  return TRUE;
}

/**
 * trib_element_trace_open:
 * @element: posts messages and warnings
 * @settings: as `trace-level`, `trace-location` and `trace-messages` say
 * @ret_trace: (out) (nullable): the trace; %NULL: the settings disable it
 * @error: return location
 *
 * Returns: %FALSE with @error when it cannot be written there
 */
gboolean
trib_element_trace_open (GstElement *element, const TribElementTraceSettings *settings,
    TribTrace **ret_trace, GError **error)
{
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;

  *ret_trace = NULL;
  config.level = settings->level;
  config.slow_ns = settings->slow_ns > 0 ? settings->slow_ns : settings->window_ns;
  if (!parse_location ("trace-location", settings->location, &config, error))
    return FALSE;
  g_object_set_data (G_OBJECT (element), MESSAGE, (gpointer) settings->message);
  config.record = settings->message ? trace_record : NULL;
  config.view_fd = STDERR_FILENO;
  config.failed = trace_failed;
  config.user_data = element;
  /* with nowhere to go to but the view, there is nothing to do until somebody wants one */
  if (config.path == NULL && config.fd < 0 && !config.record
      && config.level < TRIB_TRACE_LEVEL_VERBOSE)
    return TRUE;
  *ret_trace = trib_trace_new (&config, error);
  if (*ret_trace == NULL)
    return FALSE;
  trib_trace_set_window (*ret_trace, settings->window_ns);
  return TRUE;
}

/* The same for lines of the element's own; @property names the one that has @location. */
gboolean
trib_element_trace_open_lines (GstElement *element, const gchar *property, const gchar *location,
    gsize max_bytes, TribTrace **ret_trace, GError **error)
{
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;

  *ret_trace = NULL;
  if (*location == '\0')
    return TRUE;
  if (!parse_location (property, location, &config, error))
    return FALSE;
  config.max_bytes = max_bytes;
  config.failed = trace_failed;
  config.user_data = element;
  *ret_trace = trib_trace_new (&config, error);
  return *ret_trace != NULL;
}
