/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-record-splice.h"

static gboolean
is_blank (gchar c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void
splice_json (TribJsonWriter *w, const gchar *p, const gchar *end)
{
  trib_json_writer_begin_object (w);
  g_assert (end - p >= 2 && p[0] == '{' && end[-1] == '}');
  for (p++, end--; p < end && is_blank (*p); p++)
    ;
  for (; p < end && is_blank (end[-1]); end--)
    ;
  if (p == end)
    return;
  g_string_append_len (w->out, p, end - p);
  w->has_member |= G_GUINT64_CONSTANT (1) << (w->depth - 1);
}

static void
splice_msgpack (TribMsgpackWriter *w, const guint8 *p, gsize len)
{
  guint64 count;
  gsize head;

  trib_msgpack_writer_begin_map (w);
  g_assert (len > 0);
  if ((p[0] & 0xf0) == 0x80) {
    count = p[0] & 0x0f;
    head = 1;
  } else {
    g_assert ((p[0] == 0xde && len >= 3) || (p[0] == 0xdf && len >= 5));
    head = p[0] == 0xde ? 3 : 5;
    count = 0;
    for (gsize i = 1; i < head; i++)
      count = count << 8 | p[i];
  }
  g_string_append_len (w->out, (const gchar *) p + head, (gssize) (len - head));
  w->levels[w->depth - 1].values += 2 * count;
}

/**
 * trib_record_writer_begin_map_from:
 * @w: a writer that a value is due of
 * @map: one map, in the writer's format, that a reader has read to its end without an error
 *
 * Begins a map with all members of @map, copied byte by byte. More members may follow, whose names
 * are not looked for; then trib_record_writer_end_map(). The members may not be nested deeper than
 * what remains of the writer's depth: a reader of the result counts both.
 */
void
trib_record_writer_begin_map_from (TribRecordWriter *w, TribRecordSlice map)
{
  if (w->format == TRIB_RECORD_JSON)
    splice_json (&w->json, map.str, map.str + map.len);
  else
    splice_msgpack (&w->msgpack, (const guint8 *) map.str, map.len);
}
