/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sixteen sinks of both kinds: with equal settings they share one producer, each with counters of its own. */
#include <string.h>

#include "kafkabinarysink-rig.h"

#define N 16

typedef struct {
  SinkRig *rigs[N];
} Sinks;

static void
sinks_clear (Sinks *sinks)
{
  for (guint i = 0; i < N; i++)
    g_clear_pointer (&sinks->rigs[i], sink_rig_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sinks, sinks_clear)

static void
start (Sinks *sinks, gboolean apart)
{
  for (guint i = 0; i < N; i++) {
    g_autofree gchar *properties
        = apart ? g_strdup_printf ("producer-config=options,client.id=sink-%u", i) : g_strdup ("");
    sinks->rigs[i]
        = sink_rig_new_element (i % 2 ? "kafkarecordsink" : "kafkabinarysink", properties);
    gst_harness_set_src_caps_str (sinks->rigs[i]->h, i % 2 ? "application/json" : "image/jpeg");
  }
}

static void
push_all (Sinks *sinks, guint rounds)
{
  for (guint round = 0; round < rounds; round++)
    for (guint i = 0; i < N; i++)
      g_assert_cmpint (gst_harness_push (sinks->rigs[i]->h, gst_buffer_new_memdup ("{\"a\":1}", 7)),
          ==, GST_FLOW_OK);
}

static void
await_all (Sinks *sinks, guint rounds)
{
  for (guint i = 0; i < N; i++) {
    trib_assert_eventually (sink_rig_stat (sinks->rigs[i], "acknowledged") == rounds, 20000);
    g_assert_cmpuint (sink_rig_stat (sinks->rigs[i], "produced"), ==, rounds);
  }
}

static void
test_equal (void)
{
  g_auto (Sinks) sinks = { { NULL } };
  g_autoptr (GPtrArray) registry = NULL;

  start (&sinks, FALSE);
  push_all (&sinks, 10);
  g_assert_cmpuint (trib_test_count_threads ("kafka-client"), ==, 1);
  await_all (&sinks, 10);
  registry = sink_rig_read (sinks.rigs[0], "vrs-frame-registry");
  g_assert_cmpuint (registry->len, ==, N / 2 * 10);
  /* one goes, the others stay */
  gst_element_set_state (sinks.rigs[3]->sink, GST_STATE_NULL);
  g_clear_pointer (&sinks.rigs[0], sink_rig_free);
  g_assert_cmpuint (trib_test_count_threads ("kafka-client"), ==, 1);
  g_assert_cmpint (
      gst_harness_push (sinks.rigs[1]->h, gst_buffer_new_memdup ("{}", 2)), ==, GST_FLOW_OK);
  trib_assert_eventually (sink_rig_stat (sinks.rigs[1], "acknowledged") == 11, 10000);
  sinks_clear (&sinks);
  g_assert_cmpuint (trib_test_count_threads ("kafka-client"), ==, 0);
}

static void
test_apart (void)
{
  g_auto (Sinks) sinks = { { NULL } };

  start (&sinks, TRUE);
  push_all (&sinks, 3);
  g_assert_cmpuint (trib_test_count_threads ("kafka-client"), ==, N);
  await_all (&sinks, 3);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/kafka-shared/equal", test_equal);
  g_test_add_func ("/kafka-shared/apart", test_apart);
  return trib_gst_test_run ();
}
