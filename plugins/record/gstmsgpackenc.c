/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-msgpackenc
 * @title: msgpackenc
 * @short_description: Turns each JSON record into MessagePack
 *
 * One record a buffer comes in and goes out, in one pass, token by token. Integers are exact and have their smallest form,
 * every other number is a float64, the order of members is kept. The rules are in
 * [records](../internals/records.md).
 *
 * A buffer that is not one JSON text (RFC 8259, strictly: UTF-8, no comments, nothing behind it) is dropped, counted by
 * reason and told; the next one has the DISCONT flag.
 *
 * ## Caps
 * application/json to application/x-msgpack.
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
 * - `msgpackenc-dropped`: a record was dropped, the first one for its reason since the start. Fields: `reason` (string: syntax,
 * utf8, truncated, limit, range, type), `text` (string: what is wrong and where), `record` (its number from 0 on, uint64),
 * `offset` (bytes into the record, uint64).
 *
 * ## Stats
 * Counted from READY to PAUSED on. `records-in` = `records-out` + `dropped-syntax` + `dropped-utf8` + `dropped-truncated` +
 * `dropped-limit` + `dropped-range` + `dropped-type`, between two buffers.
 *
 * - `records-in`, `bytes-in`: buffers that came in, and their bytes.
 * - `records-out`, `bytes-out`: buffers handed on, and their bytes.
 * - `dropped-syntax`: not JSON. `dropped-utf8`: text that is not UTF-8. `dropped-truncated`: cut off, or empty.
 * - `dropped-limit`: larger than `max-record-bytes`, or nested deeper than 64 levels.
 * - `dropped-range`: a number larger than any float64. `dropped-type`: never, here.
 * - `last-dropped`: what was wrong with the last one that was dropped; `last-dropped-record`: its number from 0 on;
 * `last-dropped-offset`: bytes into it.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=launch-lines/record/observations.ndjson ! ndjsonparse ! msgpackenc ! msgpackdec ! ndjsonenc ! filesink location=/dev/null
 * ]|
 * Reads a file of records, turns them into MessagePack and back, and writes them as lines again.
 *
 * Since: 0.2
 */
#include "config.h"

#include "gstmsgpackenc.h"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/json"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/x-msgpack"));

struct _GstMsgpackEnc {
  GstRecordConvert parent;
};

G_DEFINE_FINAL_TYPE (GstMsgpackEnc, gst_msgpack_enc, GST_TYPE_RECORD_CONVERT)
GST_ELEMENT_REGISTER_DEFINE (msgpackenc, "msgpackenc", GST_RANK_NONE, GST_TYPE_MSGPACK_ENC)

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
  convert_class->stats_name = "application/x-msgpackenc-stats";
  convert_class->dropped_message = "msgpackenc-dropped";
  convert_class->convert = gst_msgpack_enc_convert;
  gst_record_convert_install_properties (G_OBJECT_CLASS (klass));
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "MessagePack encoder", "Codec/Encoder",
      "Turns each JSON record into MessagePack", "The gst-tributary authors");
}
