/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify-rig.h"

/* Many frames: every kind of finding that needs more than one, with the books that must close
 * around it (ARIA-1, ARIA-2). */

/* ---- clean ---- */

static void
test_clean (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  const TribKafkaVerifyCounts *c = trib_kafka_verify_get_counts (v);

  put_good (v, 0, 99);
  g_assert_cmpuint (trib_kafka_verify_get_open (v), ==, 0);
  assert_only (v, CLEAN, 0);
  g_assert_cmpuint (c->proven, ==, 100);
  g_assert_cmpuint (c->bytes, ==, 100 * strlen (PAYLOAD));
  g_assert_cmpint (c->first_t_ns, ==, T0);
  g_assert_cmpint (c->last_t_ns, ==, T0 + 99);
  g_assert_cmpuint (trib_kafka_verify_get_records (v, TRIB_KAFKA_TOPIC_REGISTRY), ==, 100);
}

/* the topics are read side by side: no order between them is promised */
static void
test_any_order (void)
{
  static const gchar *const orders[] = { "BMR", "BRM", "MBR", "MRB", "RBM", "RMB" };

  for (guint o = 0; o < G_N_ELEMENTS (orders); o++) {
    g_autoptr (TribKafkaVerify) v = new_books ();
    for (const gchar *topic = orders[o]; *topic; topic++) {
      for (guint64 i = 0; i < 5; i++) {
        Spec s = spec (i);
        if (*topic == 'B')
          put_bytes (v, &s);
        else if (*topic == 'M')
          put_metadata (v, &s);
        else
          put_entry (v, &s);
      }
    }
    g_assert_cmpuint (trib_kafka_verify_get_open (v), ==, 0);
    assert_only (v, CLEAN, 0);
    g_assert_cmpuint (trib_kafka_verify_get_counts (v)->proven, ==, 5);
  }
}

static void
test_many_streams (void)
{
  static const gchar *const sessions[] = { "b", NULL };
  static const gchar *const streams[] = { "s-2", NULL };
  g_autoptr (TribKafkaVerify) all = new_books ();
  g_autoptr (TribKafkaVerify) one = new_books_with (sessions, streams, 0);
  g_autoptr (GPtrArray) list = NULL;
  const TribKafkaVerifyStream *stream;
  gint64 offset = 0;

  for (guint64 i = 0; i < 10; i++) {
    for (guint k = 0; k < 4; k++) {
      Spec s = spec (i);
      s.session = k < 2 ? "a" : "b";
      s.stream = k % 2 ? "s-1" : "s-2";
      s.offset = offset++;
      put_all (all, &s);
      put_all (one, &s);
    }
  }
  assert_only (all, CLEAN, 0);
  assert_only (one, CLEAN, 0);
  g_assert_cmpuint (trib_kafka_verify_get_counts (all)->proven, ==, 40);
  g_assert_cmpuint (trib_kafka_verify_get_counts (one)->proven, ==, 10);
  list = trib_kafka_verify_list_streams (all);
  g_assert_cmpuint (list->len, ==, 4);
  stream = g_ptr_array_index (list, 1);
  g_assert_cmpstr (stream->session, ==, "a");
  g_assert_cmpstr (stream->stream, ==, "s-2");
  g_assert_cmpuint (stream->counts.proven, ==, 10);
}

/* a filter for a session that is not there must not read "clean" */
static void
test_nothing (void)
{
  static const gchar *const sessions[] = { "mistyped", NULL };
  g_autoptr (TribKafkaVerify) v = new_books_with (sessions, NULL, 0);

  put_good (v, 0, 3);
  assert_only (v, TRIB_KAFKA_VERIFY_NOTHING, 1);
}

/* nor may one whose other session is there */
static void
test_nothing_of_one (void)
{
  static const gchar *const sessions[] = { "there", "mistyped", NULL };
  static const gchar *const streams[] = { "s-1", "s-9", NULL };
  g_autoptr (TribKafkaVerify) v = new_books_with (sessions, streams, 0);
  Spec s = spec (0);

  s.session = "there";
  s.stream = "s-1";
  put_all (v, &s);
  assert_only (v, TRIB_KAFKA_VERIFY_NOTHING, 2);
}

/* ---- records without an entry ---- */

static void
test_orphans (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (2);

  put_good (v, 0, 1);
  put_bytes (v, &s);
  put_metadata (v, &s);
  put_good (v, 3, 3);
  g_assert_cmpuint (trib_kafka_verify_count_candidates (v), ==, 1);
  trib_kafka_verify_finish (v);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_ORPHAN_BYTES), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_ORPHAN_METADATA), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_total_found (v), ==, 2); /* and no gap */
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->orphans, ==, 2);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->proven, ==, 3);
  assert_books_close (trib_kafka_verify_get_counts (v));
}

/* what came after the end was taken is in flight; a late entry makes it a proven frame */
static void
test_in_flight (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (2);

  for (guint i = 0; i < 2; i++)
    trib_kafka_verify_set_orphan_limit (v, i, 0, 2);
  put_good (v, 0, 1);
  put_bytes (v, &s);
  put_metadata (v, &s);
  s = spec (3);
  put_bytes (v, &s);
  g_assert_cmpuint (trib_kafka_verify_count_candidates (v), ==, 0);
  s = spec (2);
  put_entry (v, &s);
  assert_only (v, CLEAN, 0);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->proven, ==, 3);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->in_flight, ==, 1);
}

static void
test_needed (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  s.binary_offset = 41;
  put_entry (v, &s);
  g_assert_cmpint (trib_kafka_verify_get_needed (v, TRIB_KAFKA_TOPIC_BINARY, 0), ==, 42);
  g_assert_cmpint (trib_kafka_verify_get_needed (v, TRIB_KAFKA_TOPIC_METADATA, 0), ==, 1);
  g_assert_cmpint (trib_kafka_verify_get_needed (v, TRIB_KAFKA_TOPIC_BINARY, 1), ==, 0);
}

/* bytes that are older than the oldest entry that retention left */
static void
test_before_oldest_entry (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  trib_kafka_verify_set_low (v, TRIB_KAFKA_TOPIC_REGISTRY, 0, 1);
  put_bytes (v, &s);
  put_metadata (v, &s);
  put_good (v, 1, 3);
  assert_only (v, CLEAN, 0);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->beyond, ==, 2);
}

/* ---- twice ---- */

static void
test_duplicates (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  put_all (v, &s); /* judged and forgotten */
  s.offset = 1;
  put_all (v, &s);
  s = spec (2);
  put_bytes (v, &s); /* still open */
  s.offset = 3;
  put_bytes (v, &s);
  s.offset = 2;
  s.binary_offset = 3; /* the entry means the second one */
  put_metadata (v, &s);
  put_entry (v, &s);
  s = spec (1);
  s.offset = 4;
  put_all (v, &s);
  trib_kafka_verify_finish (v);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_DUPLICATE_BYTES), ==, 2);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_DUPLICATE_METADATA), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_DUPLICATE_REGISTRY), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_total_found (v), ==, 4);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->duplicates, ==, 4);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->entries, ==, 3);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->proven, ==, 3);
  assert_books_close (trib_kafka_verify_get_counts (v));
}

/* an entry of one capture time, records of another: the same report in whichever order they come */
static void
test_index (gconstpointer data)
{
  gboolean entry_first = GPOINTER_TO_INT (data);
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0), other = spec (0);

  other.t_ns += 1;
  if (entry_first)
    put_entry (v, &other);
  put_bytes (v, &s);
  put_metadata (v, &s);
  if (!entry_first)
    put_entry (v, &other);
  trib_kafka_verify_finish (v);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_INDEX), ==, 2);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_KEY), ==, 2);
  g_assert_cmpuint (trib_kafka_verify_get_total_found (v), ==, 4);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->mismatched, ==, 1);
  assert_books_close (trib_kafka_verify_get_counts (v));
}

/* the first bytes of an index are not those that the entry names, the second are */
static void
test_index_of_bytes (gconstpointer data)
{
  gboolean entry_first = GPOINTER_TO_INT (data);
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0), other = spec (0);

  other.t_ns += 1;
  s.offset = 1;
  if (entry_first)
    put_entry (v, &s);
  put_bytes (v, &other);
  put_bytes (v, &s);
  put_metadata (v, &s);
  if (!entry_first)
    put_entry (v, &s);
  trib_kafka_verify_finish (v);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_INDEX), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_DUPLICATE_BYTES), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_total_found (v), ==, 2);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->proven, ==, 1);
  assert_books_close (trib_kafka_verify_get_counts (v));
}

static void
test_conflict (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  s.error_reason = "timed-out";
  put_entry (v, &s);
  s.error_reason = NULL;
  s.offset = 1;
  put_all (v, &s); /* LINKED after FAILED */
  s = spec (1);
  s.offset = 2;
  put_all (v, &s);
  s.error_reason = "timed-out";
  s.offset = 3;
  put_entry (v, &s); /* FAILED after LINKED */
  trib_kafka_verify_finish (v);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_CONFLICT), ==, 2);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_FAILED), ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_total_found (v), ==, 3);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->failed, ==, 1);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->proven, ==, 1);
  assert_books_close (trib_kafka_verify_get_counts (v));
}

/* ---- gaps, malformed, bounds ---- */

static void
test_gaps (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  const TribKafkaFinding *f;

  put_good (v, 10, 12);
  put_good (v, 14, 14);
  put_good (v, 20, 21);
  assert_only (v, TRIB_KAFKA_VERIFY_GAP, 6);
  g_assert_cmpuint (trib_kafka_verify_get_counts (v)->gaps, ==, 6);
  g_assert_cmpuint (trib_kafka_verify_get_findings (v, TRIB_KAFKA_VERIFY_GAP)->len, ==, 2);
  f = g_ptr_array_index (trib_kafka_verify_get_findings (v, TRIB_KAFKA_VERIFY_GAP), 1);
  g_assert_cmpuint (f->n, ==, 5);
  g_assert_nonnull (strstr (f->detail, "15 to 19"));
}

static void
put_raw (TribKafkaVerify *v, TribKafkaTopic topic, gint64 offset, const gchar *key)
{
  TribKafkaVerifyRecord record = { topic, 0, offset, key, key ? strlen (key) : 0, "x", 1, NULL, 0 };

  trib_kafka_verify_add (v, &record);
}

static void
test_malformed_keys (void)
{
  static const gchar *const keys[] = { NULL, "", "x", "s_214-1_01_5", "s_214-1_1_", "s__1_1",
    "s_214-1_99999999999999999999_1", "s_214-1_1_99999999999999999999" };
  static const gchar *const sessions[] = { "my_session-1", NULL };
  g_autoptr (TribKafkaVerify) v = new_books ();
  g_autoptr (TribKafkaVerify) filtered = new_books_with (sessions, NULL, 0);

  put_good (v, 0, 0);
  put_good (filtered, 0, 0);
  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    put_raw (v, TRIB_KAFKA_TOPIC_BINARY, i + 1, keys[i]);
    put_raw (filtered, TRIB_KAFKA_TOPIC_BINARY, i + 1, keys[i]);
  }
  assert_only (v, TRIB_KAFKA_VERIFY_MALFORMED, G_N_ELEMENTS (keys));
  g_assert_cmpuint (trib_kafka_verify_get_findings (v, TRIB_KAFKA_VERIFY_MALFORMED)->len, ==, 3);
  g_assert_cmpint (first (v, TRIB_KAFKA_VERIFY_MALFORMED)->offset, ==, 1);
  assert_only (filtered, CLEAN, 0);
  g_assert_cmpuint (trib_kafka_verify_get_unattributed (filtered), ==, G_N_ELEMENTS (keys));
}

static void
test_no_value (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();
  Spec s = spec (0);

  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    put (v, i, &s, NULL, 0, NULL, 0);
  trib_kafka_verify_finish (v);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_MALFORMED), ==, 2);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_NOTHING), ==, 1);
}

static void
test_unreadable (void)
{
  g_autoptr (TribKafkaVerify) v = new_books ();

  put_good (v, 0, 1);
  trib_kafka_verify_add_unreadable (v, TRIB_KAFKA_TOPIC_BINARY, 1, 12, "CRC of the batch");
  assert_only (v, TRIB_KAFKA_VERIFY_UNREADABLE, 1);
}

/* over the bound nothing is said that is not known: no false orphan, no false mismatch */
static void
test_bound (gconstpointer data)
{
  gboolean entries_first = GPOINTER_TO_INT (data);
  g_autoptr (TribKafkaVerify) v = new_books_with (NULL, NULL, 4);
  const TribKafkaVerifyCounts *c = trib_kafka_verify_get_counts (v);

  for (guint round = 0; round < 2; round++) {
    for (guint64 i = 0; i < 10; i++) {
      Spec s = spec (i);
      if ((round == 0) == entries_first) {
        put_entry (v, &s);
      } else {
        put_bytes (v, &s);
        put_metadata (v, &s);
      }
      g_assert_cmpuint (trib_kafka_verify_get_open (v), <=, 4);
      assert_books_close (c);
    }
  }
  trib_kafka_verify_finish (v);
  g_assert_cmpuint (c->entries, ==, 10);
  g_assert_cmpuint (c->proven, ==, 4);
  g_assert_cmpuint (c->pending, ==, 6);
  g_assert_cmpuint (trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_BOUND), >, 0);
  g_assert_cmpuint (trib_kafka_verify_get_total_found (v), ==,
      trib_kafka_verify_get_found (v, TRIB_KAFKA_VERIFY_BOUND));
  assert_books_close (c);
}

/* the same records in the same order give the same report */
static void
test_repeatable (void)
{
  GString *reports[2] = { g_string_new (NULL), g_string_new (NULL) };

  for (guint k = 0; k < 2; k++) {
    g_autoptr (TribKafkaVerify) v = new_books ();
    const GPtrArray *list;
    for (guint64 i = 0; i < 50; i++) {
      Spec s = spec (i * 7919 % 50);
      s.offset = (gint64) i;
      put_bytes (v, &s);
    }
    trib_kafka_verify_finish (v);
    list = trib_kafka_verify_get_findings (v, TRIB_KAFKA_VERIFY_ORPHAN_BYTES);
    for (guint i = 0; i < list->len; i++) {
      const TribKafkaFinding *f = g_ptr_array_index (list, i);
      g_string_append_printf (reports[k], "%s\n", f->frame_id);
    }
  }
  g_assert_cmpstr (reports[0]->str, ==, reports[1]->str);
  g_assert_true (g_str_has_prefix (reports[0]->str, "my_session-1_214-1_0_"));
  g_string_free (reports[0], TRUE);
  g_string_free (reports[1], TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/kafka/verify/ARIA-1/clean", test_clean);
  g_test_add_func ("/kafka/verify/ARIA-1/any-order", test_any_order);
  g_test_add_func ("/kafka/verify/ARIA-2/many-streams", test_many_streams);
  g_test_add_func ("/kafka/verify/nothing", test_nothing);
  g_test_add_func ("/kafka/verify/nothing-of-one", test_nothing_of_one);
  g_test_add_func ("/kafka/verify/orphans", test_orphans);
  g_test_add_func ("/kafka/verify/in-flight", test_in_flight);
  g_test_add_func ("/kafka/verify/needed", test_needed);
  g_test_add_func ("/kafka/verify/before-oldest-entry", test_before_oldest_entry);
  g_test_add_func ("/kafka/verify/duplicates", test_duplicates);
  g_test_add_data_func ("/kafka/verify/index/entry-first", GINT_TO_POINTER (TRUE), test_index);
  g_test_add_data_func ("/kafka/verify/index/entry-last", GINT_TO_POINTER (FALSE), test_index);
  g_test_add_data_func (
      "/kafka/verify/index/bytes/entry-first", GINT_TO_POINTER (TRUE), test_index_of_bytes);
  g_test_add_data_func (
      "/kafka/verify/index/bytes/entry-last", GINT_TO_POINTER (FALSE), test_index_of_bytes);
  g_test_add_func ("/kafka/verify/conflict", test_conflict);
  g_test_add_func ("/kafka/verify/gaps", test_gaps);
  g_test_add_func ("/kafka/verify/malformed/keys", test_malformed_keys);
  g_test_add_func ("/kafka/verify/no-value", test_no_value);
  g_test_add_func ("/kafka/verify/unreadable", test_unreadable);
  g_test_add_data_func ("/kafka/verify/bound/bytes-first", GINT_TO_POINTER (FALSE), test_bound);
  g_test_add_data_func ("/kafka/verify/bound/entries-first", GINT_TO_POINTER (TRUE), test_bound);
  g_test_add_func ("/kafka/verify/repeatable", test_repeatable);
  return g_test_run ();
}
