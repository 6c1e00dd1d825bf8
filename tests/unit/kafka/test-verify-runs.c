/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs of a session id, what they say at their ends, and frames of old producers (ARIA-40). */
#include "verify-rig.h"

#define RUNS "vrs-frame-runs"
#define SECOND G_GINT64_CONSTANT (1000000000)

/* frames @from to @to of a run that began at @t */
static void
put_run (TribKafkaVerify *v, gint64 t, guint64 from, guint64 to, gint64 *offset)
{
  for (guint64 i = from; i <= to; i++) {
    Spec s = spec (i);
    s.t_ns = t + (gint64) i * SECOND / 30;
    s.offset = (*offset)++;
    put_all (v, &s);
  }
}

static void
say (TribKafkaVerify *v, const gchar *stream, guint64 first, guint64 last, guint hour)
{
  g_autofree gchar *text = g_strdup_printf (
      "{\"session_id\":\"my_session-1\",\"stream_id\":\"%s\",\"first_index\":%" G_GUINT64_FORMAT
      ",\"last_index\":%" G_GUINT64_FORMAT ",\"sent\":%" G_GUINT64_FORMAT
      ",\"linked\":0,\"failed\":0,\"ended_at\":\"2024-08-01T%02u:00:00.000000\"}",
      stream, first, last, last - first + 1, hour);

  trib_kafka_verify_add_run (v, RUNS, 0, 0, text, strlen (text));
}

static const TribKafkaVerifyStream *
nth (TribKafkaVerify *v, guint i, guint n)
{
  g_autoptr (GPtrArray) streams = trib_kafka_verify_list_streams (v);

  g_assert_cmpuint (streams->len, ==, n);
  return g_ptr_array_index (streams, i);
}

static void
put_in (TribKafkaVerify *v, TribKafkaTopic topic, const Spec *s)
{
  if (topic == TRIB_KAFKA_TOPIC_METADATA)
    put_metadata (v, s);
  else if (topic == TRIB_KAFKA_TOPIC_BINARY)
    put_bytes (v, s);
  else
    put_entry (v, s);
}

/* the same session, stream and indices with other capture times: two runs, nothing wrong */
static void
test_two_runs (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  gint64 offset = 0;

  put_run (v, T0, 0, 9, &offset);
  put_run (v, T0 + 60 * SECOND, 0, 19, &offset);
  put_run (v, T0 - 60 * SECOND, 0, 4, &offset);
  assert_only (v, CLEAN, 0);
  g_assert_cmpuint (nth (v, 0, 3)->counts.proven, ==, 5);
  g_assert_cmpuint (nth (v, 1, 3)->counts.proven, ==, 10);
  g_assert_cmpuint (nth (v, 2, 3)->counts.proven, ==, 20);
  g_assert_cmpuint (nth (v, 2, 3)->run, ==, 3);
}

/* the topics are read at different speeds: a frame is of its run whenever it comes */
static void
test_topics_apart (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();

  for (TribKafkaTopic topic = 0; topic < TRIB_KAFKA_VERIFY_N_TOPICS; topic++) {
    for (guint i = 0; i < 40; i++) {
      Spec s = spec (i % 20);
      s.t_ns = T0 + (i / 20) * 60 * SECOND + (i % 20) * SECOND / 30;
      s.offset = i;
      put_in (v, topic, &s);
    }
  }
  assert_only (v, CLEAN, 0);
  g_assert_cmpuint (nth (v, 0, 2)->counts.proven, ==, 20);
  g_assert_cmpuint (nth (v, 1, 2)->counts.proven, ==, 20);
}

/* A file that is sent twice, faster than it was recorded: the capture times of the runs overlap.
 * Each topic is read as far as it goes, or they take turns. */
static void
test_overlap (gconstpointer data)
{
  guint turn = GPOINTER_TO_UINT (data), n = 4000;
  g_autoptr (TribKafkaVerify) v = new_books ();

  for (guint k = 0; k < 2 * n; k += turn) {
    for (TribKafkaTopic topic = 0; topic < TRIB_KAFKA_VERIFY_N_TOPICS; topic++) {
      for (guint i = k; i < k + turn && i < 2 * n; i++) {
        Spec s = spec (i % n);
        s.t_ns = T0 + (i / n) * 3 * SECOND + (i % n) * SECOND / 30;
        s.offset = i;
        put_in (v, topic, &s);
      }
    }
  }
  assert_only (v, CLEAN, 0);
  g_assert_cmpuint (nth (v, 0, 2)->counts.proven, ==, n);
  g_assert_cmpuint (nth (v, 1, 2)->counts.proven, ==, n);
}

/* frames in the order of decoding: times go back and forth, and it is one run */
static void
test_reordered (void)
{
  static const guint shown[] = { 0, 3, 1, 2 };
  g_autoptr (TribKafkaVerify) v = new_books ();

  for (guint i = 0; i < 2000; i++) {
    Spec s = spec (i);
    s.t_ns = T0 + (gint64) (i / 4 * 4 + shown[i % 4]) * SECOND / 25;
    put_all (v, &s);
  }
  assert_only (v, CLEAN, 0);
  g_assert_cmpuint (nth (v, 0, 1)->counts.proven, ==, 2000);
}

/* what the second run lacks is not hidden by the first */
static void
test_gap_of_second_run (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  gint64 offset = 0;

  put_run (v, T0, 0, 9, &offset);
  put_run (v, T0 + 60 * SECOND, 0, 4, &offset);
  put_run (v, T0 + 60 * SECOND, 7, 9, &offset);
  assert_only (v, TRIB_KAFKA_VERIFY_GAP, 2);
  g_assert_cmpuint (nth (v, 1, 2)->counts.gaps, ==, 2);
  g_assert_nonnull (strstr (first (v, TRIB_KAFKA_VERIFY_GAP)->detail, "run 2"));
}

/* a clock that was set back on the way: indices go on, and those between are missed */
static void
test_clock_set_back (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  gint64 offset = 0;

  put_run (v, T0, 0, 9, &offset);
  put_run (v, T0 - 60 * SECOND, 12, 19, &offset);
  say (v, "214-1", 0, 19, 1);
  assert_only (v, TRIB_KAFKA_VERIFY_GAP, 2);
}

/* a clock that is set back with every frame costs a bounded number of runs */
static void
test_wild_clock (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  g_autoptr (GPtrArray) streams = NULL;
  gint64 offset = 0;

  for (guint64 i = 0; i < 1000; i++)
    put_run (v, T0 - (gint64) i * SECOND, i, i, &offset);
  assert_only (v, CLEAN, 0);
  streams = trib_kafka_verify_list_streams (v);
  g_assert_cmpuint (streams->len, <=, 64);
}

static void
test_tail (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  gint64 offset = 0;

  put_run (v, T0, 3, 9, &offset);
  say (v, "214-1", 0, 14, 1);
  assert_only (v, TRIB_KAFKA_VERIFY_GAP, 8);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->sent, ==, 15);
  g_assert_cmpuint (nth (v, 0, 1)->counts.gaps, ==, 8);
}

/* each run its own end, in the order of time; where they are no pairs, only what no run has */
static void
test_tails_of_two_runs (void)
{
  for (guint n_said = 1; n_said <= 2; n_said++) {
    g_autoptr (TribKafkaVerify) v = new_books ();
    gint64 offset = 0;

    put_run (v, T0, 0, 19, &offset);
    put_run (v, T0 + 60 * SECOND, 0, 4, &offset);
    if (n_said == 2)
      say (v, "214-1", 0, 19, 1);
    say (v, "214-1", 0, 9, 2);
    assert_only (v, n_said == 2 ? TRIB_KAFKA_VERIFY_GAP : CLEAN, n_said == 2 ? 5 : 0);
  }
}

/* nothing of a whole stream */
static void
test_unseen (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  gint64 offset = 0;

  put_run (v, T0, 0, 9, &offset);
  say (v, "1201-1", 0, 4, 1);
  say (v, "214-1", 0, 9, 1);
  say (v, "300-1", 0, 6, 1);
  assert_only (v, TRIB_KAFKA_VERIFY_GAP, 12);
  g_assert_cmpuint (nth (v, 0, 3)->counts.gaps, ==, 5);
}

/* what retention may have removed is not missed */
static void
test_retention (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  gint64 offset = 5;

  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    trib_kafka_verify_set_low (v, i, 0, 5);
  put_run (v, T0, 5, 9, &offset);
  say (v, "214-1", 0, 9, 2);
  say (v, "1201-1", 0, 4, 1);
  assert_only (v, CLEAN, 0);
}

static void
test_malformed (void)
{
  static const gchar *const texts[] = { NULL, "", "{}", "[]",
    "{\"session_id\":\"s\",\"stream_id\":\"a_b\",\"first_index\":0,\"last_index\":1,\"sent\":2,"
    "\"ended_at\":\"2024-08-01T00:00:00\"}",
    "{\"session_id\":\"s\",\"stream_id\":\"a\",\"first_index\":2,\"last_index\":1,\"sent\":2,"
    "\"ended_at\":\"2024-08-01T00:00:00\"}",
    "{\"session_id\":\"s\",\"stream_id\":\"a\",\"first_index\":0,\"last_index\":1,\"sent\":2,"
    "\"ended_at\":\"yesterday\"}" };
  g_autoptr (TribKafkaVerify) v = new_books ();
  gint64 offset = 0;

  static const gchar nothing[] = "{\"session_id\":\"s\",\"stream_id\":\"a\",\"first_index\":null,"
                                 "\"last_index\":null,\"sent\":0,\"linked\":0,\"failed\":0,"
                                 "\"ended_at\":\"2024-08-01T00:00:00.000000\"}";

  put_run (v, T0, 0, 9, &offset);
  trib_kafka_verify_add_run (v, RUNS, 0, 0, nothing, strlen (nothing));
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    trib_kafka_verify_add_run (v, RUNS, 0, i, texts[i], texts[i] ? strlen (texts[i]) : 0);
  assert_only (v, TRIB_KAFKA_VERIFY_MALFORMED, G_N_ELEMENTS (texts));
}

/* ---- old producers ---- */

static void
put_old (
    TribKafkaVerify *v, TribKafkaTopic topic, const gchar *stream, guint index, const gchar *status)
{
  g_autofree gchar *key
      = g_strdup_printf ("s_%s_%u_%" G_GINT64_FORMAT, stream, index, T0 + index * SECOND);
  g_autofree gchar *text = g_strdup_printf ("{\"frame_id\":\"%s\",\"session_id\":\"s\","
                                            "\"stream_id\":\"%s\",\"frame_index\":%u,%s%s%s}",
      key, stream, index,
      topic == TRIB_KAFKA_TOPIC_METADATA
          ? "\"compression\":{\"format\":\"raw\",\"quality\":null,\"shape\":[2,2,3]}"
          : "\"metadata_offset\":null,\"binary_offset\":null,\"status\":\"",
      topic == TRIB_KAFKA_TOPIC_METADATA ? "" : status,
      topic == TRIB_KAFKA_TOPIC_METADATA ? "" : "\"");
  TribKafkaVerifyRecord record
      = { topic, 0, index, key, strlen (key), text, strlen (text), NULL, 0 };

  trib_kafka_verify_add (v, &record);
}

/* in whatever order, and with a stream id that the key alone does not give */
static void
test_old (gconstpointer data)
{
  guint from = GPOINTER_TO_UINT (data);
  g_autoptr (TribKafkaVerify) v = new_books ();

  for (guint k = 0; k < TRIB_KAFKA_VERIFY_N_TOPICS; k++)
    for (guint i = 0; i < 10; i++)
      put_old (v, (from + k) % TRIB_KAFKA_VERIFY_N_TOPICS, "slam_left", i, "LINKED");
  g_assert_cmpuint (trib_kafka_verify_get_open (v), ==, 0);
  assert_only (v, CLEAN, 0);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->unproven, ==, 10);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->proven, ==, 0);
  g_assert_cmpstr (nth (v, 0, 1)->session, ==, "s");
  g_assert_cmpstr (nth (v, 0, 1)->stream, ==, "slam_left");
}

static TribKafkaVerify *
new_books_of (const gchar *session, const gchar *stream)
{
  const gchar *sessions[] = { session, NULL }, *streams[] = { stream, NULL };

  return new_books_with (session ? sessions : NULL, stream ? streams : NULL, 0);
}

/* ours, of another session, and the same text; a header says so of some bytes */
static void
put_same_text (TribKafkaVerify *v, TribKafkaTopic topic, guint index)
{
  g_autofree gchar *key
      = g_strdup_printf ("s_slam_left_%u_%" G_GINT64_FORMAT, index, T0 + (3600 + index) * SECOND);
  TribKafkaHeader header = { "frame-id", key, strlen (key) };
  Spec s = spec (index);

  s.session = "s_slam";
  s.stream = "left";
  s.t_ns = T0 + (3600 + index) * SECOND;
  s.offset = 100 + index;
  if (topic == TRIB_KAFKA_TOPIC_METADATA)
    put_metadata (v, &s);
  else if (topic == TRIB_KAFKA_TOPIC_REGISTRY)
    put_entry (v, &s);
  else
    put (v, topic, &s, PAYLOAD, strlen (PAYLOAD), &header, index % 2);
}

/* A key that can be read in several ways, in whatever order its records are read: what was asked
 * for is taken, what only could have been is not. */
static void
test_old_filter (gconstpointer data)
{
  static const struct {
    const gchar *session, *stream;
    guint unproven, proven;
  } filters[] = {
    { "s", NULL, 10, 0 },
    { NULL, "slam_left", 10, 0 },
    { "s", "slam_left", 10, 0 },
    { "s_slam", NULL, 0, 5 },
    { NULL, "left", 0, 5 },
    { "s_slam", "left", 0, 5 },
    { "s_slam", "slam_left", 0, 0 },
    { "s", "left", 0, 0 },
  };
  guint from = GPOINTER_TO_UINT (data);

  for (guint n = 0; n < G_N_ELEMENTS (filters); n++) {
    g_autoptr (TribKafkaVerify) v = new_books_of (filters[n].session, filters[n].stream);
    const TribKafkaVerifyCounts *counts = trib_kafka_verify_get_counts (v);

    for (guint k = 0; k < TRIB_KAFKA_VERIFY_N_TOPICS; k++) {
      for (guint i = 0; i < 10; i++)
        put_old (v, (from + k) % TRIB_KAFKA_VERIFY_N_TOPICS, "slam_left", i, "LINKED");
      for (guint i = 0; i < 5; i++)
        put_same_text (v, (from + k) % TRIB_KAFKA_VERIFY_N_TOPICS, i);
    }
    g_assert_cmpuint (trib_kafka_verify_get_open (v), ==, 0);
    assert_only (v, filters[n].unproven + filters[n].proven ? CLEAN : TRIB_KAFKA_VERIFY_NOTHING,
        filters[n].unproven + filters[n].proven ? 0 : 1);
    g_assert_cmpuint (counts->unproven, ==, filters[n].unproven);
    g_assert_cmpuint (counts->proven, ==, filters[n].proven);
    g_assert_cmpuint (counts->entries, ==, filters[n].unproven + filters[n].proven);
  }
}

/* bytes twice, read before anything says whose they are; and bytes of which nothing ever says it */
static void
test_old_filter_early (void)
{
  g_autoptr (TribKafkaVerify) asked = new_books_of ("s", NULL);
  g_autoptr (TribKafkaVerify) other = new_books_of ("s_slam", NULL);
  g_autoptr (TribKafkaVerify) alone = new_books_of ("s", NULL);
  TribKafkaVerify *books[] = { asked, other };

  for (guint n = 0; n < G_N_ELEMENTS (books); n++) {
    for (guint i = 0; i < 2; i++)
      put_old (books[n], TRIB_KAFKA_TOPIC_BINARY, "slam_left", 0, "");
    put_old (books[n], TRIB_KAFKA_TOPIC_REGISTRY, "slam_left", 0, "LINKED");
    put_old (books[n], TRIB_KAFKA_TOPIC_METADATA, "slam_left", 0, "");
    g_assert_cmpuint (trib_kafka_verify_get_open (books[n]), ==, 0);
  }
  assert_only (asked, TRIB_KAFKA_VERIFY_DUPLICATE_BYTES, 1);
  assert_only (other, TRIB_KAFKA_VERIFY_NOTHING, 1);
  put_old (alone, TRIB_KAFKA_TOPIC_BINARY, "slam_left", 0, "");
  put_old (alone, TRIB_KAFKA_TOPIC_BINARY, "slam_left", 0, "");
  trib_kafka_verify_finish (alone);
  g_assert_cmpuint (trib_kafka_verify_get_found (alone, TRIB_KAFKA_VERIFY_ORPHAN_BYTES), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_found (alone, TRIB_KAFKA_VERIFY_DUPLICATE_BYTES), ==, 1);
}

static void
test_old_losses (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();

  put_old (v, TRIB_KAFKA_TOPIC_REGISTRY, "rgb", 0, "LINKED");
  put_old (v, TRIB_KAFKA_TOPIC_METADATA, "rgb", 0, "");
  put_old (v, TRIB_KAFKA_TOPIC_REGISTRY, "rgb", 1, "FAILED");
  trib_kafka_verify_finish (v);
  assert_books_close (trib_kafka_verify_get_counts (v));
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->missing, ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->failed, ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_MISSING_BYTES), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_total_found (v), ==, 2);
}

/* ---- long texts ---- */

static void
test_long_texts (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  g_autofree gchar *reason = g_strnfill (100000, 'r');
  GHashTableIter iter;
  gpointer key;

  for (guint i = 0; i < 3; i++) {
    Spec s = spec (i);
    s.error_reason = reason;
    put_entry (v, &s);
  }
  assert_only (v, TRIB_KAFKA_VERIFY_FAILED, 3);
  g_hash_table_iter_init (&iter, trib_kafka_verify_get_failed_reasons (v));
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_assert_cmpuint (strlen (key), <, 200);
  g_assert_cmpuint (strlen (first (v, TRIB_KAFKA_VERIFY_FAILED)->detail), <, 2000);
  g_assert_cmpuint (trib_kafka_verify_get_texts_cut (v), ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kafka/verify-runs/ARIA-2/two", test_two_runs);
  g_test_add_func ("/kafka/verify-runs/ARIA-2/topics-apart", test_topics_apart);
  g_test_add_data_func (
      "/kafka/verify-runs/ARIA-2/overlap/turns", GUINT_TO_POINTER (100), test_overlap);
  g_test_add_data_func (
      "/kafka/verify-runs/ARIA-2/overlap/apart", GUINT_TO_POINTER (8000), test_overlap);
  g_test_add_func ("/kafka/verify-runs/reordered", test_reordered);
  g_test_add_func ("/kafka/verify-runs/gap-of-second", test_gap_of_second_run);
  g_test_add_func ("/kafka/verify-runs/clock-set-back", test_clock_set_back);
  g_test_add_func ("/kafka/verify-runs/wild-clock", test_wild_clock);
  g_test_add_func ("/kafka/verify-runs/said/tail", test_tail);
  g_test_add_func ("/kafka/verify-runs/said/tails-of-two", test_tails_of_two_runs);
  g_test_add_func ("/kafka/verify-runs/said/unseen", test_unseen);
  g_test_add_func ("/kafka/verify-runs/said/retention", test_retention);
  g_test_add_func ("/kafka/verify-runs/said/malformed", test_malformed);
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++) {
    g_autofree gchar *path = g_strdup_printf ("/kafka/verify-runs/ARIA-40/old/%u", i);
    g_autofree gchar *filter = g_strdup_printf ("/kafka/verify-runs/ARIA-40/filter/%u", i);
    g_test_add_data_func (path, GUINT_TO_POINTER (i), test_old);
    g_test_add_data_func (filter, GUINT_TO_POINTER (i), test_old_filter);
  }
  g_test_add_func ("/kafka/verify-runs/ARIA-40/filter-early", test_old_filter_early);
  g_test_add_func ("/kafka/verify-runs/ARIA-40/old-losses", test_old_losses);
  g_test_add_func ("/kafka/verify-runs/long-texts", test_long_texts);
  return g_test_run ();
}
