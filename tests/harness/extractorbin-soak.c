/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Chance: branches that are slow, that drop, fail, end early, change caps, answer twice, come and
 * go from other threads, while frames flow at full speed, the stream is flushed and ends, and the
 * state changes. The books close, threads go, nothing hangs. */
#include "extractorbin-rig.h"

#define SECONDS 4

static const gchar *const branches[] = {
  "qualityextract",
  "queue ! qualityextract",
  "identity sleep-time=3000 ! qualityextract",
  "queue leaky=2 max-size-buffers=2 ! identity sleep-time=8000 ! queue ! qualityextract",
  "identity drop-probability=1.0 ! qualityextract",
  "identity drop-probability=0.3 ! qualityextract ! queue",
  "identity error-after=5 ! qualityextract",
  "identity eos-after=7 ! qualityextract",
  "videoscale ! video/x-raw,width=32,height=32 ! qualityextract",
  "tee ! queue ! qualityextract",
  "identity",
};

static const gchar *const settings[] = {
  "timeout-ms=5",
  "timeout-ms=20 admission=frame max-in-flight=2",
  "timeout-ms=20 strategy=none",
  "timeout-ms=20 strategy=none admission=frame queue-depth=2",
  "timeout-ms=10 strategy=skip-intermediate queue-depth=3 max-in-flight=3 workers=2",
  "timeout-ms=10 strategy=every-nth breaker-retry-ms=10 qos-upstream=true",
  "timeout-ms=10 strategy=keyframe-only breaker-threshold=0 max-pending-bytes=65536",
  "timeout-ms=5 timeout-base=capture late-horizon-ms=1 trace-messages=true trace-level=normal",
};

typedef struct {
  Rig *rig;
  gint stop; /* atomic */
  guint32 seed;
} Soak;

static const gchar *
pick (GRand *r)
{
  return branches[g_rand_int_range (r, 0, G_N_ELEMENTS (branches))];
}

/* branches come and go, stats are read */
static gpointer
come_and_go (gpointer data)
{
  Soak *soak = data;
  g_autoptr (GRand) r = g_rand_new_with_seed (soak->seed ^ 0x55555555);

  while (!g_atomic_int_get (&soak->stop)) {
    g_autofree gchar *name = g_strdup_printf ("b%d", g_rand_int_range (r, 0, 5));
    g_autofree gchar *text = g_strdup_printf (
        "%s[in-order=%s]=%s", name, g_rand_boolean (r) ? "true" : "false", pick (r));
    gboolean done = FALSE;
    g_signal_emit_by_name (soak->rig->element, "remove-branch", name, &done);
    if (g_rand_boolean (r))
      g_signal_emit_by_name (soak->rig->element, "add-branch", text, &done);
    rig_assert_closed (soak->rig);
  }
  return NULL;
}

/* ---- frames ---- */

typedef struct {
  Soak soak;
  GMutex stream; /* of the thread that pushes into the pad sink */
  guint64 id;
  guint width;
} Flow;

static void
set_caps (Flow *flow, guint width)
{
  g_autofree gchar *caps
      = g_strdup_printf ("video/x-raw,format=GRAY8,width=%u,height=8,framerate=30/1", width);

  g_autoptr (GstCaps) made = gst_caps_from_string (caps);

  /* not gst_harness_set_src_caps_str(), which cannot do with a pad that is flushing */
  flow->width = width;
  gst_harness_push_event (flow->soak.rig->h, gst_event_new_caps (made));
}

static void
push_frame (Flow *flow)
{
  GstBuffer *frame = rig_make_frame (flow->id++);

  if (flow->width > 16)
    gst_buffer_append_memory (frame, gst_allocator_alloc (NULL, (flow->width - 16) * 8, NULL));
  gst_harness_push (flow->soak.rig->h, frame);
}

static gpointer
push_frames (gpointer data)
{
  Flow *flow = data;
  g_autoptr (GRand) r = g_rand_new_with_seed (flow->soak.seed ^ 0xaaaaaaaa);

  while (!g_atomic_int_get (&flow->soak.stop)) {
    gint what = g_rand_int_range (r, 0, 200);
    g_mutex_lock (&flow->stream);
    if (what == 0)
      set_caps (flow, flow->width == 16 ? 24 : 16);
    else if (what == 1)
      gst_harness_push_event (flow->soak.rig->h, gst_event_new_gap (flow->id * RIG_FRAME, 1));
    else
      push_frame (flow);
    g_mutex_unlock (&flow->stream);
    if (what < 20)
      trib_test_pause ();
  }
  return NULL;
}

static gpointer
read_records (gpointer data)
{
  Soak *soak = data;

  while (!g_atomic_int_get (&soak->stop)) {
    GstBuffer *buffer = gst_harness_try_pull (soak->rig->h);
    GstEvent *event = gst_harness_try_pull_event (soak->rig->h);
    if (buffer == NULL)
      trib_test_pause ();
    gst_clear_buffer (&buffer);
    gst_clear_event (&event);
  }
  return NULL;
}

/* ---- what happens to the stream ---- */

static void
flush (Flow *flow)
{
  GstHarness *h = flow->soak.rig->h;
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_flush_start ());
  g_mutex_lock (&flow->stream);
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  g_mutex_unlock (&flow->stream);
}

static void
restart (Flow *flow, GstState state)
{
  GstElement *element = flow->soak.rig->element;
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_element_set_state (element, state);
  rig_assert_closed (flow->soak.rig);
  g_mutex_lock (&flow->stream);
  gst_element_set_state (element, GST_STATE_PLAYING);
  /* a pad that was not active has lost its events */
  gst_harness_push_event (flow->soak.rig->h, gst_event_new_stream_start ("again"));
  set_caps (flow, 40);
  set_caps (flow, 16);
  gst_harness_push_event (flow->soak.rig->h, gst_event_new_segment (&segment));
  flow->id += 1000;
  g_mutex_unlock (&flow->stream);
}

static void
happen (Flow *flow, GRand *r)
{
  Rig *rig = flow->soak.rig;

  switch (g_rand_int_range (r, 0, 6)) {
    case 0:
      flush (flow);
      break;
    case 1:
      gst_element_set_state (rig->element, GST_STATE_PAUSED);
      trib_test_pause ();
      gst_element_set_state (rig->element, GST_STATE_PLAYING);
      break;
    case 2:
      restart (flow, g_rand_boolean (r) ? GST_STATE_READY : GST_STATE_NULL);
      break;
    case 3:
      g_mutex_lock (&flow->stream);
      gst_harness_push_event (rig->h, gst_event_new_eos ());
      g_mutex_unlock (&flow->stream);
      trib_test_pause ();
      flush (flow);
      break;
    default:
      for (guint i = 0; i < 10; i++)
        trib_test_pause ();
      break;
  }
}

static void
soak_once (guint32 seed)
{
  g_autoptr (GRand) r = g_rand_new_with_seed (seed);
  const gchar *setting = settings[g_rand_int_range (r, 0, G_N_ELEMENTS (settings))];
  g_autofree gchar *properties = g_strdup_printf (
      "%s drain-timeout-ms=50 branches=\"one=%s; two=%s\"", setting, pick (r), pick (r));
  Flow flow = { .soak = { .rig = rig_new (properties, 0), .seed = seed }, .width = 16 };
  GThread *threads[3];
  gint64 until = g_get_monotonic_time () + G_TIME_SPAN_SECOND / 2;

  g_test_message ("seed %u: %s", seed, properties);
  g_mutex_init (&flow.stream);
  threads[0] = g_thread_new ("soak-frames", push_frames, &flow);
  threads[1] = g_thread_new ("soak-read", read_records, &flow.soak);
  threads[2] = g_thread_new ("soak-branches", come_and_go, &flow.soak);
  while (g_get_monotonic_time () < until)
    happen (&flow, r);
  g_atomic_int_set (&flow.soak.stop, TRUE);
  gst_element_set_state (flow.soak.rig->element, GST_STATE_NULL);
  for (guint i = 0; i < 3; i++)
    g_thread_join (threads[i]);
  rig_assert_closed (flow.soak.rig);
  rig_free (flow.soak.rig);
  g_mutex_clear (&flow.stream);
}

static void
test_soak (void)
{
  const gchar *seed = g_getenv ("TRIB_SOAK_SEED");
  gint64 until = g_get_monotonic_time () + SECONDS * G_TIME_SPAN_SECOND;

  for (guint32 i = 0; i < (seed ? 1 : 1000) && g_get_monotonic_time () < until; i++)
    soak_once (seed ? (guint32) g_ascii_strtoull (seed, NULL, 10) : g_random_int ());
  trib_assert_eventually (trib_test_count_threads ("trib-ext") == 0, 20000);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/extractorbin/soak", test_soak);
  return trib_gst_test_run ();
}
