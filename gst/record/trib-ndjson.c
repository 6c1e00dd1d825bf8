/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-ndjson.h"

#include <string.h>

struct _TribNdjson {
  gsize max_bytes;

  const gchar *data; /* what was pushed and not yet looked at */
  gsize len;
  gboolean ended;

  GString *kept;  /* the begin of a line whose end has not come */
  gboolean given; /* the line in @kept was given, and is to be forgotten */
  gboolean too_long;
  guint64 start; /* of the present line in the stream */
  guint64 position;
  guint64 number;
  guint64 blank;
};

/**
 * trib_ndjson_new:
 * @max_line_bytes: the longest line that is kept, CR included
 *
 * Returns: (transfer full): at the beginning of a stream
 */
TribNdjson *
trib_ndjson_new (gsize max_line_bytes)
{
  TribNdjson *n = g_new0 (TribNdjson, 1);

  n->max_bytes = max_line_bytes;
  n->kept = g_string_new (NULL);
  return n;
}

/**
 * trib_ndjson_free:
 * @n: (nullable) (transfer full): a stream
 */
void
trib_ndjson_free (TribNdjson *n)
{
  if (n == NULL)
    return;
  g_string_free (n->kept, TRUE);
  g_free (n);
}

/**
 * trib_ndjson_push:
 * @n: a stream whose trib_ndjson_next() has returned %FALSE
 * @data: (nullable): the next bytes; not copied, they must stay until it returns %FALSE again
 * @len: how many
 */
void
trib_ndjson_push (TribNdjson *n, const gchar *data, gsize len)
{
  g_return_if_fail (n->len == 0 && !n->ended);
  n->data = data;
  n->len = len;
}

/**
 * trib_ndjson_end:
 * @n: a stream whose trib_ndjson_next() has returned %FALSE
 *
 * The stream ends here. What is left is its last line.
 */
void
trib_ndjson_end (TribNdjson *n)
{
  n->ended = TRUE;
}

static gboolean
is_blank (const gchar *text, gsize len)
{
  for (gsize i = 0; i < len; i++) {
    if (text[i] != ' ' && text[i] != '\t' && text[i] != '\r')
      return FALSE;
  }
  return TRUE;
}

/* @text: the line, without LF, or nothing when it is too long. FALSE when it is blank */
static gboolean
give (TribNdjson *n, const gchar *text, gsize len, TribNdjsonLine *ret)
{
  guint64 start = n->start;

  n->start = n->position;
  n->number++;
  *ret = (TribNdjsonLine){ NULL, 0, start, n->position, n->number };
  if (n->too_long) {
    n->too_long = FALSE;
    return TRUE;
  }
  if (start == 0 && len >= 3 && memcmp (text, "\xef\xbb\xbf", 3) == 0) {
    text += 3;
    len -= 3;
    ret->offset += 3;
  }
  if (is_blank (text, len)) {
    n->blank++;
    return FALSE;
  }
  if (text[len - 1] == '\r')
    len--;
  ret->text = text;
  ret->len = len;
  return TRUE;
}

/* adds to the line that is kept, unless it is too long then */
static void
keep (TribNdjson *n, const gchar *text, gsize len)
{
  if (n->too_long || len > n->max_bytes - MIN (n->kept->len, n->max_bytes)) {
    n->too_long = TRUE;
    g_string_truncate (n->kept, 0);
  } else {
    g_string_append_len (n->kept, text, (gssize) len);
  }
}

/**
 * trib_ndjson_next:
 * @n: a stream
 * @ret_line: (out caller-allocates): a line that is not blank; lives until the next call
 *
 * Returns: %FALSE when all that was pushed has been looked at
 */
gboolean
trib_ndjson_next (TribNdjson *n, TribNdjsonLine *ret_line)
{
  if (n->given) {
    g_string_truncate (n->kept, 0);
    n->given = FALSE;
  }
  while (n->len > 0) {
    const gchar *data = n->data;
    const gchar *newline = memchr (data, '\n', n->len);
    gsize len = newline != NULL ? (gsize) (newline - data) : n->len;
    gsize used = newline != NULL ? len + 1 : len;
    gboolean good;

    n->data += used;
    n->len -= used;
    n->position += used;
    if (newline != NULL && n->kept->len == 0 && !n->too_long) {
      /* most lines lie in one piece: given where they are */
      n->too_long = len > n->max_bytes;
      if (give (n, data, len, ret_line))
        return TRUE;
      continue;
    }
    keep (n, data, len);
    if (newline == NULL)
      continue;
    good = give (n, n->kept->str, n->kept->len, ret_line);
    if (good) {
      n->given = TRUE;
      return TRUE;
    }
    g_string_truncate (n->kept, 0);
  }
  if (n->ended && n->position > n->start) {
    n->given = give (n, n->kept->str, n->kept->len, ret_line);
    return n->given;
  }
  return FALSE;
}

/**
 * trib_ndjson_partial:
 * @n: a stream whose trib_ndjson_next() has returned %FALSE
 *
 * Returns: how many bytes came of a line whose end has not, whether or not they are kept
 */
guint64
trib_ndjson_partial (const TribNdjson *n)
{
  return n->position - n->start;
}

/**
 * trib_ndjson_blank:
 * @n: a stream
 *
 * Returns: how many lines of blanks alone were passed over so far
 */
guint64
trib_ndjson_blank (const TribNdjson *n)
{
  return n->blank;
}
