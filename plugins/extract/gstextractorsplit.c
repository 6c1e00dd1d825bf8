/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstextractorsplit.h"

#define GST_CAT_DEFAULT extractor_bin_debug

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate branch_template = GST_STATIC_PAD_TEMPLATE (
    "branch_src_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, GST_STATIC_CAPS_ANY);

struct _GstExtractorSplit {
  GstElement parent;

  /* set once */
  ObsExtractor *x;
  GstPad *sinkpad, *srcpad;
};

G_DEFINE_FINAL_TYPE (GstExtractorSplit, gst_extractor_split, GST_TYPE_ELEMENT)

/* ---- frames ---- */

/* branches get frames whether or not src is linked */
static GstFlowReturn
combine (GstFlowReturn by_src, GstFlowReturn by_obs)
{
  if (by_src == GST_FLOW_NOT_LINKED)
    return by_obs == GST_FLOW_NOT_LINKED ? GST_FLOW_OK : by_obs;
  return by_src;
}

static GstFlowReturn
split_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  GstExtractorSplit *self = GST_EXTRACTOR_SPLIT (parent);
  GstFlowReturn flow = obs_extractor_push (self->x, buffer);

  if (flow == GST_FLOW_FLUSHING) {
    gst_buffer_unref (buffer);
    return flow;
  }
  return combine (gst_pad_push (self->srcpad, buffer), flow);
}

/* ---- events ---- */

/* @event: (transfer full) */
static gboolean
push_on (GstExtractorSplit *self, GstEvent *event)
{
  /* an unlinked src is no failure */
  gst_pad_push_event (self->srcpad, event);
  return TRUE;
}

static gboolean
split_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  GstExtractorSplit *self = GST_EXTRACTOR_SPLIT (parent);
  ObsExtractor *x = self->x;

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      obs_extractor_flush_start (x, event);
      return push_on (self, event);
    case GST_EVENT_FLUSH_STOP:
      obs_extractor_flush_stop (x, event);
      return push_on (self, event);
    case GST_EVENT_EOS:
      /* first: a sink behind src may wait for the one behind obs before it forwards EOS */
      obs_extractor_eos (x);
      return push_on (self, event);
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment (event, &x->segment);
      break;
    default:
      break;
  }
  if (GST_EVENT_IS_SERIALIZED (event))
    obs_extractor_queue_event (x, event);
  return push_on (self, event);
}

/* ---- queries ---- */

typedef struct {
  GstCaps *caps;
  gboolean all_take_meta;
  guint n_asked;
} Ask;

/* whether a peer accepts frames with a layout in a meta */
static gboolean
ask_allocation (GstElement *element, GstPad *pad, gpointer user_data)
{
  Ask *ask = user_data;
  g_autoptr (GstQuery) query = NULL;

  if (!gst_pad_is_linked (pad))
    return TRUE;
  query = gst_query_new_allocation (ask->caps, FALSE);
  ask->n_asked++;
  if (!gst_pad_peer_query (pad, query)
      || !gst_query_find_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL))
    ask->all_take_meta = FALSE;
  return ask->all_take_meta;
}

/* Frames have several receivers: the pool is upstream's choice. */
static gboolean
answer_allocation (GstExtractorSplit *self, GstQuery *query)
{
  Ask ask = { .all_take_meta = TRUE };

  gst_query_parse_allocation (query, &ask.caps, NULL);
  if (ask.caps == NULL)
    return FALSE;
  gst_element_foreach_src_pad (GST_ELEMENT (self), ask_allocation, &ask);
  if (ask.n_asked == 0 || !ask.all_take_meta)
    return FALSE;
  gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return TRUE;
}

/* caps that a branch accepts are preferred, so that it need not convert; others remain */
static gboolean
prefer_branch (GstElement *element, GstPad *pad, gpointer user_data)
{
  GstExtractorSplit *self = GST_EXTRACTOR_SPLIT (element);
  GstCaps **caps = user_data;
  g_autoptr (GstCaps) takes = NULL;

  if (pad == self->srcpad || !gst_pad_is_linked (pad))
    return TRUE;
  takes = gst_pad_peer_query_caps (pad, NULL);
  if (gst_caps_is_any (takes))
    return TRUE;
  /* ANY cannot follow other caps */
  if (gst_caps_is_any (*caps)) {
    gst_caps_unref (*caps);
    *caps = gst_caps_from_string ("video/x-raw(ANY)");
  }
  *caps = gst_caps_merge (gst_caps_intersect_full (takes, *caps, GST_CAPS_INTERSECT_FIRST), *caps);
  return TRUE;
}

/* Caps that src accepts are accepted. A branch that does not accept them fails alone. */
static void
answer_caps (GstExtractorSplit *self, GstQuery *query)
{
  GstCaps *filter, *caps;

  gst_query_parse_caps (query, &filter);
  caps = gst_pad_is_linked (self->srcpad) ? gst_pad_peer_query_caps (self->srcpad, filter)
                                          : gst_caps_ref (filter ? filter : GST_CAPS_ANY);
  gst_element_foreach_src_pad (GST_ELEMENT (self), prefer_branch, &caps);
  gst_query_set_caps_result (query, caps);
  gst_caps_unref (caps);
}

static gboolean
split_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  GstExtractorSplit *self = GST_EXTRACTOR_SPLIT (parent);

  switch (GST_QUERY_TYPE (query)) {
    case GST_QUERY_ALLOCATION:
      return answer_allocation (self, query);
    case GST_QUERY_CAPS:
      answer_caps (self, query);
      return TRUE;
    case GST_QUERY_ACCEPT_CAPS:
      if (gst_pad_is_linked (self->srcpad))
        return gst_pad_peer_query (self->srcpad, query);
      gst_query_set_accept_caps_result (query, TRUE);
      return TRUE;
    default:
      return gst_pad_query_default (pad, parent, query);
  }
}

static GstIterator *
one_pad (GstPad *pad)
{
  GValue value = G_VALUE_INIT;
  GstIterator *it;

  g_value_init (&value, GST_TYPE_PAD);
  g_value_set_object (&value, pad);
  it = gst_iterator_new_single (GST_TYPE_PAD, &value);
  g_value_unset (&value);
  return it;
}

/* events and queries of branches go upstream, those of upstream to src */
static GstIterator *
split_internal_links (GstPad *pad, GstObject *parent)
{
  GstExtractorSplit *self = GST_EXTRACTOR_SPLIT (parent);

  return one_pad (pad == self->sinkpad ? self->srcpad : self->sinkpad);
}

/* a slow branch must not make upstream drop frames of the others */
static gboolean
branch_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_QOS || GST_EVENT_TYPE (event) == GST_EVENT_LATENCY) {
    gst_event_unref (event);
    return TRUE;
  }
  return gst_pad_event_default (pad, parent, event);
}

/* ---- branches ---- */

/**
 * gst_extractor_split_add_branch:
 * @n: number of the branch's pads
 *
 * Returns: (transfer full): its source pad
 */
GstPad *
gst_extractor_split_add_branch (GstExtractorSplit *self, guint n)
{
  g_autofree gchar *name = g_strdup_printf ("branch_src_%u", n);
  GstPad *pad = gst_pad_new_from_static_template (&branch_template, name);

  gst_pad_set_iterate_internal_links_function (pad, split_internal_links);
  gst_pad_set_event_function (pad, branch_event);
  gst_object_ref (pad);
  gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (GST_ELEMENT (self), pad);
  return pad;
}

static void
gst_extractor_split_finalize (GObject *object)
{
  obs_extractor_unref (GST_EXTRACTOR_SPLIT (object)->x);
  G_OBJECT_CLASS (gst_extractor_split_parent_class)->finalize (object);
}

static void
gst_extractor_split_init (GstExtractorSplit *self)
{
  self->sinkpad = gst_pad_new_from_static_template (&sink_template, "sink");
  gst_pad_set_chain_function (self->sinkpad, split_chain);
  gst_pad_set_event_function (self->sinkpad, split_event);
  gst_pad_set_query_function (self->sinkpad, split_query);
  gst_pad_set_iterate_internal_links_function (self->sinkpad, split_internal_links);
  GST_PAD_SET_PROXY_SCHEDULING (self->sinkpad);
  gst_element_add_pad (GST_ELEMENT (self), self->sinkpad);
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_iterate_internal_links_function (self->srcpad, split_internal_links);
  GST_PAD_SET_PROXY_CAPS (self->srcpad);
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}

static void
gst_extractor_split_class_init (GstExtractorSplitClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_extractor_split_finalize;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_add_static_pad_template (element_class, &branch_template);
  gst_element_class_set_static_metadata (element_class, "Extractor split", "Generic",
      "Frames to src and to branches; inside extractorbin", "The gst-tributary authors");
}

GstElement *
gst_extractor_split_new (ObsExtractor *x)
{
  GstExtractorSplit *self = g_object_new (GST_TYPE_EXTRACTOR_SPLIT, "name", "split", NULL);

  self->x = obs_extractor_ref (x);
  x->sinkpad = self->sinkpad;
  x->srcpad = self->srcpad;
  return GST_ELEMENT (self);
}
