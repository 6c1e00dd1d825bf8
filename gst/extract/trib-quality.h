/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How sharp, bright and full of contrast a picture is (OBS-1, type quality), as OpenCV says it of
 * the same picture in grey: blur is the variance of cv2.Laplacian (grey, CV_64F), brightness
 * grey.mean (), contrast grey.std (). */

/**
 * TribQualityImage:
 * @data: the first pixel that counts
 * @stride: bytes from one row to the next, negative for a picture with the last row first
 * @pixel: bytes from one pixel to the next: 1 is luma alone
 * @red: of packed colours: where red is in a pixel; green and blue likewise
 * @width: pixels that count
 * @height: rows that count
 * @is_full_range: luma is 0 to 255; else 16 to 235, and is stretched
 */
typedef struct {
  const guint8 *data;
  gssize stride;
  guint pixel;
  guint red, green, blue;
  guint width;
  guint height;
  gboolean is_full_range;
} TribQualityImage;

typedef struct {
  gdouble blur;
  gdouble brightness;
  gdouble contrast;
} TribQuality;

typedef struct _TribQualityMeter TribQualityMeter;

TribQualityMeter *trib_quality_meter_new (void);
void trib_quality_meter_free (TribQualityMeter *meter);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribQualityMeter, trib_quality_meter_free)
gboolean trib_quality_measure (
    TribQualityMeter *meter, const TribQualityImage *image, guint shrink, TribQuality *ret_quality);

G_END_DECLS
