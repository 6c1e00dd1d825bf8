/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-frames-private.h"

#include <common/trib-crc32c.h>

#include <string.h>

/* distinct reasons for missing frames */
#define MAX_REASONS 64

/* a copy that stays valid: other producers may have written anything */
const gchar *
trib_kafka_frames_keep_reason (TribKafkaFrames *f, const gchar *reason)
{
  gpointer kept;

  if (g_hash_table_lookup_extended (f->reasons, reason, &kept, NULL))
    return kept;
  if (g_hash_table_size (f->reasons) == MAX_REASONS)
    return "other";
  kept = g_strdup (reason);
  g_hash_table_add (f->reasons, kept);
  return kept;
}

static TribKafkaFramesResult
give_missing (
    TribKafkaFrames *f, TribKafkaFramesItem *item, guint64 index, guint64 n, const gchar *reason)
{
  /* one less than the maximum, because a caller that divides by it adds 1 */
  f->gap = n < G_MAXUINT64 - 1 - f->gap ? f->gap + n : G_MAXUINT64 - 1;
  if (f->gap_reason == NULL || !g_str_equal (reason, "unknown"))
    f->gap_reason = trib_kafka_frames_keep_reason (f, reason);
  item->index = index;
  item->n_missing = n;
  item->reason = trib_kafka_frames_keep_reason (f, reason);
  return TRIB_KAFKA_FRAMES_MISSING;
}

static void
take_next (TribKafkaFrames *f, TribKafkaFramesItem *item)
{
  f->new_session |= trib_kafka_index_order_is_new_run (f->by_index);
  g_clear_pointer (&f->current, trib_kafka_candidate_free);
  f->current = trib_kafka_index_order_pop (f->by_index);
  item->candidate = f->current;
  item->index = f->current->entry.identity.index;
}

/* a frame that cannot be given is skipped */
static TribKafkaFramesResult
skip (TribKafkaFrames *f, TribKafkaFramesItem *item, guint64 *counter, const gchar *reason)
{
  take_next (f, item);
  trib_kafka_frames_settle (f, f->current, counter, reason);
  return give_missing (f, item, f->current->entry.identity.index, 1, reason);
}

static gboolean
is_what_was_said (const TribKafkaFrames *f, const TribKafkaCandidate *s, const TribKafkaMessage *m)
{
  const TribKafkaRegistryValue *e = &s->entry;

  if (s->kind == TRIB_KAFKA_CANDIDATE_BYTES) {
    gsize len;
    const gchar *text
        = f->check_crc ? trib_kafka_message_get_header (m, TRIB_KAFKA_HEADER_CRC32C, &len) : NULL;
    gchar said[16];

    if (text == NULL)
      return TRUE;
    g_snprintf (said, sizeof said, "%u", trib_crc32c (0, m->value, m->value_len));
    return strlen (said) == len && memcmp (said, text, len) == 0;
  }
  if (m->key_len != strlen (e->identity.frame_id)
      || memcmp (m->key, e->identity.frame_id, m->key_len) != 0)
    return FALSE;
  /* linked by its key, which is all that the entry says */
  if (s->by_key)
    return TRUE;
  return m->value_len == e->size
         && (!f->check_crc || trib_crc32c (0, m->value, m->value_len) == e->binary.crc32c);
}

/* entries name metadata: what was written without that topic cannot be understood later */
static void
look_for_metadata (TribKafkaFrames *f)
{
  TribKafkaAnswer answer;

  if (f->metadata_asked || f->read_by != TRIB_KAFKA_READ_BY_REGISTRY)
    return;
  answer = trib_kafka_cursor_ask_topic (f->cursor, f->metadata_topic);
  f->metadata_asked = answer != TRIB_KAFKA_ANSWER_AGAIN;
  if (answer == TRIB_KAFKA_ANSWER_ERROR)
    trib_kafka_frames_note_no_metadata (f);
}

/* @m: (transfer full) */
static TribKafkaFramesResult
give_frame (TribKafkaFrames *f, TribKafkaFramesItem *item, TribKafkaMessage *m)
{
  const TribKafkaCandidate *s
      = trib_kafka_index_order_peek (f->by_index, TRIB_KAFKA_INDEX_ORDER_SETTLED);
  gboolean good = is_what_was_said (f, s, m);

  if (!good) {
    trib_kafka_message_clear (m);
    return skip (f, item, &f->counts.damaged, "damaged");
  }
  take_next (f, item);
  look_for_metadata (f);
  TRIB_LOG (&trib_kafka_debug, TRIB_LOG_LOG, f->current->entry.identity.frame_id,
      "given: %" G_GSIZE_FORMAT " bytes", m->value_len);
  item->message = *m;
  item->new_session = f->new_session;
  f->new_session = FALSE;
  g_mutex_lock (&f->lock);
  f->counts.frames++;
  f->counts.pending--;
  f->counts.frame_bytes += m->value_len;
  g_mutex_unlock (&f->lock);
  item->n_missing = f->gap;
  item->reason = f->gap > 0 ? f->gap_reason : NULL;
  f->gap = 0;
  f->gap_reason = NULL;
  f->lost = FALSE;
  return TRIB_KAFKA_FRAMES_FRAME;
}

static TribKafkaFramesResult
fetch (TribKafkaFrames *f, TribKafkaCandidate *s, gint64 deadline, TribKafkaFramesItem *item,
    GError **error)
{
  TribKafkaPointer *place = &s->entry.binary;
  gboolean by_key = place->offset < 0;
  TribKafkaFetchResult result;
  TribKafkaMessage m;
  TribLinkEvent link;

  if (!s->by_key && !g_str_equal (place->topic, f->bytes_topic))
    return skip (f, item, &f->counts.damaged, "other-topic");
  if (by_key)
    result = trib_kafka_keyed_get_bytes (f->keyed, s, deadline, &m, &link, error);
  else
    result = trib_kafka_fetch_get (
        f->fetch, place->partition, place->offset, deadline, &m, &link, error);
  switch (result) {
    case TRIB_KAFKA_FETCH_FOUND:
      if (m.value)
        return give_frame (f, item, &m);
      /* it was read too long ago: from its place now */
      place->partition = m.partition;
      place->offset = m.offset;
      return TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_FETCH_EXPIRED:
      return skip (f, item, &f->counts.expired, "expired");
    case TRIB_KAFKA_FETCH_MISSING:
    case TRIB_KAFKA_FETCH_UNREADABLE:
      return skip (f, item, &f->counts.damaged, "damaged");
    case TRIB_KAFKA_FETCH_NO_TOPIC:
      trib_kafka_frames_note_no_bytes (f);
      return TRIB_KAFKA_FRAMES_TIMEOUT;
    default:
      return trib_kafka_frames_pass_on (f, by_key ? KEYED_BYTES : BYTES, result, &link, item);
  }
}

/* the next frame */
TribKafkaFramesResult
trib_kafka_frames_give (TribKafkaFrames *f, TribKafkaCandidate *s, gint64 deadline,
    TribKafkaFramesItem *item, GError **error)
{
  guint64 n_missing = trib_kafka_index_order_get_missing (f->by_index);

  if (n_missing > 0) {
    TRIB_LOG (&trib_kafka_debug, TRIB_LOG_DEBUG, s->entry.identity.frame_id,
        "%" G_GUINT64_FORMAT " frames are missing before it", n_missing);
    COUNT (f, missing, n_missing);
    return give_missing (f, item, trib_kafka_index_order_pass_missing (f->by_index), n_missing,
        f->lost ? "expired" : "unknown");
  }
  switch (s->kind) {
    case TRIB_KAFKA_CANDIDATE_FAILED:
      return skip (f, item, &f->counts.failed, s->entry.error_reason);
    case TRIB_KAFKA_CANDIDATE_BYTES: {
      TribKafkaMessage m = s->message;
      s->message = (TribKafkaMessage){ 0 };
      return give_frame (f, item, &m);
    }
    default:
      return fetch (f, s, deadline, item, error);
  }
}
