/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames through kafkabinarysink and, alternating with it, through bare librdkafka loops with the
 * element's own client options: one that sends the bytes alone, one that sends the same three
 * records, and one that sends these without idempotence, which is the floor: an idempotent producer
 * that is given more than it may send looks again and again whether it may. Medians of several
 * rounds, one JSON line for each size and peer. The broker is the one of KAFKA_BOOTSTRAP; without
 * it, the one inside the process (whose work then counts in cpu_s_per_gb).
 *
 * Payloads lie in one block of memory that is never copied; the clock runs from after the first
 * acknowledgements until everything is acknowledged. */
#include "bare-producer.h"

#include <gst/gst.h>
#include <kafka/client/trib-kafka-config.h>
#include <record/trib-json-writer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define MAX_PENDING_BYTES (64 * 1024 * 1024)
#define ROUND_BYTES (160 * 1000 * 1000)
#define WARM_UP_FRAMES 4
#define ADMIN_MS 20000

typedef enum { ELEMENT, PEER_BYTES, PEER_THREE, FLOOR, N_CONTESTANTS } Contestant;

static const gchar *const peer_names[N_CONTESTANTS] = { NULL, "librdkafka, bytes alone",
  "librdkafka, the same three records", "librdkafka, the same three records without idempotence" };

typedef struct {
  gdouble seconds;
  gdouble cpu_seconds;
} Cost;

static gint rounds = 5;
static gint only_bytes = 0;
static gchar **extra_options; /* NAME=VALUE, for all contestants */
static gchar *bootstrap;
static gboolean in_process;
static guint8 *memory; /* of the largest frame */
static guint64 copied_frames;
static guint n_prefixes;

static gdouble
cpu_seconds (void)
{
  struct rusage u;

  getrusage (RUSAGE_SELF, &u);
  return (gdouble) (u.ru_utime.tv_sec + u.ru_stime.tv_sec)
         + (gdouble) (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
cost_begin (Cost *cost)
{
  cost->cpu_seconds = -cpu_seconds ();
  cost->seconds = -(gdouble) g_get_monotonic_time () / 1e6;
}

static void
cost_end (Cost *cost)
{
  cost->seconds += (gdouble) g_get_monotonic_time () / 1e6;
  cost->cpu_seconds += cpu_seconds ();
}

/* Topics: fresh ones for each run, gone after it, so that the disk holds one run at a time. */

static rd_kafka_t *
admin_client (void)
{
  rd_kafka_conf_t *conf = rd_kafka_conf_new ();
  gchar why[256];
  rd_kafka_t *rk;

  rd_kafka_conf_set (conf, "bootstrap.servers", bootstrap, why, sizeof why);
  rk = rd_kafka_new (RD_KAFKA_PRODUCER, conf, why, sizeof why);
  g_assert_nonnull (rk);
  return rk;
}

static void
finish_admin (rd_kafka_t *rk, rd_kafka_queue_t *queue)
{
  rd_kafka_event_t *event = rd_kafka_queue_poll (queue, ADMIN_MS);

  if (event == NULL || rd_kafka_event_error (event))
    g_error ("topics: %s", event ? rd_kafka_event_error_string (event) : "no answer");
  rd_kafka_event_destroy (event);
  rd_kafka_queue_destroy (queue);
  rd_kafka_destroy (rk);
}

static gchar *
make_topics (void)
{
  gchar *prefix = g_strdup_printf ("bench-%d-%u-", (int) getpid (), n_prefixes++);
  rd_kafka_NewTopic_t *topics[3];
  rd_kafka_queue_t *queue;
  rd_kafka_t *rk;

  if (in_process)
    return prefix;
  rk = admin_client ();
  queue = rd_kafka_queue_new (rk);
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *name = g_strconcat (prefix, trib_kafka_default_topics[i], NULL);
    topics[i] = rd_kafka_NewTopic_new (name, 1, 1, NULL, 0);
    rd_kafka_NewTopic_set_config (topics[i], "max.message.bytes", "10485760");
  }
  rd_kafka_CreateTopics (rk, topics, 3, NULL, queue);
  finish_admin (rk, queue);
  rd_kafka_NewTopic_destroy_array (topics, 3);
  return prefix;
}

static void
remove_topics (const gchar *prefix)
{
  rd_kafka_DeleteTopic_t *topics[3];
  rd_kafka_queue_t *queue;
  rd_kafka_t *rk;

  if (in_process)
    return;
  rk = admin_client ();
  queue = rd_kafka_queue_new (rk);
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *name = g_strconcat (prefix, trib_kafka_default_topics[i], NULL);
    topics[i] = rd_kafka_DeleteTopic_new (name);
  }
  rd_kafka_DeleteTopics (rk, topics, 3, NULL, queue);
  finish_admin (rk, queue);
  rd_kafka_DeleteTopic_destroy_array (topics, 3);
}

/* The element */

static GstStructure *
extra_structure (void)
{
  GstStructure *s = gst_structure_new_empty ("producer-config");

  for (gchar **option = extra_options; option && *option; option++) {
    g_auto (GStrv) parts = g_strsplit (*option, "=", 2);
    gst_structure_set (s, parts[0], G_TYPE_STRING, parts[1], NULL);
  }
  return s;
}

static guint64
stat_of (GstElement *sink, const gchar *field)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value = 0;

  g_object_get (sink, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, field, &value);
  return value;
}

static void
push_frames (GstPad *pad, guint n_frames, gsize bytes, GstClockTime *pts)
{
  for (guint i = 0; i < n_frames; i++) {
    GstBuffer *buffer = gst_buffer_new_wrapped_full (
        GST_MEMORY_FLAG_READONLY, memory, bytes, 0, bytes, NULL, NULL);
    GST_BUFFER_PTS (buffer) = *pts;
    *pts += 33333333;
    if (gst_pad_push (pad, buffer) != GST_FLOW_OK)
      g_error ("kafkabinarysink refused a frame");
  }
}

static void
run_element (const gchar *prefix, guint n_frames, gsize bytes, Cost *cost)
{
  g_autoptr (GstElement) sink
      = gst_object_ref_sink (gst_element_factory_make ("kafkabinarysink", NULL));
  g_autoptr (GstPad) pad = gst_object_ref_sink (gst_pad_new ("src", GST_PAD_SRC));
  g_autoptr (GstPad) sink_pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstStructure) extra = extra_structure ();
  g_autoptr (GstCaps) caps
      = gst_caps_from_string ("image/jpeg, width=1920, height=1080, framerate=30/1");
  GstClockTime pts = 0;
  GstSegment segment;

  g_object_set (sink, "bootstrap-servers", in_process ? "in-process" : bootstrap, "topic-prefix",
      prefix, "session-id", "bench", "async", FALSE, "producer-config", extra, "max-pending-bytes",
      (guint64) MAX_PENDING_BYTES, NULL);
  gst_pad_link (pad, sink_pad);
  gst_pad_set_active (pad, TRUE);
  gst_element_set_state (sink, GST_STATE_PLAYING);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_stream_start ("bench"));
  gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
  push_frames (pad, WARM_UP_FRAMES, bytes, &pts);
  while (stat_of (sink, "acknowledged") < WARM_UP_FRAMES)
    g_thread_yield ();
  cost_begin (cost);
  push_frames (pad, n_frames, bytes, &pts);
  gst_pad_push_event (pad, gst_event_new_eos ());
  cost_end (cost);
  if (stat_of (sink, "acknowledged") != n_frames + WARM_UP_FRAMES)
    g_error ("kafkabinarysink: not every frame was acknowledged");
  copied_frames += stat_of (sink, "copied-frames");
  gst_element_set_state (sink, GST_STATE_NULL);
}

static gchar **
options_of (Contestant c)
{
  g_autoptr (GStrvBuilder) options = g_strv_builder_new ();

  if (c == FLOOR)
    g_strv_builder_add (options, "enable.idempotence=false");
  if (extra_options)
    g_strv_builder_addv (options, (const char **) extra_options);
  return g_strv_builder_end (options);
}

static void
run_peer (Contestant c, const gchar *prefix, guint n_frames, gsize bytes, Cost *cost)
{
  g_auto (GStrv) options = options_of (c);
  BareProducer *peer
      = bare_producer_new (bootstrap, prefix, c != PEER_BYTES, MAX_PENDING_BYTES, options);

  for (guint i = 0; i < WARM_UP_FRAMES; i++)
    bare_producer_send (peer, memory, bytes);
  bare_producer_drain (peer);
  cost_begin (cost);
  for (guint i = 0; i < n_frames; i++)
    bare_producer_send (peer, memory, bytes);
  bare_producer_drain (peer);
  cost_end (cost);
  bare_producer_free (peer);
}

/* Rounds and lines */

static gint
compare_doubles (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return x < y ? -1 : x > y;
}

static Cost
median (const Cost *costs, gint n)
{
  g_autofree gdouble *values = g_new (gdouble, n);
  Cost middle;

  for (gint i = 0; i < n; i++)
    values[i] = costs[i].seconds;
  qsort (values, n, sizeof *values, compare_doubles);
  middle.seconds = values[n / 2];
  for (gint i = 0; i < n; i++)
    values[i] = costs[i].cpu_seconds;
  qsort (values, n, sizeof *values, compare_doubles);
  middle.cpu_seconds = values[n / 2];
  return middle;
}

static void
put_number (TribJsonWriter *w, const gchar *key, gdouble value, gdouble steps)
{
  trib_json_writer_key (w, key);
  trib_json_writer_double (w, (gdouble) (gint64) (value * steps + 0.5) / steps);
}

static void
print_line (gsize bytes, guint n_frames, Contestant peer, Cost element, Cost other)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gdouble all_bytes = (gdouble) bytes * n_frames;
  TribJsonWriter w;

  trib_json_writer_init (&w, line);
  trib_json_writer_begin_object (&w);
  trib_json_writer_key (&w, "bench");
  trib_json_writer_string (&w, "kafkabinarysink");
  trib_json_writer_key (&w, "broker");
  trib_json_writer_string (&w, in_process ? "in-process" : "apache-kafka");
  trib_json_writer_key (&w, "frame_bytes");
  trib_json_writer_uint (&w, bytes);
  put_number (&w, "frames_per_s", n_frames / element.seconds, 10);
  put_number (&w, "mb_per_s", all_bytes / element.seconds / 1e6, 10);
  put_number (&w, "cpu_s_per_gb", element.cpu_seconds / all_bytes * 1e9, 1000);
  trib_json_writer_key (&w, "copied_frames");
  trib_json_writer_uint (&w, copied_frames);
  trib_json_writer_key (&w, "peer");
  trib_json_writer_string (&w, peer_names[peer]);
  put_number (&w, "peer_mb_per_s", all_bytes / other.seconds / 1e6, 10);
  put_number (&w, "peer_cpu_s_per_gb", other.cpu_seconds / all_bytes * 1e9, 1000);
  put_number (&w, "ratio", other.seconds / element.seconds, 1000);
  trib_json_writer_end_object (&w);
  puts (line->str);
  fflush (stdout);
}

static void
bench_size (gsize bytes)
{
  guint n_frames = ROUND_BYTES / bytes;
  Cost *costs[N_CONTESTANTS];

  for (guint c = 0; c < N_CONTESTANTS; c++)
    costs[c] = g_new (Cost, rounds);
  copied_frames = 0;
  /* round -1 warms the broker up: round 0 overwrites its figures */
  for (gint round = -1; round < rounds; round++) {
    gint slot = MAX (round, 0);

    for (guint i = 0; i < N_CONTESTANTS; i++) {
      Contestant c = (i + round + 1) % N_CONTESTANTS;
      g_autofree gchar *prefix = make_topics ();
      if (c == ELEMENT)
        run_element (prefix, n_frames, bytes, &costs[c][slot]);
      else
        run_peer (c, prefix, n_frames, bytes, &costs[c][slot]);
      remove_topics (prefix);
    }
  }
  for (Contestant c = PEER_BYTES; c < N_CONTESTANTS; c++)
    print_line (bytes, n_frames, c, median (costs[ELEMENT], rounds), median (costs[c], rounds));
  for (guint c = 0; c < N_CONTESTANTS; c++)
    g_free (costs[c]);
}

int
main (int argc, char **argv)
{
  static const gsize sizes[] = { 50 * 1000, 200 * 1000, 1000 * 1000, 6000 * 1000 };
  static const GOptionEntry entries[]
      = { { "rounds", 0, 0, G_OPTION_ARG_INT, &rounds, "rounds, for the median (5)", "N" },
          { "bytes", 0, 0, G_OPTION_ARG_INT, &only_bytes, "only frames of this size", "N" },
          { "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &extra_options, "client option, for all",
              "NAME=VALUE" },
          { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) keeper = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  memory = g_malloc (sizes[G_N_ELEMENTS (sizes) - 1]);
  for (gsize i = 0; i < sizes[G_N_ELEMENTS (sizes) - 1]; i++)
    memory[i] = (guint8) (i * 2654435761u >> 13);
  if (!gst_registry_check_feature_version (gst_registry_get (), "kafkabinarysink", 0, 0, 0))
    g_error ("no element kafkabinarysink: GST_PLUGIN_PATH must name the folder of this build");
  bootstrap = g_strdup (g_getenv ("KAFKA_BOOTSTRAP"));
  in_process = bootstrap == NULL;
  if (in_process) {
    /* the broker inside the process lives as long as a sink that uses it */
    keeper = gst_object_ref_sink (gst_element_factory_make ("kafkabinarysink", NULL));
    g_object_set (keeper, "bootstrap-servers", "in-process", NULL);
    gst_element_set_state (keeper, GST_STATE_READY);
    g_object_get (keeper, "broker-address", &bootstrap, NULL);
  }
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    if (only_bytes == 0 || (gsize) only_bytes == sizes[i])
      bench_size (sizes[i]);
  if (keeper)
    gst_element_set_state (keeper, GST_STATE_NULL);
  g_free (bootstrap);
  g_free (memory);
  return 0;
}
