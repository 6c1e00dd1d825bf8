/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Reads a topic as any other consumer would, and the members of JSON values. */

/* one record as a consumer sees it */
typedef struct {
  gchar *key;
  gchar *value; /* terminated */
  gsize size;
  gint32 partition;
  gint64 offset;
  gint64 t_ms;
  GHashTable *headers;
} RigRecord;

/* (element-type RigRecord): all that the topic holds now, each partition in order */
GPtrArray *rig_read_topic (const gchar *address, const gchar *topic);
RigRecord *rig_find (GPtrArray *records, const gchar *key);
guint rig_count (GPtrArray *records, const gchar *key);
/* -1: null */
gint64 rig_json_int (const RigRecord *record, const gchar *name);
gchar *rig_json_string (const RigRecord *record, const gchar *name);
