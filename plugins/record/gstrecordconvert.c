/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "gstrecordconvert.h"

#include <shared/trib-properties.h>

GST_DEBUG_CATEGORY_STATIC (record_convert_debug);
#define GST_CAT_DEFAULT record_convert_debug

enum { PROP_MAX_RECORD_BYTES = 1, PROP_STATS, PROP_NAN_POLICY, N_PROPS };

typedef struct {
  guint64 max_record_bytes;
  TribRecordNanPolicy nan_policy;
} Settings;

/* clang-format off */
static const TribProperty property_table[N_PROPS] = {
  [PROP_MAX_RECORD_BYTES] = { TRIB_PROPERTY_UINT64, "max-record-bytes", "Maximum record size",
      "Largest record that is accepted (bytes)", G_STRUCT_OFFSET (Settings, max_record_bytes),
      1, TRIB_RECORD_MAX_BYTES, TRIB_RECORD_DEFAULT_MAX_BYTES },
  [PROP_STATS] = { TRIB_PROPERTY_STATS, "stats", "Statistics",
      "Counters of records and bytes since the last start" },
  [PROP_NAN_POLICY] = { TRIB_PROPERTY_ENUM, "nan-policy", "NaN policy",
      "What to write for NaN and the infinities, which JSON cannot represent",
      G_STRUCT_OFFSET (Settings, nan_policy), .while_playing = TRUE,
      .type_name = "GstMsgpackDecNanPolicy", .choices = {
        [TRIB_RECORD_NAN_NULL] = { "null", "null" },
        [TRIB_RECORD_NAN_TEXT] = { "text", "The strings \"NaN\", \"Infinity\", \"-Infinity\"" },
        [TRIB_RECORD_NAN_ERROR] = { "error", "Drop the record" } } },
};
/* clang-format on */
static const TribProperties all_properties = TRIB_PROPERTIES (property_table);
static const TribProperties common_properties = { property_table, NULL, PROP_NAN_POLICY };

typedef struct {
  guint64 records_in, records_out, bytes_in, bytes_out;
} Counts;

#define COUNT(name, field, about)                                   \
  {                                                                 \
    name, TRIB_FIELD_UINT64, G_STRUCT_OFFSET (Counts, field), about \
  }

/* clang-format off */
const TribField gst_record_convert_fields[GST_RECORD_N_CONVERT_FIELDS] = {
  COUNT ("records-in", records_in, "buffers received"),
  COUNT ("records-out", records_out, "buffers pushed"),
  COUNT ("bytes-in", bytes_in, "bytes of the buffers received"),
  COUNT ("bytes-out", bytes_out, "bytes of the buffers pushed"),
};
/* clang-format on */

typedef struct {
  /* OBJECT_LOCK */
  Settings settings; /* max_record_bytes is read at start */
  Counts counts;
  GstRecordRefusals refusals;
  TribRecordNotes notes;

  /* streaming thread, made at start */
  TribRecordReader *reader;
} GstRecordConvertPrivate;

#define gst_record_convert_parent_class parent_class
G_DEFINE_ABSTRACT_TYPE_WITH_CODE (
    GstRecordConvert, gst_record_convert, GST_TYPE_BASE_TRANSFORM, G_ADD_PRIVATE (GstRecordConvert);
    GST_DEBUG_CATEGORY_INIT (
        record_convert_debug, "recordconvert", 0, "records from one format to another"))

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
  priv->counts = (Counts){ 0 };
  priv->notes = (TribRecordNotes){ 0 };
  gst_record_refusals_clear (&priv->refusals);
  limits.max_bytes = (gsize) priv->settings.max_record_bytes;
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
 * @r: a reader of a record
 * @to: the format to write
 * @nan: what to write for NaN and the infinities in JSON
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

/* counts an invalid record, and reports the first of its reason */
static void
refuse (GstRecordConvert *self, const GError *why, guint64 offset)
{
  GstRecordConvertPrivate *priv = get_private (self);
  guint64 record;
  gboolean first;

  GST_OBJECT_LOCK (self);
  record = priv->counts.records_in - 1;
  first = gst_record_refusals_add (&priv->refusals, why, record, offset);
  GST_OBJECT_UNLOCK (self);
  GST_DEBUG_OBJECT (self, "record %" G_GUINT64_FORMAT ": %s", record, why->message);
  /* the others are only counted: a message a buffer would flood the bus */
  if (first)
    gst_record_refusal_post (
        GST_ELEMENT (self), GST_RECORD_CONVERT_GET_CLASS (self)->dropped, why, record, offset);
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
  priv->counts.records_in++;
  priv->counts.bytes_in += map->size;
  GST_OBJECT_UNLOCK (self);
  trib_record_reader_set (priv->reader, klass->from, map->data, map->size);
  out = klass->convert (self, priv->reader, in, map, &notes, &error);
  if (out == NULL) {
    refuse (self, error, trib_record_reader_offset (priv->reader));
    return NULL;
  }
  GST_OBJECT_LOCK (self);
  priv->counts.records_out++;
  priv->counts.bytes_out += gst_buffer_get_size (out);
  priv->notes.not_finite += notes.not_finite;
  priv->notes.binary += notes.binary;
  priv->notes.timestamps += notes.timestamps;
  priv->notes.extensions += notes.extensions;
  GST_OBJECT_UNLOCK (self);
  return out;
}

/* Not transform(), which needs the size of the result before the conversion. */
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

static gboolean
gst_record_convert_sink_event (GstBaseTransform *base, GstEvent *event)
{
  GstRecordConvert *self = GST_RECORD_CONVERT (base);
  GstRecordConvertPrivate *priv = get_private (self);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    g_autofree gchar *last = NULL;
    Counts counts;
    GST_OBJECT_LOCK (self);
    counts = priv->counts;
    last = g_strdup (priv->refusals.last_text);
    GST_OBJECT_UNLOCK (self);
    if (counts.records_in > 0 && counts.records_out == 0)
      GST_ELEMENT_WARNING (self, STREAM, DECODE,
          ("No record could be converted (received: %" G_GUINT64_FORMAT ").", counts.records_in),
          ("%s", last));
  }
  return GST_BASE_TRANSFORM_CLASS (gst_record_convert_parent_class)->sink_event (base, event);
}

/* @locks: takes OBJECT_LOCK */
static GstStructure *
make_stats (GstRecordConvert *self)
{
  GstRecordConvertPrivate *priv = get_private (self);
  GstRecordConvertClass *klass = GST_RECORD_CONVERT_GET_CLASS (self);
  GstStructure *stats;

  GST_OBJECT_LOCK (self);
  stats = trib_fields_to_structure (&klass->stats[0], &priv->counts);
  trib_fields_add_table (stats, &klass->stats[1], &priv->refusals);
  if (klass->n_stats > 2)
    trib_fields_add_table (stats, &klass->stats[2], &priv->notes);
  GST_OBJECT_UNLOCK (self);
  return stats;
}

static void
gst_record_convert_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstRecordConvertPrivate *priv = get_private (GST_RECORD_CONVERT (object));

  trib_properties_set_locked (&all_properties, &priv->settings, object, id, value, pspec);
}

static void
gst_record_convert_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstRecordConvert *self = GST_RECORD_CONVERT (object);

  if (id == PROP_STATS)
    g_value_take_boxed (value, make_stats (self));
  else
    trib_properties_get_locked (
        &all_properties, &get_private (self)->settings, object, id, value, pspec);
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
  trib_properties_init (&all_properties, &get_private (self)->settings);
  /* records have no frame rate to be late against */
  gst_base_transform_set_qos_enabled (GST_BASE_TRANSFORM (self), FALSE);
}

/**
 * gst_record_convert_install_properties:
 * @object_class: of the subclass, which owns the properties, so that its page lists them
 * @has_nan_policy: whether it has `nan-policy`
 */
void
gst_record_convert_install_properties (GObjectClass *object_class, gboolean has_nan_policy)
{
  /* GObject requires these of the class that owns a property, and does not inherit them */
  object_class->set_property = gst_record_convert_set_property;
  object_class->get_property = gst_record_convert_get_property;
  trib_properties_install_class (
      has_nan_policy ? &all_properties : &common_properties, object_class);
}

/* any thread */
TribRecordNanPolicy
gst_record_convert_get_nan_policy (GstRecordConvert *self)
{
  TribRecordNanPolicy policy;

  GST_OBJECT_LOCK (self);
  policy = get_private (self)->settings.nan_policy;
  GST_OBJECT_UNLOCK (self);
  return policy;
}

static void
gst_record_convert_class_init (GstRecordConvertClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstBaseTransformClass *base_class = GST_BASE_TRANSFORM_CLASS (klass);

  object_class->finalize = gst_record_convert_finalize;
  base_class->start = GST_DEBUG_FUNCPTR (gst_record_convert_start);
  base_class->sink_event = GST_DEBUG_FUNCPTR (gst_record_convert_sink_event);
  base_class->stop = GST_DEBUG_FUNCPTR (gst_record_convert_stop);
  base_class->transform_caps = GST_DEBUG_FUNCPTR (gst_record_convert_transform_caps);
  base_class->generate_output = GST_DEBUG_FUNCPTR (gst_record_convert_generate_output);
  gst_type_mark_as_plugin_api (GST_TYPE_RECORD_CONVERT, 0);
}
