/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-msgpackenc
 * @title: msgpackenc
 * @short_description: Turns each JSON record into MessagePack
 *
 * Each buffer is one record, converted in one pass. Integers are exact and have their smallest
 * form, every other number is a float64, the order of members is kept. The rules are in
 * [records](../internals/records.md).
 *
 * A buffer that is not one JSON text (RFC 8259, strictly: UTF-8, no comments, nothing after it) is
 * dropped, counted by reason and reported; the next buffer has the DISCONT flag.
 *
 * ## Caps
 * application/json to application/x-msgpack.
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
 * msgpackenc ! msgpackdec ! ndjsonenc ! filesink location=/dev/null
 * ]|
 * Reads a file of records, turns them into MessagePack and back, and writes them as lines again.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstmsgpackenc.h"

#include <shared/trib-element-records.h>

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS_JSON));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS_MSGPACK));

struct _GstMsgpackEnc {
  GstRecordConvert parent;
};

G_DEFINE_FINAL_TYPE (GstMsgpackEnc, gst_msgpack_enc, GST_TYPE_RECORD_CONVERT)
GST_ELEMENT_REGISTER_DEFINE (msgpackenc, "msgpackenc", GST_RANK_NONE, GST_TYPE_MSGPACK_ENC)

static const TribFieldTable dropped_message = TRIB_FIELD_TABLE ("msgpackenc-dropped",
    "a record was dropped; the first one for its reason since the start",
    gst_record_dropped_fields);
static const TribFieldTable stats_tables[] = {
  TRIB_FIELD_TABLE ("application/x-msgpackenc-stats", NULL, gst_record_convert_fields),
  TRIB_FIELD_TABLE ("application/x-msgpackenc-stats", NULL, gst_record_refusals_fields),
};

static GstBuffer *
gst_msgpack_enc_convert (GstRecordConvert *convert, TribRecordReader *r, GstBuffer *buffer,
    const GstMapInfo *map, TribRecordNotes *notes, GError **error)
{
  return gst_record_convert_transcode (
      r, TRIB_RECORD_MSGPACK, TRIB_RECORD_NAN_NULL, map->size, NULL, notes, error);
}

static void
gst_msgpack_enc_init (GstMsgpackEnc *self)
{
}

static void
gst_msgpack_enc_class_init (GstMsgpackEncClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstRecordConvertClass *convert_class = GST_RECORD_CONVERT_CLASS (klass);

  convert_class->from = TRIB_RECORD_JSON;
  convert_class->stats = stats_tables;
  convert_class->n_stats = G_N_ELEMENTS (stats_tables);
  convert_class->dropped = &dropped_message;
  convert_class->convert = gst_msgpack_enc_convert;
  gst_record_convert_install_properties (G_OBJECT_CLASS (klass), FALSE);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "MessagePack encoder", "Filter/Converter",
      "Turns each JSON record into MessagePack", "The gst-tributary authors");
}
