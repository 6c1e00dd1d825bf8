/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

#include <record/trib-json-reader.h>
#include <record/trib-msgpack-reader.h>
#include <record/trib-record-transcode.h>

#include "fuzz.h"

/* The first byte says which format the rest is taken for, and what becomes of NaN. Whatever can be
 * read in one format: what it becomes in the other is valid there, and from then on nothing changes
 * any more, there and back, to the byte. What is refused leaves nothing behind. */

static gboolean
transcode (
    TribRecordFormat from, const gchar *data, gsize len, TribRecordNanPolicy nan, GString *out)
{
  g_autoptr (TribRecordReader) r = trib_record_reader_new (NULL);
  g_autoptr (GError) error = NULL;
  gsize before = out->len;
  gboolean ok;

  trib_record_reader_set (r, from, data, len);
  ok = trib_record_transcode (
      r, from == TRIB_RECORD_JSON ? TRIB_RECORD_MSGPACK : TRIB_RECORD_JSON, nan, out, NULL, &error);
  if (!ok) {
    g_autofree gchar *place = g_strdup_printf (" at byte %zu", trib_record_reader_offset (r));
    g_assert (error->domain == TRIB_RECORD_ERROR && error->code < TRIB_RECORD_N_ERRORS);
    g_assert (g_str_has_suffix (error->message, place));
    g_assert (out->len == before);
  }
  return ok;
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (GString) json = g_string_new (NULL);
  g_autoptr (GString) msgpack = g_string_new (NULL);
  g_autoptr (GString) again = g_string_new (NULL);
  TribRecordNanPolicy nan;
  gboolean ok;

  if (size == 0)
    return 0;
  nan = (TribRecordNanPolicy) (data[0] / 2 % 3);
  if (data[0] % 2 == 0) {
    if (!transcode (TRIB_RECORD_JSON, (const gchar *) data + 1, size - 1, nan, msgpack))
      return 0;
    g_assert (trib_json_validate ((const gchar *) data + 1, size - 1, NULL, NULL));
    g_assert (trib_msgpack_validate ((const guint8 *) msgpack->str, msgpack->len, NULL, NULL));
    ok = transcode (TRIB_RECORD_MSGPACK, msgpack->str, msgpack->len, nan, json);
    g_assert (ok);
  } else {
    if (!transcode (TRIB_RECORD_MSGPACK, (const gchar *) data + 1, size - 1, nan, json))
      return 0;
    g_assert (trib_msgpack_validate (data + 1, size - 1, NULL, NULL));
  }
  g_assert (trib_json_validate (json->str, json->len, NULL, NULL));
  g_string_truncate (msgpack, 0);
  ok = transcode (TRIB_RECORD_JSON, json->str, json->len, nan, msgpack);
  g_assert (ok);
  ok = transcode (TRIB_RECORD_MSGPACK, msgpack->str, msgpack->len, nan, again);
  g_assert (ok && g_string_equal (json, again));
  return 0;
}
