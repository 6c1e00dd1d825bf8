/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-record.h>

G_BEGIN_DECLS

/* Things to draw in a record: boxes, points, texts, missing sources, the wait. Found in fused
 * records and observations by the names of members, not by the type of the record: any map with a
 * `bbox` is a box, in any list.
 *
 * A scene keeps its memory when it is cleared, so that a scene a stream is enough. One thread at a
 * time. */

/* things beyond these limits are left out and counted */
#define TRIB_OVERLAY_MAX_ANSWERS 64
#define TRIB_OVERLAY_MAX_BOXES 256
#define TRIB_OVERLAY_MAX_POINTS 4096
#define TRIB_OVERLAY_MAX_MISSING 64
#define TRIB_OVERLAY_MAX_VALUES 8       /* of an answer */
#define TRIB_OVERLAY_MAX_LABEL_CHARS 48 /* longer texts end with an ellipsis */

/**
 * TribOverlayAnswer:
 * @source: text: its source
 * @values: text: its numbers, "sharpness 151.5  contrast 41.7"; "" when it has none
 * @width: of the picture that its coordinates refer to, pixels; 0: the video; 1: they are parts of
 *   it (`units` relative)
 * @height: the same
 * @stale_ms: age against the frame, ms; negative: it is the frame's own
 * @n_values: numbers in @values
 */
typedef struct {
  guint source;
  guint values;
  gdouble width;
  gdouble height;
  gdouble stale_ms;
  guint n_values;
} TribOverlayAnswer;

/**
 * TribOverlayBox:
 * @answer: index of its answer
 * @label: text
 * @x: left edge in pixels of the answer's picture; finite, as the others are
 * @y: upper edge
 * @width: above 0
 * @height: above 0
 * @is_outlined: %FALSE: only the label, for its points
 * @is_cell: the coordinates are parts of the picture, from 0 to 1
 */
typedef struct {
  guint answer;
  guint label;
  gdouble x, y, width, height;
  gboolean is_outlined;
  gboolean is_cell;
} TribOverlayBox;

typedef struct {
  guint answer;
  gdouble x, y;
  gdouble score; /* 0 to 1 */
} TribOverlayPoint;

typedef struct {
  guint source; /* text */
  guint why;    /* text */
} TribOverlayMissing;

/**
 * TribOverlayScene:
 * @answers: (element-type TribOverlayAnswer)
 * @boxes: (element-type TribOverlayBox)
 * @points: (element-type TribOverlayPoint)
 * @missing: (element-type TribOverlayMissing)
 * @reason: text: reason of the fused record's output; "" without one
 * @wait_ms: time that it waited; negative: unknown
 * @has_frame_id: whether there is a @frame_id
 * @frame_id: of the frame that the records are about
 * @n_refused: boxes and points with impossible numbers
 * @n_left_out: things beyond a limit
 *
 * A "text" is a place for trib_overlay_scene_text().
 */
typedef struct {
  GArray *answers;
  GArray *boxes;
  GArray *points;
  GArray *missing;
  guint reason;
  gdouble wait_ms;
  gboolean has_frame_id;
  guint64 frame_id;
  guint64 n_refused;
  guint64 n_left_out;

  /*< private >*/
  GString *texts;
  gpointer reader;
} TribOverlayScene;

TribOverlayScene *trib_overlay_scene_new (void);
void trib_overlay_scene_free (TribOverlayScene *scene);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribOverlayScene, trib_overlay_scene_free)

void trib_overlay_scene_clear (TribOverlayScene *scene);
gboolean trib_overlay_scene_add (TribOverlayScene *scene, TribRecordFormat format,
    gconstpointer data, gsize len, GError **error);
const gchar *trib_overlay_scene_text (const TribOverlayScene *scene, guint text);

G_END_DECLS
