/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* extractorbin on real threads:
 *
 *   leave a live stream of 30 frames/s, branches of 20, 40, 90 and 200 ms (+- 20 %): how long after
 *   a branch has answered its answer comes out by obs, and how long after the deadline that a
 *   branch did not; beside it how late a bare thread is woken goodput frames a second that each
 *   branch answers in time, with and without deadline-aware dispatch through frames as fast as they
 *   go, qualityextract three times, beside tee, queue and the same elements nothing the same with
 *   branches that do nothing, for what a branch costs by itself
 *
 * Prints one JSON line for each measurement; those with a peer have it in the same run, in turn,
 * and give the median of the rounds.
 *
 * usage: bench-extractorbin [SECONDS [ROUNDS [leave|goodput|through|nothing]]] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gst/gst.h>

#define FPS 30
#define BUDGET_MS 150
#define MAX_FRAMES 100000
#define N_SLOW 3

static const guint slow_ms[N_SLOW] = { 20, 40, 90 };

static gint64
now_ns (clockid_t id)
{
  struct timespec ts;

  clock_gettime (id, &ts);
  return ts.tv_sec * G_GINT64_CONSTANT (1000000000) + ts.tv_nsec;
}

static gint64
wall_ns (void)
{
  return now_ns (CLOCK_MONOTONIC);
}

/* ---- an extractor that takes its time ---- */

typedef struct {
  GstElement parent;
  GstPad *srcpad;
  guint ms;
  guint32 seed;
} BenchSlow;
typedef GstElementClass BenchSlowClass;

GType bench_slow_get_type (void);
G_DEFINE_TYPE (BenchSlow, bench_slow, GST_TYPE_ELEMENT)

static GstStaticPadTemplate any_sink
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate json_src = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/json"));

static guint64
number_of (GstBuffer *buffer)
{
  return MIN (
      (GST_BUFFER_PTS (buffer) + GST_SECOND / FPS / 2) / (GST_SECOND / FPS), MAX_FRAMES - 1);
}

/* stands for work that takes no processor */
static void
take_time (guint us)
{
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  GstClockID id
      = gst_clock_new_single_shot_id (clock, gst_clock_get_time (clock) + us * GST_USECOND);

  gst_clock_id_wait (id, NULL);
  gst_clock_id_unref (id);
}

static GstFlowReturn
bench_slow_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  BenchSlow *self = (BenchSlow *) parent;
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "TribFrameMeta");
  guint64 index = 0;
  gchar text[128];
  GstBuffer *record;
  gint64 t_ns = 0;
  guint us;

  self->seed = self->seed * 1103515245 + 12345;
  us = self->ms * (800 + (self->seed >> 16) % 401);
  take_time (us);
  gst_structure_get (gst_custom_meta_get_structure (meta), "index", G_TYPE_UINT64, &index, "t-ns",
      G_TYPE_INT64, &t_ns, NULL);
  snprintf (text, sizeof text,
      "{\"type\":\"slow\",\"frame_id\":%" G_GUINT64_FORMAT ",\"said_ns\":%" G_GINT64_FORMAT "}",
      index, wall_ns ());
  record = gst_buffer_new_memdup (text, strlen (text));
  gst_buffer_unref (buffer);
  return gst_pad_push (self->srcpad, record);
}

static gboolean
bench_slow_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("application/json");
    gst_event_unref (event);
    return gst_pad_push_event (((BenchSlow *) parent)->srcpad, gst_event_new_caps (caps));
  }
  return gst_pad_event_default (pad, parent, event);
}

static void
bench_slow_init (BenchSlow *self)
{
  GstPad *sink = gst_pad_new_from_static_template (&any_sink, "sink");

  gst_pad_set_chain_function (sink, bench_slow_chain);
  gst_pad_set_event_function (sink, bench_slow_event);
  gst_element_add_pad (GST_ELEMENT (self), sink);
  self->srcpad = gst_pad_new_from_static_template (&json_src, "src");
  gst_element_add_pad (GST_ELEMENT (self), self->srcpad);
}

static void
bench_slow_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  ((BenchSlow *) object)->ms = g_value_get_uint (value);
  ((BenchSlow *) object)->seed = g_value_get_uint (value);
}

static void
bench_slow_class_init (BenchSlowClass *klass)
{
  G_OBJECT_CLASS (klass)->set_property = bench_slow_set_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), 1,
      g_param_spec_uint ("ms", "Time", "How long a frame takes (ms)", 0, 10000, 0,
          G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS));
  gst_element_class_add_static_pad_template (klass, &any_sink);
  gst_element_class_add_static_pad_template (klass, &json_src);
  gst_element_class_set_static_metadata (klass, "slow", "Generic", "Takes its time", "bench");
}

/* ---- pipelines ---- */

static GstElement *
launch (const gchar *line)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  if (error)
    g_error ("%s: %s", line, error->message);
  return pipeline;
}

static void
run_to_end (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message
      = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;
    gst_message_parse_error (message, &error, NULL);
    g_error ("%s", error->message);
  }
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const gdouble *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static gdouble
quantile (GArray *values, gdouble q)
{
  if (values->len == 0)
    return 0;
  g_array_sort (values, compare);
  return g_array_index (values, gdouble, (guint) (q * (values->len - 1) + 0.5));
}

/* ---- leave ---- */

typedef struct {
  gint64 *decided;           /* by frame: when the announcement came out */
  GArray *answered, *budget; /* of gdouble, ms */
} Leave;

static gint leave_done; /* atomic */

/* how long after it was said an answer comes out, and after the deadline that there will be none */
static GstPadProbeReturn
watch_obs (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  guint64 n = number_of (buffer);
  Leave *leave = data;
  GstMapInfo map;
  g_autofree gchar *text = NULL;
  const gchar *said;
  gdouble ms;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  text = g_strndup ((const gchar *) map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  said = strstr (text, "\"said_ns\":");
  if (strstr (text, "\"announce\"")) {
    leave->decided[n] = wall_ns ();
  } else if (said) {
    ms = (wall_ns () - g_ascii_strtoll (said + 10, NULL, 10)) / 1e6;
    g_array_append_val (leave->answered, ms);
  } else if (strstr (text, "\"timeout\"")) {
    ms = (wall_ns () - leave->decided[n]) / 1e6 - BUDGET_MS;
    g_array_append_val (leave->budget, ms);
  }
  return GST_PAD_PROBE_OK;
}

static gchar *
slow_line (guint seconds, const gchar *properties, const gchar *more)
{
  return g_strdup_printf (
      "videotestsrc is-live=true num-buffers=%u pattern=black ! "
      "video/x-raw,format=GRAY8,width=32,height=32,framerate=%u/1 ! "
      "extractorbin name=x timeout-ms=%u %s branches=\"a=benchslow ms=%u; b=benchslow ms=%u; "
      "c=benchslow ms=%u%s\" "
      "x.src ! fakesink sync=false x.obs ! fakesink name=out sync=false async=false",
      seconds * FPS, FPS, BUDGET_MS, properties, slow_ms[0], slow_ms[1], slow_ms[2], more);
}

/* how late a bare thread is woken on this machine at this time: nothing leaves sooner than that
 * after a wait */
static gpointer
wake_up (gpointer data)
{
  GArray *late = data;

  while (!g_atomic_int_get (&leave_done)) {
    gint64 due = wall_ns () + 5 * G_GINT64_CONSTANT (1000000);
    gdouble ms;
    take_time (5000);
    ms = (gdouble) (wall_ns () - due) / 1e6;
    g_array_append_val (late, ms);
  }
  return NULL;
}

/* the deadline is taken from when the announcement came out, which is a little late already */
static void
bench_leave (guint seconds)
{
  Leave leave = { g_new0 (gint64, MAX_FRAMES), g_array_new (FALSE, FALSE, sizeof (gdouble)),
    g_array_new (FALSE, FALSE, sizeof (gdouble)) };
  g_autofree gchar *line
      = slow_line (seconds, "deadline-aware=false breaker-threshold=0", "; d=benchslow ms=200");
  g_autoptr (GstElement) pipeline = launch (line);
  g_autoptr (GstElement) out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (out, "sink");
  g_autoptr (GArray) bare = g_array_new (FALSE, FALSE, sizeof (gdouble));
  GThread *thread;

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, watch_obs, &leave, NULL);
  g_atomic_int_set (&leave_done, FALSE);
  thread = g_thread_new ("bare", wake_up, bare);
  run_to_end (pipeline);
  g_atomic_int_set (&leave_done, TRUE);
  g_thread_join (thread);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  printf ("{\"bench\":\"extractorbin-leave\",\"answers\":%u,\"after_answer_p50_ms\":%.3f,\"after_"
          "answer_p99_ms\":%.3f,"
          "\"timeouts\":%u,\"after_budget_p50_ms\":%.3f,\"after_budget_p99_ms\":%.3f,"
          "\"bare_wake_up_p50_ms\":%.3f,\"bare_wake_up_p99_ms\":%.3f}\n",
      leave.answered->len, quantile (leave.answered, 0.5), quantile (leave.answered, 0.99),
      leave.budget->len, quantile (leave.budget, 0.5), quantile (leave.budget, 0.99),
      quantile (bare, 0.5), quantile (bare, 0.99));
  g_free (leave.decided);
  g_array_unref (leave.answered);
  g_array_unref (leave.budget);
}

/* ---- goodput ---- */

static guint64
branch_count (GstElement *pipeline, guint branch, const gchar *field)
{
  g_autoptr (GstElement) x = gst_bin_get_by_name (GST_BIN (pipeline), "x");
  g_autoptr (GstStructure) stats = NULL;
  const GValue *list;
  guint64 value = 0;

  g_object_get (x, "stats", &stats, NULL);
  list = gst_structure_get_value (stats, "branches");
  gst_structure_get_uint64 (
      gst_value_get_structure (gst_value_array_get_value (list, branch)), field, &value);
  return value;
}

/* @slow: ms of the third branch: 90 is within the budget with a frame's wait before it, 130 is
 * not */
static void
bench_goodput (guint seconds, guint slow, gboolean aware)
{
  g_autofree gchar *more = g_strdup_printf ("; d=benchslow ms=%u", slow);
  g_autofree gchar *line = slow_line (
      seconds, aware ? "breaker-threshold=0" : "breaker-threshold=0 deadline-aware=false", more);
  g_autoptr (GstElement) pipeline = launch (line);

  run_to_end (pipeline);
  printf ("{\"bench\":\"extractorbin-goodput\",\"deadline_aware\":%s,\"seconds\":%u",
      aware ? "true" : "false", seconds);
  for (guint i = 0; i <= N_SLOW; i++) {
    guint ms = i < N_SLOW ? slow_ms[i] : slow;
    printf (",\"in_time_per_s_%ums\":%.1f,\"timeouts_%ums\":%" G_GUINT64_FORMAT, ms,
        branch_count (pipeline, i, "answered") / (gdouble) seconds, ms,
        branch_count (pipeline, i, "timeout"));
  }
  printf ("}\n");
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

/* ---- as fast as it goes ---- */

typedef struct {
  gdouble rate, cpu_us; /* frames a second; processor time of a frame */
} Speed;

static Speed
measure (const gchar *line, guint n_frames)
{
  g_autoptr (GstElement) pipeline = launch (line);
  gint64 wall, cpu;

  gst_element_set_state (pipeline, GST_STATE_READY);
  wall = wall_ns ();
  cpu = now_ns (CLOCK_PROCESS_CPUTIME_ID);
  run_to_end (pipeline);
  wall = wall_ns () - wall;
  cpu = now_ns (CLOCK_PROCESS_CPUTIME_ID) - cpu;
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return (Speed){ n_frames * 1e9 / wall, cpu / 1e3 / n_frames };
}

/* @branch: what looks at a frame; @n: how many of them */
static gchar *
fast_line (gboolean peer, guint n_frames, const gchar *branch, guint n, guint width, guint height)
{
  GString *line = g_string_new (NULL);

  g_string_printf (line,
      "videotestsrc pattern=black num-buffers=%u ! video/x-raw,format=GRAY8,width=%u,height=%u ! ",
      n_frames, width, height);
  if (peer) {
    g_string_append (line, "tee name=t t. ! queue ! fakesink sync=false");
    for (guint i = 0; i < n; i++)
      g_string_append_printf (line, " t. ! queue ! %s ! fakesink sync=false", branch);
  } else {
    g_string_append (line, "extractorbin name=x strategy=none profile=batch workers=16 "
                           "max-in-flight=4 queue-depth=16 branches=\"");
    for (guint i = 0; i < n; i++)
      g_string_append_printf (line, "b%u=%s;", i, branch);
    g_string_append (
        line, "\" x.src ! queue ! fakesink sync=false x.obs ! fakesink sync=false async=false");
  }
  return g_string_free (line, FALSE);
}

static void
bench_beside_tee (const gchar *name, const gchar *branch, guint n, guint width, guint height,
    guint n_frames, guint rounds)
{
  GArray *values[4];

  for (guint i = 0; i < 4; i++)
    values[i] = g_array_new (FALSE, FALSE, sizeof (gdouble));
  for (guint round = 0; round < rounds; round++)
    for (guint peer = 0; peer < 2; peer++) {
      g_autofree gchar *line = fast_line (peer, n_frames, branch, n, width, height);
      Speed speed = measure (line, n_frames);
      g_array_append_val (values[2 * peer], speed.rate);
      g_array_append_val (values[2 * peer + 1], speed.cpu_us);
    }
  printf ("{\"bench\":\"extractorbin-%s\",\"branches\":%u,\"width\":%u,\"height\":%u,\"frames_per_"
          "s\":%.0f,\"cpu_us_per_frame\":%.1f,"
          "\"tee_frames_per_s\":%.0f,\"tee_cpu_us_per_frame\":%.1f,\"ratio\":%.2f}\n",
      name, n, width, height, quantile (values[0], 0.5), quantile (values[1], 0.5),
      quantile (values[2], 0.5), quantile (values[3], 0.5),
      quantile (values[0], 0.5) / quantile (values[2], 0.5));
  for (guint i = 0; i < 4; i++)
    g_array_unref (values[i]);
}

int
main (int argc, char **argv)
{
  guint seconds = argc > 1 ? (guint) atoi (argv[1]) : 20,
        rounds = argc > 2 ? (guint) atoi (argv[2]) : 5;
  const gchar *only = argc > 3 ? argv[3] : "";

  gst_init (&argc, &argv);
  gst_element_register (NULL, "benchslow", GST_RANK_NONE, bench_slow_get_type ());
  setlinebuf (stdout);
  if (!*only || g_str_equal (only, "leave"))
    bench_leave (seconds);
  if (!*only || g_str_equal (only, "goodput"))
    for (guint aware = 0; aware < 2; aware++)
      bench_goodput (seconds, 130, aware);
  if (!*only || g_str_equal (only, "through"))
    bench_beside_tee ("through", "qualityextract", 3, 1280, 720, 3000, rounds);
  for (guint n = 1; n <= 4 && (!*only || g_str_equal (only, "nothing")); n += n == 1 ? 3 : 1)
    bench_beside_tee ("nothing", "identity silent=true", n, 64, 64, 20000, rounds);
  return 0;
}
