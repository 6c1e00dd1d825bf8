/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files, whole: every frame has the answers of all branches, one fused record, and its own drawing,
 * at every speed; what waits says so, and can be woken. */
#include <string.h>

#include "extractorbin-rig.h"
#include "fused-reader.h"

#define N_FRAMES 40
#define SOURCE                                  \
  "videotestsrc num-buffers=40 pattern=ball ! " \
  "video/x-raw,width=64,height=48,framerate=25/1 ! "

typedef struct {
  const gchar *name;
  const gchar *before; /* the extractors */
  const gchar *branches;
  const gchar *sink;
  gdouble rate; /* 0: as it is */
} Speed;

static const Speed speeds[] = {
  { "fast", "", "a=qualityextract; b=qualityextract shrink=2", "fakesink sync=false", 0 },
  { "slow-branch", "", "a=qualityextract; b=identity sleep-time=4000 ! qualityextract",
      "fakesink sync=false", 0 },
  { "slow-source", "identity sleep-time=3000 ! ", "a=qualityextract; b=qualityextract shrink=2",
      "fakesink sync=false", 0 },
  { "synchronous", "", "a=qualityextract; b=identity sleep-time=4000 ! qualityextract",
      "fakesink sync=true qos=true", 0 },
  { "fast-forward", "", "a=qualityextract; b=identity sleep-time=4000 ! qualityextract",
      "fakesink sync=true qos=true", 8 },
  { "queues", "", "a=queue ! qualityextract; b=identity sleep-time=2000 ! queue ! qualityextract",
      "fakesink sync=false", 0 },
  { "workers", "",
      "a=qualityextract; b=qualityextract; c=qualityextract; d=qualityextract; "
      "e=identity sleep-time=1000 ! qualityextract; f=qualityextract",
      "fakesink sync=false", 0 },
};

typedef struct {
  guint n, n_complete;
  GHashTable *frames; /* of fused records, by what precedes the reason in their summary */
} Fused;

static void
take_fused (GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer data)
{
  Fused *fused = data;
  g_autofree gchar *line = NULL;
  GstMapInfo map;
  gchar *reason;

  g_assert_true (gst_buffer_map (buffer, &map, GST_MAP_READ));
  line = rig_fused_summary ((const gchar *) map.data, map.size, FALSE);
  gst_buffer_unmap (buffer, &map);
  reason = strchr (line, ' ');
  g_assert_nonnull (reason);
  fused->n++;
  fused->n_complete += g_str_has_prefix (reason, " complete ");
  g_hash_table_add (fused->frames, g_strndup (line, (gsize) (reason - line)));
}

static GstElement *
make (const Speed *speed, Fused *fused)
{
  g_autofree gchar *line = g_strdup_printf (SOURCE
      "framestamp stream-id=ball ! %sextractorbin name=x branches=\"%s\" x.src ! obsoverlay name=o "
      "! %s x.obs ! obsaligner ! tee name=r r. ! queue ! o.records r. ! queue max-size-time=0 ! "
      "fakesink name=fused sync=false async=false signal-handoffs=true",
      speed->before, speed->branches, speed->sink);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) sink = NULL;

  g_assert_no_error (error);
  gst_object_ref_sink (pipeline);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "fused");
  *fused = (Fused){ .frames = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL) };
  g_signal_connect (sink, "handoff", G_CALLBACK (take_fused), fused);
  return pipeline;
}

static guint64
overlay_stat (GstElement *pipeline, const gchar *field)
{
  g_autoptr (GstElement) overlay = gst_bin_get_by_name (GST_BIN (pipeline), "o");
  g_autoptr (GstStructure) stats = trib_element_stats (overlay);

  return trib_structure_uint64 (stats, field);
}

static void
test_speed (gconstpointer data)
{
  const Speed *speed = data;
  g_autoptr (GstElement) pipeline = NULL;
  Fused fused;

  if (!trib_test_need_elements ("framestamp", "obsoverlay", "obsaligner", NULL))
    return;
  pipeline = make (speed, &fused);
  if (speed->rate != 0) {
    trib_set_state (pipeline, GST_STATE_PAUSED, 30000);
    g_assert_true (gst_element_seek (pipeline, speed->rate, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
        GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0));
  }
  trib_run_to_eos (pipeline, 60000);
  /* the source counts frames before the seek, too */
  g_assert_cmpuint (fused.n, >=, N_FRAMES - (speed->rate != 0 ? 3 : 0));
  g_assert_cmpuint (fused.n, <=, N_FRAMES);
  g_assert_cmpuint (fused.n_complete, ==, fused.n);
  g_assert_cmpuint (g_hash_table_size (fused.frames), ==, fused.n);
  /* a seek's flush of the records ends the wait of a frame before it */
  g_assert_cmpuint (overlay_stat (pipeline, "frames-drawn") + (speed->rate != 0 ? 2 : 0), >=,
      overlay_stat (pipeline, "frames-out"));
  g_hash_table_unref (fused.frames);
}

/* branches that drop frames, or hold them: one fused record a frame, and the end */
static void
test_dropping_branch (void)
{
  static const Speed speed = { "dropping", "",
    "a=qualityextract; b=videorate ! video/x-raw,framerate=5/1 ! qualityextract; "
    "c=identity drop-probability=1 ! qualityextract",
    "fakesink sync=false", 0 };
  g_autofree gchar *line = g_strdup_printf (SOURCE
      "extractorbin name=x branches=\"%s\" x.src ! queue ! fakesink sync=false x.obs ! obsaligner "
      "! fakesink name=fused sync=false signal-handoffs=true",
      speed.branches);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) sink = NULL;
  Fused fused = { 0 };

  if (!trib_test_need_elements ("obsaligner", "videorate", NULL))
    return;
  pipeline = gst_object_ref_sink (gst_parse_launch (line, &error));
  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "fused");
  fused.frames = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_signal_connect (sink, "handoff", G_CALLBACK (take_fused), &fused);
  trib_run_to_eos (pipeline, 60000);
  g_assert_cmpuint (fused.n, ==, N_FRAMES);
  g_assert_cmpuint (g_hash_table_size (fused.frames), ==, N_FRAMES);
  g_hash_table_unref (fused.frames);
}

/* ---- waits ---- */

static gpointer
push_one (gpointer data)
{
  Rig *rig = data;

  return GINT_TO_POINTER (gst_harness_push (rig->h, rig_make_frame (99)));
}

/* a branch that says nothing is waited for, and named; its answer, a flush and the stop wake the
 * wait */
static void
test_silent_branch (void)
{
  g_autoptr (Rig) rig = rig_new ("branches=silent", 1);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) warning = NULL;
  GThread *thread;

  gst_harness_set_live (rig->h, FALSE);
  gst_element_set_bus (rig->element, bus);
  rig_frame (rig, 0);
  rig_frame (rig, 1);
  rig_take (rig, 0, 0);
  thread = g_thread_new ("pusher", push_one, rig);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND, GST_MESSAGE_WARNING);
  g_assert_nonnull (message);
  gst_message_parse_warning (message, &warning, NULL);
  g_assert_nonnull (strstr (warning->message, "silent"));
  rig_answer (rig, 0, 0);
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, GST_FLOW_OK);
  rig_take (rig, 0, 1);
  thread = g_thread_new ("pusher", push_one, rig);
  gst_harness_push_event (rig->h, gst_event_new_flush_start ());
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, GST_FLOW_FLUSHING);
  g_assert_cmpuint (rig_branch_stat (rig, "silent", "timeout"), ==, 0);
  rig_assert_closed (rig);
  gst_element_set_bus (rig->element, NULL);
}

/* what is set wins: then a branch has its time, as with live frames */
static void
test_set_wins (void)
{
  g_autoptr (Rig) rig = rig_new ("strategy=skip-oldest timeout-ms=30 branches=a", 1);

  gst_harness_set_live (rig->h, FALSE);
  rig_frame (rig, 0);
  rig_expect (rig, "announce 0 ok a");
  rig_expect (rig, "skipped 0 a timeout");
  rig_assert_closed (rig);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (speeds); i++) {
    g_autofree gchar *path = g_strconcat ("/whole-files/", speeds[i].name, NULL);
    g_test_add_data_func (path, &speeds[i], test_speed);
  }
  g_test_add_func ("/whole-files/dropping-branch", test_dropping_branch);
  g_test_add_func ("/whole-files/silent-branch", test_silent_branch);
  g_test_add_func ("/whole-files/set-wins", test_set_wins);
  return trib_gst_test_run ();
}
