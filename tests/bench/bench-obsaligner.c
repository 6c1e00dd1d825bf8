/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* obsaligner beside what people would use in its place, in the same run on the same records: the
 * smallest GstAggregator that waits for one record of every pad (latency 0, not live), which puts
 * nothing together but the count, and funnel, which only passes records on. Nothing else is in the
 * pipeline: records are pushed straight into the sink pads, by one thread or by one for each source
 * that runs at most STEPS frames ahead of the slowest.
 *
 * Prints one JSON line for each measurement. Rates are of input records, median over the rounds;
 * added latency is from the push of a frame's last record to its result at the source pad.
 *
 * usage: bench-obsaligner [FRAMES [ROUNDS [peers|sources|open|latency]]] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <gst/base/gstaggregator.h>
#include <gst/gst.h>

#define MAX_SOURCES 16
#define STEPS 64
#define FRAME_NS (GST_SECOND / 30)
#define T0_NS G_GUINT64_CONSTANT (1722513600000000000)
#define LATENCY_FRAMES 300

/* ---- the smallest aggregator ---- */

typedef GstAggregator BenchAll;
typedef GstAggregatorClass BenchAllClass;

GType bench_all_get_type (void);
G_DEFINE_TYPE (BenchAll, bench_all, GST_TYPE_AGGREGATOR)

static GstStaticPadTemplate all_sink = GST_STATIC_PAD_TEMPLATE (
    "sink_%u", GST_PAD_SINK, GST_PAD_REQUEST, GST_STATIC_CAPS ("application/json"));
static GstStaticPadTemplate all_src = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS ("application/json"));

static GstFlowReturn
bench_all_aggregate (GstAggregator *agg, gboolean timeout)
{
  GstBuffer *first = NULL;
  guint n = 0;

  GST_OBJECT_LOCK (agg);
  for (GList *l = GST_ELEMENT (agg)->sinkpads; l; l = l->next) {
    GstBuffer *buffer = gst_aggregator_pad_pop_buffer (l->data);
    if (buffer == NULL)
      continue;
    n++;
    if (first == NULL)
      first = buffer;
    else
      gst_buffer_unref (buffer);
  }
  GST_OBJECT_UNLOCK (agg);
  if (n == 0)
    return GST_FLOW_EOS;
  return gst_aggregator_finish_buffer (agg, first);
}

static void
bench_all_init (BenchAll *self)
{
}

static void
bench_all_class_init (BenchAllClass *klass)
{
  gst_element_class_add_static_pad_template_with_gtype (
      GST_ELEMENT_CLASS (klass), &all_sink, GST_TYPE_AGGREGATOR_PAD);
  gst_element_class_add_static_pad_template_with_gtype (
      GST_ELEMENT_CLASS (klass), &all_src, GST_TYPE_AGGREGATOR_PAD);
  gst_element_class_set_static_metadata (
      GST_ELEMENT_CLASS (klass), "all", "Generic", "one record of every pad", "bench");
  klass->aggregate = bench_all_aggregate;
}

/* ---- records ---- */

static GPtrArray *
make_records (guint source, guint n_frames)
{
  GPtrArray *records = g_ptr_array_new_full (n_frames, (GDestroyNotify) gst_buffer_unref);

  for (guint k = 0; k < n_frames; k++) {
    gchar *text = g_strdup_printf (
        "{\"type\":\"s%u\",\"source\":\"s%u\",\"frame_id\":%u,\"t_ns\":%" G_GUINT64_FORMAT
        ",\"processing_ms\":%u.5,\"faces\":[{\"bbox\":[%u,%u,96,112],\"yaw\":-3.25,\"pitch\":1.5,"
        "\"roll\":0.125,\"expression\":\"neutral\",\"confidence\":0.875,\"id\":%u}]}",
        source, source, k, T0_NS + k * FRAME_NS, 10 + k % 30, k % 600, k % 400, k % 7);
    GstBuffer *buffer = gst_buffer_new_wrapped (text, strlen (text));
    GST_BUFFER_PTS (buffer) = k * FRAME_NS;
    GST_BUFFER_DURATION (buffer) = FRAME_NS;
    g_ptr_array_add (records, buffer);
  }
  return records;
}

/* ---- one run ---- */

typedef struct {
  GstElement *element;
  guint n_sources, n_frames, lag;
  gboolean threads;
  GPtrArray **records;
  GstPad *in[MAX_SOURCES];
  GstPad *out;
  GMutex lock;
  GCond changed;
  guint done[MAX_SOURCES]; /* frames that a source has pushed */
  guint n_out;
  gint64 last_out_ns;
  gboolean eos;
} Run;

typedef struct {
  Run *run;
  guint source;
} Pusher;

static gint64
now_ns (clockid_t clock)
{
  struct timespec t;

  clock_gettime (clock, &t);
  return t.tv_sec * G_GINT64_CONSTANT (1000000000) + t.tv_nsec;
}

static GstFlowReturn
chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  Run *run = gst_pad_get_element_private (pad);

  gst_buffer_unref (buffer);
  g_mutex_lock (&run->lock);
  run->n_out++;
  run->last_out_ns = now_ns (CLOCK_MONOTONIC);
  g_cond_broadcast (&run->changed);
  g_mutex_unlock (&run->lock);
  return GST_FLOW_OK;
}

static gboolean
on_event (GstPad *pad, GstObject *parent, GstEvent *event)
{
  Run *run = gst_pad_get_element_private (pad);

  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    g_mutex_lock (&run->lock);
    run->eos = TRUE;
    g_cond_broadcast (&run->changed);
    g_mutex_unlock (&run->lock);
  }
  gst_event_unref (event);
  return TRUE;
}

static void
start (Run *run)
{
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("application/json");
  g_autoptr (GstClock) clock = gst_system_clock_obtain ();
  g_autoptr (GstPad) src = gst_element_get_static_pad (run->element, "src");
  GstSegment segment;

  g_mutex_init (&run->lock);
  g_cond_init (&run->changed);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  run->out = gst_pad_new ("out", GST_PAD_SINK);
  gst_pad_set_element_private (run->out, run);
  gst_pad_set_chain_function (run->out, chain);
  gst_pad_set_event_function (run->out, on_event);
  gst_pad_set_active (run->out, TRUE);
  if (gst_pad_link (src, run->out) != GST_PAD_LINK_OK)
    g_error ("the source pad does not link");
  for (guint i = 0; i < run->n_sources; i++) {
    g_autoptr (GstPad) sink = gst_element_request_pad_simple (run->element, "sink_%u");
    g_autofree gchar *id = g_strdup_printf ("s%u", i);
    run->in[i] = gst_pad_new (NULL, GST_PAD_SRC);
    gst_pad_set_active (run->in[i], TRUE);
    if (sink == NULL || gst_pad_link (run->in[i], sink) != GST_PAD_LINK_OK)
      g_error ("sink pad %u does not link", i);
    gst_pad_push_event (run->in[i], gst_event_new_stream_start (id));
  }
  gst_element_set_clock (run->element, clock);
  gst_element_set_base_time (run->element, gst_clock_get_time (clock));
  gst_element_set_state (run->element, GST_STATE_PLAYING);
  for (guint i = 0; i < run->n_sources; i++) {
    gst_pad_push_event (run->in[i], gst_event_new_caps (caps));
    gst_pad_push_event (run->in[i], gst_event_new_segment (&segment));
  }
}

static void
stop (Run *run)
{
  gst_element_set_state (run->element, GST_STATE_NULL);
  for (guint i = 0; i < run->n_sources; i++) {
    g_autoptr (GstPad) sink = gst_pad_get_peer (run->in[i]);
    gst_pad_unlink (run->in[i], sink);
    gst_element_release_request_pad (run->element, sink);
    gst_object_unref (run->in[i]);
  }
  gst_object_unref (run->out);
  gst_object_unref (run->element);
  g_mutex_clear (&run->lock);
  g_cond_clear (&run->changed);
}

static guint
slowest (const Run *run)
{
  guint least = G_MAXUINT;

  for (guint i = 0; i < run->n_sources; i++)
    least = MIN (least, run->done[i]);
  return least;
}

static void
push_one (Run *run, guint source, guint frame)
{
  GstFlowReturn flow
      = gst_pad_push (run->in[source], gst_buffer_ref (run->records[source]->pdata[frame]));

  if (flow != GST_FLOW_OK)
    g_error ("source %u, frame %u: %s", source, frame, gst_flow_get_name (flow));
}

static gpointer
push_all (gpointer data)
{
  Pusher *pusher = data;
  Run *run = pusher->run;
  guint i = pusher->source;

  for (guint k = 0; k < run->n_frames; k++) {
    if (k % STEPS == 0) {
      g_mutex_lock (&run->lock);
      run->done[i] = k;
      g_cond_broadcast (&run->changed);
      while (k > slowest (run))
        g_cond_wait (&run->changed, &run->lock);
      g_mutex_unlock (&run->lock);
    }
    push_one (run, i, k);
  }
  g_mutex_lock (&run->lock);
  run->done[i] = G_MAXUINT;
  g_cond_broadcast (&run->changed);
  g_mutex_unlock (&run->lock);
  gst_pad_push_event (run->in[i], gst_event_new_eos ());
  return NULL;
}

/* the last source is @lag frames behind the others, so that as many frames are open */
static void
push_in_turn (Run *run)
{
  for (guint k = 0; k < run->n_frames + run->lag; k++) {
    for (guint i = 0; k < run->n_frames && i + 1 < run->n_sources; i++)
      push_one (run, i, k);
    if (k >= run->lag)
      push_one (run, run->n_sources - 1, k - run->lag);
  }
  for (guint i = 0; i < run->n_sources; i++)
    gst_pad_push_event (run->in[i], gst_event_new_eos ());
}

typedef struct {
  gdouble rate, per_cpu; /* records a second, and per second of processor time */
  guint n_out;
} Speed;

static Speed
run_at_full_speed (Run *run)
{
  guint64 n = (guint64) run->n_frames * run->n_sources;
  gint64 wall, cpu;
  Speed speed;

  start (run);
  wall = now_ns (CLOCK_MONOTONIC);
  cpu = now_ns (CLOCK_PROCESS_CPUTIME_ID);
  if (run->threads) {
    GThread *threads[MAX_SOURCES];
    Pusher pushers[MAX_SOURCES];
    for (guint i = 0; i < run->n_sources; i++) {
      pushers[i] = (Pusher){ run, i };
      threads[i] = g_thread_new ("pusher", push_all, &pushers[i]);
    }
    for (guint i = 0; i < run->n_sources; i++)
      g_thread_join (threads[i]);
  } else {
    push_in_turn (run);
  }
  g_mutex_lock (&run->lock);
  while (!run->eos)
    g_cond_wait (&run->changed, &run->lock);
  g_mutex_unlock (&run->lock);
  wall = now_ns (CLOCK_MONOTONIC) - wall;
  cpu = now_ns (CLOCK_PROCESS_CPUTIME_ID) - cpu;
  speed = (Speed){ n * 1e9 / wall, n * 1e9 / cpu, run->n_out };
  stop (run);
  return speed;
}

/* ---- contestants ---- */

typedef struct {
  const gchar *name;
  const gchar *mode; /* NULL: not ours */
  guint n_sources, lag;
  gboolean threads;
} Case;

static GstElement *
make (const Case *c)
{
  GString *sources;
  GstElement *element;

  if (c->mode == NULL && g_str_equal (c->name, "aggregator"))
    return g_object_ref_sink (g_object_new (bench_all_get_type (), NULL));
  element = gst_element_factory_make (c->mode ? "obsaligner" : c->name, NULL);
  if (element == NULL)
    g_error ("there is no element %s", c->mode ? "obsaligner" : c->name);
  g_object_ref_sink (element);
  if (c->mode == NULL)
    return element;
  sources = g_string_new (NULL);
  for (guint i = 0; i < c->n_sources; i++)
    g_string_append_printf (sources, "%ss%u!", i ? "," : "", i);
  gst_util_set_object_arg (G_OBJECT (element), "mode", c->mode);
  /* nothing is to leave by time: what is measured is the work, not the waiting */
  gst_util_set_object_arg (G_OBJECT (element), "window-ms", "60000");
  gst_util_set_object_arg (G_OBJECT (element), "max-pending", "4096");
  g_object_set (element, "sources", sources->str, NULL);
  g_string_free (sources, TRUE);
  return element;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  const gdouble *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static gdouble
median (GArray *values)
{
  g_array_sort (values, compare);
  return g_array_index (values, gdouble, values->len / 2);
}

static gboolean
is_wanted (const gchar *only, const gchar *what)
{
  return only == NULL || g_str_equal (only, what);
}

/* rounds of all cases alternate, so that whatever else the machine does meets all */
static void
measure_speed (const gchar *what, const Case *cases, guint n_cases, guint n_frames, guint rounds,
    GPtrArray **records)
{
  g_autofree GArray **rates = g_new (GArray *, 2 * n_cases);
  g_autofree guint *n_out = g_new0 (guint, n_cases);

  for (guint i = 0; i < 2 * n_cases; i++)
    rates[i] = g_array_new (FALSE, FALSE, sizeof (gdouble));
  for (guint round = 0; round < rounds; round++) {
    for (guint i = 0; i < n_cases; i++) {
      const Case *c = &cases[i];
      Run run = { .element = make (c),
        .n_sources = c->n_sources,
        .n_frames = n_frames,
        .lag = c->lag,
        .threads = c->threads,
        .records = records };
      Speed speed = run_at_full_speed (&run);
      g_array_append_val (rates[2 * i], speed.rate);
      g_array_append_val (rates[2 * i + 1], speed.per_cpu);
      n_out[i] = speed.n_out;
    }
  }
  for (guint i = 0; i < n_cases; i++) {
    const Case *c = &cases[i];
    printf (
        "{\"bench\":\"obsaligner\",\"what\":\"%s\",\"element\":\"%s\",\"mode\":\"%s\",\"sources\":%"
        "u,"
        "\"open\":%u,\"threads\":%s,\"frames\":%u,\"rounds\":%u,\"out\":%u,\"records_per_s\":%.0f,"
        "\"records_per_cpu_s\":%.0f}\n",
        what, c->mode ? "obsaligner" : c->name, c->mode ? c->mode : "", c->n_sources, c->lag,
        c->threads ? "true" : "false", n_frames, rounds, n_out[i], median (rates[2 * i]),
        median (rates[2 * i + 1]));
  }
  fflush (stdout);
  for (guint i = 0; i < 2 * n_cases; i++)
    g_array_unref (rates[i]);
}

/* thirty frames a second, every source in turn; the element has a frame's time to rest */
static void
measure_latency (const Case *c, GPtrArray **records)
{
  g_autoptr (GArray) added = g_array_new (FALSE, FALSE, sizeof (gdouble));
  Run run = {
    .element = make (c), .n_sources = c->n_sources, .n_frames = LATENCY_FRAMES, .records = records
  };
  gint64 next;
  guint per_frame = c->mode || g_str_equal (c->name, "aggregator") ? 1 : c->n_sources;

  start (&run);
  next = g_get_monotonic_time ();
  for (guint k = 0; k < LATENCY_FRAMES; k++) {
    gint64 begun;
    gdouble ms;
    for (guint i = 0; i + 1 < run.n_sources; i++)
      push_one (&run, i, k);
    begun = now_ns (CLOCK_MONOTONIC);
    push_one (&run, run.n_sources - 1, k);
    g_mutex_lock (&run.lock);
    while (run.n_out < (k + 1) * per_frame)
      g_cond_wait (&run.changed, &run.lock);
    ms = MAX (run.last_out_ns - begun, 0) / 1e6;
    g_mutex_unlock (&run.lock);
    g_array_append_val (added, ms);
    next += FRAME_NS / 1000;
    g_mutex_lock (&run.lock);
    while (g_cond_wait_until (&run.changed, &run.lock, next))
      ;
    g_mutex_unlock (&run.lock);
  }
  stop (&run);
  g_array_sort (added, compare);
  printf ("{\"bench\":\"obsaligner\",\"what\":\"latency\",\"element\":\"%s\",\"mode\":\"%s\","
          "\"sources\":%u,"
          "\"frames\":%u,\"added_ms_p50\":%.3f,\"added_ms_p99\":%.3f}\n",
      c->mode ? "obsaligner" : c->name, c->mode ? c->mode : "", c->n_sources, LATENCY_FRAMES,
      g_array_index (added, gdouble, added->len / 2),
      g_array_index (added, gdouble, added->len * 99 / 100));
  fflush (stdout);
}

int
main (int argc, char **argv)
{
  static const Case peers[] = {
    { "", "window", 4, 0, FALSE },
    { "", "watermark", 4, 0, FALSE },
    { "aggregator", NULL, 4, 0, FALSE },
    { "funnel", NULL, 4, 0, FALSE },
    { "", "window", 4, 0, TRUE },
    { "", "watermark", 4, 0, TRUE },
    { "aggregator", NULL, 4, 0, TRUE },
    { "funnel", NULL, 4, 0, TRUE },
  };
  static const Case by_sources[] = {
    { "", "window", 2, 0, FALSE },
    { "", "window", 4, 0, FALSE },
    { "", "window", 8, 0, FALSE },
    { "", "window", 16, 0, FALSE },
  };
  static const Case by_open[] = {
    { "", "window", 4, 10, FALSE },
    { "", "window", 4, 100, FALSE },
    { "", "window", 4, 1000, FALSE },
  };
  static const Case latency[] = {
    { "", "window", 4, 0, FALSE },
    { "", "watermark", 4, 0, FALSE },
    { "aggregator", NULL, 4, 0, FALSE },
    { "funnel", NULL, 4, 0, FALSE },
  };
  guint n_frames = argc > 1 ? strtoul (argv[1], NULL, 10) : 20000;
  guint rounds = argc > 2 ? strtoul (argv[2], NULL, 10) : 5;
  const gchar *only = argc > 3 ? argv[3] : NULL;
  GPtrArray *records[MAX_SOURCES];

  gst_init (NULL, NULL);
  for (guint i = 0; i < MAX_SOURCES; i++)
    records[i] = make_records (i, MAX (n_frames, LATENCY_FRAMES));
  if (is_wanted (only, "peers"))
    measure_speed ("peers", peers, G_N_ELEMENTS (peers), n_frames, rounds, records);
  if (is_wanted (only, "sources"))
    measure_speed ("sources", by_sources, G_N_ELEMENTS (by_sources), n_frames, rounds, records);
  if (is_wanted (only, "open"))
    measure_speed ("open", by_open, G_N_ELEMENTS (by_open), n_frames, rounds, records);
  for (guint i = 0; is_wanted (only, "latency") && i < G_N_ELEMENTS (latency); i++)
    measure_latency (&latency[i], records);
  for (guint i = 0; i < MAX_SOURCES; i++)
    g_ptr_array_unref (records[i]);
  return 0;
}
