/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Properties whose values are fields of a struct: a table says what they are, and installs, sets,
 * gets, copies and frees them. */

typedef enum {
  TRIB_PROPERTY_ENUM,
  TRIB_PROPERTY_FLAGS, /* guint; choice n is the bit 1 << n */
  TRIB_PROPERTY_TEXT,
  TRIB_PROPERTY_UINT,
  TRIB_PROPERTY_INT,
  TRIB_PROPERTY_INT64,
  TRIB_PROPERTY_UINT64,
  TRIB_PROPERTY_DOUBLE,
  TRIB_PROPERTY_BOOL,
  TRIB_PROPERTY_STRUCTURE, /* GstStructure *, NULL when not set */
  TRIB_PROPERTY_STATS,     /* read-only, no field: the element's get_property() makes it */
  TRIB_PROPERTY_STATE,     /* read-only text, no field: likewise */
} TribPropertyKind;

typedef struct {
  const gchar *nick;
  const gchar *description;
} TribPropertyChoice;

typedef struct {
  TribPropertyKind kind;
  const gchar *name, *nick, *blurb;
  gsize offset;              /* of the field */
  gdouble min, max, initial; /* of numbers; exact doubles, or the largest of the type */
  const gchar *type_name;    /* of an enum or of flags */
  TribPropertyChoice choices[6];
  gboolean while_playing; /* takes effect at once; else at the next start */
  const gchar *text;      /* of a text: its default; NULL: as @is_nullable says */
  gboolean is_nullable;   /* of a text: NULL is a value; else it is the default */
  const gchar *(*get_text) (
      void); /* of a text: instead of @text, a default that is known at run time */
} TribProperty;

/**
 * TribProperties:
 * @table: by id, from 1 on
 * @enum_types: (nullable): gets the type of each that is an enum, by id
 * @n: length of @table
 */
typedef struct {
  const TribProperty *table;
  GType *enum_types;
  guint n;
} TribProperties;

#define TRIB_PROPERTIES(table)        \
  {                                   \
    table, NULL, G_N_ELEMENTS (table) \
  }

/* all that class_init() does: nothing else is needed where no property is notified by its
 * GParamSpec */
void trib_properties_install_class (const TribProperties *all, GObjectClass *object_class);
/* set_property() and get_property() of an element whose fields its object lock guards */
void trib_properties_set_locked (const TribProperties *all, gpointer fields, GObject *object,
    guint id, const GValue *value, GParamSpec *pspec);
void trib_properties_get_locked (const TribProperties *all, gconstpointer fields, GObject *object,
    guint id, GValue *value, GParamSpec *pspec);

GParamSpec *trib_properties_make (const TribProperties *all, guint id);
void trib_properties_install (const TribProperties *all, GParamSpec **properties);
void trib_properties_mark_plugin_api (const TribProperties *all);
void trib_properties_init (const TribProperties *all, gpointer fields);
void trib_properties_clear (const TribProperties *all, gpointer fields);
void trib_properties_own (const TribProperties *all, gpointer fields);
gboolean trib_properties_set (
    const TribProperties *all, gpointer fields, guint id, const GValue *value);
gboolean trib_properties_get (
    const TribProperties *all, gconstpointer fields, guint id, GValue *value);

G_END_DECLS
