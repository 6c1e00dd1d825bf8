/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-message-records.h"

#include <record/trib-record-envelope.h>
#include <record/trib-record-transcode.h>
#include <string.h>

#include "obs-frame.h"
#include "obs-regions.h"

/* messages that become one record: one alone, or all that add to the same list */
typedef struct {
  const ObsMessage *first;
  GPtrArray *messages; /* of ObsMessage, borrowed */
  guint n_items;
} Group;

static void
group_free (gpointer data)
{
  Group *group = data;

  g_ptr_array_unref (group->messages);
  g_free (group);
}

static gboolean
belongs (const Group *group, const ObsMessage *message)
{
  return message->rule->list != NULL && group->first->rule->list != NULL
         && g_str_equal (message->rule->list, group->first->rule->list)
         && g_str_equal (message->type, group->first->type);
}

static GPtrArray *
group_messages (GPtrArray *messages)
{
  GPtrArray *groups = g_ptr_array_new_with_free_func (group_free);

  for (guint i = 0; i < messages->len; i++) {
    const ObsMessage *message = g_ptr_array_index (messages, i);
    Group *group = NULL;

    for (guint j = 0; j < groups->len && group == NULL; j++) {
      if (belongs (g_ptr_array_index (groups, j), message))
        group = g_ptr_array_index (groups, j);
    }
    if (group == NULL) {
      group = g_new0 (Group, 1);
      group->first = message;
      group->messages = g_ptr_array_new ();
      g_ptr_array_add (groups, group);
    }
    g_ptr_array_add (group->messages, (gpointer) message);
    group->n_items += message->n_items;
  }
  return groups;
}

/* The record of a source about a frame is either empty or an observation, in one or more parts. */
static gboolean
same_source (const ObsRecordMaker *m, const Group *a, const Group *b)
{
  return m->names->source != NULL || m->names->type != NULL
         || g_str_equal (a->first->type, b->first->type);
}

static guint
count_parts (const ObsRecordMaker *m, GPtrArray *groups, const Group *group, guint behind)
{
  guint n = 0;

  for (guint i = 0; i < behind; i++) {
    const Group *other = g_ptr_array_index (groups, i);

    n += other->n_items > 0 && same_source (m, group, other);
  }
  return n;
}

/* ---- envelopes ---- */

static void
set_type (const ObsRecordMaker *m, const gchar *type, TribRecordEnvelope *e)
{
  if (m->names->type != NULL)
    type = m->names->type;
  if (type == NULL)
    return;
  /* a message may have any name, and a record must have a type */
  e->type = TRIB_RECORD_TEXT (trib_message_map_type_is_usable (type) ? type : "observation");
  e->has |= TRIB_RECORD_BIT (TYPE);
  if (!trib_record_has (e, TRIB_RECORD_FIELD_SOURCE)) {
    e->has |= TRIB_RECORD_BIT (SOURCE);
    e->source = e->type;
  }
}

static void
begin_envelope (const ObsRecordMaker *m, const ObsInFlightResult *result, TribRecordKind kind,
    TribRecordEnvelope *e)
{
  const ObsInFlightFrame *frame = &result->frame;

  memset (e, 0, sizeof *e);
  e->kind = kind;
  e->has = TRIB_RECORD_BIT (T_NS);
  e->t_ns = frame->t_ns;
  if (frame->has_identity) {
    e->has |= TRIB_RECORD_BIT (FRAME_ID);
    e->frame_id = frame->frame_id;
  }
  trib_stream_key_to_record (frame->stream, e);
  if (m->names->source != NULL) {
    e->has |= TRIB_RECORD_BIT (SOURCE);
    e->source = TRIB_RECORD_TEXT (m->names->source);
  }
  if (kind == TRIB_RECORD_KIND_SKIPPED)
    return;
  if (frame->width > 0 && frame->height > 0) {
    e->has |= TRIB_RECORD_BIT (WIDTH) | TRIB_RECORD_BIT (HEIGHT);
    e->width = frame->width;
    e->height = frame->height;
  }
  if (result->kind == OBS_IN_FLIGHT_RETURNED && frame->serial != 0) {
    e->has |= TRIB_RECORD_BIT (PROCESSING_MS);
    e->processing_ms = (gdouble) result->took / 1000;
  }
}

/* a record with the timestamps of the frame's buffer, or, without one, at the frame's time */
static GstBuffer *
wrap (const ObsInFlightResult *result, GstBuffer *buffer, GString *text)
{
  GstBuffer *record;
  gsize len = text->len;

  if (buffer != NULL)
    return obs_frame_new_record (buffer, text);
  record = gst_buffer_new_wrapped (g_string_free (text, FALSE), len);
  GST_BUFFER_PTS (record) = result->frame.pts;
  GST_BUFFER_DURATION (record) = result->frame.duration;
  return record;
}

static GstBuffer *
make_plain (ObsRecordMaker *m, const ObsInFlightResult *result, GstBuffer *buffer,
    TribRecordKind kind, const gchar *type)
{
  GString *text = g_string_sized_new (128);
  TribRecordEnvelope e;
  TribRecordWriter w;

  begin_envelope (m, result, kind, &e);
  set_type (m, type, &e);
  if (kind == TRIB_RECORD_KIND_SKIPPED) {
    e.has |= TRIB_RECORD_BIT (REASON);
    e.reason = TRIB_RECORD_TEXT ("dropped");
  }
  trib_record_writer_init (&w, m->format, text);
  trib_record_envelope_begin (&w, &e);
  trib_record_writer_end_map (&w);
  return wrap (result, buffer, text);
}

/* ---- bodies ---- */

static void
copy_items (ObsRecordMaker *m, TribRecordWriter *w, const ObsMessage *message)
{
  gboolean list = message->rule->list != NULL;
  gsize len;
  gconstpointer data = g_bytes_get_data (message->items, &len);
  TribRecordToken token;

  trib_record_reader_set (m->reader, TRIB_RECORD_MSGPACK, data, len);
  token = trib_record_reader_next (m->reader);
  g_return_if_fail (token == TRIB_RECORD_ARRAY_BEGIN);
  while (trib_record_reader_next (m->reader) == TRIB_RECORD_MAP_BEGIN) {
    gboolean copied;

    if (list)
      trib_record_writer_begin_map (w);
    copied = trib_record_copy_members (m->reader, w, NULL, NULL);
    g_return_if_fail (copied);
    if (list)
      trib_record_writer_end_map (w);
  }
}

static GstBuffer *
make_mapped (ObsRecordMaker *m, const ObsInFlightResult *result, GstBuffer *buffer,
    const Group *group, guint part, guint parts)
{
  const ObsMessage *first = group->first;
  GString *text = g_string_sized_new (256);
  TribRecordEnvelope e;
  TribRecordWriter w;

  begin_envelope (m, result, TRIB_RECORD_KIND_OBS, &e);
  set_type (m, first->type, &e);
  if (parts > 1) {
    e.has |= TRIB_RECORD_BIT (PART) | TRIB_RECORD_BIT (PARTS);
    e.part = part;
    e.parts = parts;
  }
  if (first->width > 0 && first->height > 0) {
    e.has |= TRIB_RECORD_BIT (WIDTH) | TRIB_RECORD_BIT (HEIGHT);
    e.width = first->width;
    e.height = first->height;
  }
  trib_record_writer_init (&w, m->format, text);
  trib_record_envelope_begin (&w, &e);
  if (first->rule->list != NULL) {
    trib_record_writer_key (&w, first->rule->list);
    trib_record_writer_begin_array (&w);
  }
  for (guint i = 0; i < group->messages->len; i++)
    copy_items (m, &w, g_ptr_array_index (group->messages, i));
  if (first->rule->list != NULL)
    trib_record_writer_end_array (&w);
  trib_record_writer_end_map (&w);
  return wrap (result, buffer, text);
}

/* ---- results ---- */

static void
add_groups (
    ObsRecordMaker *m, const ObsInFlightResult *result, GstBuffer *buffer, GPtrArray *records)
{
  g_autoptr (GPtrArray) groups = group_messages (result->messages);

  for (guint i = 0; i < groups->len; i++) {
    const Group *group = g_ptr_array_index (groups, i);
    guint parts = count_parts (m, groups, group, groups->len);
    GstBuffer *record = NULL;

    if (group->n_items > 0) {
      record = make_mapped (m, result, buffer, group, count_parts (m, groups, group, i) + 1, parts);
      obs_in_flight_count (m->in_flight, records_mapped, 1);
    } else if (parts == 0 && (i == 0 || m->names->source == NULL)) {
      record = make_plain (m, result, buffer, TRIB_RECORD_KIND_EMPTY, group->first->type);
      obs_in_flight_count (m->in_flight, records_empty, 1);
    }
    g_free (m->names->last_type);
    m->names->last_type = g_strdup (group->first->type);
    if (record != NULL)
      g_ptr_array_add (records, record);
  }
}

/* the record of a message with a time of its own has that time */
static void
add_own_time (ObsRecordMaker *m, const ObsInFlightResult *result, GPtrArray *records)
{
  const ObsMessage *message = g_ptr_array_index (result->messages, 0);
  ObsInFlightResult own = *result;

  own.frame.pts = message->pts;
  own.frame.duration = message->duration;
  own.frame.t_ns = (gint64) MIN (message->running_time, (guint64) G_MAXINT64);
  if (m->segment->format == GST_FORMAT_TIME && !GST_CLOCK_TIME_IS_VALID (own.frame.pts))
    own.frame.pts = gst_segment_position_from_running_time (
        m->segment, GST_FORMAT_TIME, message->running_time);
  add_groups (m, &own, NULL, records);
}

/**
 * obs_record_maker_add:
 * @m: names, format and segment of the records
 * @result: of a frame
 * @buffer: (nullable): its buffer
 * @records: (element-type GstBuffer): gets the records
 *
 * Pictures without a message have a record, too: `empty`, or `skipped` when the branch dropped the
 * picture.
 *
 * @thread: streaming
 */
void
obs_record_maker_add (
    ObsRecordMaker *m, const ObsInFlightResult *result, GstBuffer *buffer, GPtrArray *records)
{
  GstBuffer *record = NULL;
  TribRecordEnvelope e;

  if (result->kind == OBS_IN_FLIGHT_OWN_TIME) {
    add_own_time (m, result, records);
    return;
  }
  if (result->messages->len > 0) {
    add_groups (m, result, buffer, records);
    return;
  }
  if (buffer != NULL) {
    begin_envelope (m, result, TRIB_RECORD_KIND_OBS, &e);
    set_type (m, NULL, &e);
    record = obs_regions_to_record (buffer, &e, m->format);
  }
  if (record != NULL) {
    obs_in_flight_count (m->in_flight, records_regions, 1);
  } else if (!obs_in_flight_has_frames (m->in_flight)) {
    return;
  } else if (result->kind == OBS_IN_FLIGHT_RETURNED) {
    record = make_plain (m, result, buffer, TRIB_RECORD_KIND_EMPTY, m->names->last_type);
    obs_in_flight_count (m->in_flight, records_empty, 1);
  } else {
    record = make_plain (m, result, NULL, TRIB_RECORD_KIND_SKIPPED, m->names->last_type);
    obs_in_flight_count (m->in_flight, records_skipped, 1);
  }
  g_ptr_array_add (records, record);
}
