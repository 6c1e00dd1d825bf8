/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gstrecordconvert.h"

GST_DEBUG_CATEGORY_STATIC (record_convert_debug);
#define GST_CAT_DEFAULT record_convert_debug

#define DEFAULT_MAX_RECORD_BYTES TRIB_RECORD_DEFAULT_MAX_BYTES

typedef struct {
  /* OBJECT_LOCK */
  guint64 max_record_bytes; /* what it is at the start counts */
  guint64 records_in;
  guint64 records_out;
  guint64 bytes_in;
  guint64 bytes_out;
  GstRecordRefusals refusals;
  TribRecordNotes notes;

  /* streaming thread, made at start */
  TribRecordReader *reader;
} GstRecordConvertPrivate;

#define gst_record_convert_parent_class parent_class
G_DEFINE_ABSTRACT_TYPE_WITH_CODE (
    GstRecordConvert, gst_record_convert, GST_TYPE_BASE_TRANSFORM, G_ADD_PRIVATE (GstRecordConvert);
    GST_DEBUG_CATEGORY_INIT (
        record_convert_debug, "recordconvert", 0, "records from one form into another"))

static inline GstRecordConvertPrivate *
get_private (GstRecordConvert *self)
{
  return gst_record_convert_get_instance_private (self);
}

static gboolean
gst_record_convert_start (GstBaseTransform *base)
{
  GstRecordConvert *self = GST_RECORD_CONVERT (base);
  GstRecordConvertPrivate *priv = get_private (self);
  TribRecordLimits limits = { 0 };

  GST_OBJECT_LOCK (self);
  priv->records_in = priv->records_out = priv->bytes_in = priv->bytes_out = 0;
  priv->notes = (TribRecordNotes){ 0 };
  gst_record_refusals_clear (&priv->refusals);
  limits.max_bytes = (gsize) priv->max_record_bytes;
  GST_OBJECT_UNLOCK (self);
  trib_record_reader_free (priv->reader);
  priv->reader = trib_record_reader_new (&limits);
  return TRUE;
}

static gboolean
gst_record_convert_stop (GstBaseTransform *base)
{
  GstRecordConvertPrivate *priv = get_private (GST_RECORD_CONVERT (base));

  g_clear_pointer (&priv->reader, trib_record_reader_free);
  return TRUE;
}

static GstCaps *
gst_record_convert_transform_caps (
    GstBaseTransform *base, GstPadDirection direction, GstCaps *caps, GstCaps *filter)
{
  GstPad *other = direction == GST_PAD_SINK ? GST_BASE_TRANSFORM_SRC_PAD (base)
                                            : GST_BASE_TRANSFORM_SINK_PAD (base);
  GstCaps *result = gst_pad_get_pad_template_caps (other);

  if (filter != NULL) {
    GstCaps *both = gst_caps_intersect_full (filter, result, GST_CAPS_INTERSECT_FIRST);
    gst_caps_unref (result);
    result = both;
  }
  return result;
}

/**
 * gst_record_convert_transcode:
 * @r: a reader that was given a record
 * @to: the format to write
 * @nan: what becomes of NaN and the infinities in JSON
 * @size_hint: about how large the result will be, in bytes
 * @behind: (nullable): text to be put behind it
 * @notes: (inout): as for trib_record_transcode()
 * @error: return location
 *
 * Returns: (transfer full) (nullable): the record in a new buffer
 */
GstBuffer *
gst_record_convert_transcode (TribRecordReader *r, TribRecordFormat to, TribRecordNanPolicy nan,
    gsize size_hint, const gchar *behind, TribRecordNotes *notes, GError **error)
{
  GString *out = g_string_sized_new (size_hint);
  gsize size;

  if (!trib_record_transcode (r, to, nan, out, notes, error)) {
    g_string_free (out, TRUE);
    return NULL;
  }
  if (behind != NULL)
    g_string_append (out, behind);
  size = out->len;
  return gst_buffer_new_wrapped (g_string_free (out, FALSE), size);
}

/* counts a record that cannot be used, and tells of the first of its reason */
static void
refuse (GstRecordConvert *self, const GError *why, guint64 offset)
{
  GstRecordConvertPrivate *priv = get_private (self);
  guint64 record;
  gboolean first;

  GST_OBJECT_LOCK (self);
  record = priv->records_in - 1;
  first = gst_record_refusals_add (&priv->refusals, why, record, offset);
  GST_OBJECT_UNLOCK (self);
  GST_DEBUG_OBJECT (self, "record %" G_GUINT64_FORMAT ": %s", record, why->message);
  /* the counters tell of the others: the bus is no place for one message a buffer */
  if (first)
    gst_record_refusal_post (GST_ELEMENT (self),
        GST_RECORD_CONVERT_GET_CLASS (self)->dropped_message, why, record, offset);
}

static GstBuffer *
convert (GstRecordConvert *self, GstBuffer *in, const GstMapInfo *map)
{
  GstRecordConvertPrivate *priv = get_private (self);
  GstRecordConvertClass *klass = GST_RECORD_CONVERT_GET_CLASS (self);
  g_autoptr (GError) error = NULL;
  TribRecordNotes notes = { 0 };
  GstBuffer *out;

  GST_OBJECT_LOCK (self);
  priv->records_in++;
  priv->bytes_in += map->size;
  GST_OBJECT_UNLOCK (self);
  trib_record_reader_set (priv->reader, klass->from, map->data, map->size);
  out = klass->convert (self, priv->reader, in, map, &notes, &error);
  if (out == NULL) {
    refuse (self, error, trib_record_reader_offset (priv->reader));
    return NULL;
  }
  GST_OBJECT_LOCK (self);
  priv->records_out++;
  priv->bytes_out += gst_buffer_get_size (out);
  priv->notes.not_finite += notes.not_finite;
  priv->notes.binary += notes.binary;
  priv->notes.timestamps += notes.timestamps;
  priv->notes.extensions += notes.extensions;
  GST_OBJECT_UNLOCK (self);
  return out;
}

/* Not transform(): the size of what comes out is known only when it is there. */
static GstFlowReturn
gst_record_convert_generate_output (GstBaseTransform *base, GstBuffer **ret_out)
{
  GstRecordConvert *self = GST_RECORD_CONVERT (base);
  g_autoptr (GstBuffer) in = g_steal_pointer (&base->queued_buf);
  GstBuffer *out;
  GstMapInfo map;

  *ret_out = NULL;
  if (in == NULL)
    return GST_FLOW_OK;
  if (!gst_buffer_map (in, &map, GST_MAP_READ)) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ, (NULL), ("cannot map a buffer for reading"));
    return GST_FLOW_ERROR;
  }
  out = convert (self, in, &map);
  gst_buffer_unmap (in, &map);
  /* the base class marks the next buffer with DISCONT */
  if (out == NULL)
    return GST_BASE_TRANSFORM_FLOW_DROPPED;
  gst_buffer_copy_into (out, in, GST_BUFFER_COPY_METADATA, 0, -1);
  *ret_out = out;
  return GST_FLOW_OK;
}

/* @locks: takes OBJECT_LOCK */
static GstStructure *
make_stats (GstRecordConvert *self)
{
  GstRecordConvertPrivate *priv = get_private (self);
  GstRecordConvertClass *klass = GST_RECORD_CONVERT_GET_CLASS (self);
  TribRecordNotes notes;
  GstStructure *stats;

  GST_OBJECT_LOCK (self);
  stats = gst_structure_new (klass->stats_name, "records-in", G_TYPE_UINT64, priv->records_in,
      "records-out", G_TYPE_UINT64, priv->records_out, "bytes-in", G_TYPE_UINT64, priv->bytes_in,
      "bytes-out", G_TYPE_UINT64, priv->bytes_out, NULL);
  gst_record_refusals_to_stats (&priv->refusals, stats);
  notes = priv->notes;
  GST_OBJECT_UNLOCK (self);
  if (klass->add_stats != NULL)
    klass->add_stats (self, &notes, stats);
  return stats;
}

static void
gst_record_convert_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRecordConvertPrivate *priv = get_private (GST_RECORD_CONVERT (object));

  switch (id) {
    case GST_RECORD_CONVERT_PROP_MAX_RECORD_BYTES:
      GST_OBJECT_LOCK (object);
      priv->max_record_bytes = g_value_get_uint64 (value);
      GST_OBJECT_UNLOCK (object);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_record_convert_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRecordConvertPrivate *priv = get_private (GST_RECORD_CONVERT (object));

  switch (id) {
    case GST_RECORD_CONVERT_PROP_MAX_RECORD_BYTES:
      GST_OBJECT_LOCK (object);
      g_value_set_uint64 (value, priv->max_record_bytes);
      GST_OBJECT_UNLOCK (object);
      break;
    case GST_RECORD_CONVERT_PROP_STATS:
      g_value_take_boxed (value, make_stats (GST_RECORD_CONVERT (object)));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
}

static void
gst_record_convert_finalize (GObject *object)
{
  GstRecordConvertPrivate *priv = get_private (GST_RECORD_CONVERT (object));

  trib_record_reader_free (priv->reader);
  gst_record_refusals_clear (&priv->refusals);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_record_convert_init (GstRecordConvert *self)
{
  get_private (self)->max_record_bytes = DEFAULT_MAX_RECORD_BYTES;
  /* a record of which nothing is known but its bytes has no frame rate to be late against */
  gst_base_transform_set_qos_enabled (GST_BASE_TRANSFORM (self), FALSE);
}

/**
 * gst_record_convert_install_properties:
 * @object_class: of the subclass, which owns them: its page has only what is its own
 */
void
gst_record_convert_install_properties (GObjectClass *object_class)
{
  GParamSpec *properties[GST_RECORD_CONVERT_N_PROPS] = { NULL };

  /* GObject wants the class that owns a property to have these, and hands none down */
  if (object_class->set_property == NULL)
    object_class->set_property = gst_record_convert_set_property;
  if (object_class->get_property == NULL)
    object_class->get_property = gst_record_convert_get_property;
  properties[GST_RECORD_CONVERT_PROP_MAX_RECORD_BYTES] = g_param_spec_uint64 ("max-record-bytes",
      "Largest record", "Largest record that is taken, counted from the start on", 1,
      TRIB_RECORD_MAX_BYTES, DEFAULT_MAX_RECORD_BYTES,
      G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY | G_PARAM_STATIC_STRINGS);
  properties[GST_RECORD_CONVERT_PROP_STATS] = g_param_spec_boxed ("stats", "Statistics",
      "What became of the records since the last start", GST_TYPE_STRUCTURE,
      G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, GST_RECORD_CONVERT_N_PROPS, properties);
}

static void
gst_record_convert_class_init (GstRecordConvertClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstBaseTransformClass *base_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->set_property = gst_record_convert_set_property;
  object_class->get_property = gst_record_convert_get_property;
  object_class->finalize = gst_record_convert_finalize;
  base_class->start = GST_DEBUG_FUNCPTR (gst_record_convert_start);
  base_class->stop = GST_DEBUG_FUNCPTR (gst_record_convert_stop);
  base_class->transform_caps = GST_DEBUG_FUNCPTR (gst_record_convert_transform_caps);
  base_class->generate_output = GST_DEBUG_FUNCPTR (gst_record_convert_generate_output);
  gst_type_mark_as_plugin_api (GST_TYPE_RECORD_CONVERT, 0);
}
