/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-msgpackdec
 * @title: msgpackdec
 * @short_description: Turns each MessagePack record into JSON
 *
 * Each buffer is one record, converted in one pass. Integers are exact; a float has the fewest
 * digits that read back as the same float of its width; binary data becomes base64, a timestamp
 * nanoseconds since the Unix epoch. The rules are in [records](../internals/records.md); values
 * that cannot be restored from the result are counted.
 *
 * A buffer that is not one value of MessagePack, or has a value that JSON cannot represent, is
 * dropped, counted by reason and reported; the next buffer has the DISCONT flag. Memory is reserved
 * for bytes that are there, not for those that a header announces.
 *
 * ## Caps
 * application/x-msgpack to application/json.
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

#include "gstmsgpackdec.h"

#include <shared/trib-element-records.h>

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS_MSGPACK));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (TRIB_RECORD_CAPS_JSON));

struct _GstMsgpackDec {
  GstRecordConvert parent;
};

G_DEFINE_FINAL_TYPE (GstMsgpackDec, gst_msgpack_dec, GST_TYPE_RECORD_CONVERT)
GST_ELEMENT_REGISTER_DEFINE (msgpackdec, "msgpackdec", GST_RANK_NONE, GST_TYPE_MSGPACK_DEC)

#define NOTE(name, field, about)                                             \
  {                                                                          \
    name, TRIB_FIELD_UINT64, G_STRUCT_OFFSET (TribRecordNotes, field), about \
  }

/* clang-format off */
static const TribField notes_fields[] = {
  NOTE ("values-not-finite", not_finite, "values written as `nan-policy` says"),
  NOTE ("values-binary", binary, "values written as base64"),
  NOTE ("values-timestamp", timestamps, "values written as nanoseconds"),
  NOTE ("values-extension", extensions, "values written as a map"),
};
/* clang-format on */

static const TribFieldTable dropped_message = TRIB_FIELD_TABLE ("msgpackdec-dropped",
    "a record was dropped; the first one for its reason since the start",
    gst_record_dropped_fields);
static const TribFieldTable stats_tables[] = {
  TRIB_FIELD_TABLE ("application/x-msgpackdec-stats", NULL, gst_record_convert_fields),
  TRIB_FIELD_TABLE ("application/x-msgpackdec-stats", NULL, gst_record_refusals_fields),
  TRIB_FIELD_TABLE ("application/x-msgpackdec-stats", NULL, notes_fields),
};

static GstBuffer *
gst_msgpack_dec_convert (GstRecordConvert *convert, TribRecordReader *r, GstBuffer *buffer,
    const GstMapInfo *map, TribRecordNotes *notes, GError **error)
{
  return gst_record_convert_transcode (r, TRIB_RECORD_JSON,
      gst_record_convert_get_nan_policy (convert), map->size + map->size / 2, NULL, notes, error);
}

static void
gst_msgpack_dec_init (GstMsgpackDec *self)
{
}

static void
gst_msgpack_dec_class_init (GstMsgpackDecClass *klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstRecordConvertClass *convert_class = GST_RECORD_CONVERT_CLASS (klass);

  convert_class->from = TRIB_RECORD_MSGPACK;
  convert_class->stats = stats_tables;
  convert_class->n_stats = G_N_ELEMENTS (stats_tables);
  convert_class->dropped = &dropped_message;
  convert_class->convert = gst_msgpack_dec_convert;

  gst_record_convert_install_properties (G_OBJECT_CLASS (klass), TRUE);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "MessagePack decoder", "Filter/Converter",
      "Turns each MessagePack record into JSON", "The gst-tributary authors");
}
