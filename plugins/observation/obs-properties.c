/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "obs-properties.h"

/* registered once, and never freed: so are types */
static GType
make_enum (const ObsProperty *s)
{
  GEnumValue *values = g_new0 (GEnumValue, G_N_ELEMENTS (s->choices) + 1);

  for (guint i = 0; i < G_N_ELEMENTS (s->choices) && s->choices[i].nick; i++)
    values[i] = (GEnumValue){ (gint) i, s->choices[i].description, s->choices[i].nick };
  return g_enum_register_static (s->type_name, values);
}

static GParamSpec *
make_spec (const ObsProperties *all, guint id)
{
  const ObsProperty *s = &all->table[id];
  GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
                      | (s->while_playing ? GST_PARAM_MUTABLE_PLAYING : GST_PARAM_MUTABLE_READY);

  switch (s->kind) {
    case OBS_PROPERTY_ENUM:
      all->enum_types[id] = make_enum (s);
      return g_param_spec_enum (
          s->name, s->nick, s->blurb, all->enum_types[id], (gint) s->initial, flags);
    case OBS_PROPERTY_TEXT:
      return g_param_spec_string (s->name, s->nick, s->blurb, "", flags);
    case OBS_PROPERTY_UINT:
      return g_param_spec_uint (
          s->name, s->nick, s->blurb, (guint) s->min, (guint) s->max, (guint) s->initial, flags);
    case OBS_PROPERTY_INT:
      return g_param_spec_int (
          s->name, s->nick, s->blurb, (gint) s->min, (gint) s->max, (gint) s->initial, flags);
    case OBS_PROPERTY_INT64:
      return g_param_spec_int64 (
          s->name, s->nick, s->blurb, G_MININT64, G_MAXINT64, (gint64) s->initial, flags);
    case OBS_PROPERTY_UINT64:
      return g_param_spec_uint64 (s->name, s->nick, s->blurb, (guint64) s->min, (guint64) s->max,
          (guint64) s->initial, flags);
    case OBS_PROPERTY_DOUBLE:
      return g_param_spec_double (s->name, s->nick, s->blurb, s->min, s->max, s->initial, flags);
    default:
      return g_param_spec_boolean (s->name, s->nick, s->blurb, s->initial > 0, flags);
  }
}

/* @properties: an element's table of properties, with room for as many, from 1 on */
void
obs_properties_install (const ObsProperties *all, GParamSpec **properties)
{
  for (guint id = 1; id < all->n; id++)
    properties[id] = make_spec (all, id);
}

void
obs_properties_mark_plugin_api (const ObsProperties *all)
{
  for (guint id = 1; id < all->n; id++) {
    if (all->enum_types[id] != 0)
      gst_type_mark_as_plugin_api (all->enum_types[id], 0);
  }
}

#define FIELD(fields, s, type) (*(type *) ((guint8 *) (fields) + (s)->offset))

/* a name that was taken away is the empty one */
static void
set_text (gchar **text, const gchar *value)
{
  g_free (*text);
  *text = g_strdup (value ? value : "");
}

static void
set_initial (gpointer fields, const ObsProperty *s)
{
  switch (s->kind) {
    case OBS_PROPERTY_ENUM:
    case OBS_PROPERTY_INT:
    case OBS_PROPERTY_BOOL:
      FIELD (fields, s, gint) = (gint) s->initial;
      break;
    case OBS_PROPERTY_TEXT:
      FIELD (fields, s, gchar *) = g_strdup ("");
      break;
    case OBS_PROPERTY_UINT:
      FIELD (fields, s, guint) = (guint) s->initial;
      break;
    case OBS_PROPERTY_INT64:
      FIELD (fields, s, gint64) = (gint64) s->initial;
      break;
    case OBS_PROPERTY_UINT64:
      FIELD (fields, s, guint64) = (guint64) s->initial;
      break;
    case OBS_PROPERTY_DOUBLE:
      FIELD (fields, s, gdouble) = s->initial;
      break;
  }
}

void
obs_properties_init (const ObsProperties *all, gpointer fields)
{
  for (guint id = 1; id < all->n; id++)
    set_initial (fields, &all->table[id]);
}

void
obs_properties_clear (const ObsProperties *all, gpointer fields)
{
  for (guint id = 1; id < all->n; id++) {
    if (all->table[id].kind == OBS_PROPERTY_TEXT)
      g_clear_pointer (&FIELD (fields, &all->table[id], gchar *), g_free);
  }
}

/* @fields: copied as they stand: their texts become their own */
void
obs_properties_own (const ObsProperties *all, gpointer fields)
{
  for (guint id = 1; id < all->n; id++) {
    if (all->table[id].kind == OBS_PROPERTY_TEXT)
      FIELD (fields, &all->table[id], gchar *)
          = g_strdup (FIELD (fields, &all->table[id], gchar *));
  }
}

/* Returns: whether @id is one of them */
gboolean
obs_properties_set (const ObsProperties *all, gpointer fields, guint id, const GValue *value)
{
  const ObsProperty *s = &all->table[id];

  if (id == 0 || id >= all->n)
    return FALSE;
  switch (s->kind) {
    case OBS_PROPERTY_ENUM:
      FIELD (fields, s, gint) = g_value_get_enum (value);
      break;
    case OBS_PROPERTY_TEXT:
      set_text (&FIELD (fields, s, gchar *), g_value_get_string (value));
      break;
    case OBS_PROPERTY_UINT:
      FIELD (fields, s, guint) = g_value_get_uint (value);
      break;
    case OBS_PROPERTY_INT:
      FIELD (fields, s, gint) = g_value_get_int (value);
      break;
    case OBS_PROPERTY_INT64:
      FIELD (fields, s, gint64) = g_value_get_int64 (value);
      break;
    case OBS_PROPERTY_UINT64:
      FIELD (fields, s, guint64) = g_value_get_uint64 (value);
      break;
    case OBS_PROPERTY_DOUBLE:
      FIELD (fields, s, gdouble) = g_value_get_double (value);
      break;
    case OBS_PROPERTY_BOOL:
      FIELD (fields, s, gboolean) = g_value_get_boolean (value);
      break;
  }
  return TRUE;
}

/* likewise */
gboolean
obs_properties_get (const ObsProperties *all, gconstpointer fields, guint id, GValue *value)
{
  const ObsProperty *s = &all->table[id];

  if (id == 0 || id >= all->n)
    return FALSE;
  switch (s->kind) {
    case OBS_PROPERTY_ENUM:
      g_value_set_enum (value, FIELD (fields, s, gint));
      break;
    case OBS_PROPERTY_TEXT:
      g_value_set_string (value, FIELD (fields, s, gchar *));
      break;
    case OBS_PROPERTY_UINT:
      g_value_set_uint (value, FIELD (fields, s, guint));
      break;
    case OBS_PROPERTY_INT:
      g_value_set_int (value, FIELD (fields, s, gint));
      break;
    case OBS_PROPERTY_INT64:
      g_value_set_int64 (value, FIELD (fields, s, gint64));
      break;
    case OBS_PROPERTY_UINT64:
      g_value_set_uint64 (value, FIELD (fields, s, guint64));
      break;
    case OBS_PROPERTY_DOUBLE:
      g_value_set_double (value, FIELD (fields, s, gdouble));
      break;
    case OBS_PROPERTY_BOOL:
      g_value_set_boolean (value, FIELD (fields, s, gboolean));
      break;
  }
  return TRUE;
}
