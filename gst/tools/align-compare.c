/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Compares values of a setting on one input: a table, by value and source. */
#include "align-compare.h"

#include <align/trib-align-options.h>

#include <stdio.h>
#include <stdlib.h>

typedef struct {
  AlignLine line; /* no payload */
  gchar **expected;
} Arrival;

/* of a source in all streams */
typedef struct {
  gchar *name;
  guint64 answers, missing; /* in results */
} Source;

typedef struct {
  guint64 frames, complete, timeout;
  GArray *waits;      /* ns, of frames */
  GPtrArray *sources; /* of Source */
} Result;

static void
clear_arrival (gpointer data)
{
  g_strfreev (((Arrival *) data)->expected);
}

/* names of sources live as long as the input */
static GArray *
read_all (AlignInput *input, GError **error)
{
  GArray *arrivals = g_array_new (FALSE, FALSE, sizeof (Arrival));
  AlignLine line;

  g_array_set_clear_func (arrivals, clear_arrival);
  while (align_input_next (input, &line, error)) {
    Arrival a = { .line = line };
    if (line.record.expected)
      a.expected = g_strdupv ((gchar **) line.record.expected);
    a.line.record.expected = (const gchar *const *) a.expected;
    a.line.record.bytes = line.record.text.len;
    a.line.record.text = a.line.record.reason = (TribRecordSlice){ NULL, 0 };
    g_array_append_val (arrivals, a);
  }
  return arrivals;
}

static void
source_free (gpointer data)
{
  g_free (((Source *) data)->name);
  g_free (data);
}

static Source *
source_named (Result *result, const gchar *name)
{
  Source *source;

  for (guint i = 0; i < result->sources->len; i++) {
    source = result->sources->pdata[i];
    if (g_str_equal (source->name, name))
      return source;
  }
  source = g_new0 (Source, 1);
  source->name = g_strdup (name);
  g_ptr_array_add (result->sources, source);
  return source;
}

static void
count_result (Result *result, const TribAlignResult *r)
{
  if (r->reason == TRIB_ALIGN_REASON_LATE)
    return;
  result->frames++;
  result->complete += r->reason == TRIB_ALIGN_REASON_COMPLETE;
  result->timeout += r->reason == TRIB_ALIGN_REASON_TIMEOUT;
  g_array_append_val (result->waits, r->fused.wait_ns);
  for (guint i = 0; i < r->fused.n_answers; i++)
    if (i == 0 || r->have[i].index != r->have[i - 1].index)
      source_named (result, r->fused.answers[i].source)->answers++;
  for (guint i = 0; i < r->fused.n_missing; i++)
    source_named (result, r->fused.missing[i].source)->missing++;
}

static void
on_event (gpointer user_data, const TribAlignEvent *event)
{
  if (event->kind != TRIB_ALIGN_EVENT_EMIT)
    return;
  count_result (user_data, event->result);
  trib_align_result_free (event->result);
}

static gint
compare_ns (gconstpointer a, gconstpointer b)
{
  const gint64 *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static gdouble
wait_ms (GArray *waits, guint percent)
{
  if (waits->len == 0)
    return 0;
  return (gdouble) g_array_index (waits, gint64, (waits->len - 1) * percent / 100) / 1e6;
}

static void
print_source (const gchar *value, const Source *source, const TribAlignStreams *a)
{
  TribAlignCounts counts = { 0 };

  for (guint i = 0; i < trib_align_streams_get_n (a); i++) {
    const TribAlign *stream = trib_align_streams_get (a, i);
    for (guint k = 0; k < trib_align_get_n_sources (stream); k++) {
      TribAlignSourceInfo info;
      trib_align_get_source (stream, k, &info);
      if (!g_str_equal (info.name, source->name))
        continue;
      counts.late += info.counts.late;
      counts.duplicate += info.counts.duplicate;
    }
  }
  printf ("%-12s %-16s %8" G_GUINT64_FORMAT " %8s %8" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT
          " %8" G_GUINT64_FORMAT "\n",
      value, source->name, source->answers, "", source->missing, counts.late, counts.duplicate);
}

/* in the order in which the aligners know them, each once */
static void
print_sources (const gchar *value, Result *result, const TribAlignStreams *a)
{
  g_autoptr (GHashTable) printed = g_hash_table_new (NULL, NULL);

  for (guint i = 0; i < trib_align_streams_get_n (a); i++) {
    const TribAlign *stream = trib_align_streams_get (a, i);
    for (guint k = 0; k < trib_align_get_n_sources (stream); k++) {
      TribAlignSourceInfo info;
      Source *source;
      trib_align_get_source (stream, k, &info);
      source = source_named (result, info.name);
      if (g_hash_table_add (printed, source))
        print_source (value, source, a);
    }
  }
}

static gboolean
run_value (const TribAlignConfig *base, const gchar *name, const gchar *value,
    const GArray *arrivals, GError **error)
{
  TribAlignConfig config = *base;
  Result result = { .waits = NULL };
  g_autoptr (GArray) waits = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GPtrArray) sources = g_ptr_array_new_with_free_func (source_free);
  g_autoptr (TribAlignStreams) a = NULL;
  TribAlignTotals totals;
  gint64 now = 0;

  result.waits = waits;
  result.sources = sources;
  if (!trib_align_config_set (&config, name, value, error))
    return FALSE;
  a = trib_align_streams_new (&config, on_event, NULL, &result, error);
  if (a == NULL)
    return FALSE;
  for (guint i = 0; i < arrivals->len; i++) {
    const Arrival *arrival = &g_array_index (arrivals, Arrival, i);
    now = MAX (now, arrival->line.now_ns);
    align_line_apply (&arrival->line, a);
  }
  trib_align_streams_finish (a, now);
  g_array_sort (waits, compare_ns);
  trib_align_streams_get_totals (a, &totals);
  printf ("%-12s %-16s %8" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT
          " %8" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT " %9.3f %9.3f\n",
      value, "(all)", result.complete, result.timeout,
      result.frames - result.complete - result.timeout, totals.counts.late, totals.counts.duplicate,
      wait_ms (waits, 50), wait_ms (waits, 99));
  print_sources (value, &result, a);
  return TRUE;
}

/* before anything is read: one invalid value fails the whole table */
static gboolean
check_values (const TribAlignConfig *base, const gchar *name, gchar **values, GError **error)
{
  static const gchar *const lists[] = { "sources", "lateness", "source-offset", NULL };

  if (g_strv_contains (lists, name)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--compare: %s is a list; lists cannot be compared", name);
    return FALSE;
  }
  for (guint i = 0; values[i]; i++) {
    TribAlignConfig config = *base;
    if (!trib_align_config_set (&config, name, values[i], error))
      return FALSE;
  }
  return TRUE;
}

/**
 * align_compare:
 * @config: the other settings
 * @what: NAME=VALUE,VALUE...
 * @input: an arrival log; all of it is kept, without the observations
 * @error: return location
 *
 * Prints the table.
 *
 * Returns: the exit status
 */
gint
align_compare (const TribAlignConfig *config, const gchar *what, AlignInput *input, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (what, "=", 2);
  g_auto (GStrv) values = NULL;
  g_autoptr (GArray) arrivals = NULL;

  if (parts[0] == NULL || parts[1] == NULL || *parts[1] == '\0') {
    g_set_error_literal (
        error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE, "--compare: expected NAME=VALUE,VALUE...");
    return 2;
  }
  values = g_strsplit (parts[1], ",", -1);
  if (!check_values (config, parts[0], values, error))
    return 2;
  arrivals = read_all (input, error);
  if (error && *error)
    return 2;
  printf ("%-12s %-16s %8s %8s %8s %8s %8s %9s %9s\n", parts[0], "source", "complete", "timeout",
      "other", "late", "dup", "wait p50", "wait p99");
  for (guint i = 0; values[i]; i++)
    if (!run_value (config, parts[0], values[i], arrivals, error))
      return 2;
  printf (
      "Of a source: complete: results with its answer; other: results without it. Waits in ms.\n");
  return align_input_n_bad (input) > 0 ? 1 : 0;
}
