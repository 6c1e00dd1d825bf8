/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames out of Kafka through kafkabinarysrc, by the registry and by the bytes, alternating with a
 * bare librdkafka loop that reads the same bytes topic with the element's own client options.
 * Medians of several rounds, one JSON line for each size and way of reading. The broker is the one
 * of KAFKA_BOOTSTRAP: the one inside the process keeps too little.
 *
 * The clock runs from the first frame to the last, so that connecting is not counted. */
#include <gst/gst.h>
#include <kafka/read/trib-kafka-consumer.h>
#include <kafka/layout/trib-kafka-layout.h>
#include <record/trib-json-writer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define ROUND_BYTES (1280 * 1000 * 1000)
#define WAIT_MS 60000

typedef enum { BY_REGISTRY, BY_BYTES, PEER, N_CONTESTANTS } Contestant;

static const gchar *const names[] = { "registry", "bytes" };

typedef struct {
  gint64 first_us;
  gint64 last_us;
  guint64 bytes;
  guint frames;
  gdouble cpu_seconds; /* at the first frame, then between it and the last */
} Run;

static gint rounds = 5;
static gint only_bytes = 0;
static const gchar *bootstrap;

static gdouble
cpu_seconds (void)
{
  struct rusage u;

  getrusage (RUSAGE_SELF, &u);
  return (gdouble) (u.ru_utime.tv_sec + u.ru_stime.tv_sec)
         + (gdouble) (u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void
count (Run *run, gsize bytes)
{
  run->last_us = g_get_monotonic_time ();
  if (run->frames++ == 0) {
    run->first_us = run->last_us;
    run->cpu_seconds = -cpu_seconds ();
  } else {
    run->bytes += bytes;
  }
}

static void
wait_for_eos (GstElement *pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
      bus, WAIT_MS * GST_MSECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  if (message == NULL || GST_MESSAGE_TYPE (message) != GST_MESSAGE_EOS)
    g_error ("no end of stream: %s", message ? GST_MESSAGE_TYPE_NAME (message) : "no answer");
}

static void
write_frames (const gchar *prefix, gsize bytes, guint n)
{
  g_autofree gchar *line = g_strdup_printf (
      "fakesrc num-buffers=%u sizetype=fixed sizemax=%" G_GSIZE_FORMAT
      " filltype=pattern ! image/jpeg,width=640,height=480,framerate=30/1 ! kafkabinarysink "
      "session-id=bench stream-id=cam bootstrap-servers=%s topic-prefix=%s",
      n, bytes, bootstrap, prefix);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  if (pipeline == NULL || error)
    g_error ("%s: %s", line, error ? error->message : "");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_for_eos (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static GstPadProbeReturn
on_buffer (GstPad *pad, GstPadProbeInfo *info, gpointer data)
{
  count (data, gst_buffer_get_size (GST_PAD_PROBE_INFO_BUFFER (info)));
  return GST_PAD_PROBE_OK;
}

static void
run_element (const gchar *prefix, const gchar *read_by, Run *run)
{
  g_autofree gchar *line
      = g_strdup_printf ("kafkabinarysrc bootstrap-servers=%s topic-prefix=%s read-by=%s ! "
                         "fakesink name=out sync=false",
          bootstrap, prefix, read_by);
  GstElement *pipeline = gst_parse_launch (line, NULL);
  GstElement *out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (out, "sink");

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_buffer, run, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_for_eos (pipeline);
  run->cpu_seconds += cpu_seconds ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (out);
  gst_object_unref (pipeline);
}

static void
run_peer (const gchar *prefix, guint n, Run *run)
{
  const TribKafkaConsumerConfig config = { .bootstrap_servers = bootstrap,
    .max_queued_bytes = TRIB_KAFKA_CONSUMER_DEFAULT_QUEUED_BYTES / 2 };
  g_autofree gchar *name
      = g_strconcat (prefix, trib_kafka_default_topics[TRIB_KAFKA_TOPIC_BINARY], NULL);
  TribKafkaConsumer *c = trib_kafka_consumer_new (&config, NULL);
  rd_kafka_topic_t *topic = rd_kafka_topic_new (c->client, name, NULL);
  rd_kafka_queue_t *queue = rd_kafka_queue_new (c->client);
  const struct rd_kafka_metadata *md;

  if (rd_kafka_metadata (c->client, 0, topic, &md, WAIT_MS))
    g_error ("no metadata");
  for (gint32 p = 0; p < md->topics[0].partition_cnt; p++)
    rd_kafka_consume_start_queue (topic, p, RD_KAFKA_OFFSET_BEGINNING, queue);
  while (run->frames < n) {
    rd_kafka_message_t *m = rd_kafka_consume_queue (queue, WAIT_MS);
    if (m == NULL)
      g_error ("the peer reads no more");
    if (!m->err)
      count (run, m->len);
    rd_kafka_message_destroy (m);
  }
  run->cpu_seconds += cpu_seconds ();
  for (gint32 p = 0; p < md->topics[0].partition_cnt; p++)
    rd_kafka_consume_stop (topic, p);
  rd_kafka_metadata_destroy (md);
  rd_kafka_queue_destroy (queue);
  rd_kafka_topic_destroy (topic);
  trib_kafka_consumer_release (c);
}

static gdouble
seconds (const Run *run)
{
  return (gdouble) (run->last_us - run->first_us) / 1e6;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gdouble x = seconds (a), y = seconds (b);

  return x < y ? -1 : x > y ? 1 : 0;
}

static void
put_number (TribJsonWriter *w, const gchar *key, gdouble value, gdouble precision)
{
  trib_json_writer_key (w, key);
  trib_json_writer_double (w, (gdouble) (gint64) (value * precision + 0.5) / precision);
}

static void
print_line (gsize bytes, const gchar *read_by, const Run *run, const Run *peer)
{
  g_autoptr (GString) line = g_string_new (NULL);
  TribJsonWriter w;

  trib_json_writer_init (&w, line);
  trib_json_writer_begin_object (&w);
  trib_json_writer_member_string (&w, "bench", "kafkabinarysrc");
  trib_json_writer_member_string (&w, "broker", "apache-kafka");
  trib_json_writer_member_string (&w, "read_by", read_by);
  trib_json_writer_member_uint (&w, "frame_bytes", bytes);
  put_number (&w, "frames_per_s", (run->frames - 1) / seconds (run), 10);
  put_number (&w, "mb_per_s", run->bytes / seconds (run) / 1e6, 10);
  put_number (&w, "cpu_s_per_gb", run->cpu_seconds / run->bytes * 1e9, 1000);
  trib_json_writer_member_string (&w, "peer", "librdkafka, a consumer loop over the bytes");
  put_number (&w, "peer_mb_per_s", peer->bytes / seconds (peer) / 1e6, 10);
  put_number (&w, "peer_cpu_s_per_gb", peer->cpu_seconds / peer->bytes * 1e9, 1000);
  put_number (&w, "ratio", seconds (peer) / seconds (run), 1000);
  trib_json_writer_end_object (&w);
  puts (line->str);
  fflush (stdout);
}

static void
bench_size (gsize bytes)
{
  guint n = ROUND_BYTES / bytes;
  g_autofree gchar *prefix
      = g_strdup_printf ("bench-src-%d-%" G_GSIZE_FORMAT "-", (int) getpid (), bytes);
  Run *runs[N_CONTESTANTS];

  write_frames (prefix, bytes, n);
  for (guint c = 0; c < N_CONTESTANTS; c++)
    runs[c] = g_new0 (Run, rounds);
  /* round -1 warms the broker's cache up: round 0 overwrites its figures */
  for (gint round = -1; round < rounds; round++) {
    for (guint i = 0; i < N_CONTESTANTS; i++) {
      Contestant c = (i + round + 1) % N_CONTESTANTS;
      Run *run = &runs[c][MAX (round, 0)];

      *run = (Run){ 0 };
      if (c == PEER)
        run_peer (prefix, n, run);
      else
        run_element (prefix, names[c], run);
      g_assert_cmpuint (run->frames, ==, n);
    }
  }
  for (guint c = 0; c < N_CONTESTANTS; c++)
    qsort (runs[c], rounds, sizeof (Run), compare);
  for (guint c = 0; c < PEER; c++)
    print_line (bytes, names[c], &runs[c][rounds / 2], &runs[PEER][rounds / 2]);
  for (guint c = 0; c < N_CONTESTANTS; c++)
    g_free (runs[c]);
}

int
main (int argc, char **argv)
{
  static const gsize sizes[] = { 50 * 1000, 200 * 1000, 900 * 1000 };
  static const GOptionEntry entries[] = { { "rounds", 0, 0, G_OPTION_ARG_INT, &rounds,
                                              "rounds, for the median (5)", "N" },
    { "bytes", 0, 0, G_OPTION_ARG_INT, &only_bytes, "only frames of this size", "N" }, { NULL } };
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error))
    g_error ("%s", error->message);
  bootstrap = g_getenv ("KAFKA_BOOTSTRAP");
  if (bootstrap == NULL)
    g_error ("KAFKA_BOOTSTRAP must name a broker");
  if (!gst_registry_check_feature_version (gst_registry_get (), "kafkabinarysrc", 0, 0, 0))
    g_error ("no element kafkabinarysrc: GST_PLUGIN_PATH must name the folder of this build");
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    if (only_bytes == 0 || (gsize) only_bytes == sizes[i])
      bench_size (sizes[i]);
  return 0;
}
