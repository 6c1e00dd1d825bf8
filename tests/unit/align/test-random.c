/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ten thousand random recordings through random settings: what must hold whatever comes. A
 * failure names its seed; `--seed` of GTest repeats nothing here, the seed of a run is its
 * number. */
#include <align/trib-align-log.h>

#include <trib-test.h>

/* sanitizers make each of them ten to twenty times as long */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define RUNS 1000
#else
#define RUNS 10000
#endif
#define MAX_RECORDS 120
#define MS TRIB_ALIGN_MS
#define MOST_BYTES 149 /* of a record */

typedef struct {
  gint64 arrival;
  TribAlignRecord record;
} Arrival;

typedef struct {
  const TribAlignConfig *config;
  GString *log;
  GHashTable *given; /* epoch and time of results in pane 0 */
  gint64 last_t;
  guint64 last_epoch;
  guint n_payloads;
  gsize held_bytes; /* of payloads that the aligner holds */
  gboolean check_wait;
} Look;

static const gchar *const names[] = { "face", "pose", "gesture", "quality" };

/* ---- what comes ---- */

static void
make_config (GRand *r, TribAlignConfig *c)
{
  trib_align_config_init (c);
  c->mode = g_rand_int_range (r, 0, 4);
  c->sources = g_rand_boolean (r)   ? "face,pose!,gesture?"
               : g_rand_boolean (r) ? ""
                                    : "face,pose,gesture,quality";
  c->order = g_rand_int_range (r, 0, 2);
  c->window_base = g_rand_int_range (r, 0, 3);
  c->late_policy = g_rand_int_range (r, 0, 4);
  c->duplicate_policy = g_rand_int_range (r, 0, 3);
  if (c->mode == TRIB_ALIGN_MODE_APPROXIMATE)
    c->duplicate_policy = TRIB_ALIGN_DUPLICATE_FIRST;
  c->missing_policy = g_rand_int_range (r, 0, 3);
  c->rejoin = g_rand_int_range (r, 0, 2);
  c->advance = g_rand_int_range (r, 0, 2);
  c->match_key = g_rand_int_range (r, 0, 2);
  c->window_ms = (guint) g_rand_int_range (r, 0, 200);
  c->idle_timeout_ms = (guint) g_rand_int_range (r, 0, 300);
  c->allowed_lateness_ms = (guint) g_rand_int_range (r, 0, 50);
  c->max_wait_ms = g_rand_int_range (r, -1, 200);
  c->retain_ms = (guint) g_rand_int_range (r, 0, 300);
  c->learn_ms = (guint) g_rand_int_range (r, 0, 100);
  c->match_tolerance_ms = (guint) g_rand_int_range (r, 0, 10);
  c->quorum = (guint) g_rand_int_range (r, 0, 4);
  c->max_pending = (guint) g_rand_int_range (r, 1, 40);
  c->max_pending_bytes = (guint64) g_rand_int_range (r, 100, 20000);
  c->empty_windows = g_rand_boolean (r);
  c->idle_completes = g_rand_boolean (r);
  c->live = g_rand_boolean (r);
  c->jump_threshold_ms = g_rand_boolean (r) ? 5000 : 100;
}

static GArray *
make_arrivals (GRand *r)
{
  GArray *arrivals = g_array_new (FALSE, FALSE, sizeof (Arrival));
  guint n = (guint) g_rand_int_range (r, 1, MAX_RECORDS);
  gint64 now = g_rand_int_range (r, 0, 1000) * MS;

  for (guint i = 0; i < n; i++) {
    gint64 frame = i / 4 + g_rand_int_range (r, -2, 3);
    Arrival a = { 0 };
    now += g_rand_int_range (r, 0, 20) * MS / (g_rand_int_range (r, 1, 4));
    if (g_rand_int_range (r, 0, 40) == 0)
      now += 400 * MS;
    a.arrival = now;
    a.record.source = names[g_rand_int_range (r, 0, 4)];
    a.record.t_ns = frame * 33 * MS + g_rand_int_range (r, 0, 3);
    a.record.has_frame_id = g_rand_int_range (r, 0, 4) > 0;
    a.record.frame_id = (guint64) (frame + 10);
    a.record.has_seq = g_rand_boolean (r);
    a.record.seq = i / 2;
    a.record.bytes = 50 + i % (MOST_BYTES - 49);
    if (g_rand_int_range (r, 0, 60) == 0)
      a.record.t_ns += g_rand_boolean (r) ? 60000 * MS : -60000 * MS;
    if (g_rand_int_range (r, 0, 200) == 0)
      a.record.t_ns = g_rand_boolean (r) ? G_MAXINT64 : G_MININT64;
    switch (g_rand_int_range (r, 0, 20)) {
      case 0:
        a.record.kind = TRIB_ALIGN_KIND_EMPTY;
        break;
      case 1:
        a.record.kind = TRIB_ALIGN_KIND_SKIPPED;
        break;
      case 2:
        a.record.kind = TRIB_ALIGN_KIND_BOUND;
        break;
      case 3:
        a.record.kind = TRIB_ALIGN_KIND_ANNOUNCE;
        break;
      case 4:
        a.record.kind = g_rand_int_range (r, 0, 8) ? TRIB_ALIGN_KIND_OBS : TRIB_ALIGN_KIND_EOS;
        break;
      case 5:
        a.record.parts = 2;
        a.record.part = 1 + i % 2;
        break;
      default:
        break;
    }
    g_array_append_val (arrivals, a);
  }
  return arrivals;
}

/* ---- events ---- */

static void
check_result (Look *look, const TribAlignEvent *event)
{
  const TribRecordFused *g = &event->result->fused;
  g_autofree gchar *key
      = g_strdup_printf ("%" G_GUINT64_FORMAT "/%" G_GINT64_FORMAT "/%d/%" G_GUINT64_FORMAT,
          g->epoch, g->t_ns, g->has_frame_id, g->has_frame_id ? g->frame_id : 0);

  if (event->result->reason == TRIB_ALIGN_REASON_LATE)
    return;
  g_assert_cmpuint (g->pane, ==, 0);
  /* sets never cross, but need not begin in order */
  if (look->config->order == TRIB_ALIGN_ORDER_KEY && g->epoch == look->last_epoch
      && look->config->mode != TRIB_ALIGN_MODE_APPROXIMATE)
    g_assert_cmpint (g->t_ns, >=, look->last_t);
  look->last_t = g->t_ns;
  look->last_epoch = g->epoch;
  if (look->check_wait)
    g_assert_cmpint (g->wait_ns, <=, look->config->window_ms * MS);
  /* a retention of nothing forgets at once what has left */
  if (look->config->retain_ms >= 200 && look->config->max_pending >= 30
      && look->config->mode != TRIB_ALIGN_MODE_APPROXIMATE
      && look->config->order == TRIB_ALIGN_ORDER_KEY)
    g_assert_true (g_hash_table_add (look->given, g_steal_pointer (&key)));
}

static void
on_event (gpointer user_data, const TribAlignEvent *event)
{
  Look *look = user_data;

  trib_align_log_event (look->log, event);
  if (event->kind != TRIB_ALIGN_EVENT_EMIT)
    return;
  check_result (look, event);
  trib_align_result_free (event->result);
}

/* a payload is the arrival it came with */
static void
on_release (gpointer user_data, gpointer payload)
{
  Look *look = user_data;

  look->n_payloads--;
  look->held_bytes -= ((const Arrival *) payload)->record.bytes;
}

static guint64
sum (const TribAlignCounts *c)
{
  guint64 n = c->emitted + c->late + c->duplicate + c->pending;

  for (guint i = 0; i < TRIB_ALIGN_N_DROPPED; i++)
    n += c->dropped[i];
  return n;
}

static void
add_counts (TribAlignCounts *sums, const TribAlignCounts *c)
{
  sums->in += c->in;
  sums->emitted += c->emitted;
  sums->late += c->late;
  sums->duplicate += c->duplicate;
  sums->pending += c->pending;
  for (guint i = 0; i < TRIB_ALIGN_N_DROPPED; i++)
    sums->dropped[i] += c->dropped[i];
}

/* the counters of each source close, and their sums are those of all */
static void
check_books (const TribAlign *a, const TribAlignConfig *c)
{
  TribAlignTotals totals;
  TribAlignCounts sums = { 0 };

  trib_align_get_totals (a, &totals);
  g_assert_cmpuint (totals.counts.in, ==, sum (&totals.counts));
  if (c->mode != TRIB_ALIGN_MODE_APPROXIMATE)
    g_assert_cmpuint (totals.open, <=, c->max_pending);
  for (guint i = 0; i < trib_align_get_n_sources (a); i++) {
    TribAlignSourceInfo info;
    trib_align_get_source (a, i, &info);
    g_assert_cmpuint (info.counts.in, ==, sum (&info.counts));
    add_counts (&sums, &info.counts);
  }
  g_assert_cmpmem (&sums, sizeof sums, &totals.counts, sizeof totals.counts);
}

/* what waits and what is kept of frames that have left; with hold-last one record a source
 * beside it */
static void
check_bytes (const TribAlign *a, const TribAlignConfig *c, const Look *look)
{
  gboolean holds = c->missing_policy == TRIB_ALIGN_MISSING_HOLD_LAST;
  gsize stand_ins = holds ? G_N_ELEMENTS (names) * MOST_BYTES : 0;
  TribAlignTotals totals;

  trib_align_get_totals (a, &totals);
  g_assert_cmpuint (totals.pending_bytes, <=, c->max_pending_bytes);
  g_assert_cmpuint (totals.pending_bytes, <=, look->held_bytes);
  g_assert_cmpuint (look->held_bytes, <=, c->max_pending_bytes + stand_ins);
}

/* everything once; the log */
static GString *
play (const TribAlignConfig *c, const GArray *arrivals, Look *look, gboolean in_steps)
{
  TribAlign *a;
  gint64 now = 0;

  *look = (Look){ .config = c, .log = g_string_new (NULL), .last_t = G_MININT64 };
  look->given = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  look->check_wait = c->mode == TRIB_ALIGN_MODE_WINDOW && c->window_base == TRIB_ALIGN_BASE_ARRIVAL;
  a = trib_align_new (c, on_event, on_release, look, NULL);
  g_assert_nonnull (a);
  for (guint i = 0; i < arrivals->len; i++) {
    Arrival arrival = g_array_index (arrivals, Arrival, i);
    if (arrival.record.kind <= TRIB_ALIGN_KIND_SKIPPED) {
      look->n_payloads++;
      look->held_bytes += arrival.record.bytes;
      arrival.record.payload = &g_array_index (arrivals, Arrival, i);
    }
    /* asked often or seldom: the same */
    for (; in_steps && now < arrival.arrival; now += 7 * MS) {
      trib_align_advance (a, now);
      check_books (a, c);
    }
    trib_align_push (a, &arrival.record, arrival.arrival);
    check_books (a, c);
    check_bytes (a, c, look);
    now = MAX (now, arrival.arrival);
  }
  trib_align_finish (a, g_array_index (arrivals, Arrival, arrivals->len - 1).arrival + MS);
  check_books (a, c);
  {
    TribAlignTotals totals;
    trib_align_get_totals (a, &totals);
    g_assert_cmpuint (totals.counts.pending, ==, 0);
    g_assert_cmpuint (totals.pending_bytes, ==, 0);
    g_assert_cmpuint (totals.open, ==, 0);
  }
  trib_align_free (a);
  g_assert_cmpuint (look->n_payloads, ==, 0);
  g_assert_cmpuint (look->held_bytes, ==, 0);
  g_hash_table_unref (look->given);
  return look->log;
}

static void
test_anything (gconstpointer data)
{
  guint first = GPOINTER_TO_UINT (data);

  for (guint seed = first; seed < first + RUNS / 10; seed++) {
    g_autoptr (GRand) r = g_rand_new_with_seed (seed);
    g_autoptr (GArray) arrivals = NULL;
    GString *once, *again;
    TribAlignConfig c;
    Look look;

    g_test_message ("seed %u", seed);
    make_config (r, &c);
    arrivals = make_arrivals (r);
    once = play (&c, arrivals, &look, FALSE);
    again = play (&c, arrivals, &look, seed % 2);
    for (guint i = 0; i <= once->len; i++)
      if (once->str[i] != again->str[i])
        g_error ("seed %u: the same gives another thing: %.300s\n%.300s", seed, once->str + i,
            again->str + i);
    g_string_free (once, TRUE);
    g_string_free (again, TRUE);
  }
}

/* ---- the order of arrival does not matter while nothing is late ---- */

static void
on_result (gpointer user_data, const TribAlignEvent *event)
{
  GString *out = user_data;

  if (event->kind == TRIB_ALIGN_EVENT_LATE || event->kind == TRIB_ALIGN_EVENT_DROP)
    g_string_append (out, "LATE ");
  if (event->kind != TRIB_ALIGN_EVENT_EMIT)
    return;
  g_string_append_printf (out, "%" G_GINT64_FORMAT ":", event->result->fused.t_ns / MS);
  for (guint i = 0; i < event->result->fused.n_answers; i++)
    g_string_append_c (out, *event->result->fused.answers[i].source);
  g_string_append_c (out, ' ');
  trib_align_result_free (event->result);
}

/* each source's records in order, sources interleaved at random */
static GString *
interleave (GRand *r, TribAlignMode mode, guint n_frames, guint64 holes)
{
  GString *out = g_string_new (NULL);
  guint next[3] = { 0 };
  TribAlignConfig c;
  g_autoptr (TribAlign) a = NULL;

  trib_align_config_init (&c);
  c.mode = mode;
  c.sources = "face,pose,gesture";
  c.live = FALSE;
  c.idle_timeout_ms = 0;
  c.tumbling_ms = 100;
  c.max_pending = 10000;
  c.jump_threshold_ms = 0;
  a = trib_align_new (&c, on_result, NULL, out, NULL);
  for (guint left = 3 * n_frames; left > 0;) {
    guint s = (guint) g_rand_int_range (r, 0, 3), k = next[s];
    TribAlignRecord record = { .source = names[s], .t_ns = k * 33 * MS };
    if (k == n_frames)
      continue;
    next[s]++;
    left--;
    /* a hole is a frame that the source passes over in silence */
    if ((holes >> ((k * 3 + s) % 61)) & 1)
      continue;
    trib_align_push (a, &record, (gint64) (3 * n_frames - left) * MS);
  }
  trib_align_finish (a, (gint64) (3 * n_frames + 1) * MS);
  return out;
}

static void
test_interleaving (gconstpointer data)
{
  TribAlignMode mode = GPOINTER_TO_UINT (data);

  for (guint seed = 0; seed < 500; seed++) {
    g_autoptr (GRand) r = g_rand_new_with_seed (seed);
    guint64 holes = ((guint64) g_rand_int (r) << 32 | g_rand_int (r))
                    & ((guint64) g_rand_int (r) << 32 | g_rand_int (r));
    GString *x = interleave (r, mode, 40, holes), *y = interleave (r, mode, 40, holes);

    g_test_message ("seed %u", seed);
    g_assert_null (strstr (x->str, "LATE"));
    g_assert_cmpstr (x->str, ==, y->str);
    g_string_free (x, TRUE);
    g_string_free (y, TRUE);
  }
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  for (guint i = 0; i < 10; i++) {
    g_autofree gchar *path = g_strdup_printf ("/align/random/%u", i * RUNS / 10);
    g_test_add_data_func (path, GUINT_TO_POINTER (i * RUNS / 10), test_anything);
  }
  g_test_add_data_func ("/align/interleaving/watermark",
      GUINT_TO_POINTER (TRIB_ALIGN_MODE_WATERMARK), test_interleaving);
  g_test_add_data_func ("/align/interleaving/tumbling", GUINT_TO_POINTER (TRIB_ALIGN_MODE_TUMBLING),
      test_interleaving);
  return trib_test_run ();
}
