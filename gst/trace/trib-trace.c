/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-trace.h"

#include <record/trib-trace-record.h>

#include "trib-trace-screen.h"
#include "trib-trace-writer.h"

/* ids in one frame_drop record: it stays below 4096 bytes, which a pipe takes whole */
#define MAX_DROPPED_IDS 128
#define RECORD_BYTES 256

#define RECORDS \
  ((1u << TRIB_TRACE_TO_FILE) | (1u << TRIB_TRACE_TO_FD) | (1u << TRIB_TRACE_TO_CALLBACK))
#define VIEW (1u << TRIB_TRACE_TO_VIEW)

struct _TribTrace {
  gint level; /* atomic */

  /* set once */
  gint64 slow_ns;
  TribTraceWriter *writer;
  TribTraceScreen *screen; /* NULL: no view */
};

G_DEFINE_QUARK (trib - trace - error - quark, trib_trace_error)

const gchar *
trib_trace_outlet_to_string (TribTraceOutlet outlet)
{
  static const gchar *const names[TRIB_TRACE_N_OUTLETS] = { "file", "fd", "callback", "view" };

  g_return_val_if_fail ((guint) outlet < TRIB_TRACE_N_OUTLETS, NULL);
  return names[outlet];
}

typedef struct {
  TribTraceFd file, fd, view;
} Opened;

static gboolean
open_all (Opened *o, const TribTraceConfig *config, GError **error)
{
  if (config->path != NULL && !trib_trace_fd_open_path (&o->file, config->path, error))
    return FALSE;
  if (config->fd >= 0 && !trib_trace_fd_open_dup (&o->fd, config->fd, error))
    return FALSE;
  return config->view_fd < 0 || trib_trace_fd_open_dup (&o->view, config->view_fd, error);
}

static void
close_all (Opened *o)
{
  trib_trace_fd_close (&o->file);
  trib_trace_fd_close (&o->fd);
  trib_trace_fd_close (&o->view);
}

static TribTraceWriter *
make_writer (Opened *o, const TribTraceConfig *config, TribTraceScreen *screen)
{
  TribTraceWriterConfig wc = {
    .max_bytes = config->max_bytes > 0 ? config->max_bytes : TRIB_TRACE_DEFAULT_MAX_BYTES,
    .record = config->record,
    .failed = config->failed,
    .user_data = config->user_data,
  };
  TribTraceWriter *writer;

  if (screen != NULL && trib_trace_screen_is_terminal (screen)) {
    wc.draw = trib_trace_screen_draw;
    wc.draw_data = screen;
  }
  writer = trib_trace_writer_new (&wc);
  if (o->file.fd >= 0)
    trib_trace_writer_take_fd (writer, TRIB_TRACE_TO_FILE, &o->file);
  if (o->fd.fd >= 0)
    trib_trace_writer_take_fd (writer, TRIB_TRACE_TO_FD, &o->fd);
  if (o->view.fd >= 0)
    trib_trace_writer_take_fd (writer, TRIB_TRACE_TO_VIEW, &o->view);
  return writer;
}

/**
 * trib_trace_new:
 * @config: destinations; copied, except user_data
 * @error: %TRIB_TRACE_ERROR_OPEN, naming the destination
 *
 * Opens all destinations, at any level, and starts the thread. Does not wait for a reader.
 *
 * Returns: (transfer full) (nullable): a trace, for trib_trace_free()
 */
TribTrace *
trib_trace_new (const TribTraceConfig *config, GError **error)
{
  Opened opened = { TRIB_TRACE_FD_INIT, TRIB_TRACE_FD_INIT, TRIB_TRACE_FD_INIT };
  g_autoptr (TribTrace) trace = g_new0 (TribTrace, 1);

  trace->level = config->level;
  trace->slow_ns = config->slow_ns;
  if (!open_all (&opened, config, error)) {
    close_all (&opened);
    return NULL;
  }
  if (opened.view.fd >= 0)
    trace->screen = trib_trace_screen_new (opened.view.fd);
  trace->writer = make_writer (&opened, config, trace->screen);
  if (!trib_trace_writer_start (trace->writer, error))
    return NULL;
  return g_steal_pointer (&trace);
}

/**
 * trib_trace_close:
 * @trace: (nullable): a trace
 * @drain_ms: maximum wait for readers of what is in memory; a file needs none
 *
 * Ends the thread. Later records are counted as gone, other counters are final. Not from a
 * callback of the trace, and by one thread only.
 */
void
trib_trace_close (TribTrace *trace, guint drain_ms)
{
  if (trace != NULL && trace->writer != NULL)
    trib_trace_writer_close (trace->writer, drain_ms);
}

/**
 * trib_trace_free:
 * @trace: (nullable) (transfer full): not in use by another thread
 *
 * Closes it first, with %TRIB_TRACE_DEFAULT_DRAIN_MS.
 */
void
trib_trace_free (TribTrace *trace)
{
  if (trace == NULL)
    return;
  trib_trace_close (trace, TRIB_TRACE_DEFAULT_DRAIN_MS);
  g_clear_pointer (&trace->writer, trib_trace_writer_free);
  g_clear_pointer (&trace->screen, trib_trace_screen_free);
  g_free (trace);
}

/**
 * trib_trace_set_level:
 * @trace: (nullable): a trace
 * @level: of what is traced from then on
 */
void
trib_trace_set_level (TribTrace *trace, TribTraceLevel level)
{
  if (trace != NULL)
    g_atomic_int_set (&trace->level, (gint) level);
}

TribTraceLevel
trib_trace_get_level (TribTrace *trace)
{
  return trace != NULL ? (TribTraceLevel) g_atomic_int_get (&trace->level) : TRIB_TRACE_LEVEL_OFF;
}

/**
 * trib_trace_wants:
 * @trace: (nullable): a trace
 * @level: of the records in question: minimal, normal, or verbose for the view
 *
 * Returns: whether they are wanted now
 */
gboolean
trib_trace_wants (TribTrace *trace, TribTraceLevel level)
{
  return level > TRIB_TRACE_LEVEL_OFF && trib_trace_get_level (trace) >= level;
}

static void
put_record (TribTrace *trace, const GString *record)
{
  trib_trace_writer_put (trace->writer, RECORDS, record->str, record->len);
}

void
trib_trace_line (TribTrace *trace, const gchar *json, gsize len)
{
  if (trace != NULL)
    trib_trace_writer_put (trace->writer, RECORDS, json, len);
}

/**
 * trib_trace_timing:
 * @trace: (nullable): a trace
 * @frame_id: a frame; its capture time in nanoseconds when it has no number
 * @component: the component that processed it
 * @processing_ns: processing time
 * @queue_depth: number of frames that waited for the component
 *
 * Level normal. Any thread.
 */
void
trib_trace_timing (TribTrace *trace, guint64 frame_id, const gchar *component, gint64 processing_ns,
    guint queue_depth)
{
  g_autoptr (GString) record = NULL;

  if (!trib_trace_wants (trace, TRIB_TRACE_LEVEL_NORMAL))
    return;
  record = g_string_sized_new (RECORD_BYTES);
  trib_trace_record_timing (record, g_get_real_time () * 1000, frame_id, component, processing_ns,
      queue_depth, trace->slow_ns);
  put_record (trace, record);
}

static const gchar *
reason_to_string (TribTraceDropReason reason)
{
  return reason == TRIB_TRACE_DROP_TIMEOUT ? "timeout" : "backpressure";
}

/**
 * trib_trace_frame_drop:
 * @trace: (nullable): a trace
 * @frame_id: the frame at which the drop was decided
 * @dropped_frame_ids: (array length=n_dropped): the frames that were dropped
 * @n_dropped: how many; those beyond 128 go into further records
 * @reason: why
 * @component: (nullable): the one that did not process them; %NULL: none did
 *
 * Level minimal. Any thread.
 */
void
trib_trace_frame_drop (TribTrace *trace, guint64 frame_id, const guint64 *dropped_frame_ids,
    gsize n_dropped, TribTraceDropReason reason, const gchar *component)
{
  g_autoptr (GString) record = NULL;
  gsize done = 0;

  if (!trib_trace_wants (trace, TRIB_TRACE_LEVEL_MINIMAL))
    return;
  record = g_string_sized_new (RECORD_BYTES);
  do {
    gsize n = MIN (n_dropped - done, MAX_DROPPED_IDS);
    g_string_truncate (record, 0);
    trib_trace_record_frame_drop (record, g_get_real_time () * 1000, frame_id,
        dropped_frame_ids + done, n, reason_to_string (reason), component);
    put_record (trace, record);
    done += n;
  } while (done < n_dropped);
}

/**
 * trib_trace_sync_delay:
 * @trace: (nullable): a trace
 * @frame_id: the frame that was emitted late
 * @delay_ns: its age then
 * @waiting_for: (nullable) (array zero-terminated=1): the sources that were waited for
 *
 * Level minimal. Any thread.
 */
void
trib_trace_sync_delay (
    TribTrace *trace, guint64 frame_id, gint64 delay_ns, const gchar *const *waiting_for)
{
  g_autoptr (GString) record = NULL;

  if (!trib_trace_wants (trace, TRIB_TRACE_LEVEL_MINIMAL))
    return;
  record = g_string_sized_new (RECORD_BYTES);
  trib_trace_record_sync_delay (record, g_get_real_time () * 1000, frame_id, delay_ns, waiting_for);
  put_record (trace, record);
}

/* the view, at level verbose; end_view() must follow */
static TribTraceView *
begin_view (TribTrace *trace)
{
  if (!trib_trace_wants (trace, TRIB_TRACE_LEVEL_VERBOSE) || trace->screen == NULL)
    return NULL;
  return trib_trace_screen_lock (trace->screen);
}

static void
end_view (TribTrace *trace)
{
  trib_trace_screen_unlock (trace->screen, TRUE);
  if (trib_trace_screen_is_terminal (trace->screen))
    trib_trace_writer_redraw (trace->writer);
}

/**
 * trib_trace_set_window:
 * @trace: (nullable): a trace
 * @window_ns: maximum wait of a frame: the length of the bars in the view; at any level
 */
void
trib_trace_set_window (TribTrace *trace, gint64 window_ns)
{
  if (trace == NULL || trace->screen == NULL)
    return;
  trib_trace_view_set_window (trib_trace_screen_lock (trace->screen), window_ns);
  end_view (trace);
}

/**
 * trib_trace_opened:
 * @trace: (nullable): a trace
 * @frame_id: a frame that is waited for from now on
 * @expected: (nullable) (array zero-terminated=1): its sources; %NULL: all
 *   that were ever expected or have ever answered
 * @now_ns: monotonic
 *
 * Level verbose. Any thread.
 */
void
trib_trace_opened (TribTrace *trace, guint64 frame_id, const gchar *const *expected, gint64 now_ns)
{
  TribTraceView *view = begin_view (trace);

  if (view == NULL)
    return;
  trib_trace_view_open (view, frame_id, expected, now_ns);
  end_view (trace);
}

/**
 * trib_trace_answered:
 * @trace: (nullable): a trace
 * @frame_id: a frame; the answer is late when it was emitted
 * @source: name of the source
 * @answer: its kind
 * @delay_ns: from capture to arrival; %TRIB_TRACE_NO_DELAY when that is not known
 * @now_ns: monotonic
 *
 * Level verbose. Any thread.
 */
void
trib_trace_answered (TribTrace *trace, guint64 frame_id, const gchar *source,
    TribTraceAnswer answer, gint64 delay_ns, gint64 now_ns)
{
  TribTraceView *view = begin_view (trace);

  if (view == NULL)
    return;
  trib_trace_view_answer (view, frame_id, source, answer, delay_ns, now_ns);
  end_view (trace);
}

/**
 * trib_trace_left:
 * @trace: (nullable): a trace
 * @frame_id: a frame that is not waited for any more
 * @reason: why: "complete", "timeout" and the like
 * @now_ns: monotonic
 *
 * Level verbose. Any thread.
 */
void
trib_trace_left (TribTrace *trace, guint64 frame_id, const gchar *reason, gint64 now_ns)
{
  TribTraceView *view = begin_view (trace);
  g_autoptr (GString) line = NULL;

  if (view == NULL)
    return;
  trib_trace_view_leave (view, frame_id, reason, now_ns);
  if (!trib_trace_screen_is_terminal (trace->screen)) {
    line = g_string_sized_new (RECORD_BYTES);
    trib_trace_view_line (view, trib_trace_screen_unicode (trace->screen), line);
  }
  end_view (trace);
  if (line != NULL)
    trib_trace_writer_put (trace->writer, VIEW, line->str, line->len);
}

/**
 * trib_trace_get_account:
 * @trace: (nullable): a trace; %NULL gives zeros
 * @outlet: which
 * @account: (out): of this moment
 */
void
trib_trace_get_account (TribTrace *trace, TribTraceOutlet outlet, TribTraceAccount *account)
{
  *account = (TribTraceAccount){ 0 };
  g_return_if_fail ((guint) outlet < TRIB_TRACE_N_OUTLETS);
  if (trace != NULL)
    trib_trace_writer_get_account (trace->writer, outlet, account);
}
