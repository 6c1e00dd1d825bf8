/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What kafkabinarysrc does on its streaming thread: from the frames that the core gives to buffers,
 * gaps and messages. */
#include "config.h"

#include "gstkafkabinarysrc-private.h"

#include <frame/trib-frame-meta.h>
#include <gio/gio.h>
#include <kafka/layout/trib-kafka-content.h>
#include <kafka/layout/trib-kafka-names.h>

/* between two lines of the log, while no broker answers */
#define METADATA_TIMEOUT_US (5 * G_TIME_SPAN_SECOND)
#define TAIL_TIMEOUT_US (10 * G_TIME_SPAN_SECOND)
/* how far before its target a seek looks for a frame that can be decoded by itself */
#define KEY_DISTANCE_NS (10 * (gint64) GST_SECOND)

/* in front of the first frame that can be decoded by itself, after a seek */
static void
skip (GstKafkaBinarySrc *self, TribKafkaFramesItem *item)
{
  trib_kafka_message_clear (&item->message);
  GST_OBJECT_LOCK (self);
  self->skipped++;
  GST_OBJECT_UNLOCK (self);
}

static void
drop_waiting (GstKafkaBinarySrc *self)
{
  if (self->has_waiting)
    skip (self, &self->waiting);
  self->has_waiting = FALSE;
}

/* ---- positions ---- */

/* back to where reading begins; nothing is known of the frames */
void
gst_kafka_binary_src_reset (GstKafkaSource *source)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (source);
  const TribKafkaPosition at = gst_kafka_source_first_position (source);

  drop_waiting (self);
  trib_kafka_frames_seek (
      self->frames, &at, at.start == TRIB_KAFKA_START_TIME ? source->start_ns : G_MININT64);
  gst_kafka_kind_clear (&self->kind);
  gst_clear_caps (&self->caps);
  self->has_base = self->has_duration = self->is_placed = self->seek_pending = FALSE;
  self->needs_key = TRUE;
  self->discont = TRUE;
  self->begun = self->new_session = FALSE;
  self->last_pts = GST_CLOCK_TIME_NONE;
}

/* whatever stands in a key: nothing overflows */
static GstClockTime
time_since_base (const GstKafkaBinarySrc *self, gint64 t_ns)
{
  return t_ns > self->base_ns ? MIN ((guint64) t_ns - (guint64) self->base_ns, G_MAXINT64) : 0;
}

static void
seek_time (GstKafkaBinarySrc *self, GstClockTime position)
{
  gint64 t_ns = self->base_ns > 0 && position > (GstClockTime) (G_MAXINT64 - self->base_ns)
                    ? G_MAXINT64
                    : self->base_ns + (gint64) MIN (position, G_MAXINT64);
  gint64 before = self->kind.has_delta ? KEY_DISTANCE_NS : 0;
  gint64 from_ns = t_ns < G_MININT64 + before ? G_MININT64 : t_ns - before;
  TribKafkaPosition at = gst_kafka_source_first_position (GST_KAFKA_SOURCE (self));

  at.start = TRIB_KAFKA_START_TIME;
  at.t_ms = gst_kafka_source_ms (from_ns);
  trib_kafka_frames_seek (self->frames, &at, MAX (from_ns, self->base_ns));
}

/* A recorder plays from the place that is set; what can be sought is all that is kept. Where
 * reading ends, stream time begins with the first frame that the start names. */
static gboolean
begins_at_oldest (const GstKafkaBinarySrc *self)
{
  const GstKafkaSource *source = &self->parent;

  return source->now.start == TRIB_KAFKA_START_LATEST
         || (source->now.start != TRIB_KAFKA_START_EARLIEST
             && gst_kafka_source_is_following (source));
}

/* while no buffer is made */
void
gst_kafka_binary_src_seek (GstKafkaSource *source, GstClockTime position)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (source);

  drop_waiting (self);
  self->discont = TRUE;
  self->needs_key = TRUE;
  self->begun = self->new_session = FALSE;
  self->last_pts = GST_CLOCK_TIME_NONE;
  /* the first one is the base class's own, to the beginning */
  if (self->has_base) {
    seek_time (self, position);
  } else {
    self->seek_to = position;
    self->seek_pending = position > 0 || (self->is_placed && begins_at_oldest (self));
  }
  self->is_placed = TRUE;
}

/* ---- messages ---- */

typedef struct {
  guint64 index;
  guint64 count;
  const gchar *reason;
  const gchar *frame_id;
  gint64 t_ns;
  const gchar *error_message;
} Missing;

typedef struct {
  const gchar *session;
  const gchar *stream;
  const gchar *frame_id;
} Names;

#define MISSING(member) G_STRUCT_OFFSET (Missing, member)
#define NAME(member) G_STRUCT_OFFSET (Names, member)

/* clang-format off */
static const TribField frames_missing_fields[] = {
  { "index", TRIB_FIELD_UINT64, MISSING (index), "index of the first" },
  { "count", TRIB_FIELD_UINT64, MISSING (count), "frames" },
  { "reason", TRIB_FIELD_TEXT, MISSING (reason),
    "the registry's word for a frame that failed, or expired (removed by retention), damaged, "
    "other-topic, unknown" },
};
/* where a record names the frame */
static const TribField missing_named_fields[] = {
  { "frame-id", TRIB_FIELD_TEXT, MISSING (frame_id), "only where a record names the frame" },
  { "t-ns", TRIB_FIELD_INT64, MISSING (t_ns), "likewise: capture time, ns since the Unix epoch" },
};
static const TribField missing_failed_fields[] = {
  { "error-message", TRIB_FIELD_TEXT, MISSING (error_message),
    "only of a frame that failed: the registry's text for people" },
};
static const TribField frames_stream_fields[] = {
  { "stream", TRIB_FIELD_TEXT, NAME (stream), "the stream that is skipped" },
};
static const TribField frames_session_fields[] = {
  { "session", TRIB_FIELD_TEXT, NAME (session), "session id" },
  { "stream", TRIB_FIELD_TEXT, NAME (stream), "stream id" },
};
static const TribField frames_other_session_fields[] = {
  { "session", TRIB_FIELD_TEXT, NAME (session), "the session that is skipped" },
  { "stream", TRIB_FIELD_TEXT, NAME (stream), "stream id" },
  { "frame-id", TRIB_FIELD_TEXT, NAME (frame_id), "the first frame of it that is skipped" },
};
/* clang-format on */
static const TribFieldTable missing_message = TRIB_FIELD_TABLE (
    "kafkabinarysrc-frames-missing", "frames are missing", frames_missing_fields);
static const TribFieldTable missing_named
    = TRIB_FIELD_TABLE ("kafkabinarysrc-frames-missing", NULL, missing_named_fields);
static const TribFieldTable missing_failed
    = TRIB_FIELD_TABLE ("kafkabinarysrc-frames-missing", NULL, missing_failed_fields);
static const TribFieldTable stream_message = TRIB_FIELD_TABLE ("kafkabinarysrc-other-stream",
    "frames of another stream are skipped; once each", frames_stream_fields);
static const TribFieldTable other_session_message = TRIB_FIELD_TABLE (
    "kafkabinarysrc-other-session",
    "frames of a session, or of a run of it, are skipped because another one is given; once each",
    frames_other_session_fields);
static const TribFieldTable session_message = TRIB_FIELD_TABLE (
    "kafkabinarysrc-session", "the frames that follow are of this session", frames_session_fields);

static void
set_link (GstKafkaBinarySrc *self, const TribKafkaFramesItem *item)
{
  TribKafkaFramesCounts counts;

  trib_kafka_frames_get_counts (self->frames, &counts);
  gst_kafka_source_set_link (GST_KAFKA_SOURCE (self), &item->link, counts.pending, item->text);
}

static void
post_missing (GstKafkaBinarySrc *self, const TribKafkaFramesItem *item)
{
  const TribKafkaCandidate *c = item->candidate;
  Missing values = { .index = item->index, .count = item->n_missing, .reason = item->reason };
  GstStructure *s;

  if (c) {
    values.frame_id = c->entry.identity.frame_id;
    values.t_ns = c->entry.identity.t_ns;
    values.error_message = c->entry.error_message;
  }
  s = trib_fields_to_structure (&missing_message, &values);
  if (c)
    trib_fields_add (s, missing_named.fields, missing_named.n_fields, &values);
  if (values.error_message)
    trib_fields_add (s, missing_failed.fields, missing_failed.n_fields, &values);
  gst_element_post_message (GST_ELEMENT (self), gst_message_new_element (GST_OBJECT (self), s));
}

static void
warn_malformed (GstKafkaBinarySrc *self, const gchar *why)
{
  gst_kafka_source_warn_malformed (GST_KAFKA_SOURCE (self),
      "The topics contain records that are not frames of gst-tributary; they are skipped.", why);
}

static void
post_names (GstKafkaBinarySrc *self, const TribFieldTable *table, const TribKafkaCandidate *c)
{
  const TribKafkaIdentity *id = &c->entry.identity;
  const Names names = { id->session, id->stream, id->frame_id };

  gst_kafka_source_post (GST_KAFKA_SOURCE (self), table, &names);
}

/* ---- what the bytes are ---- */

/* by its key, however long that takes: the frame is lost without it */
static GstFlowReturn
find_metadata (
    GstKafkaBinarySrc *self, const TribKafkaFramesItem *item, TribKafkaMessage *ret_record)
{
  GstKafkaSource *source = GST_KAFKA_SOURCE (self);

  for (;;) {
    TribKafkaFramesItem meanwhile;

    switch (trib_kafka_frames_get_metadata (self->frames, item->candidate,
        gst_kafka_source_next_deadline (source), ret_record, &meanwhile)) {
      case TRIB_KAFKA_FRAMES_FRAME:
        return GST_FLOW_OK;
      case TRIB_KAFKA_FRAMES_LINK:
        set_link (self, &meanwhile);
        break;
      case TRIB_KAFKA_FRAMES_FLUSHING:
        return GST_FLOW_FLUSHING;
      default:
        if (gst_kafka_source_is_away_too_long (source))
          return GST_FLOW_ERROR;
    }
  }
}

/* likewise at its place; without it when it is not there any more */
static GstFlowReturn
read_metadata (
    GstKafkaBinarySrc *self, const TribKafkaFramesItem *item, TribKafkaMessage *ret_record)
{
  const TribKafkaPointer *place = &item->candidate->entry.metadata;

  for (;;) {
    g_autoptr (GError) error = NULL;

    if (trib_kafka_reader_get (self->reader, place->topic, place->partition, place->offset,
            g_get_monotonic_time () + METADATA_TIMEOUT_US, ret_record, &error))
      return GST_FLOW_OK;
    if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      return GST_FLOW_FLUSHING;
    GST_INFO_OBJECT (
        self, "metadata of frame %s: %s", item->candidate->entry.identity.frame_id, error->message);
    if (!g_error_matches (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_UNREACHABLE))
      return GST_FLOW_OK;
  }
}

static gboolean
read_hints (
    GstKafkaBinarySrc *self, const TribKafkaFramesItem *item, const TribKafkaMessage *record)
{
  g_auto (TribKafkaHints) hints = { 0 };

  return record->value
         && trib_kafka_hints_parse (
             &hints, self->json, (const gchar *) record->value, record->value_len)
         && gst_kafka_kind_from_hints (&self->kind, &hints, &item->message);
}

/* OK: @ret_known says whether metadata says what it is */
static GstFlowReturn
ask_metadata (GstKafkaBinarySrc *self, const TribKafkaFramesItem *item, gboolean *ret_known)
{
  const TribKafkaPointer *place = &item->candidate->entry.metadata;
  g_auto (TribKafkaMessage) record = { 0 };
  GstFlowReturn flow = GST_FLOW_OK;

  if (self->frames_config.any_producer)
    return flow;
  flow = place->offset < 0 || place->topic == NULL ? find_metadata (self, item, &record)
                                                   : read_metadata (self, item, &record);
  *ret_known = flow == GST_FLOW_OK && read_hints (self, item, &record);
  return flow;
}

static GstFlowReturn
find_kind (GstKafkaBinarySrc *self, const TribKafkaFramesItem *item, gboolean *ret_known)
{
  GstFlowReturn flow = GST_FLOW_OK;

  *ret_known = gst_kafka_kind_from_headers (&self->kind, &item->message)
               || gst_kafka_kind_from_magic (&self->kind, &item->message);
  if (!*ret_known)
    flow = ask_metadata (self, item, ret_known);
  if (flow == GST_FLOW_OK && !*ret_known)
    *ret_known = gst_kafka_kind_from_typefinding (&self->kind, GST_OBJECT (self), &item->message);
  return flow;
}

/* ---- the first frame ---- */

/* the oldest or the youngest frame of a stream */
static gboolean
look_at_ends (GstKafkaBinarySrc *self, const gchar *stream, gboolean oldest, gint64 *ret_t_ns)
{
  GstKafkaSource *source = GST_KAFKA_SOURCE (self);
  TribKafkaFramesConfig config = self->frames_config;
  gint64 deadline = g_get_monotonic_time () + TAIL_TIMEOUT_US;
  TribKafkaTail *tail;
  gboolean found;

  config.stream = stream;
  tail = trib_kafka_tail_new (&config, NULL);
  if (tail == NULL)
    return FALSE;
  GST_OBJECT_LOCK (self);
  self->tail = tail;
  trib_kafka_tail_set_flushing (tail, source->flushing);
  GST_OBJECT_UNLOCK (self);
  found = (oldest ? trib_kafka_tail_find_oldest : trib_kafka_tail_find) (
      tail, source->now.start_partition, deadline, ret_t_ns);
  GST_OBJECT_LOCK (self);
  self->tail = NULL;
  GST_OBJECT_UNLOCK (self);
  trib_kafka_tail_free (tail);
  return found;
}

static void
find_duration (GstKafkaBinarySrc *self, const gchar *stream)
{
  GstKafkaSource *source = GST_KAFKA_SOURCE (self);
  gint64 last_ns;

  if (look_at_ends (self, stream, FALSE, &last_ns) && last_ns >= self->base_ns) {
    GST_OBJECT_LOCK (self);
    source->duration = time_since_base (self, last_ns)
                       + (GST_CLOCK_TIME_IS_VALID (self->kind.duration) ? self->kind.duration : 0);
    GST_OBJECT_UNLOCK (self);
  }
  gst_element_post_message (
      GST_ELEMENT (self), gst_message_new_duration_changed (GST_OBJECT (self)));
}

/* Stream time 0: the frame @s, or where all that is kept can be sought the oldest one.
 * Returns: FLUSHING: that is not known */
static GstFlowReturn
find_base (GstKafkaBinarySrc *self, const TribKafkaCandidate *s)
{
  GstKafkaSource *source = GST_KAFKA_SOURCE (self);
  gint64 base_ns = s->entry.identity.t_ns, oldest_ns;
  gboolean flushing;

  if (begins_at_oldest (self) && look_at_ends (self, s->entry.identity.stream, TRUE, &oldest_ns))
    base_ns = MIN (base_ns, oldest_ns);
  GST_OBJECT_LOCK (self);
  flushing = source->flushing;
  GST_OBJECT_UNLOCK (self);
  if (flushing && begins_at_oldest (self))
    return GST_FLOW_FLUSHING;
  self->has_base = TRUE;
  self->base_ns = base_ns;
  return GST_FLOW_OK;
}

/* a seek before any frame was given: what is kept is known all the same */
static void
seek_before_first (GstKafkaBinarySrc *self)
{
  if (self->has_base || !self->seek_pending || !begins_at_oldest (self)
      || !look_at_ends (self, self->frames_config.stream, TRUE, &self->base_ns))
    return;
  self->has_base = TRUE;
  self->seek_pending = FALSE;
  seek_time (self, self->seek_to);
}

/* what is written while the source follows makes the recording longer */
static void
grow_duration (GstKafkaBinarySrc *self, GstClockTime pts)
{
  GstKafkaSource *source = GST_KAFKA_SOURCE (self);
  GstClockTime end
      = pts + (GST_CLOCK_TIME_IS_VALID (self->kind.duration) ? self->kind.duration : 0);

  if (!gst_kafka_source_is_following (source))
    return;
  GST_OBJECT_LOCK (self);
  if (!GST_CLOCK_TIME_IS_VALID (source->duration) || end > source->duration)
    source->duration = end;
  GST_OBJECT_UNLOCK (self);
}

/* A live source's first frame is of now. A session that follows another one continues in running
 * time, however long nothing was captured between them. */
static void
place_in_time (GstKafkaBinarySrc *self, const TribKafkaFramesItem *item, GstClockTime pts)
{
  GstKafkaSource *source = GST_KAFKA_SOURCE (self);
  gboolean live = gst_base_src_is_live (GST_BASE_SRC (self));
  GstClockTime running = 0;

  if (self->begun && self->new_session) {
    GstSegment *segment = &GST_BASE_SRC (self)->segment;
    running = gst_segment_to_running_time (segment, GST_FORMAT_TIME, self->last_pts);
    if (!GST_CLOCK_TIME_IS_VALID (running))
      running = segment->base;
    if (GST_CLOCK_TIME_IS_VALID (self->kind.duration))
      running += self->kind.duration;
    if (live)
      running = MAX (running, gst_kafka_source_now_running (source));
    gst_kafka_source_begin_segment (source, pts, running);
    self->begun = FALSE;
    self->discont = TRUE;
  } else if (!self->begun && live) {
    /* after a seek, frames before the target are decoded, not shown */
    gst_kafka_source_begin_segment (source, MAX (pts, GST_BASE_SRC (self)->segment.start),
        gst_kafka_source_now_running (source));
  }
}

/* ---- buffers ---- */

static gboolean
send_caps (GstKafkaBinarySrc *self)
{
  if (self->caps && gst_caps_is_equal (self->caps, self->kind.caps))
    return TRUE;
  gst_caps_replace (&self->caps, self->kind.caps);
  return gst_base_src_set_caps (GST_BASE_SRC (self), self->caps);
}

/* frames are missing between the last one and this one */
static void
send_gap (GstKafkaBinarySrc *self, const TribKafkaFramesItem *item, GstClockTime pts)
{
  GstClockTime step, at;
  GstEvent *event;

  if (item->n_missing == 0)
    return;
  self->discont = TRUE;
  if (!self->begun || !GST_CLOCK_TIME_IS_VALID (self->last_pts) || pts <= self->last_pts)
    return;
  step = (pts - self->last_pts) / (item->n_missing + 1);
  at = self->last_pts + step;
  event = gst_event_new_gap (at, pts - at);
  gst_event_set_gap_flags (event, GST_GAP_FLAG_MISSING_DATA);
  gst_structure_set (gst_event_writable_structure (event), "missing-frames", G_TYPE_UINT64,
      item->n_missing, "reason", G_TYPE_STRING, item->reason, NULL);
  gst_pad_push_event (GST_BASE_SRC_PAD (self), event);
}

static TribTimeSource
find_time_source (const TribKafkaMessage *m)
{
  TribTimeSource source = TRIB_TIME_SOURCE_META;
  g_autofree gchar *text = trib_kafka_message_dup_header (m, TRIB_KAFKA_HEADER_TIME_SOURCE, 32);

  if (text)
    trib_time_source_from_string (text, &source);
  return source;
}

static GstBuffer *
make_buffer (GstKafkaBinarySrc *self, TribKafkaFramesItem *item, GstClockTime pts, gboolean key)
{
  const TribKafkaIdentity *id = &item->candidate->entry.identity;
  TribFrameInfo info = {
    .session = id->session,
    .stream = id->stream,
    .index = id->index,
    .t_ns = id->t_ns,
    .key = key,
    .time_source = find_time_source (&item->message),
    .format = self->kind.format,
    .quality = -1,
  };
  g_autoptr (GBytes) bytes = trib_kafka_message_steal_value (&item->message);
  GstBuffer *buffer = gst_kafka_kind_make_buffer (&self->kind, bytes);

  GST_BUFFER_PTS (buffer) = pts;
  GST_BUFFER_DURATION (buffer) = self->kind.duration;
  GST_BUFFER_OFFSET (buffer) = id->index;
  GST_BUFFER_OFFSET_END (buffer) = id->index + 1;
  if (!key)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  if (self->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  trib_frame_meta_set (buffer, &info);
  return buffer;
}

static void
drop_unusable (GstKafkaBinarySrc *self, TribKafkaFramesItem *item, gboolean known)
{
  const TribKafkaIdentity *id = &item->candidate->entry.identity;
  g_autofree gchar *type = trib_kafka_message_dup_header (
      &item->message, TRIB_KAFKA_HEADER_CONTENT_TYPE, TRIB_KAFKA_CONTENT_MAX_BYTES);
  g_autofree gchar *shown = type ? g_strescape (type, NULL) : NULL;
  g_autofree gchar *why = NULL;

  if (known)
    why = g_strdup_printf ("frame %s: %" G_GSIZE_FORMAT " bytes are too few for its caps",
        id->frame_id, item->message.value_len);
  else if (shown)
    why = g_strdup_printf ("frame %s: unknown content type \"%s\"", id->frame_id, shown);
  else
    why = g_strdup_printf (
        "frame %s: neither headers nor metadata nor the bytes say what it is", id->frame_id);

  trib_kafka_message_clear (&item->message);
  GST_OBJECT_LOCK (self);
  self->unusable++;
  GST_OBJECT_UNLOCK (self);
  self->discont = TRUE;
  warn_malformed (self, why);
}

/* a live source that is paused continues with it */
static GstFlowReturn
wait_with (GstKafkaBinarySrc *self, const TribKafkaFramesItem *item)
{
  self->waiting = *item;
  self->has_waiting = TRUE;
  return GST_FLOW_FLUSHING;
}

/* OK without a buffer: there is none of this frame */
static GstFlowReturn
take_frame (GstKafkaBinarySrc *self, TribKafkaFramesItem *item, GstBuffer **ret_buffer)
{
  gint64 t_ns = item->candidate->entry.identity.t_ns;
  GstFlowReturn flow;
  GstClockTime pts;
  gboolean key, known;

  /* its first frame may be of no use */
  self->new_session |= item->new_session;
  flow = find_kind (self, item, &known);
  if (flow == GST_FLOW_FLUSHING)
    return wait_with (self, item);
  if (flow != GST_FLOW_OK) {
    skip (self, item);
    return flow;
  }
  if (!known || item->message.value_len < self->kind.min_size) {
    drop_unusable (self, item, known);
    return GST_FLOW_OK;
  }
  key = gst_kafka_kind_is_key (&self->kind, item->message.value, item->message.value_len);
  if (!self->has_base)
    flow = find_base (self, item->candidate);
  if (flow == GST_FLOW_FLUSHING)
    return wait_with (self, item);
  if (!self->has_duration)
    find_duration (self, item->candidate->entry.identity.stream);
  self->has_duration = TRUE;
  if (self->seek_pending) {
    /* the target was given before it could be known where it is */
    self->seek_pending = FALSE;
    skip (self, item);
    gst_kafka_binary_src_seek (GST_KAFKA_SOURCE (self), self->seek_to);
    return GST_FLOW_OK;
  }
  if (self->needs_key && !key) {
    skip (self, item);
    return GST_FLOW_OK;
  }
  /* a clock that was set back cannot be said in stream time */
  pts = time_since_base (self, t_ns);
  if (self->new_session)
    post_names (self, &session_message, item->candidate);
  if (!send_caps (self)) {
    trib_kafka_message_clear (&item->message);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  place_in_time (self, item, pts);
  send_gap (self, item, pts);
  *ret_buffer = make_buffer (self, item, pts, key);
  self->needs_key = self->discont = self->new_session = FALSE;
  self->begun = TRUE;
  self->last_pts = pts;
  grow_duration (self, pts);
  return GST_FLOW_OK;
}

/* what is no frame */
static void
report (GstKafkaBinarySrc *self, TribKafkaFramesResult result, const TribKafkaFramesItem *item)
{
  GstKafkaSource *source = GST_KAFKA_SOURCE (self);

  switch (result) {
    case TRIB_KAFKA_FRAMES_MISSING:
      post_missing (self, item);
      break;
    case TRIB_KAFKA_FRAMES_LOST:
      gst_kafka_source_post_lost (source, item->partition, item->n_missing);
      break;
    case TRIB_KAFKA_FRAMES_OTHER_STREAM:
      post_names (self, &stream_message, item->candidate);
      break;
    case TRIB_KAFKA_FRAMES_OTHER_SESSION:
      post_names (self, &other_session_message, item->candidate);
      break;
    case TRIB_KAFKA_FRAMES_MALFORMED:
      warn_malformed (self, item->text);
      break;
    case TRIB_KAFKA_FRAMES_NOTHING:
      /* a seek beyond the end is a decision */
      if (!self->has_base)
        gst_kafka_source_warn_nothing (source, item->reason, item->text);
      break;
    case TRIB_KAFKA_FRAMES_NO_BYTES:
      gst_kafka_source_warn_nothing (source, "bytes-topic", item->text);
      break;
    case TRIB_KAFKA_FRAMES_NO_METADATA:
      gst_kafka_source_warn_nothing (source, "metadata-topic", item->text);
      break;
    default:
      set_link (self, item);
      break;
  }
}

/* @thread: streaming */
GstFlowReturn
gst_kafka_binary_src_create (GstPushSrc *src, GstBuffer **ret_buffer)
{
  GstKafkaBinarySrc *self = GST_KAFKA_BINARY_SRC (src);
  GstKafkaSource *source = GST_KAFKA_SOURCE (src);
  GstFlowReturn flow = GST_FLOW_OK;

  *ret_buffer = NULL;
  seek_before_first (self);
  if (self->has_waiting) {
    TribKafkaFramesItem waiting = self->waiting;

    self->has_waiting = FALSE;
    flow = take_frame (self, &waiting, ret_buffer);
  }
  while (flow == GST_FLOW_OK && *ret_buffer == NULL) {
    g_autoptr (GError) error = NULL;
    TribKafkaFramesItem item;
    gint64 deadline = gst_kafka_source_next_deadline (source);
    TribKafkaFramesResult result = trib_kafka_frames_next (self->frames, deadline, &item, &error);

    switch (result) {
      case TRIB_KAFKA_FRAMES_FRAME:
        flow = take_frame (self, &item, ret_buffer);
        break;
      case TRIB_KAFKA_FRAMES_END:
        return GST_FLOW_EOS;
      case TRIB_KAFKA_FRAMES_TIMEOUT:
        if (gst_kafka_source_is_away_too_long (source))
          return GST_FLOW_ERROR;
        break;
      case TRIB_KAFKA_FRAMES_FLUSHING:
        return GST_FLOW_FLUSHING;
      case TRIB_KAFKA_FRAMES_ERROR:
        return gst_kafka_source_fail (source, error);
      default:
        report (self, result, &item);
        break;
    }
  }
  return flow;
}
