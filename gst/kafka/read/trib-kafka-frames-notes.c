/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-frames-private.h"

/* sessions and streams that are not wanted, named when nothing else is there */
#define MAX_OTHERS 5

void
trib_kafka_frames_note_free (gpointer data)
{
  FramesNote *note = data;

  g_clear_pointer (&note->candidate, trib_kafka_candidate_free);
  g_free (note->text);
  g_free (note);
}

void
trib_kafka_frames_add_note (TribKafkaFrames *f, TribKafkaFramesResult result,
    TribKafkaCandidate *candidate, const gchar *text)
{
  FramesNote *note = g_new (FramesNote, 1);

  note->result = result;
  note->candidate = candidate;
  note->text = g_strdup (text);
  g_queue_push_tail (&f->notes, note);
}

/* once each */
void
trib_kafka_frames_note_no_bytes (TribKafkaFrames *f)
{
  g_autofree gchar *text = g_strdup_printf (
      "There is no topic \"%s\", of the frames' bytes, yet; it is waited for.", f->bytes_topic);

  if (!f->no_bytes_reported)
    trib_kafka_frames_add_note (f, TRIB_KAFKA_FRAMES_NO_BYTES, NULL, text);
  f->no_bytes_reported = TRUE;
}

void
trib_kafka_frames_note_no_metadata (TribKafkaFrames *f)
{
  g_autofree gchar *text
      = g_strdup_printf ("There is no topic \"%s\", of the frames' metadata.", f->metadata_topic);

  if (!f->no_metadata_reported)
    trib_kafka_frames_add_note (f, TRIB_KAFKA_FRAMES_NO_METADATA, NULL, text);
  f->no_metadata_reported = TRUE;
}

void
trib_kafka_frames_note_malformed (
    TribKafkaFrames *f, gint32 partition, gint64 offset, const gchar *why)
{
  g_autofree gchar *text = NULL;

  COUNT_RECORD (f, malformed);
  TRIB_LOG (&trib_kafka_debug, TRIB_LOG_DEBUG, NULL,
      "no frame: partition %d offset %" G_GINT64_FORMAT ": %s", partition, offset, why);
  if (f->malformed_reported)
    return;
  f->malformed_reported = TRUE;
  text = g_strdup_printf ("partition %d offset %" G_GINT64_FORMAT ": %s", partition, offset, why);
  trib_kafka_frames_add_note (f, TRIB_KAFKA_FRAMES_MALFORMED, NULL, text);
}

void
trib_kafka_frames_note_other (TribKafkaFrames *f, const TribKafkaCandidate *s)
{
  const TribKafkaIdentity *id = &s->entry.identity;
  g_autofree gchar *name = NULL;

  if (f->others->len == MAX_OTHERS)
    return;
  name = g_strdup_printf ("%s %s", id->session, id->stream);
  if (!g_ptr_array_find_with_equal_func (f->others, name, g_str_equal, NULL))
    g_ptr_array_add (f->others, g_steal_pointer (&name));
}

TribKafkaFramesResult
trib_kafka_frames_give_note (TribKafkaFrames *f, TribKafkaFramesItem *item)
{
  f->note = g_queue_pop_head (&f->notes);
  item->text = f->note->text;
  item->candidate = f->note->candidate;
  if (f->note->result == TRIB_KAFKA_FRAMES_MISSING) {
    /* its gap was reported before the reason was known */
    item->reason = trib_kafka_frames_keep_reason (f, f->note->candidate->entry.error_reason);
    item->index = f->note->candidate->entry.identity.index;
    item->n_missing = 1;
  }
  return f->note->result;
}

/* @complete: what is there was read */
static TribKafkaNothing
find_nothing (TribKafkaFrames *f, gboolean complete)
{
  TribKafkaNothing found
      = f->went_back ? TRIB_KAFKA_NOTHING_NONE : trib_kafka_cursor_get_nothing (f->cursor);

  if (f->counts.frames > f->before.frames || found == TRIB_KAFKA_NOTHING_TOPIC)
    return found == TRIB_KAFKA_NOTHING_TOPIC ? found : TRIB_KAFKA_NOTHING_NONE;
  if (!complete || found == TRIB_KAFKA_NOTHING_OFFSET || found == TRIB_KAFKA_NOTHING_TIME)
    return found == TRIB_KAFKA_NOTHING_RECORD ? TRIB_KAFKA_NOTHING_NONE : found;
  if (f->counts.before > f->before.before)
    return TRIB_KAFKA_NOTHING_TIME;
  if (f->counts.filtered > f->before.filtered)
    return TRIB_KAFKA_NOTHING_FILTER;
  /* what is followed may be empty at first */
  return f->ended ? found : TRIB_KAFKA_NOTHING_NONE;
}

static gchar *
describe_nothing (const TribKafkaFrames *f)
{
  g_autofree gchar *others = NULL;

  switch (f->nothing) {
    case TRIB_KAFKA_NOTHING_TOPIC:
      return g_strdup_printf ("There is no topic \"%s\" yet; it is waited for.", f->followed_topic);
    case TRIB_KAFKA_NOTHING_OFFSET:
      return g_strdup_printf ("The start is beyond the end of topic \"%s\".", f->followed_topic);
    case TRIB_KAFKA_NOTHING_TIME:
      return g_strdup_printf (
          "The time to start at is later than all of topic \"%s\".", f->followed_topic);
    case TRIB_KAFKA_NOTHING_FILTER:
      g_ptr_array_add (f->others, NULL);
      others = g_strjoinv ("\", \"", (gchar **) f->others->pdata);
      g_ptr_array_set_size (f->others, f->others->len - 1);
      return g_strdup_printf (
          "Topic \"%s\" has no frame of the session and stream that are wanted; "
          "it has (session, stream): \"%s\".",
          f->followed_topic, others);
    default:
      return g_strdup_printf ("Topic \"%s\" has no record.", f->followed_topic);
  }
}

/* whether there is something new to say about nothing being there */
gboolean
trib_kafka_frames_give_nothing (
    TribKafkaFrames *f, TribKafkaFramesItem *item, TribKafkaIndexOrderEnd end)
{
  TribKafkaNothing found = find_nothing (f, end != TRIB_KAFKA_INDEX_ORDER_OPEN);

  if (found == f->nothing || found == TRIB_KAFKA_NOTHING_NONE)
    return FALSE;
  f->nothing = found;
  g_free (f->nothing_text);
  item->text = f->nothing_text = describe_nothing (f);
  item->reason = trib_kafka_nothing_to_string (found);
  return TRUE;
}
