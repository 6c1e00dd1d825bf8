/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "verify-report.h"

#include <record/trib-json-writer.h>

#include <string.h>

#define COLUMN_MAX 40

/**
 * verify_report_faults:
 * @r: a report
 *
 * Returns: findings that make the verdict; not those that the caller allows
 */
guint64
verify_report_faults (const VerifyReport *r)
{
  guint64 sum = trib_kafka_verify_get_total_found (r->verify);

  if (r->allow_expired)
    sum -= trib_kafka_verify_get_found (r->verify, TRIB_KAFKA_VERIFY_EXPIRED)
           + trib_kafka_verify_get_found (r->verify, TRIB_KAFKA_VERIFY_SKIPPED);
  return sum;
}

static guint64
bytes_read (const VerifyReport *r)
{
  guint64 sum = 0;

  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    sum += trib_kafka_verify_get_record_bytes (r->verify, i);
  return sum;
}

static gdouble
rate_mb (const VerifyReport *r)
{
  return r->elapsed_us > 0 ? (gdouble) bytes_read (r) / (gdouble) r->elapsed_us : 0;
}

/* ---- for people ---- */

/* ids and details are input: a terminal must not interpret them */
static gchar *
printable (const gchar *text)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_new (NULL);

  for (const gchar *p = valid; *p; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (g_unichar_iscntrl (c))
      g_string_append_printf (out, "\\x%02x", c);
    else
      g_string_append_unichar (out, c);
  }
  return g_string_free (out, FALSE);
}

static void
append_time (GString *out, gint64 t_ns)
{
  g_autofree gchar *text = NULL;

  if (t_ns == G_MAXINT64 || t_ns == G_MININT64) {
    g_string_append (out, "  -");
    return;
  }
  text = trib_kafka_layout_time (t_ns);
  if (strlen (text) > 23)
    text[23] = '\0'; /* milliseconds will do */
  g_string_append_printf (out, "  %s", text);
}

static void
append_row (GString *out, gint width, const gchar *name, const TribKafkaVerifyCounts *c)
{
  g_autofree gchar *safe = printable (name);
  guint64 bad = c->mismatched + c->missing;

  g_string_append_printf (out, "%-*s", width, safe);
  g_string_append_printf (
      out, " %9" G_GUINT64_FORMAT " %9" G_GUINT64_FORMAT, c->entries, c->proven);
  g_string_append_printf (out, " %8" G_GUINT64_FORMAT, c->unproven);
  g_string_append_printf (out, " %7" G_GUINT64_FORMAT " %7" G_GUINT64_FORMAT, c->failed, bad);
  g_string_append_printf (out, " %7" G_GUINT64_FORMAT " %7" G_GUINT64_FORMAT, c->expired, c->gaps);
  g_string_append_printf (
      out, " %7" G_GUINT64_FORMAT " %7" G_GUINT64_FORMAT, c->duplicates, c->orphans);
  g_string_append_printf (out, " %10.2f", (gdouble) c->bytes / 1e6);
  append_time (out, c->first_t_ns);
  append_time (out, c->last_t_ns);
  g_string_append_c (out, '\n');
}

/* with the number of the run, where the stream has several */
static gchar *
name_of (GPtrArray *streams, guint i)
{
  const TribKafkaVerifyStream *s = streams->pdata[i];
  const TribKafkaVerifyStream *next = i + 1 < streams->len ? streams->pdata[i + 1] : NULL;

  if (s->run > 1 || (next && next->run > 1))
    return g_strdup_printf ("%s/%s run %u", s->session, s->stream, s->run);
  return g_strconcat (s->session, "/", s->stream, NULL);
}

static void
append_streams (const VerifyReport *r, GString *out)
{
  g_autoptr (GPtrArray) streams = trib_kafka_verify_list_streams (r->verify);
  gint width = strlen ("session/stream");

  for (guint i = 0; i < streams->len; i++) {
    g_autofree gchar *name = name_of (streams, i);
    width = CLAMP ((gint) strlen (name), width, COLUMN_MAX);
  }
  g_string_append_printf (out, "%-*s %9s %9s %8s %7s %7s %7s %7s %7s %7s %10s  %-23s  %s\n", width,
      "session/stream", "entries", "proven", "unproven", "failed", "bad", "expired", "gaps",
      "dupl.", "orphans", "MB proven", "first capture (UTC)", "last capture (UTC)");
  for (guint i = 0; i < streams->len; i++) {
    const TribKafkaVerifyStream *s = g_ptr_array_index (streams, i);
    g_autofree gchar *name = name_of (streams, i);
    append_row (out, width, name, &s->counts);
  }
  if (streams->len != 1)
    append_row (out, width, "all", trib_kafka_verify_get_counts (r->verify));
}

static void
append_finding (const VerifyReport *r, const TribKafkaFinding *f, GString *out)
{
  g_autofree gchar *detail = printable (f->detail);

  g_string_append (out, "  ");
  if (f->topic >= 0)
    g_string_append_printf (
        out, "%s [%d] @%" G_GINT64_FORMAT "  ", r->topics[f->topic], f->partition, f->offset);
  if (f->frame_id) {
    g_autofree gchar *id = printable (f->frame_id);
    g_string_append_printf (out, "%s  ", id);
  }
  g_string_append_printf (out, "%s\n", detail);
}

static void
append_reasons (const VerifyReport *r, GString *out)
{
  GHashTable *reasons = trib_kafka_verify_get_failed_reasons (r->verify);
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (reasons), (GCompareFunc) strcmp);

  for (const GList *l = names; l; l = l->next) {
    g_autofree gchar *name = printable (l->data);
    g_string_append_printf (out, "  %s: %" G_GUINT64_FORMAT "\n", name,
        *(guint64 *) g_hash_table_lookup (reasons, l->data));
  }
}

static void
append_kind (const VerifyReport *r, TribKafkaVerifyKind kind, GString *out)
{
  const GPtrArray *list = trib_kafka_verify_get_findings (r->verify, kind);
  guint64 found = trib_kafka_verify_get_found (r->verify, kind), listed = 0;

  if (found == 0)
    return;
  g_string_append_printf (out, "\n%s: %" G_GUINT64_FORMAT " (%s)\n",
      trib_kafka_verify_kind_to_string (kind), found, trib_kafka_verify_kind_describe (kind));
  if (kind == TRIB_KAFKA_VERIFY_FAILED)
    append_reasons (r, out);
  for (guint i = 0; i < list->len; i++) {
    const TribKafkaFinding *f = g_ptr_array_index (list, i);
    append_finding (r, f, out);
    listed += f->n;
  }
  if (listed < found)
    g_string_append_printf (out, "  and %" G_GUINT64_FORMAT " more\n", found - listed);
}

static void
append_notes (const VerifyReport *r, GString *out)
{
  const TribKafkaVerifyCounts *c = trib_kafka_verify_get_counts (r->verify);
  guint64 unattributed = trib_kafka_verify_get_unattributed (r->verify);
  guint64 texts_cut = trib_kafka_verify_get_texts_cut (r->verify);

  if (c->in_flight > 0)
    g_string_append_printf (out,
        "\nnote: %" G_GUINT64_FORMAT " records are newer than the end that was proven and have no "
        "entry yet\n",
        c->in_flight);
  if (c->beyond > 0)
    g_string_append_printf (out,
        "\nnote: %" G_GUINT64_FORMAT " records are older than the oldest entry that the registry "
        "still holds\n",
        c->beyond);
  if (c->unproven > 0)
    g_string_append_printf (out,
        "\nnote: %" G_GUINT64_FORMAT " frames are of old producers, whose entries do not say where "
        "bytes and metadata are: these are there, but nothing proves them\n",
        c->unproven);
  if (texts_cut > 0)
    g_string_append_printf (
        out, "\nnote: %" G_GUINT64_FORMAT " texts of records were cut\n", texts_cut);
  if (unattributed > 0)
    g_string_append_printf (out,
        "\nnote: %" G_GUINT64_FORMAT " records have no frame id as key and cannot be said to be "
        "of this selection or not\n",
        unattributed);
}

static void
append_verdict (const VerifyReport *r, GString *out)
{
  const TribKafkaVerifyCounts *c = trib_kafka_verify_get_counts (r->verify);
  guint64 faults = verify_report_faults (r);

  if (faults == 0)
    g_string_append (out, "clean: ");
  else
    g_string_append_printf (out, "NOT CLEAN, %" G_GUINT64_FORMAT " findings: ", faults);
  g_string_append_printf (out,
      "%" G_GUINT64_FORMAT " entries = %" G_GUINT64_FORMAT " proven + %" G_GUINT64_FORMAT
      " failed + %" G_GUINT64_FORMAT " mismatched + %" G_GUINT64_FORMAT " missing + ",
      c->entries, c->proven, c->failed, c->mismatched, c->missing);
  g_string_append_printf (out,
      "%" G_GUINT64_FORMAT " expired + %" G_GUINT64_FORMAT " unproven + %" G_GUINT64_FORMAT
      " pending; ",
      c->expired, c->unproven, c->pending);
  g_string_append_printf (out, "%.1f MB in %.2f s (%.0f MB/s)\n", (gdouble) bytes_read (r) / 1e6,
      (gdouble) r->elapsed_us / G_USEC_PER_SEC, rate_mb (r));
}

/**
 * verify_report_table:
 * @r: a report of closed books
 * @quiet: only the verdict line
 * @out: appended to
 *
 * The report for people.
 */
void
verify_report_table (const VerifyReport *r, gboolean quiet, GString *out)
{
  if (!quiet) {
    append_streams (r, out);
    for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_KINDS; i++)
      append_kind (r, i, out);
    append_notes (r, out);
    g_string_append_c (out, '\n');
  }
  append_verdict (r, out);
}

/**
 * verify_report_progress:
 * @r: a report of open books
 * @out: appended to, without a line end
 *
 * One line, while reading.
 */
void
verify_report_progress (const VerifyReport *r, GString *out)
{
  const TribKafkaVerifyCounts *c = trib_kafka_verify_get_counts (r->verify);

  g_string_append_printf (out,
      "%" G_GUINT64_FORMAT " entries, %" G_GUINT64_FORMAT " proven, %" G_GUINT64_FORMAT
      " findings, %u open, %.1f MB",
      c->entries, c->proven, verify_report_faults (r), trib_kafka_verify_get_open (r->verify),
      (gdouble) bytes_read (r) / 1e6);
  if (r->trouble) {
    g_autofree gchar *trouble = printable (r->trouble);
    g_string_append_printf (out, ", waiting: %s", trouble);
  }
}

/* ---- for programs ---- */

static void
member_time (TribJsonWriter *w, const gchar *key, gint64 t_ns)
{
  trib_json_writer_key (w, key);
  if (t_ns == G_MAXINT64 || t_ns == G_MININT64)
    trib_json_writer_null (w);
  else
    trib_json_writer_int (w, t_ns);
}

static void
member_list (TribJsonWriter *w, const gchar *key, const gchar *const *list)
{
  trib_json_writer_key (w, key);
  trib_json_writer_begin_array (w);
  for (; list && *list; list++)
    trib_json_writer_string (w, *list);
  trib_json_writer_end_array (w);
}

static void
write_counts (TribJsonWriter *w, const TribKafkaVerifyCounts *c)
{
  trib_json_writer_member_uint (w, "entries", c->entries);
  trib_json_writer_member_uint (w, "proven", c->proven);
  trib_json_writer_member_uint (w, "failed", c->failed);
  trib_json_writer_member_uint (w, "mismatched", c->mismatched);
  trib_json_writer_member_uint (w, "missing", c->missing);
  trib_json_writer_member_uint (w, "expired", c->expired);
  trib_json_writer_member_uint (w, "unproven", c->unproven);
  trib_json_writer_member_uint (w, "pending", c->pending);
  trib_json_writer_member_uint (w, "bytes_proven", c->bytes);
  trib_json_writer_member_uint (w, "sent", c->sent);
  trib_json_writer_member_uint (w, "gaps", c->gaps);
  trib_json_writer_member_uint (w, "duplicates", c->duplicates);
  trib_json_writer_member_uint (w, "orphans", c->orphans);
  trib_json_writer_member_uint (w, "in_flight", c->in_flight);
  trib_json_writer_member_uint (w, "before_oldest_entry", c->beyond);
  member_time (w, "first_capture_ns", c->first_t_ns);
  member_time (w, "last_capture_ns", c->last_t_ns);
}

static void
write_topics (const VerifyReport *r, TribJsonWriter *w)
{
  trib_json_writer_key (w, "topics");
  trib_json_writer_begin_object (w);
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++) {
    trib_json_writer_key (w, trib_kafka_verify_topic_to_string (i));
    trib_json_writer_begin_object (w);
    trib_json_writer_member_string (w, "name", r->topics[i]);
    trib_json_writer_member_uint (w, "records", trib_kafka_verify_get_records (r->verify, i));
    trib_json_writer_member_uint (w, "bytes", trib_kafka_verify_get_record_bytes (r->verify, i));
    trib_json_writer_end_object (w);
  }
  trib_json_writer_end_object (w);
}

static void
write_streams (const VerifyReport *r, TribJsonWriter *w)
{
  g_autoptr (GPtrArray) streams = trib_kafka_verify_list_streams (r->verify);

  trib_json_writer_key (w, "streams");
  trib_json_writer_begin_array (w);
  for (guint i = 0; i < streams->len; i++) {
    const TribKafkaVerifyStream *s = g_ptr_array_index (streams, i);
    trib_json_writer_begin_object (w);
    trib_json_writer_member_string (w, "session_id", s->session);
    trib_json_writer_member_string (w, "stream_id", s->stream);
    trib_json_writer_member_uint (w, "run", s->run);
    write_counts (w, &s->counts);
    trib_json_writer_end_object (w);
  }
  trib_json_writer_end_array (w);
}

static void
write_finding (TribJsonWriter *w, const TribKafkaFinding *f)
{
  trib_json_writer_begin_object (w);
  if (f->topic >= 0) {
    trib_json_writer_member_string (w, "topic", trib_kafka_verify_topic_to_string (f->topic));
    trib_json_writer_key (w, "partition");
    trib_json_writer_int (w, f->partition);
    trib_json_writer_key (w, "offset");
    trib_json_writer_int (w, f->offset);
  }
  if (f->frame_id)
    trib_json_writer_member_string (w, "frame_id", f->frame_id);
  if (f->n != 1)
    trib_json_writer_member_uint (w, "count", f->n);
  trib_json_writer_member_string (w, "detail", f->detail);
  trib_json_writer_end_object (w);
}

static void
write_findings (const VerifyReport *r, TribJsonWriter *w)
{
  trib_json_writer_key (w, "findings");
  trib_json_writer_begin_object (w);
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_KINDS; i++) {
    const GPtrArray *list = trib_kafka_verify_get_findings (r->verify, i);
    if (trib_kafka_verify_get_found (r->verify, i) == 0)
      continue;
    trib_json_writer_key (w, trib_kafka_verify_kind_to_string (i));
    trib_json_writer_begin_object (w);
    trib_json_writer_member_uint (w, "count", trib_kafka_verify_get_found (r->verify, i));
    trib_json_writer_key (w, "listed");
    trib_json_writer_begin_array (w);
    for (guint k = 0; k < list->len; k++)
      write_finding (w, g_ptr_array_index (list, k));
    trib_json_writer_end_array (w);
    trib_json_writer_end_object (w);
  }
  trib_json_writer_end_object (w);
}

static void
write_reasons (const VerifyReport *r, TribJsonWriter *w)
{
  GHashTable *reasons = trib_kafka_verify_get_failed_reasons (r->verify);
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (reasons), (GCompareFunc) strcmp);

  trib_json_writer_key (w, "failed_by_reason");
  trib_json_writer_begin_object (w);
  for (const GList *l = names; l; l = l->next)
    trib_json_writer_member_uint (w, l->data, *(guint64 *) g_hash_table_lookup (reasons, l->data));
  trib_json_writer_end_object (w);
}

/* every object that the program prints says first what it is */
static void
begin_typed (TribJsonWriter *w, GString *out, const gchar *type)
{
  trib_json_writer_init (w, out);
  trib_json_writer_begin_object (w);
  trib_json_writer_member_string (w, "type", type);
}

/**
 * verify_report_json:
 * @r: a report of closed books
 * @out: appended to
 *
 * The report for programs: one JSON object.
 */
void
verify_report_json (const VerifyReport *r, GString *out)
{
  guint64 faults = verify_report_faults (r);
  TribJsonWriter w;

  begin_typed (&w, out, "verdict");
  trib_json_writer_member_string (&w, "verdict", faults ? "findings" : "clean");
  trib_json_writer_member_uint (&w, "exit_status", faults ? 1 : 0);
  trib_json_writer_member_uint (&w, "faults", faults);
  trib_json_writer_member_string (&w, "bootstrap_servers", r->bootstrap_servers);
  member_list (&w, "sessions", r->sessions);
  member_list (&w, "stream_ids", r->streams);
  write_counts (&w, trib_kafka_verify_get_counts (r->verify));
  trib_json_writer_member_uint (&w, "unattributed", trib_kafka_verify_get_unattributed (r->verify));
  trib_json_writer_member_uint (&w, "texts_cut", trib_kafka_verify_get_texts_cut (r->verify));
  trib_json_writer_member_uint (&w, "elapsed_ms", r->elapsed_us / 1000);
  write_topics (r, &w);
  write_streams (r, &w);
  write_reasons (r, &w);
  write_findings (r, &w);
  trib_json_writer_end_object (&w);
}

/**
 * verify_report_progress_json:
 * @r: a report of open books
 * @out: appended to
 *
 * One JSON object, while following.
 */
void
verify_report_progress_json (const VerifyReport *r, GString *out)
{
  TribJsonWriter w;

  begin_typed (&w, out, "progress");
  write_counts (&w, trib_kafka_verify_get_counts (r->verify));
  trib_json_writer_member_uint (&w, "faults", verify_report_faults (r));
  trib_json_writer_member_uint (&w, "open", trib_kafka_verify_get_open (r->verify));
  trib_json_writer_member_uint (&w, "elapsed_ms", r->elapsed_us / 1000);
  trib_json_writer_member_string (&w, "trouble", r->trouble);
  trib_json_writer_end_object (&w);
}

/**
 * verify_report_error_json:
 * @message: why it could not run
 * @out: appended to
 *
 * One JSON object instead of a verdict.
 */
void
verify_report_error_json (const gchar *message, GString *out)
{
  TribJsonWriter w;

  begin_typed (&w, out, "error");
  trib_json_writer_member_uint (&w, "exit_status", 2);
  trib_json_writer_member_string (&w, "message", message);
  trib_json_writer_end_object (&w);
}
