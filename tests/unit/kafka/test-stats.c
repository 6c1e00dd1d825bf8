/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>

#include <trib-test.h>

#include "stats-check.h"

static int
compare (const void *a, const void *b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return x < y ? -1 : x > y;
}

static void
test_empty (void)
{
  TribKafkaStats a = {
    0,
  };

  g_assert_cmpint (trib_kafka_stats_latency_us (&a, 0.5), ==, -1);
  g_assert_true (stats_close (&a));
}

/* below 16 us each value has its own bucket */
static void
test_exact (void)
{
  for (gint64 us = 0; us < 16; us++) {
    TribKafkaStats a = {
      0,
    };
    trib_kafka_stats_add_latency (&a, us);
    g_assert_cmpint (trib_kafka_stats_latency_us (&a, 0.0), ==, us);
    g_assert_cmpint (trib_kafka_stats_latency_us (&a, 0.99), ==, us);
    g_assert_cmpint (trib_kafka_stats_latency_us (&a, 1.0), ==, us);
  }
}

/* every power of two and its neighbours, up to the 35 minutes that the buckets reach */
static void
test_edges (void)
{
  for (guint top = 4; top < 31; top++) {
    for (gint64 us = (1LL << top) - 1; us <= (1LL << top) + 1; us++) {
      TribKafkaStats a = {
        0,
      };
      gint64 said;

      trib_kafka_stats_add_latency (&a, us);
      said = trib_kafka_stats_latency_us (&a, 0.5);
      g_assert_cmpint (ABS (said - us), <=, us / 16 + 1);
    }
  }
}

static void
test_out_of_range (void)
{
  TribKafkaStats a = {
    0,
  };

  trib_kafka_stats_add_latency (&a, -5);
  g_assert_cmpint (trib_kafka_stats_latency_us (&a, 0.5), ==, 0);
  trib_kafka_stats_add_latency (&a, G_MAXINT64);
  g_assert_cmpint (trib_kafka_stats_latency_us (&a, 1.0), >=, G_GINT64_CONSTANT (2000000000));
  g_assert_cmpuint (a.latency_samples, ==, 2);
}

static void
test_quantiles (void)
{
  static const gdouble quantiles[] = { 0.0, 0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0 };

  for (guint round = 0; round < 50; round++) {
    guint n = g_test_rand_int_range (1, 5000);
    g_autofree gint64 *values = g_new (gint64, n);
    g_autofree TribKafkaStats *a = g_new0 (TribKafkaStats, 1);

    for (guint i = 0; i < n; i++) {
      /* as many of a few microseconds as of minutes */
      values[i] = (gint64) exp2 (g_test_rand_double_range (0.0, 30.9));
      trib_kafka_stats_add_latency (a, values[i]);
    }
    qsort (values, n, sizeof *values, compare);
    for (guint q = 0; q < G_N_ELEMENTS (quantiles); q++) {
      gint64 expected = values[(guint) (quantiles[q] * (n - 1))];
      gint64 said = trib_kafka_stats_latency_us (a, quantiles[q]);
      g_assert_cmpint (ABS (said - expected), <=, expected / 16 + 1);
    }
  }
}

static void
test_close (void)
{
  TribKafkaStats a = {
    0,
  };

  a.produced = 108;
  g_assert_false (stats_close (&a));
  a.acknowledged = 40;
  a.pending = 7;
  for (guint i = 0; i < TRIB_KAFKA_N_FAILED; i++)
    a.failed[i] = i + 1;
  for (guint i = 0; i < TRIB_KAFKA_N_DROPPED; i++)
    a.dropped[i] = 5;
  g_assert_cmpuint (stats_failed (&a), ==, 36);
  g_assert_cmpuint (stats_dropped (&a), ==, 25);
  g_assert_true (stats_close (&a));
  a.failed[TRIB_KAFKA_N_FAILED - 1]++;
  g_assert_false (stats_close (&a));
}

/* the words are part of the registry entries: a changed one would be a changed contract */
static void
test_words (void)
{
  static const gchar *const failed[] = {
    [TRIB_KAFKA_FAILED_TIMED_OUT] = "timed-out",
    [TRIB_KAFKA_FAILED_TOO_LARGE] = "too-large",
    [TRIB_KAFKA_FAILED_PURGED] = "purged",
    [TRIB_KAFKA_FAILED_NOT_AUTHORIZED] = "not-authorized",
    [TRIB_KAFKA_FAILED_UNKNOWN_TOPIC] = "unknown-topic",
    [TRIB_KAFKA_FAILED_REFUSED] = "refused",
    [TRIB_KAFKA_FAILED_REGISTRY] = "registry",
    [TRIB_KAFKA_FAILED_MALFORMED] = "malformed",
  };
  static const gchar *const dropped[] = { "newest", "oldest", "non-key", "flushed", "overflow" };

  g_assert_cmpuint (G_N_ELEMENTS (failed), ==, TRIB_KAFKA_N_FAILED);
  g_assert_cmpuint (G_N_ELEMENTS (dropped), ==, TRIB_KAFKA_N_DROPPED);
  for (guint i = 0; i < TRIB_KAFKA_N_FAILED; i++)
    g_assert_cmpstr (trib_kafka_failed_to_string (i), ==, failed[i]);
  for (guint i = 0; i < TRIB_KAFKA_N_DROPPED; i++)
    g_assert_cmpstr (trib_kafka_dropped_to_string (i), ==, dropped[i]);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/stats/empty", test_empty);
  g_test_add_func ("/kafka/stats/latency/exact", test_exact);
  g_test_add_func ("/kafka/stats/latency/edges", test_edges);
  g_test_add_func ("/kafka/stats/latency/out-of-range", test_out_of_range);
  g_test_add_func ("/kafka/stats/latency/quantiles", test_quantiles);
  g_test_add_func ("/kafka/stats/close", test_close);
  g_test_add_func ("/kafka/stats/words", test_words);
  return trib_test_run ();
}
