/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <record/trib-json-writer.h>
#include <record/trib-trace-record.h>
#include <trace/trib-trace.h>

/* What a timing record costs the thread that traces: to nothing (level off), to memory alone (the
 * text, without a trace), to a file, and, as the peer, written to the file by the caller itself
 * with one write() a record. Bursts are shorter than what the trace holds, and each is written
 * before the next; "steady" is as fast as one thread can, with what was dropped. One JSON line for
 * each. */

#define BURSTS 200
#define BURST 1000

typedef struct {
  TribTrace *trace;
  GString *text;
  gint fd;
} Peer;

typedef void (*TraceFunc) (Peer *peer, guint64 id);

static void
by_trace (Peer *peer, guint64 id)
{
  trib_trace_timing (peer->trace, id, "process_gesture", (gint64) (id % 80 * 1000003), id % 4);
}

static void
to_text (Peer *peer, guint64 id)
{
  g_string_truncate (peer->text, 0);
  trib_trace_record_timing (peer->text, g_get_real_time () * 1000, id, "process_gesture",
      (gint64) (id % 80 * 1000003), id % 4, 0);
}

static void
by_write (Peer *peer, guint64 id)
{
  to_text (peer, id);
  g_string_append_c (peer->text, '\n');
  if (write (peer->fd, peer->text->str, peer->text->len) < 0)
    g_error ("cannot write");
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  gdouble x = *(const gdouble *) a, y = *(const gdouble *) b;

  return x < y ? -1 : x > y;
}

static void
print_result (const gchar *impl, gdouble ns[BURSTS], guint64 dropped)
{
  g_autoptr (GString) line = g_string_new (NULL);
  TribJsonWriter w;

  qsort (ns, BURSTS, sizeof ns[0], compare);
  trib_json_writer_init (&w, line);
  trib_json_writer_begin_object (&w);
  trib_json_writer_member_string (&w, "bench", "trace-timing");
  trib_json_writer_member_string (&w, "impl", impl);
  trib_json_writer_member_uint (&w, "ns_per_record_p50", (guint64) ns[BURSTS / 2]);
  trib_json_writer_member_uint (&w, "ns_per_record_p99", (guint64) ns[BURSTS * 99 / 100]);
  trib_json_writer_member_uint (&w, "dropped", dropped);
  trib_json_writer_end_object (&w);
  puts (line->str);
  fflush (stdout);
}

static void
wait_until_written (Peer *peer)
{
  TribTraceAccount a;

  do {
    g_thread_yield ();
    trib_trace_get_account (peer->trace, TRIB_TRACE_TO_FILE, &a);
  } while (a.pending > 0);
}

static void
measure (const gchar *impl, TraceFunc func, Peer *peer, gboolean rest)
{
  TribTraceAccount a;
  gdouble ns[BURSTS];
  guint64 id = 0;

  for (guint burst = 0; burst < BURSTS; burst++) {
    gint64 start = g_get_monotonic_time ();
    for (guint i = 0; i < BURST; i++)
      func (peer, id++);
    ns[burst] = (gdouble) (g_get_monotonic_time () - start) * 1000 / BURST;
    if (rest)
      wait_until_written (peer);
  }
  trib_trace_get_account (peer->trace, TRIB_TRACE_TO_FILE, &a);
  print_result (impl, ns, a.full);
}

int
main (void)
{
  TribTraceConfig config = TRIB_TRACE_CONFIG_INIT;
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;
  Peer peer = { .text = g_string_new (NULL) };

  peer.fd = g_file_open_tmp ("bench-trace-XXXXXX", &path, &error);
  g_assert_no_error (error);
  measure ("text only", to_text, &peer, TRUE);
  measure ("write() by the caller", by_write, &peer, TRUE);
  config.path = path;
  for (guint steady = 0; steady < 2; steady++) {
    config.level = TRIB_TRACE_LEVEL_NORMAL;
    peer.trace = trib_trace_new (&config, &error);
    g_assert_no_error (error);
    measure (steady ? "trace, steady" : "trace", by_trace, &peer, !steady);
    g_clear_pointer (&peer.trace, trib_trace_free);
  }
  config.level = TRIB_TRACE_LEVEL_MINIMAL;
  peer.trace = trib_trace_new (&config, &error);
  g_assert_no_error (error);
  measure ("trace, level below", by_trace, &peer, TRUE);
  trib_trace_free (peer.trace);
  g_string_free (peer.text, TRUE);
  close (peer.fd);
  unlink (path);
  return 0;
}
