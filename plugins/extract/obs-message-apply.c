/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-message-apply.h"

#include <string.h>

#include "obs-value.h"

/* NAME, or NAME.NAME for a field of a nested structure */
static const GValue *
find_field (const GstStructure *structure, const gchar *path)
{
  const GValue *value = gst_structure_get_value (structure, path);
  const gchar *dot;

  for (dot = strchr (path, '.'); value == NULL && dot != NULL; dot = strchr (dot + 1, '.')) {
    g_autofree gchar *first = g_strndup (path, (gsize) (dot - path));
    const GValue *inside = gst_structure_get_value (structure, first);

    if (inside != NULL && GST_VALUE_HOLDS_STRUCTURE (inside)
        && gst_value_get_structure (inside) != NULL)
      value = find_field (gst_value_get_structure (inside), dot + 1);
  }
  return value;
}

/* (nullable): of the element that posted the message */
static GParamSpec *
find_property (const ObsValueWriter *v, const gchar *name)
{
  GParamSpec *property
      = v->element ? g_object_class_find_property (G_OBJECT_GET_CLASS (v->element), name) : NULL;

  return property && (property->flags & G_PARAM_READABLE) ? property : NULL;
}

static gboolean
write_property (ObsValueWriter *v, const gchar *name)
{
  g_auto (GValue) value = G_VALUE_INIT;

  g_value_init (&value, find_property (v, name)->value_type);
  g_object_get_property (G_OBJECT (v->element), name, &value);
  if (!obs_value_is_convertible (&value))
    return FALSE;
  obs_value_write (v, &value);
  return TRUE;
}

/* whether all fields of @value exist; fields that cannot be converted are counted */
static gboolean
is_there (ObsValueWriter *v, const TribMessageValue *value, const GstStructure *structure)
{
  const GValue *field;

  if (value->kind == TRIB_MESSAGE_VALUE_PROPERTY)
    return find_property (v, value->text) != NULL;
  if (value->kind == TRIB_MESSAGE_VALUE_FIELD || value->kind == TRIB_MESSAGE_VALUE_PAIRS) {
    field = find_field (structure, value->text);
    if (field == NULL)
      return FALSE;
    if (obs_value_is_convertible (field))
      return TRUE;
    v->unconverted++;
    return FALSE;
  }
  for (guint i = 0; value->items != NULL && i < value->items->len; i++) {
    if (!is_there (v, g_ptr_array_index (value->items, i), structure))
      return FALSE;
  }
  return TRUE;
}

/* "4:3,4:8": a list of lists. FALSE: it is no such text, and nothing was written */
static gboolean
write_pairs (TribRecordWriter *w, const gchar *text)
{
  g_auto (GStrv) pairs = g_strsplit (text, ",", -1);
  g_autoptr (GArray) numbers = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (guint i = 0; pairs[i] != NULL; i++) {
    gchar *end;
    gint64 pair[2];

    pair[0] = g_ascii_strtoll (g_strstrip (pairs[i]), &end, 10);
    if (end == pairs[i] || *end != ':')
      return FALSE;
    text = end + 1;
    pair[1] = g_ascii_strtoll (text, &end, 10);
    if (end == text || *end != '\0')
      return FALSE;
    g_array_append_vals (numbers, pair, 2);
  }
  trib_record_writer_begin_array (w);
  for (guint i = 0; i < numbers->len; i++) {
    if (i % 2 == 0)
      trib_record_writer_begin_array (w);
    trib_record_writer_int (w, g_array_index (numbers, gint64, i));
    if (i % 2 == 1)
      trib_record_writer_end_array (w);
  }
  trib_record_writer_end_array (w);
  return TRUE;
}

static gboolean
get_number (const TribMessageValue *value, const GstStructure *structure, gdouble *ret_number)
{
  if (value->kind == TRIB_MESSAGE_VALUE_NUMBER) {
    *ret_number = value->number;
    return TRUE;
  }
  return value->kind == TRIB_MESSAGE_VALUE_FIELD
         && obs_value_get_double (find_field (structure, value->text), ret_number);
}

static gboolean
is_whole (gdouble number)
{
  return number > -1e15 && number < 1e15 && number == (gdouble) (gint64) number;
}

/* whole numbers stay whole: an element that halves them does it so, too */
static gboolean
write_centred (TribRecordWriter *w, const TribMessageValue *value, const GstStructure *structure)
{
  gdouble box[4];
  gboolean whole = TRUE;

  for (guint i = 0; i < 4; i++) {
    if (!get_number (g_ptr_array_index (value->items, i), structure, &box[i]))
      return FALSE;
    whole = whole && is_whole (box[i]);
  }
  trib_record_writer_begin_array (w);
  for (guint i = 0; i < 4; i++) {
    if (whole)
      trib_record_writer_int (w, (gint64) box[i] - (i < 2 ? (gint64) box[i + 2] / 2 : 0));
    else
      trib_record_writer_double (w, box[i] - (i < 2 ? box[i + 2] / 2 : 0));
  }
  trib_record_writer_end_array (w);
  return TRUE;
}

static void write_value (
    ObsValueWriter *v, const TribMessageValue *value, const GstStructure *structure);

static gboolean
try_write_value (ObsValueWriter *v, const TribMessageValue *value, const GstStructure *structure)
{
  const GValue *field;

  switch (value->kind) {
    case TRIB_MESSAGE_VALUE_FIELD:
      obs_value_write (v, find_field (structure, value->text));
      return TRUE;
    case TRIB_MESSAGE_VALUE_TEXT:
      trib_record_writer_string (v->w, value->text);
      return TRUE;
    case TRIB_MESSAGE_VALUE_NUMBER:
      if (is_whole (value->number))
        trib_record_writer_int (v->w, (gint64) value->number);
      else
        trib_record_writer_double (v->w, value->number);
      return TRUE;
    case TRIB_MESSAGE_VALUE_BOOLEAN:
      trib_record_writer_boolean (v->w, value->number != 0);
      return TRUE;
    case TRIB_MESSAGE_VALUE_LIST:
      trib_record_writer_begin_array (v->w);
      for (guint i = 0; i < value->items->len && !v->is_full; i++)
        write_value (v, g_ptr_array_index (value->items, i), structure);
      trib_record_writer_end_array (v->w);
      return TRUE;
    case TRIB_MESSAGE_VALUE_CENTRED:
      return write_centred (v->w, value, structure);
    case TRIB_MESSAGE_VALUE_PAIRS:
      field = find_field (structure, value->text);
      return G_VALUE_HOLDS_STRING (field) && g_value_get_string (field) != NULL
             && write_pairs (v->w, g_value_get_string (field));
    case TRIB_MESSAGE_VALUE_PROPERTY:
      return write_property (v, value->text);
  }
  return FALSE;
}

static void
write_value (ObsValueWriter *v, const TribMessageValue *value, const GstStructure *structure)
{
  if (try_write_value (v, value, structure))
    return;
  v->unconverted++;
  trib_record_writer_null (v->w);
}

static void
add_field_names (GPtrArray *names, const TribMessageValue *value)
{
  if (value->kind == TRIB_MESSAGE_VALUE_FIELD || value->kind == TRIB_MESSAGE_VALUE_PAIRS)
    g_ptr_array_add (names, value->text);
  if (value->kind == TRIB_MESSAGE_VALUE_PROPERTY)
    return;
  for (guint i = 0; value->items != NULL && i < value->items->len; i++)
    add_field_names (names, g_ptr_array_index (value->items, i));
}

/* the fields that no member names */
static void
write_others (ObsValueWriter *v, const TribMessageRule *rule, const GstStructure *structure)
{
  g_autoptr (GPtrArray) named = g_ptr_array_new ();

  for (guint i = 0; i < rule->members->len; i++) {
    const TribMessageMember *member = g_ptr_array_index (rule->members, i);

    g_ptr_array_add (named, member->key);
    add_field_names (named, member->value);
  }
  g_ptr_array_add (named, NULL);
  obs_value_write_fields (v, structure, (const gchar *const *) named->pdata,
      rule->list != NULL ? NULL : trib_message_map_name_is_reserved);
}

static void
write_item (ObsValueWriter *v, const TribMessageRule *rule, const GstStructure *structure)
{
  trib_record_writer_begin_map (v->w);
  for (guint i = 0; i < rule->members->len && !v->is_full; i++) {
    const TribMessageMember *member = g_ptr_array_index (rule->members, i);

    if (!is_there (v, member->value, structure))
      continue;
    trib_record_writer_key (v->w, member->key);
    write_value (v, member->value, structure);
  }
  if (rule->all && !v->is_full)
    write_others (v, rule, structure);
  trib_record_writer_end_map (v->w);
}

/* each structure of a list, or a single one */
static guint
write_each (ObsValueWriter *v, const TribMessageRule *rule, const GValue *value)
{
  gboolean list = GST_VALUE_HOLDS_LIST (value), array = GST_VALUE_HOLDS_ARRAY (value);
  guint n = list ? gst_value_list_get_size (value) : array ? gst_value_array_get_size (value) : 1;
  guint written = 0;

  for (guint i = 0; i < n && !v->is_full; i++) {
    const GValue *one = list    ? gst_value_list_get_value (value, i)
                        : array ? gst_value_array_get_value (value, i)
                                : value;

    if (!GST_VALUE_HOLDS_STRUCTURE (one) || gst_value_get_structure (one) == NULL) {
      v->unconverted++;
      continue;
    }
    write_item (v, rule, gst_value_get_structure (one));
    written++;
  }
  return written;
}

/**
 * obs_message_apply:
 * @rule: the members of the record
 * @structure: the message
 * @element: (nullable): the element that posted it
 * @max_bytes: limit of the result
 * @ret_items: (out caller-allocates): the result; the caller owns its bytes
 *
 * A member with a missing field is omitted. Any thread.
 *
 * Returns: %FALSE when it would be longer than @max_bytes; @ret_items is not set then
 */
gboolean
obs_message_apply (const TribMessageRule *rule, const GstStructure *structure, GstElement *element,
    gsize max_bytes, ObsMessageItems *ret_items)
{
  GString *text = g_string_sized_new (128);
  TribRecordWriter w;
  ObsValueWriter v = { .w = &w, .max_bytes = max_bytes, .element = element };
  guint n = 0;

  trib_record_writer_init (&w, TRIB_RECORD_MSGPACK, text);
  trib_record_writer_begin_array (&w);
  if (rule->each == NULL) {
    write_item (&v, rule, structure);
    n = 1;
  } else {
    const GValue *list = find_field (structure, rule->each);

    if (list != NULL)
      n = write_each (&v, rule, list);
  }
  trib_record_writer_end_array (&w);
  if (v.is_full || text->len > max_bytes) {
    g_string_free (text, TRUE);
    return FALSE;
  }
  ret_items->bytes = g_string_free_to_bytes (text);
  ret_items->n = n;
  ret_items->unconverted = v.unconverted;
  return TRUE;
}
