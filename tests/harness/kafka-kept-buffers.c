/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Buffers of the sources are the client's own memory: an application that keeps them reads them
 * after the element is gone, and the broker too; the last one that is let go ends the client. */
#include <string.h>

#include "kafkabinarysink-rig.h"

#define N 40
#define SIZE 20000

typedef struct {
  const gchar *sink;
  const gchar *sink_properties;
  const gchar *caps;
  const gchar *src;
  const gchar *src_properties;
} Kind;

static const Kind kinds[] = {
  { "kafkabinarysink", "session-id=s1 stream-id=cam", "image/jpeg", "kafkabinarysrc",
      "read-by=registry" },
  { "kafkabinarysink", "session-id=s1 stream-id=cam", "image/jpeg", "kafkabinarysrc",
      "read-by=bytes" },
  /* in the middle of following, with records read ahead */
  { "kafkabinarysink", "session-id=s1 stream-id=cam", "image/jpeg", "kafkabinarysrc",
      "until=never" },
  { "kafkarecordsink", "", "application/json", "kafkarecordsrc", "" },
  { "kafkarecordsink", "", "application/json", "kafkarecordsrc", "until=never" },
};

static void
fill (gchar *text, guint i)
{
  memset (text, ' ', SIZE);
  g_snprintf (text, 32, "{\"n\":%u", i);
  text[strlen (text)] = ' ';
  text[SIZE - 1] = '}';
}

static void
write_all (SinkRig *rig, const Kind *kind)
{
  g_autofree gchar *text = g_malloc (SIZE);

  gst_harness_set_src_caps_str (rig->h, kind->caps);
  for (guint i = 0; i < N; i++) {
    GstBuffer *buffer;
    fill (text, i);
    buffer = gst_buffer_new_memdup (text, SIZE);
    /* one partition's order, whatever the partition */
    GST_BUFFER_PTS (buffer) = i * 100 * GST_MSECOND;
    g_assert_cmpint (gst_harness_push (rig->h, buffer), ==, GST_FLOW_OK);
  }
  trib_assert_eventually (sink_rig_stat (rig, "acknowledged") == N, 30000);
}

static GPtrArray *
read_half (const gchar *address, const Kind *kind)
{
  g_autofree gchar *line
      = g_strdup_printf ("%s bootstrap-servers=%s %s", kind->src, address, kind->src_properties);
  GPtrArray *kept = g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);
  GstHarness *h = gst_harness_new_parse (line);
  GstElement *element = gst_harness_find_element (h, kind->src);
  gpointer alive = element;

  g_object_add_weak_pointer (G_OBJECT (element), &alive);
  gst_object_unref (element);
  gst_harness_use_systemclock (h);
  gst_harness_play (h);
  while (kept->len < N / 2) {
    GstBuffer *buffer = gst_harness_pull (h);
    g_assert_nonnull (buffer);
    g_ptr_array_add (kept, buffer);
  }
  gst_harness_teardown (h);
  g_assert_null (alive);
  return kept;
}

static void
check_bytes (GPtrArray *kept)
{
  g_autofree gchar *text = g_malloc (SIZE);
  gboolean seen[N] = { FALSE };

  for (guint i = 0; i < kept->len; i++) {
    GstMapInfo map;
    guint n;

    g_assert_true (gst_buffer_map (kept->pdata[i], &map, GST_MAP_READ));
    g_assert_cmpuint (map.size, ==, SIZE);
    n = g_ascii_strtoull ((const gchar *) map.data + strlen ("{\"n\":"), NULL, 10);
    g_assert_cmpuint (n, <, N);
    g_assert_false (seen[n]);
    seen[n] = TRUE;
    fill (text, n);
    g_assert_cmpmem (map.data, map.size, text, SIZE);
    gst_buffer_unmap (kept->pdata[i], &map);
  }
}

static gpointer
let_go (gpointer data)
{
  g_ptr_array_unref (data);
  return NULL;
}

static void
test_kept (gconstpointer data)
{
  const Kind *kind = data;
  SinkRig *rig = sink_rig_new_mock_element (kind->sink, kind->sink_properties);
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  GPtrArray *kept;

  write_all (rig, kind);
  kept = read_half (rig->address, kind);
  check_bytes (kept);
  /* writer and broker go, too: what is left of the client library is what the buffers hold */
  sink_rig_free (rig);
  trib_assert_eventually (trib_test_count_threads ("kafka-client") == 0, 20000);
  g_assert_cmpuint (trib_test_count_threads ("rdk:"), >, 0);
  check_bytes (kept);
  /* not the thread that read them */
  g_thread_join (g_thread_new ("let-go", let_go, kept));
  trib_assert_eventually (trib_test_count_threads ("rdk:") == 0, 20000);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree gchar *path = g_strdup_printf ("/kafka-kept-buffers/%s/%u", kinds[i].src, i);
    g_test_add_data_func (path, &kinds[i], test_kept);
  }
  return trib_gst_test_run ();
}
