/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "generic.h"

#include <gst/check/gstharness.h>
#include <trib-test.h>

/* Events and queries that an element does not know are not its to keep: they go through, both ways.
 * A sink or source answers such a query with no. */

#define NAME "application/x-unheard-of"

static gboolean
has_always_pad (GstElementFactory *factory, GstPadDirection direction, const gchar *name)
{
  const GList *templates = gst_element_factory_get_static_pad_templates (factory);

  for (const GList *t = templates; t; t = t->next) {
    GstStaticPadTemplate *template = t->data;

    if (template->direction == direction && template->presence == GST_PAD_ALWAYS
        && g_strcmp0 (template->name_template, name) == 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_ours (const GstStructure *structure)
{
  return structure && gst_structure_has_name (structure, NAME);
}

static GstPadProbeReturn
note_event (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  if (is_ours (gst_event_get_structure (GST_PAD_PROBE_INFO_EVENT (info))))
    g_atomic_int_set ((gint *) data, 1);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
note_query (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  if (is_ours (gst_query_get_structure (GST_PAD_PROBE_INFO_QUERY (info))))
    g_atomic_int_set ((gint *) data, 1);
  return GST_PAD_PROBE_OK;
}

/* Sends one event from @from through the element and returns whether it arrives at @to. */
static gboolean
event_arrives (GstPad *from, GstPad *to, GstEventType type)
{
  gint seen = 0;
  gulong id = 0;

  if (to)
    id = gst_pad_add_probe (to, GST_PAD_PROBE_TYPE_EVENT_BOTH, note_event, &seen, NULL);
  gst_pad_push_event (from, gst_event_new_custom (type, gst_structure_new_empty (NAME)));
  if (to)
    gst_pad_remove_probe (to, id);
  return g_atomic_int_get (&seen) != 0;
}

static gboolean
query_arrives (GstPad *from, GstPad *to, gboolean *ret_answer)
{
  g_autoptr (GstQuery) query
      = gst_query_new_custom (GST_QUERY_CUSTOM, gst_structure_new_empty (NAME));
  gint seen = 0;
  gulong id = 0;

  if (to)
    id = gst_pad_add_probe (
        to, GST_PAD_PROBE_TYPE_QUERY_BOTH | GST_PAD_PROBE_TYPE_PUSH, note_query, &seen, NULL);
  *ret_answer = gst_pad_peer_query (from, query);
  if (to)
    gst_pad_remove_probe (to, id);
  return g_atomic_int_get (&seen) != 0;
}

void
generic_check_forwarding (GstElementFactory *factory, GPtrArray *problems)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (30);
  gboolean sink = has_always_pad (factory, GST_PAD_SINK, "sink");
  gboolean src = has_always_pad (factory, GST_PAD_SRC, "src");
  GstElement *element;
  GstHarness *h;
  gboolean answer = FALSE;

  /* pads that come and go are the affair of the element's own tests */
  if (!sink && !src)
    return;
  element = generic_make (factory);
  /* the harness wants PLAYING at once, and a sink would wait for its first buffer */
  if (!src && g_object_class_find_property (G_OBJECT_GET_CLASS (element), "async"))
    g_object_set (element, "async", FALSE, NULL);
  h = gst_harness_new_with_element (element, sink ? "sink" : NULL, src ? "src" : NULL);
  gst_harness_play (h);

  if (h->srcpad) {
    gboolean through = event_arrives (h->srcpad, h->sinkpad, GST_EVENT_CUSTOM_DOWNSTREAM_OOB);
    if (src && !through)
      generic_problem (problems, "an unknown event from upstream does not go through");
    through = query_arrives (h->srcpad, h->sinkpad, &answer);
    if (src && !through)
      generic_problem (problems, "an unknown query from upstream does not go through");
    if (answer)
      generic_problem (problems, "an unknown query from upstream is answered");
  }
  if (h->sinkpad) {
    gboolean through = event_arrives (h->sinkpad, h->srcpad, GST_EVENT_CUSTOM_UPSTREAM);
    if (sink && !through)
      generic_problem (problems, "an unknown event from downstream does not go through");
    through = query_arrives (h->sinkpad, h->srcpad, &answer);
    if (sink && !through)
      generic_problem (problems, "an unknown query from downstream does not go through");
    if (answer)
      generic_problem (problems, "an unknown query from downstream is answered");
  }
  gst_harness_teardown (h);
  gst_object_unref (element);
}
