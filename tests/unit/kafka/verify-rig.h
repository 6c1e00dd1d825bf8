/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <common/trib-crc32c.h>
#include <kafka/verify/trib-kafka-verify.h>

#include <common/trib-frame-id.h>

#include <string.h>

/* Frames for the tests of the verifier's books, written by the code that the sink writes them with.
 */

#define T0 G_GINT64_CONSTANT (1722513600000000000)
#define PAYLOAD "the bytes of a picture"

/* a frame as a test wants it: what is not said is right */
typedef struct {
  const gchar *session, *stream;
  guint64 index;
  gint64 t_ns;
  gint32 partition;
  gint64 offset;                               /* the same in all three topics */
  gint64 binary_offset, metadata_offset;       /* what the entry says, if not 0 */
  gint32 binary_partition, metadata_partition; /* likewise, plus 1 */
  guint32 wrong_binary_crc, wrong_metadata_crc;
  guint64 wrong_size;
  const gchar *binary_topic;
  const gchar *error_reason;
  const gchar *format;
} Spec;

static G_GNUC_UNUSED TribKafkaVerify *
new_books_with (const gchar *const *sessions, const gchar *const *streams, guint max_open)
{
  TribKafkaVerifyConfig config
      = { .sessions = sessions, .streams = streams, .max_open = max_open, .max_findings = 3 };
  TribKafkaVerify *v;

  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    config.topics[i] = trib_kafka_default_topics[i];
  v = trib_kafka_verify_new (&config);
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++) {
    for (gint32 p = 0; p < 2; p++)
      trib_kafka_verify_set_low (v, i, p, 0);
  }
  return v;
}

static G_GNUC_UNUSED TribKafkaVerify *
new_books (void)
{
  return new_books_with (NULL, NULL, 0);
}

static G_GNUC_UNUSED Spec
spec (guint64 index)
{
  Spec s = { .session = "my_session-1",
    .stream = "214-1",
    .index = index,
    .t_ns = T0 + (gint64) index,
    .offset = (gint64) index,
    .format = "jpeg" };

  return s;
}

static G_GNUC_UNUSED void
put (TribKafkaVerify *v, TribKafkaTopic topic, const Spec *s, const gchar *value, gsize len,
    const TribKafkaHeader *headers, guint n_headers)
{
  g_autofree gchar *id = trib_frame_id_format (s->session, s->stream, s->index, s->t_ns);
  TribKafkaVerifyRecord record
      = { topic, s->partition, s->offset, id, strlen (id), value, len, headers, n_headers };

  trib_kafka_verify_add (v, &record);
}

static G_GNUC_UNUSED void
put_bytes (TribKafkaVerify *v, const Spec *s)
{
  put (v, TRIB_KAFKA_TOPIC_BINARY, s, PAYLOAD, strlen (PAYLOAD), NULL, 0);
}

static G_GNUC_UNUSED GString *
make_metadata (const Spec *s)
{
  g_autofree gchar *id = trib_frame_id_format (s->session, s->stream, s->index, s->t_ns);
  TribKafkaFrame frame = { .session = s->session,
    .stream = s->stream,
    .index = s->index,
    .t_ns = s->t_ns,
    .time_source = "meta",
    .key = TRUE,
    .content_type = "image/jpeg",
    .width = 640,
    .height = 480,
    .channels = 3,
    .format = "jpeg",
    .quality = 90,
    .original_size = 921600 };
  GString *text = g_string_new (NULL);

  trib_kafka_layout_metadata (
      text, &frame, id, s->index, strlen (PAYLOAD), trib_crc32c (0, PAYLOAD, strlen (PAYLOAD)));
  return text;
}

static G_GNUC_UNUSED void
put_metadata (TribKafkaVerify *v, const Spec *s)
{
  GString *text = make_metadata (s);

  put (v, TRIB_KAFKA_TOPIC_METADATA, s, text->str, text->len, NULL, 0);
  g_string_free (text, TRUE);
}

static G_GNUC_UNUSED GString *
make_entry (const Spec *s)
{
  g_autofree gchar *id = trib_frame_id_format (s->session, s->stream, s->index, s->t_ns);
  GString *metadata = make_metadata (s), *text = g_string_new (NULL);
  TribKafkaEntry entry = { .frame_id = id,
    .session = s->session,
    .stream = s->stream,
    .index = s->index,
    .t_ns = s->t_ns,
    .format = s->format,
    .original_size = 921600,
    .size = s->wrong_size ? s->wrong_size : strlen (PAYLOAD),
    .created_at_ns = T0,
    .error_reason = s->error_reason,
    .error_message = s->error_reason ? "the broker did not answer" : NULL };

  entry.metadata.topic = trib_kafka_default_topics[TRIB_KAFKA_TOPIC_METADATA];
  entry.metadata.partition = s->metadata_partition ? s->metadata_partition - 1 : s->partition;
  entry.metadata.offset = s->metadata_offset ? s->metadata_offset : s->offset;
  entry.metadata.crc32c = s->wrong_metadata_crc ? s->wrong_metadata_crc
                                                : trib_crc32c (0, metadata->str, metadata->len);
  entry.binary.topic
      = s->binary_topic ? s->binary_topic : trib_kafka_default_topics[TRIB_KAFKA_TOPIC_BINARY];
  entry.binary.partition = s->binary_partition ? s->binary_partition - 1 : s->partition;
  entry.binary.offset = s->binary_offset ? s->binary_offset : s->offset;
  entry.binary.crc32c
      = s->wrong_binary_crc ? s->wrong_binary_crc : trib_crc32c (0, PAYLOAD, strlen (PAYLOAD));
  if (s->error_reason)
    entry.binary.partition = -1, entry.binary.offset = -1;
  trib_kafka_layout_registry (text, &entry);
  g_string_free (metadata, TRUE);
  return text;
}

static G_GNUC_UNUSED void
put_entry (TribKafkaVerify *v, const Spec *s)
{
  GString *text = make_entry (s);

  put (v, TRIB_KAFKA_TOPIC_REGISTRY, s, text->str, text->len, NULL, 0);
  g_string_free (text, TRUE);
}

static G_GNUC_UNUSED void
put_all (TribKafkaVerify *v, const Spec *s)
{
  put_bytes (v, s);
  put_metadata (v, s);
  put_entry (v, s);
}

static G_GNUC_UNUSED void
put_good (TribKafkaVerify *v, guint64 from, guint64 to)
{
  for (guint64 i = from; i <= to; i++) {
    Spec s = spec (i);
    put_all (v, &s);
  }
}

static G_GNUC_UNUSED void
assert_books_close (const TribKafkaVerifyCounts *c)
{
  g_assert_cmpuint (c->entries, ==,
      c->proven + c->failed + c->mismatched + c->missing + c->expired + c->unproven + c->pending);
}

/* finishes, and checks that there is that one kind of finding, that often, and that sums agree */
static G_GNUC_UNUSED void
assert_only (TribKafkaVerify *v, TribKafkaVerifyKind kind, guint64 n)
{
  g_autoptr (GPtrArray) streams = NULL;
  guint64 entries = 0, proven = 0;

  assert_books_close (trib_kafka_verify_get_counts (v));
  trib_kafka_verify_finish (v);
  assert_books_close (trib_kafka_verify_get_counts (v));
  streams = trib_kafka_verify_list_streams (v);
  for (guint i = 0; i < streams->len; i++) {
    const TribKafkaVerifyStream *s = g_ptr_array_index (streams, i);
    assert_books_close (&s->counts);
    entries += s->counts.entries;
    proven += s->counts.proven;
  }
  g_assert_cmpuint (entries, ==, trib_kafka_verify_get_counts (v)->entries);
  g_assert_cmpuint (proven, ==, trib_kafka_verify_get_counts (v)->proven);
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_KINDS; i++) {
    guint64 found = trib_kafka_verify_get_found (v, i);
    if (found != (i == kind ? n : 0))
      g_test_message ("%s: %" G_GUINT64_FORMAT, trib_kafka_verify_kind_to_string (i), found);
    g_assert_cmpuint (found, ==, i == kind ? n : 0);
  }
  g_assert_cmpuint (trib_kafka_verify_get_open (v), ==, 0);
}

static G_GNUC_UNUSED const TribKafkaFinding *
first (TribKafkaVerify *v, TribKafkaVerifyKind kind)
{
  const GPtrArray *list = trib_kafka_verify_get_findings (v, kind);

  g_assert_cmpuint (list->len, >, 0);
  return g_ptr_array_index (list, 0);
}

static G_GNUC_UNUSED void
replace (GString *text, const gchar *from, const gchar *to)
{
  g_assert_cmpuint (g_string_replace (text, from, to, 1), ==, 1);
}

#define CLEAN TRIB_KAFKA_VERIFY_NOTHING
