/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of a branch, on the thread that pushes them: records, or pictures with regions of
 * interest. */
#include "obs-extractor.h"

#include <frame/trib-frame-meta.h>
#include <shared/trib-element-records.h>

#include "obs-regions.h"

#define GST_CAT_DEFAULT extractor_bin_debug

/* with lock: whether answers are taken, once there is space for them; FALSE: unlocked */
static gboolean
lock_for_answer (ObsBranch *b)
{
  ObsExtractor *x = b->x;

  g_mutex_lock (&x->lock);
  while (x->core && b->state != OBS_BRANCH_STOPPED && !obs_extractor_has_space (x)) {
    obs_extractor_wake (x);
    x->n_space_waits++;
    g_cond_wait (&x->space, &x->lock);
    x->n_space_waits--;
  }
  if (x->core && !x->stopping && !x->flushing)
    return TRUE;
  g_mutex_unlock (&x->lock);
  return FALSE;
}

/* with lock: counts a record that cannot be used */
static void
refuse_record (ObsBranch *b, const gchar *why)
{
  obs_report_invalid_answer (b->x, b, b->name, why);
}

/**
 * obs_answer_put:
 * @a: an answer
 * @frame: (nullable): its frame
 * @late_ns: time after the deadline; 0: in time
 *
 * Puts it into the queue of obs.
 *
 * @locks: requires lock
 */
void
obs_answer_put (ObsBranchAnswer *a, const TribExtractFrame *frame, gint64 late_ns)
{
  ObsExtractor *x = a->branch->x;

  a->taken = TRUE;
  if (a->nothing) {
    x->counts.taken--; /* it was no record */
    obs_records_empty (x, frame, a->branch->name);
    return;
  }
  obs_outlet_put (x, GST_MINI_OBJECT (obs_records_answer (a, frame, late_ns)));
}

/* with lock: gst/extract finds the frame of the answer; a part that is not the last answers
 * nothing */
static void
give_answer (ObsBranchAnswer *a)
{
  ObsBranch *b = a->branch;
  ObsExtractor *x = b->x;
  const TribRecordEnvelope *e = a->e;
  gboolean has_frame_id = trib_record_has (e, TRIB_RECORD_FIELD_FRAME_ID);
  g_autoptr (TribStreamKey) stream = NULL;
  const TribExtractFrame *frame;

  if (trib_record_has (e, TRIB_RECORD_FIELD_T_NS))
    stream = trib_stream_key_from_record (e);

  if (b->state == OBS_BRANCH_RUNNING && e->part < e->parts) {
    frame = trib_extract_find_frame (x->core, stream, has_frame_id, e->frame_id, e->t_ns);
    if (frame)
      obs_answer_put (a, frame, 0);
  } else if (b->state == OBS_BRANCH_RUNNING) {
    x->answer = a;
    trib_extract_answer (
        x->core, b->number, stream, has_frame_id, e->frame_id, e->t_ns, obs_extractor_now (x));
    x->answer = NULL;
  }
  x->counts.unmatched += !a->taken;
}

/* with lock; @whole: (nullable): the buffer, when it is this record and nothing else */
static void
take_record (ObsBranch *b, const TribRecordEnvelope *e, GstBuffer **whole)
{
  ObsExtractor *x = b->x;
  ObsBranchAnswer answer = { .branch = b, .e = e, .whole = whole };

  switch (e->kind) {
    case TRIB_RECORD_KIND_OBS:
    case TRIB_RECORD_KIND_EMPTY:
    case TRIB_RECORD_KIND_SKIPPED:
      give_answer (&answer);
      break;
    case TRIB_RECORD_KIND_BOUND:
    case TRIB_RECORD_KIND_EOS:
      if (b->state == OBS_BRANCH_RUNNING)
        trib_extract_bound (x->core, b->number,
            e->kind == TRIB_RECORD_KIND_EOS ? G_MAXINT64 : e->t_ns, obs_extractor_now (x));
      obs_answer_put (&answer, NULL, 0);
      break;
    default:
      refuse_record (b, "a branch answers with observations, empty, skipped or bound");
      break;
  }
}

/* Each record of a buffer, parsed without lock. @map: of @buffer, which is taken where it is pushed
 * unchanged. */
static gboolean
take_records (ObsBranch *b, GstBuffer **buffer, const GstMapInfo *map)
{
  TribRecordRead read;
  TribRecordEnvelope e;

  trib_record_reader_set (b->reader, b->format, map->data, map->size);
  for (;;) {
    g_autoptr (GError) error = NULL;
    read = trib_record_envelope_read (b->reader, &e, &error);
    if (read == TRIB_RECORD_READ_END)
      return TRUE;
    if (!lock_for_answer (b))
      return FALSE;
    b->x->counts.taken++;
    b->counts.taken++;
    if (read == TRIB_RECORD_READ_OK)
      take_record (b, &e, e.record.len == map->size ? buffer : NULL);
    else
      refuse_record (b, error->message);
    obs_extractor_unlock (b->x);
    if (read != TRIB_RECORD_READ_OK && read != TRIB_RECORD_READ_INVALID)
      return TRUE;
  }
}

/* The memory is mapped instead of the buffer, which may be pushed on meanwhile. */
static gboolean
take_record_buffer (ObsBranch *b, GstBuffer **buffer)
{
  GstMemory *memory = gst_buffer_get_all_memory (*buffer);
  gboolean going = TRUE;
  GstMapInfo map;

  if (memory && gst_memory_map (memory, &map, GST_MAP_READ)) {
    going = take_records (b, buffer, &map);
    gst_memory_unmap (memory, &map);
  } else if (memory && (going = lock_for_answer (b))) {
    b->x->counts.taken++;
    b->counts.taken++;
    refuse_record (b, "its memory cannot be read");
    obs_extractor_unlock (b->x);
  }
  g_clear_pointer (&memory, gst_memory_unref);
  return going;
}

/* ---- pictures ---- */

/* The frame of a picture: by its identity, else by its PTS; without either, one that nothing
 * matches. */
static gboolean
identify_picture (
    ObsBranch *b, GstBuffer *buffer, TribRecordEnvelope *e, TribStreamKey **ret_stream)
{
  const TribExtractFrame *frame = NULL;
  TribFrameInfo info;

  if (trib_frame_meta_get (buffer, &info)) {
    e->frame_id = info.index;
    e->t_ns = info.t_ns;
    *ret_stream = trib_stream_key_new (info.session, info.stream);
    return TRUE;
  }
  if (!GST_BUFFER_PTS_IS_VALID (buffer))
    return FALSE;
  g_mutex_lock (&b->x->lock);
  frame = b->x->core ? trib_extract_find_pts (b->x->core, GST_BUFFER_PTS (buffer)) : NULL;
  if (frame) {
    e->frame_id = frame->frame_id;
    e->t_ns = frame->t_ns;
    *ret_stream = trib_stream_key_ref (frame->stream);
  }
  g_mutex_unlock (&b->x->lock);
  return frame != NULL;
}

/* regions of interest as a record, made without lock; no region is an empty answer */
static gboolean
take_picture (ObsBranch *b, GstBuffer *buffer)
{
  ObsExtractor *x = b->x;
  TribRecordEnvelope e = {
    .kind = TRIB_RECORD_KIND_OBS,
    .has = TRIB_RECORD_BIT (SOURCE) | TRIB_RECORD_BIT (FRAME_ID) | TRIB_RECORD_BIT (T_NS),
    .source = TRIB_RECORD_TEXT (b->name),
    .part = 1,
    .parts = 1,
  };
  ObsBranchAnswer answer = { .branch = b, .e = &e };
  g_autoptr (TribStreamKey) stream = NULL;
  gboolean known = identify_picture (b, buffer, &e, &stream);
  GstBuffer *made = NULL;

  trib_stream_key_to_record (stream, &e);
  if (b->info) {
    e.has |= TRIB_RECORD_BIT (WIDTH) | TRIB_RECORD_BIT (HEIGHT);
    e.width = (guint64) GST_VIDEO_INFO_WIDTH (b->info);
    e.height = (guint64) GST_VIDEO_INFO_HEIGHT (b->info);
  }
  if (known)
    made = obs_regions_to_record (buffer, &e, x->out_format);
  if (!lock_for_answer (b)) {
    gst_clear_buffer (&made);
    return FALSE;
  }
  x->counts.taken++;
  b->counts.taken++;
  answer.made = &made;
  answer.nothing = made == NULL;
  if (known)
    give_answer (&answer);
  else
    x->counts.unmatched++;
  obs_extractor_unlock (x);
  gst_clear_buffer (&made);
  return TRUE;
}

/* ---- caps ---- */

static void
take_caps (ObsBranch *b, GstCaps *caps)
{
  GstVideoInfo info;

  b->knows_caps = TRUE;
  b->gives_records = trib_record_caps_parse (caps, &b->format);
  g_clear_pointer (&b->info, gst_video_info_free);
  if (!b->gives_records && gst_video_info_from_caps (&info, caps))
    b->info = gst_video_info_copy (&info);
}

/* a branch that is started again gets no caps event: its pad has them */
static void
know_caps (ObsBranch *b, GstPad *pad)
{
  g_autoptr (GstCaps) caps = b->knows_caps ? NULL : gst_pad_get_current_caps (pad);

  if (caps)
    take_caps (b, caps);
}

/**
 * obs_branch_answer:
 * @b: a branch
 * @pad: the pad of its answers
 * @buffer: (transfer full): records, or a picture
 *
 * @thread: the branch's
 */
GstFlowReturn
obs_branch_answer (ObsBranch *b, GstPad *pad, GstBuffer *buffer)
{
  gboolean going;

  know_caps (b, pad);
  obs_extractor_choose_format (b->x);
  going = b->gives_records ? take_record_buffer (b, &buffer) : take_picture (b, buffer);
  gst_clear_buffer (&buffer);
  return going ? GST_FLOW_OK : GST_FLOW_FLUSHING;
}

/* ---- events ---- */

/* with lock: no answer follows to frames up to the end of the gap */
static void
take_gap (ObsBranch *b, GstEvent *event)
{
  GstClockTime pts, duration;

  gst_event_parse_gap (event, &pts, &duration);
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return;
  pts += GST_CLOCK_TIME_IS_VALID (duration) ? MAX (duration, 1) : 1;
  trib_extract_bound_pts (b->x->core, b->number, pts, obs_extractor_now (b->x));
}

/**
 * obs_branch_answer_event:
 * @b: a branch
 * @event: (transfer full): an event after its answers
 *
 * Returns: %TRUE; events of branches end here
 */
gboolean
obs_branch_answer_event (ObsBranch *b, GstEvent *event)
{
  ObsExtractor *x = b->x;
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    gst_event_parse_caps (event, &caps);
    take_caps (b, caps);
  }
  g_mutex_lock (&x->lock);
  if (x->core && b->state == OBS_BRANCH_RUNNING && !x->stopping && !x->flushing) {
    if (GST_EVENT_TYPE (event) == GST_EVENT_GAP)
      take_gap (b, event);
    else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
      trib_extract_bound (x->core, b->number, G_MAXINT64, obs_extractor_now (x));
    else if (GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM)
      obs_branch_take_mark (b, event);
  }
  obs_extractor_unlock (x);
  gst_event_unref (event);
  return TRUE;
}
