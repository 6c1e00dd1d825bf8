/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-properties.h"

/* registered once, and never freed: so are types; elements with an enum in common share its type */
static GType
make_enum (const TribProperty *s)
{
  GType type = g_type_from_name (s->type_name);
  GEnumValue *values;

  if (type != 0)
    return type;
  values = g_new0 (GEnumValue, G_N_ELEMENTS (s->choices) + 1);

  for (guint i = 0; i < G_N_ELEMENTS (s->choices) && s->choices[i].nick; i++)
    values[i] = (GEnumValue){ (gint) i, s->choices[i].description, s->choices[i].nick };
  return g_enum_register_static (s->type_name, values);
}

static GType
make_flags (const TribProperty *s)
{
  GFlagsValue *values = g_new0 (GFlagsValue, G_N_ELEMENTS (s->choices) + 1);

  for (guint i = 0; i < G_N_ELEMENTS (s->choices) && s->choices[i].nick; i++)
    values[i] = (GFlagsValue){ 1u << i, s->choices[i].description, s->choices[i].nick };
  return g_flags_register_static (s->type_name, values);
}

static const gchar *
initial_text (const TribProperty *s)
{
  if (s->get_text)
    return s->get_text ();
  return s->text || s->is_nullable ? s->text : "";
}

/* Returns: (transfer floating): one property, for elements that have some of a table; they share
 * its enums */
GParamSpec *
trib_properties_make (const TribProperties *all, guint id)
{
  const TribProperty *s = &all->table[id];
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
                      | (s->while_playing ? GST_PARAM_MUTABLE_PLAYING : GST_PARAM_MUTABLE_READY);
  GType type;

  switch (s->kind) {
    case TRIB_PROPERTY_ENUM:
      type = make_enum (s);
      if (all->enum_types)
        all->enum_types[id] = type;
      return g_param_spec_enum (s->name, s->nick, s->blurb, type, (gint) s->initial, flags);
    case TRIB_PROPERTY_FLAGS:
      type = make_flags (s);
      if (all->enum_types)
        all->enum_types[id] = type;
      return g_param_spec_flags (s->name, s->nick, s->blurb, type, (guint) s->initial, flags);
    case TRIB_PROPERTY_TEXT:
      return g_param_spec_string (s->name, s->nick, s->blurb, initial_text (s), flags);
    case TRIB_PROPERTY_STRUCTURE:
      return g_param_spec_boxed (s->name, s->nick, s->blurb, GST_TYPE_STRUCTURE, flags);
    case TRIB_PROPERTY_STATS:
      return g_param_spec_boxed (s->name, s->nick, s->blurb, GST_TYPE_STRUCTURE,
          G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    case TRIB_PROPERTY_STATE:
      return g_param_spec_string (
          s->name, s->nick, s->blurb, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
    case TRIB_PROPERTY_UINT:
      return g_param_spec_uint (
          s->name, s->nick, s->blurb, (guint) s->min, (guint) s->max, (guint) s->initial, flags);
    case TRIB_PROPERTY_INT:
      return g_param_spec_int (
          s->name, s->nick, s->blurb, (gint) s->min, (gint) s->max, (gint) s->initial, flags);
    case TRIB_PROPERTY_INT64:
      return g_param_spec_int64 (s->name, s->nick, s->blurb,
          s->max > s->min ? (gint64) s->min : G_MININT64,
          s->max > s->min ? (gint64) s->max : G_MAXINT64, (gint64) s->initial, flags);
    case TRIB_PROPERTY_UINT64:
      return g_param_spec_uint64 (s->name, s->nick, s->blurb, (guint64) s->min,
          s->max < 0x1p64 ? (guint64) s->max : G_MAXUINT64, (guint64) s->initial, flags);
    case TRIB_PROPERTY_DOUBLE:
      return g_param_spec_double (s->name, s->nick, s->blurb, s->min, s->max, s->initial, flags);
    default:
      return g_param_spec_boolean (s->name, s->nick, s->blurb, s->initial > 0, flags);
  }
}

/* @properties: an element's table of properties, with room for as many, from 1 on */
void
trib_properties_install (const TribProperties *all, GParamSpec **properties)
{
  for (guint id = 1; id < all->n; id++)
    properties[id] = trib_properties_make (all, id);
}

void
trib_properties_mark_plugin_api (const TribProperties *all)
{
  for (guint id = 1; id < all->n; id++) {
    const TribProperty *s = &all->table[id];
    /* an element that installs some of a table only has not made the others' types */
    GType type = s->type_name ? g_type_from_name (s->type_name) : 0;
    if (type != 0)
      gst_type_mark_as_plugin_api (type, 0);
  }
}

void
trib_properties_install_class (const TribProperties *all, GObjectClass *object_class)
{
  for (guint id = 1; id < all->n; id++)
    g_object_class_install_property (object_class, id, trib_properties_make (all, id));
  trib_properties_mark_plugin_api (all);
}

void
trib_properties_set_locked (const TribProperties *all, gpointer fields, GObject *object, guint id,
    const GValue *value, GParamSpec *pspec)
{
  gboolean known;

  GST_OBJECT_LOCK (object);
  known = trib_properties_set (all, fields, id, value);
  GST_OBJECT_UNLOCK (object);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

void
trib_properties_get_locked (const TribProperties *all, gconstpointer fields, GObject *object,
    guint id, GValue *value, GParamSpec *pspec)
{
  gboolean known;

  GST_OBJECT_LOCK (object);
  known = trib_properties_get (all, fields, id, value);
  GST_OBJECT_UNLOCK (object);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

#define FIELD(fields, s, type) (*(type *) ((guint8 *) (fields) + (s)->offset))

/* NULL is the default, unless it is a value */
static void
set_text (gchar **text, const TribProperty *s, const gchar *value)
{
  g_free (*text);
  *text = g_strdup (value || s->is_nullable ? value : initial_text (s));
}

static void
set_initial (gpointer fields, const TribProperty *s)
{
  switch (s->kind) {
    case TRIB_PROPERTY_ENUM:
    case TRIB_PROPERTY_INT:
    case TRIB_PROPERTY_BOOL:
      FIELD (fields, s, gint) = (gint) s->initial;
      break;
    case TRIB_PROPERTY_TEXT:
      FIELD (fields, s, gchar *) = g_strdup (initial_text (s));
      break;
    case TRIB_PROPERTY_STRUCTURE:
      FIELD (fields, s, GstStructure *) = NULL;
      break;
    case TRIB_PROPERTY_STATS:
    case TRIB_PROPERTY_STATE:
      break;
    case TRIB_PROPERTY_FLAGS:
    case TRIB_PROPERTY_UINT:
      FIELD (fields, s, guint) = (guint) s->initial;
      break;
    case TRIB_PROPERTY_INT64:
      FIELD (fields, s, gint64) = (gint64) s->initial;
      break;
    case TRIB_PROPERTY_UINT64:
      FIELD (fields, s, guint64) = (guint64) s->initial;
      break;
    case TRIB_PROPERTY_DOUBLE:
      FIELD (fields, s, gdouble) = s->initial;
      break;
  }
}

void
trib_properties_init (const TribProperties *all, gpointer fields)
{
  for (guint id = 1; id < all->n; id++)
    set_initial (fields, &all->table[id]);
}

void
trib_properties_clear (const TribProperties *all, gpointer fields)
{
  for (guint id = 1; id < all->n; id++) {
    const TribProperty *s = &all->table[id];
    if (s->kind == TRIB_PROPERTY_TEXT)
      g_clear_pointer (&FIELD (fields, s, gchar *), g_free);
    else if (s->kind == TRIB_PROPERTY_STRUCTURE)
      g_clear_pointer (&FIELD (fields, s, GstStructure *), gst_structure_free);
  }
}

/* @fields: a bitwise copy of others; its texts and structures are replaced by copies of its own */
void
trib_properties_own (const TribProperties *all, gpointer fields)
{
  for (guint id = 1; id < all->n; id++) {
    const TribProperty *s = &all->table[id];
    if (s->kind == TRIB_PROPERTY_TEXT)
      FIELD (fields, s, gchar *) = g_strdup (FIELD (fields, s, gchar *));
    else if (s->kind == TRIB_PROPERTY_STRUCTURE && FIELD (fields, s, GstStructure *))
      FIELD (fields, s, GstStructure *) = gst_structure_copy (FIELD (fields, s, GstStructure *));
  }
}

/* Returns: whether @id is one of them and has a field */
gboolean
trib_properties_set (const TribProperties *all, gpointer fields, guint id, const GValue *value)
{
  const TribProperty *s = &all->table[id];

  if (id == 0 || id >= all->n)
    return FALSE;
  switch (s->kind) {
    case TRIB_PROPERTY_ENUM:
      FIELD (fields, s, gint) = g_value_get_enum (value);
      break;
    case TRIB_PROPERTY_FLAGS:
      FIELD (fields, s, guint) = g_value_get_flags (value);
      break;
    case TRIB_PROPERTY_TEXT:
      set_text (&FIELD (fields, s, gchar *), s, g_value_get_string (value));
      break;
    case TRIB_PROPERTY_STRUCTURE:
      g_clear_pointer (&FIELD (fields, s, GstStructure *), gst_structure_free);
      FIELD (fields, s, GstStructure *) = g_value_dup_boxed (value);
      break;
    case TRIB_PROPERTY_STATS:
    case TRIB_PROPERTY_STATE:
      return FALSE;
    case TRIB_PROPERTY_UINT:
      FIELD (fields, s, guint) = g_value_get_uint (value);
      break;
    case TRIB_PROPERTY_INT:
      FIELD (fields, s, gint) = g_value_get_int (value);
      break;
    case TRIB_PROPERTY_INT64:
      FIELD (fields, s, gint64) = g_value_get_int64 (value);
      break;
    case TRIB_PROPERTY_UINT64:
      FIELD (fields, s, guint64) = g_value_get_uint64 (value);
      break;
    case TRIB_PROPERTY_DOUBLE:
      FIELD (fields, s, gdouble) = g_value_get_double (value);
      break;
    case TRIB_PROPERTY_BOOL:
      FIELD (fields, s, gboolean) = g_value_get_boolean (value);
      break;
  }
  return TRUE;
}

/* Returns: whether @id is one of them and has a field */
gboolean
trib_properties_get (const TribProperties *all, gconstpointer fields, guint id, GValue *value)
{
  const TribProperty *s = &all->table[id];

  if (id == 0 || id >= all->n)
    return FALSE;
  switch (s->kind) {
    case TRIB_PROPERTY_ENUM:
      g_value_set_enum (value, FIELD (fields, s, gint));
      break;
    case TRIB_PROPERTY_FLAGS:
      g_value_set_flags (value, FIELD (fields, s, guint));
      break;
    case TRIB_PROPERTY_TEXT:
      g_value_set_string (value, FIELD (fields, s, gchar *));
      break;
    case TRIB_PROPERTY_STRUCTURE:
      g_value_set_boxed (value, FIELD (fields, s, GstStructure *));
      break;
    case TRIB_PROPERTY_STATS:
    case TRIB_PROPERTY_STATE:
      return FALSE;
    case TRIB_PROPERTY_UINT:
      g_value_set_uint (value, FIELD (fields, s, guint));
      break;
    case TRIB_PROPERTY_INT:
      g_value_set_int (value, FIELD (fields, s, gint));
      break;
    case TRIB_PROPERTY_INT64:
      g_value_set_int64 (value, FIELD (fields, s, gint64));
      break;
    case TRIB_PROPERTY_UINT64:
      g_value_set_uint64 (value, FIELD (fields, s, guint64));
      break;
    case TRIB_PROPERTY_DOUBLE:
      g_value_set_double (value, FIELD (fields, s, gdouble));
      break;
    case TRIB_PROPERTY_BOOL:
      g_value_set_boolean (value, FIELD (fields, s, gboolean));
      break;
  }
  return TRUE;
}
