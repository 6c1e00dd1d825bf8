/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sixteen sinks of both kinds and of equal settings in one process: each has a producer and
 * counters of its own. */
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
start (Sinks *sinks)
{
  for (guint i = 0; i < N; i++) {
    sinks->rigs[i] = sink_rig_new_element (i % 2 ? "kafkarecordsink" : "kafkabinarysink", "");
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

static guint
count_producers (void)
{
  return trib_test_count_threads ("kafka-client");
}

static void
test_independent (void)
{
  g_auto (Sinks) sinks = { { NULL } };
  g_autoptr (GPtrArray) registry = NULL;

  start (&sinks);
  push_all (&sinks, 10);
  g_assert_cmpuint (count_producers (), ==, N);
  await_all (&sinks, 10);
  registry = sink_rig_read (sinks.rigs[0], "vrs-frame-registry");
  g_assert_cmpuint (registry->len, ==, N / 2 * 10);
  /* two stop, the others go on */
  gst_element_set_state (sinks.rigs[3]->sink, GST_STATE_NULL);
  g_assert_cmpuint (count_producers (), ==, N - 1);
  g_clear_pointer (&sinks.rigs[0], sink_rig_free);
  g_assert_cmpuint (count_producers (), ==, N - 2);
  for (guint i = 1; i < N; i++) {
    if (i == 3)
      continue;
    g_assert_cmpint (
        gst_harness_push (sinks.rigs[i]->h, gst_buffer_new_memdup ("{}", 2)), ==, GST_FLOW_OK);
    trib_assert_eventually (sink_rig_stat (sinks.rigs[i], "acknowledged") == 11, 10000);
  }
  sinks_clear (&sinks);
  g_assert_cmpuint (count_producers (), ==, 0);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/kafka-independent", test_independent);
  return trib_gst_test_run ();
}
