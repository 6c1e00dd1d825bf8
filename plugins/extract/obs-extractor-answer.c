/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a branch says, on whatever thread it says it: records, or pictures with regions of interest. */
#include "obs-extractor.h"

#include <frame/trib-frame-meta.h>

#include "obs-regions.h"

#define GST_CAT_DEFAULT extractor_bin_debug

/* with lock: x->answer goes out, about the frame that it is of */
void
obs_answer_put (ObsExtractor *x)
{
  ObsAnswer *a = &x->answer;
  ObsBranch *b = a->branch;
  g_autoptr (GError) error = NULL;
  const ObsFrame *f;
  GstBuffer *buffer;

  if (a->nothing) {
    x->counts.taken--; /* it was no record */
    obs_records_empty (x, &a->frame, b->name);
    return;
  }
  if (a->made) {
    f = obs_extractor_find_frame (x, TRUE, a->frame.frame_id, a->frame.t_ns);
    buffer = g_steal_pointer (&a->made);
    GST_BUFFER_PTS (buffer) = f ? f->running_time : GST_CLOCK_TIME_NONE;
  } else {
    buffer = obs_records_answer (x, a, &error);
  }
  if (buffer) {
    obs_outlet_put (x, GST_MINI_OBJECT (buffer));
    return;
  }
  x->counts.invalid++;
  b->counts.invalid++;
  obs_report_invalid_answer (b, error->message);
}

/* with lock: a part that is not the last; it belongs to the frame that it names */
static void
put_part (ObsExtractor *x, const TribRecordEnvelope *e)
{
  const ObsFrame *f = obs_extractor_find_frame (
      x, trib_record_has (e, TRIB_RECORD_FIELD_FRAME_ID), e->frame_id, e->t_ns);

  if (f == NULL)
    return;
  x->answer.taken = TRUE;
  x->answer.frame
      = (TribExtractFrame){ .has_frame_id = TRUE, .frame_id = f->frame_id, .t_ns = f->t_ns };
  obs_answer_put (x);
}

/* with lock: x->answer, which gst/extract tells what it is */
static void
give_answer (ObsExtractor *x)
{
  ObsAnswer *a = &x->answer;
  const TribRecordEnvelope *e = a->e;

  if (a->branch->number >= 0 && e->part < e->parts)
    put_part (x, e);
  else if (a->branch->number >= 0)
    trib_extract_answer (x->core, a->branch->number,
        trib_record_has (e, TRIB_RECORD_FIELD_FRAME_ID), e->frame_id, e->t_ns,
        obs_extractor_now (x));
  if (!a->taken)
    x->counts.unmatched++;
}

/* with lock; @whole: (nullable): the buffer, when it is this record and nothing else */
static void
take_record (ObsBranch *b, const TribRecordEnvelope *e, GstBuffer *whole)
{
  ObsExtractor *x = b->x;

  x->counts.taken++;
  b->counts.taken++;
  x->answer = (ObsAnswer){ .branch = b, .e = e, .whole = whole };
  switch (e->kind) {
    case TRIB_RECORD_KIND_OBS:
    case TRIB_RECORD_KIND_EMPTY:
    case TRIB_RECORD_KIND_SKIPPED:
      give_answer (x);
      break;
    case TRIB_RECORD_KIND_BOUND:
    case TRIB_RECORD_KIND_EOS:
      if (b->number >= 0)
        trib_extract_bound (x->core, b->number,
            e->kind == TRIB_RECORD_KIND_EOS ? G_MAXINT64 : e->t_ns, obs_extractor_now (x));
      obs_answer_put (x);
      break;
    default:
      x->counts.invalid++;
      b->counts.invalid++;
      obs_report_invalid_answer (b, "a branch answers with observations, empty, skipped or bound");
      break;
  }
}

/* with lock: a record that cannot be read */
static void
refuse_record (ObsBranch *b, const gchar *why)
{
  b->x->counts.taken++;
  b->x->counts.invalid++;
  b->counts.taken++;
  b->counts.invalid++;
  obs_report_invalid_answer (b, why);
}

/* with lock: each record of a buffer */
static void
take_records (ObsBranch *b, GstBuffer *buffer, const GstMapInfo *map)
{
  TribRecordRead read;
  TribRecordEnvelope e;

  trib_record_reader_set (b->reader, b->format, map->data, map->size);
  do {
    g_autoptr (GError) error = NULL;
    read = trib_record_envelope_read (b->reader, &e, &error);
    if (read == TRIB_RECORD_READ_OK)
      take_record (b, &e, e.record.len == map->size ? buffer : NULL);
    else if (read != TRIB_RECORD_READ_END)
      refuse_record (b, error->message);
  } while (read == TRIB_RECORD_READ_OK || read == TRIB_RECORD_READ_INVALID);
}

/* ---- pictures ---- */

/* with lock: which frame a picture belongs to */
static gboolean
identify_picture (ObsBranch *b, GstBuffer *buffer, TribRecordEnvelope *e)
{
  const ObsFrame *f = NULL;
  TribFrameInfo info;

  if (trib_frame_meta_get (buffer, &info))
    f = obs_extractor_find_frame (b->x, TRUE, info.index, info.t_ns);
  else if (GST_BUFFER_PTS_IS_VALID (buffer))
    f = obs_extractor_find_pts (b->x, GST_BUFFER_PTS (buffer));
  if (f == NULL)
    return FALSE;
  e->frame_id = f->frame_id;
  e->t_ns = f->t_ns;
  return TRUE;
}

/* with lock: what regions of interest say; none are an empty answer */
static void
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

  x->counts.taken++;
  b->counts.taken++;
  if (b->info) {
    e.has |= TRIB_RECORD_BIT (WIDTH) | TRIB_RECORD_BIT (HEIGHT);
    e.width = (guint64) GST_VIDEO_INFO_WIDTH (b->info);
    e.height = (guint64) GST_VIDEO_INFO_HEIGHT (b->info);
  }
  if (!identify_picture (b, buffer, &e)) {
    x->counts.unmatched++;
    return;
  }
  x->answer = (ObsAnswer){ .branch = b, .e = &e };
  x->answer.made = obs_regions_to_record (buffer, &e, x->out_format);
  x->answer.nothing = x->answer.made == NULL;
  give_answer (x);
  gst_clear_buffer (&x->answer.made);
}

/* ---- what it gives ---- */

static void
take_caps (ObsBranch *b, GstCaps *caps)
{
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  GstVideoInfo info;

  b->knows_caps = TRUE;
  b->gives_records = gst_structure_has_name (s, "application/json")
                     || gst_structure_has_name (s, "application/x-msgpack");
  b->format
      = gst_structure_has_name (s, "application/json") ? TRIB_RECORD_JSON : TRIB_RECORD_MSGPACK;
  g_clear_pointer (&b->info, gst_video_info_free);
  if (!b->gives_records && gst_video_info_from_caps (&info, caps))
    b->info = gst_video_info_copy (&info);
}

/* a branch that was started anew hears nothing of caps that came before */
static void
know_caps (ObsBranch *b, GstPad *pad)
{
  g_autoptr (GstCaps) caps = b->knows_caps ? NULL : gst_pad_get_current_caps (pad);

  if (caps)
    take_caps (b, caps);
}

/* with lock, which is let go of: with strategy none nothing makes room for others, so a branch waits as upstream does */
static void
wait_for_outlet (ObsBranch *b)
{
  ObsExtractor *x = b->x;

  while (x->core && !x->stopping && !x->flushing && !b->stop && x->flow == GST_FLOW_OK
         && x->now.config.strategy == TRIB_EXTRACT_STRATEGY_NONE
         && x->out_bytes >= x->now.max_pending_bytes)
    g_cond_wait (&x->room, &x->lock);
}

/**
 * obs_branch_answer:
 * @b: who answers
 * @pad: where
 * @buffer: (transfer full): what
 *
 * @thread: the branch's
 */
GstFlowReturn
obs_branch_answer (ObsBranch *b, GstPad *pad, GstBuffer *buffer)
{
  ObsExtractor *x = b->x;
  GstFlowReturn flow = GST_FLOW_OK;
  GstMapInfo map;
  gboolean mapped;

  know_caps (b, pad);
  mapped = b->gives_records && gst_buffer_map (buffer, &map, GST_MAP_READ);
  obs_extractor_choose_format (x);
  g_mutex_lock (&x->lock);
  wait_for_outlet (b);
  if (x->core == NULL || x->stopping || x->flushing)
    flow = GST_FLOW_FLUSHING;
  else if (mapped)
    take_records (b, buffer, &map);
  else if (b->gives_records)
    refuse_record (b, "its memory cannot be read");
  else
    take_picture (b, buffer);
  g_cond_broadcast (&x->room);
  obs_outlet_wake (x);
  g_mutex_unlock (&x->lock);
  if (mapped)
    gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return flow;
}

/* ---- events ---- */

/* with lock: the capture time of the last frame that began before @pts; FALSE: none did */
static gboolean
last_before (ObsExtractor *x, GstClockTime pts, gint64 *ret_t_ns)
{
  for (guint64 i = x->n_frames; i > 0 && x->n_frames - i < OBS_EXTRACTOR_FRAMES; i--) {
    const ObsFrame *f = &x->frames[(i - 1) % OBS_EXTRACTOR_FRAMES];
    if (GST_CLOCK_TIME_IS_VALID (f->pts) && f->pts < pts) {
      *ret_t_ns = f->t_ns;
      return TRUE;
    }
  }
  return FALSE;
}

/* with lock: nothing more comes of frames up to then */
static void
take_gap (ObsBranch *b, GstEvent *event)
{
  GstClockTime pts, duration;
  gint64 t_ns;

  gst_event_parse_gap (event, &pts, &duration);
  if (!GST_CLOCK_TIME_IS_VALID (pts))
    return;
  pts += GST_CLOCK_TIME_IS_VALID (duration) ? MAX (duration, 1) : 1;
  if (last_before (b->x, pts, &t_ns))
    trib_extract_bound (b->x->core, b->number, t_ns, obs_extractor_now (b->x));
}

/**
 * obs_branch_answer_event:
 * @b: whose
 * @event: (transfer full): what came behind its answers
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
  if (x->core && b->number >= 0 && !x->stopping && !x->flushing) {
    if (GST_EVENT_TYPE (event) == GST_EVENT_GAP) {
      take_gap (b, event);
    } else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
      trib_extract_bound (x->core, b->number, G_MAXINT64, obs_extractor_now (x));
    }
    g_cond_broadcast (&x->room);
    obs_outlet_wake (x);
  }
  g_mutex_unlock (&x->lock);
  gst_event_unref (event);
  return TRUE;
}
