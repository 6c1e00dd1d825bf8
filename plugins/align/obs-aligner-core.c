/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The calls of gst/align: records of pads become records of the aligner, its events become items
 * of the output queue, messages and trace records. All functions require the element's lock.
 *
 * Three times meet here. The aligner runs on the system's monotonic clock. t_ns are capture
 * times, on whatever clock the sources have: since 1970 when the first of them is past the year
 * 2000, else the monotonic one. Running times are those of the buffers, in and out. */
#include <common/trib-time.h>
#include <string.h>

#include "gstobsaligner-private.h"
#include "obs-aligner-report.h"

#define GST_CAT_DEFAULT obs_aligner_debug

/* capture times past this are of a clock that began in 1970 */
#define YEAR_2000_NS (G_GINT64_CONSTANT (946684800) * GST_SECOND)

struct _ObsCore {
  TribAlignStreams *streams; /* the owner of a source is its pad */
};

/* ---- events of the aligner ---- */

/* of the frame's own records, those that have one; else as earlier records had */
static GstClockTime
find_pts (GstObsAligner *self, const TribAlignResult *result)
{
  const TribRecordFused *fused = &result->fused;
  gint64 pts;

  for (guint i = 0; i < fused->n_answers; i++) {
    const ObsPayload *payload = result->have[i].record->payload;

    if (payload && fused->answers[i].stale_ns < 0 && GST_CLOCK_TIME_IS_VALID (payload->running_time)
        && payload->t_ns == fused->t_ns)
      return payload->running_time;
  }
  if (!self->has_offset)
    return GST_CLOCK_TIME_NONE;
  pts = trib_time_add (fused->t_ns, self->offset);
  return pts >= 0 ? (GstClockTime) pts : 0;
}

static void
on_emit (GstObsAligner *self, TribAlignResult *result, gint64 now)
{
  ObsItem item = { OBS_ITEM_RESULT, .result = result, .pts = find_pts (self, result) };

  for (guint i = 0; i < result->fused.n_answers; i++)
    result->fused.answers[i].delay_ns
        = trib_align_delay (result->fused.answers[i].delay_ns, self->shift);
  self->counts.frames_fused++;
  obs_report_result (self, result, now);
  obs_queue_push (&self->queue, &item);
}

static void
on_late (GstObsAligner *self, const TribAlignEvent *event)
{
  obs_report_late (self, event);
  if (self->now.config.late_policy == TRIB_ALIGN_LATE_SIDE) {
    ObsItem item = { OBS_ITEM_LATE, .late = obs_payload_to_buffer (event->record),
      .format = event->record->format };
    obs_queue_push (&self->queue, &item);
  }
}

/* no source of any stream will send records up to that capture time */
static void
on_all_idle (GstObsAligner *self, const TribAlignEvent *event)
{
  gint64 pts = trib_time_add (event->t_ns, self->offset);

  if (!self->has_offset || pts < 0 || !trib_align_streams_are_idle (self->core->streams))
    return;
  self->counts.gaps_out++;
  obs_queue_push_event (&self->queue, gst_event_new_gap ((GstClockTime) pts, GST_CLOCK_TIME_NONE));
}

static void
on_event (gpointer user_data, const TribAlignEvent *event)
{
  GstObsAligner *self = user_data;

  obs_report_event (self, event);
  switch (event->kind) {
    case TRIB_ALIGN_EVENT_EMIT:
      on_emit (self, event->result, event->now_ns);
      break;
    case TRIB_ALIGN_EVENT_SYNC_DELAY:
      obs_report_sync_delay (self, event);
      break;
    case TRIB_ALIGN_EVENT_LATE:
      on_late (self, event);
      break;
    case TRIB_ALIGN_EVENT_DUPLICATE:
      obs_report_duplicate (self, event);
      break;
    case TRIB_ALIGN_EVENT_DROP:
      obs_report_drop (self, event);
      break;
    case TRIB_ALIGN_EVENT_ALL_IDLE:
      on_all_idle (self, event);
      break;
    case TRIB_ALIGN_EVENT_IDLE:
    case TRIB_ALIGN_EVENT_ACTIVE:
    case TRIB_ALIGN_EVENT_UNSYNCED:
    case TRIB_ALIGN_EVENT_SYNCED:
      obs_report_source (self, event);
      break;
    case TRIB_ALIGN_EVENT_JUMP:
      obs_report_jump (self, event);
      break;
    default:
      break;
  }
}

static void
on_release (gpointer user_data, gpointer payload)
{
  obs_payload_free (payload);
}

/* ---- life cycle ---- */

static TribAlignStreams *
make_streams (GstObsAligner *self, gboolean live, GError **error)
{
  TribAlignConfig config;

  obs_settings_to_config (&self->now, live, &config);
  return trib_align_streams_new (&config, on_event, on_release, self, error);
}

gboolean
obs_core_start (GstObsAligner *self, GError **error)
{
  TribAlignStreams *streams = make_streams (self, FALSE, error);

  if (streams == NULL)
    return FALSE;
  self->core = g_new0 (ObsCore, 1);
  self->core->streams = streams;
  self->shift = 0;
  self->has_shift = FALSE;
  self->stopped = FALSE;
  obs_core_update_stopped (self, obs_aligner_clock (self));
  return TRUE;
}

void
obs_core_stop (GstObsAligner *self)
{
  if (self->core == NULL)
    return;
  trib_align_streams_free (self->core->streams);
  g_clear_pointer (&self->core, g_free);
}

/* before the first record, as deadlines depend on it */
void
obs_core_set_live (GstObsAligner *self, gboolean live)
{
  self->live = live;
  g_atomic_int_set (&self->live_known, TRUE);
  if (!live)
    return;
  trib_align_streams_free (self->core->streams);
  /* the same settings were valid before */
  self->core->streams = make_streams (self, TRUE, NULL);
  trib_align_streams_set_stopped (self->core->streams, self->stopped, obs_aligner_clock (self));
}

/* (nullable) */
TribAlignStreams *
obs_core_get_streams (GstObsAligner *self)
{
  return self->core ? self->core->streams : NULL;
}

/* without lock: a setting was changed */
void
obs_core_settings_changed (GstObsAligner *self, guint id)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *sources = NULL;
  gint on_full, level;

  if (id != OBS_SETTING_SOURCES && id != OBS_SETTING_ON_DOWNSTREAM_FULL
      && id != OBS_SETTING_TRACE_LEVEL)
    return;
  GST_OBJECT_LOCK (self);
  sources = g_strdup (self->settings.config.sources);
  on_full = self->settings.on_full;
  level = self->settings.trace_level;
  GST_OBJECT_UNLOCK (self);
  g_mutex_lock (&self->lock);
  self->now.on_full = on_full;
  trib_trace_set_level (self->trace, level);
  if (self->core && id == OBS_SETTING_SOURCES) {
    gint64 now = obs_aligner_clock (self);
    obs_core_advance (self, now);
    if (trib_align_streams_set_sources (self->core->streams, sources, &error))
      obs_report_sources (self, sources, now);
  }
  g_cond_broadcast (&self->space);
  g_mutex_unlock (&self->lock);
  if (error)
    GST_ELEMENT_WARNING (
        self, RESOURCE, SETTINGS, ("%s", error->message), ("keeping the previous sources"));
}

/* ---- records ---- */

/* the clock of capture times, by the first of them */
static void
find_shift (GstObsAligner *self, gint64 t_ns, gint64 now)
{
  if (self->has_shift)
    return;
  self->has_shift = TRUE;
  self->shift = t_ns > YEAR_2000_NS ? g_get_real_time () * 1000 - now : 0;
  if (self->shift != 0)
    obs_report_shift (self, now);
}

/* For window-base=capture: the capture clock follows the running time, where records and the
 * pipeline have one; else the aligner takes it from its first record. */
static void
update_capture_clock (GstObsAligner *self, gint64 now)
{
  GstClockTime running_time = GST_CLOCK_TIME_NONE;

  if (self->now.config.window_base != TRIB_ALIGN_BASE_CAPTURE)
    return;
  if (self->has_offset)
    running_time = gst_element_get_current_running_time (GST_ELEMENT (self));
  if (GST_CLOCK_TIME_IS_VALID (running_time))
    trib_align_streams_set_capture_offset (self->core->streams,
        trib_time_sub (now, trib_time_sub ((gint64) running_time, self->offset)));
}

/* the capture time of a record: its own, or that of its buffer, or its arrival */
static gint64
capture_time (GstObsAligner *self, GstObsAlignerPad *pad, const TribRecordEnvelope *envelope,
    GstClockTime running_time, gint64 now)
{
  if (trib_record_has (envelope, TRIB_RECORD_FIELD_T_NS)) {
    find_shift (self, envelope->t_ns, now);
    if (GST_CLOCK_TIME_IS_VALID (running_time)) {
      pad->offset = self->offset = trib_time_sub ((gint64) running_time, envelope->t_ns);
      pad->has_offset = self->has_offset = TRUE;
    }
    update_capture_clock (self, now);
    return envelope->t_ns;
  }
  if (GST_CLOCK_TIME_IS_VALID (running_time))
    return trib_time_sub ((gint64) running_time, self->has_offset ? self->offset : 0);
  return trib_time_add (now, self->shift);
}

static gboolean
to_kind (TribRecordKind kind, TribAlignKind *ret_kind)
{
  static const TribAlignKind kinds[] = {
    [TRIB_RECORD_KIND_OBS] = TRIB_ALIGN_KIND_OBS,
    [TRIB_RECORD_KIND_EMPTY] = TRIB_ALIGN_KIND_EMPTY,
    [TRIB_RECORD_KIND_SKIPPED] = TRIB_ALIGN_KIND_SKIPPED,
    [TRIB_RECORD_KIND_BOUND] = TRIB_ALIGN_KIND_BOUND,
    [TRIB_RECORD_KIND_ANNOUNCE] = TRIB_ALIGN_KIND_ANNOUNCE,
    [TRIB_RECORD_KIND_EOS] = TRIB_ALIGN_KIND_EOS,
  };

  if ((guint) kind >= G_N_ELEMENTS (kinds))
    return FALSE;
  *ret_kind = kinds[kind];
  return TRUE;
}

/* the names of an announce, terminated; the caller frees the strings */
static void
copy_names (const TribRecordEnvelope *envelope, gchar **names)
{
  for (guint i = 0; i < envelope->n_names; i++)
    names[i] = g_strndup (envelope->names[i].str, envelope->names[i].len);
  names[envelope->n_names] = NULL;
}

static gchar *
terminated (TribRecordSlice text, gchar buf[TRIB_RECORD_MAX_TEXT_BYTES + 1])
{
  gsize len = MIN (text.len, TRIB_RECORD_MAX_TEXT_BYTES);

  memcpy (buf, text.str, len);
  buf[len] = '\0';
  return buf;
}

/**
 * obs_core_push:
 * @envelope: a record; its source may be replaced
 * @record: with its payload, which is taken
 *
 * Returns: whether it is a record that a source may send here
 */
gboolean
obs_core_push (GstObsAligner *self, GstObsAlignerPad *pad, const TribRecordEnvelope *envelope,
    TribAlignRecord *record, gint64 now)
{
  gchar source[TRIB_RECORD_MAX_TEXT_BYTES + 1];
  gchar *names[TRIB_RECORD_MAX_NAMES + 1];
  g_autoptr (TribStreamKey) stream = trib_stream_key_from_record (envelope);
  ObsPayload *payload = record->payload;

  names[0] = NULL;
  if (!to_kind (envelope->kind, &record->kind)) {
    obs_payload_free (payload);
    return FALSE;
  }
  record->stream = stream;
  record->has_frame_id = trib_record_has (envelope, TRIB_RECORD_FIELD_FRAME_ID);
  record->frame_id = envelope->frame_id;
  record->has_seq = trib_record_has (envelope, TRIB_RECORD_FIELD_SEQ);
  record->seq = envelope->seq;
  record->part = (guint) MIN (envelope->part, G_MAXUINT);
  record->parts = (guint) MIN (envelope->parts, G_MAXUINT);
  record->is_late = trib_record_has (envelope, TRIB_RECORD_FIELD_LATE) && envelope->late;
  if (record->kind == TRIB_ALIGN_KIND_ANNOUNCE) {
    copy_names (envelope, names);
    if (trib_record_has (envelope, TRIB_RECORD_FIELD_EXPECTED))
      record->expected = (const gchar *const *) names;
  } else {
    record->source = terminated (envelope->source, source);
    record->owner = pad;
  }
  record->t_ns = payload->t_ns = capture_time (self, pad, envelope, payload->running_time, now);
  self->counts.control += record->kind > TRIB_ALIGN_KIND_SKIPPED;
  /* what was scheduled before it happens first, also in the log */
  obs_core_advance (self, now);
  obs_report_arrival (self, envelope, record, now);
  obs_report_timing (self, envelope, record);
  trib_align_streams_push (self->core->streams, record, now);
  for (guint i = 0; names[i]; i++)
    g_free (names[i]);
  return TRUE;
}

/* ---- pads ---- */

/* a source of a stream, as events of pads are about it */
typedef struct {
  TribStreamKey *stream; /* (nullable) */
  gchar *name;
} Source;

static void
source_clear (gpointer data)
{
  Source *source = data;

  trib_stream_key_unref (source->stream);
  g_free (source->name);
}

/* the sources of @pad in all streams, and whether its own name has an owner; the list stays as it
 * is while records are pushed */
static GArray *
list_sources (GstObsAligner *self, GstObsAlignerPad *pad, const gchar *own, gboolean *ret_owned)
{
  TribAlignStreams *streams = self->core->streams;
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Source));

  g_array_set_clear_func (list, source_clear);
  *ret_owned = FALSE;
  for (guint i = 0; i < trib_align_streams_get_n (streams); i++) {
    const TribAlign *align = trib_align_streams_get (streams, i);

    for (guint k = 0; k < trib_align_get_n_sources (align); k++) {
      TribAlignSourceInfo info;

      trib_align_get_source (align, k, &info);
      *ret_owned |= info.owner != NULL && g_strcmp0 (info.name, own) == 0;
      if (info.owner == pad) {
        Source source
            = { trib_stream_key_ref (trib_align_get_stream (align)), g_strdup (info.name) };
        g_array_append_val (list, source);
      }
    }
  }
  return list;
}

typedef void (*SourceFunc) (
    GstObsAligner *self, GstObsAlignerPad *pad, const Source *source, gint64 now);

static void
for_each_source (GstObsAligner *self, GstObsAlignerPad *pad, SourceFunc func, gint64 now)
{
  g_autoptr (GArray) list = NULL;
  g_autofree gchar *own_name = NULL;
  gboolean owned;

  GST_OBJECT_LOCK (pad);
  own_name = g_strdup (pad->source);
  GST_OBJECT_UNLOCK (pad);
  list = list_sources (self, pad, own_name, &owned);
  if (own_name && *own_name && !owned) {
    const Source own = { NULL, own_name };
    func (self, pad, &own, now);
  }
  for (guint i = 0; i < list->len; i++)
    func (self, pad, &g_array_index (list, Source, i), now);
}

/* an event of a pad, as a record of its source */
static void
push_said (GstObsAligner *self, GstObsAlignerPad *pad, TribAlignKind kind, const Source *source,
    gint64 t_ns, gint64 now)
{
  TribAlignRecord record = {
    .kind = kind, .stream = source->stream, .source = source->name, .owner = pad, .t_ns = t_ns
  };
  TribRecordEnvelope envelope
      = { .kind = kind == TRIB_ALIGN_KIND_EOS ? TRIB_RECORD_KIND_EOS : TRIB_RECORD_KIND_BOUND };

  obs_core_advance (self, now);
  envelope.has = TRIB_RECORD_BIT (KIND);
  trib_stream_key_to_record (source->stream, &envelope);
  obs_report_arrival (self, &envelope, &record, now);
  trib_align_streams_push (self->core->streams, &record, now);
}

/* an empty answer made here; counted and logged like input */
static void
push_empty (GstObsAligner *self, GstObsAlignerPad *pad, const Source *source,
    const TribAlignFrame *frame, gint64 now)
{
  g_autoptr (GString) text = g_string_sized_new (128);
  TribAlignRecord record = { .format = TRIB_RECORD_JSON };
  TribRecordEnvelope e = {
    .kind = TRIB_RECORD_KIND_EMPTY,
    .has = TRIB_RECORD_BIT (KIND) | TRIB_RECORD_BIT (SOURCE) | TRIB_RECORD_BIT (T_NS)
           | (frame->has_frame_id ? TRIB_RECORD_BIT (FRAME_ID) : 0),
    .source = TRIB_RECORD_TEXT (source->name),
    .frame_id = frame->frame_id,
    .t_ns = frame->t_ns,
    .part = 1,
    .parts = 1,
  };
  TribRecordWriter w;

  trib_stream_key_to_record (source->stream, &e);
  trib_record_writer_init (&w, TRIB_RECORD_JSON, text);
  trib_record_envelope_write (&w, &e);
  e.record = (TribRecordSlice){ text->str, text->len };
  obs_payload_new (NULL, NULL, &e, GST_CLOCK_TIME_NONE, &record);
  self->counts.records_in++;
  self->counts.bytes_in += text->len;
  obs_core_push (self, pad, &e, &record, now);
}

/* announced frames of that time that wait for @source */
static GArray *
get_unanswered (GstObsAligner *self, const Source *source, gint64 from, gint64 until)
{
  TribAlignStreams *streams = self->core->streams;

  for (guint i = 0; i < trib_align_streams_get_n (streams); i++) {
    const TribAlign *align = trib_align_streams_get (streams, i);

    if (trib_stream_key_equal (trib_align_get_stream (align), source->stream))
      return trib_align_get_unanswered (align, source->name, from, until);
  }
  return g_array_new (FALSE, FALSE, sizeof (TribAlignFrame));
}

/**
 * obs_core_gap:
 * @from: capture time
 * @until: capture time
 *
 * No record captured up to the end of the gap follows on this pad. For announced frames in the
 * gap its sources have an empty answer.
 */
void
obs_core_gap (GstObsAligner *self, GstObsAlignerPad *pad, gint64 from, gint64 until, gint64 now)
{
  gboolean owned;
  g_autoptr (GArray) list = list_sources (self, pad, NULL, &owned);

  self->counts.gaps_in++;
  for (guint i = 0; i < list->len; i++) {
    const Source *source = &g_array_index (list, Source, i);
    g_autoptr (GArray) frames = get_unanswered (self, source, from, until);

    for (guint k = 0; k < frames->len; k++)
      push_empty (self, pad, source, &g_array_index (frames, TribAlignFrame, k), now);
    push_said (self, pad, TRIB_ALIGN_KIND_BOUND, source, until, now);
  }
}

static void
end_source (GstObsAligner *self, GstObsAlignerPad *pad, const Source *source, gint64 now)
{
  push_said (self, pad, TRIB_ALIGN_KIND_EOS, source, 0, now);
}

void
obs_core_pad_eos (GstObsAligner *self, GstObsAlignerPad *pad, gint64 now)
{
  for_each_source (self, pad, end_source, now);
}

/* a removed pad has no sources */
void
obs_core_pad_gone (GstObsAligner *self, GstObsAlignerPad *pad)
{
  trib_align_streams_forget_owner (self->core->streams, pad);
}

static void
flush_source (GstObsAligner *self, GstObsAlignerPad *pad, const Source *source, gint64 now)
{
  obs_core_advance (self, now);
  obs_report_flush (self, source->stream, source->name, now);
  trib_align_streams_flush_source (self->core->streams, source->stream, source->name, now);
}

void
obs_core_flush_pad (GstObsAligner *self, GstObsAlignerPad *pad, gint64 now)
{
  for_each_source (self, pad, flush_source, now);
}

/* ---- time ---- */

/* No source becomes idle while the element is not PLAYING, nor while a push blocks. A push that
 * turns out to last counts from its start. */
void
obs_core_update_stopped (GstObsAligner *self, gint64 now)
{
  gboolean lasting = self->in_push && now - self->push_since >= (gint64) OBS_LASTING_PUSH_NS;
  gboolean stopped = !self->playing || lasting;

  if (self->core == NULL || stopped == self->stopped)
    return;
  self->stopped = stopped;
  if (stopped && self->playing)
    now = self->push_since;
  trib_align_streams_advance (self->core->streams, now);
  obs_report_stopped (self, stopped, now);
  trib_align_streams_set_stopped (self->core->streams, stopped, now);
}

void
obs_core_advance (GstObsAligner *self, gint64 now)
{
  obs_core_update_stopped (self, now);
  trib_align_streams_advance (self->core->streams, now);
}

/* -1: none */
gint64
obs_core_next_deadline (GstObsAligner *self)
{
  return self->core ? MAX (trib_align_streams_next_deadline (self->core->streams), -1) : -1;
}

void
obs_core_finish (GstObsAligner *self, gint64 now)
{
  obs_core_advance (self, now);
  obs_report_finish (self, now);
  trib_align_streams_finish (self->core->streams, now);
}

void
obs_core_flush (GstObsAligner *self, gint64 now)
{
  obs_core_advance (self, now);
  obs_report_flush (self, NULL, NULL, now);
  trib_align_streams_flush (self->core->streams, now);
}
