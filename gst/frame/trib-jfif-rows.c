/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-jfif-rows.h"

#if defined(__x86_64__)
#define TRIB_AVX2 1
#include <immintrin.h>
#endif

/* One source, two machine codes: the loader picks the one the processor can run. Its resolver runs
 * before a sanitizer is ready, so builds with one get the plain code; so does clang, whose version
 * 14 gives the result a name that nothing links to. */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) \
    && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define FAST __attribute__ ((target_clones ("avx2", "default")))
#else
#define FAST
#endif

/* In 8 and 16 bits, so that a vector holds as many samples as it can: 239 * 149 + 128 < 65536. */
static inline guint8
stretch (guint8 v, guint8 low, guint8 factor, guint16 addend)
{
  guint16 t;

  v = v < low ? 0 : v - low;
  t = (guint16) ((guint16) (v * factor) + addend) >> 7;
  return t > 255 ? 255 : (guint8) t;
}

#ifdef TRIB_AVX2
/* The compiler's own vectors take nearly twice as long here, and this loop is most of what right
 * colours cost. Each sample is multiplied twice, by the two halves of the factor, and the sums
 * saturate at 32767, which is 255 after the shift: the same numbers as above. */
__attribute__ ((target ("avx2"))) static gsize
stretch_avx2 (guint8 *dst, const guint8 *src, gsize n, const TribJfifStretch *s)
{
  const guint8 half = s->factor / 2, rest = s->factor - half;
  const __m256i low = _mm256_set1_epi8 ((gchar) s->low);
  const __m256i factors = _mm256_set1_epi16 ((gshort) (half | rest << 8));
  const __m256i addend = _mm256_set1_epi16 ((gshort) s->addend);
  gsize i;

  for (i = 0; i + 32 <= n; i += 32) {
    __m256i v = _mm256_subs_epu8 (_mm256_loadu_si256 ((const __m256i *) (src + i)), low);
    __m256i a = _mm256_maddubs_epi16 (_mm256_unpacklo_epi8 (v, v), factors);
    __m256i b = _mm256_maddubs_epi16 (_mm256_unpackhi_epi8 (v, v), factors);
    a = _mm256_srli_epi16 (_mm256_adds_epi16 (a, addend), 7);
    b = _mm256_srli_epi16 (_mm256_adds_epi16 (b, addend), 7);
    _mm256_storeu_si256 ((__m256i *) (dst + i), _mm256_packus_epi16 (a, b));
  }
  return i;
}
#endif

void
trib_jfif_row_stretch (guint8 *dst, const guint8 *src, gsize n, const TribJfifStretch *s)
{
  const guint8 low = s->low, factor = s->factor;
  const guint16 addend = s->addend;
  gsize i = 0;

#ifdef TRIB_AVX2
  if (__builtin_cpu_supports ("avx2"))
    i = stretch_avx2 (dst, src, n, s);
#endif
  for (; i < n; i++)
    dst[i] = stretch (src[i], low, factor, addend);
}

FAST void
trib_jfif_row_split (
    guint8 *restrict even, guint8 *restrict odd, const guint8 *restrict pairs, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    even[i] = pairs[2 * i];
    odd[i] = pairs[2 * i + 1];
  }
}

/* All within 16 bits: the sum of a row of the matrix stays below 2, and chroma within 128. */
static inline guint8
clamp_byte (gint16 v)
{
  v = v < 0 ? 0 : v;
  v = v > 255 ? 255 : v;
  return (guint8) v;
}

FAST void
trib_jfif_row_matrix_chroma (guint8 *restrict dst_u, guint8 *restrict dst_v, gint16 *restrict light,
    const guint8 *restrict src_u, const guint8 *restrict src_v, gsize n, const TribJfifMatrix *m)
{
  const gint16 uu = m->uu, uv = m->uv, vu = m->vu, vv = m->vv, yu = m->yu, yv = m->yv;

  for (gsize i = 0; i < n; i++) {
    gint16 u = (gint16) (src_u[i] - 128), v = (gint16) (src_v[i] - 128);
    gint16 nu = (gint16) ((gint16) (uu * u) + (gint16) (uv * v) + 64);
    gint16 nv = (gint16) ((gint16) (vu * u) + (gint16) (vv * v) + 64);
    gint16 l = (gint16) ((gint16) (yu * u) + (gint16) (yv * v) + 64);
    dst_u[i] = clamp_byte ((gint16) ((nu >> 7) + 128));
    dst_v[i] = clamp_byte ((gint16) ((nv >> 7) + 128));
    light[2 * i] = (gint16) (l >> 1);
    light[2 * i + 1] = (gint16) (l >> 1);
  }
}

FAST void
trib_jfif_row_matrix_luma (guint8 *restrict dst, const guint8 *restrict src,
    const gint16 *restrict light, gsize n, const TribJfifMatrix *m)
{
  const guint8 low = m->y_low;
  const guint16 yy = m->yy;

  for (gsize i = 0; i < n; i++) {
    guint8 y = src[i] < low ? 0 : src[i] - low;
    gint16 t = (gint16) ((guint16) (y * yy) >> 1);
    dst[i] = clamp_byte ((gint16) ((gint16) (t + light[i]) >> 6));
  }
}

FAST void
trib_jfif_row_unpack3 (guint8 *restrict c0, guint8 *restrict c1, guint8 *restrict c2,
    const guint8 *restrict src, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    c0[i] = src[3 * i];
    c1[i] = src[3 * i + 1];
    c2[i] = src[3 * i + 2];
  }
}

FAST void
trib_jfif_row_unpack4 (guint8 *restrict c0, guint8 *restrict c1, guint8 *restrict c2,
    guint8 *restrict c3, const guint8 *restrict src, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    c0[i] = src[4 * i];
    c1[i] = src[4 * i + 1];
    c2[i] = src[4 * i + 2];
    c3[i] = src[4 * i + 3];
  }
}

/* JFIF 1.02: Y = 0.299 R + 0.587 G + 0.114 B; the weights sum to 256, so white is 255 */
FAST void
trib_jfif_row_rgb_luma (guint8 *restrict dst, const guint8 *restrict r, const guint8 *restrict g,
    const guint8 *restrict b, gsize n)
{
  for (gsize i = 0; i < n; i++)
    dst[i] = (guint8) ((guint16) (77 * r[i] + 150 * g[i] + 29 * b[i] + 128) >> 8);
}

/* JFIF 1.02: Cb = -0.1687 R - 0.3313 G + 0.5 B + 128, Cr = 0.5 R - 0.4187 G - 0.0813 B + 128; sums
 * of four pixels, so the shift is 8 + 2 */
FAST void
trib_jfif_row_rgb_chroma (guint8 *restrict dst_u, guint8 *restrict dst_v,
    const guint8 *const top[3], const guint8 *const bottom[3], gsize n)
{
  const guint8 *restrict r0 = top[0], *restrict g0 = top[1], *restrict b0 = top[2];
  const guint8 *restrict r1 = bottom[0], *restrict g1 = bottom[1], *restrict b1 = bottom[2];

  for (gsize i = 0; i < n; i++) {
    gint32 r = r0[2 * i] + r0[2 * i + 1] + r1[2 * i] + r1[2 * i + 1];
    gint32 g = g0[2 * i] + g0[2 * i + 1] + g1[2 * i] + g1[2 * i + 1];
    gint32 b = b0[2 * i] + b0[2 * i + 1] + b1[2 * i] + b1[2 * i + 1];
    gint32 u = (-43 * r - 85 * g + 128 * b + 512) >> 10;
    gint32 v = (128 * r - 107 * g - 21 * b + 512) >> 10;
    dst_u[i] = (guint8) (u > 127 ? 255 : u + 128);
    dst_v[i] = (guint8) (v > 127 ? 255 : v + 128);
  }
}
