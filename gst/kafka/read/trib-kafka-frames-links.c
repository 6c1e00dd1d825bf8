/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-frames-private.h"

static const gchar *
get_trouble (const TribKafkaFrames *f, guint client)
{
  switch (client) {
    case FOLLOWED:
      return trib_kafka_cursor_get_trouble (f->cursor);
    case BYTES:
      return trib_kafka_fetch_get_trouble (f->fetch);
    default:
      return trib_kafka_keyed_get_trouble (f->keyed, client == KEYED_BYTES);
  }
}

gboolean
trib_kafka_frames_take_link (
    TribKafkaFrames *f, guint client, const TribLinkEvent *event, TribKafkaFramesItem *item)
{
  TribLinkState worst = TRIB_LINK_CONNECTING;

  f->links[client] = event->state;
  /* the states are in order, and a client that nothing was asked of yet says nothing */
  for (guint i = 0; i < N_CLIENTS; i++)
    worst = MAX (worst, f->links[i]);
  if (worst == f->link)
    return FALSE;
  item->link = *event;
  item->link.previous = f->link;
  item->link.state = worst;
  item->link.recovered = worst == TRIB_LINK_CONNECTED && f->link > TRIB_LINK_CONNECTED;
  f->link = worst;
  item->text = get_trouble (f, client);
  return TRUE;
}

/* what an answer that is none yet is to the caller */
TribKafkaFramesResult
trib_kafka_frames_pass_on (TribKafkaFrames *f, guint client, TribKafkaFetchResult result,
    const TribLinkEvent *link, TribKafkaFramesItem *item)
{
  switch (result) {
    case TRIB_KAFKA_FETCH_LINK:
      return trib_kafka_frames_take_link (f, client, link, item) ? TRIB_KAFKA_FRAMES_LINK
                                                                 : TRIB_KAFKA_FRAMES_TIMEOUT;
    case TRIB_KAFKA_FETCH_FLUSHING:
      return TRIB_KAFKA_FRAMES_FLUSHING;
    case TRIB_KAFKA_FETCH_ERROR:
      return TRIB_KAFKA_FRAMES_ERROR;
    default:
      return TRIB_KAFKA_FRAMES_TIMEOUT;
  }
}

/* where its key does not say them */
TribKafkaFramesResult
trib_kafka_frames_find_names (TribKafkaFrames *f, gint64 deadline, TribKafkaFramesItem *item)
{
  gint32 partition = f->unnamed->message.partition;
  TribLinkEvent link;
  TribKafkaFetchResult result
      = trib_kafka_keyed_resolve_names (f->keyed, f->unnamed, f->wanted_stream, deadline, &link);

  if (trib_kafka_keyed_lacks_metadata (f->keyed))
    trib_kafka_frames_note_no_metadata (f);
  if (result != TRIB_KAFKA_FETCH_FOUND)
    return trib_kafka_frames_pass_on (f, KEYED_METADATA, result, &link, item);
  trib_kafka_frames_take_candidate (f, partition, g_steal_pointer (&f->unnamed));
  return TRIB_KAFKA_FRAMES_TIMEOUT;
}

/**
 * trib_kafka_frames_get_metadata:
 * @f: what reads frames
 * @s: a frame that does not say where its metadata is
 * @deadline: monotonic time, us, up to which to wait; -1: without end
 * @ret_message: (out caller-allocates): its metadata record, valid until the next call; without a
 *   value: there is none
 * @item: (out caller-allocates): filled as the result says
 *
 * Waits through outages, on the driving thread; trib_kafka_frames_set_flushing() wakes it.
 *
 * Returns: %TRIB_KAFKA_FRAMES_FRAME: @ret_message; else LINK, TIMEOUT or FLUSHING
 */
TribKafkaFramesResult
trib_kafka_frames_get_metadata (TribKafkaFrames *f, const TribKafkaCandidate *s, gint64 deadline,
    TribKafkaMessage *ret_message, TribKafkaFramesItem *item)
{
  TribLinkEvent link;
  TribKafkaFetchResult result
      = trib_kafka_keyed_get_metadata (f->keyed, s, deadline, ret_message, &link);

  *item = (TribKafkaFramesItem){ .partition = -1, .text = "" };
  if (trib_kafka_keyed_lacks_metadata (f->keyed))
    trib_kafka_frames_note_no_metadata (f);
  if (result == TRIB_KAFKA_FETCH_MISSING)
    *ret_message = (TribKafkaMessage){ 0 };
  return result == TRIB_KAFKA_FETCH_FOUND || result == TRIB_KAFKA_FETCH_MISSING
             ? TRIB_KAFKA_FRAMES_FRAME
             : trib_kafka_frames_pass_on (f, KEYED_METADATA, result, &link, item);
}
