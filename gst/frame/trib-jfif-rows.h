/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The inner loops of trib-jfif.c, one row each, compiled with the vectoriser on. Memory of source
 * and destination must not overlap, except where it says so. */

/* min (255, (max (0, v - low) * factor + addend) >> 7); factor at most 149. @dst may be @src. */
typedef struct {
  guint8 low, factor;
  guint16 addend;
} TribJfifStretch;
void trib_jfif_row_stretch (guint8 *dst, const guint8 *src, gsize n, const TribJfifStretch *s);
/* @n: pairs */
void trib_jfif_row_split (guint8 *even, guint8 *odd, const guint8 *pairs, gsize n);

/* how the YCbCr of one matrix and range becomes JFIF's, in 128ths */
typedef struct {
  guint8 y_low;          /* black of the source */
  gint16 yy, yu, yv;     /* Y' from Y, Cb, Cr */
  gint16 uu, uv, vu, vv; /* Cb', Cr' from Cb, Cr: grey stays grey, so Y has no part in them */
} TribJfifMatrix;
/* @n: chroma samples; @light gets 2 * @n, what the chroma adds to each luma sample */
void trib_jfif_row_matrix_chroma (guint8 *dst_u, guint8 *dst_v, gint16 *light, const guint8 *src_u,
    const guint8 *src_v, gsize n, const TribJfifMatrix *m);
void trib_jfif_row_matrix_luma (
    guint8 *dst, const guint8 *src, const gint16 *light, gsize n, const TribJfifMatrix *m);

/* bytes of packed pixels into one row each; @n: pixels */
void trib_jfif_row_unpack3 (guint8 *c0, guint8 *c1, guint8 *c2, const guint8 *src, gsize n);
void trib_jfif_row_unpack4 (
    guint8 *c0, guint8 *c1, guint8 *c2, guint8 *c3, const guint8 *src, gsize n);
void trib_jfif_row_rgb_luma (
    guint8 *dst, const guint8 *r, const guint8 *g, const guint8 *b, gsize n);
/* two rows of each colour to one row of chroma; @n: chroma samples, rows have 2 * @n */
void trib_jfif_row_rgb_chroma (guint8 *dst_u, guint8 *dst_v, const guint8 *const top[3],
    const guint8 *const bottom[3], gsize n);

G_END_DECLS
