/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "extract-rig.h"

#include <string.h>

#define MS TRIB_EXTRACT_MS

typedef struct {
  gint64 at;
  gint branch;
  guint64 frame;
} Due;

typedef struct {
  gchar letter;
  gint64 service;
} Sim;

struct _Rig {
  TribExtractConfig config;
  TribExtract *x;
  GArray *sims; /* of Sim, by number of the branch */
  GArray *due;  /* of Due, to be answered */
  GString *told;
  gint n_payloads; /* out */
  GArray *running; /* of Due: begun, and nothing has become of it yet */
  guint n_frames;
  gint64 now;
};

static const gchar *
letter_of (Rig *rig, gint branch)
{
  static gchar text[2];

  text[0] = g_array_index (rig->sims, Sim, branch).letter;
  return text;
}

G_GNUC_PRINTF (3, 4)
static void
tell (Rig *rig, gint64 now, const gchar *format, ...)
{
  va_list args;

  if (rig->told->len > 0)
    g_string_append_c (rig->told, ' ');
  va_start (args, format);
  g_string_append_vprintf (rig->told, format, args);
  va_end (args);
  g_string_append_printf (rig->told, "@%g", (gdouble) now / MS);
}

static void
tell_decision (Rig *rig, const TribExtractEvent *event)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (!event->admitted) {
    tell (rig, event->now_ns, "%" G_GUINT64_FORMAT "!%s", event->frame->frame_id,
        trib_extract_outcome_to_string (event->outcome));
    return;
  }
  for (guint i = 0; i < event->n_branches; i++) {
    const gchar *letter = letter_of (rig, event->branches[i]);
    if (event->outcomes[i] == TRIB_EXTRACT_RUN)
      g_string_append (text, letter);
    else
      g_string_append_printf (
          text, "-%s(%s)", letter, trib_extract_outcome_to_string (event->outcomes[i]));
  }
  tell (rig, event->now_ns, "%" G_GUINT64_FORMAT ":%s", event->frame->frame_id, text->str);
}

static void
start (Rig *rig, const TribExtractEvent *event)
{
  const Sim *sim = &g_array_index (rig->sims, Sim, event->branch);
  Due due = {
    .at = event->now_ns + sim->service, .branch = event->branch, .frame = event->frame->frame_id
  };

  g_assert_nonnull (event->frame->payload);
  g_array_append_val (rig->running, due);
  g_assert_cmpuint (rig->running->len, <=, rig->config.workers);
  if (sim->service >= 0)
    g_array_append_val (rig->due, due);
}

/* a job ends once, begun or not */
static void
stop (Rig *rig, const TribExtractEvent *event)
{
  for (guint i = 0; i < rig->running->len; i++) {
    const Due *due = &g_array_index (rig->running, Due, i);
    if (due->branch == event->branch && due->frame == event->frame->frame_id) {
      g_array_remove_index (rig->running, i);
      return;
    }
  }
}

static void
on_event (gpointer user_data, const TribExtractEvent *event)
{
  static const gchar *const breakers[] = { "closed", "open", "trying" };
  Rig *rig = user_data;
  const gchar *b = event->branch >= 0 ? letter_of (rig, event->branch) : "";
  guint64 n = event->frame ? event->frame->frame_id : 0;

  g_assert_cmpint (event->now_ns, >=, rig->now);
  rig->now = event->now_ns;
  switch (event->kind) {
    case TRIB_EXTRACT_EVENT_DECISION:
      tell_decision (rig, event);
      break;
    case TRIB_EXTRACT_EVENT_START:
      start (rig, event);
      break;
    case TRIB_EXTRACT_EVENT_SKIPPED:
      stop (rig, event);
      tell (rig, event->now_ns, "%s%" G_GUINT64_FORMAT "s(%s)", b, n,
          trib_extract_outcome_to_string (event->outcome));
      break;
    case TRIB_EXTRACT_EVENT_ANSWERED:
    case TRIB_EXTRACT_EVENT_EMPTY:
      stop (rig, event);
      tell (rig, event->now_ns, "%s%" G_GUINT64_FORMAT "%s", b, n,
          event->kind == TRIB_EXTRACT_EVENT_EMPTY ? "e" : "");
      break;
    case TRIB_EXTRACT_EVENT_TIMEOUT:
      stop (rig, event);
      tell (rig, event->now_ns, "%s%" G_GUINT64_FORMAT "t", b, n);
      break;
    case TRIB_EXTRACT_EVENT_LATE:
      tell (rig, event->now_ns, "%s%" G_GUINT64_FORMAT "l", b, n);
      break;
    case TRIB_EXTRACT_EVENT_DUPLICATE:
      tell (rig, event->now_ns, "%s%" G_GUINT64_FORMAT "d", b, n);
      break;
    case TRIB_EXTRACT_EVENT_UNMATCHED:
      tell (rig, event->now_ns, "%s?", b);
      break;
    case TRIB_EXTRACT_EVENT_FINISHED:
      tell (rig, event->now_ns, "%" G_GUINT64_FORMAT ".", n);
      break;
    case TRIB_EXTRACT_EVENT_BREAKER:
      tell (rig, event->now_ns, "%s:%s", b, breakers[event->breaker]);
      break;
  }
}

static void
on_release (gpointer user_data, gpointer payload)
{
  Rig *rig = user_data;

  rig->n_payloads--;
  g_free (payload);
}

Rig *
rig_new (void)
{
  Rig *rig = g_new0 (Rig, 1);

  trib_extract_config_init (&rig->config);
  rig->sims = g_array_new (FALSE, TRUE, sizeof (Sim));
  rig->due = g_array_new (FALSE, FALSE, sizeof (Due));
  rig->running = g_array_new (FALSE, FALSE, sizeof (Due));
  rig->told = g_string_new (NULL);
  return rig;
}

void
rig_free (Rig *rig)
{
  g_clear_pointer (&rig->x, trib_extract_free);
  g_assert_cmpint (rig->n_payloads, ==, 0);
  g_array_unref (rig->sims);
  g_array_unref (rig->due);
  g_array_unref (rig->running);
  g_string_free (rig->told, TRUE);
  g_free (rig);
}

TribExtractConfig *
rig_config (Rig *rig)
{
  return &rig->config;
}

TribExtract *
rig_extract (Rig *rig)
{
  if (rig->x == NULL)
    rig->x = trib_extract_new (&rig->config, on_event, on_release, rig);
  return rig->x;
}

gint
rig_add_branch (Rig *rig, gchar letter, gdouble service_ms, const TribExtractBranchConfig *config)
{
  TribExtractBranchConfig own;
  Sim sim = { .letter = letter, .service = (gint64) (service_ms * MS) };
  gchar name[] = { letter, '\0' };

  trib_extract_branch_config_init (&own);
  g_array_append_val (rig->sims, sim);
  return trib_extract_add_branch (rig_extract (rig), name, config ? config : &own, rig->now);
}

void
rig_set_service (Rig *rig, gint branch, gdouble service_ms)
{
  g_array_index (rig->sims, Sim, branch).service = (gint64) (service_ms * MS);
}

static guint
first_due (Rig *rig)
{
  guint best = G_MAXUINT;

  for (guint i = 0; i < rig->due->len; i++)
    if (best == G_MAXUINT
        || g_array_index (rig->due, Due, i).at < g_array_index (rig->due, Due, best).at)
      best = i;
  return best;
}

static void
run_until (Rig *rig, gint64 until)
{
  guint i;

  while ((i = first_due (rig)) != G_MAXUINT && g_array_index (rig->due, Due, i).at <= until) {
    Due due = g_array_index (rig->due, Due, i);
    g_array_remove_index (rig->due, i);
    trib_extract_answer (rig->x, due.branch, NULL, TRUE, due.frame, 0, due.at);
    trib_extract_returned (rig->x, due.branch, due.at);
  }
  trib_extract_advance (rig->x, until);
}

void
rig_run_until (Rig *rig, gdouble ms)
{
  run_until (rig, (gint64) (ms * MS));
}

static void
push (Rig *rig, TribExtractFrame *f, gdouble ms)
{
  f->has_frame_id = TRUE;
  f->t_ns = (gint64) (ms * MS);
  f->payload = g_malloc (1);
  run_until (rig, f->t_ns);
  rig->n_payloads++;
  trib_extract_push (rig->x, f, f->t_ns);
}

void
rig_frame (Rig *rig, guint64 frame, gdouble ms, gboolean key)
{
  TribExtractFrame f = { .frame_id = frame, .key = key };

  push (rig, &f, ms);
}

void
rig_frame_since (Rig *rig, guint64 frame, gdouble ms, gdouble since_ms)
{
  TribExtractFrame f = { .frame_id = frame, .has_base = TRUE, .base_ns = (gint64) (since_ms * MS) };

  push (rig, &f, ms);
}

void
rig_frames (Rig *rig, guint n, gdouble every_ms)
{
  for (guint i = 0; i < n; i++) {
    rig_frame (rig, rig->n_frames, rig->n_frames * every_ms, FALSE);
    rig->n_frames++;
  }
}

void
rig_answer (Rig *rig, gint branch, guint64 frame, gdouble ms)
{
  trib_extract_answer (rig->x, branch, NULL, TRUE, frame, 0, (gint64) (ms * MS));
}

void
rig_return (Rig *rig, gint branch, gdouble ms)
{
  trib_extract_returned (rig->x, branch, (gint64) (ms * MS));
}

void
rig_ignore (Rig *rig)
{
  g_string_truncate (rig->told, 0);
}

void
rig_expect (Rig *rig, const gchar *told)
{
  g_assert_cmpstr (rig->told->str, ==, told);
  rig_ignore (rig);
  rig_check_books (rig);
}

TribExtractCounts
rig_counts (Rig *rig, gint branch)
{
  TribExtractBranchInfo info;

  g_assert_true (trib_extract_get_branch (rig->x, branch, &info));
  return info.counts;
}

void
rig_check_books (Rig *rig)
{
  TribExtractTotals totals;
  guint64 frames;

  trib_extract_get_totals (rig->x, &totals);
  frames = totals.admitted + totals.waiting;
  for (guint i = 0; i < TRIB_EXTRACT_N_OUTCOMES; i++)
    frames += totals.dropped[i];
  g_assert_cmpuint (totals.frames, ==, frames);
  for (guint b = 0; b < rig->sims->len; b++) {
    TribExtractBranchInfo info;
    guint64 jobs;
    if (!trib_extract_get_branch (rig->x, (gint) b, &info))
      continue;
    jobs = info.counts.answered + info.counts.empty + info.counts.timeout + info.counts.pending;
    for (guint i = 0; i < TRIB_EXTRACT_N_OUTCOMES; i++)
      jobs += info.counts.skipped[i];
    g_assert_cmpuint (info.counts.jobs, ==, jobs);
  }
}
