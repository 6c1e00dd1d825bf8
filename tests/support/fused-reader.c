/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fused-reader.h"

#include <record/trib-record-reader.h>
#include <string.h>

typedef struct {
  GString *have, *missing;
  guint64 frame, epoch, pane;
  gint64 t;
  gboolean has_frame;
  gchar *reason;
} Summary;

static gchar *
text (TribRecordReader *r)
{
  TribRecordSlice s = trib_record_reader_string (r);

  return g_strndup (s.str, s.len);
}

/* after MAP_BEGIN of an observation; without a delay the clocks of arrival and capture differ */
static void
read_observation (TribRecordReader *r, gboolean *empty, gboolean *stale)
{
  gboolean delay = FALSE;

  while (trib_record_reader_next (r) == TRIB_RECORD_KEY) {
    g_autofree gchar *key = text (r);
    TribRecordToken token = trib_record_reader_next (r);

    *stale |= g_str_equal (key, "stale_ms");
    if (g_str_equal (key, "delay_ms")) {
      g_assert_false (delay);
      delay = TRUE;
    }
    if (token == TRIB_RECORD_STRING) {
      g_autofree gchar *value = text (r);
      *empty |= g_str_equal (key, "kind") && g_str_equal (value, "empty");
    } else if (token == TRIB_RECORD_MAP_BEGIN || token == TRIB_RECORD_ARRAY_BEGIN) {
      g_assert_true (trib_record_reader_skip (r));
    }
  }
  g_assert_cmpint (trib_record_reader_token (r), ==, TRIB_RECORD_MAP_END);
}

static void
read_have (TribRecordReader *r, Summary *s)
{
  while (trib_record_reader_next (r) == TRIB_RECORD_KEY) {
    g_autofree gchar *source = text (r);
    gboolean empty = FALSE, stale = FALSE;
    guint n = 1;

    if (trib_record_reader_next (r) == TRIB_RECORD_ARRAY_BEGIN) {
      for (n = 0; trib_record_reader_next (r) == TRIB_RECORD_MAP_BEGIN; n++)
        read_observation (r, &empty, &stale);
    } else {
      read_observation (r, &empty, &stale);
    }
    g_string_append_printf (s->have, "%s%s%s%s", s->have->len > 0 ? "," : "", source,
        empty ? "e" : "", stale ? "s" : "");
    if (n > 1)
      g_string_append_printf (s->have, "*%u", n);
  }
}

static void
read_missing (TribRecordReader *r, Summary *s)
{
  while (trib_record_reader_next (r) == TRIB_RECORD_MAP_BEGIN) {
    g_autofree gchar *source = NULL;
    g_autofree gchar *why = NULL;

    while (trib_record_reader_next (r) == TRIB_RECORD_KEY) {
      g_autofree gchar *key = text (r);
      g_assert_cmpint (trib_record_reader_next (r), ==, TRIB_RECORD_STRING);
      if (g_str_equal (key, "source"))
        source = text (r);
      else if (g_str_equal (key, "why"))
        why = text (r);
    }
    g_string_append_printf (s->missing, " -%s:%s", source, why);
  }
}

static void
read_member (TribRecordReader *r, const gchar *key, Summary *s)
{
  TribRecordToken token = trib_record_reader_next (r);

  if (g_str_equal (key, "have")) {
    g_assert_cmpint (token, ==, TRIB_RECORD_MAP_BEGIN);
    read_have (r, s);
  } else if (g_str_equal (key, "missing")) {
    g_assert_cmpint (token, ==, TRIB_RECORD_ARRAY_BEGIN);
    read_missing (r, s);
  } else if (g_str_equal (key, "frame_id")) {
    s->has_frame = TRUE;
    s->frame = trib_record_reader_uint (r);
  } else if (g_str_equal (key, "t_ns")) {
    s->t = trib_record_reader_int (r);
  } else if (g_str_equal (key, "epoch")) {
    s->epoch = trib_record_reader_uint (r);
  } else if (g_str_equal (key, "pane")) {
    s->pane = trib_record_reader_uint (r);
  } else if (g_str_equal (key, "reason")) {
    s->reason = text (r);
  } else if (g_str_equal (key, "type")) {
    g_autofree gchar *type = text (r);
    g_assert_cmpstr (type, ==, "fused");
  }
}

/**
 * rig_fused_summary:
 *
 * Returns: (transfer full): a line about a fused record, which must be one
 */
gchar *
rig_fused_summary (const gchar *record, gsize len, gboolean msgpack)
{
  g_autoptr (TribRecordReader) r = trib_record_reader_new (NULL);
  Summary s = { .have = g_string_new (NULL), .missing = g_string_new (NULL) };
  GString *line = g_string_new (NULL);

  trib_record_reader_set (r, msgpack ? TRIB_RECORD_MSGPACK : TRIB_RECORD_JSON, record, len);
  g_assert_cmpint (trib_record_reader_next (r), ==, TRIB_RECORD_MAP_BEGIN);
  while (trib_record_reader_next (r) == TRIB_RECORD_KEY) {
    g_autofree gchar *key = text (r);
    read_member (r, key, &s);
  }
  g_assert_cmpint (trib_record_reader_token (r), ==, TRIB_RECORD_MAP_END);
  g_assert_cmpint (trib_record_reader_next (r), ==, TRIB_RECORD_END);
  if (s.has_frame)
    g_string_append_printf (line, "%" G_GUINT64_FORMAT, s.frame);
  else
    g_string_append_printf (line, "t=%" G_GINT64_FORMAT, s.t);
  g_string_append_printf (line, " %s", s.reason);
  if (s.pane > 0)
    g_string_append_printf (line, " pane %" G_GUINT64_FORMAT, s.pane);
  if (s.epoch > 0)
    g_string_append_printf (line, " epoch %" G_GUINT64_FORMAT, s.epoch);
  if (s.have->len > 0)
    g_string_append_printf (line, " %s", s.have->str);
  g_string_append (line, s.missing->str);
  g_string_free (s.have, TRUE);
  g_string_free (s.missing, TRUE);
  g_free (s.reason);
  return g_string_free (line, FALSE);
}

gdouble
rig_fused_number (const gchar *record, gsize len, const gchar *name)
{
  g_autoptr (TribRecordReader) r = trib_record_reader_new (NULL);

  trib_record_reader_set (r, TRIB_RECORD_JSON, record, len);
  trib_record_reader_next (r);
  while (trib_record_reader_next (r) == TRIB_RECORD_KEY) {
    g_autofree gchar *key = text (r);
    TribRecordToken token = trib_record_reader_next (r);

    if (g_str_equal (key, name))
      return trib_record_reader_double (r);
    if (token == TRIB_RECORD_MAP_BEGIN || token == TRIB_RECORD_ARRAY_BEGIN)
      trib_record_reader_skip (r);
  }
  return -1;
}
