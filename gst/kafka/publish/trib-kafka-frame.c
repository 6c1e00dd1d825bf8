/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A frame or record on its way: made of its description, and what its records say. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#include <common/trib-frame-id.h>

#include <common/trib-crc32c.h>
#include "trib-kafka-partition.h"

/* beyond the value: batch header 61, record framing 40, nine headers' framing; rounded up */
#define RECORD_OVERHEAD_BYTES 512

/* A text that is nearly always the one before is shared by the frames. (GLib's interned reference
 * strings may not be let go on one thread while another asks for the same text, which GLib 2.74 gets wrong.) */
static gchar *
share (gchar **last, const gchar *text)
{
  if (text == NULL)
    return NULL;
  if (*last == NULL || !g_str_equal (*last, text)) {
    g_clear_pointer (last, g_ref_string_release);
    *last = g_ref_string_new (text);
  }
  return g_ref_string_acquire (*last);
}

static Frame *
new_frame (TribKafkaPublisher *p, FrameKind kind, gint64 t_ns)
{
  Frame *frame = g_new0 (Frame, 1);

  frame->kind = kind;
  frame->t_ns = t_ns;
  frame->taken_us = g_get_monotonic_time ();
  /* its number, unless its wait for room is ended: only the publishing thread counts */
  frame->sequence = p->accounts.produced;
  frame->partition = -1;
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    frame->offsets[i] = -1;
  return frame;
}

/* @thread: publishing */
Frame *
trib_kafka_frame_new (
    TribKafkaPublisher *p, const TribKafkaFrame *desc, GBytes *payload, gboolean legacy)
{
  Frame *frame = new_frame (p, legacy ? FRAME_LEGACY : FRAME_BINARY, desc->t_ns);
  gsize size;
  const guint8 *data = g_bytes_get_data (payload, &size);

  frame->id = trib_frame_id_format (desc->session, desc->stream, desc->index, desc->t_ns);
  frame->session = share (&p->last_session, desc->session);
  frame->stream = share (&p->last_stream, desc->stream);
  frame->caps = share (&p->last_caps, desc->caps);
  frame->format = g_intern_string (desc->format);
  frame->content_type = g_intern_string (desc->content_type);
  frame->time_source = g_intern_string (desc->time_source);
  frame->index = desc->index;
  frame->original_size = desc->original_size;
  frame->is_key = desc->key;
  frame->size = size;
  frame->held = MAX (size, desc->held_bytes);
  if (!legacy) {
    frame->payload = g_bytes_ref (payload);
    frame->crc32c = trib_crc32c (0, data, size);
  }
  return frame;
}

/* @thread: publishing */
Frame *
trib_kafka_frame_new_record (TribKafkaPublisher *p, const TribKafkaRecord *desc, GBytes *value)
{
  Frame *frame = new_frame (p, FRAME_RECORD, desc->t_ns);

  frame->id = g_strdup_printf ("%" G_GUINT64_FORMAT, frame->sequence);
  frame->is_key = TRUE;
  frame->size = g_bytes_get_size (value);
  frame->held = MAX (frame->size, desc->held_bytes);
  frame->payload = g_bytes_ref (value);
  if (desc->key) {
    frame->key_size = desc->key_size;
    frame->key = g_memdup2 (desc->key, MAX (desc->key_size, 1));
  }
  for (guint i = 0; desc->headers && desc->headers[i]; i += 2) {
    if (frame->headers == NULL)
      frame->headers = rd_kafka_headers_new (4);
    rd_kafka_header_add (frame->headers, desc->headers[i], -1, desc->headers[i + 1], -1);
    frame->headers_size += strlen (desc->headers[i]) + strlen (desc->headers[i + 1]) + 10;
  }
  frame->cost = FRAME_OVERHEAD_BYTES + frame->held + frame->key_size + frame->headers_size;
  return frame;
}

/* the records' values that are made here, and what the frame costs; outside the lock, because legacy
 * frames are large */
void
trib_kafka_frame_lay_out (Frame *frame, const TribKafkaFrame *desc, GBytes *payload)
{
  gboolean legacy = frame->kind == FRAME_LEGACY;
  gsize size;
  const guint8 *data = g_bytes_get_data (payload, &size);

  if (legacy) {
    frame->json = g_string_sized_new (size / 3 * 4 + 2048);
    trib_kafka_layout_legacy (frame->json, desc, frame->id, frame->sequence, data, size);
  } else {
    frame->json = g_string_sized_new (1024);
    trib_kafka_layout_metadata (frame->json, desc, frame->id, frame->sequence, size, frame->crc32c);
  }
  frame->json_crc32c = trib_crc32c (0, frame->json->str, frame->json->len);
  frame->cost = FRAME_OVERHEAD_BYTES + frame->json->len + (legacy ? 0 : frame->held);
}

void
trib_kafka_frame_free (Frame *frame)
{
  g_free (frame->id);
  g_free (frame->key);
  g_clear_pointer (&frame->headers, rd_kafka_headers_destroy);
  g_clear_pointer (&frame->session, g_ref_string_release);
  g_clear_pointer (&frame->stream, g_ref_string_release);
  g_clear_pointer (&frame->caps, g_ref_string_release);
  g_clear_pointer (&frame->payload, g_bytes_unref);
  if (frame->json)
    g_string_free (frame->json, TRUE);
  if (frame->registry)
    g_string_free (frame->registry, TRUE);
  g_free (frame->message);
  g_free (frame);
}

rd_kafka_headers_t *
trib_kafka_frame_headers (
    const Frame *frame, const gchar *content_type, guint32 crc32c, const gchar *caps)
{
  rd_kafka_headers_t *headers = rd_kafka_headers_new (6);
  gchar number[32];

  rd_kafka_header_add (headers, "frame-id", -1, frame->id, -1);
  g_snprintf (number, sizeof number, "%" G_GUINT64_FORMAT, frame->sequence);
  rd_kafka_header_add (headers, "sequence", -1, number, -1);
  rd_kafka_header_add (headers, "content-type", -1, content_type, -1);
  g_snprintf (number, sizeof number, "%u", crc32c);
  rd_kafka_header_add (headers, "crc32c", -1, number, -1);
  rd_kafka_header_add (headers, "time-source", -1, frame->time_source, -1);
  if (caps)
    rd_kafka_header_add (headers, "caps", -1, caps, -1);
  return headers;
}

/* bytes of one of its records in a batch, at most */
gsize
trib_kafka_frame_whole (const Frame *frame, gsize size)
{
  gsize names = frame->kind == FRAME_RECORD
                    ? frame->key_size + frame->headers_size
                    : strlen (frame->id) * 2 + (frame->caps ? strlen (frame->caps) : 0);

  return size + RECORD_OVERHEAD_BYTES + names;
}

/* what its registry entry says */
void
trib_kafka_frame_entry (const TribKafkaPublisher *p, const Frame *frame, TribKafkaEntry *entry)
{
  *entry = (TribKafkaEntry){
    .frame_id = frame->id,
    .session = frame->session,
    .stream = frame->stream,
    .index = frame->index,
    .t_ns = frame->t_ns,
    .format = frame->format,
    .original_size = frame->original_size,
    .size = frame->size,
    .created_at_ns = g_get_real_time () * 1000,
    .metadata = { p->topics[TRIB_KAFKA_TOPIC_METADATA].name, frame->partition,
        frame->offsets[TRIB_KAFKA_TOPIC_METADATA], frame->json_crc32c },
    .binary = { p->topics[TRIB_KAFKA_TOPIC_BINARY].name, frame->partition,
        frame->offsets[TRIB_KAFKA_TOPIC_BINARY], frame->crc32c },
  };
  if (entry->metadata.offset < 0)
    entry->metadata.partition = -1;
  if (entry->binary.offset < 0)
    entry->binary.partition = -1;
}

gint32
trib_kafka_frame_choose_partition (const TribKafkaPublisher *p, const Frame *frame)
{
  gint32 n = p->n_partitions[trib_kafka_frame_group (frame)];
  g_autofree gchar *key = NULL;

  if (frame->kind == FRAME_RECORD) {
    if (frame->key)
      return trib_kafka_partition_for (frame->key, frame->key_size, n);
    return (gint32) (frame->sequence % (guint64) n);
  }
  if (p->config.partition_by_frame)
    return trib_kafka_partition_for (frame->id, strlen (frame->id), n);
  key = g_strdup_printf ("%s_%s", frame->session, frame->stream);
  return trib_kafka_partition_for (key, strlen (key), n);
}
