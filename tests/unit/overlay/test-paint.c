/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is painted is within the areas that are named, which do not overlap; all else stays
 * transparent, also on a canvas that was painted on before. */
#include <overlay/trib-overlay-paint.h>

#include <string.h>
#include <trib-test.h>

static void
assert_honest (const guint32 *pixels, guint width, guint height, const GArray *areas)
{
  g_autofree guint8 *named = g_malloc0 (width * height);

  for (guint i = 0; i < areas->len; i++) {
    const TribOverlayArea *a = &g_array_index (areas, TribOverlayArea, i);

    g_assert_true (a->x >= 0 && a->y >= 0 && a->width > 0 && a->height > 0);
    g_assert_true (a->x + a->width <= (gint) width && a->y + a->height <= (gint) height);
    for (gint y = a->y; y < a->y + a->height; y++)
      for (gint x = a->x; x < a->x + a->width; x++)
        g_assert_cmpuint (named[(guint) y * width + (guint) x]++, ==, 0);
  }
  for (guint i = 0; i < width * height; i++)
    g_assert_true (named[i] || pixels[i] == 0);
}

static void
add_random (TribOverlayScene *scene, GRand *rand)
{
  g_autoptr (GString) record = g_string_new (
      "{\"type\":\"fused\",\"frame_id\":1,\"reason\":\"timeout\",\"wait_ms\":120,\"missing\":"
      "[{\"source\":\"a\",\"why\":\"timeout\"}],\"have\":{\"q\":{\"blur\":1.5},\"face\":{\"faces\":"
      "[");
  guint n = (guint) g_rand_int_range (rand, 0, 20);

  for (guint i = 0; i < n; i++)
    g_string_append_printf (record,
        "%s{\"bbox\":[%d,%d,%d,%d],\"id\":%u,\"keypoints\":[[%d,%d,0.5],[3,4]]}", i > 0 ? "," : "",
        g_rand_int_range (rand, -50, 400), g_rand_int_range (rand, -50, 400),
        g_rand_int_range (rand, 1, 300), g_rand_int_range (rand, 1, 300), i,
        g_rand_int_range (rand, -50, 400), g_rand_int_range (rand, -50, 400));
  g_string_append (record, "]}}}");
  g_assert_true (trib_overlay_scene_add (scene, TRIB_RECORD_JSON, record->str, record->len, NULL));
}

static void
test_areas (void)
{
  static const guint sizes[][2] = { { 320, 240 }, { 1, 1 }, { 7, 300 }, { 300, 5 } };
  g_autoptr (TribOverlayPainter) painter = trib_overlay_painter_new ();
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();
  g_autoptr (GRand) rand = g_rand_new_with_seed (7);

  for (guint s = 0; s < G_N_ELEMENTS (sizes); s++) {
    guint width = sizes[s][0], height = sizes[s][1];
    g_autofree guint32 *pixels = g_new0 (guint32, width * height);
    g_autoptr (GArray) areas = g_array_new (FALSE, FALSE, sizeof (TribOverlayArea));

    for (guint i = 0; i < 30; i++) {
      TribOverlayStyle style = { width, height, g_rand_int (rand) % 64, i % 3 ? NULL : "Mono 9",
        i % 5, i % 2 ? 100 : 0, i % 4 ? -1 : 30 };

      trib_overlay_scene_clear (scene);
      add_random (scene, rand);
      g_assert_true (trib_overlay_painter_paint (
          painter, scene, &style, (guint8 *) pixels, (gint) width * 4, areas));
      assert_honest (pixels, width, height, areas);
    }
  }
}

/* a box is its line, in its source's colour; within, it is the picture's */
static void
test_box (void)
{
  const gchar *record = "{\"type\":\"face\",\"frame_id\":1,\"bbox\":[100,50,40,30]}";
  g_autoptr (TribOverlayPainter) painter = trib_overlay_painter_new ();
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();
  g_autoptr (GArray) areas = g_array_new (FALSE, FALSE, sizeof (TribOverlayArea));
  g_autofree guint32 *pixels = g_new0 (guint32, 320 * 240);
  TribOverlayStyle style = { 320, 240, TRIB_OVERLAY_DRAW_BOXES, NULL, 2, 0, -1 };

  trib_overlay_scene_add (scene, TRIB_RECORD_JSON, record, strlen (record), NULL);
  trib_overlay_painter_paint (painter, scene, &style, (guint8 *) pixels, 320 * 4, areas);
  g_assert_cmphex (pixels[50 * 320 + 120], ==, 0xff000000 | trib_overlay_color_of ("face"));
  g_assert_cmphex (pixels[65 * 320 + 101], ==, 0xff000000 | trib_overlay_color_of ("face"));
  g_assert_cmphex (pixels[65 * 320 + 120], ==, 0);
  g_assert_cmphex (pixels[65 * 320 + 90], ==, 0);
  /* the next scene is empty, and so is the canvas */
  trib_overlay_scene_clear (scene);
  trib_overlay_painter_paint (painter, scene, &style, (guint8 *) pixels, 320 * 4, areas);
  g_assert_cmpuint (areas->len, ==, 0);
  for (guint i = 0; i < 320 * 240; i++)
    g_assert_cmphex (pixels[i], ==, 0);
}

/* labels find places, and what finds none is left out */
static void
test_labels (void)
{
  g_autoptr (GArray) taken = g_array_new (FALSE, FALSE, sizeof (TribOverlayArea));
  TribOverlayArea box = { 50, 50, 20, 20 }, label;
  guint n = 0;

  while (trib_overlay_layout_label (taken, &box, 40, 10, 320, 240, &label)) {
    if (n++ == 0)
      g_assert_true (label.x == 50 && label.y == 40);
    g_array_append_val (taken, label);
  }
  g_assert_cmpuint (n, >, 3);
  g_assert_cmpuint (n, <, 20);
  for (guint i = 0; i < n; i++)
    for (guint j = 0; j < i; j++) {
      const TribOverlayArea *a = &g_array_index (taken, TribOverlayArea, i);
      const TribOverlayArea *b = &g_array_index (taken, TribOverlayArea, j);
      g_assert_true (
          a->x + 40 <= b->x || b->x + 40 <= a->x || a->y + 10 <= b->y || b->y + 10 <= a->y);
    }
}

static void
test_colors (void)
{
  static const gchar *const names[] = { "face", "pose", "gesture", "quality", "object", "person" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint j = 0; j < i; j++)
      g_assert_cmphex (trib_overlay_color_of (names[i]), !=, trib_overlay_color_of (names[j]));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/overlay/paint/areas", test_areas);
  g_test_add_func ("/overlay/paint/box", test_box);
  g_test_add_func ("/overlay/paint/labels", test_labels);
  g_test_add_func ("/overlay/paint/colors", test_colors);
  return trib_test_run ();
}
