/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Fields of `stats` and of element messages: a table says what they are and where their values lie;
 * structures, and the pages of the documentation, are made of it (docs/generate-elements.py reads
 * the tables). */

typedef enum {
  TRIB_FIELD_UINT64, /* guint64 */
  TRIB_FIELD_INT64,  /* gint64 */
  TRIB_FIELD_UINT,   /* guint */
  TRIB_FIELD_INT,    /* gint */
  TRIB_FIELD_BOOL,   /* gboolean */
  TRIB_FIELD_DOUBLE, /* gdouble */
  TRIB_FIELD_TEXT,   /* const gchar *; NULL is the empty text */
  TRIB_FIELD_TEXTS,  /* const gchar *const *, ended by NULL: an array of strings */
  TRIB_FIELD_COUNTS, /* guint64[n]: a field for each, @name and what @to_string gives */
  TRIB_FIELD_LIST,   /* GPtrArray * of GstStructure (owned by the array): an array of structures */
} TribFieldKind;

/**
 * TribField:
 * @name: kebab-case; of COUNTS: what precedes each name, with its hyphen
 * @kind: what the field is
 * @offset: of the value in the struct of values
 * @about: what it means, with its unit, for the documentation
 * @n: of COUNTS: how many
 * @to_string: of COUNTS: the names
 * @nonzero: of COUNTS: whether those that are 0 are left out
 */
typedef struct {
  const gchar *name;
  TribFieldKind kind;
  gsize offset;
  const gchar *about;
  guint n;
  const gchar *(*to_string) (guint index);
  gboolean nonzero;
} TribField;

/**
 * TribFieldTable:
 * @name: of the structure: `application/x-<element>-stats`, or `<element>-<event>`
 * @about: of a message: when it is posted
 * @fields: (array length=n_fields)
 */
typedef struct {
  const gchar *name;
  const gchar *about;
  const TribField *fields;
  guint n_fields;
} TribFieldTable;

#define TRIB_FIELD_TABLE(name, about, fields)  \
  {                                            \
    name, about, fields, G_N_ELEMENTS (fields) \
  }

void trib_fields_add (
    GstStructure *structure, const TribField *fields, guint n_fields, gconstpointer values);
void trib_fields_add_table (
    GstStructure *structure, const TribFieldTable *table, gconstpointer values);
GstStructure *trib_fields_to_structure (const TribFieldTable *table, gconstpointer values);
GstMessage *trib_fields_to_message (
    gpointer element, const TribFieldTable *table, gconstpointer values);

G_END_DECLS
