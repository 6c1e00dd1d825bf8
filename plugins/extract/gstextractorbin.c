/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-extractorbin
 * @title: extractorbin
 * @short_description: Runs several extractors on each frame in parallel, within a time budget
 *
 * Each frame is pushed unchanged by `src`, and to the branches that can take it; their answers are
 * pushed by `obs`, as records for obsaligner (OBS-1, OBS-3). A branch is any element, or a chain of
 * them: one that outputs observations (qualityextract), that marks regions of interest on frames,
 * or that posts messages (facedetect, handdetect, motioncells, zbar...), which messageextract
 * converts to observations. The name of a branch is the `source` of its records.
 *
 * Frames usually arrive faster than they can be processed. For each frame one decision is made and
 * announced by the first record about the frame, of kind `announce`: `frame_id`, `t_ns`,
 * `admitted`, `reason`, `expected` (the names of the branches that run) and `branches` (of each
 * branch `run` or the reason). A branch that does not process the frame, or not in time, has a
 * `skipped` record, so that downstream does not wait for it. The reasons: `divisor`, `breaker`
 * (`breaker-threshold` timeouts in a row), `would-miss` (`deadline-aware`: its usual processing
 * time does not fit), `queue-full`, `superseded` (replaced by a newer frame), `not-key`, `nth`,
 * `timeout`, `failed`, `removed`, `flushing`.
 *
 * The frame of an answer is that of its `frame_id`, else of its `t_ns`; the frame of a picture is
 * that of its identity, else of its PTS. An answer after its deadline has `late` and `lateness_ms`.
 * Frames without an identity get one in the branches only, with a capture time as framestamp gives
 * it; `time-origin` replaces the beginning of that.
 *
 * ## Caps
 * Anything, usually raw video. Raw video is converted for a described branch that does not accept
 * it. `obs` outputs application/json, or application/x-msgpack when downstream accepts only that;
 * records of branches in the other format are converted.
 *
 * ## Pads
 * `sink`, `src` and `obs` need not be linked. `branch_src_%u` and `branch_sink_%u` are pairs: the
 * elements that the application links between them are a branch, or both ends of a connection, such
 * as a pipe to another process and obssrc. A branch that `branches` names without elements is the
 * first such pair, and so on; one that it does not name is `branch-0`, `branch-1`...
 *
 * ## Timing
 * A frame's deadline is `timeout-ms` after the decision about it (`timeout-base`); time in PAUSED
 * does not count. The PTS of a record is the running time of its frame. `src` adds no latency,
 * `obs` adds `timeout-ms`, or the largest one of the branches. With strategy none upstream waits
 * for branches, otherwise never. After the last frame each branch gets EOS; answers within
 * `drain-timeout-ms` are pushed before the EOS of `obs`. A flush drops all frames in flight.
 *
 * Frames that are not live (LATENCY query), as of a file, have time: unless the user sets them,
 * strategy is none, and there is no timeout and no limit at the end, so that every branch processes
 * every frame, at the speed of the slowest. A branch that is silent for ten seconds is then a
 * warning by name, every ten seconds.
 *
 * ## Threads
 * One a branch, which pushes its frames, and one for `obs`. A branch that hangs blocks its own
 * thread only; it is abandoned when it does not stop within half a second. Branches can be added
 * and removed while playing: `add-branch` ("NAME=ELEMENTS") and `remove-branch` (NAME) return
 * whether that was done, and do nothing on the way from PAUSED to READY.
 *
 * ## Errors
 * A text in `branches` that cannot be parsed, elements that cannot be created, and a `time-origin`
 * that is no time are an error (RESOURCE/SETTINGS) on the way to READY. An error of a branch ends
 * that branch and is posted as a message, unless the branch has `fatal=true`.
 *
 * ## Messages
 * Those about single frames and records are posted once a second at most, with their number.
 *
 * ## Stats
 * Counted from READY to PAUSED on, and kept until the next start. At any moment `frames-in` =
 * `frames-admitted` + `frames-dropped` + `frames-waiting`, `records-own` + `records-in` =
 * `records-out` + `records-queued` + `records-invalid` + `records-unmatched` +
 * `lost-downstream-full` + `lost-not-linked` + `lost-downstream-failed` + `lost-flush`, and of each
 * branch `jobs` = `answered` + `empty` + `timeout` + `skipped` + `pending`.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc is-live=true num-buffers=90 pattern=ball ! extractorbin name=x
 * branches="quality=qualityextract; small=qualityextract shrink=4" x.src ! fakesink
 * x.obs ! obsaligner ! ndjsonenc ! fdsink
 * ]| Answers of two extractors to each frame, a line of JSON a frame
 * (launch-lines/observation/extract.launch).
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstextractorbin-private.h"

#include <shared/trib-element-records.h>
#include <shared/trib-stats-posts.h>

GST_DEBUG_CATEGORY (extractor_bin_debug);
#define GST_CAT_DEFAULT extractor_bin_debug

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate obs_template = GST_STATIC_PAD_TEMPLATE (
    "obs", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS));
static GstStaticPadTemplate branch_src_template
    = GST_STATIC_PAD_TEMPLATE ("branch_src_%u", GST_PAD_SRC, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate branch_sink_template = GST_STATIC_PAD_TEMPLATE (
    "branch_sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS_ANY);

enum { SIGNAL_ADD_BRANCH, SIGNAL_REMOVE_BRANCH, N_SIGNALS };

static GParamSpec *properties[OBS_EXTRACTOR_N_SETTINGS];
static guint signals[N_SIGNALS];

GST_ELEMENT_REGISTER_DEFINE (extractorbin, "extractorbin", GST_RANK_NONE, GST_TYPE_EXTRACTOR_BIN);
G_DEFINE_FINAL_TYPE_WITH_CODE (GstExtractorBin, gst_extractor_bin, GST_TYPE_BIN,
    GST_DEBUG_CATEGORY_INIT (extractor_bin_debug, "extractorbin", 0, "extractors in parallel"))

/* ---- turns ---- */

/* Not STATE_LOCK: an action may run on a streaming thread, for which a stop waits; then it gives
 * up. Recursive, since a handler of a message may change branches during a change of state. */
static gboolean
take_turn (GstExtractorBin *self, gboolean is_action)
{
  GThread *thread = g_thread_self ();
  gboolean taken;

  g_mutex_lock (&self->turn_lock);
  while (self->turn_depth > 0 && self->turn_owner != thread && !(is_action && self->stopping))
    g_cond_wait (&self->turn_ended, &self->turn_lock);
  taken = !is_action || !self->stopping;
  if (taken) {
    self->turn_owner = thread;
    self->turn_depth++;
  }
  g_mutex_unlock (&self->turn_lock);
  return taken;
}

static void
end_turn (GstExtractorBin *self)
{
  g_mutex_lock (&self->turn_lock);
  if (--self->turn_depth == 0)
    g_cond_broadcast (&self->turn_ended);
  g_mutex_unlock (&self->turn_lock);
}

static void
set_stopping (GstExtractorBin *self, gboolean stopping)
{
  g_mutex_lock (&self->turn_lock);
  self->stopping = stopping;
  g_cond_broadcast (&self->turn_ended);
  g_mutex_unlock (&self->turn_lock);
}

/* ---- actions and request pads ---- */

static gboolean
gst_extractor_bin_action_add (GstExtractorBin *self, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  gboolean added;

  if (!take_turn (self, TRUE))
    return FALSE;
  added = text && gst_extractor_bin_add_branch (self, text, &error);
  end_turn (self);
  if (error)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS, ("%s", error->message), ("no branch was added"));
  return added;
}

static gboolean
gst_extractor_bin_action_remove (GstExtractorBin *self, const gchar *name)
{
  gboolean removed;

  if (!take_turn (self, TRUE))
    return FALSE;
  removed = name && gst_extractor_bin_remove_branch (self, name);
  end_turn (self);
  return removed;
}

/* @src: whether it is branch_src_%u */
static GstPad *
add_ghost (GstExtractorBin *self, GstPadTemplate *templ, ExtractorSlot *slot, gboolean src)
{
  g_autofree gchar *name = g_strdup_printf (src ? "branch_src_%u" : "branch_sink_%u", slot->pads);
  GstPad *target = src ? slot->branch->srcpad : slot->branch->sinkpad;
  GstPad *ghost = gst_ghost_pad_new_from_template (name, target, templ);

  gst_pad_set_active (ghost, TRUE);
  if (!gst_element_add_pad (GST_ELEMENT (self), ghost))
    return NULL;
  if (src)
    slot->src_ghost = ghost;
  else
    slot->sink_ghost = ghost;
  return ghost;
}

static GstPad *
gst_extractor_bin_request_new_pad (
    GstElement *element, GstPadTemplate *templ, const gchar *name, const GstCaps *caps)
{
  GstExtractorBin *self = GST_EXTRACTOR_BIN (element);
  gboolean src = GST_PAD_TEMPLATE_DIRECTION (templ) == GST_PAD_SRC;
  g_autoptr (GError) error = NULL;
  ExtractorSlot *slot;
  GstPad *ghost = NULL;

  take_turn (self, FALSE);
  slot = gst_extractor_bin_request_slot (self, name, src, &error);
  if (slot) {
    ghost = add_ghost (self, templ, slot, src);
    gst_extractor_bin_start_slot (self, slot);
  }
  end_turn (self);
  if (error)
    GST_ELEMENT_WARNING (self, RESOURCE, SETTINGS, ("%s", error->message), ("no pad was created"));
  return ghost;
}

static void
gst_extractor_bin_release_pad (GstElement *element, GstPad *ghost)
{
  GstExtractorBin *self = GST_EXTRACTOR_BIN (element);

  take_turn (self, FALSE);
  gst_extractor_bin_release_slot (self, ghost);
  end_turn (self);
  gst_pad_set_active (ghost, FALSE);
  gst_element_remove_pad (element, ghost);
}

/* ---- messages ---- */

/* Returns: whether the error is that of a branch alone, and is not forwarded */
static gboolean
take_error (GstExtractorBin *self, GstMessage *message)
{
  g_autoptr (ObsBranch) b = gst_extractor_bin_find_branch (self, GST_MESSAGE_SRC (message));
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  if (b == NULL || b->fatal || g_atomic_int_get (&self->starting))
    return FALSE;
  gst_message_parse_error (message, &error, &debug);
  GST_WARNING_OBJECT (self, "branch %s: %s (%s)", b->name, error->message, debug);
  g_mutex_lock (&self->x->lock);
  if (self->x->core)
    obs_branch_fail (b, error->message);
  obs_extractor_unlock (self->x);
  return TRUE;
}

static void
gst_extractor_bin_handle_message (GstBin *bin, GstMessage *message)
{
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR
      && take_error (GST_EXTRACTOR_BIN (bin), message)) {
    gst_message_unref (message);
    return;
  }
  GST_BIN_CLASS (gst_extractor_bin_parent_class)->handle_message (bin, message);
}

/* ---- states ---- */

static gboolean
check_time_origin (GstExtractorBin *self)
{
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;
  gint64 ns;

  GST_OBJECT_LOCK (self);
  text = g_strdup (self->settings.time_origin);
  GST_OBJECT_UNLOCK (self);
  if (text == NULL || trib_capture_time_parse (text, &ns, &error))
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s", error->message), (NULL));
  return FALSE;
}

static gboolean
make_branches (GstExtractorBin *self)
{
  g_autoptr (GError) error = NULL;

  if (gst_extractor_bin_make_branches (self, &error))
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("%s", error->message),
      ("branches has the form NAME=ELEMENTS; NAME[option=value]=ELEMENTS; NAME"));
  return FALSE;
}

static gboolean
start (GstExtractorBin *self)
{
  ObsExtractorSettings settings;
  g_autoptr (GError) error = NULL;
  gboolean started;
  guint interval_ms;

  if (!check_time_origin (self) || !make_branches (self))
    return FALSE;
  obs_extractor_settings_init (&settings);
  GST_OBJECT_LOCK (self);
  obs_extractor_settings_copy (&self->settings, &settings);
  GST_OBJECT_UNLOCK (self);
  started = obs_extractor_start (self->x, &settings, &error);
  interval_ms = settings.stats_interval_ms;
  obs_extractor_settings_clear (&settings);
  if (!started) {
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE, ("%s", error->message), (NULL));
    return FALSE;
  }
  self->running = TRUE;
  gst_extractor_bin_start_branches (self);
  trib_stats_posts_start (&self->posts, GST_ELEMENT (self), interval_ms);
  return TRUE;
}

/* when the pads are inactive */
static void
stop (GstExtractorBin *self)
{
  self->running = FALSE;
  trib_stats_posts_stop (&self->posts);
  obs_extractor_stop (self->x);
}

static gboolean
before (GstExtractorBin *self, GstStateChange transition)
{
  switch (transition) {
    case GST_STATE_CHANGE_NULL_TO_READY:
      return check_time_origin (self) && make_branches (self);
    case GST_STATE_CHANGE_READY_TO_PAUSED:
      return start (self);
    case GST_STATE_CHANGE_PLAYING_TO_PAUSED:
      obs_extractor_set_playing (self->x, FALSE);
      return TRUE;
    case GST_STATE_CHANGE_PAUSED_TO_READY:
      self->running = FALSE;
      obs_extractor_begin_stop (self->x);
      gst_extractor_bin_stop_branches (self);
      return TRUE;
    default:
      return TRUE;
  }
}

static GstStateChangeReturn
gst_extractor_bin_change_state (GstElement *element, GstStateChange transition)
{
  GstExtractorBin *self = GST_EXTRACTOR_BIN (element);
  GstStateChangeReturn result;

  set_stopping (self, transition == GST_STATE_CHANGE_PAUSED_TO_READY);
  take_turn (self, FALSE);
  g_atomic_int_set (&self->starting, transition == GST_STATE_CHANGE_NULL_TO_READY
                                         || transition == GST_STATE_CHANGE_READY_TO_PAUSED);
  if (!before (self, transition)) {
    end_turn (self);
    return GST_STATE_CHANGE_FAILURE;
  }
  result = GST_ELEMENT_CLASS (gst_extractor_bin_parent_class)->change_state (element, transition);
  g_atomic_int_set (&self->starting, FALSE);
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && result == GST_STATE_CHANGE_FAILURE) {
    obs_extractor_begin_stop (self->x);
    gst_extractor_bin_stop_branches (self);
    stop (self);
  } else if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    stop (self);
    set_stopping (self, FALSE);
  } else if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING
             && result != GST_STATE_CHANGE_FAILURE) {
    obs_extractor_set_playing (self->x, TRUE);
  }
  end_turn (self);
  return result;
}

/* ---- properties ---- */

static GstStructure *
make_stats (GstExtractorBin *self)
{
  GstStructure *s;

  g_mutex_lock (&self->x->lock);
  s = obs_extractor_stats (self->x);
  obs_extractor_unlock (self->x);
  return s;
}

static void
gst_extractor_bin_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstExtractorBin *self = GST_EXTRACTOR_BIN (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = obs_extractor_settings_set (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else if (id == OBS_EXTRACTOR_TRACE_LEVEL)
    obs_extractor_set_trace_level (self->x, g_value_get_enum (value));
}

static void
gst_extractor_bin_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstExtractorBin *self = GST_EXTRACTOR_BIN (object);
  gboolean known;

  if (id == OBS_EXTRACTOR_STATS) {
    g_value_take_boxed (value, make_stats (self));
    return;
  }
  GST_OBJECT_LOCK (self);
  known = obs_extractor_settings_get (&self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_extractor_bin_dispose (GObject *object)
{
  GstExtractorBin *self = GST_EXTRACTOR_BIN (object);

  for (guint i = 0; i < self->slots->len; i++) {
    ExtractorSlot *slot = self->slots->pdata[i];
    slot->src_ghost = slot->sink_ghost = NULL;
  }
  /* the list itself stays: the parent's dispose() releases the remaining request pads, which are
   * looked up in it */
  gst_extractor_bin_drop_all (self);
  G_OBJECT_CLASS (gst_extractor_bin_parent_class)->dispose (object);
}

static void
gst_extractor_bin_finalize (GObject *object)
{
  GstExtractorBin *self = GST_EXTRACTOR_BIN (object);

  g_ptr_array_unref (self->slots);
  g_mutex_clear (&self->turn_lock);
  g_cond_clear (&self->turn_ended);
  obs_extractor_settings_clear (&self->settings);
  obs_extractor_unref (self->x);
  G_OBJECT_CLASS (gst_extractor_bin_parent_class)->finalize (object);
}

static void
add_outer_pad (GstExtractorBin *self, GstElement *inner, const gchar *name)
{
  g_autoptr (GstPad) target = gst_element_get_static_pad (inner, name);
  GstPadTemplate *templ = gst_element_class_get_pad_template (GST_ELEMENT_GET_CLASS (self), name);

  gst_element_add_pad (GST_ELEMENT (self), gst_ghost_pad_new_from_template (name, target, templ));
}

static void
gst_extractor_bin_init (GstExtractorBin *self)
{
  obs_extractor_settings_init (&self->settings);
  g_mutex_init (&self->turn_lock);
  g_cond_init (&self->turn_ended);
  self->slots = g_ptr_array_new ();
  self->x = obs_extractor_new (GST_ELEMENT (self));
  self->split = gst_extractor_split_new (self->x);
  self->join = gst_extractor_join_new (self->x);
  gst_bin_add_many (GST_BIN (self), self->split, self->join, NULL);
  add_outer_pad (self, self->split, "sink");
  add_outer_pad (self, self->split, "src");
  add_outer_pad (self, self->join, "obs");
}

static void
install_signals (GType type)
{
  /**
   * GstExtractorBin::add-branch:
   * @bin: the element
   * @branch: NAME=ELEMENTS or NAME[option=value,...]=ELEMENTS
   *
   * Any thread; any state but on the way from PAUSED to READY.
   *
   * Returns: whether the branch was added
   */
  signals[SIGNAL_ADD_BRANCH] = g_signal_new_class_handler ("add-branch", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (gst_extractor_bin_action_add), NULL, NULL,
      NULL, G_TYPE_BOOLEAN, 1, G_TYPE_STRING);
  /**
   * GstExtractorBin::remove-branch:
   * @bin: the element
   * @name: of a described branch
   *
   * Any thread but the branch's own; any state but on the way from PAUSED to READY. Its frames are
   * skipped.
   *
   * Returns: whether there was one
   */
  signals[SIGNAL_REMOVE_BRANCH] = g_signal_new_class_handler ("remove-branch", type,
      G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION, G_CALLBACK (gst_extractor_bin_action_remove), NULL, NULL,
      NULL, G_TYPE_BOOLEAN, 1, G_TYPE_STRING);
}

static void
gst_extractor_bin_class_init (GstExtractorBinClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);

  object_class->set_property = gst_extractor_bin_set_property;
  object_class->get_property = gst_extractor_bin_get_property;
  object_class->dispose = gst_extractor_bin_dispose;
  object_class->finalize = gst_extractor_bin_finalize;
  obs_extractor_settings_install (properties);
  g_object_class_install_properties (object_class, OBS_EXTRACTOR_N_SETTINGS, properties);
  obs_extractor_settings_mark_plugin_api ();
  install_signals (G_TYPE_FROM_CLASS (klass));
  element_class->change_state = GST_DEBUG_FUNCPTR (gst_extractor_bin_change_state);
  element_class->request_new_pad = GST_DEBUG_FUNCPTR (gst_extractor_bin_request_new_pad);
  element_class->release_pad = GST_DEBUG_FUNCPTR (gst_extractor_bin_release_pad);
  GST_BIN_CLASS (klass)->handle_message = GST_DEBUG_FUNCPTR (gst_extractor_bin_handle_message);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_add_static_pad_template (element_class, &obs_template);
  gst_element_class_add_static_pad_template (element_class, &branch_src_template);
  gst_element_class_add_static_pad_template (element_class, &branch_sink_template);
  gst_element_class_set_static_metadata (element_class, "Extractors in parallel",
      "Filter/Analyzer/Video",
      "Runs several extractors on each frame in parallel, within a time budget",
      "The gst-tributary authors");
}
