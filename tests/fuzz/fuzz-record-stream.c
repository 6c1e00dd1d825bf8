/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <record/trib-msgpack-reader.h>
#include <record/trib-record-stream.h>

#include "fuzz.h"

/* The first byte says how large the pieces are in which the rest comes, the second how large a
 * value may be. However the stream is cut, the same values come out of it, and the same losses; no
 * value is larger than the limit; what the strict reader takes for a value of MessagePack has that
 * extent. */

static void
note (GString *log, TribRecordStream *s, gsize max_bytes, TribRecordStreamResult result,
    const TribRecordSlice *value, const GError *error)
{
  TribRecordFormat format;

  switch (result) {
    case TRIB_RECORD_STREAM_VALUE:
      g_assert (value->len > 0 && value->len <= max_bytes);
      g_assert (trib_record_stream_format (s, &format));
      if (format == TRIB_RECORD_MSGPACK && value->len > 1)
        g_assert (!trib_msgpack_validate ((const guint8 *) value->str, value->len - 1, NULL, NULL));
      g_string_append_printf (log, "value %zu:", value->len);
      g_string_append_len (log, value->str, (gssize) value->len);
      break;
    case TRIB_RECORD_STREAM_LOST:
    case TRIB_RECORD_STREAM_BROKEN:
      g_assert (error->domain == TRIB_RECORD_ERROR && error->code < TRIB_RECORD_N_ERRORS);
      g_string_append_printf (log, "%d %d %s\n", (gint) result, error->code, error->message);
      break;
    case TRIB_RECORD_STREAM_MORE:
      break;
  }
}

/* FALSE: it is broken */
static gboolean
take (GString *log, TribRecordStream *s, gsize max_bytes)
{
  TribRecordStreamResult result;

  do {
    g_autoptr (GError) error = NULL;
    TribRecordSlice value = { NULL, 0 };

    result = trib_record_stream_next (s, &value, &error);
    note (log, s, max_bytes, result, &value, error);
    if (result == TRIB_RECORD_STREAM_BROKEN)
      return FALSE;
  } while (result != TRIB_RECORD_STREAM_MORE);
  return TRUE;
}

static GString *
cut (const guint8 *data, gsize size, gsize piece, gsize max_bytes)
{
  g_autoptr (TribRecordStream) s = trib_record_stream_new (max_bytes);
  GString *log = g_string_new (NULL);

  for (gsize at = 0; at < size; at += piece) {
    gsize n = MIN (piece, size - at);
    g_autofree guint8 *exact = g_memdup2 (data + at, n);

    trib_record_stream_push (s, exact, n);
    if (!take (log, s, max_bytes))
      return log;
  }
  trib_record_stream_end (s);
  take (log, s, max_bytes);
  return log;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GString) whole = NULL, pieces = NULL;

  if (size < 3)
    return 0;
  whole = cut (data + 2, size - 2, size - 2, 1 + (gsize) data[1]);
  pieces = cut (data + 2, size - 2, 1 + data[0] % 16, 1 + (gsize) data[1]);
  g_assert (g_string_equal (whole, pieces));
  return 0;
}
