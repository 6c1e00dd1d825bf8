/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-frame-meta.h"

static const gchar *const time_sources[] = {
  [TRIB_TIME_SOURCE_META] = "meta",
  [TRIB_TIME_SOURCE_REFERENCE] = "reference",
  [TRIB_TIME_SOURCE_RUNNING_TIME] = "running-time",
  [TRIB_TIME_SOURCE_WALL] = "wall",
};

enum {
  SESSION,
  STREAM,
  INDEX,
  T_NS,
  KEY,
  TIME_SOURCE,
  FORMAT,
  QUALITY,
  ORIGINAL_SIZE,
  CHANNELS,
  N_FIELDS
};
static GQuark quarks[N_FIELDS];

static gpointer
register_once (gpointer unused)
{
  static const gchar *const names[N_FIELDS] = { "session", "stream", "index", "t-ns", "key",
    "time-source", "format", "quality", "original-size", "channels" };
  /* empty, not NULL: a meta without tags depends on nothing, so everything copies it */
  static const gchar *tags[] = { NULL };

  /* an application may bind to the name without this library */
  if (gst_meta_get_info (TRIB_FRAME_META_NAME) == NULL)
    gst_meta_register_custom (TRIB_FRAME_META_NAME, tags, NULL, NULL, NULL);
  for (guint i = 0; i < N_FIELDS; i++)
    quarks[i] = g_quark_from_static_string (names[i]);
  return NULL;
}

/**
 * trib_frame_meta_register:
 *
 * Makes %TRIB_FRAME_META_NAME known to GStreamer. Idempotent, any thread, after gst_init(). The
 * functions below call it.
 */
void
trib_frame_meta_register (void)
{
  static GOnce once = G_ONCE_INIT;

  g_once (&once, register_once, NULL);
}

/* (nullable); by quark: each search by name would take a global lock and compute a hash */
static const GValue *
get_field (const GstStructure *s, guint field, GType type)
{
  const GValue *value = gst_structure_id_get_value (s, quarks[field]);

  return value && G_VALUE_HOLDS (value, type) ? value : NULL;
}

static const gchar *
get_text (const GstStructure *s, guint field)
{
  const GValue *value = get_field (s, field, G_TYPE_STRING);

  return value ? g_value_get_string (value) : NULL;
}

/**
 * trib_frame_meta_get:
 * @buffer: a frame
 * @ret_info: (out caller-allocates): its identity; the strings belong to @buffer
 *
 * Any thread. A meta that lacks session, stream, index or t-ns is no identity.
 *
 * Returns: whether @buffer carries an identity; @ret_info is untouched when not
 */
gboolean
trib_frame_meta_get (GstBuffer *buffer, TribFrameInfo *ret_info)
{
  TribFrameInfo info = { .quality = -1, .time_source = TRIB_TIME_SOURCE_META };
  const GValue *index, *t_ns, *value;
  const GstStructure *s;
  GstCustomMeta *meta;
  const gchar *source;

  trib_frame_meta_register ();
  meta = gst_buffer_get_custom_meta (buffer, TRIB_FRAME_META_NAME);
  if (meta == NULL)
    return FALSE;
  s = gst_custom_meta_get_structure (meta);
  info.session = get_text (s, SESSION);
  info.stream = get_text (s, STREAM);
  index = get_field (s, INDEX, G_TYPE_UINT64);
  t_ns = get_field (s, T_NS, G_TYPE_INT64);
  if (info.session == NULL || info.stream == NULL || index == NULL || t_ns == NULL)
    return FALSE;
  info.index = g_value_get_uint64 (index);
  info.t_ns = g_value_get_int64 (t_ns);
  info.key = (value = get_field (s, KEY, G_TYPE_BOOLEAN)) && g_value_get_boolean (value);
  source = get_text (s, TIME_SOURCE);
  if (source)
    trib_time_source_from_string (source, &info.time_source);
  info.format = get_text (s, FORMAT);
  if ((value = get_field (s, QUALITY, G_TYPE_INT)))
    info.quality = g_value_get_int (value);
  if ((value = get_field (s, ORIGINAL_SIZE, G_TYPE_UINT64)))
    info.original_size = g_value_get_uint64 (value);
  if ((value = get_field (s, CHANNELS, G_TYPE_UINT)))
    info.channels = g_value_get_uint (value);
  *ret_info = info;
  return TRUE;
}

/**
 * trib_frame_meta_set:
 * @buffer: a writable frame
 * @info: its identity; the strings are copied and may be those of the meta that is replaced
 *
 * Any thread that owns @buffer. What @info does not say (@format NULL, @quality below 0,
 * @original_size or @channels 0) is left out.
 */
void
trib_frame_meta_set (GstBuffer *buffer, const TribFrameInfo *info)
{
  GstCustomMeta *meta, *old;
  GstStructure *s;

  g_return_if_fail (gst_buffer_is_writable (buffer));

  trib_frame_meta_register ();
  old = gst_buffer_get_custom_meta (buffer, TRIB_FRAME_META_NAME);
  meta = gst_buffer_add_custom_meta (buffer, TRIB_FRAME_META_NAME);
  g_return_if_fail (meta != NULL);
  s = gst_custom_meta_get_structure (meta);
  gst_structure_set (s, "session", G_TYPE_STRING, info->session, "stream", G_TYPE_STRING,
      info->stream, "index", G_TYPE_UINT64, info->index, "t-ns", G_TYPE_INT64, info->t_ns, "key",
      G_TYPE_BOOLEAN, info->key, "time-source", G_TYPE_STRING,
      trib_time_source_to_string (info->time_source), NULL);
  if (info->format)
    gst_structure_set (s, "format", G_TYPE_STRING, info->format, NULL);
  if (info->quality >= 0)
    gst_structure_set (s, "quality", G_TYPE_INT, info->quality, NULL);
  if (info->original_size > 0)
    gst_structure_set (s, "original-size", G_TYPE_UINT64, info->original_size, NULL);
  if (info->channels > 0)
    gst_structure_set (s, "channels", G_TYPE_UINT, info->channels, NULL);
  /* last, because the strings of @info may live in it */
  if (old)
    gst_buffer_remove_meta (buffer, (GstMeta *) old);
}

/**
 * trib_time_source_to_string:
 * @source: a time source
 *
 * Returns: (transfer none): its name, static; "meta" for a value out of range
 */
const gchar *
trib_time_source_to_string (TribTimeSource source)
{
  return (guint) source < G_N_ELEMENTS (time_sources) ? time_sources[source] : time_sources[0];
}

/**
 * trib_time_source_from_string:
 * @text: a name that trib_time_source_to_string() gives
 * @ret_source: (out): untouched when there is no such source
 *
 * Returns: whether there is such a source
 */
gboolean
trib_time_source_from_string (const gchar *text, TribTimeSource *ret_source)
{
  for (guint i = 0; i < G_N_ELEMENTS (time_sources); i++) {
    if (g_strcmp0 (text, time_sources[i]) == 0) {
      *ret_source = (TribTimeSource) i;
      return TRUE;
    }
  }
  return FALSE;
}
