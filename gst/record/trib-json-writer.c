/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-json-writer.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "trib-json-text.h"

/* a few bytes: most of what is written, and mostly there is room */
static inline void
put (GString *out, const gchar *text, gsize len)
{
  if (out->len + len >= out->allocated_len) {
    g_string_append_len (out, text, (gssize) len);
    return;
  }
  memcpy (out->str + out->len, text, len);
  out->len += len;
  out->str[out->len] = '\0';
}

static inline guint64
level_bit (const TribJsonWriter *w)
{
  return G_GUINT64_CONSTANT (1) << (w->depth - 1);
}

/* the comma that is due, and the checks that a value is due too */
static void
before_value (TribJsonWriter *w)
{
  if (w->depth == 0) {
    g_assert (!w->complete);
  } else if (w->in_object & level_bit (w)) {
    g_assert (w->after_key);
    w->after_key = FALSE;
  } else {
    if (w->has_member & level_bit (w))
      g_string_append_c (w->out, ',');
    w->has_member |= level_bit (w);
  }
}

static inline void
after_value (TribJsonWriter *w)
{
  w->complete = w->depth == 0;
}

static void
begin_container (TribJsonWriter *w, gboolean object)
{
  before_value (w);
  g_assert (w->depth < TRIB_JSON_WRITER_MAX_DEPTH);
  w->depth++;
  w->has_member &= ~level_bit (w);
  if (object)
    w->in_object |= level_bit (w);
  else
    w->in_object &= ~level_bit (w);
  g_string_append_c (w->out, object ? '{' : '[');
}

static void
end_container (TribJsonWriter *w, gboolean object)
{
  g_assert (w->depth > 0 && !w->after_key);
  g_assert (!!(w->in_object & level_bit (w)) == object);
  w->depth--;
  g_string_append_c (w->out, object ? '}' : ']');
  after_value (w);
}

static void
append_escape (GString *out, guchar c)
{
  static const gchar hex[] = "0123456789abcdef";
  gchar escape[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
  gsize len = 2;

  switch (c) {
    case '"':
    case '\\':
      escape[1] = (gchar) c;
      break;
    case '\b':
      escape[1] = 'b';
      break;
    case '\f':
      escape[1] = 'f';
      break;
    case '\n':
      escape[1] = 'n';
      break;
    case '\r':
      escape[1] = 'r';
      break;
    case '\t':
      escape[1] = 't';
      break;
    default:
      len = 6;
  }
  g_string_append_len (out, escape, len);
}

static void
append_quoted (GString *out, const gchar *value, gsize len)
{
  const guchar *p = (const guchar *) value;
  const guchar *end = p + len;
  const guchar *run = p; /* good as it stands, not yet appended */

  g_string_append_c (out, '"');
  while ((p = trib_json_plain_run (p, end)) < end) {
    guint prefix, n = 1;

    if (*p >= 0x80 && (n = trib_json_utf8_char (p, end - p, &prefix)) > 0) {
      p += n;
      continue;
    }
    put (out, (const gchar *) run, (gsize) (p - run));
    if (n > 0) {
      append_escape (out, *p++);
    } else {
      /* one for each broken character, as the Unicode standard (3.9, U+FFFD Substitution) advises
       */
      g_string_append (out, "\xef\xbf\xbd");
      p += MAX (prefix, 1);
    }
    run = p;
  }
  put (out, (const gchar *) run, (gsize) (p - run));
  g_string_append_c (out, '"');
}

static const gchar two_digits[]
    = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
      "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
      "8081828384858687888990919293949596979899";

/* digits of @value, at least @min_digits of them, to the end of @buf; returns the first one */
static gchar *
format_digits (guint64 value, guint min_digits, gchar *buf_end)
{
  gchar *p = buf_end;

  /* by twos: each division waits for the one before it */
  for (; value >= 100; value /= 100) {
    p -= 2;
    memcpy (p, &two_digits[2 * (value % 100)], 2);
  }
  while (value > 0 || (gsize) (buf_end - p) < min_digits) {
    *--p = (gchar) ('0' + value % 10);
    value /= 10;
  }
  return p;
}

static void
append_decimal (GString *out, guint64 magnitude, gboolean negative)
{
  gchar buf[24];
  gchar *p = format_digits (magnitude, 1, buf + sizeof buf);

  if (negative)
    *--p = '-';
  put (out, p, (gsize) (buf + sizeof buf - p));
}

/* where append_short_double() finds every decimal of up to 15 digits */
static inline gboolean
is_middling (gdouble magnitude)
{
  return FLT_EVAL_METHOD == 0 && magnitude >= 1e-4 && magnitude < 1e15;
}

/* @whole / 10^@digits, with all of its digits */
static void
append_fixed (GString *out, guint64 whole, guint digits, gboolean negative)
{
  guint64 power = 1;
  gchar buf[48];
  gchar *p = buf + sizeof buf;

  if (digits > 19) {
    /* less than one, and 10^digits is more than 64 bits */
    p = format_digits (whole, digits, p);
    whole = 0;
  } else {
    for (guint i = 0; i < digits; i++)
      power *= 10;
    p = format_digits (whole % power, digits, p);
    whole /= power;
  }
  *--p = '.';
  p = format_digits (whole, 1, p);
  if (negative)
    *--p = '-';
  put (out, p, (gsize) (buf + sizeof buf - p));
}

/* What people write and what is rounded for them: found with one division. The quotient of two
 * exact doubles is correctly rounded, so the decimal reads back as @value; there is only one
 * integer of that size which gives it. */
static gboolean
append_six_decimals (GString *out, gdouble value)
{
  gdouble magnitude = fabs (value), scaled = magnitude * 1e6;
  guint digits = 6;
  guint64 whole;

  if ((magnitude != 0.0 && !is_middling (magnitude)) || scaled >= 0x1p52)
    return FALSE;
  whole = (guint64) (scaled + 0.5);
  if ((gdouble) whole / 1e6 != magnitude)
    return FALSE;
  for (; digits > 1 && whole % 10 == 0; digits--)
    whole /= 10;
  append_fixed (out, whole, digits, signbit (value));
  return TRUE;
}

/* The same wherever the point is: @value is a decimal of up to 15 digits when some integer up to
 * 2^53 divided by a power of ten gives exactly it. The first one found has the fewest digits. */
static gboolean
append_short_double (GString *out, gdouble value)
{
  static const gdouble powers[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19 };
  gdouble magnitude = fabs (value);

  if (magnitude != 0.0 && !is_middling (magnitude))
    return FALSE;
  for (guint digits = 0; digits < G_N_ELEMENTS (powers); digits++) {
    gdouble scaled = magnitude * powers[digits];
    guint64 whole;

    if (scaled > 0x1p53)
      return FALSE;
    /* from 2^52 on there are no fractions to round */
    whole = (guint64) (scaled < 0x1p52 ? scaled + 0.5 : scaled);
    if ((gdouble) whole / powers[digits] != magnitude)
      continue;
    append_fixed (out, digits ? whole : whole * 10, MAX (digits, 1), signbit (value));
    return TRUE;
  }
  return FALSE;
}

#if LDBL_MANT_DIG >= 64
/* Measured values have 16 or 17 digits, and printf with strtod takes half a microsecond for each.
 * With the 64 bits of a long double the first 17 digits are known but for @unsure of the last one,
 * and so is how far they may be from @value and still read back as it. What is too close to call is
 * left to printf, so that the text is always the same; shorter decimals, to
 * append_short_double(). */
static gboolean
append_long_double (GString *out, gdouble value)
{
  static const long double powers[] = { 1e0L, 1e1L, 1e2L, 1e3L, 1e4L, 1e5L, 1e6L, 1e7L, 1e8L, 1e9L,
    1e10L, 1e11L, 1e12L, 1e13L, 1e14L, 1e15L, 1e16L, 1e17L, 1e18L, 1e19L, 1e20L };
  const long double unsure = 0.02L;
  long double scaled, near, off;
  guint64 whole, tens;
  gdouble fraction;
  gint exponent, digits;

  if (!is_middling (fabs (value)))
    return FALSE;
  fraction = frexp (fabs (value), &exponent);
  /* 1233 / 4096 is nearly log10 (2): one too many at most */
  digits = MIN (16 - ((exponent - 1) * 1233 >> 12), 20);
  while ((scaled = (long double) fabs (value) * powers[digits]) >= 1e17L)
    digits--;
  /* half the distance to the next double; it is not the same on both sides of a power of two */
  if (fraction == 0.5)
    return FALSE;
  near = ldexpl (powers[digits], exponent - 54);
  whole = (guint64) scaled;
  off = scaled - (long double) whole;
  tens = whole / 10 * 10;
  if ((long double) (whole - tens) + off > 5)
    tens += 10;
  if (fabsl (off - 0.5L) < unsure)
    return FALSE;
  if (off > 0.5L)
    whole++;
  off = fabsl ((long double) tens - scaled);
  if (fabsl (off - near) < unsure || fabsl (off - 5) < unsure)
    return FALSE;
  if (off < near) {
    /* 16 digits will do. 15 are for the other function. */
    guint64 hundreds = (tens + 50) / 100 * 100;
    if (fabsl ((long double) hundreds - scaled) < near + unsure)
      return FALSE;
    whole = tens / 10;
    digits--;
  }
  append_fixed (out, whole, (guint) digits, signbit (value));
  return TRUE;
}
#endif

static void
append_double (GString *out, gdouble value)
{
  gdouble magnitude = fabs (value);
  gchar buf[G_ASCII_DTOSTR_BUF_SIZE];
  gchar format[8];
  gint digits = 15;

  if (append_six_decimals (out, value))
    return;
#if LDBL_MANT_DIG >= 64
  if (append_long_double (out, value))
    return;
#endif
  if (append_short_double (out, value))
    return;
  /* Every normal double that a decimal of up to 15 digits stands for is found with 15, and %g drops
   * the zeros; 17 always suffice. Subnormal ones hold fewer digits. */
  if (magnitude < DBL_MIN)
    digits = 1;
  else if (is_middling (magnitude))
    digits = 16;
  for (; digits <= 17; digits++) {
    g_snprintf (format, sizeof format, "%%.%dg", digits);
    g_ascii_formatd (buf, sizeof buf, format, value);
    if (digits == 17 || g_ascii_strtod (buf, NULL) == value)
      break;
  }
  g_string_append (out, buf);
  if (strpbrk (buf, ".e") == NULL)
    g_string_append (out, ".0");
}

/* What rounds to a float lies between the middles to its neighbours, and those are doubles. A
 * decimal whose nearest double lies strictly between them does so itself: it reads back as the
 * float whether or not the reader goes by way of a double. The middles themselves are left
 * alone. */
typedef struct {
  gdouble low;
  gdouble high;
} FloatRange;

static FloatRange
float_range (gfloat magnitude)
{
  guint32 bits, below_bits, above_bits;
  gfloat below, above;

  memcpy (&bits, &magnitude, sizeof bits);
  below_bits = bits - 1;
  above_bits = bits + 1;
  memcpy (&below, &below_bits, sizeof below);
  memcpy (&above, &above_bits, sizeof above);
  return (FloatRange){ ((gdouble) below + (gdouble) magnitude) / 2,
    ((gdouble) magnitude + (isinf (above) ? 0x1p128 : (gdouble) above)) / 2 };
}

/* The double nearest to the decimal of fewest digits that stands for @magnitude. Written as a
 * double it has those digits, so that a number has the same text whether it comes as a float or
 * comes back as a double. */
static gdouble
shortest_float (gfloat value)
{
  gdouble magnitude = (gdouble) value;
  FloatRange range = float_range (value);
  gchar buf[G_ASCII_DTOSTR_BUF_SIZE];
  gchar format[8];
  gdouble candidate, power = 1;

  /* as append_short_double(), where all digits before the point are significant ones */
  if (FLT_EVAL_METHOD == 0 && magnitude >= 1e-4 && magnitude < 1e7) {
    for (guint digits = 0; digits <= 14; digits++, power *= 10) {
      candidate = (gdouble) (guint64) (magnitude * power + 0.5) / power;
      if (candidate > range.low && candidate < range.high)
        return candidate;
    }
  }
  for (gint digits = magnitude < FLT_MIN ? 1 : FLT_DIG;; digits++) {
    g_snprintf (format, sizeof format, "%%.%dg", digits);
    g_ascii_formatd (buf, sizeof buf, format, magnitude);
    candidate = g_ascii_strtod (buf, NULL);
    /* nine always suffice */
    if (digits == 9 || (candidate > range.low && candidate < range.high))
      return candidate;
  }
}

/**
 * trib_json_writer_init:
 * @w: (out caller-allocates): a writer; holds nothing that must be freed
 * @out: where the JSON is appended; not owned, must outlive @w
 *
 * Also starts @w over for another value.
 */
void
trib_json_writer_init (TribJsonWriter *w, GString *out)
{
  *w = (TribJsonWriter){ .out = out };
}

/**
 * trib_json_writer_begin_object:
 * @w: a writer that a value is due of; at most %TRIB_JSON_WRITER_MAX_DEPTH containers may be open
 */
void
trib_json_writer_begin_object (TribJsonWriter *w)
{
  begin_container (w, TRUE);
}

/**
 * trib_json_writer_end_object:
 * @w: a writer whose innermost open container is an object
 */
void
trib_json_writer_end_object (TribJsonWriter *w)
{
  end_container (w, TRUE);
}

/**
 * trib_json_writer_begin_array:
 * @w: a writer that a value is due of; at most %TRIB_JSON_WRITER_MAX_DEPTH containers may be open
 */
void
trib_json_writer_begin_array (TribJsonWriter *w)
{
  begin_container (w, FALSE);
}

/**
 * trib_json_writer_end_array:
 * @w: a writer whose innermost open container is an array
 */
void
trib_json_writer_end_array (TribJsonWriter *w)
{
  end_container (w, FALSE);
}

/**
 * trib_json_writer_key:
 * @w: a writer inside an object, with no value due
 * @key: the member's name; the writer does not look for one that is there already
 */
void
trib_json_writer_key (TribJsonWriter *w, const gchar *key)
{
  g_assert (key != NULL);
  trib_json_writer_key_len (w, key, strlen (key));
}

/**
 * trib_json_writer_key_len:
 * @w: a writer inside an object, with no value due
 * @key: the member's name; may hold NUL bytes, need not be terminated
 * @len: its length in bytes
 */
void
trib_json_writer_key_len (TribJsonWriter *w, const gchar *key, gsize len)
{
  g_assert (w->depth > 0 && (w->in_object & level_bit (w)) && !w->after_key);
  g_assert (key != NULL);
  if (w->has_member & level_bit (w))
    g_string_append_c (w->out, ',');
  w->has_member |= level_bit (w);
  append_quoted (w->out, key, len);
  g_string_append_c (w->out, ':');
  w->after_key = TRUE;
}

/**
 * trib_json_writer_null:
 * @w: a writer that a value is due of
 */
void
trib_json_writer_null (TribJsonWriter *w)
{
  before_value (w);
  put (w->out, "null", 4);
  after_value (w);
}

/**
 * trib_json_writer_boolean:
 * @w: a writer that a value is due of
 * @value: the value
 */
void
trib_json_writer_boolean (TribJsonWriter *w, gboolean value)
{
  before_value (w);
  g_string_append (w->out, value ? "true" : "false");
  after_value (w);
}

/**
 * trib_json_writer_int:
 * @w: a writer that a value is due of
 * @value: the value, written exactly
 */
void
trib_json_writer_int (TribJsonWriter *w, gint64 value)
{
  before_value (w);
  append_decimal (w->out, value < 0 ? 0 - (guint64) value : (guint64) value, value < 0);
  after_value (w);
}

/**
 * trib_json_writer_uint:
 * @w: a writer that a value is due of
 * @value: the value, written exactly
 */
void
trib_json_writer_uint (TribJsonWriter *w, guint64 value)
{
  before_value (w);
  append_decimal (w->out, value, FALSE);
  after_value (w);
}

/**
 * trib_json_writer_double:
 * @w: a writer that a value is due of
 * @value: the value; NaN and the infinities, which JSON has no word for, become null
 *
 * The text has the fewest significant digits that read back as @value (up to 17), does not depend
 * on the locale, and always has a '.' or an exponent: 1.0, -0.0, 1e+30.
 */
void
trib_json_writer_double (TribJsonWriter *w, gdouble value)
{
  if (!isfinite (value)) {
    trib_json_writer_null (w);
    return;
  }
  before_value (w);
  append_double (w->out, value);
  after_value (w);
}

/**
 * trib_json_writer_float:
 * @w: a writer that a value is due of
 * @value: the value; NaN and the infinities become null
 *
 * The text has the fewest significant digits that read back as @value (up to 9); otherwise as
 * trib_json_writer_double().
 */
void
trib_json_writer_float (TribJsonWriter *w, gfloat value)
{
  if (!isfinite (value)) {
    trib_json_writer_null (w);
    return;
  }
  before_value (w);
  if (value != 0.0f)
    append_double (w->out, copysign (shortest_float (fabsf (value)), (gdouble) value));
  else
    append_double (w->out, (gdouble) value);
  after_value (w);
}

/**
 * trib_json_writer_string:
 * @w: a writer that a value is due of
 * @value: (nullable): text; %NULL becomes null, bytes that are not UTF-8 become U+FFFD
 */
void
trib_json_writer_string (TribJsonWriter *w, const gchar *value)
{
  trib_json_writer_string_len (w, value, value != NULL ? strlen (value) : 0);
}

/**
 * trib_json_writer_string_len:
 * @w: a writer that a value is due of
 * @value: (nullable): text, need not be terminated, may hold NUL; otherwise as for
 *   trib_json_writer_string()
 * @len: its length in bytes
 */
void
trib_json_writer_string_len (TribJsonWriter *w, const gchar *value, gsize len)
{
  if (value == NULL) {
    g_assert (len == 0);
    trib_json_writer_null (w);
    return;
  }
  before_value (w);
  append_quoted (w->out, value, len);
  after_value (w);
}

/**
 * trib_json_writer_base64:
 * @w: a writer that a value is due of
 * @data: (nullable): bytes
 * @len: how many
 *
 * Encodes straight into the output: frames of megabytes are written this way.
 */
void
trib_json_writer_base64 (TribJsonWriter *w, const guint8 *data, gsize len)
{
  gint state = 0, save = 0;
  gsize start, used;

  g_assert (data != NULL || len == 0);
  g_assert (len / 3 < G_MAXSIZE / 8);
  before_value (w);
  g_string_append_c (w->out, '"');
  start = w->out->len;
  /* room for what step and close may write in all, and the closing quote */
  g_string_set_size (w->out, start + (len / 3 + 1) * 4 + 5);
  used = len > 0 ? g_base64_encode_step (data, len, FALSE, w->out->str + start, &state, &save) : 0;
  used += g_base64_encode_close (FALSE, w->out->str + start + used, &state, &save);
  g_string_truncate (w->out, start + used);
  g_string_append_c (w->out, '"');
  after_value (w);
}

/**
 * trib_json_writer_is_complete:
 * @w: a writer
 *
 * Returns: whether one whole value has been written
 */
gboolean
trib_json_writer_is_complete (const TribJsonWriter *w)
{
  return w->complete;
}

void
trib_json_writer_member_string (TribJsonWriter *w, const gchar *key, const gchar *value)
{
  trib_json_writer_key (w, key);
  trib_json_writer_string (w, value);
}

void
trib_json_writer_member_int (TribJsonWriter *w, const gchar *key, gint64 value)
{
  trib_json_writer_key (w, key);
  trib_json_writer_int (w, value);
}

void
trib_json_writer_member_uint (TribJsonWriter *w, const gchar *key, guint64 value)
{
  trib_json_writer_key (w, key);
  trib_json_writer_uint (w, value);
}

void
trib_json_writer_member_boolean (TribJsonWriter *w, const gchar *key, gboolean value)
{
  trib_json_writer_key (w, key);
  trib_json_writer_boolean (w, value);
}
