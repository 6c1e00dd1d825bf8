/* SPDX-License-Identifier: LGPL-2.1-or-later */
/**
 * SECTION:element-msgpackdec
 * @title: msgpackdec
 * @short_description: Turns each MessagePack record into JSON
 *
 * One record a buffer comes in and goes out, in one pass, token by token. Integers are exact; a float has the fewest digits
 * that read back as the same float of its width; binary data becomes base64, a timestamp nanoseconds since the Unix epoch. The
 * rules are in [records](../internals/records.md); what does not come back as what it was is counted.
 *
 * A buffer that is not one value of MessagePack, or holds one that JSON has no word for, is dropped, counted by reason and
 * told; the next one has the DISCONT flag. A count in a header is believed only as far as bytes are there.
 *
 * ## Caps
 * application/x-msgpack to application/json.
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
 * - `msgpackdec-dropped`: a record was dropped, the first one for its reason since the start. Fields: `reason` (string: syntax,
 * utf8, truncated, limit, range, type), `text` (string: what is wrong and where), `record` (its number from 0 on, uint64),
 * `offset` (bytes into the record, uint64).
 *
 * ## Stats
 * Counted from READY to PAUSED on. `records-in` = `records-out` + `dropped-syntax` + `dropped-utf8` + `dropped-truncated` +
 * `dropped-limit` + `dropped-range` + `dropped-type`, between two buffers.
 *
 * - `records-in`, `bytes-in`: buffers that came in, and their bytes.
 * - `records-out`, `bytes-out`: buffers handed on, and their bytes.
 * - `dropped-syntax`: not MessagePack, or more than one value. `dropped-utf8`: str that is not UTF-8. `dropped-truncated`: cut
 * off, or empty.
 * - `dropped-limit`: larger than `max-record-bytes`, or nested deeper than 64 levels.
 * - `dropped-range`: a number that is not finite, with `nan-policy` error. `dropped-type`: a key that is neither str nor integer.
 * - `last-dropped`: what was wrong with the last one that was dropped; `last-dropped-record`: its number from 0 on;
 * `last-dropped-offset`: bytes into it.
 * - `values-not-finite`, `values-binary`, `values-timestamp`, `values-extension`: values of records handed on that became something
 * else (`nan-policy`, base64, an integer, a map).
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

#include "gstmsgpackdec.h"

#define DEFAULT_NAN_POLICY TRIB_RECORD_NAN_NULL

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/x-msgpack"));
static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/json"));

enum { PROP_NAN_POLICY = GST_RECORD_CONVERT_N_PROPS };

struct _GstMsgpackDec {
  GstRecordConvert parent;

  /* OBJECT_LOCK */
  TribRecordNanPolicy nan_policy;
};

#define gst_msgpack_dec_parent_class parent_class
G_DEFINE_FINAL_TYPE (GstMsgpackDec, gst_msgpack_dec, GST_TYPE_RECORD_CONVERT)
GST_ELEMENT_REGISTER_DEFINE (msgpackdec, "msgpackdec", GST_RANK_NONE, GST_TYPE_MSGPACK_DEC)

#define GST_TYPE_MSGPACK_DEC_NAN_POLICY (gst_msgpack_dec_nan_policy_get_type ())
static GType
gst_msgpack_dec_nan_policy_get_type (void)
{
  static gsize type;
  static const GEnumValue values[] = {
    { TRIB_RECORD_NAN_NULL, "null", "null" },
    { TRIB_RECORD_NAN_TEXT, "The texts \"NaN\", \"Infinity\", \"-Infinity\"", "text" },
    { TRIB_RECORD_NAN_ERROR, "Drop the record", "error" },
    { 0, NULL, NULL },
  };

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstMsgpackDecNanPolicy", values));
  return type;
}

static GstBuffer *
gst_msgpack_dec_convert (GstRecordConvert *convert, TribRecordReader *r, GstBuffer *buffer,
    const GstMapInfo *map, TribRecordNotes *notes, GError **error)
{
  GstMsgpackDec *self = GST_MSGPACK_DEC (convert);
  TribRecordNanPolicy nan;

  GST_OBJECT_LOCK (self);
  nan = self->nan_policy;
  GST_OBJECT_UNLOCK (self);
  return gst_record_convert_transcode (
      r, TRIB_RECORD_JSON, nan, map->size + map->size / 2, NULL, notes, error);
}

static void
gst_msgpack_dec_add_stats (
    GstRecordConvert *convert, const TribRecordNotes *notes, GstStructure *stats)
{
  gst_structure_set (stats, "values-not-finite", G_TYPE_UINT64, notes->not_finite, "values-binary",
      G_TYPE_UINT64, notes->binary, "values-timestamp", G_TYPE_UINT64, notes->timestamps,
      "values-extension", G_TYPE_UINT64, notes->extensions, NULL);
}

static void
gst_msgpack_dec_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  switch (id) {
    case PROP_NAN_POLICY:
      GST_OBJECT_LOCK (object);
      GST_MSGPACK_DEC (object)->nan_policy = (TribRecordNanPolicy) g_value_get_enum (value);
      GST_OBJECT_UNLOCK (object);
      break;
    default:
      G_OBJECT_CLASS (parent_class)->set_property (object, id, value, pspec);
      break;
  }
}

static void
gst_msgpack_dec_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  switch (id) {
    case PROP_NAN_POLICY:
      GST_OBJECT_LOCK (object);
      g_value_set_enum (value, (gint) GST_MSGPACK_DEC (object)->nan_policy);
      GST_OBJECT_UNLOCK (object);
      break;
    default:
      G_OBJECT_CLASS (parent_class)->get_property (object, id, value, pspec);
      break;
  }
}

static void
gst_msgpack_dec_init (GstMsgpackDec *self)
{
  self->nan_policy = DEFAULT_NAN_POLICY;
}

static void
gst_msgpack_dec_class_init (GstMsgpackDecClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstRecordConvertClass *convert_class = GST_RECORD_CONVERT_CLASS (klass);
  GParamSpec *nan_policy;

  object_class->set_property = gst_msgpack_dec_set_property;
  object_class->get_property = gst_msgpack_dec_get_property;
  convert_class->from = TRIB_RECORD_MSGPACK;
  convert_class->stats_name = "application/x-msgpackdec-stats";
  convert_class->dropped_message = "msgpackdec-dropped";
  convert_class->convert = gst_msgpack_dec_convert;
  convert_class->add_stats = gst_msgpack_dec_add_stats;

  nan_policy = g_param_spec_enum ("nan-policy", "NaN policy",
      "What becomes of NaN and the infinities, which JSON does not have",
      GST_TYPE_MSGPACK_DEC_NAN_POLICY, DEFAULT_NAN_POLICY,
      G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING | G_PARAM_STATIC_STRINGS);
  gst_record_convert_install_properties (object_class);
  g_object_class_install_property (object_class, PROP_NAN_POLICY, nan_policy);
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "MessagePack decoder", "Codec/Decoder",
      "Turns each MessagePack record into JSON", "The gst-tributary authors");
  gst_type_mark_as_plugin_api (GST_TYPE_MSGPACK_DEC_NAN_POLICY, 0);
}
