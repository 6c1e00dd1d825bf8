/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <string.h>

G_BEGIN_DECLS

/* What readers and writers of both formats need to know about bytes. Private to gst/record. */

/*
 * The first byte in [p, end) that may not stand in a JSON string as it is, or needs a closer look:
 * '"', '\', a control character or anything beyond ASCII. Eight bytes at a time: most JSON is long
 * runs of plain ASCII.
 */
static inline const guchar *
trib_json_plain_run (const guchar *p, const guchar *end)
{
  const guint64 ones = G_GUINT64_CONSTANT (0x0101010101010101);

  while (end - p >= 8) {
    guint64 x, marks;

    memcpy (&x, p, 8);
    x = GUINT64_FROM_LE (x);
    /* A subtraction borrows only out of a byte that is itself marked, so the lowest mark is exact,
     * and that is the only one used. Bytes from 0x80 on are marked by their own top bit. */
    marks = x | (x - ones * 0x20) | ((x ^ (ones * '"')) - ones) | ((x ^ (ones * '\\')) - ones);
    marks &= ones * 0x80;
    if (marks != 0)
      return p + (__builtin_ctzll (marks) >> 3);
    p += 8;
  }
  while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
    p++;
  return p;
}

/*
 * Looks at a character beyond ASCII. Returns its length (2-4) when it is whole and valid by the
 * Unicode standard's table 3-7 (no overlong forms, no surrogates, nothing above U+10FFFF). Else
 * returns 0 and sets @ret_prefix to the number of bytes that a valid character could begin with:
 * when that is all of @avail, the text may merely have been cut.
 */
static inline guint
trib_json_utf8_char (const guchar *p, gsize avail, guint *ret_prefix)
{
  guint len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
  guchar low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
  guchar high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;

  *ret_prefix = 0;
  if (p[0] < 0xc2 || p[0] > 0xf4)
    return 0;
  for (guint i = 1; i < len; i++) {
    if (i >= avail || p[i] < low || p[i] > high) {
      *ret_prefix = i;
      return 0;
    }
    low = 0x80;
    high = 0xbf;
  }
  return len;
}

/* The first byte in [p, end) that is not part of valid UTF-8; NUL is. @end when all of it is. */
static inline const guchar *
trib_json_utf8_run (const guchar *p, const guchar *end)
{
  const guint64 tops = G_GUINT64_CONSTANT (0x8080808080808080);

  while (p < end) {
    guint64 x;
    guint n = 1, prefix;

    if (end - p >= 8) {
      memcpy (&x, p, 8);
      if ((x & tops) == 0) {
        p += 8;
        continue;
      }
    }
    if (*p >= 0x80 && (n = trib_json_utf8_char (p, end - p, &prefix)) == 0)
      break;
    p += n;
  }
  return p;
}

G_END_DECLS
