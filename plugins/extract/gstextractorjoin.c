/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstextractorjoin.h"

#include <shared/trib-element-records.h>

#define GST_CAT_DEFAULT extractor_bin_debug

static GstStaticPadTemplate obs_template = GST_STATIC_PAD_TEMPLATE (
    "obs", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS));
static GstStaticPadTemplate branch_template = GST_STATIC_PAD_TEMPLATE (
    "branch_sink_%u", GST_PAD_SINK, GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY);

struct _GstExtractorJoin {
  GstElement parent;

  /* set once */
  ObsExtractor *x;
  GstPad *obspad;
};

G_DEFINE_FINAL_TYPE (GstExtractorJoin, gst_extractor_join, GST_TYPE_ELEMENT)

static GQuark
branch_quark (void)
{
  return g_quark_from_static_string ("extractorbin-branch");
}

/* (transfer full) */
static ObsBranch *
branch_of (GstPad *pad)
{
  ObsBranch *b;

  GST_OBJECT_LOCK (pad);
  b = g_object_get_qdata (G_OBJECT (pad), branch_quark ());
  b = b ? obs_branch_ref (b) : NULL;
  GST_OBJECT_UNLOCK (pad);
  return b;
}

/* @b: (nullable): the branch whose answers @pad gets */
void
gst_extractor_join_set_branch (GstPad *pad, ObsBranch *b)
{
  ObsBranch *before;

  GST_OBJECT_LOCK (pad);
  before = g_object_steal_qdata (G_OBJECT (pad), branch_quark ());
  g_object_set_qdata_full (G_OBJECT (pad), branch_quark (), b ? obs_branch_ref (b) : NULL,
      (GDestroyNotify) obs_branch_unref);
  GST_OBJECT_UNLOCK (pad);
  g_clear_pointer (&before, obs_branch_unref);
}

static GstFlowReturn
join_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  g_autoptr (ObsBranch) b = branch_of (pad);

  if (b)
    return obs_branch_answer (b, pad, buffer);
  gst_buffer_unref (buffer);
  return GST_FLOW_FLUSHING;
}

static gboolean
join_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  g_autoptr (ObsBranch) b = branch_of (pad);

  if (b)
    return obs_branch_answer_event (b, event);
  gst_event_unref (event);
  return TRUE;
}

/* any caps: an element that can output records and pictures gets the choice of its own template */
static gboolean
join_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstCaps *filter;

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_CAPS:
      gst_query_parse_caps (query, &filter);
      if (filter) {
        gst_query_set_caps_result (query, filter);
      } else {
        g_autoptr (GstCaps) any = gst_caps_new_any ();
        gst_query_set_caps_result (query, any);
      }
      return TRUE;
    case GST_QUERY_ACCEPT_CAPS:
      gst_query_set_accept_caps_result (query, TRUE);
      return TRUE;
    case GST_QUERY_ALLOCATION:
      /* pictures are not read: any layout will do */
      gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

/* a record is at most its timeout later than its frame */
static gboolean
obs_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstExtractorJoin *self = GST_EXTRACTOR_JOIN (parent);
  GstClockTime min, max, ours = obs_extractor_latency (self->x);
  gboolean live;

  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return gst_pad_query_default (pad, parent, query);
  if (!gst_pad_peer_query (self->x->sinkpad, query))
    gst_query_set_latency (query, FALSE, 0, GST_CLOCK_TIME_NONE);
  gst_query_parse_latency (query, &live, &min, &max);
  gst_query_set_latency (query, live, min + ours, GST_CLOCK_TIME_NONE);
  return TRUE;
}

static GstIterator *
no_links (GstPad *pad, GstObject *parent)
{
  return NULL;
}

static GstIterator *
obs_links (GstPad *pad, GstObject *parent)
{
  GstExtractorJoin *self = GST_EXTRACTOR_JOIN (parent);
  GValue value = G_VALUE_INIT;
  GstIterator *it;

  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value, self->x->sinkpad);
  it = gst_iterator_new_single (GST_TYPE_PAD, &value);
  g_value_unset (&value);
  return it;
}

/* seeks and others go upstream; lateness behind obs is not that of frames */
static gboolean
obs_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstExtractorJoin *self = GST_EXTRACTOR_JOIN (parent);

  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS || GST_EVENT_TYPE (event) == GST_EVENT_LATENCY) {
    gst_event_unref (event);
    return TRUE;
  }
  return gst_pad_push_event (self->x->sinkpad, event);
}

/**
 * gst_extractor_join_add_branch:
 * @n: number of the branch's pads
 * @b: the branch of its answers
 *
 * Returns: (transfer full): its sink pad
 */
GstPad *
gst_extractor_join_add_branch (GstExtractorJoin *self, guint n, ObsBranch *b)
{
  g_autofree gchar *name = g_strdup_printf ("branch_sink_%u", n);
  GstPad *pad = gst_pad_new_from_static_template (&branch_template, name);

  gst_pad_set_chain_function (pad, join_chain);
  gst_pad_set_event_function (pad, join_event);
  gst_pad_set_query_function (pad, join_query);
  gst_pad_set_iterate_internal_links_function (pad, no_links);
  gst_extractor_join_set_branch (pad, b);
  gst_object_ref (pad);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (GST_ELEMENT (self), pad);
  return pad;
}

static void
gst_extractor_join_finalize (GObject *object)
{
  obs_extractor_unref (GST_EXTRACTOR_JOIN (object)->x);
  G_OBJECT_CLASS (gst_extractor_join_parent_class)->finalize (object);
}

static void
gst_extractor_join_init (GstExtractorJoin *self)
{
  self->obspad = gst_pad_new_from_static_template (&obs_template, "obs");
  gst_pad_set_query_function (self->obspad, obs_query);
  gst_pad_set_event_function (self->obspad, obs_event);
  gst_pad_set_iterate_internal_links_function (self->obspad, obs_links);
  gst_element_add_pad (GST_ELEMENT (self), self->obspad);
}

static void
gst_extractor_join_class_init (GstExtractorJoinClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_extractor_join_finalize;
  gst_element_class_add_static_pad_template (element_class, &obs_template);
  gst_element_class_add_static_pad_template (element_class, &branch_template);
  gst_element_class_set_static_metadata (element_class, "Extractor join", "Generic",
      "Pushes answers of branches by obs; inside extractorbin", "The gst-tributary authors");
}

GstElement *
gst_extractor_join_new (ObsExtractor *x)
{
  GstExtractorJoin *self = g_object_new (GST_TYPE_EXTRACTOR_JOIN, "name", "join", NULL);

  self->x = obs_extractor_ref (x);
  x->obspad = self->obspad;
  return GST_ELEMENT (self);
}
