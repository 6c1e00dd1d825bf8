/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is read out of records (OBS-1, OBS-5): boxes, points, texts; numbers that cannot be;
 * bounds. */
#include <overlay/trib-overlay-layout.h>

#include <string.h>
#include <trib-test.h>

#include <record/trib-record-transcode.h>

static void
add (TribOverlayScene *scene, const gchar *record)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (trib_overlay_scene_add (scene, TRIB_RECORD_JSON, record, strlen (record), &error));
  g_assert_no_error (error);
}

static const TribOverlayBox *
box_at (const TribOverlayScene *scene, guint i)
{
  g_assert_cmpuint (i, <, scene->boxes->len);
  return &g_array_index (scene->boxes, TribOverlayBox, i);
}

static void
assert_label (const TribOverlayScene *scene, guint i, const gchar *label)
{
  g_assert_cmpstr (trib_overlay_scene_text (scene, box_at (scene, i)->label), ==, label);
}

static const TribOverlayAnswer *
answer_at (const TribOverlayScene *scene, guint i)
{
  g_assert_cmpuint (i, <, scene->answers->len);
  return &g_array_index (scene->answers, TribOverlayAnswer, i);
}

#define FUSED                                                                                     \
  "{\"type\":\"fused\",\"frame_id\":12,\"t_ns\":5,\"epoch\":0,\"pane\":0,\"reason\":\"timeout\"," \
  "\"have\":{"                                                                                    \
  "\"face\":{\"type\":\"face\",\"frame_id\":12,\"faces\":[{\"bbox\":[10,20,30,40],\"yaw\":1,"     \
  "\"expression\":"                                                                               \
  "\"happy\",\"confidence\":0.934,\"id\":1}],\"width\":640,\"height\":480,\"delay_ms\":41},"      \
  "\"hand\":[{\"type\":\"gesture\",\"frame_id\":12,\"hands\":[{\"gesture\":\"open\",\"bbox\":[1," \
  "2,3,4],"                                                                                       \
  "\"landmarks\":[[1,2],[3,4]]}]},{\"type\":\"gesture\",\"frame_id\":12,\"hands\":[]}],"          \
  "\"pose\":{\"type\":\"pose\",\"frame_id\":11,\"poses\":[{\"keypoints\":[[5,6,0.5],[9,2,0]],"    \
  "\"hand_raised\":true}],\"delay_ms\":1,\"stale_ms\":120.4},"                                    \
  "\"quality\":{\"type\":\"quality\",\"frame_id\":12,\"blur\":151.5,\"contrast\":41.75,\"delay_"  \
  "ms\":7}},"                                                                                     \
  "\"missing\":[{\"source\":\"voice\",\"why\":\"timeout\"},{\"source\":\"eyes\",\"why\":"         \
  "\"skipped\","                                                                                  \
  "\"reason\":\"backpressure\"}],\"spread_ns\":0,\"wait_ms\":101.5}"

static void
assert_fused (const TribOverlayScene *scene)
{
  const TribOverlayMissing *missing;

  g_assert_true (scene->has_frame_id);
  g_assert_cmpuint (scene->frame_id, ==, 12);
  g_assert_cmpstr (trib_overlay_scene_text (scene, scene->reason), ==, "timeout");
  g_assert_cmpfloat (scene->wait_ms, ==, 101.5);
  g_assert_cmpuint (scene->answers->len, ==, 5);
  g_assert_cmpuint (scene->boxes->len, ==, 3);
  assert_label (scene, 0, "face #1 happy 0.93");
  g_assert_cmpfloat (box_at (scene, 0)->height, ==, 40);
  g_assert_cmpfloat (answer_at (scene, 0)->width, ==, 640);
  assert_label (scene, 1, "hand open");
  /* a pose has no box: its label goes where its points are that somebody believes in */
  assert_label (scene, 2, "pose hand raised (120 ms old)");
  g_assert_false (box_at (scene, 2)->is_outlined);
  g_assert_cmpfloat (box_at (scene, 2)->x, ==, 5);
  g_assert_cmpfloat (answer_at (scene, 3)->stale_ms, ==, 120.4);
  g_assert_cmpuint (scene->points->len, ==, 4);
  g_assert_cmpstr (trib_overlay_scene_text (scene, answer_at (scene, 4)->values), ==,
      "sharpness 151.5  contrast 41.75");
  g_assert_cmpuint (scene->missing->len, ==, 2);
  missing = &g_array_index (scene->missing, TribOverlayMissing, 1);
  g_assert_cmpstr (trib_overlay_scene_text (scene, missing->source), ==, "eyes");
  g_assert_cmpstr (trib_overlay_scene_text (scene, missing->why), ==, "backpressure");
  g_assert_cmpuint (scene->n_refused + scene->n_left_out, ==, 0);
}

static void
test_fused (void)
{
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();
  g_autoptr (TribRecordReader) reader = trib_record_reader_new (NULL);
  g_autoptr (GString) packed = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  add (scene, FUSED);
  assert_fused (scene);
  /* the same as MessagePack, by a scene that was used before */
  trib_record_reader_set (reader, TRIB_RECORD_JSON, FUSED, strlen (FUSED));
  g_assert_true (trib_record_transcode (
      reader, TRIB_RECORD_MSGPACK, TRIB_RECORD_NAN_ERROR, packed, NULL, &error));
  g_assert_no_error (error);
  trib_overlay_scene_clear (scene);
  g_assert_true (
      trib_overlay_scene_add (scene, TRIB_RECORD_MSGPACK, packed->str, packed->len, &error));
  g_assert_no_error (error);
  assert_fused (scene);
}

static void
test_observations (void)
{
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();

  add (scene,
      "{\"type\":\"object\",\"frame_id\":1,\"bbox\":[1,2,3,4],\"label\":\"car\",\"score\":87}");
  assert_label (scene, 0, "object car 87");
  add (scene, "{\"type\":\"face\",\"source\":\"cam2\",\"frame_id\":1,\"faces\":[{\"bbox\":[1,2,3,4]"
              ",\"id\":\"x\"}]}");
  assert_label (scene, 1, "cam2 #x");
  add (scene, "{\"type\":\"face\",\"kind\":\"empty\",\"frame_id\":1}");
  add (scene, "{\"type\":\"trig\",\"t_start_ns\":1,\"t_end_ns\":2,\"bbox\":[1,2,3,4]}");
  g_assert_cmpuint (scene->boxes->len, ==, 2);
  add (scene, "{\"type\":\"pose\",\"frame_id\":1,\"poses\":[{\"landmarks\":{\"nose\":[1,2],\"eye\":"
              "{\"x\":3,\"y\":4}}}]}");
  g_assert_cmpuint (scene->points->len, ==, 2);
}

static void
test_no_record (void)
{
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();
  g_autoptr (GError) error = NULL;

  g_assert_false (trib_overlay_scene_add (scene, TRIB_RECORD_JSON, "{\"a\"", 4, &error));
  g_assert_nonnull (error);
  g_assert_cmpuint (scene->answers->len, ==, 0);
}

/* negative, without area, beyond all pictures, too few, no numbers */
static void
test_refused (void)
{
  static const gchar *const boxes[] = { "[1,2,-3,4]", "[1,2,3,0]", "[1e300,2,3,4]", "[1,2,3]",
    "[1,2,3,4,5]", "[\"a\",2,3,4]", "[[1],2,3,4]", "[null,1,2,3]" };
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();

  for (guint i = 0; i < G_N_ELEMENTS (boxes); i++) {
    g_autofree gchar *record = g_strdup_printf (
        "{\"type\":\"face\",\"frame_id\":1,\"faces\":[{\"bbox\":%s}]}", boxes[i]);

    add (scene, record);
    g_assert_cmpuint (scene->n_refused, ==, i + 1);
  }
  g_assert_cmpuint (scene->boxes->len, ==, 0);
  add (scene, "{\"type\":\"pose\",\"frame_id\":1,\"poses\":[{\"keypoints\":[[1],[1e20,4],3]}]}");
  g_assert_cmpuint (scene->points->len, ==, 0);
  g_assert_cmpuint (scene->n_refused, ==, G_N_ELEMENTS (boxes) + 2);
}

static void
test_bounds (void)
{
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();
  g_autoptr (GString) record = g_string_new ("{\"type\":\"face\",\"frame_id\":1,\"faces\":[");

  for (guint i = 0; i < 10000; i++)
    g_string_append_printf (record, "%s{\"bbox\":[1,2,3,4]}", i > 0 ? "," : "");
  g_string_append (record, "]}");
  add (scene, record->str);
  g_assert_cmpuint (scene->boxes->len, ==, TRIB_OVERLAY_MAX_BOXES);
  g_assert_cmpuint (scene->n_left_out, ==, 10000 - TRIB_OVERLAY_MAX_BOXES);
}

/* a text is one line that ends */
static void
test_texts (void)
{
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();
  g_autofree gchar *much = g_strnfill (200, 'w');
  g_autofree gchar *record = g_strdup_printf (
      "{\"type\":\"face\",\"frame_id\":1,\"faces\":[{\"bbox\":[1,2,3,4],\"expression\":\"<b>"
      "\\n\\u0007&\"},"
      "{\"bbox\":[1,2,3,4],\"expression\":\"%s\",\"label\":\"%s\",\"gesture\":\"%s\"}]}",
      much, much, much);
  const gchar *label;

  add (scene, record);
  assert_label (scene, 0, "face <b>  &");
  label = trib_overlay_scene_text (scene, box_at (scene, 1)->label);
  g_assert_cmpint (g_utf8_strlen (label, -1), ==, TRIB_OVERLAY_MAX_LABEL_CHARS + 1);
  g_assert_true (g_str_has_suffix (label, "\xe2\x80\xa6"));
}

/* from 640x480 into 320x240; what is outside is cut off */
static void
test_places (void)
{
  static const struct {
    const gchar *box;
    TribOverlayArea area; /* no width: not in the picture */
  } rows[] = {
    { "[10,20,30,40]", { 5, 10, 15, 20 } },
    { "[-10,-20,30,40]", { 0, 0, 10, 10 } },
    { "[600,400,1000000000,1000000000]", { 300, 200, 20, 40 } },
    { "[-1000000000,-1000000000,1000000000,1000000000]", { 0, 0, 0, 0 } },
    { "[640,0,10,10]", { 0, 0, 0, 0 } },
    { "[100,100,0.01,0.01]", { 50, 50, 1, 1 } },
  };
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree gchar *record = g_strdup_printf ("{\"type\":\"face\",\"frame_id\":1,\"width\":640,"
                                                "\"height\":480,\"faces\":[{\"bbox\":%s}]}",
        rows[i].box);
    TribOverlayArea area = { 0, 0, 0, 0 };
    gboolean inside;

    trib_overlay_scene_clear (scene);
    add (scene, record);
    inside = trib_overlay_layout_box (scene, box_at (scene, 0), 320, 240, &area);
    g_assert_cmpint (inside, ==, rows[i].area.width > 0);
    g_assert_cmpint (area.x, ==, rows[i].area.x);
    g_assert_cmpint (area.y, ==, rows[i].area.y);
    g_assert_cmpint (area.width, ==, rows[i].area.width);
    g_assert_cmpint (area.height, ==, rows[i].area.height);
  }
}

static void
assert_place (const TribOverlayScene *scene, guint i, gint x, gint y, gint width, gint height)
{
  TribOverlayArea area;

  g_assert_true (trib_overlay_layout_box (scene, box_at (scene, i), 640, 480, &area));
  g_assert_cmpint (area.x, ==, x);
  g_assert_cmpint (area.y, ==, y);
  g_assert_cmpint (area.width, ==, width);
  g_assert_cmpint (area.height, ==, height);
}

/* a box as a map; what is neither that nor a list of four numbers is counted */
static void
test_bbox_forms (void)
{
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();

  add (scene, "{\"type\":\"face\",\"t_ns\":1,\"faces\":["
              "{\"bbox\":{\"x\":10,\"y\":20,\"w\":30,\"h\":40}},"
              "{\"bbox\":{\"height\":4,\"x\":1,\"more\":[{}],\"y\":2,\"width\":3}},"
              "{\"bbox\":{\"left\":1,\"top\":2,\"right\":3,\"bottom\":4}},"
              "{\"bbox\":{}},{\"bbox\":\"1,2,3,4\"},{\"bbox\":7},{\"bbox\":null}]}");
  g_assert_cmpuint (scene->boxes->len, ==, 2);
  g_assert_cmpuint (scene->n_refused, ==, 4);
  assert_place (scene, 0, 10, 20, 30, 40);
  assert_place (scene, 1, 1, 2, 3, 4);
}

/* parts of the picture (OBS-10), wherever that is said */
static void
test_relative (void)
{
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();
  gint x, y;

  add (scene, "{\"type\":\"face\",\"t_ns\":1,\"width\":100,\"height\":100,\"faces\":["
              "{\"bbox\":[0.25,0.5,0.1,0.2]},{\"landmarks\":[[0.5,0.5],[0.6,0.75]]}],"
              "\"units\":\"relative\"}");
  g_assert_cmpuint (scene->n_refused, ==, 0);
  assert_place (scene, 0, 160, 240, 64, 96);
  assert_place (scene, 1, 320, 240, 64, 120);
  g_assert_true (trib_overlay_layout_point (
      scene, &g_array_index (scene->points, TribOverlayPoint, 1), 640, 480, &x, &y));
  g_assert_cmpint (x, ==, 384);
  g_assert_cmpint (y, ==, 360);
}

/* of motioncells: neighbours in a row are one box, and the first has the label */
static void
test_cells (void)
{
  g_autoptr (TribOverlayScene) scene = trib_overlay_scene_new ();

  add (scene, "{\"type\":\"motion\",\"t_ns\":1,\"width\":64,\"height\":48,"
              "\"cells\":[[0,0],[2,3],[2,4],[2,6],[9,7],[8,8],[-1,0],7],\"grid\":[8,8]}");
  g_assert_cmpuint (scene->boxes->len, ==, 3);
  g_assert_cmpuint (scene->n_refused, ==, 4);
  assert_place (scene, 0, 0, 0, 80, 60);
  assert_place (scene, 1, 240, 120, 160, 60);
  assert_place (scene, 2, 480, 120, 80, 60);
  assert_label (scene, 0, "motion");
  assert_label (scene, 1, "");
  trib_overlay_scene_clear (scene);
  /* cells without a grid have no place */
  add (scene, "{\"type\":\"motion\",\"t_ns\":1,\"cells\":[[0,0]]}");
  g_assert_cmpuint (scene->boxes->len, ==, 0);
  g_assert_cmpuint (scene->n_refused, ==, 1);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/overlay/scene/fused", test_fused);
  g_test_add_func ("/overlay/scene/observations", test_observations);
  g_test_add_func ("/overlay/scene/no-record", test_no_record);
  g_test_add_func ("/overlay/scene/refused", test_refused);
  g_test_add_func ("/overlay/scene/bounds", test_bounds);
  g_test_add_func ("/overlay/scene/texts", test_texts);
  g_test_add_func ("/overlay/scene/places", test_places);
  g_test_add_func ("/overlay/scene/bbox-forms", test_bbox_forms);
  g_test_add_func ("/overlay/scene/relative", test_relative);
  g_test_add_func ("/overlay/scene/cells", test_cells);
  return trib_test_run ();
}
