/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-fields.h"

#define VALUE(values, f, type) (*(const type *) ((const guint8 *) (values) + (f)->offset))

static void
add_counts (GstStructure *structure, const TribField *f, const guint64 *counts)
{
  for (guint i = 0; i < f->n; i++) {
    g_autofree gchar *name = NULL;
    if (f->nonzero && counts[i] == 0)
      continue;
    name = g_strconcat (f->name, f->to_string (i), NULL);
    gst_structure_set (structure, name, G_TYPE_UINT64, counts[i], NULL);
  }
}

static void
add_texts (GstStructure *structure, const TribField *f, const gchar *const *texts)
{
  GValue list = G_VALUE_INIT;

  g_value_init (&list, GST_TYPE_ARRAY);
  for (; texts && *texts; texts++) {
    GValue text = G_VALUE_INIT;
    g_value_init (&text, G_TYPE_STRING);
    g_value_set_string (&text, *texts);
    gst_value_array_append_and_take_value (&list, &text);
  }
  gst_structure_take_value (structure, f->name, &list);
}

static void
add_list (GstStructure *structure, const TribField *f, const GPtrArray *structures)
{
  GValue list = G_VALUE_INIT;

  g_value_init (&list, GST_TYPE_ARRAY);
  for (guint i = 0; structures && i < structures->len; i++) {
    GValue item = G_VALUE_INIT;
    g_value_init (&item, GST_TYPE_STRUCTURE);
    gst_value_set_structure (&item, structures->pdata[i]);
    gst_value_array_append_and_take_value (&list, &item);
  }
  gst_structure_take_value (structure, f->name, &list);
}

static void
add_field (GstStructure *s, const TribField *f, gconstpointer v)
{
  const gchar *text;

  switch (f->kind) {
    case TRIB_FIELD_UINT64:
      gst_structure_set (s, f->name, G_TYPE_UINT64, VALUE (v, f, guint64), NULL);
      break;
    case TRIB_FIELD_INT64:
      gst_structure_set (s, f->name, G_TYPE_INT64, VALUE (v, f, gint64), NULL);
      break;
    case TRIB_FIELD_UINT:
      gst_structure_set (s, f->name, G_TYPE_UINT, VALUE (v, f, guint), NULL);
      break;
    case TRIB_FIELD_INT:
      gst_structure_set (s, f->name, G_TYPE_INT, VALUE (v, f, gint), NULL);
      break;
    case TRIB_FIELD_BOOL:
      gst_structure_set (s, f->name, G_TYPE_BOOLEAN, VALUE (v, f, gboolean), NULL);
      break;
    case TRIB_FIELD_DOUBLE:
      gst_structure_set (s, f->name, G_TYPE_DOUBLE, VALUE (v, f, gdouble), NULL);
      break;
    case TRIB_FIELD_TEXT:
      text = VALUE (v, f, gchar *);
      gst_structure_set (s, f->name, G_TYPE_STRING, text ? text : "", NULL);
      break;
    case TRIB_FIELD_TEXTS:
      add_texts (s, f, VALUE (v, f, gchar *const *));
      break;
    case TRIB_FIELD_COUNTS:
      add_counts (s, f, &VALUE (v, f, guint64));
      break;
    case TRIB_FIELD_LIST:
      add_list (s, f, VALUE (v, f, GPtrArray *));
      break;
  }
}

/**
 * trib_fields_add:
 * @structure: gets the fields
 * @fields: (array length=n_fields): the table
 * @n_fields: its length
 * @values: the struct that the offsets of @fields are of; nothing of it is kept
 */
void
trib_fields_add (
    GstStructure *structure, const TribField *fields, guint n_fields, gconstpointer values)
{
  for (guint i = 0; i < n_fields; i++)
    add_field (structure, &fields[i], values);
}

/* more fields of a structure that several tables of one name make up, each with values of its
 * own */
void
trib_fields_add_table (GstStructure *structure, const TribFieldTable *table, gconstpointer values)
{
  trib_fields_add (structure, table->fields, table->n_fields, values);
}

/* Returns: (transfer full) */
GstStructure *
trib_fields_to_structure (const TribFieldTable *table, gconstpointer values)
{
  GstStructure *structure = gst_structure_new_empty (table->name);

  trib_fields_add_table (structure, table, values);
  return structure;
}

/* Returns: (transfer full): an element message, to be posted without a lock */
GstMessage *
trib_fields_to_message (gpointer element, const TribFieldTable *table, gconstpointer values)
{
  return gst_message_new_element (GST_OBJECT (element), trib_fields_to_structure (table, values));
}
