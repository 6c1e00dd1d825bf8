/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <record/trib-msgpack-reader.h>

#include "fuzz.h"

/* What the reader takes is inside the data, and skipping and validating come to the same end. What
 * it refuses, it refuses with an error whose place is inside the data. */

static void
check_bytes (const guint8 *bytes, gsize len, const uint8_t *data, size_t size)
{
  g_assert (bytes >= data && len <= size && bytes + len <= data + size);
}

static void
check_token (const TribMsgpackReader *r, TribMsgpackToken token, const uint8_t *data, size_t size)
{
  const guint8 *bytes;
  const gchar *text;
  gint64 seconds;
  guint32 nanoseconds;
  gsize len;
  gint type;

  g_assert (trib_msgpack_reader_offset (r) <= trib_msgpack_reader_end_offset (r));
  g_assert (trib_msgpack_reader_end_offset (r) <= size);
  switch (token) {
    case TRIB_MSGPACK_STRING:
      text = trib_msgpack_reader_string (r, &len);
      check_bytes ((const guint8 *) text, len, data, size);
      /* it stops at NUL, which str may hold */
      for (const gchar *p = text; p < text + len; p = memchr (p, '\0', text + len - p) + 1) {
        const gchar *nul = memchr (p, '\0', text + len - p);
        g_assert (g_utf8_validate_len (p, (nul != NULL ? nul : text + len) - p, NULL));
        if (nul == NULL)
          break;
      }
      break;
    case TRIB_MSGPACK_BINARY:
    case TRIB_MSGPACK_EXT:
      bytes = trib_msgpack_reader_bytes (r, &len, &type);
      check_bytes (bytes, len, data, size);
      if (token == TRIB_MSGPACK_EXT && trib_msgpack_reader_timestamp (r, &seconds, &nanoseconds))
        g_assert (type == -1 && nanoseconds <= 999999999);
      break;
    case TRIB_MSGPACK_MAP_BEGIN:
    case TRIB_MSGPACK_ARRAY_BEGIN:
      g_assert (trib_msgpack_reader_count (r) <= size);
      break;
    default:
      break;
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (TribMsgpackReader) r = trib_msgpack_reader_new (data, size, NULL);
  TribMsgpackToken token;
  gsize n = 0;

  while ((token = trib_msgpack_reader_next (r)) > TRIB_MSGPACK_END) {
    check_token (r, token, data, size);
    /* each byte begins one value at most, and each container ends once */
    g_assert (++n <= size * 2);
  }
  if (token == TRIB_MSGPACK_ERROR_TOKEN) {
    const GError *error = trib_msgpack_reader_error (r);
    g_autofree gchar *place = g_strdup_printf (" at byte %zu", trib_msgpack_reader_offset (r));

    g_assert (error != NULL && error->domain == TRIB_MSGPACK_ERROR);
    g_assert (g_str_has_suffix (error->message, place));
    g_assert (trib_msgpack_reader_offset (r) <= size);
    g_assert (trib_msgpack_reader_next (r) == TRIB_MSGPACK_ERROR_TOKEN);
  }
  g_assert (trib_msgpack_validate (data, size, NULL, NULL) == (token == TRIB_MSGPACK_END));
  trib_msgpack_reader_reset (r, data, size);
  g_assert ((trib_msgpack_reader_skip (r) && trib_msgpack_reader_next (r) == TRIB_MSGPACK_END)
            == (token == TRIB_MSGPACK_END));
  return 0;
}
