/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-ndjsonenc
 * @title: ndjsonenc
 * @short_description: Writes each JSON record as one line
 *
 * Each buffer becomes one line of newline-delimited JSON, for `filesink` and for tools like jq. The
 * text is validated and pushed as it is, without a copy, followed by a newline. A text that
 * contains line breaks is written again without them; its values are not changed.
 *
 * A buffer that is not one JSON text (RFC 8259, strictly) is dropped, counted by reason and
 * reported, so that every line of the output is valid.
 *
 * ## Caps
 * application/json to application/x-ndjson.
 *
 * ## Timing
 * Adds no latency. Timestamps, flags and metas are kept.
 *
 * ## Threads
 * None of its own.
 *
 * ## Errors
 * None: invalid records are dropped. A stream of which no record could be converted is a warning
 * (STREAM/DECODE).
 *
 * ## Stats
 * Counted from READY to PAUSED on. `records-in` = `records-out` +
 * all `dropped-REASON`, between two buffers.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=launch-lines/record/observations.ndjson ! ndjsonparse !
 * ndjsonenc ! fdsink fd=1
 * ]|
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstndjsonenc.h"

#include <shared/trib-element-records.h>

#include <string.h>

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS_JSON));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/x-ndjson"));

struct _GstNdjsonEnc {
  GstRecordConvert parent;

  GstMemory *newline; /* set once; every line shares it */
};

#define gst_ndjson_enc_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstNdjsonEnc, gst_ndjson_enc, GST_TYPE_RECORD_CONVERT)
GST_ELEMENT_REGISTER_DEFINE (ndjsonenc, "ndjsonenc", GST_RANK_NONE, GST_TYPE_NDJSON_ENC)

static const TribFieldTable dropped_message = TRIB_FIELD_TABLE ("ndjsonenc-dropped",
    "a record was dropped; the first one for its reason since the start",
    gst_record_dropped_fields);
static const TribFieldTable stats_tables[] = {
  TRIB_FIELD_TABLE ("application/x-ndjsonenc-stats", NULL, gst_record_convert_fields),
  TRIB_FIELD_TABLE ("application/x-ndjsonenc-stats", NULL, gst_record_refusals_fields),
};

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
  convert_class->stats = stats_tables;
  convert_class->n_stats = G_N_ELEMENTS (stats_tables);
  convert_class->dropped = &dropped_message;
  convert_class->convert = gst_ndjson_enc_convert;
  gst_record_convert_install_properties (G_OBJECT_CLASS (klass), FALSE);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "NDJSON writer", "Filter/Converter",
      "Writes each JSON record as one line", "The gst-tributary authors");
}
