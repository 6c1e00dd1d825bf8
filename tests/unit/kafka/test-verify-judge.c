/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify-rig.h"

/* One frame: the entry and what it points at (ARIA-1), with the books that must close around it. */

/* ---- the entry and what it points at ---- */

static void
test_failed (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (1);
  guint64 *count;

  put_good (v, 0, 0);
  s.error_reason = "timed-out";
  put_bytes (v, &s); /* acknowledged, the metadata was not: no orphan */
  put_entry (v, &s);
  s = spec (2);
  s.error_reason = "timed-out";
  put_entry (v, &s);
  put_metadata (v, &s); /* read after its entry */
  put_good (v, 3, 3);
  assert_only (v, TRIB_KAFKA_VERIFY_FAILED, 2); /* and no gap at 1 and 2 */
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->failed, ==, 2);
  count = g_hash_table_lookup (trib_kafka_verify_get_failed_reasons (v), "timed-out");
  g_assert_nonnull (count);
  g_assert_cmpuint (*count, ==, 2);
}

static void
test_missing (gconstpointer data)
{
  gboolean bytes = GPOINTER_TO_INT (data);
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (3);
  const TribKafkaFinding *f;

  put_good (v, 0, 2);
  if (bytes)
    put_metadata (v, &s);
  else
    put_bytes (v, &s);
  put_entry (v, &s);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->pending, ==, 1);
  assert_only (v, bytes ? TRIB_KAFKA_VERIFY_MISSING_BYTES : TRIB_KAFKA_VERIFY_MISSING_METADATA, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->missing, ==, 1);
  f = first (v, bytes ? TRIB_KAFKA_VERIFY_MISSING_BYTES : TRIB_KAFKA_VERIFY_MISSING_METADATA);
  g_assert_cmpint (f->offset, ==, 3);
  g_assert_cmpstr (f->frame_id, ==, "my_session-1_214-1_3_1722513600000000003");
}

/* while following, reading past the place is enough to know: a hole in the offsets */
static void
test_missing_is_seen_while_following (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (3);

  put_metadata (v, &s);
  put_entry (v, &s);
  trib_kafka_verify_sweep (v);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->pending, ==, 1);
  trib_kafka_verify_set_position (v, TRIB_KAFKA_TOPIC_BINARY, 0, 4);
  trib_kafka_verify_sweep (v);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->missing, ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_open (v), ==, 0);
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    g_assert_cmpuint (trib_kafka_verify_get_lacking (v, i), ==, 0);
  assert_only (v, TRIB_KAFKA_VERIFY_MISSING_BYTES, 1);
}

static void
test_unknown_partition (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  s.binary_partition = s.metadata_partition = G_MAXINT32;
  put_all (v, &s);
  trib_kafka_verify_finish (v);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_MISSING_BYTES), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_PARTITION), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
  assert_books_close (trib_kafka_verify_get_counts (v));
}

static void
test_expired (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  trib_kafka_verify_set_low (v, TRIB_KAFKA_TOPIC_BINARY, 0, 2);
  for (guint64 i = 0; i < 2; i++) {
    s = spec (i);
    put_metadata (v, &s);
    put_entry (v, &s);
  }
  g_assert_cmpuint (trib_kafka_verify_get_open (v), ==, 0);
  put_good (v, 2, 4);
  assert_only (v, TRIB_KAFKA_VERIFY_EXPIRED, 2);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->expired, ==, 2);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->proven, ==, 3);
}

/* retention passes the reader itself */
static void
test_skipped (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (1);

  put_good (v, 0, 0);
  put_metadata (v, &s);
  put_entry (v, &s);
  trib_kafka_verify_add_skipped (v, TRIB_KAFKA_TOPIC_BINARY, 0, 1, 5);
  trib_kafka_verify_sweep (v);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->expired, ==, 1);
  trib_kafka_verify_finish (v);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_SKIPPED), ==, 4);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_EXPIRED), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_total_found (v), ==, 5);
  assert_books_close (trib_kafka_verify_get_counts (v));
}

static void
test_crc (gconstpointer data)
{
  gboolean bytes = GPOINTER_TO_INT (data);
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  if (bytes)
    s.wrong_binary_crc = 1;
  else
    s.wrong_metadata_crc = 1;
  put_all (v, &s);
  assert_only (v, TRIB_KAFKA_VERIFY_CRC, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
  g_assert_cmpint (first (v, TRIB_KAFKA_VERIFY_CRC)->topic, ==,
      bytes ? TRIB_KAFKA_TOPIC_BINARY : TRIB_KAFKA_TOPIC_METADATA);
}

/* one byte of the picture changed: the entry and the metadata both say so */
static void
test_changed_bytes (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  g_autofree gchar *changed = g_strdup (PAYLOAD);
  Spec s = spec (0);

  changed[3] ^= 1;
  put (v, TRIB_KAFKA_TOPIC_BINARY, &s, changed, strlen (changed), NULL, 0);
  put_metadata (v, &s);
  put_entry (v, &s);
  assert_only (v, TRIB_KAFKA_VERIFY_CRC, 2);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
}

static void
test_size (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  s.wrong_size = 7;
  put_all (v, &s);
  assert_only (v, TRIB_KAFKA_VERIFY_SIZE, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
}

static void
test_key (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (1);

  put_good (v, 0, 0);
  s.offset = 2;
  s.binary_offset = 5; /* where frame 5 is */
  put_all (v, &s);
  for (guint64 i = 2; i < 7; i++) {
    s = spec (i);
    s.offset = (gint64) i + 1;
    put_all (v, &s);
  }
  assert_only (v, TRIB_KAFKA_VERIFY_KEY, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->proven, ==, 6);
  g_assert_nonnull (strstr (first (v, TRIB_KAFKA_VERIFY_KEY)->detail, "offset 2"));
}

static void
test_key_of_entry (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0), other = spec (7);
  GString *text = make_entry (&other);

  put_bytes (v, &s);
  put_metadata (v, &s);
  put (v, TRIB_KAFKA_TOPIC_REGISTRY, &s, text->str, text->len, NULL, 0);
  g_string_free (text, TRUE);
  trib_kafka_verify_finish (v);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_KEY), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->proven, ==, 0);
  assert_books_close (trib_kafka_verify_get_counts (v));
}

static void
test_partition (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  s.binary_partition = 1 + 1;
  put_metadata (v, &s);
  put_entry (v, &s);
  s.partition = 1;
  put_bytes (v, &s);
  assert_only (v, TRIB_KAFKA_VERIFY_PARTITION, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
}

static void
test_topic (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  s.binary_topic = "another-topic";
  put_all (v, &s);
  assert_only (v, TRIB_KAFKA_VERIFY_TOPIC, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
}

/* @data: a member of the entry that contradicts the frame id */
static void
test_field_of_entry (gconstpointer data)
{
  const gchar *const *change = data;
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (5);
  GString *text = make_entry (&s);

  replace (text, change[0], change[1]);
  put_bytes (v, &s);
  put_metadata (v, &s);
  put (v, TRIB_KAFKA_TOPIC_REGISTRY, &s, text->str, text->len, NULL, 0);
  g_string_free (text, TRUE);
  assert_only (v, TRIB_KAFKA_VERIFY_FIELD, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
}

static void
put_changed_metadata (TribKafkaVerify *v, const gchar *from, const gchar *to)
{
  Spec s = spec (5);
  GString *metadata = make_metadata (&s), *entry;

  replace (metadata, from, to);
  s.wrong_metadata_crc = trib_crc32c (0, metadata->str, metadata->len);
  entry = make_entry (&s);
  put_bytes (v, &s);
  put (v, TRIB_KAFKA_TOPIC_METADATA, &s, metadata->str, metadata->len, NULL, 0);
  put (v, TRIB_KAFKA_TOPIC_REGISTRY, &s, entry->str, entry->len, NULL, 0);
  g_string_free (metadata, TRUE);
  g_string_free (entry, TRUE);
}

typedef struct {
  const gchar *name, *from, *to;
  TribKafkaVerifyKind kind;
  guint more; /* than one finding: other fields rest on the changed one */
} MetadataCase;

static const MetadataCase metadata_cases[] = {
  { "index", "\"frame_index\":5", "\"frame_index\":6", TRIB_KAFKA_VERIFY_FIELD },
  { "session", "my_session-1\",\"stream", "other\",\"stream", TRIB_KAFKA_VERIFY_FIELD },
  { "format", "\"format\":\"jpeg\"", "\"format\":\"webp\"", TRIB_KAFKA_VERIFY_FIELD, 1 },
  { "size", "\"compressed_size\":22", "\"compressed_size\":23", TRIB_KAFKA_VERIFY_SIZE },
  { "crc", "\"binary_crc32c\":", "\"binary_crc32c\":1", TRIB_KAFKA_VERIFY_CRC },
  { "frame-id", "\"frame_id\":\"my", "\"frame_id\":\"no", TRIB_KAFKA_VERIFY_KEY },
  { "not-json", "{\"frame_id\"", "{frame_id", TRIB_KAFKA_VERIFY_MALFORMED },
  { "ratio",
      "\"compression_ratio\":", "\"compression_ratio\":0.5,\"x\":", TRIB_KAFKA_VERIFY_FIELD },
  { "ratio-null",
      "\"compression_ratio\":", "\"compression_ratio\":null,\"x\":", TRIB_KAFKA_VERIFY_FIELD },
  { "ratio-negative",
      "\"compression_ratio\":", "\"compression_ratio\":-0.1,\"x\":", TRIB_KAFKA_VERIFY_MALFORMED },
  { "original-size", "\"original_size\":921600", "\"original_size\":44", TRIB_KAFKA_VERIFY_FIELD,
      1 },
  { "original-size-0", "\"original_size\":921600", "\"original_size\":0", TRIB_KAFKA_VERIFY_FIELD,
      1 },
  { "original-size-negative", "\"original_size\":921600", "\"original_size\":-921600",
      TRIB_KAFKA_VERIFY_MALFORMED },
  { "width", "\"image_width\":640", "\"image_width\":641", TRIB_KAFKA_VERIFY_FIELD },
  { "width-negative", "\"image_width\":640", "\"image_width\":-640", TRIB_KAFKA_VERIFY_MALFORMED },
  { "height-absurd", "\"image_height\":480", "\"image_height\":1000001",
      TRIB_KAFKA_VERIFY_MALFORMED },
  { "height-fraction", "\"image_height\":480", "\"image_height\":480.5",
      TRIB_KAFKA_VERIFY_MALFORMED },
  { "height-null", "\"image_height\":480", "\"image_height\":null", TRIB_KAFKA_VERIFY_MALFORMED },
  { "channels", "\"channels\":3", "\"channels\":1", TRIB_KAFKA_VERIFY_FIELD },
  { "channels-absurd", "\"channels\":3", "\"channels\":5", TRIB_KAFKA_VERIFY_MALFORMED },
  { "quality-absurd", "\"quality\":90", "\"quality\":101", TRIB_KAFKA_VERIFY_MALFORMED },
  { "quality-negative", "\"quality\":90", "\"quality\":-1", TRIB_KAFKA_VERIFY_MALFORMED },
  { "shape", "[480,640,3]", "[640,480,3]", TRIB_KAFKA_VERIFY_FIELD },
  { "shape-flat", "[480,640,3]", "[921600]", TRIB_KAFKA_VERIFY_FIELD },
  { "shape-gray", "[480,640,3]", "[480,640]", TRIB_KAFKA_VERIFY_FIELD },
  { "shape-four", "[480,640,3]", "[480,640,3,1]", TRIB_KAFKA_VERIFY_FIELD },
  { "shape-five", "[480,640,3]", "[1,1,1,1,1]", TRIB_KAFKA_VERIFY_MALFORMED },
  { "shape-text", "[480,640,3]", "[\"480\"]", TRIB_KAFKA_VERIFY_MALFORMED },
  { "shape-number", "[480,640,3]", "480", TRIB_KAFKA_VERIFY_MALFORMED },
  { "dtype", "\"dtype\":\"uint8\"", "\"dtype\":\"float\"", TRIB_KAFKA_VERIFY_FIELD },
  { "timestamp", "2024-08-01T12:00:00.0", "2024-08-01T12:00:01.0", TRIB_KAFKA_VERIFY_FIELD },
  { "timestamp-no-time", "2024-08-01T12:00:00.0", "2024-13-01T12:00:00.0",
      TRIB_KAFKA_VERIFY_MALFORMED },
  { "timestamp-zone", "12:00:00.000000", "14:00:00.000000+02:00", CLEAN },
  { "timestamp-short", "12:00:00.000000", "12:00:00", CLEAN },
  { "device-clock", "\"device_timestamp_ns\":", "\"device_timestamp_ns\":null,\"x\":", CLEAN },
  { "device-clock-text", "\"device_timestamp_ns\":", "\"device_timestamp_ns\":\"\",\"x\":",
      TRIB_KAFKA_VERIFY_MALFORMED },
  { "data-type", "\"vrs_frame_binary\"", "\"vrs_frame\"", TRIB_KAFKA_VERIFY_FIELD },
  { "content-type", "\"image/jpeg\"", "\"image/png\"", TRIB_KAFKA_VERIFY_FIELD },
  { "caps", "\"key_frame\"", "\"caps\":\"image/jpegs\",\"key_frame\"", TRIB_KAFKA_VERIFY_FIELD },
  { "caps-right", "\"key_frame\"", "\"caps\":\"image/jpeg, width=640\",\"key_frame\"", CLEAN },
  { "absent", "\"sequence\":", "\"sequenze\":", TRIB_KAFKA_VERIFY_MALFORMED },
  { "type", "\"key_frame\":true", "\"key_frame\":1", TRIB_KAFKA_VERIFY_MALFORMED },
  { "twice", "\"data_type\":\"vrs_frame_binary\"", "\"data_type\":\"x\",\"data_type\":\"x\"",
      TRIB_KAFKA_VERIFY_MALFORMED },
};

static void
test_metadata (gconstpointer data)
{
  const MetadataCase *c = data;
  g_autoptr (TribKafkaVerify) v = new_books ();

  /* a digit in front of a CRC may pass 32 bits: take one that does not */
  if (c->kind == TRIB_KAFKA_VERIFY_CRC) {
    g_autofree gchar *from
        = g_strdup_printf ("\"binary_crc32c\":%u", trib_crc32c (0, PAYLOAD, strlen (PAYLOAD)));
    put_changed_metadata (v, from, "\"binary_crc32c\":1");
  } else {
    put_changed_metadata (v, c->from, c->to);
  }
  assert_only (v, c->kind, c->kind == CLEAN ? 0 : 1 + c->more);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, c->kind != CLEAN);
}

static void
test_gray (void)
{
  static const gchar *const changes[][2]
      = { { "\"channels\":3", "\"channels\":1" }, { "[480,640,3]", "[480,640]" } };
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (5);
  GString *metadata = make_metadata (&s), *entry;

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    replace (metadata, changes[i][0], changes[i][1]);
  s.wrong_metadata_crc = trib_crc32c (0, metadata->str, metadata->len);
  entry = make_entry (&s);
  put_bytes (v, &s);
  put (v, TRIB_KAFKA_TOPIC_METADATA, &s, metadata->str, metadata->len, NULL, 0);
  put (v, TRIB_KAFKA_TOPIC_REGISTRY, &s, entry->str, entry->len, NULL, 0);
  g_string_free (metadata, TRUE);
  g_string_free (entry, TRUE);
  assert_only (v, CLEAN, 0);
}

/* ---- headers ---- */

static TribKafkaHeader
header (const gchar *name, const gchar *value)
{
  TribKafkaHeader h = { name, value, strlen (value) };

  return h;
}

static void
put_bytes_with (TribKafkaVerify *v, const Spec *s, const gchar *name, const gchar *value)
{
  TribKafkaHeader h = header (name, value);

  put (v, TRIB_KAFKA_TOPIC_BINARY, s, PAYLOAD, strlen (PAYLOAD), &h, 1);
}

static void
put_entry_with (TribKafkaVerify *v, const Spec *s, const gchar *name, const gchar *value)
{
  GString *text = make_entry (s);
  TribKafkaHeader h = header (name, value);

  put (v, TRIB_KAFKA_TOPIC_REGISTRY, s, text->str, text->len, &h, 1);
  g_string_free (text, TRUE);
}

static void
test_headers (void)
{
  static const gchar *const wrong[][2] = { { "frame-id", "my_session-1_214-1_4_0" },
    { "crc32c", "1" }, { "crc32c", " 1" }, { "crc32c", "-1" }, { "crc32c", "" },
    { "sequence", "77" }, { "sequence", "five" }, { "content-type", "image/png" } };
  g_autofree gchar *crc = g_strdup_printf ("%u", trib_crc32c (0, PAYLOAD, strlen (PAYLOAD)));
  const gchar *const right[][2] = { { "frame-id", "my_session-1_214-1_5_1722513600000000005" },
    { "crc32c", crc }, { "sequence", "5" }, { "content-type", "image/jpeg" }, { "other", "x" } };
  Spec s = spec (5);

  for (guint i = 0; i < G_N_ELEMENTS (right); i++) {
    g_autoptr (TribKafkaVerify) v = new_books ();
    put_bytes_with (v, &s, right[i][0], right[i][1]);
    put_metadata (v, &s);
    put_entry (v, &s);
    assert_only (v, CLEAN, 0);
  }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (TribKafkaVerify) v = new_books ();
    g_test_message ("%s: %s", wrong[i][0], wrong[i][1]);
    put_metadata (v, &s);
    put_bytes_with (v, &s, wrong[i][0], wrong[i][1]);
    put_entry_with (v, &s, "sequence", "5");
    assert_only (v, TRIB_KAFKA_VERIFY_HEADER, 1);
    g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
  }
}

/* what the bytes' header says, against the metadata, when the entry has no headers */
static void
test_headers_against_metadata (void)
{
  static const gchar *const wrong[][2]
      = { { "sequence", "77" }, { "time-source", "wall" }, { "caps", "image/jpeg, width=1" } };
  Spec s = spec (5);

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (TribKafkaVerify) v = new_books ();
    GString *metadata = make_metadata (&s), *entry;

    g_test_message ("%s: %s", wrong[i][0], wrong[i][1]);
    replace (metadata, "\"key_frame\"", "\"caps\":\"image/jpeg\",\"key_frame\"");
    s.wrong_metadata_crc = trib_crc32c (0, metadata->str, metadata->len);
    entry = make_entry (&s);
    put (v, TRIB_KAFKA_TOPIC_METADATA, &s, metadata->str, metadata->len, NULL, 0);
    put_bytes_with (v, &s, wrong[i][0], wrong[i][1]);
    put (v, TRIB_KAFKA_TOPIC_REGISTRY, &s, entry->str, entry->len, NULL, 0);
    g_string_free (metadata, TRUE);
    g_string_free (entry, TRUE);
    assert_only (v, TRIB_KAFKA_VERIFY_HEADER, 1);
    g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
  }
}

/* what the metadata's own header says, against its JSON */
static void
test_header_of_metadata (void)
{
  static const gchar *const wrong[][2] = { { "sequence", "77" }, { "time-source", "wall" } };
  Spec s = spec (5);

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (TribKafkaVerify) v = new_books ();
    GString *metadata = make_metadata (&s);
    TribKafkaHeader h = header (wrong[i][0], wrong[i][1]);

    put_bytes (v, &s);
    put (v, TRIB_KAFKA_TOPIC_METADATA, &s, metadata->str, metadata->len, &h, 1);
    put_entry (v, &s);
    g_string_free (metadata, TRUE);
    assert_only (v, TRIB_KAFKA_VERIFY_FIELD, 1);
    g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
  }
}

/* the entry points at the second copy of the metadata: what the first says of the bytes holds of
 * it too, when they are the same */
static void
test_second_copy (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  put_bytes_with (v, &s, "content-type", "image/jpeg");
  put_metadata (v, &s);
  s.offset = 1;
  put_metadata (v, &s);
  s.metadata_offset = 1;
  s.offset = 0;
  put_entry (v, &s);
  assert_only (v, TRIB_KAFKA_VERIFY_DUPLICATE_METADATA, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->proven, ==, 1);
}

static void
test_header_of_entry (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  put_bytes (v, &s);
  put_metadata (v, &s);
  put_entry_with (v, &s, "content-type", "text/plain");
  assert_only (v, TRIB_KAFKA_VERIFY_HEADER, 1);
}

static const gchar *const entry_faults[][2] = {
  { "{\"frame_id\"", "[\"frame_id\"" },
  { "\"status\":\"LINKED\"", "\"status\":\"READY\"" },
  { "\"status\":\"LINKED\"", "\"status\":\"FAILED\"" },
  { "\"binary_offset\":5", "\"binary_offset\":null" },
  { "\"binary_offset\":5", "\"binary_offset\":-5" },
  { "\"binary_offset\":5", "\"binary_offset\":5.5" },
  { "\"metadata_partition\":0", "\"metadata_partition\":2147483648" },
  { "\"metadata_partition\":0", "\"metadata_partition\":\"0\"" },
  { "\"metadata_crc32c\":", "\"metadata_crc32\":" },
  { "\"compressed_size\":22", "\"compressed_size\":4294967296" },
  { "\"frame_index\":5", "\"frame_index\":-1" },
  { "\"frame_index\":5", "\"frame_index\":{}" },
  { "\"session_id\":\"", "\"session_id\":\"\\u0000" },
  { "\"compression_ratio\":", "\"compression_ratio\":-" },
  { "\"compression_ratio\":", "\"compression_ratio\":\"\",\"x\":" },
  { "\"created_at\":\"2024", "\"created_at\":\"yesterday" },
};

static void
test_malformed_entries (void)
{
  Spec s = spec (5);

  for (guint i = 0; i < G_N_ELEMENTS (entry_faults); i++) {
    g_autoptr (TribKafkaVerify) v = new_books ();
    GString *text = make_entry (&s);
    replace (text, entry_faults[i][0], entry_faults[i][1]);
    g_test_message ("%s", entry_faults[i][1]);
    put (v, TRIB_KAFKA_TOPIC_REGISTRY, &s, text->str, text->len, NULL, 0);
    g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_MALFORMED), ==, 1);
    g_test_message ("%s", first (v, TRIB_KAFKA_VERIFY_MALFORMED)->detail);
    g_assert_cmpuint (trib_kafka_verify_get_counts (v)->entries, ==, 0);
    g_string_free (text, TRUE);
  }
}

int
main (int argc, char **argv)
{
  static const gchar *const fields[][2] = { { "\"frame_index\":5", "\"frame_index\":6" },
    { "\"stream_id\":\"214-1\"", "\"stream_id\":\"214-2\"" },
    { "\"capture_timestamp_ns\":1", "\"capture_timestamp_ns\":2" },
    { "\"size_bytes\":22", "\"size_bytes\":23" },
    { "\"compression_ratio\":", "\"compression_ratio\":0.3,\"x\":" },
    { "\"compression_ratio\":", "\"compression_ratio\":null,\"x\":" } };

  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kafka/verify/failed", test_failed);
  g_test_add_data_func ("/kafka/verify/missing-bytes", GINT_TO_POINTER (TRUE), test_missing);
  g_test_add_data_func ("/kafka/verify/missing-metadata", GINT_TO_POINTER (FALSE), test_missing);
  g_test_add_func ("/kafka/verify/missing-while-following", test_missing_is_seen_while_following);
  g_test_add_func ("/kafka/verify/unknown-partition", test_unknown_partition);
  g_test_add_func ("/kafka/verify/expired", test_expired);
  g_test_add_func ("/kafka/verify/skipped", test_skipped);
  g_test_add_data_func ("/kafka/verify/crc/bytes", GINT_TO_POINTER (TRUE), test_crc);
  g_test_add_data_func ("/kafka/verify/crc/metadata", GINT_TO_POINTER (FALSE), test_crc);
  g_test_add_func ("/kafka/verify/crc/changed-bytes", test_changed_bytes);
  g_test_add_func ("/kafka/verify/size", test_size);
  g_test_add_func ("/kafka/verify/key/place", test_key);
  g_test_add_func ("/kafka/verify/key/entry", test_key_of_entry);
  g_test_add_func ("/kafka/verify/partition", test_partition);
  g_test_add_func ("/kafka/verify/topic", test_topic);
  g_test_add_func ("/kafka/verify/headers", test_headers);
  g_test_add_func ("/kafka/verify/headers/entry", test_header_of_entry);
  g_test_add_func ("/kafka/verify/headers/against-metadata", test_headers_against_metadata);
  g_test_add_func ("/kafka/verify/headers/metadata", test_header_of_metadata);
  g_test_add_func ("/kafka/verify/second-copy", test_second_copy);
  g_test_add_func ("/kafka/verify/ARIA-3/gray", test_gray);
  g_test_add_func ("/kafka/verify/malformed/entries", test_malformed_entries);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    g_autofree gchar *path = g_strdup_printf ("/kafka/verify/field/entry/%u", i);
    g_test_add_data_func (path, fields[i], test_field_of_entry);
  }
  for (guint i = 0; i < G_N_ELEMENTS (metadata_cases); i++) {
    g_autofree gchar *path = g_strdup_printf ("/kafka/verify/metadata/%s", metadata_cases[i].name);
    g_test_add_data_func (path, &metadata_cases[i], test_metadata);
  }
  return g_test_run ();
}
