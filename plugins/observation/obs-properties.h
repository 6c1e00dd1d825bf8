/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

/* Properties that are fields of a struct: a table says what they are, and everything that is done with them is done by it. */

typedef enum {
  OBS_PROPERTY_ENUM,
  OBS_PROPERTY_TEXT,
  OBS_PROPERTY_UINT,
  OBS_PROPERTY_INT,
  OBS_PROPERTY_INT64,
  OBS_PROPERTY_UINT64,
  OBS_PROPERTY_DOUBLE,
  OBS_PROPERTY_BOOL,
} ObsPropertyKind;

typedef struct {
  const gchar *nick;
  const gchar *description;
} ObsPropertyChoice;

typedef struct {
  ObsPropertyKind kind;
  const gchar *name, *nick, *blurb;
  gsize offset;              /* of the field */
  gdouble min, max, initial; /* of numbers; all of them are exact doubles */
  const gchar *type_name;    /* of an enum */
  ObsPropertyChoice choices[6];
  gboolean while_playing; /* takes effect at once; else at the next start */
} ObsProperty;

/* @table: by id, from 1 on; @enum_types: room for as many */
typedef struct {
  const ObsProperty *table;
  GType *enum_types;
  guint n;
} ObsProperties;

void obs_properties_install (const ObsProperties *all, GParamSpec **properties);
void obs_properties_mark_plugin_api (const ObsProperties *all);
void obs_properties_init (const ObsProperties *all, gpointer fields);
void obs_properties_clear (const ObsProperties *all, gpointer fields);
void obs_properties_own (const ObsProperties *all, gpointer fields);
gboolean obs_properties_set (
    const ObsProperties *all, gpointer fields, guint id, const GValue *value);
gboolean obs_properties_get (
    const ObsProperties *all, gconstpointer fields, guint id, GValue *value);

G_END_DECLS
