/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The records of a frame, and the wait for them. */
#include "gstobsoverlay-private.h"

#include <shared/trib-fields.h>

#include <string.h>

#include <frame/trib-frame-meta.h>
#include <frame/trib-frame-stamper.h>

#define GST_CAT_DEFAULT obs_overlay_debug
#define NO_RATE_TOLERANCE (20 * GST_MSECOND)

static void
describe (GstObsOverlay *self, GstBuffer *frame, TribOverlayKey *key)
{
  GstClockTime running = gst_segment_to_running_time (
      &GST_BASE_TRANSFORM (self)->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (frame));
  TribFrameInfo identity;

  *key = (TribOverlayKey){ .t_ns = TRIB_OVERLAY_NO_TIME, .running_ns = TRIB_OVERLAY_NO_TIME };
  if (GST_CLOCK_TIME_IS_VALID (running) && running <= G_MAXINT64)
    key->running_ns = (gint64) running;
  if (!trib_frame_meta_get (frame, &identity))
    return;
  key->has_id = TRUE;
  key->id = identity.index;
  key->t_ns = identity.t_ns;
  if (identity.session != NULL && *identity.session != '\0')
    key->session = trib_overlay_session_hash (identity.session, strlen (identity.session));
  if (identity.stream != NULL && *identity.stream != '\0')
    key->stream = trib_overlay_session_hash (identity.stream, strlen (identity.stream));
}

/* half a frame: a record belongs to the nearest frame */
static gint64
find_tolerance (GstObsOverlay *self, GstBuffer *frame)
{
  GstClockTime duration = GST_BUFFER_DURATION (frame);

  if (GST_CLOCK_TIME_IS_VALID (duration) && duration > 0 && duration <= GST_SECOND)
    return (gint64) duration / 2;
  if (GST_VIDEO_INFO_FPS_N (&self->info) > 0)
    return (gint64) gst_util_uint64_scale (GST_SECOND, (guint64) GST_VIDEO_INFO_FPS_D (&self->info),
        2 * (guint64) GST_VIDEO_INFO_FPS_N (&self->info));
  return NO_RATE_TOLERANCE;
}

/* Deadline of the wait, on the monotonic clock. That of a live frame counts from its scheduled
 * time, so that time in a queue behind another waiting frame counts and waits do not add up.
 * Without lock. */
static gint64
find_deadline (GstObsOverlay *self, const TribOverlayKey *key, gint64 wait_ns, gboolean is_live,
    GstClockTime upstream_latency)
{
  g_autoptr (GstClock) clock = is_live ? gst_element_get_clock (GST_ELEMENT (self)) : NULL;
  gint64 left = wait_ns;

  if (clock != NULL && key->running_ns != TRIB_OVERLAY_NO_TIME) {
    GstClockTime now = gst_clock_get_time (clock),
                 base = gst_element_get_base_time (GST_ELEMENT (self));

    if (GST_CLOCK_TIME_IS_VALID (now) && now >= base)
      left = CLAMP (key->running_ns + (gint64) upstream_latency + wait_ns - (gint64) (now - base),
          0, wait_ns);
  }
  return g_get_monotonic_time () + left / 1000;
}

/* At the first frame: whether something limits its wait. Without lock. */
static void
detect_live (GstObsOverlay *self)
{
  GstClockTime min = 0, records_min;
  gboolean live, records_live, set;

  if (self->live_known)
    return;
  live = trib_frame_peer_is_live (GST_BASE_TRANSFORM_SINK_PAD (self), &min);
  records_live = trib_frame_peer_is_live (self->records, &records_min);
  GST_OBJECT_LOCK (self);
  set = self->settings.max_wait_set;
  GST_OBJECT_UNLOCK (self);
  g_mutex_lock (&self->lock);
  self->live_known = TRUE;
  self->is_live = live;
  self->upstream_latency = GST_CLOCK_TIME_IS_VALID (min) ? min : 0;
  self->waits = !live && !records_live && !set;
  g_mutex_unlock (&self->lock);
  GST_DEBUG_OBJECT (self, "video %s, records %s, %s limit", live ? "live" : "not live",
      records_live ? "live" : "not live", live || records_live || set ? "a" : "no");
}

/* whether a record can still arrive; with lock */
static gboolean
may_come (GstObsOverlay *self, const TribOverlayKey *key, gint64 tolerance)
{
  if (self->records_ended || !gst_pad_is_linked (self->records))
    return FALSE;
  /* a flush of both pads ends for the records later: a frame behind it waits without a limit */
  if (self->records_flushing && !self->waits)
    return FALSE;
  if (!self->waits && GST_CLOCK_TIME_IS_VALID (self->earliest)
      && key->running_ns != TRIB_OVERLAY_NO_TIME && key->running_ns < (gint64) self->earliest)
    return FALSE;
  return !trib_overlay_join_is_passed (self->join, key, tolerance);
}

/* with lock, which is released meanwhile: a long wait is said */
static void
report_silence (GstObsOverlay *self)
{
  gint64 silent_us;

  if (!trib_silence_is_due (&self->silence, g_get_monotonic_time (), &silent_us))
    return;
  g_mutex_unlock (&self->lock);
  GST_ELEMENT_WARNING (self, STREAM, FAILED,
      ("A frame has waited for its record for %" G_GINT64_FORMAT " seconds.",
          silent_us / G_USEC_PER_SEC),
      ("max-wait-ms limits the wait; behind a tee, the queue before sink must hold as many frames "
       "as the extractors need"));
  g_mutex_lock (&self->lock);
}

/* with lock, which is released meanwhile */
static void
wait_for_records (GstObsOverlay *self, const TribOverlayKey *key, gint64 tolerance, gint64 deadline,
    gboolean may_wait)
{
  gboolean waited = FALSE, expired = FALSE;
  guint n_flushes = self->n_flushes;

  while (!self->flushing && self->n_flushes == n_flushes
         && trib_overlay_join_find (self->join, key, tolerance, self->found) == 0 && may_wait
         && !expired && may_come (self, key, tolerance)) {
    if (!waited)
      trib_silence_begin (&self->silence, g_get_monotonic_time ());
    waited = TRUE;
    if (self->waits) {
      g_cond_wait_until (&self->cond, &self->lock, trib_silence_next (&self->silence));
      report_silence (self);
    } else {
      expired = !g_cond_wait_until (&self->cond, &self->lock, deadline);
    }
  }
  self->counts.frames_waited += waited;
  self->counts.waits_expired += expired && self->found->len == 0;
}

/**
 * obs_overlay_find_records:
 * @frame: a frame
 * @ret_stale_ns: (out): age of the records against @frame, ns; -1: they are its own
 *
 * Waits for the records of @frame, and puts them, or held ones, into `found`.
 *
 * Returns: FALSE when the element is flushing
 */
gboolean
obs_overlay_find_records (GstObsOverlay *self, GstBuffer *frame, gint64 *ret_stale_ns)
{
  gint64 tolerance = find_tolerance (self, frame), hold_ns, wait_ns, deadline;
  GstClockTime upstream_latency;
  gboolean is_live, flushing;
  TribOverlayKey key;

  detect_live (self);
  describe (self, frame, &key);
  GST_OBJECT_LOCK (self);
  hold_ns = self->settings.hold_ms * (gint64) GST_MSECOND;
  wait_ns = self->settings.max_wait_ms * (gint64) GST_MSECOND;
  GST_OBJECT_UNLOCK (self);
  g_mutex_lock (&self->lock);
  is_live = self->is_live;
  upstream_latency = self->upstream_latency;
  g_mutex_unlock (&self->lock);
  deadline = find_deadline (self, &key, wait_ns, is_live, upstream_latency);
  *ret_stale_ns = -1;
  g_ptr_array_set_size (self->found, 0);
  g_mutex_lock (&self->lock);
  wait_for_records (self, &key, tolerance, deadline, wait_ns > 0 || self->waits);
  flushing = self->flushing;
  if (!flushing) {
    gboolean own = self->found->len > 0;

    trib_overlay_join_leave (self->join, &key, tolerance, own);
    if (!own)
      *ret_stale_ns = trib_overlay_join_held (
          self->join, &key, g_get_monotonic_time () * 1000, hold_ns, self->found);
  }
  g_mutex_unlock (&self->lock);
  return !flushing;
}

/**
 * obs_overlay_answer_latency:
 * @query: a LATENCY query
 *
 * Frames of a live stream are delayed by up to `max-wait-ms`.
 *
 * Returns: whether upstream answered
 */
gboolean
obs_overlay_answer_latency (GstObsOverlay *self, GstQuery *query)
{
  GstClockTime min, max, wait;
  gboolean is_live;

  if (!gst_pad_peer_query (GST_BASE_TRANSFORM_SINK_PAD (self), query))
    return FALSE;
  gst_query_parse_latency (query, &is_live, &min, &max);
  g_mutex_lock (&self->lock);
  self->is_live = is_live;
  self->upstream_latency = GST_CLOCK_TIME_IS_VALID (min) ? min : 0;
  g_mutex_unlock (&self->lock);
  GST_OBJECT_LOCK (self);
  wait = self->settings.max_wait_ms * GST_MSECOND;
  GST_OBJECT_UNLOCK (self);
  if (!gst_pad_is_linked (self->records))
    wait = 0;
  min += wait;
  if (GST_CLOCK_TIME_IS_VALID (max))
    max += wait;
  gst_query_set_latency (query, is_live, min, max);
  return TRUE;
}

/* ---- stats ---- */

typedef struct {
  ObsOverlayCounts own;
  TribOverlayCounts join;
  guint64 frames_out, records_in;
} Stats;

/* clang-format off */
#define OVERLAY(name, field, about) \
  { name, TRIB_FIELD_UINT64, G_STRUCT_OFFSET (Stats, field), about }
static const TribField stats_fields[] = {
  OVERLAY ("frames-in", own.frames_in, "frames"),
  OVERLAY ("frames-out", frames_out, "frames"),
  OVERLAY ("frames-dropped", own.frames_dropped,
      "by a flush while they waited, or refused (frames)"),
  { "refused-", TRIB_FIELD_COUNTS, G_STRUCT_OFFSET (Stats, own.refused),
      "of those, what contradicts the caps: format, size, crop, row length, memory, or access "
      "to it (frames)", TRIB_FRAME_N_FAULTS, trib_frame_fault_to_string },
  OVERLAY ("frames-drawn", own.frames_drawn, "with records of their own (frames)"),
  OVERLAY ("frames-stale", own.frames_stale, "with records of an earlier frame (frames)"),
  OVERLAY ("frames-without", own.frames_without, "without records (frames)"),
  OVERLAY ("frames-waited", own.frames_waited, "that waited (frames)"),
  OVERLAY ("waits-expired", own.waits_expired, "that waited in vain (frames)"),
  OVERLAY ("records-in", records_in, "records"),
  OVERLAY ("records-used", join.used, "drawn on their frame (records)"),
  OVERLAY ("records-late", join.late, "after their frame (records)"),
  OVERLAY ("records-unmatched", join.unmatched,
      "a later frame arrived, and theirs never did (records)"),
  OVERLAY ("records-dropped", join.dropped, "beyond the limits, or by a flush (records)"),
  OVERLAY ("records-invalid", own.records_invalid, "unusable (records)"),
  OVERLAY ("records-other", own.records_other,
      "about no picture, as triggers and bounds (records)"),
  OVERLAY ("records-pending", join.pending, "waiting for their frame (records)"),
  OVERLAY ("pending-bytes", join.pending_bytes, "of those (bytes)"),
  OVERLAY ("things-refused", own.things_refused, "boxes and points with impossible numbers"),
  OVERLAY ("things-left-out", own.things_left_out,
      "beyond the limits of a frame: 64 observations, 256 boxes, 4096 points, 64 missing sources, "
      "8 numbers of an observation"),
};
/* clang-format on */
static const TribFieldTable stats_table
    = TRIB_FIELD_TABLE ("application/x-obsoverlay-stats", NULL, stats_fields);

GstStructure *
obs_overlay_make_stats (GstObsOverlay *self)
{
  Stats s;

  g_mutex_lock (&self->lock);
  s.own = self->counts;
  trib_overlay_join_get_counts (self->join, &s.join);
  g_mutex_unlock (&self->lock);
  s.frames_out = s.own.frames_drawn + s.own.frames_stale + s.own.frames_without;
  s.records_in = s.join.in + s.own.records_invalid + s.own.records_other;
  return trib_fields_to_structure (&stats_table, &s);
}
