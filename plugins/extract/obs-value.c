/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-value.h"

#include <math.h>
#include <string.h>

/* deeper than any element nests, and far from what readers of records refuse */
#define MAX_DEPTH 32

/* GValueArray is deprecated, and is what level and others post */
static GType
value_array_type (void)
{
  G_GNUC_BEGIN_IGNORE_DEPRECATIONS
  return g_value_array_get_type ();
  G_GNUC_END_IGNORE_DEPRECATIONS
}

static guint
value_array_len (const GValue *value)
{
  const GValueArray *array = g_value_get_boxed (value);

  return array != NULL ? array->n_values : 0;
}

static const GValue *
value_array_item (const GValue *value, guint index)
{
  return &((const GValueArray *) g_value_get_boxed (value))->values[index];
}

/* a number of any type; TRUE: @ret_number is it */
gboolean
obs_value_get_double (const GValue *value, gdouble *ret_number)
{
  g_auto (GValue) number = G_VALUE_INIT;

  if (GST_VALUE_HOLDS_FRACTION (value)) {
    gint below = gst_value_get_fraction_denominator (value);

    if (below == 0)
      return FALSE;
    *ret_number = (gdouble) gst_value_get_fraction_numerator (value) / below;
    return TRUE;
  }
  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value))) {
    case G_TYPE_CHAR:
    case G_TYPE_UCHAR:
    case G_TYPE_INT:
    case G_TYPE_UINT:
    case G_TYPE_LONG:
    case G_TYPE_ULONG:
    case G_TYPE_INT64:
    case G_TYPE_UINT64:
    case G_TYPE_FLOAT:
    case G_TYPE_DOUBLE:
      g_value_init (&number, G_TYPE_DOUBLE);
      if (!g_value_transform (value, &number))
        return FALSE;
      *ret_number = g_value_get_double (&number);
      return isfinite (*ret_number);
    default:
      return FALSE;
  }
}

static gboolean
is_list (const GValue *value)
{
  return GST_VALUE_HOLDS_LIST (value) || GST_VALUE_HOLDS_ARRAY (value)
         || G_VALUE_HOLDS (value, value_array_type ());
}

static guint
list_len (const GValue *value)
{
  if (GST_VALUE_HOLDS_LIST (value))
    return gst_value_list_get_size (value);
  if (GST_VALUE_HOLDS_ARRAY (value))
    return gst_value_array_get_size (value);
  return value_array_len (value);
}

static const GValue *
list_item (const GValue *value, guint index)
{
  if (GST_VALUE_HOLDS_LIST (value))
    return gst_value_list_get_value (value, index);
  if (GST_VALUE_HOLDS_ARRAY (value))
    return gst_value_array_get_value (value, index);
  return value_array_item (value, index);
}

/**
 * obs_value_is_convertible:
 * @value: any value
 *
 * Returns: whether a record can hold such a value; of a list, whether it can be a list
 */
gboolean
obs_value_is_convertible (const GValue *value)
{
  if (is_list (value) || GST_VALUE_HOLDS_STRUCTURE (value) || GST_VALUE_HOLDS_FRACTION (value)
      || GST_VALUE_HOLDS_BITMASK (value) || G_VALUE_HOLDS (value, G_TYPE_STRV)
      || G_VALUE_HOLDS (value, GST_TYPE_DATE_TIME))
    return TRUE;
  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value))) {
    case G_TYPE_BOOLEAN:
    case G_TYPE_CHAR:
    case G_TYPE_UCHAR:
    case G_TYPE_INT:
    case G_TYPE_UINT:
    case G_TYPE_LONG:
    case G_TYPE_ULONG:
    case G_TYPE_INT64:
    case G_TYPE_UINT64:
    case G_TYPE_FLOAT:
    case G_TYPE_DOUBLE:
    case G_TYPE_STRING:
    case G_TYPE_ENUM:
    case G_TYPE_FLAGS:
      return TRUE;
    default:
      return FALSE;
  }
}

static void
write_enum (ObsValueWriter *v, const GValue *value)
{
  GEnumClass *klass = g_type_class_ref (G_VALUE_TYPE (value));
  const GEnumValue *word = g_enum_get_value (klass, g_value_get_enum (value));

  if (word != NULL)
    trib_record_writer_string (v->w, word->value_nick);
  else
    trib_record_writer_int (v->w, g_value_get_enum (value));
  g_type_class_unref (klass);
}

static void
write_date_time (ObsValueWriter *v, const GValue *value)
{
  GstDateTime *time = g_value_get_boxed (value);
  g_autofree gchar *text = time != NULL ? gst_date_time_to_iso8601_string (time) : NULL;

  if (text != NULL)
    trib_record_writer_string (v->w, text);
  else
    trib_record_writer_null (v->w);
}

static void
write_strv (ObsValueWriter *v, const GValue *value)
{
  const gchar *const *texts = g_value_get_boxed (value);

  trib_record_writer_begin_array (v->w);
  for (; texts != NULL && *texts != NULL; texts++)
    trib_record_writer_string (v->w, *texts);
  trib_record_writer_end_array (v->w);
}

static void
write_list (ObsValueWriter *v, const GValue *value)
{
  guint n = list_len (value);

  trib_record_writer_begin_array (v->w);
  for (guint i = 0; i < n && !v->is_full; i++)
    obs_value_write (v, list_item (value, i));
  trib_record_writer_end_array (v->w);
}

static void
write_compound (ObsValueWriter *v, const GValue *value)
{
  const GstStructure *structure;
  gdouble number;

  if (trib_record_writer_depth (v->w) >= MAX_DEPTH) {
    v->unconverted++;
    trib_record_writer_null (v->w);
  } else if (is_list (value)) {
    write_list (v, value);
  } else if (G_VALUE_HOLDS (value, G_TYPE_STRV)) {
    write_strv (v, value);
  } else if (GST_VALUE_HOLDS_FRACTION (value)) {
    if (obs_value_get_double (value, &number))
      trib_record_writer_double (v->w, number);
    else
      trib_record_writer_null (v->w);
  } else if (GST_VALUE_HOLDS_BITMASK (value)) {
    trib_record_writer_uint (v->w, gst_value_get_bitmask (value));
  } else if (G_VALUE_HOLDS (value, GST_TYPE_DATE_TIME)) {
    write_date_time (v, value);
  } else if (GST_VALUE_HOLDS_STRUCTURE (value)
             && (structure = gst_value_get_structure (value)) != NULL) {
    trib_record_writer_begin_map (v->w);
    obs_value_write_fields (v, structure, NULL, NULL);
    trib_record_writer_end_map (v->w);
  } else {
    v->unconverted += !GST_VALUE_HOLDS_STRUCTURE (value);
    trib_record_writer_null (v->w);
  }
}

/**
 * obs_value_write:
 * @v: a writer, with a value due
 * @value: a value; null is written for one that a record cannot hold
 */
void
obs_value_write (ObsValueWriter *v, const GValue *value)
{
  TribRecordWriter *w = v->w;

  switch (G_TYPE_FUNDAMENTAL (G_VALUE_TYPE (value))) {
    case G_TYPE_BOOLEAN:
      trib_record_writer_boolean (w, g_value_get_boolean (value));
      break;
    case G_TYPE_CHAR:
      trib_record_writer_int (w, g_value_get_schar (value));
      break;
    case G_TYPE_UCHAR:
      trib_record_writer_uint (w, g_value_get_uchar (value));
      break;
    case G_TYPE_INT:
      trib_record_writer_int (w, g_value_get_int (value));
      break;
    case G_TYPE_UINT:
      trib_record_writer_uint (w, g_value_get_uint (value));
      break;
    case G_TYPE_LONG:
      trib_record_writer_int (w, g_value_get_long (value));
      break;
    case G_TYPE_ULONG:
      trib_record_writer_uint (w, g_value_get_ulong (value));
      break;
    case G_TYPE_INT64:
      trib_record_writer_int (w, g_value_get_int64 (value));
      break;
    case G_TYPE_UINT64:
      trib_record_writer_uint (w, g_value_get_uint64 (value));
      break;
    case G_TYPE_FLOAT:
      trib_record_writer_float (w, g_value_get_float (value));
      break;
    case G_TYPE_DOUBLE:
      trib_record_writer_double (w, g_value_get_double (value));
      break;
    case G_TYPE_STRING:
      if (g_value_get_string (value) != NULL)
        trib_record_writer_string (w, g_value_get_string (value));
      else
        trib_record_writer_null (w);
      break;
    case G_TYPE_ENUM:
      write_enum (v, value);
      break;
    case G_TYPE_FLAGS:
      trib_record_writer_uint (w, g_value_get_flags (value));
      break;
    default:
      write_compound (v, value);
      break;
  }
  v->is_full |= trib_record_writer_out (w)->len > v->max_bytes;
}

typedef struct {
  ObsValueWriter *v;
  const gchar *const *except;
  ObsNameCheck is_reserved;
  const GstStructure *structure;
} Fields;

static gboolean
write_field (GQuark id, const GValue *value, gpointer data)
{
  Fields *fields = data;
  const gchar *name = g_quark_to_string (id);
  g_autofree gchar *other_name = NULL;

  if (fields->v->is_full)
    return FALSE;
  if (fields->except != NULL && g_strv_contains (fields->except, name))
    return TRUE;
  if (!obs_value_is_convertible (value)) {
    fields->v->unconverted++;
    return TRUE;
  }
  if (fields->is_reserved != NULL && fields->is_reserved (name)) {
    name = other_name = g_strconcat (name, "_", NULL);
    if (gst_structure_has_field (fields->structure, name)) {
      fields->v->unconverted++;
      return TRUE;
    }
  }
  trib_record_writer_key (fields->v->w, name);
  obs_value_write (fields->v, value);
  return TRUE;
}

/**
 * obs_value_write_fields:
 * @v: a writer, inside a map
 * @structure: its fields become members
 * @except: (nullable) (array zero-terminated=1): but for these
 * @is_reserved: (nullable): which names may not be there: they get a "_" behind them
 */
void
obs_value_write_fields (ObsValueWriter *v, const GstStructure *structure,
    const gchar *const *except, ObsNameCheck is_reserved)
{
  Fields fields = { v, except, is_reserved, structure };

  gst_structure_foreach (structure, write_field, &fields);
}
