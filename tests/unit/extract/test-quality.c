/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Blur, brightness and contrast against a plain reference: every pixel, one after another, in
 * double. */
#include <extract/trib-quality.h>

#include <math.h>
#include <trib-test.h>

static gdouble
luma_of (const TribQualityImage *image, gint x, gint y)
{
  const guint8 *p = image->data + y * image->stride + (gssize) (x * (gint) image->pixel);

  if (image->pixel == 1)
    return *p;
  return (p[image->red] * 4899 + p[image->green] * 9617 + p[image->blue] * 1868 + 8192) / 16384;
}

static gdouble
box_of (const TribQualityImage *image, gint x, gint y, gint n)
{
  gdouble sum = 0;

  for (gint dy = 0; dy < n; dy++)
    for (gint dx = 0; dx < n; dx++)
      sum += luma_of (image, x * n + dx, y * n + dy);
  return n == 1 ? sum : floor ((sum + n * n / 2) / (n * n));
}

static gint
mirror (gint i, gint n)
{
  if (n == 1)
    return 0;
  return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
}

static TribQuality
measure_plainly (const TribQualityImage *image, gint shrink)
{
  gint width = (gint) image->width / shrink, height = (gint) image->height / shrink;
  gdouble n = width * height, sum = 0, squares = 0, edges = 0, edge_squares = 0;
  gdouble stretch = image->is_full_range ? 1 : 255.0 / 219;
  g_autofree gdouble *grey = g_new (gdouble, (gsize) (width * height));

  for (gint y = 0; y < height; y++)
    for (gint x = 0; x < width; x++)
      grey[y * width + x] = box_of (image, x, y, shrink);
  for (gint y = 0; y < height; y++)
    for (gint x = 0; x < width; x++) {
      gdouble p = grey[y * width + x];
      gdouble edge = grey[mirror (y - 1, height) * width + x]
                     + grey[mirror (y + 1, height) * width + x]
                     + grey[y * width + mirror (x - 1, width)]
                     + grey[y * width + mirror (x + 1, width)] - 4 * p;
      sum += p;
      squares += p * p;
      edges += edge;
      edge_squares += edge * edge;
    }
  return (TribQuality){
    .brightness = CLAMP ((sum / n - (image->is_full_range ? 0 : 16)) * stretch, 0, 255),
    .contrast = sqrt (MAX (squares / n - sum / n * sum / n, 0)) * stretch,
    .blur = (edge_squares / n - edges / n * edges / n) * stretch * stretch,
  };
}

static void
compare (const TribQualityImage *image, guint shrink)
{
  g_autoptr (TribQualityMeter) meter = trib_quality_meter_new ();
  TribQuality quality, plain = measure_plainly (image, (gint) shrink);

  g_assert_true (trib_quality_measure (meter, image, shrink, &quality));
  g_assert_cmpfloat_with_epsilon (quality.brightness, plain.brightness, 1e-9 * 255);
  g_assert_cmpfloat_with_epsilon (quality.contrast, plain.contrast, 1e-6);
  g_assert_cmpfloat_with_epsilon (quality.blur, plain.blur, 1e-6 * MAX (plain.blur, 1));
}

/* sizes around the runs, strides of their own, pictures that stand on their heads, packed colours,
 * boxes */
static void
test_reference (void)
{
  static const guint widths[] = { 1, 2, 3, 7, 64, 1023, 1024, 1025, 1026, 2051 };
  static const guint heights[] = { 1, 2, 3, 4, 5, 33 };

  for (guint w = 0; w < G_N_ELEMENTS (widths); w++)
    for (guint h = 0; h < G_N_ELEMENTS (heights); h++)
      for (guint pixel = 1; pixel <= 4; pixel += pixel == 1 ? 2 : 1) {
        gsize stride = widths[w] * pixel + 5, size = stride * heights[h];
        g_autofree guint8 *data = g_malloc (size);
        TribQualityImage image
            = { data, (gssize) stride, pixel, 2, 1, 0, widths[w], heights[h], (w + h) % 2 == 0 };

        for (gsize i = 0; i < size; i++)
          data[i] = (guint8) g_test_rand_int_range (0, 256);
        compare (&image, 1);
        if (widths[w] >= 3 && heights[h] >= 3)
          compare (&image, 3);
        image.data = data + (heights[h] - 1) * stride;
        image.stride = -(gssize) stride;
        compare (&image, 1);
      }
}

/* the largest squares there can be, in runs as long as they get */
static void
test_extremes (void)
{
  const guint width = 4096, height = 8;
  g_autofree guint8 *data = g_malloc (width * height);
  TribQualityImage image = { data, width, 1, 0, 0, 0, width, height, TRUE };
  g_autoptr (TribQualityMeter) meter = trib_quality_meter_new ();
  TribQuality quality;

  for (guint i = 0; i < width * height; i++)
    data[i] = (i + i / width) % 2 ? 255 : 0;
  compare (&image, 1);
  g_assert_true (trib_quality_measure (meter, &image, 1, &quality));
  g_assert_cmpfloat_with_epsilon (quality.blur, 1020.0 * 1020.0, 1e-6);
  g_assert_cmpfloat_with_epsilon (quality.contrast, 127.5, 1e-9);
  for (guint i = 0; i < width * height; i++)
    data[i] = 128;
  g_assert_true (trib_quality_measure (meter, &image, 1, &quality));
  g_assert_cmpfloat (quality.blur, ==, 0);
  g_assert_cmpfloat (quality.contrast, ==, 0);
  g_assert_cmpfloat (quality.brightness, ==, 128);
  g_assert_false (trib_quality_measure (meter, &image, 9, &quality));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/quality/reference", test_reference);
  g_test_add_func ("/quality/extremes", test_extremes);
  return trib_test_run ();
}
