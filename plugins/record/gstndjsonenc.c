/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-ndjsonenc
 * @title: ndjsonenc
 * @short_description: Writes each JSON record as one line
 *
 * Each buffer becomes one line of newline-delimited JSON, ready for `filesink` and for tools like jq. The text is checked and
 * handed on as it is, without a copy, with a newline behind it. Only a text with line breaks in it is written anew, without
 * them: its values stay what they are, to the digit that matters.
 *
 * A buffer that is not one JSON text (RFC 8259, strictly) is dropped, counted by reason and told: no bad line spoils a file.
 *
 * ## Caps
 * application/json to application/x-ndjson.
 *
 * ## Timing
 * Adds no latency. Timestamps, flags and metas are kept.
 *
 * ## Threads
 * None of its own. Properties may be read from any thread.
 *
 * ## Errors
 * None: what cannot be read is dropped.
 *
 * ## Messages
 * - `ndjsonenc-dropped`: a record was dropped, the first one for its reason since the start. Fields: `reason` (string: syntax,
 * utf8, truncated, limit, range, type), `text` (string: what is wrong and where), `record` (its number from 0 on, uint64),
 * `offset` (bytes into the record, uint64).
 *
 * ## Stats
 * Counted from READY to PAUSED on. `records-in` = `records-out` + `dropped-syntax` + `dropped-utf8` + `dropped-truncated` +
 * `dropped-limit` + `dropped-range` + `dropped-type`, between two buffers.
 *
 * - `records-in`, `bytes-in`: buffers that came in, and their bytes.
 * - `records-out`, `bytes-out`: lines handed on, and their bytes, the newline included.
 * - `dropped-syntax`: not JSON. `dropped-utf8`: text that is not UTF-8. `dropped-truncated`: cut off, or empty.
 * - `dropped-limit`: larger than `max-record-bytes`, or nested deeper than 64 levels.
 * - `dropped-range`: a number larger than any float64. `dropped-type`: never, here.
 * - `last-dropped`: what was wrong with the last one that was dropped; `last-dropped-record`: its number from 0 on;
 * `last-dropped-offset`: bytes into it.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=launch-lines/record/observations.ndjson ! ndjsonparse ! ndjsonenc ! fdsink fd=1
 * ]|
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstndjsonenc.h"

#include <string.h>

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/json"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/x-ndjson"));

struct _GstNdjsonEnc {
  GstRecordConvert parent;

  GstMemory *newline; /* set once; every line shares it */
};

#define gst_ndjson_enc_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstNdjsonEnc, gst_ndjson_enc, GST_TYPE_RECORD_CONVERT)
GST_ELEMENT_REGISTER_DEFINE (ndjsonenc, "ndjsonenc", GST_RANK_NONE, GST_TYPE_NDJSON_ENC)

static GstBuffer *
gst_ndjson_enc_convert (GstRecordConvert *convert, TribRecordReader *r, GstBuffer *buffer,
    const GstMapInfo *map, TribRecordNotes *notes, GError **error)
{
  GstBuffer *out;

  /* in valid JSON a line break stands between tokens only */
  if (memchr (map->data, '\n', map->size) != NULL || memchr (map->data, '\r', map->size) != NULL)
    return gst_record_convert_transcode (
        r, TRIB_RECORD_JSON, TRIB_RECORD_NAN_NULL, map->size, "\n", notes, error);
  while (trib_record_reader_next (r) > TRIB_RECORD_END)
    ;
  if (trib_record_reader_error (r) != NULL) {
    *error = g_error_copy (trib_record_reader_error (r));
    return NULL;
  }
  out = gst_buffer_new ();
  gst_buffer_copy_into (out, buffer, GST_BUFFER_COPY_MEMORY, 0, -1);
  gst_buffer_append_memory (out, gst_memory_ref (GST_NDJSON_ENC (convert)->newline));
  return out;
}

static void
gst_ndjson_enc_finalize (GObject *object)
{
  gst_memory_unref (GST_NDJSON_ENC (object)->newline);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ndjson_enc_init (GstNdjsonEnc *self)
{
  static gchar newline[] = "\n";

  self->newline = gst_memory_new_wrapped (GST_MEMORY_FLAG_READONLY, newline, 1, 0, 1, NULL, NULL);
}

static void
gst_ndjson_enc_class_init (GstNdjsonEncClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstRecordConvertClass *convert_class = GST_RECORD_CONVERT_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_ndjson_enc_finalize;
  convert_class->from = TRIB_RECORD_JSON;
  convert_class->stats_name = "application/x-ndjsonenc-stats";
  convert_class->dropped_message = "ndjsonenc-dropped";
  convert_class->convert = gst_ndjson_enc_convert;
  gst_record_convert_install_properties (G_OBJECT_CLASS (klass));
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "NDJSON writer", "Formatter",
      "Writes each JSON record as one line", "The gst-tributary authors");
}
