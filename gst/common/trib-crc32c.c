/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* CRC-32C (Castagnoli, RFC 3720 appendix B.4), the sum Kafka itself uses. librdkafka has one but
 * does not export it, and zlib has only the other polynomial. */
#include "trib-crc32c.h"

#include <string.h>

#define POLYNOMIAL 0x82f63b78u /* bits reversed */

/* portable: eight tables, eight bytes a step */
static guint32 tables[8][256];

static void
fill_tables (void)
{
  for (guint n = 0; n < 256; n++) {
    guint32 crc = n;
    for (guint k = 0; k < 8; k++)
      crc = crc & 1 ? (crc >> 1) ^ POLYNOMIAL : crc >> 1;
    tables[0][n] = crc;
  }
  for (guint n = 0; n < 256; n++)
    for (guint k = 1; k < 8; k++)
      tables[k][n] = tables[0][tables[k - 1][n] & 0xff] ^ (tables[k - 1][n] >> 8);
}

static guint32
update_portable (guint32 crc, const guint8 *p, gsize len)
{
  for (; len >= 8; p += 8, len -= 8) {
    guint64 word;
    memcpy (&word, p, 8);
    word = GUINT64_FROM_LE (word) ^ crc;
    crc = 0;
    for (guint k = 0; k < 8; k++)
      crc ^= tables[7 - k][(word >> (8 * k)) & 0xff];
  }
  for (; len > 0; p++, len--)
    crc = tables[0][(crc ^ *p) & 0xff] ^ (crc >> 8);
  return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

/* The instruction takes three cycles but a new one can start every cycle: three lanes run side by
 * side and are joined by the linear map "append one lane of zero bytes", tabulated byte by byte.
 * Long lanes first, because joining costs; short ones for most of what they leave. */
#define MAX_LANE 4096

typedef struct {
  gsize bytes;
  guint32 append[4][256];
} Lane;

static Lane lanes[] = { { .bytes = MAX_LANE }, { .bytes = 256 } };

__attribute__ ((target ("sse4.2"))) static guint32
update_serial (guint32 crc, const guint8 *p, gsize len)
{
  guint64 wide = crc;

  for (; len >= 8; p += 8, len -= 8) {
    guint64 word;
    memcpy (&word, p, 8);
    wide = _mm_crc32_u64 (wide, word);
  }
  crc = (guint32) wide;
  for (; len > 0; p++, len--)
    crc = _mm_crc32_u8 (crc, *p);
  return crc;
}

static void
fill_lane (Lane *lane)
{
  static const guint8 zeros[MAX_LANE];
  guint32 of_bit[32];

  for (guint bit = 0; bit < 32; bit++)
    of_bit[bit] = update_serial (1u << bit, zeros, lane->bytes);
  for (guint byte = 0; byte < 4; byte++) {
    for (guint n = 0; n < 256; n++) {
      guint32 sum = 0;
      for (guint bit = 0; bit < 8; bit++)
        if (n & (1u << bit))
          sum ^= of_bit[byte * 8 + bit];
      lane->append[byte][n] = sum;
    }
  }
}

static inline guint32
shift_by_lane (const Lane *lane, guint32 crc)
{
  return lane->append[0][crc & 0xff] ^ lane->append[1][(crc >> 8) & 0xff]
         ^ lane->append[2][(crc >> 16) & 0xff] ^ lane->append[3][crc >> 24];
}

__attribute__ ((target ("sse4.2"))) static guint32
update_three (const Lane *lane, guint32 crc, const guint8 *p)
{
  gsize n = lane->bytes;
  guint64 a = crc, b = 0, c = 0;

  for (gsize i = 0; i < n; i += 8) {
    guint64 wa, wb, wc;
    memcpy (&wa, p + i, 8);
    memcpy (&wb, p + n + i, 8);
    memcpy (&wc, p + 2 * n + i, 8);
    a = _mm_crc32_u64 (a, wa);
    b = _mm_crc32_u64 (b, wb);
    c = _mm_crc32_u64 (c, wc);
  }
  a = shift_by_lane (lane, (guint32) a) ^ (guint32) b;
  return shift_by_lane (lane, (guint32) a) ^ (guint32) c;
}

__attribute__ ((target ("sse4.2"))) static guint32
update_lanes (guint32 crc, const guint8 *p, gsize len)
{
  for (guint i = 0; i < G_N_ELEMENTS (lanes); i++)
    for (; len >= 3 * lanes[i].bytes; p += 3 * lanes[i].bytes, len -= 3 * lanes[i].bytes)
      crc = update_three (&lanes[i], crc, p);
  return update_serial (crc, p, len);
}
#endif

static guint32 (*update) (guint32 crc, const guint8 *p, gsize len);

static void
prepare (void)
{
  static gsize once;

  if (g_once_init_enter (&once)) {
    fill_tables ();
    update = update_portable;
#if defined(__x86_64__)
    if (__builtin_cpu_supports ("sse4.2")) {
      for (guint i = 0; i < G_N_ELEMENTS (lanes); i++)
        fill_lane (&lanes[i]);
      update = update_lanes;
    }
#endif
    g_once_init_leave (&once, 1);
  }
}

/**
 * trib_crc32c:
 * @crc: 0, or the sum of the bytes before @data
 * @data: (array length=len): bytes
 * @len: how many
 *
 * Any thread.
 *
 * Returns: the CRC-32C of all the bytes so far
 */
guint32
trib_crc32c (guint32 crc, const void *data, gsize len)
{
  prepare ();
  return ~update (~crc, data, len);
}

/**
 * trib_crc32c_portable:
 *
 * As trib_crc32c(), without the processor's instruction.
 */
guint32
trib_crc32c_portable (guint32 crc, const void *data, gsize len)
{
  prepare ();
  return ~update_portable (~crc, data, len);
}
