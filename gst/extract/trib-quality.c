/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass over the rows. Sums are of integers, so the result does not depend on how they are
 * split; they are split into runs that 32 bits hold, of factors that 16 bits hold, which compilers
 * make vector code of. */
#include "trib-quality.h"

#include <math.h>
#include <string.h>

#define RUN 1024 /* pixels: 1024 * 1020^2, the largest square of a Laplacian, is less than 2^31 */
#define N_ROWS 3

struct _TribQualityMeter {
  guint8 *rows[N_ROWS]; /* of luma, made from the picture's */
  guint8 *scratch;      /* one more, before it is made smaller */
  guint32 *columns;     /* of a row of boxes: the sum of each column */
  gsize size;           /* of each, in pixels */
};

typedef struct {
  const TribQualityImage *image;
  guint shrink;
  guint width, height; /* of what is measured */
} Task;

typedef struct {
  guint64 luma, luma_squares;
  gint64 edges;
  guint64 edge_squares;
} Sums;

TribQualityMeter *
trib_quality_meter_new (void)
{
  return g_new0 (TribQualityMeter, 1);
}

static void
drop_memory (TribQualityMeter *meter)
{
  for (guint i = 0; i < N_ROWS; i++)
    g_clear_pointer (&meter->rows[i], g_free);
  g_clear_pointer (&meter->scratch, g_free);
  g_clear_pointer (&meter->columns, g_free);
  meter->size = 0;
}

void
trib_quality_meter_free (TribQualityMeter *meter)
{
  drop_memory (meter);
  g_free (meter);
}

static gboolean
reserve (TribQualityMeter *meter, gsize size)
{
  gboolean all = TRUE;

  if (size <= meter->size)
    return TRUE;
  drop_memory (meter);
  for (guint i = 0; i < N_ROWS; i++)
    all &= (meter->rows[i] = g_try_malloc (size)) != NULL;
  all &= (meter->scratch = g_try_malloc (size)) != NULL;
  all &= (meter->columns = g_try_malloc_n (size, sizeof *meter->columns)) != NULL;
  meter->size = all ? size : 0;
  return all;
}

/* ---- rows of luma ---- */

/* the weights of BT.601 in 14 bits, as OpenCV has them */
static inline guint8
grey (guint8 r, guint8 g, guint8 b)
{
  return (guint8) ((r * 4899u + g * 9617u + b * 1868u + 8192u) >> 14);
}

static void
grey_row (const TribQualityImage *image, const guint8 *from, guint8 *to, guint width)
{
  for (guint i = 0; i < width; i++, from += image->pixel)
    to[i] = grey (from[image->red], from[image->green], from[image->blue]);
}

/* a row of the picture as luma, in the picture where it can be */
static const guint8 *
luma_row (const TribQualityImage *image, guint y, guint width, guint8 *scratch)
{
  const guint8 *from = image->data + (gssize) y * image->stride;

  if (image->pixel == 1)
    return from;
  grey_row (image, from, scratch, width);
  return scratch;
}

/* a row of boxes of @shrink by @shrink pixels: their means */
static void
shrunk_row (TribQualityMeter *meter, const Task *task, guint y, guint8 *to)
{
  guint n = task->shrink, area = n * n, width = task->width * n;
  const guint32 *column = meter->columns;

  memset (meter->columns, 0, width * sizeof *meter->columns);
  for (guint dy = 0; dy < n; dy++) {
    const guint8 *from = luma_row (task->image, y * n + dy, width, meter->scratch);
    for (gsize i = 0; i < width; i++)
      meter->columns[i] += from[i];
  }
  for (guint x = 0; x < task->width; x++) {
    guint32 sum = area / 2;
    for (guint i = 0; i < n; i++)
      sum += *column++;
    to[x] = (guint8) (sum / area);
  }
}

/* row @y of what is measured */
static const guint8 *
row (TribQualityMeter *meter, const Task *task, guint y)
{
  guint8 *to = meter->rows[y % N_ROWS];

  if (task->shrink == 1)
    return luma_row (task->image, y, task->width, to);
  shrunk_row (meter, task, y, to);
  return to;
}

/* ---- sums ---- */

static void
add_luma (Sums *sums, const guint8 *p, guint width)
{
  for (gsize x = 0; x < width; x += RUN) {
    gsize end = MIN (x + RUN, width);
    gint32 luma = 0, squares = 0;
    for (gsize i = x; i < end; i++) {
      gint16 value = p[i];
      luma += value;
      squares += (gint32) value * value;
    }
    sums->luma += (guint32) luma;
    sums->luma_squares += (guint32) squares;
  }
}

static inline void
add_edge (Sums *sums, gint edge)
{
  sums->edges += edge;
  sums->edge_squares += (guint64) (edge * edge);
}

/* what is beside the picture is its mirror, without the pixel at the edge */
static void
add_edges (Sums *sums, const guint8 *above, const guint8 *p, const guint8 *below, guint width)
{
  guint last = width - 1;

  if (width == 1) {
    add_edge (sums, above[0] + below[0] - 2 * p[0]);
    return;
  }
  add_edge (sums, above[0] + below[0] + 2 * p[1] - 4 * p[0]);
  add_edge (sums, above[last] + below[last] + 2 * p[last - 1] - 4 * p[last]);
  /* sizes of addresses: an index that could wrap round would keep it from being vector code */
  for (gsize x = 1; x < last; x += RUN) {
    gsize end = MIN (x + RUN, last);
    gint32 edges = 0, squares = 0;
    for (gsize i = x; i < end; i++) {
      gint16 edge = (gint16) (above[i] + below[i] + p[i - 1] + p[i + 1] - 4 * p[i]);
      edges += edge;
      squares += (gint32) edge * edge;
    }
    sums->edges += edges;
    sums->edge_squares += (guint32) squares;
  }
}

static void
add_rows (TribQualityMeter *meter, const Task *task, Sums *sums)
{
  const guint8 *above, *here = row (meter, task, 0);
  const guint8 *below = task->height > 1 ? row (meter, task, 1) : here;

  above = below;
  for (guint y = 0; y < task->height; y++) {
    add_luma (sums, here, task->width);
    add_edges (sums, above, here, below, task->width);
    above = here;
    here = below;
    below = y + 2 < task->height ? row (meter, task, y + 2) : above;
  }
}

static gdouble
variance (gdouble sum, gdouble squares, gdouble n)
{
  gdouble mean = sum / n;

  return MAX (squares / n - mean * mean, 0);
}

/**
 * trib_quality_measure:
 * @meter: memory for rows, kept from picture to picture
 * @image: a picture, or the part of one that counts
 * @shrink: 1, or by how much it is made smaller first, each way; what is left over at the right and
 * at the bottom does not count
 * @ret_quality: (out caller-allocates)
 *
 * Returns: %FALSE when nothing is left of it, or memory for a row cannot be had
 */
gboolean
trib_quality_measure (
    TribQualityMeter *meter, const TribQualityImage *image, guint shrink, TribQuality *ret_quality)
{
  Task task = { image, MAX (shrink, 1), 0, 0 };
  gdouble stretch = image->is_full_range ? 1 : 255.0 / 219, n;
  Sums sums = { 0 };

  task.width = image->width / task.shrink;
  task.height = image->height / task.shrink;
  if (task.width == 0 || task.height == 0)
    return FALSE;
  if ((task.shrink > 1 || image->pixel > 1) && !reserve (meter, image->width))
    return FALSE;
  add_rows (meter, &task, &sums);
  n = (gdouble) task.width * task.height;
  ret_quality->brightness
      = CLAMP (((gdouble) sums.luma / n - (image->is_full_range ? 0 : 16)) * stretch, 0, 255);
  ret_quality->contrast
      = sqrt (variance ((gdouble) sums.luma, (gdouble) sums.luma_squares, n)) * stretch;
  ret_quality->blur
      = variance ((gdouble) sums.edges, (gdouble) sums.edge_squares, n) * stretch * stretch;
  return TRUE;
}
