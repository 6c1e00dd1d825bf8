/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* memrchr() */
#include "trib-frame-id.h"

#include <string.h>

G_DEFINE_QUARK (trib - frame - id - error - quark, trib_frame_id_error)

static gboolean
check_part (const gchar *part, gsize len, gsize max, const gchar *what, GError **error)
{
  if (len == 0) {
    g_set_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_SYNTAX, "the %s is empty", what);
    return FALSE;
  }
  if (len > max) {
    g_set_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_RANGE,
        "the %s has %" G_GSIZE_FORMAT " bytes, at most %" G_GSIZE_FORMAT " are allowed", what, len,
        max);
    return FALSE;
  }
  if (!g_utf8_validate_len (part, len, NULL)) {
    g_set_error (
        error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_SYNTAX, "the %s is not UTF-8", what);
    return FALSE;
  }
  for (gsize i = 0; i < len; i++) {
    if ((guchar) part[i] < 0x20 || part[i] == 0x7f) {
      g_set_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_SYNTAX,
          "the %s has a control character (0x%02x at byte %" G_GSIZE_FORMAT ")", what,
          (guchar) part[i], i);
      return FALSE;
    }
  }
  return TRUE;
}

/**
 * trib_session_id_check:
 * @session: (nullable): a session id
 * @error: return location
 *
 * A session id has 1 to %TRIB_SESSION_ID_MAX_BYTES bytes of UTF-8 without control characters.
 *
 * Returns: whether @session may stand in a frame id
 */
gboolean
trib_session_id_check (const gchar *session, GError **error)
{
  return check_part (session ? session : "", session ? strlen (session) : 0,
      TRIB_SESSION_ID_MAX_BYTES, "session id", error);
}

/**
 * trib_stream_id_check:
 * @stream: (nullable): a stream id, for example "214-1"
 * @error: return location
 *
 * Like a session id, but without '_', because frame ids are split there from the right.
 *
 * Returns: whether @stream may stand in a frame id
 */
gboolean
trib_stream_id_check (const gchar *stream, GError **error)
{
  if (stream && strchr (stream, '_')) {
    g_set_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_SYNTAX,
        "the stream id \"%s\" contains '_', which separates the parts of a frame id; use '-'",
        stream);
    return FALSE;
  }
  return check_part (stream ? stream : "", stream ? strlen (stream) : 0, TRIB_STREAM_ID_MAX_BYTES,
      "stream id", error);
}

/**
 * trib_frame_id_format:
 * @session: a session id that passes trib_session_id_check()
 * @stream: a stream id that passes trib_stream_id_check()
 * @index: frame index
 * @t_ns: capture time, nanoseconds since the Unix epoch
 *
 * Returns: (transfer full): the frame id as text
 */
gchar *
trib_frame_id_format (const gchar *session, const gchar *stream, guint64 index, gint64 t_ns)
{
  return g_strdup_printf (
      "%s_%s_%" G_GUINT64_FORMAT "_%" G_GINT64_FORMAT, session, stream, index, t_ns);
}

/* plain decimal only: strtoull would take blanks, signs, leading zeros and wrap negative numbers */
static gboolean
parse_decimal (
    const gchar *s, gsize len, guint64 max, guint64 *ret_value, const gchar *what, GError **error)
{
  guint64 value = 0;

  if (len == 0 || (len > 1 && s[0] == '0')) {
    g_set_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_SYNTAX, "the %s %s", what,
        len == 0 ? "is empty" : "has a leading zero");
    return FALSE;
  }
  for (gsize i = 0; i < len; i++) {
    guint digit = (guchar) s[i] - '0';
    if (digit > 9) {
      g_set_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_SYNTAX,
          "the %s is not a decimal number", what);
      return FALSE;
    }
    if (value > (max - digit) / 10) {
      g_set_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_RANGE,
          "the %s is larger than %" G_GUINT64_FORMAT, what, max);
      return FALSE;
    }
    value = value * 10 + digit;
  }
  *ret_value = value;
  return TRUE;
}

static gboolean
parse_timestamp (const gchar *s, gsize len, gint64 *ret_value, GError **error)
{
  gboolean negative = len > 0 && s[0] == '-';
  guint64 magnitude;

  if (!parse_decimal (s + negative, len - negative,
          negative ? (guint64) G_MAXINT64 + 1 : (guint64) G_MAXINT64, &magnitude, "timestamp",
          error))
    return FALSE;
  if (negative && magnitude == 0) {
    g_set_error_literal (
        error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_SYNTAX, "the timestamp is -0");
    return FALSE;
  }
  *ret_value = negative ? (gint64) (0 - magnitude) : (gint64) magnitude;
  return TRUE;
}

/**
 * trib_frame_id_parse:
 * @text: a frame id, need not be terminated when @len is given
 * @len: its length in bytes, or -1 when terminated
 * @ret_view: (out caller-allocates): the parts, pointing into @text; untouched on failure
 * @error: return location; the message says which part is wrong and why
 *
 * Splits from the right (ARIA-2). What this accepts is exactly what trib_frame_id_format() gives
 * back.
 *
 * Returns: whether @text is a frame id
 */
gboolean
trib_frame_id_parse (const gchar *text, gssize len, TribFrameIdView *ret_view, GError **error)
{
  gsize size = len < 0 ? strlen (text) : (gsize) len;
  const gchar *cut[3];
  const gchar *end = text + size;
  TribFrameIdView view;

  if (size > TRIB_FRAME_ID_MAX_BYTES) {
    g_set_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_RANGE,
        "a frame id of %" G_GSIZE_FORMAT " bytes, at most %d are allowed", size,
        TRIB_FRAME_ID_MAX_BYTES);
    return FALSE;
  }
  for (gint i = 2, rest = (gint) size; i >= 0; i--) {
    const gchar *sep = rest > 0 ? memrchr (text, '_', rest) : NULL;
    if (sep == NULL) {
      g_set_error (error, TRIB_FRAME_ID_ERROR, TRIB_FRAME_ID_ERROR_SYNTAX,
          "%d '_' found, a frame id is <session>_<stream>_<index>_<timestamp_ns>", 2 - i);
      return FALSE;
    }
    cut[i] = sep;
    rest = sep - text;
  }

  view.session = text;
  view.session_len = cut[0] - text;
  view.stream = cut[0] + 1;
  view.stream_len = cut[1] - view.stream;
  if (!check_part (view.session, view.session_len, TRIB_SESSION_ID_MAX_BYTES, "session id", error)
      || !check_part (view.stream, view.stream_len, TRIB_STREAM_ID_MAX_BYTES, "stream id", error)
      || !parse_decimal (
          cut[1] + 1, cut[2] - cut[1] - 1, G_MAXUINT64, &view.index, "frame index", error)
      || !parse_timestamp (cut[2] + 1, end - cut[2] - 1, &view.t_ns, error))
    return FALSE;
  *ret_view = view;
  return TRUE;
}
