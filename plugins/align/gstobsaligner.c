/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-obsaligner
 * @title: obsaligner
 * @short_description: merges the observations of several sources into one fused record per frame
 *
 * Extractors that process the same frames (faces, poses, gestures, quality) answer at different
 * times, out of order, twice, or not at all. This element collects their records by frame and
 * pushes one fused record per frame: the observation of each source, byte by byte, the missing
 * sources with a reason, and the time that the frame waited. `mode` selects when a frame is
 * emitted: when all sources have answered or the window has elapsed (window, with
 * `late-threshold` the alignment of OBS-5), when every source has passed its time (watermark),
 * by windows of capture time (tumbling), or as sets of records close in time (approximate).
 * `tributary-align` does the same with an arrival log that `records` wrote.
 *
 * Records are observations (OBS-1) and records about frames without an observation: `kind` is
 * `empty` (processed, nothing found), `skipped`, `bound` (nothing more up to there), `announce`
 * (the frame exists, these sources will answer), `eos`. The source of a record is its `source`,
 * else the `source` of its pad, else its `type`. Its frame is its `frame_id`, else its `t_ns`, of
 * its `session` and `stream`: records of several cameras, or of a camera that restarts, are
 * aligned for themselves, each with all `sources`. A record that does not name both is matched
 * with the frames of all streams.
 *
 * A fused record has `type` fused, `frame_id`, `t_ns`, `session`, `stream`, `epoch`, `pane`,
 * `reason`, `have` (by source: the observation with `delay_ms`), `missing` (a list of `source` and
 * `why`), `spread_ns` and `wait_ms`. A source with several records of a frame has a list; an
 * observation that stands in for a newer one has `stale_ms`. Reasons: complete, skipped (all have
 * answered, one that it had no time), timeout, watermark, eos, overflow, jump, late.
 *
 * ## Caps
 * In: application/json or application/x-msgpack, one record or a list of records per buffer;
 * pads can differ. Out: application/json, or application/x-msgpack when downstream accepts only
 * that. Records of the other format are converted, the others are copied unchanged. The pad
 * `late` pushes records unchanged, in either format.
 *
 * ## Pads
 * `sink` accepts any number of sources; `sink_%u` on request, one or more sources each. A pad
 * that is not linked is not waited for. `late`, on request, pushes the late records of
 * `late-policy=side`; it runs in the thread of `src` and needs a queue behind it.
 *
 * ## Timing
 * PTS is the running time of the frame's `t_ns` according to the buffers of its records, or of
 * earlier records. A record without `t_ns` has the time of its buffer, or of its arrival.
 * `delay_ms` is arrival less `t_ns`, on the wall clock when `t_ns` is past the year 2000, else
 * on the system's monotonic clock; beyond a minute the two are not of one clock (a recording), and
 * it is left out. The latency is the upstream latency plus `window-ms`, or
 * `max-wait-ms` by watermark and tumbling. A GAP on a pad is a bound of its sources and an empty
 * answer for announced frames in it; when all sources are idle, a GAP is pushed.
 *
 * Where no source is live (LATENCY query) and none of `window-ms`, `window-base` and `profile` is
 * set, a frame waits for all its sources without a limit of time, in mode window; one that is
 * ahead by more than the window is not waited for, unless the frame was announced.
 *
 * When the last pad has ended, open frames are emitted in order, then EOS. A flush of one pad
 * drops the waiting records of its sources; a flush of all pads, or a flushing seek, drops
 * everything and begins a new epoch. The change to READY drops and counts what is open.
 *
 * ## Threads
 * One, which sleeps until the next deadline and pushes all output. Sources block while
 * `max-pending` fused records or `max-pending-bytes` are in the output queue (`blocked`), unless
 * `on-downstream-full` is drop-oldest. A source does not become idle while a push blocks, nor
 * while the element is not PLAYING. `sources`, `on-downstream-full` and `trace-level` can be set
 * in PLAYING; `sources` applies to frames that are opened from then on.
 *
 * ## Errors
 * An invalid setting, or a file that cannot be opened, is an error in the change to PAUSED. An
 * invalid record is skipped and counted; the first one is a warning. Trace records that cannot
 * be written are a warning.
 *
 * ## Messages
 * Those about single records are posted at most once a second, with a count.
 *
 * ## Stats
 * Counted from READY to PAUSED on, and kept until the next start. At any moment `records-in` =
 * `records-emitted` + `records-late` + `records-duplicate` + `records-dropped` +
 * `records-invalid` + `records-control` + `records-pending`, and `frames-fused` = `frames-out` +
 * `frames-queued` + `frames-dropped`.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=launch-lines/observation/frames.ndjson ! ndjsonparse !
 * identity sync=true ! obsaligner sources=face,pose,gesture,quality trace-level=verbose ! fakesink
 * ]| Observations of thirty frames from a file; the result of each frame is shown on standard
 * error, on a terminal as a picture (launch-lines/observation/watch.launch).
 *
 * Since: 0.2
 */
#include "config.h"

#include <shared/trib-element-records.h>
#include <shared/trib-stats-posts.h>

#include "gstobsaligner-private.h"
#include "obs-aligner-report.h"

GST_DEBUG_CATEGORY (obs_aligner_debug);
#define GST_CAT_DEFAULT obs_aligner_debug

static GstStaticPadTemplate mixed_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS));
static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS (TRIB_RECORD_CAPS));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS));
static GstStaticPadTemplate late_template = GST_STATIC_PAD_TEMPLATE (
    "late", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS (TRIB_RECORD_CAPS));

#define gst_obs_aligner_parent_class parent_class
G_DEFINE_FINAL_TYPE_WITH_CODE (GstObsAligner, gst_obs_aligner, GST_TYPE_ELEMENT,
    GST_DEBUG_CATEGORY_INIT (obs_aligner_debug, "obsaligner", 0, "alignment of observations"))
GST_ELEMENT_REGISTER_DEFINE (obsaligner, "obsaligner", GST_RANK_NONE, GST_TYPE_OBS_ALIGNER)

/* (transfer full) (nullable) */
GstPad *
obs_aligner_get_late_pad (GstObsAligner *self)
{
  GstPad *pad;

  GST_OBJECT_LOCK (self);
  pad = self->latepad ? gst_object_ref (self->latepad) : NULL;
  GST_OBJECT_UNLOCK (self);
  return pad;
}

void
obs_aligner_unlock (GstObsAligner *self)
{
  GQueue messages = self->messages;
  GstMessage *message;

  g_queue_init (&self->messages);
  g_mutex_unlock (&self->lock);
  while ((message = g_queue_pop_head (&messages)) != NULL)
    gst_element_post_message (GST_ELEMENT (self), message);
}

/* ---- latency ---- */

static gpointer
ref_pad (gconstpointer pad, gpointer unused)
{
  return gst_object_ref ((gpointer) pad);
}

/**
 * obs_aligner_upstream_latency:
 * @ret_min: (out): the largest of the sources' least latencies
 *
 * Sources that do not answer the query count as not live.
 *
 * Returns: whether any source is live
 */
gboolean
obs_aligner_upstream_latency (GstObsAligner *self, GstClockTime *ret_min)
{
  gboolean any_live = FALSE;
  GList *pads;

  *ret_min = 0;
  GST_OBJECT_LOCK (self);
  pads = g_list_copy_deep (GST_ELEMENT (self)->sinkpads, ref_pad, NULL);
  GST_OBJECT_UNLOCK (self);
  for (GList *l = pads; l; l = l->next) {
    g_autoptr (GstQuery) query = gst_query_new_latency ();
    GstClockTime min;
    gboolean live;

    if (!gst_pad_peer_query (l->data, query))
      continue;
    gst_query_parse_latency (query, &live, &min, NULL);
    any_live |= live;
    if (live)
      *ret_min = MAX (*ret_min, min);
  }
  g_list_free_full (pads, gst_object_unref);
  return any_live;
}

/* @thread: any */
static gboolean
answer_latency (GstObsAligner *self, GstQuery *query)
{
  GstClockTime min, own;
  gboolean live = obs_aligner_upstream_latency (self, &min);

  GST_OBJECT_LOCK (self);
  own = obs_settings_latency (&self->settings, live);
  GST_OBJECT_UNLOCK (self);
  GST_DEBUG_OBJECT (self, "latency %" GST_TIME_FORMAT " + %" GST_TIME_FORMAT "%s",
      GST_TIME_ARGS (min), GST_TIME_ARGS (own), live ? ", live" : "");
  gst_query_set_latency (query, live, min + own, GST_CLOCK_TIME_NONE);
  return TRUE;
}

static gboolean
src_query (GstPad *pad, GstObject *parent, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY)
    return answer_latency (GST_OBS_ALIGNER (parent), query);
  return gst_pad_query_default (pad, parent, query);
}

/* ---- life cycle ---- */

/* @locks: takes lock */
static void
stop_flow (GstObsAligner *self)
{
  g_mutex_lock (&self->lock);
  self->flushing = TRUE;
  g_cond_broadcast (&self->space);
  obs_task_wake (self);
  g_mutex_unlock (&self->lock);
}

static gboolean
src_activate (GstPad *pad, GstObject *parent, GstPadMode mode, gboolean active)
{
  GstObsAligner *self = GST_OBS_ALIGNER (parent);

  if (mode != GST_PAD_MODE_PUSH)
    return FALSE;
  if (active)
    return gst_pad_start_task (pad, obs_task_loop, self, NULL);
  stop_flow (self);
  return gst_pad_stop_task (pad);
}

static gboolean
start (GstObsAligner *self)
{
  g_autoptr (GError) error = NULL;
  gboolean ok;

  GST_OBJECT_LOCK (self);
  obs_settings_copy (&self->settings, &self->now);
  GST_OBJECT_UNLOCK (self);
  ok = obs_report_open (self, &error);
  g_mutex_lock (&self->lock);
  self->flushing = self->flush_sent = self->seeking = FALSE;
  self->playing = self->in_push = self->eos = self->any_eos = FALSE;
  self->live = FALSE;
  g_atomic_int_set (&self->live_known, FALSE);
  self->flow = GST_FLOW_OK;
  self->group_id = gst_util_group_id_next ();
  self->has_offset = FALSE;
  self->counts = (ObsCounts){ 0 };
  self->invalid_notice = self->late_notice = self->duplicate_notice = self->dropped_notice
      = (TribNotice){ 0 };
  self->pushing_results = self->pushing_records = 0;
  self->started = self->late_started = FALSE;
  self->discont = TRUE;
  ok = ok && obs_core_start (self, &error);
  g_mutex_unlock (&self->lock);
  if (ok)
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
  obs_report_close (self);
  return FALSE;
}

/* every pad is inactive */
static void
stop (GstObsAligner *self)
{
  g_mutex_lock (&self->lock);
  if (self->core)
    obs_core_flush (self, obs_aligner_clock (self));
  /* it may have emitted frames whose time has passed; results refer to sources of the aligner */
  obs_report_drop_queue (self, &self->counts.dropped_flush);
  if (self->core)
    obs_report_keep_stats (self);
  obs_core_stop (self);
  obs_aligner_unlock (self);
  obs_report_close (self);
}

static void
set_playing (GstObsAligner *self, gboolean playing)
{
  g_mutex_lock (&self->lock);
  self->playing = playing;
  obs_core_update_stopped (self, obs_aligner_clock (self));
  obs_task_wake (self);
  g_mutex_unlock (&self->lock);
}

static GstStateChangeReturn
change_state (GstElement *element, GstStateChange transition)
{
  GstObsAligner *self = GST_OBS_ALIGNER (element);
  GstStateChangeReturn result;

  switch (transition) {
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      if (!start (self))
        return GST_STATE_CHANGE_FAILURE;
      trib_stats_posts_start (&self->posts, element, self->now.stats_interval_ms);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_PLAYING:
      set_playing (self, TRUE);
      break;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      stop_flow (self);
      break;
    default:
      break;
  }
  result = GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    set_playing (self, FALSE);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY
      || (transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE)) {
    trib_stats_posts_stop (&self->posts);
    stop (self);
  }
  return result;
}

/* ---- request pads ---- */

static GstPad *
request_late (GstObsAligner *self, GstPadTemplate *templ)
{
  GstPad *pad;

  GST_OBJECT_LOCK (self);
  pad = self->latepad;
  if (pad == NULL)
    pad = self->latepad = gst_pad_new_from_template (templ, "late");
  else
    pad = NULL;
  GST_OBJECT_UNLOCK (self);
  if (pad == NULL)
    return NULL;
  gst_pad_use_fixed_caps (pad);
  gst_pad_set_event_function (pad, obs_aligner_src_event);
  gst_pad_set_query_function (pad, src_query);
  return pad;
}

/* the number in "sink_N"; digits only: "%u" of sscanf() takes a sign, and what follows */
static gboolean
parse_pad_name (const gchar *name, guint *ret_id)
{
  guint64 id;

  if (!g_str_has_prefix (name, "sink_")
      || !g_ascii_string_to_unsigned (name + 5, 10, 0, G_MAXINT, &id, NULL))
    return FALSE;
  *ret_id = (guint) id;
  return TRUE;
}

static GstPad *
request_sink (GstObsAligner *self, GstPadTemplate *templ, const gchar *wanted)
{
  g_autofree gchar *name = NULL;
  guint id = 0;

  if (wanted && !parse_pad_name (wanted, &id)) {
    GST_WARNING_OBJECT (self, "no pad has the name \"%s\", expected sink_NUMBER", wanted);
    return NULL;
  }
  GST_OBJECT_LOCK (self);
  if (wanted == NULL)
    id = self->next_pad;
  if (id >= self->next_pad)
    self->next_pad = id + 1;
  GST_OBJECT_UNLOCK (self);
  name = g_strdup_printf ("sink_%u", id);
  return obs_aligner_pad_new (templ, name);
}

static GstPad *
request_new_pad (GstElement *element, GstPadTemplate *templ, const gchar *name, const GstCaps *caps)
{
  GstObsAligner *self = GST_OBS_ALIGNER (element);
  GstPad *pad = GST_PAD_TEMPLATE_DIRECTION (templ) == GST_PAD_SRC
                    ? request_late (self, templ)
                    : request_sink (self, templ, name);

  if (pad == NULL)
    return NULL;
  gst_pad_set_active (pad, TRUE);
  if (!gst_element_add_pad (element, pad))
    return NULL;
  return pad;
}

static void
release_pad (GstElement *element, GstPad *pad)
{
  GstObsAligner *self = GST_OBS_ALIGNER (element);

  if (GST_PAD_IS_SRC (pad)) {
    GST_OBJECT_LOCK (self);
    self->latepad = NULL;
    GST_OBJECT_UNLOCK (self);
    gst_pad_set_active (pad, FALSE);
  } else {
    obs_aligner_pad_end (self, GST_OBS_ALIGNER_PAD (pad), FALSE);
    g_mutex_lock (&self->lock);
    if (self->core)
      obs_core_pad_gone (self, GST_OBS_ALIGNER_PAD (pad));
    g_mutex_unlock (&self->lock);
  }
  gst_element_remove_pad (element, pad);
}

/* ---- properties ---- */

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstObsAligner *self = GST_OBS_ALIGNER (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = obs_settings_set (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else
    obs_core_settings_changed (self, id);
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstObsAligner *self = GST_OBS_ALIGNER (object);
  gboolean known;

  switch (id) {
    case OBS_SETTING_STATS:
      g_value_take_boxed (value, obs_report_stats (self));
      break;
    case OBS_SETTING_CURRENT_HOLDER:
      g_value_take_string (value, obs_report_holder (self));
      break;
    default:
      GST_OBJECT_LOCK (self);
      known = obs_settings_get (&self->settings, id, value);
      GST_OBJECT_UNLOCK (self);
      if (!known)
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
finalize (GObject *object)
{
  GstObsAligner *self = GST_OBS_ALIGNER (object);

  g_clear_pointer (&self->last_stats, gst_structure_free);
  obs_settings_clear (&self->settings);
  obs_settings_clear (&self->now);
  gst_queue_array_free (self->queue.items);
  trib_record_reader_free (self->reader);
  gst_object_unref (self->clock);
  g_mutex_clear (&self->lock);
  g_cond_clear (&self->work);
  g_cond_clear (&self->space);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_obs_aligner_init (GstObsAligner *self)
{
  GstElement *element = GST_ELEMENT (self);
  GstPadTemplate *templ = gst_element_get_pad_template (element, "sink");

  g_mutex_init (&self->lock);
  g_cond_init (&self->work);
  g_cond_init (&self->space);
  obs_queue_init (&self->queue);
  g_queue_init (&self->messages);
  obs_settings_init (&self->settings);
  obs_settings_init (&self->now);
  self->flushing = TRUE;
  self->clock = gst_system_clock_obtain ();
  self->reader = trib_record_reader_new (NULL);

  self->mixedpad = obs_aligner_pad_new (templ, "sink");
  gst_element_add_pad (element, self->mixedpad);
  self->srcpad = gst_pad_new_from_static_template (&src_template, "src");
  gst_pad_set_activatemode_function (self->srcpad, src_activate);
  gst_pad_set_event_function (self->srcpad, obs_aligner_src_event);
  gst_pad_set_query_function (self->srcpad, src_query);
  gst_element_add_pad (element, self->srcpad);
}

static void
gst_obs_aligner_class_init (GstObsAlignerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  obs_settings_install (object_class);

  element_class->change_state = change_state;
  element_class->request_new_pad = request_new_pad;
  element_class->release_pad = release_pad;
  gst_element_class_add_static_pad_template_with_gtype (
      element_class, &mixed_template, GST_TYPE_OBS_ALIGNER_PAD);
  gst_element_class_add_static_pad_template_with_gtype (
      element_class, &sink_template, GST_TYPE_OBS_ALIGNER_PAD);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_add_static_pad_template (element_class, &late_template);
  gst_element_class_set_static_metadata (element_class, "Observation aligner", "Generic/Metadata",
      "Merges the observations of several sources into one fused record per frame",
      "The gst-tributary authors");
  gst_type_mark_as_plugin_api (GST_TYPE_OBS_ALIGNER_PAD, 0);
}
