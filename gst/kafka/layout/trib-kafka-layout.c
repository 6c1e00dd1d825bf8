/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-layout.h"

#include "trib-kafka-names.h"
#include <record/trib-json-writer.h>

#include <string.h>

#define TIME_BYTES sizeof "1970-01-01T00:00:00.000000"

const gchar *const trib_kafka_default_topics[TRIB_KAFKA_N_TOPICS]
    = { "vrs-metadata-stream", "vrs-binary-stream", "vrs-frame-registry", "vrs-raw-stream" };

/* days since 1970-01-01 as a date of the Gregorian calendar; years begin in March, so that a leap
 * day ends one */
static void
date_of_day (gint64 day, gint *ret_year, gint *ret_month, gint *ret_mday)
{
  gint64 shifted = day + 719468; /* since 0000-03-01 */
  gint64 era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  gint day_of_era = (gint) (shifted - era * 146097);
  gint year_of_era
      = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  gint day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  gint month = (5 * day_of_year + 2) / 153; /* 0 is March */

  *ret_mday = day_of_year - (153 * month + 2) / 5 + 1;
  *ret_month = month < 10 ? month + 3 : month - 9;
  *ret_year = (gint) (era * 400) + year_of_era + (month >= 10);
}

static gchar *
put_digits (gchar *p, gint64 value, guint n, gchar end)
{
  for (guint i = n; i-- > 0; value /= 10)
    p[i] = (gchar) ('0' + value % 10);
  p[n] = end;
  return p + n + 1;
}

/* every frame has two such texts: GDateTime and printf would cost as much as the rest of the JSON
 * */
static void
format_time (gint64 t_ns, gchar text[TIME_BYTES])
{
  gint64 us = t_ns / 1000 - (t_ns % 1000 < 0);
  gint64 second = us / G_USEC_PER_SEC - (us % G_USEC_PER_SEC < 0);
  gint64 day = second / 86400 - (second % 86400 < 0);
  gint64 rest = second - day * 86400;
  gint year, month, mday;

  date_of_day (day, &year, &month, &mday);
  text = put_digits (text, year, 4, '-');
  text = put_digits (text, month, 2, '-');
  text = put_digits (text, mday, 2, 'T');
  text = put_digits (text, rest / 3600, 2, ':');
  text = put_digits (text, rest / 60 % 60, 2, ':');
  text = put_digits (text, rest % 60, 2, '.');
  put_digits (text, us - second * G_USEC_PER_SEC, 6, 0);
}

/**
 * trib_kafka_layout_time:
 * @t_ns: ns since the Unix epoch
 *
 * Returns: (transfer full): UTC as ISO 8601 with microseconds and no zone, the form that clients of
 *   ARIA-1 read ("2024-08-01T12:00:00.000000")
 */
gchar *
trib_kafka_layout_time (gint64 t_ns)
{
  gchar text[TIME_BYTES];

  format_time (t_ns, text);
  return g_strdup (text);
}

static void
member_time (TribJsonWriter *w, const gchar *key, gint64 t_ns)
{
  gchar text[TIME_BYTES];

  format_time (t_ns, text);
  trib_json_writer_member_string (w, key, text);
}

static void
member_ratio (TribJsonWriter *w, const gchar *key, guint64 compressed, guint64 original)
{
  trib_json_writer_key (w, key);
  if (original > 0)
    trib_json_writer_double (w, (gdouble) compressed / (gdouble) original);
  else
    trib_json_writer_null (w);
}

/* whether raw bytes are rows of pixels as numpy's reshape wants them; all other layouts are one
 * byte array */
static gboolean
is_rows_of_pixels (const gchar *pixel_format)
{
  static const gchar *const formats[] = { "RGB", "BGR", "GRAY8", NULL };

  return pixel_format == NULL || g_strv_contains (formats, pixel_format);
}

static void
member_shape (TribJsonWriter *w, const gchar *key, const TribKafkaFrame *frame, guint64 size)
{
  trib_json_writer_key (w, key);
  trib_json_writer_begin_array (w);
  if (!is_rows_of_pixels (frame->pixel_format)) {
    trib_json_writer_uint (w, size);
  } else {
    trib_json_writer_uint (w, frame->height);
    trib_json_writer_uint (w, frame->width);
    if (frame->channels != 1)
      trib_json_writer_uint (w, frame->channels);
  }
  trib_json_writer_end_array (w);
}

static void
write_compression (TribJsonWriter *w, const TribKafkaFrame *frame, guint64 size)
{
  trib_json_writer_key (w, TRIB_KAFKA_JSON_COMPRESSION);
  trib_json_writer_begin_object (w);
  trib_json_writer_member_string (w, TRIB_KAFKA_JSON_FORMAT, frame->format);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_ORIGINAL_SIZE, frame->original_size);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_COMPRESSED_SIZE, size);
  member_ratio (w, TRIB_KAFKA_JSON_COMPRESSION_RATIO, size, frame->original_size);
  if (frame->quality >= 0)
    trib_json_writer_member_int (w, TRIB_KAFKA_JSON_QUALITY, frame->quality);
  member_shape (w, TRIB_KAFKA_JSON_SHAPE, frame, size);
  trib_json_writer_member_string (w, TRIB_KAFKA_JSON_DTYPE, TRIB_KAFKA_DTYPE);
  trib_json_writer_end_object (w);
}

static void
write_identity (TribJsonWriter *w, const TribKafkaFrame *frame, const gchar *frame_id)
{
  trib_json_writer_member_string (w, TRIB_KAFKA_JSON_FRAME_ID, frame_id);
  trib_json_writer_member_string (w, TRIB_KAFKA_JSON_SESSION_ID, frame->session);
  trib_json_writer_member_string (w, TRIB_KAFKA_JSON_STREAM_ID, frame->stream);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_FRAME_INDEX, frame->index);
  member_time (w, TRIB_KAFKA_JSON_TIMESTAMP, frame->t_ns);
  trib_json_writer_member_int (w, TRIB_KAFKA_JSON_CAPTURE_TIMESTAMP_NS, frame->t_ns);
  trib_json_writer_member_int (w, TRIB_KAFKA_JSON_DEVICE_TIMESTAMP_NS, frame->t_ns);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_IMAGE_WIDTH, frame->width);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_IMAGE_HEIGHT, frame->height);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_CHANNELS, frame->channels);
}

/* beyond the contract: enough to decode the bytes without asking anyone */
static void
write_description (TribJsonWriter *w, const TribKafkaFrame *frame, guint64 sequence)
{
  trib_json_writer_member_string (w, TRIB_KAFKA_JSON_CONTENT_TYPE, frame->content_type);
  if (frame->pixel_format)
    trib_json_writer_member_string (w, TRIB_KAFKA_JSON_PIXEL_FORMAT, frame->pixel_format);
  if (frame->caps)
    trib_json_writer_member_string (w, TRIB_KAFKA_JSON_CAPS, frame->caps);
  trib_json_writer_member_string (w, TRIB_KAFKA_JSON_TIME_SOURCE, frame->time_source);
  trib_json_writer_member_boolean (w, TRIB_KAFKA_JSON_KEY_FRAME, frame->key);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_SEQUENCE, sequence);
}

/* null: not known */
static void
member_quality (TribJsonWriter *w, const TribKafkaFrame *frame)
{
  trib_json_writer_key (w, TRIB_KAFKA_JSON_COMPRESSION_QUALITY);
  if (frame->quality >= 0)
    trib_json_writer_int (w, frame->quality);
  else
    trib_json_writer_null (w);
}

/* the same as in `compression`, as older consumers read it (ARIA-40) */
static void
write_flat_compression (TribJsonWriter *w, const TribKafkaFrame *frame, guint64 size)
{
  trib_json_writer_member_string (w, TRIB_KAFKA_JSON_COMPRESSION_FORMAT, frame->format);
  member_quality (w, frame);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_ORIGINAL_SIZE, frame->original_size);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_COMPRESSED_SIZE, size);
  member_ratio (w, TRIB_KAFKA_JSON_COMPRESSION_RATIO, size, frame->original_size);
}

/**
 * trib_kafka_layout_metadata:
 * @out: appended to
 * @frame: the frame
 * @frame_id: its id
 * @sequence: its number in this sink
 * @size: bytes of the payload
 * @crc32c: CRC-32C of the payload
 *
 * The value of the metadata record (ARIA-1, ARIA-3).
 */
void
trib_kafka_layout_metadata (GString *out, const TribKafkaFrame *frame, const gchar *frame_id,
    guint64 sequence, guint64 size, guint32 crc32c)
{
  TribJsonWriter w;

  trib_json_writer_init (&w, out);
  trib_json_writer_begin_object (&w);
  write_identity (&w, frame, frame_id);
  write_compression (&w, frame, size);
  write_flat_compression (&w, frame, size);
  trib_json_writer_member_string (&w, TRIB_KAFKA_JSON_DATA_TYPE, TRIB_KAFKA_DATA_TYPE_FRAME);
  write_description (&w, frame, sequence);
  trib_json_writer_member_uint (&w, TRIB_KAFKA_JSON_BINARY_CRC32C, crc32c);
  trib_json_writer_end_object (&w);
}

/* as older consumers read a picture: its shape is always that of the picture, and its compressed
 * size that of the text */
static void
write_frame_data (TribJsonWriter *w, const TribKafkaFrame *frame, const guint8 *data, gsize size)
{
  trib_json_writer_key (w, TRIB_KAFKA_JSON_FRAME_DATA);
  trib_json_writer_begin_object (w);
  trib_json_writer_member_string (w, TRIB_KAFKA_JSON_STREAM_NAME, frame->stream);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_FRAME_INDEX, frame->index);
  trib_json_writer_member_int (w, TRIB_KAFKA_JSON_CAPTURE_TIMESTAMP_NS, frame->t_ns);
  trib_json_writer_key (w, TRIB_KAFKA_JSON_IMAGE_SHAPE);
  trib_json_writer_begin_array (w);
  trib_json_writer_uint (w, frame->height);
  trib_json_writer_uint (w, frame->width);
  trib_json_writer_uint (w, frame->channels);
  trib_json_writer_end_array (w);
  trib_json_writer_member_string (w, TRIB_KAFKA_JSON_PIXEL_FORMAT,
      frame->pixel_format    ? frame->pixel_format
      : frame->channels == 1 ? "GRAY8"
                             : "RGB");
  trib_json_writer_key (w, TRIB_KAFKA_JSON_IMAGE_DATA);
  trib_json_writer_base64 (w, data, size);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_IMAGE_WIDTH, frame->width);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_IMAGE_HEIGHT, frame->height);
  trib_json_writer_member_uint (w, TRIB_KAFKA_JSON_ORIGINAL_SIZE_BYTES, frame->original_size);
  trib_json_writer_member_uint (
      w, TRIB_KAFKA_JSON_COMPRESSED_SIZE_BYTES, ((guint64) size + 2) / 3 * 4);
  member_quality (w, frame);
  trib_json_writer_end_object (w);
}

/**
 * trib_kafka_layout_legacy:
 * @out: appended to
 * @frame: the frame
 * @frame_id: its id
 * @sequence: its number in this sink
 * @data: (array length=size): the payload
 * @size: its bytes
 *
 * The one record of legacy mode (ARIA-4, ARIA-40): all of it in JSON, the picture in base64. What
 * is beside `frame_data` is ours, but for the time, the stream and the kind of data.
 */
void
trib_kafka_layout_legacy (GString *out, const TribKafkaFrame *frame, const gchar *frame_id,
    guint64 sequence, const guint8 *data, gsize size)
{
  TribJsonWriter w;

  trib_json_writer_init (&w, out);
  trib_json_writer_begin_object (&w);
  write_identity (&w, frame, frame_id);
  write_compression (&w, frame, size);
  trib_json_writer_member_string (&w, TRIB_KAFKA_JSON_DATA_TYPE, TRIB_KAFKA_DATA_TYPE_LEGACY);
  write_description (&w, frame, sequence);
  write_frame_data (&w, frame, data, size);
  trib_json_writer_end_object (&w);
}

typedef struct {
  const gchar *topic, *partition, *offset, *crc32c;
} PlaceKeys;

static const PlaceKeys metadata_keys
    = { TRIB_KAFKA_JSON_METADATA_TOPIC, TRIB_KAFKA_JSON_METADATA_PARTITION,
        TRIB_KAFKA_JSON_METADATA_OFFSET, TRIB_KAFKA_JSON_METADATA_CRC32C };
static const PlaceKeys binary_keys = { TRIB_KAFKA_JSON_BINARY_TOPIC,
  TRIB_KAFKA_JSON_BINARY_PARTITION, TRIB_KAFKA_JSON_BINARY_OFFSET, TRIB_KAFKA_JSON_BINARY_CRC32C };

/* below 0: not known */
static void
member_number (TribJsonWriter *w, const gchar *key, gint64 value)
{
  trib_json_writer_key (w, key);
  if (value < 0)
    trib_json_writer_null (w);
  else
    trib_json_writer_int (w, value);
}

static void
write_place (TribJsonWriter *w, const PlaceKeys *keys, const TribKafkaPlace *place)
{
  trib_json_writer_member_string (w, keys->topic, place->topic);
  member_number (w, keys->partition, place->partition);
  member_number (w, keys->offset, place->offset);
  trib_json_writer_member_uint (w, keys->crc32c, place->crc32c);
}

/**
 * trib_kafka_layout_registry:
 * @out: appended to
 * @entry: what happened to a frame
 *
 * The value of the registry record: LINKED, or FAILED when @entry has an error reason.
 */
void
trib_kafka_layout_registry (GString *out, const TribKafkaEntry *entry)
{
  TribJsonWriter w;

  trib_json_writer_init (&w, out);
  trib_json_writer_begin_object (&w);
  trib_json_writer_member_string (&w, TRIB_KAFKA_JSON_FRAME_ID, entry->frame_id);
  trib_json_writer_member_string (&w, TRIB_KAFKA_JSON_SESSION_ID, entry->session);
  trib_json_writer_member_string (&w, TRIB_KAFKA_JSON_STREAM_ID, entry->stream);
  trib_json_writer_member_uint (&w, TRIB_KAFKA_JSON_FRAME_INDEX, entry->index);
  trib_json_writer_member_int (&w, TRIB_KAFKA_JSON_CAPTURE_TIMESTAMP_NS, entry->t_ns);
  write_place (&w, &metadata_keys, &entry->metadata);
  write_place (&w, &binary_keys, &entry->binary);
  trib_json_writer_member_string (&w, TRIB_KAFKA_JSON_COMPRESSION_FORMAT, entry->format);
  trib_json_writer_member_uint (&w, TRIB_KAFKA_JSON_COMPRESSED_SIZE, entry->size);
  member_ratio (&w, TRIB_KAFKA_JSON_COMPRESSION_RATIO, entry->size, entry->original_size);
  member_time (&w, TRIB_KAFKA_JSON_CREATED_AT, entry->created_at_ns);
  trib_json_writer_member_uint (&w, TRIB_KAFKA_JSON_SIZE_BYTES, entry->size);
  trib_json_writer_member_string (&w, TRIB_KAFKA_JSON_STATUS,
      entry->error_reason ? TRIB_KAFKA_STATUS_FAILED : TRIB_KAFKA_STATUS_LINKED);
  if (entry->error_reason) {
    trib_json_writer_member_string (&w, TRIB_KAFKA_JSON_ERROR_REASON, entry->error_reason);
    trib_json_writer_member_string (&w, TRIB_KAFKA_JSON_ERROR_MESSAGE, entry->error_message);
  }
  trib_json_writer_end_object (&w);
}

/**
 * trib_kafka_layout_run:
 * @out: appended to
 * @run: what a run did
 *
 * The value of the record that a run writes at its end.
 */
void
trib_kafka_layout_run (GString *out, const TribKafkaRunEnd *run)
{
  TribJsonWriter w;

  trib_json_writer_init (&w, out);
  trib_json_writer_begin_object (&w);
  trib_json_writer_member_string (&w, TRIB_KAFKA_JSON_SESSION_ID, run->session);
  trib_json_writer_member_string (&w, TRIB_KAFKA_JSON_STREAM_ID, run->stream);
  trib_json_writer_member_uint (&w, TRIB_KAFKA_JSON_FIRST_INDEX, run->first_index);
  trib_json_writer_member_uint (&w, TRIB_KAFKA_JSON_LAST_INDEX, run->last_index);
  trib_json_writer_member_uint (&w, TRIB_KAFKA_JSON_SENT, run->sent);
  trib_json_writer_member_uint (&w, TRIB_KAFKA_JSON_LINKED, run->linked);
  trib_json_writer_member_uint (&w, TRIB_KAFKA_JSON_FAILED, run->failed);
  member_time (&w, TRIB_KAFKA_JSON_ENDED_AT, run->ended_at_ns);
  trib_json_writer_end_object (&w);
}
