/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ARIA-5: what happens at the bound, with a broker that is away. Nothing is lost in silence. */
#include "kafka-rig.h"

#include <string.h>

#define BOUND (1024 * 1024)
#define FRAME 50000

/* a rig whose broker has gone after the topics became known */
static Rig *
rig_without_broker (TribKafkaOverflow overflow, guint delivery_timeout_ms)
{
  Rig *rig = rig_new ();

  rig->config.max_pending_bytes = BOUND;
  rig->config.overflow = overflow;
  rig->config.delivery_timeout_ms = delivery_timeout_ms;
  rig_start (rig);
  rig_warm_up (rig);
  rig_down (rig);
  return rig;
}

typedef struct {
  Rig *rig;
  guint n;
  guint results[4];
  TribKafkaPublishResult last;
} Feeder;

/* stops at the first frame that is not taken or lost */
static gpointer
feed (gpointer data)
{
  Feeder *feeder = data;

  for (guint i = 0; i < feeder->n; i++) {
    g_autoptr (GError) error = NULL;
    feeder->last = rig_publish_full (feeder->rig, FRAME, TRUE, FALSE, &error);
    feeder->results[feeder->last]++;
    if (feeder->last == TRIB_KAFKA_PUBLISH_FLUSHING || feeder->last == TRIB_KAFKA_PUBLISH_ERROR)
      break;
  }
  return NULL;
}

/* another frame would not fit, and it has been offered */
static gboolean
is_blocked (gpointer data)
{
  TribKafkaStats a = rig_stats (data);

  return a.pending_bytes + FRAME > BOUND && a.blocked == 1;
}

/* frames that were dropped leave an entry with the reason, once the broker is back */
static guint
check_dropped (Rig *rig, const gchar *reason)
{
  g_autoptr (GPtrArray) registry = rig_read (rig, TRIB_KAFKA_TOPIC_REGISTRY);
  g_autoptr (GPtrArray) binary = rig_read (rig, TRIB_KAFKA_TOPIC_BINARY);
  guint n = 0;

  for (guint i = 0; i < registry->len; i++) {
    const RigRecord *entry = registry->pdata[i];
    g_autofree gchar *status = rig_json_string (entry, "status");
    g_autofree gchar *word = NULL;
    if (g_str_equal (status, "LINKED"))
      continue;
    word = rig_json_string (entry, "error_reason");
    g_assert_cmpstr (word, ==, reason);
    g_assert_null (rig_find (binary, entry->key));
    n++;
  }
  return n;
}

static void
test_block_flushed (void)
{
  g_autoptr (Rig) rig = rig_without_broker (TRIB_KAFKA_OVERFLOW_BLOCK, 30000);
  Feeder feeder = { .rig = rig, .n = 1000 };
  GThread *thread = g_thread_new ("feeder", feed, &feeder);
  TribKafkaStats a;
  TribKafkaItem item = { .form = TRIB_KAFKA_FORM_BINARY };
  guint64 produced;

  g_assert_true (trib_wait_until (is_blocked, rig, 10000));
  trib_kafka_publisher_set_flushing (rig->p, TRUE);
  g_thread_join (thread);
  g_assert_cmpint (feeder.last, ==, TRIB_KAFKA_PUBLISH_FLUSHING);
  a = rig_stats (rig);
  /* the flushed one is not counted yet */
  produced = feeder.results[TRIB_KAFKA_PUBLISH_TAKEN] + 1;
  g_assert_cmpuint (a.produced, ==, produced);
  item.payload = rig_payload (rig, FRAME);
  item.frame = rig_frame (rig);
  trib_kafka_publisher_count_flushed (rig->p, &item);
  g_bytes_unref (item.payload);
  a = rig_stats (rig);
  g_assert_cmpuint (a.produced, ==, produced + 1);
  g_assert_cmpuint (a.dropped[TRIB_KAFKA_DROPPED_FLUSHED], ==, 1);
  /* while flushing, a wait ends before it begins */
  g_assert_cmpint (rig_publish (rig, FRAME), ==, TRIB_KAFKA_PUBLISH_FLUSHING);
  trib_kafka_publisher_set_flushing (rig->p, FALSE);
  rig_up (rig);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, produced);
  g_assert_cmpuint (rig_check_registry (rig), ==, produced);
  g_assert_cmpuint (check_dropped (rig, "dropped-flushed"), ==, 1);
}

static void
test_block_until_it_is_back (void)
{
  g_autoptr (Rig) rig = rig_without_broker (TRIB_KAFKA_OVERFLOW_BLOCK, 30000);
  Feeder feeder = { .rig = rig, .n = 60 };
  GThread *thread = g_thread_new ("feeder", feed, &feeder);

  g_assert_true (trib_wait_until (is_blocked, rig, 10000));
  rig_up (rig);
  g_thread_join (thread);
  g_assert_cmpuint (feeder.results[TRIB_KAFKA_PUBLISH_TAKEN], ==, 60);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 61);
  g_assert_cmpuint (rig_check_registry (rig), ==, 61);
}

/* the deadline fails what waits for space, what waits here, and what the client has */
static void
test_block_deadline (void)
{
  g_autoptr (Rig) rig = rig_without_broker (TRIB_KAFKA_OVERFLOW_BLOCK, 1500);
  Feeder feeder = { .rig = rig, .n = 21 };
  TribKafkaStats a;

  feed (&feeder);
  /* the last one fails while it waits, or is taken the moment before, when the first ones have
   * failed */
  g_assert_cmpuint (feeder.results[TRIB_KAFKA_PUBLISH_LOST], <=, 1);
  g_assert_cmpuint (
      feeder.results[TRIB_KAFKA_PUBLISH_TAKEN], ==, 21 - feeder.results[TRIB_KAFKA_PUBLISH_LOST]);
  trib_assert_eventually (rig_stats (rig).pending == 0, 10000);
  a = rig_stats (rig);
  g_assert_cmpuint (a.failed[TRIB_KAFKA_FAILED_TIMED_OUT], ==, 21);
  g_assert_cmpuint (stats_failed (&a), ==, 21);
  rig_up (rig);
  rig_drain (rig);
  g_assert_cmpint (rig_publish (rig, FRAME), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 2);
  g_assert_cmpuint (rig_check_registry (rig), ==, 2);
}

static void
test_policy_changes_while_it_waits (void)
{
  g_autoptr (Rig) rig = rig_without_broker (TRIB_KAFKA_OVERFLOW_BLOCK, 30000);
  Feeder feeder = { .rig = rig, .n = 40 };
  GThread *thread = g_thread_new ("feeder", feed, &feeder);

  g_assert_true (trib_wait_until (is_blocked, rig, 10000));
  trib_kafka_publisher_set_overflow (rig->p, TRIB_KAFKA_OVERFLOW_DROP_NEWEST);
  g_thread_join (thread);
  g_assert_cmpuint (feeder.results[TRIB_KAFKA_PUBLISH_TAKEN], >, 0);
  g_assert_cmpuint (feeder.results[TRIB_KAFKA_PUBLISH_LOST], >, 0);
  g_assert_cmpuint (
      feeder.results[TRIB_KAFKA_PUBLISH_LOST] + feeder.results[TRIB_KAFKA_PUBLISH_TAKEN], ==, 40);
}

static void
test_drop_newest (void)
{
  g_autoptr (Rig) rig = rig_without_broker (TRIB_KAFKA_OVERFLOW_DROP_NEWEST, 30000);
  g_autoptr (GPtrArray) binary = NULL;
  Feeder feeder = { .rig = rig, .n = 60 };
  TribKafkaStats a;
  guint n_taken;

  feed (&feeder);
  n_taken = feeder.results[TRIB_KAFKA_PUBLISH_TAKEN];
  g_assert_cmpuint (n_taken, >=, 15);
  g_assert_cmpuint (feeder.results[TRIB_KAFKA_PUBLISH_LOST], ==, 60 - n_taken);
  a = rig_stats (rig);
  g_assert_cmpuint (a.dropped[TRIB_KAFKA_DROPPED_NEWEST], ==, 60 - n_taken);
  g_assert_cmpuint (a.pending, ==, n_taken);
  rig_up (rig);
  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (a.acknowledged, ==, 1 + n_taken);
  g_assert_cmpuint (a.loss_records, ==, 60 - n_taken);
  g_assert_cmpuint (rig_check_registry (rig), ==, 1 + n_taken);
  g_assert_cmpuint (check_dropped (rig, "dropped-newest"), ==, 60 - n_taken);
  /* the oldest stayed */
  binary = rig_read (rig, TRIB_KAFKA_TOPIC_BINARY);
  for (guint i = 0; i < binary->len; i++)
    g_assert_cmpint (
        g_ascii_strtoll (
            g_hash_table_lookup (((RigRecord *) binary->pdata[i])->headers, "sequence"), NULL, 10),
        ==, i);
}

static void
test_drop_oldest (void)
{
  g_autoptr (Rig) rig = rig_without_broker (TRIB_KAFKA_OVERFLOW_DROP_OLDEST, 30000);
  g_autoptr (GPtrArray) binary = NULL;
  Feeder feeder = { .rig = rig, .n = 60 };
  TribKafkaStats a;
  const RigRecord *last;

  feed (&feeder);
  g_assert_cmpuint (feeder.results[TRIB_KAFKA_PUBLISH_TAKEN], ==, 60);
  a = rig_stats (rig);
  g_assert_cmpuint (a.dropped[TRIB_KAFKA_DROPPED_OLDEST], >=, 30);
  g_assert_cmpuint (a.dropped[TRIB_KAFKA_DROPPED_OLDEST] + a.pending, ==, 60);
  rig_up (rig);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, 1 + a.pending);
  g_assert_cmpuint (rig_check_registry (rig), ==, 1 + a.pending);
  g_assert_cmpuint (
      check_dropped (rig, "dropped-oldest"), ==, a.dropped[TRIB_KAFKA_DROPPED_OLDEST]);
  binary = rig_read (rig, TRIB_KAFKA_TOPIC_BINARY);
  last = binary->pdata[binary->len - 1];
  g_assert_cmpstr (g_hash_table_lookup (last->headers, "sequence"), ==, "60");
}

/* no frame that a decoder could not use: a key frame follows a gap */
static void
assert_decodable (Rig *rig)
{
  g_autoptr (GPtrArray) metadata = rig_read (rig, TRIB_KAFKA_TOPIC_METADATA);
  gint64 previous = -1;

  for (guint i = 0; i < metadata->len; i++) {
    const RigRecord *record = metadata->pdata[i];
    gint64 index = rig_json_int (record, "frame_index");
    gboolean key = strstr (record->value, "\"key_frame\":true") != NULL;

    if (rig->copies_allowed && rig_find (metadata, record->key) != record)
      continue;
    g_assert_cmpint (index, >, previous);
    if (index != previous + 1)
      g_assert_true (key);
    previous = index;
  }
}

static void
test_drop_non_key (void)
{
  g_autoptr (Rig) rig = rig_without_broker (TRIB_KAFKA_OVERFLOW_DROP_NON_KEY, 30000);
  TribKafkaStats a;

  /* the first is the warm-up's, a key frame too */
  for (guint i = 0; i < 150; i++) {
    gboolean key = i % 15 == 0;
    rig_publish_full (rig, key ? 90000 : 20000 + i, key, FALSE, NULL);
  }
  a = rig_stats (rig);
  g_assert_cmpuint (a.dropped[TRIB_KAFKA_DROPPED_NON_KEY], >, 0);
  g_assert_cmpuint (stats_dropped (&a), ==, a.dropped[TRIB_KAFKA_DROPPED_NON_KEY]);
  rig_up (rig);
  rig_drain (rig);
  a = rig_stats (rig);
  g_assert_cmpuint (rig_check_registry (rig), ==, a.acknowledged);
  g_assert_cmpuint (
      check_dropped (rig, "dropped-non-key"), ==, a.dropped[TRIB_KAFKA_DROPPED_NON_KEY]);
  assert_decodable (rig);
  /* and it goes on with the next key frame */
  g_assert_cmpint (rig_publish_full (rig, 100, FALSE, FALSE, NULL), ==, TRIB_KAFKA_PUBLISH_LOST);
  g_assert_cmpint (rig_publish_full (rig, 100, TRUE, FALSE, NULL), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  g_assert_cmpint (rig_publish_full (rig, 100, FALSE, FALSE, NULL), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  rig_drain (rig);
  assert_decodable (rig);
}

/* the same with a broker that is away at times and frames of all sizes */
static void
test_drop_non_key_random (void)
{
  g_autoptr (Rig) rig = rig_without_broker (TRIB_KAFKA_OVERFLOW_DROP_NON_KEY, 30000);

  /* it goes away while answers are on their way */
  rig->copies_allowed = TRUE;
  for (guint i = 0; i < 400; i++) {
    gboolean key = g_test_rand_int_range (0, 12) == 0;
    rig_publish_full (rig, g_test_rand_int_range (1, 40000), key, FALSE, NULL);
    if (i == 100 || i == 300)
      rig_up (rig);
    else if (i == 200)
      rig_down (rig);
  }
  rig_drain (rig);
  g_assert_cmpuint (rig_check_registry (rig), ==, rig_stats (rig).acknowledged);
  assert_decodable (rig);
}

/* a key frame that is too large is missing too for those behind it */
static void
test_drop_non_key_after_too_large (void)
{
  g_autoptr (Rig) rig = rig_new ();

  rig->config.max_pending_bytes = BOUND;
  rig->config.overflow = TRIB_KAFKA_OVERFLOW_DROP_NON_KEY;
  rig_start (rig);
  rig_warm_up (rig);
  rig_publish_full (rig, 100, FALSE, FALSE, NULL);
  rig_publish_full (rig, BOUND, TRUE, FALSE, NULL);
  g_assert_cmpint (rig_publish_full (rig, 100, FALSE, FALSE, NULL), ==, TRIB_KAFKA_PUBLISH_LOST);
  g_assert_cmpint (rig_publish_full (rig, 100, TRUE, FALSE, NULL), ==, TRIB_KAFKA_PUBLISH_TAKEN);
  rig_drain (rig);
  assert_decodable (rig);
}

static void
test_error (void)
{
  g_autoptr (Rig) rig = rig_without_broker (TRIB_KAFKA_OVERFLOW_ERROR, 30000);
  Feeder feeder = { .rig = rig, .n = 1000 };
  g_autoptr (GError) error = NULL;

  feed (&feeder);
  g_assert_cmpint (feeder.last, ==, TRIB_KAFKA_PUBLISH_ERROR);
  g_assert_cmpint (
      rig_publish_full (rig, FRAME, TRUE, FALSE, &error), ==, TRIB_KAFKA_PUBLISH_ERROR);
  g_assert_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_OVERFLOW);
  g_assert_nonnull (strstr (error->message, "max-pending-bytes=1048576"));
  g_assert_cmpuint (rig_stats (rig).dropped[TRIB_KAFKA_DROPPED_OVERFLOW], ==, 2);
  rig_up (rig);
  rig_drain (rig);
  g_assert_cmpuint (rig_check_registry (rig), ==, 1 + feeder.results[TRIB_KAFKA_PUBLISH_TAKEN]);
  g_assert_cmpuint (check_dropped (rig, "dropped-overflow"), ==, 2);
}

/* the bound holds before the first contact as well, and so do the policies */
static void
test_never_connected (void)
{
  g_autoptr (Rig) rig = rig_new ();
  Feeder feeder = { .rig = rig, .n = 60 };
  TribKafkaStats a;

  rig->config.max_pending_bytes = BOUND;
  rig->config.overflow = TRIB_KAFKA_OVERFLOW_DROP_OLDEST;
  rig_down (rig);
  rig_start (rig);
  feed (&feeder);
  a = rig_stats (rig);
  g_assert_cmpuint (a.waiting, ==, a.pending);
  g_assert_cmpuint (a.dropped[TRIB_KAFKA_DROPPED_OLDEST], ==, 60 - a.pending);
  rig_up (rig);
  rig_drain (rig);
  g_assert_cmpuint (rig_stats (rig).acknowledged, ==, a.pending);
  g_assert_cmpuint (rig_check_registry (rig), ==, a.pending);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/kafka/overflow/ARIA-5/block/flushed", test_block_flushed);
  g_test_add_func ("/kafka/overflow/ARIA-5/block/until-it-is-back", test_block_until_it_is_back);
  g_test_add_func ("/kafka/overflow/ARIA-5/block/deadline", test_block_deadline);
  g_test_add_func ("/kafka/overflow/policy-changes", test_policy_changes_while_it_waits);
  g_test_add_func ("/kafka/overflow/ARIA-5/drop-newest", test_drop_newest);
  g_test_add_func ("/kafka/overflow/ARIA-5/drop-oldest", test_drop_oldest);
  g_test_add_func ("/kafka/overflow/ARIA-5/drop-non-key", test_drop_non_key);
  g_test_add_func ("/kafka/overflow/drop-non-key/random", test_drop_non_key_random);
  g_test_add_func (
      "/kafka/overflow/drop-non-key/after-too-large", test_drop_non_key_after_too_large);
  g_test_add_func ("/kafka/overflow/ARIA-5/error", test_error);
  g_test_add_func ("/kafka/overflow/never-connected", test_never_connected);
  return rig_run_tests ();
}
