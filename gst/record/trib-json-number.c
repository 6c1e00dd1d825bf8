/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-json-number.h"

#include <float.h>
#include <string.h>

static const guchar *
scan_digits (const guchar *p, const guchar *end, TribJsonNumber *n)
{
  guint64 mantissa = n->mantissa;
  gboolean overflow = n->overflow;

  for (; p < end; p++) {
    guint digit = (guint) *p - '0';

    if (digit > 9)
      break;
    /* the checked arithmetic is needed for the twentieth digit only */
    if (G_LIKELY (mantissa < G_MAXUINT64 / 10))
      mantissa = mantissa * 10 + digit;
    else if (!g_uint64_checked_mul (&mantissa, mantissa, 10)
             || !g_uint64_checked_add (&mantissa, mantissa, digit))
      overflow = TRUE;
  }
  n->mantissa = mantissa;
  n->overflow = overflow;
  return p;
}

/* @p: behind the 'e' */
static const guchar *
scan_exponent (const guchar *p, const guchar *end, TribJsonNumber *n)
{
  gboolean negative = FALSE;
  gint64 exponent = 0;

  if (p < end && (*p == '+' || *p == '-'))
    negative = *p++ == '-';
  if (p == end || !g_ascii_isdigit (*p)) {
    n->wanted = "a digit of an exponent";
    return p;
  }
  for (; p < end && g_ascii_isdigit (*p); p++) {
    /* only small exponents are computed with; strtod reads the others from the text itself */
    if (exponent < 1000000000)
      exponent = exponent * 10 + (*p - '0');
  }
  n->exponent += negative ? -exponent : exponent;
  return p;
}

/**
 * trib_json_number_scan:
 * @p: first byte of a number: '-' or a digit
 * @end: behind the last byte of the text
 * @ret_number: (out caller-allocates): what was found
 *
 * Returns: behind the number, or where the text departs from the grammar when @ret_number has
 *   `wanted`
 */
const guchar *
trib_json_number_scan (const guchar *p, const guchar *end, TribJsonNumber *ret_number)
{
  TribJsonNumber *n = ret_number;
  const guchar *digits;

  *n = (TribJsonNumber){ .integer = TRUE };
  if (*p == '-') {
    n->negative = TRUE;
    p++;
  }
  if (p == end || !g_ascii_isdigit (*p)) {
    n->wanted = "a digit after '-'";
    return p;
  }
  digits = p;
  p = scan_digits (p, end, n);
  if (*digits == '0' && p > digits + 1) {
    n->wanted = "no digit after a leading zero";
    return digits + 1;
  }
  if (p < end && *p == '.') {
    digits = ++p;
    p = scan_digits (p, end, n);
    if (p == digits) {
      n->wanted = "a digit after '.'";
      return p;
    }
    n->integer = FALSE;
    n->exponent = -(gint64) (p - digits);
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    n->integer = FALSE;
    p = scan_exponent (p + 1, end, n);
  }
  return p;
}

/**
 * trib_json_number_to_double:
 * @n: a number as scanned
 * @text: its text, need not be terminated
 * @len: the length of @text in bytes
 *
 * Returns: the nearest double, ties to even; infinite when the number is larger than all of them
 */
gdouble
trib_json_number_to_double (const TribJsonNumber *n, const gchar *text, gsize len)
{
  static const gdouble powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
  g_autofree gchar *heap = NULL;
  gchar local[64];
  gchar *copy = local;

  if (n->mantissa == 0 && !n->overflow)
    return n->negative ? -0.0 : 0.0;
  /* Both factors are exact doubles and one operation rounds once, so the result is the nearest
   * double (Clinger 1990). Not where the machine computes with more bits than a double has. */
  if (FLT_EVAL_METHOD == 0 && !n->overflow && n->mantissa <= G_GUINT64_CONSTANT (1) << 53
      && n->exponent >= -22 && n->exponent <= 22) {
    gdouble value = (gdouble) n->mantissa;
    if (n->exponent < 0)
      value /= powers[-n->exponent];
    else
      value *= powers[n->exponent];
    return n->negative ? -value : value;
  }
  /* strtod needs a terminated text, and this one may go on, or end with the memory */
  if (len >= sizeof local)
    copy = heap = g_malloc (len + 1);
  memcpy (copy, text, len);
  copy[len] = '\0';
  return g_ascii_strtod (copy, NULL);
}
