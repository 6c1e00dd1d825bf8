/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-element-records.h"

/**
 * trib_record_caps_parse:
 * @caps: any caps
 * @ret_format: (out): the format of the records
 *
 * Returns: whether the first structure of @caps is one of records
 */
gboolean
trib_record_caps_parse (const GstCaps *caps, TribRecordFormat *ret_format)
{
  const GstStructure *s;

  if (gst_caps_is_any (caps) || gst_caps_is_empty (caps))
    return FALSE;
  s = gst_caps_get_structure (caps, 0);
  *ret_format = gst_structure_has_name (s, TRIB_RECORD_CAPS_MSGPACK) ? TRIB_RECORD_MSGPACK
                                                                     : TRIB_RECORD_JSON;
  return *ret_format == TRIB_RECORD_MSGPACK || gst_structure_has_name (s, TRIB_RECORD_CAPS_JSON);
}

/* @caps: caps that a pad template of records let pass */
TribRecordFormat
trib_record_caps_format (const GstCaps *caps)
{
  TribRecordFormat format = TRIB_RECORD_JSON;

  trib_record_caps_parse (caps, &format);
  return format;
}

/* Returns: (transfer full) */
GstCaps *
trib_record_caps_new (TribRecordFormat format)
{
  return gst_caps_new_empty_simple (
      format == TRIB_RECORD_JSON ? TRIB_RECORD_CAPS_JSON : TRIB_RECORD_CAPS_MSGPACK);
}

/**
 * trib_pad_choose_record_format:
 * @srcpad: a source pad of records
 *
 * To be called without a lock that a caps query could take.
 *
 * Returns: JSON, unless downstream accepts MessagePack only
 */
TribRecordFormat
trib_pad_choose_record_format (GstPad *srcpad)
{
  g_autoptr (GstCaps) json = trib_record_caps_new (TRIB_RECORD_JSON);
  g_autoptr (GstCaps) allowed = gst_pad_get_allowed_caps (srcpad);

  return allowed == NULL || gst_caps_is_empty (allowed) || gst_caps_can_intersect (allowed, json)
             ? TRIB_RECORD_JSON
             : TRIB_RECORD_MSGPACK;
}

/**
 * trib_pad_push_stream_head:
 * @srcpad: a source pad whose stream is no continuation of one upstream
 * @group_id: the group of the stream
 * @suffix: end of the stream id, after a random part: "/fused"
 * @caps: caps of the stream
 *
 * Pushes stream-start, caps and a segment in time that begins at 0. Streaming thread, without
 * locks.
 */
void
trib_pad_push_stream_head (GstPad *srcpad, guint group_id, const gchar *suffix, GstCaps *caps)
{
  g_autofree gchar *random = g_uuid_string_random ();
  g_autofree gchar *id = g_strconcat (random, suffix, NULL);
  GstEvent *event = gst_event_new_stream_start (id);
  GstSegment segment;

  gst_event_set_group_id (event, group_id);
  gst_pad_push_event (srcpad, event);
  gst_pad_push_event (srcpad, gst_event_new_caps (caps));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (srcpad, gst_event_new_segment (&segment));
}

typedef struct {
  GstMemory *memory;
  GstMapInfo map;
} Mapped;

static void
unmap (gpointer data)
{
  Mapped *m = data;

  gst_memory_unmap (m->memory, &m->map);
  gst_memory_unref (m->memory);
  g_free (m);
}

/**
 * trib_memory_to_bytes:
 * @memory: (transfer full): memory of a buffer
 *
 * The bytes keep the memory and not the buffer, so that a pool of buffers with a limit does not run
 * empty.
 *
 * Returns: (transfer full) (nullable): the bytes of @memory, not copied; %NULL when they cannot be
 * read
 */
GBytes *
trib_memory_to_bytes (GstMemory *memory)
{
  Mapped *m = g_new (Mapped, 1);

  m->memory = memory;
  if (!gst_memory_map (memory, &m->map, GST_MAP_READ)) {
    gst_memory_unref (memory);
    g_free (m);
    return NULL;
  }
  return g_bytes_new_with_free_func (m->map.data, m->map.size, unmap, m);
}
