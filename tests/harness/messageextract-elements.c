/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The elements whose messages messageextract knows by itself, as they are: level, zbar,
 * motioncells, facedetect, handdetect. */
#include <string.h>
#include <trib-gst-test.h>

#define CASCADE "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml"

static void
collect (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  GstMapInfo map;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_ptr_array_add (data, g_strndup ((const gchar *) map.data, map.size));
  gst_buffer_unmap (buffer, &map);
}

/* no more than 40 frames pass, so that long footage does not take long */
static GstPadProbeReturn
cut (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  guint *n = data;

  return (*n)++ < 40 ? GST_PAD_PROBE_OK : GST_PAD_PROBE_DROP;
}

/* the records of a pipeline whose messageextract is the element `m` */
static GPtrArray *
run (const gchar *line, GstStructure **ret_stats)
{
  g_autofree gchar *whole
      = g_strdup_printf ("%s ! fakesink name=out signal-handoffs=true sync=false", line);
  GPtrArray *records = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (whole, &error);
  g_autoptr (GstElement) out = NULL, m = NULL;
  g_autoptr (GstPad) sink = NULL, peer = NULL;
  guint n = 0;

  g_assert_no_error (error);
  out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  m = gst_bin_get_by_name (GST_BIN (pipeline), "m");
  sink = gst_element_get_static_pad (m, "sink");
  peer = gst_pad_get_peer (sink);
  gst_pad_add_probe (peer, GST_PAD_PROBE_TYPE_BUFFER, cut, &n, NULL);
  g_signal_connect (out, "handoff", G_CALLBACK (collect), records);
  trib_run_to_eos (pipeline, 60000);
  *ret_stats = trib_element_stats (m);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return records;
}

static guint
count_with (GPtrArray *records, const gchar *part)
{
  guint n = 0;

  for (guint i = 0; i < records->len; i++)
    n += strstr (g_ptr_array_index (records, i), part) != NULL;
  return n;
}

static void
assert_has (GPtrArray *records, guint index, const gchar *part)
{
  g_assert_cmpuint (index, <, records->len);
  if (strstr (g_ptr_array_index (records, index), part) == NULL)
    g_error ("%s has no %s", (gchar *) g_ptr_array_index (records, index), part);
}

static guint64
count (const GstStructure *stats, const gchar *name)
{
  return trib_structure_uint64 (stats, name);
}

/* one record an interval, of the interval's own time, and the rest at the end */
static void
test_level (void)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GstStructure) stats = NULL;

  if (!trib_test_need_elements ("level", "audiotestsrc", NULL))
    return;
  records
      = run ("audiotestsrc num-buffers=25 samplesperbuffer=441 volume=1 ! "
             "audio/x-raw,format=F32LE,rate=44100,channels=2 ! messageextract name=m element=level",
          &stats);
  g_assert_cmpuint (records->len, ==, 3);
  assert_has (records, 0, "\"type\":\"level\",\"t_ns\":0,");
  assert_has (records, 1, "\"type\":\"level\",\"t_ns\":100000000,");
  assert_has (records, 2, "\"type\":\"level\",\"t_ns\":200000000,");
  assert_has (records, 2, "\"duration_ns\":50000000");
  for (guint i = 0; i < 3; i++) {
    const gchar *rms;
    gchar *end;

    assert_has (records, i, "\"rms\":[");
    assert_has (records, i, "\"peak\":[");
    assert_has (records, i, "\"decay\":[");
    /* a sine of full scale: 3 dB below, on both channels */
    rms = strstr (g_ptr_array_index (records, i), "\"rms\":[") + strlen ("\"rms\":[");
    g_assert_cmpfloat_with_epsilon (g_ascii_strtod (rms, &end), -3.01, 0.3);
    g_assert_cmpint (*end, ==, ',');
    g_assert_cmpfloat_with_epsilon (g_ascii_strtod (end + 1, &end), -3.01, 0.3);
    g_assert_cmpint (*end, ==, ']');
  }
  g_assert_cmpuint (count (stats, "frames-in"), ==, 25);
  g_assert_cmpuint (count (stats, "records-mapped"), ==, 3);
  g_assert_cmpuint (count (stats, "records-empty"), ==, 0);
}

/* the bars of 4006381333931, an EAN-13, module by module; GS1 General Specifications, 5.2.1 */
static gchar *
make_bars (void)
{
  static const gchar *const odd[] = { "0001101", "0011001", "0010011", "0111101", "0100011",
    "0110001", "0101111", "0111011", "0110111", "0001011" };
  static const gchar even[] = "LGLLGG"; /* the first digit is 4 */
  static const gchar digits[] = "006381333931";
  GString *bars = g_string_new ("101");

  for (guint i = 0; i < 12; i++) {
    const gchar *code = odd[digits[i] - '0'];

    if (i == 6)
      g_string_append (bars, "01010");
    for (guint j = 0; j < 7; j++) {
      if (i >= 6)
        g_string_append_c (bars, code[j] == '0' ? '1' : '0');
      else if (even[i] == 'G')
        g_string_append_c (bars, code[6 - j] == '0' ? '1' : '0');
      else
        g_string_append_c (bars, code[j]);
    }
  }
  g_string_append (bars, "101");
  return g_string_free (bars, FALSE);
}

static void
test_zbar (void)
{
  const guint width = 4 * (95 + 41), height = 80;
  g_autofree gchar *bars = make_bars ();
  g_autofree gchar *caps = NULL;
  GstElement *element;
  g_autoptr (TribHarness) h = NULL;
  g_autoptr (GPtrArray) records = g_ptr_array_new_with_free_func (g_free);
  GstBuffer *frame, *out;
  guint8 *pixels;

  if (!trib_test_need_elements ("zbar", NULL))
    return;
  element = gst_object_ref_sink (gst_element_factory_make ("messageextract", NULL));
  g_object_set (element, "element", "zbar", "source", "till", NULL);
  h = gst_harness_new_with_element (element, "sink", "src");
  gst_object_unref (element);
  gst_harness_set_sink_caps_str (h, "application/json");
  caps = g_strdup_printf (
      "video/x-raw,format=I420,width=%u,height=%u,framerate=10/1", width, height);
  gst_harness_set_src_caps_str (h, caps);
  for (guint n = 0; n < 2; n++) {
    pixels = g_malloc (width * height * 3 / 2);
    memset (pixels, 235, width * height);
    memset (pixels + width * height, 128, width * height / 2);
    for (guint y = 10; n == 0 && y < height - 10; y++)
      for (guint x = 0; x < 4 * 95; x++)
        if (bars[x / 4] == '1')
          pixels[y * width + 80 + x] = 16;
    frame = gst_buffer_new_wrapped (pixels, width * height * 3 / 2);
    GST_BUFFER_PTS (frame) = n * 100 * GST_MSECOND;
    g_assert_cmpint (gst_harness_push (h, frame), ==, GST_FLOW_OK);
    out = gst_harness_pull (h);
    collect (NULL, out, NULL, records);
    gst_buffer_unref (out);
  }
  assert_has (records, 0, "\"type\":\"barcode\",\"t_ns\":0,\"source\":\"till\"");
  assert_has (
      records, 0, "\"codes\":[{\"text\":\"4006381333931\",\"symbology\":\"EAN-13\",\"quality\":");
  assert_has (records, 1, "\"type\":\"barcode\",\"kind\":\"empty\",\"t_ns\":100000000");
}

static void
test_motioncells (void)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GstStructure) stats = NULL;

  if (!trib_test_need_elements ("motioncells", "videotestsrc", NULL))
    return;
  records = run ("videotestsrc num-buffers=30 pattern=ball ! "
                 "video/x-raw,format=RGB,width=160,height=120,framerate=10/1 ! "
                 "messageextract name=m element=\"motioncells display=false postallmotion=true\"",
      &stats);
  g_assert_cmpuint (records->len, ==, 30);
  g_assert_cmpuint (count_with (records, "\"type\":\"motion\""), ==, 30);
  g_assert_cmpuint (count_with (records, "\"cells\":[["), >, 0);
  g_assert_cmpuint (count_with (records, "\"begin_ns\":"), ==, 1);
  g_assert_cmpuint (count (stats, "records-mapped") + count (stats, "records-empty"), ==, 30);
  g_assert_cmpuint (count (stats, "values-unconverted"), ==, 0);
}

/* ---- footage ---- */

typedef struct {
  const gchar *place;
  const gchar *decoder; /* by name: what decodebin adds has threads of its own */
  gboolean has_faces;   /* of a face that looks into the camera; else of people far away */
} Footage;

static const Footage footages[] = {
  { "../shared/media/asl-milk.mkv", "matroskademux ! h264parse ! avdec_h264", TRUE },
  { "../shared/media/pedestrians.avi", "avidemux ! avdec_msmpeg4", FALSE },
  { "build/footage/vtest.avi", "avidemux ! avdec_msmpeg4", FALSE },
  { "/usr/share/doc/opencv-doc/examples/data/vtest.avi", "avidemux ! avdec_msmpeg4", FALSE },
};

static gchar *
find_footage (const Footage **ret_footage)
{
  for (guint i = 0; i < G_N_ELEMENTS (footages); i++) {
    const gchar *place = footages[i].place;
    gchar *path = g_path_is_absolute (place)
                      ? g_strdup (place)
                      : g_build_filename (g_getenv ("TRIB_SOURCE_ROOT"), place, NULL);

    *ret_footage = &footages[i];
    if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
      return path;
    g_free (path);
  }
  g_test_skip ("no footage: examples/demo fetches some, from Debian's opencv-doc");
  return NULL;
}

/* 40 frames of footage, through @element; NULL: there is none, and the test is skipped */
static GPtrArray *
run_footage (const gchar *element, gboolean *ret_faces, GstStructure **ret_stats)
{
  const Footage *footage;
  g_autofree gchar *path = NULL, *line = NULL;

  if (!trib_test_need_elements ("frameencodebin", "matroskademux", "avidemux", "h264parse",
          "avdec_h264", "avdec_msmpeg4", NULL)
      || (path = find_footage (&footage)) == NULL)
    return NULL;
  *ret_faces = footage->has_faces;
  line = g_strdup_printf ("filesrc location=\"%s\" ! %s ! videoconvert ! videoscale ! "
                          "video/x-raw,format=RGB,width=320,height=240,pixel-aspect-ratio=1/1 ! "
                          "frameencodebin format=raw ! "
                          "messageextract name=m element=\"%s\"",
      path, footage->decoder, element);
  return run (line, ret_stats);
}

static void
assert_answered (GPtrArray *records, const GstStructure *stats, const gchar *type)
{
  g_autofree gchar *part = g_strdup_printf ("\"type\":\"%s\"", type);

  g_assert_cmpuint (records->len, ==, 40);
  g_assert_cmpuint (count_with (records, part), ==, records->len);
  g_assert_cmpuint (count (stats, "frames-in"), ==, records->len);
  g_assert_cmpuint (count (stats, "frames-answered"), ==, records->len);
  g_assert_cmpuint (count (stats, "messages-unknown"), ==, 0);
  g_assert_cmpuint (count (stats, "messages-dropped"), ==, 0);
  for (guint i = 0; i < records->len; i++) {
    g_autofree gchar *id = g_strdup_printf ("\"frame_id\":%u,", i);

    assert_has (records, i, id);
    assert_has (records, i, "\"width\":320,\"height\":240");
  }
}

static void
test_facedetect (void)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GstStructure) stats = NULL;
  gboolean faces = FALSE;

  if (!trib_test_need_elements ("facedetect", NULL))
    return;
  records = run_footage ("facedetect display=false", &faces, &stats);
  if (records == NULL)
    return;
  assert_answered (records, stats, "face");
  g_assert_cmpuint (count (stats, "messages-mapped"), ==, records->len);
  g_assert_cmpuint (
      count_with (records, "\"faces\":[{\"bbox\":[") + count_with (records, "\"kind\":\"empty\""),
      ==, records->len);
  if (faces)
    g_assert_cmpuint (count_with (records, "\"faces\":[{\"bbox\":["), >, 30);
}

/* facedetect without messages marks the faces, in GStreamer's 1.22 as in later ones */
static void
test_facedetect_regions (void)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GstStructure) stats = NULL;
  gboolean faces = FALSE;

  if (!trib_test_need_elements ("facedetect", NULL))
    return;
  records = run_footage ("facedetect display=false updates=none", &faces, &stats);
  if (records == NULL)
    return;
  assert_answered (records, stats, "face");
  g_assert_cmpuint (count (stats, "messages-in"), ==, 0);
  g_assert_cmpuint (
      count (stats, "records-regions") + count (stats, "records-empty"), ==, records->len);
  if (faces)
    g_assert_cmpuint (count_with (records, "\"faces\":[{\"bbox\":["), >, 30);
}

/* Debian has no cascades of hands: to handdetect, one of faces is as good as one of fists. */
static void
test_handdetect (void)
{
  g_autoptr (GPtrArray) records = NULL;
  g_autoptr (GstStructure) stats = NULL;
  gboolean faces = FALSE;

  if (!trib_test_need_elements ("handdetect", NULL))
    return;
  if (!g_file_test (CASCADE, G_FILE_TEST_IS_REGULAR)) {
    g_test_skip ("no " CASCADE ": package opencv-data");
    return;
  }
  records = run_footage (
      "handdetect display=false profile-fist=" CASCADE " profile-palm=" CASCADE, &faces, &stats);
  if (records == NULL)
    return;
  assert_answered (records, stats, "gesture");
  if (faces)
    g_assert_cmpuint (count_with (records, "\"hands\":[{\"gesture\":\"fist\",\"bbox\":["), >, 0);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/messageextract/elements/level", test_level);
  g_test_add_func ("/messageextract/elements/zbar", test_zbar);
  g_test_add_func ("/messageextract/elements/motioncells", test_motioncells);
  g_test_add_func ("/messageextract/elements/facedetect", test_facedetect);
  g_test_add_func ("/messageextract/elements/facedetect-regions", test_facedetect_regions);
  g_test_add_func ("/messageextract/elements/handdetect", test_handdetect);
  return trib_gst_test_run ();
}
