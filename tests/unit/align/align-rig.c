/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "align-rig.h"

#include <align/trib-align-options.h>

#include <stdlib.h>
#include <string.h>

struct _Rig {
  TribAlignStreams *a;
  gboolean tells_times;
  gboolean forgets; /* streams */
  guint told_kinds; /* bits of events beside those that are always written */
  GString *told;
  guint64 n_payloads; /* that the aligner holds */
  guint64 n_pushed;
};

static gchar *
ms (gint64 ns)
{
  return ns % TRIB_ALIGN_MS == 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, ns / TRIB_ALIGN_MS)
                                 : g_strdup_printf ("%.3f", (gdouble) ns / (gdouble) TRIB_ALIGN_MS);
}

static void put (Rig *rig, const gchar *format, ...) G_GNUC_PRINTF (2, 3);

static void
put (Rig *rig, const gchar *format, ...)
{
  va_list args;

  if (rig->told->len > 0)
    g_string_append_c (rig->told, ' ');
  va_start (args, format);
  g_string_append_vprintf (rig->told, format, args);
  va_end (args);
}

static void
put_result (Rig *rig, const TribAlignEvent *event)
{
  const TribAlignResult *r = event->result;
  const TribRecordFused *f = &r->fused;
  g_autofree gchar *t = ms (f->t_ns), *now = ms (event->now_ns);

  g_assert_true (trib_stream_key_equal (f->stream, event->stream));
  put (rig, "%s%s%s%s", f->stream ? f->stream->stream : "", f->stream ? f->stream->session : "",
      f->stream ? ":" : "", t);
  if (f->has_frame_id)
    g_string_append_printf (rig->told, "#%" G_GUINT64_FORMAT, f->frame_id);
  g_string_append_c (rig->told, '[');
  for (guint i = 0; i < f->n_answers; i++) {
    g_string_append (rig->told, f->answers[i].source);
    if (rig->tells_times) {
      g_autofree gchar *own = ms (r->have[i].record->t_ns);
      g_string_append (rig->told, own);
    }
    if (r->have[i].record->kind == TRIB_ALIGN_KIND_EMPTY)
      g_string_append_c (rig->told, 'e');
    if (f->answers[i].stale_ns >= 0) {
      g_autofree gchar *stale = ms (f->answers[i].stale_ns);
      g_string_append_printf (rig->told, "{%s}", stale);
    }
  }
  g_string_append_c (rig->told, ']');
  for (guint i = 0; i < f->n_missing; i++)
    g_string_append_printf (rig->told, "(%s:%s)", f->missing[i].source, f->missing[i].why);
  g_string_append (rig->told, f->reason);
  if (f->pane > 0)
    g_string_append_printf (rig->told, "/%u", f->pane);
  g_string_append_printf (rig->told, "@%s", now);
}

static void
put_record (Rig *rig, const gchar *what, const TribAlignEvent *event)
{
  g_autofree gchar *t = ms (event->t_ns), *now = ms (event->now_ns);

  put (rig, "%s:%s%s@%s", what, event->source, t, now);
}

static void
put_source (Rig *rig, const gchar *what, const TribAlignEvent *event)
{
  g_autofree gchar *now = ms (event->now_ns);

  put (rig, "%s:%s@%s", what, event->source ? event->source : "-", now);
}

/* events that are written only when `show` names them */
static void
put_more (Rig *rig, const TribAlignEvent *event)
{
  const TribRecordFused *f = event->result ? &event->result->fused : NULL;
  g_autofree gchar *t = ms (event->t_ns), *now = ms (event->now_ns);

  switch (event->kind) {
    case TRIB_ALIGN_EVENT_HOLDER:
      put_source (rig, "holder", event);
      break;
    case TRIB_ALIGN_EVENT_SOURCE:
      put_source (rig, "source", event);
      break;
    case TRIB_ALIGN_EVENT_STATS:
      put (rig, "stats@%s", now);
      break;
    case TRIB_ALIGN_EVENT_ANNOUNCE:
      put (rig, "announce:%s@%s", t, now);
      break;
    case TRIB_ALIGN_EVENT_SYNC_DELAY:
      put (rig, "delay:%s", t);
      for (guint i = 0; i < f->n_missing; i++)
        g_string_append_printf (rig->told, "(%s)", f->missing[i].source);
      g_string_append_printf (
          rig->told, "=%" G_GINT64_FORMAT "@%s", event->by_ns / TRIB_ALIGN_MS, now);
      break;
    default:
      break;
  }
}

static void
on_event (gpointer user_data, const TribAlignEvent *event)
{
  Rig *rig = user_data;
  g_autofree gchar *now = ms (event->now_ns);
  g_autofree gchar *drop
      = g_strdup_printf ("drop:%s", trib_align_dropped_to_string (event->dropped));

  switch (event->kind) {
    case TRIB_ALIGN_EVENT_EMIT:
      put_result (rig, event);
      trib_align_result_free (event->result);
      break;
    case TRIB_ALIGN_EVENT_LATE:
      put_record (rig, "late", event);
      break;
    case TRIB_ALIGN_EVENT_DUPLICATE:
      put_record (rig, "dup", event);
      break;
    case TRIB_ALIGN_EVENT_DROP:
      put_record (rig, drop, event);
      break;
    case TRIB_ALIGN_EVENT_IDLE:
      put_source (rig, "idle", event);
      break;
    case TRIB_ALIGN_EVENT_ACTIVE:
      put_source (rig, "active", event);
      break;
    case TRIB_ALIGN_EVENT_ALL_IDLE:
      put (rig, "allidle@%s", now);
      break;
    case TRIB_ALIGN_EVENT_JUMP:
      put_source (rig, "jump", event);
      break;
    case TRIB_ALIGN_EVENT_UNSYNCED:
      put_source (rig, "unsynced", event);
      break;
    case TRIB_ALIGN_EVENT_SYNCED:
      put_source (rig, "synced", event);
      break;
    case TRIB_ALIGN_EVENT_ID_REUSE:
      put_source (rig, "reuse", event);
      break;
    default:
      if (rig->told_kinds & 1u << event->kind)
        put_more (rig, event);
      break;
  }
}

static void
on_release (gpointer user_data, gpointer payload)
{
  Rig *rig = user_data;

  g_assert_cmpuint (rig->n_payloads, >, 0);
  rig->n_payloads--;
  g_free (payload);
}

static guint
kinds_of (const gchar *words)
{
  static const struct {
    const gchar *word;
    TribAlignEventKind kind;
  } known[] = {
    { "holder", TRIB_ALIGN_EVENT_HOLDER },
    { "source", TRIB_ALIGN_EVENT_SOURCE },
    { "stats", TRIB_ALIGN_EVENT_STATS },
    { "announce", TRIB_ALIGN_EVENT_ANNOUNCE },
    { "delay", TRIB_ALIGN_EVENT_SYNC_DELAY },
  };
  g_auto (GStrv) each = g_strsplit (words, ",", -1);
  guint kinds = 0;

  for (guint i = 0; each[i]; i++) {
    guint before = kinds;
    for (guint k = 0; k < G_N_ELEMENTS (known); k++)
      if (g_str_equal (known[k].word, each[i]))
        kinds |= 1u << known[k].kind;
    g_assert_cmpuint (kinds, !=, before);
  }
  return kinds;
}

Rig *
rig_new (const gchar *settings)
{
  g_auto (GStrv) words = g_strsplit (settings, " ", -1);
  g_autoptr (GError) error = NULL;
  Rig *rig = g_new0 (Rig, 1);
  TribAlignConfig config;

  trib_align_config_init (&config);
  config.sources = "F,P,G";
  config.stats_interval_ms = 0;
  for (guint i = 0; words[i]; i++) {
    gchar *value = strchr (words[i], '=');
    if (value == NULL)
      continue;
    *value++ = '\0';
    if (g_str_equal (words[i], "show"))
      rig->told_kinds = kinds_of (value);
    else if (g_str_equal (words[i], "forgets"))
      rig->forgets = g_str_equal (value, "yes");
    else if (g_str_equal (words[i], "times"))
      rig->tells_times = g_str_equal (value, "yes");
    else
      trib_align_config_set (&config, words[i], value, &error);
    g_assert_no_error (error);
  }
  rig->told = g_string_new (NULL);
  /* takes its own copy of what is text */
  rig->a = trib_align_streams_new (&config, on_event, on_release, rig, &error);
  g_assert_no_error (error);
  return rig;
}

void
rig_free (Rig *rig)
{
  trib_align_streams_free (rig->a);
  g_assert_cmpuint (rig->n_payloads, ==, 0);
  g_string_free (rig->told, TRUE);
  g_free (rig);
}

TribAlign *
rig_align (Rig *rig)
{
  return trib_align_streams_get (rig->a, 0);
}

TribAlignStreams *
rig_streams (Rig *rig)
{
  return rig->a;
}

static gint64
read_ms (const gchar **at)
{
  gchar *end;
  gdouble value = g_ascii_strtod (*at, &end);

  g_assert_true (end != *at);
  *at = end;
  return (gint64) (value * 1e6 + (value < 0 ? -0.5 : 0.5));
}

static guint64
read_number (const gchar **at)
{
  gchar *end;
  guint64 value = g_ascii_strtoull (*at, &end, 10);

  *at = end;
  return value;
}

/* digits only: a dot begins a sequence number; ns where an n follows */
static gint64
read_time (const gchar **at)
{
  gchar *end;
  gint64 value = g_ascii_strtoll (*at, &end, 10);

  g_assert_true (end != *at);
  *at = end;
  if (**at != 'n')
    return value * TRIB_ALIGN_MS;
  (*at)++;
  return value;
}

/* of "~a1", (nullable): stream a of session 1 */
static TribStreamKey *
read_stream (const gchar **at)
{
  gchar stream[2] = { (*at)[0], '\0' }, session[2] = { (*at)[1], '\0' };

  *at += 2;
  return trib_stream_key_new (session, stream);
}

static void
push_record (Rig *rig, const gchar *word)
{
  gchar name[2] = { *word, '\0' };
  TribAlignRecord record = { .kind = TRIB_ALIGN_KIND_OBS, .source = name };
  g_autoptr (TribStreamKey) stream = NULL;
  const gchar *at = word + 1;

  if (*at == 'b') {
    record.kind = TRIB_ALIGN_KIND_BOUND;
    at++;
  }
  if (g_str_has_prefix (at, "eos")) {
    record.kind = TRIB_ALIGN_KIND_EOS;
    at += 3;
  } else {
    record.t_ns = read_time (&at);
  }
  for (; *at && *at != '@';) {
    gchar what = *at++;
    switch (what) {
      case '#':
        record.has_frame_id = TRUE;
        record.frame_id = read_number (&at);
        break;
      case '.':
        record.has_seq = TRUE;
        record.seq = read_number (&at);
        break;
      case ':':
        record.part = (guint) read_number (&at);
        g_assert_cmpint (*at++, ==, '/');
        record.parts = (guint) read_number (&at);
        break;
      case 'e':
        record.kind = TRIB_ALIGN_KIND_EMPTY;
        break;
      case 's':
        record.kind = TRIB_ALIGN_KIND_SKIPPED;
        break;
      case 'l':
        record.is_late = TRUE;
        break;
      case '~':
        record.stream = stream = read_stream (&at);
        break;
      case '%':
        record.owner = GUINT_TO_POINTER (read_number (&at));
        break;
      default:
        g_error ("%s: what is '%c'?", word, what);
    }
  }
  at++;
  record.payload = g_strdup (word);
  record.bytes = 100;
  rig->n_payloads++;
  rig->n_pushed++;
  trib_align_streams_push (rig->a, &record, read_ms (&at));
}

static void
push_announce (Rig *rig, const gchar *word)
{
  g_autoptr (TribStreamKey) stream = NULL;
  const gchar *at = word + 1;
  TribAlignRecord record = { .kind = TRIB_ALIGN_KIND_ANNOUNCE, .t_ns = read_time (&at) };
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);

  if (*at == '#') {
    at++;
    record.has_frame_id = TRUE;
    record.frame_id = read_number (&at);
  }
  if (*at == '~') {
    at++;
    record.stream = stream = read_stream (&at);
  }
  if (*at == '=') {
    for (at++; *at != '@'; at++)
      g_ptr_array_add (names, g_strndup (at, 1));
    g_ptr_array_add (names, NULL);
    record.expected = (const gchar *const *) names->pdata;
  }
  g_assert_cmpint (*at++, ==, '@');
  trib_align_streams_push (rig->a, &record, read_ms (&at));
}

static void
run_word (Rig *rig, const gchar *word)
{
  const gchar *at = strchr (word, '@');
  gint64 now;

  if (g_str_has_prefix (word, "sources=")) {
    g_assert_true (trib_align_streams_set_sources (rig->a, word + 8, NULL));
    return;
  }
  g_assert_nonnull (at);
  at++;
  now = read_ms (&at);
  if (*word == '@')
    trib_align_streams_advance (rig->a, now);
  else if (g_str_has_prefix (word, "eos@"))
    trib_align_streams_finish (rig->a, now);
  else if (g_str_has_prefix (word, "flush@"))
    trib_align_streams_flush (rig->a, now);
  else if (g_str_has_prefix (word, "flush"))
    trib_align_streams_flush_source (rig->a, NULL, ((gchar[]){ word[5], '\0' }), now);
  else if (g_str_has_prefix (word, "stop@"))
    trib_align_streams_set_stopped (rig->a, TRUE, now);
  else if (g_str_has_prefix (word, "go@"))
    trib_align_streams_set_stopped (rig->a, FALSE, now);
  else if (*word == 'A')
    push_announce (rig, word);
  else
    push_record (rig, word);
}

void
rig_run (Rig *rig, const gchar *script)
{
  g_auto (GStrv) words = g_strsplit (script, " ", -1);

  for (guint i = 0; words[i]; i++)
    if (*words[i])
      run_word (rig, words[i]);
}

static guint64
sum (const TribAlignCounts *c)
{
  guint64 n = c->emitted + c->late + c->duplicate + c->pending;

  for (guint i = 0; i < TRIB_ALIGN_N_DROPPED; i++)
    n += c->dropped[i];
  return n;
}

/* what the sources of a stream say, in sum */
static void
add_books (const TribAlign *a, guint64 *in, guint64 *pending)
{
  TribAlignTotals totals;

  trib_align_get_totals (a, &totals);
  for (guint i = 0; i < trib_align_get_n_sources (a); i++) {
    TribAlignSourceInfo info;
    trib_align_get_source (a, i, &info);
    g_assert_cmpuint (info.counts.in, ==, sum (&info.counts));
    *in += info.counts.in;
    *pending += info.counts.pending;
  }
  *in += totals.source_dropped + totals.source_forgotten;
}

static void
check_books (Rig *rig)
{
  TribAlignTotals totals;
  guint64 in = 0, pending = 0;

  trib_align_streams_get_totals (rig->a, &totals);
  g_assert_cmpuint (totals.counts.in, ==, sum (&totals.counts));
  for (guint i = 0; i < trib_align_streams_get_n (rig->a); i++)
    add_books (trib_align_streams_get (rig->a, i), &in, &pending);
  /* those of streams that were forgotten are in the totals only */
  g_assert_cmpuint (in, <=, totals.counts.in);
  if (!rig->forgets)
    g_assert_cmpuint (in, ==, totals.counts.in);
  g_assert_cmpuint (pending, ==, totals.counts.pending);
  g_assert_cmpuint (totals.pending_bytes, ==, pending * 100);
}

gchar *
rig_take (Rig *rig)
{
  gchar *told = g_strdup (rig->told->str);

  check_books (rig);
  g_string_truncate (rig->told, 0);
  return told;
}

void
rig_run_format (Rig *rig, const gchar *format, ...)
{
  g_autofree gchar *script = NULL;
  va_list args;

  va_start (args, format);
  script = g_strdup_vprintf (format, args);
  va_end (args);
  rig_run (rig, script);
}

void
rig_expect (Rig *rig, const gchar *told)
{
  g_autofree gchar *got = rig_take (rig);

  g_assert_cmpstr (got, ==, told);
}

static void
test_case (gconstpointer data)
{
  const RigCase *c = data;
  g_autoptr (Rig) rig = rig_new (c->settings);

  rig_run (rig, c->script);
  rig_expect (rig, c->told);
}

void
rig_add_cases (const RigCase *cases, guint n)
{
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *path = g_strdup_printf ("/align/%s", cases[i].name);
    g_test_add_data_func (path, &cases[i], test_case);
  }
}
