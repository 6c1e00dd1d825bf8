/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A frame or record without an outcome: made of an item, and the contents of its records. */
#include "trib-kafka-publisher-private.h"

#include <string.h>

#include <common/trib-frame-id.h>

#include <common/trib-crc32c.h>
#include <kafka/layout/trib-kafka-names.h>

/* beyond the value: batch header 61, record framing 40, nine headers' framing; rounded up */
#define RECORD_OVERHEAD_BYTES 512

/* A text that is nearly always the one before is shared by the frames. (GLib's interned reference
 * strings may not be released on one thread while another one asks for the same text: a fault of
 * GLib 2.74.) */
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

/* the contents of its records; outside the lock, because legacy frames are large */
static void
describe_frame (TribKafkaPublisher *p, TribKafkaPending *frame, const TribKafkaItem *item)
{
  gboolean legacy = item->form == TRIB_KAFKA_FORM_LEGACY;
  const guint8 *data = g_bytes_get_data (item->payload, NULL);
  TribKafkaFrame *desc = &frame->desc;

  desc->session = share (&p->last_session, item->frame.session);
  desc->stream = share (&p->last_stream, item->frame.stream);
  desc->caps = share (&p->last_caps, item->frame.caps);
  desc->format = g_intern_string (item->frame.format);
  desc->pixel_format = g_intern_string (item->frame.pixel_format);
  desc->content_type = g_intern_string (item->frame.content_type);
  desc->time_source = g_intern_string (item->frame.time_source);
  frame->id = trib_frame_id_format (desc->session, desc->stream, desc->index, desc->t_ns);
  if (legacy) {
    frame->json = g_string_sized_new (frame->size / 3 * 4 + 2048);
    trib_kafka_layout_legacy (frame->json, desc, frame->id, frame->sequence, data, frame->size);
  } else {
    frame->payload = g_bytes_ref (item->payload);
    frame->crc32c = trib_crc32c (0, data, frame->size);
    frame->json = g_string_sized_new (1024);
    trib_kafka_layout_metadata (
        frame->json, desc, frame->id, frame->sequence, frame->size, frame->crc32c);
  }
  frame->json_crc32c = trib_crc32c (0, frame->json->str, frame->json->len);
  frame->cost = PENDING_OVERHEAD_BYTES + frame->json->len + (legacy ? 0 : frame->held);
}

static void
add_header (TribKafkaPending *record, const gchar *name, const gchar *value)
{
  if (record->headers == NULL)
    record->headers = rd_kafka_headers_new (4);
  rd_kafka_header_add (record->headers, name, -1, value, -1);
  record->headers_size += strlen (name) + strlen (value) + 10;
}

static void
describe_record (TribKafkaPending *frame, const TribKafkaItem *item)
{
  frame->desc = (TribKafkaFrame){ .t_ns = item->frame.t_ns, .key = TRUE };
  frame->id = g_strdup_printf ("%" G_GUINT64_FORMAT, frame->sequence);
  frame->payload = g_bytes_ref (item->payload);
  if (item->key) {
    frame->key_size = item->key_size;
    frame->key = g_memdup2 (item->key, MAX (item->key_size, 1));
  }
  for (guint i = 0; item->headers && item->headers[i]; i += 2)
    add_header (frame, item->headers[i], item->headers[i + 1]);
  /* the record's own timestamp will not say it */
  if (item->frame.t_ns / 1000 > g_get_real_time ()) {
    gchar number[32];
    g_snprintf (number, sizeof number, "%" G_GINT64_FORMAT, item->frame.t_ns);
    add_header (frame, TRIB_KAFKA_HEADER_CAPTURE_TIMESTAMP_NS, number);
  }
  frame->cost = PENDING_OVERHEAD_BYTES + frame->held + frame->key_size + frame->headers_size;
}

/* @thread: publishing */
TribKafkaPending *
trib_kafka_pending_new (TribKafkaPublisher *p, const TribKafkaItem *item)
{
  TribKafkaPending *frame = g_new0 (TribKafkaPending, 1);

  frame->form = item->form;
  frame->desc = item->frame;
  frame->size = g_bytes_get_size (item->payload);
  frame->held = MAX (frame->size, item->frame.held_bytes);
  frame->taken_us = g_get_monotonic_time ();
  /* its number, unless its wait for space is ended: only the publishing thread counts */
  frame->sequence = p->stats.produced;
  frame->partition = -1;
  for (guint i = 0; i < TRIB_KAFKA_N_TOPICS; i++)
    frame->offsets[i] = -1;
  if (item->form == TRIB_KAFKA_FORM_RECORD)
    describe_record (frame, item);
  else
    describe_frame (p, frame, item);
  return frame;
}

static void
unshare (const gchar *text)
{
  if (text)
    g_ref_string_release ((gchar *) text);
}

void
trib_kafka_pending_free (TribKafkaPending *frame)
{
  g_free (frame->id);
  g_free (frame->key);
  g_clear_pointer (&frame->headers, rd_kafka_headers_destroy);
  unshare (frame->desc.session);
  unshare (frame->desc.stream);
  unshare (frame->desc.caps);
  g_clear_pointer (&frame->payload, g_bytes_unref);
  if (frame->json)
    g_string_free (frame->json, TRUE);
  if (frame->registry)
    g_string_free (frame->registry, TRUE);
  g_free (frame->message);
  g_free (frame);
}

/* (nullable): of its records; older consumers expect the stream in legacy mode (ARIA-40) */
const void *
trib_kafka_pending_key (const TribKafkaPending *frame, gsize *ret_size)
{
  const gchar *text = frame->form == TRIB_KAFKA_FORM_LEGACY ? frame->desc.stream : frame->id;

  if (frame->form == TRIB_KAFKA_FORM_RECORD) {
    *ret_size = frame->key_size;
    return frame->key;
  }
  *ret_size = strlen (text);
  return text;
}

rd_kafka_headers_t *
trib_kafka_pending_headers (
    const TribKafkaPending *frame, const gchar *content_type, guint32 crc32c, const gchar *caps)
{
  rd_kafka_headers_t *headers = rd_kafka_headers_new (7);
  gchar number[32];

  rd_kafka_header_add (headers, TRIB_KAFKA_HEADER_FRAME_ID, -1, frame->id, -1);
  g_snprintf (number, sizeof number, "%" G_GUINT64_FORMAT, frame->sequence);
  rd_kafka_header_add (headers, TRIB_KAFKA_HEADER_SEQUENCE, -1, number, -1);
  rd_kafka_header_add (headers, TRIB_KAFKA_HEADER_CONTENT_TYPE, -1, content_type, -1);
  g_snprintf (number, sizeof number, "%u", crc32c);
  rd_kafka_header_add (headers, TRIB_KAFKA_HEADER_CRC32C, -1, number, -1);
  g_snprintf (number, sizeof number, "%" G_GINT64_FORMAT, frame->desc.t_ns);
  rd_kafka_header_add (headers, TRIB_KAFKA_HEADER_CAPTURE_TIMESTAMP_NS, -1, number, -1);
  rd_kafka_header_add (headers, TRIB_KAFKA_HEADER_TIME_SOURCE, -1, frame->desc.time_source, -1);
  if (caps)
    rd_kafka_header_add (headers, TRIB_KAFKA_HEADER_CAPS, -1, caps, -1);
  return headers;
}

/* bytes of one of its records in a batch, at most */
gsize
trib_kafka_pending_whole (const TribKafkaPending *frame, gsize size)
{
  gsize names = frame->form == TRIB_KAFKA_FORM_RECORD
                    ? frame->key_size + frame->headers_size
                    : strlen (frame->id) * 2 + (frame->desc.caps ? strlen (frame->desc.caps) : 0);

  return size + RECORD_OVERHEAD_BYTES + names;
}

/* the contents of its registry entry */
void
trib_kafka_pending_entry (
    const TribKafkaPublisher *p, const TribKafkaPending *frame, TribKafkaEntry *entry)
{
  *entry = (TribKafkaEntry){
    .frame_id = frame->id,
    .session = frame->desc.session,
    .stream = frame->desc.stream,
    .index = frame->desc.index,
    .t_ns = frame->desc.t_ns,
    .format = frame->desc.format,
    .original_size = frame->desc.original_size,
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

/* As Apache Kafka's Java clients choose it, so that their producers and consumers agree with
 * ours. */
gint32
trib_kafka_pending_choose_partition (const TribKafkaPublisher *p, const TribKafkaPending *frame)
{
  gint32 n = p->n_partitions[trib_kafka_pending_group (frame)];
  g_autofree gchar *stream = NULL;
  const gchar *key = frame->id;
  gsize size;

  if (frame->form == TRIB_KAFKA_FORM_RECORD && frame->key == NULL)
    return (gint32) (frame->sequence % (guint64) n);
  if (frame->form == TRIB_KAFKA_FORM_RECORD)
    key = frame->key;
  else if (frame->form == TRIB_KAFKA_FORM_LEGACY && !p->config.partition_by_frame)
    key = frame->desc.stream;
  else if (!p->config.partition_by_frame)
    key = stream = g_strdup_printf ("%s_%s", frame->desc.session, frame->desc.stream);
  size = key == frame->key ? frame->key_size : strlen (key);
  /* it needs no topic */
  return rd_kafka_msg_partitioner_murmur2 (NULL, key, size, n, NULL, NULL);
}
