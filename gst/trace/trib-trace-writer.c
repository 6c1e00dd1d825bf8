/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-trace-writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <record/trib-trace-record.h>

/* reserved for the head of a batch, so that the limit covers both */
#define HEAD_BYTES 160
#define MIN_MAX_BYTES 4096
/* After a batch the thread waits for this time, or until a share of the memory is full, so that
 * waking it and writing are paid for many records at once. What comes after a pause is written
 * at once. */
#define REST_US (5 * 1000)
#define REST_SHARE 4

/* drops since the last trace_lost line */
typedef struct {
  guint64 full, too_large, failed;
} Losses;

typedef struct {
  TribTraceOutlet outlet;
  gboolean used; /* set once, before the thread starts */

  /* lock */
  GString *gathering;
  TribTraceAccount account;
  Losses losses;
  gboolean filled; /* something did not fit: nothing more is added until the thread takes the
                        batch, so that a gap has one place, the end of a batch */
  gboolean taken;  /* the thread sleeps over a batch, so that a new record does not wake it */
  gboolean gone;
  gboolean end_reported;
  gsize taken_bytes; /* of the batch, not yet written */

  /* thread */
  TribTraceFd fd;
  GString *writing;
  gsize offset;
  gsize head_bytes; /* bytes of the head of @writing, which are no record */
  Losses reported;  /* reported by them */
  gboolean mid_line;
  gboolean blocked;
  gboolean picture; /* @writing is one, and is not counted */
  gboolean error_reported;
} Lane;

struct _TribTraceWriter {
  TribTraceWriterConfig config; /* set once */
  gint wake_fd;
  GThread *thread;

  GMutex lock;
  Lane lanes[TRIB_TRACE_N_OUTLETS];
  gboolean asleep;  /* until there is input */
  gboolean resting; /* until time has passed, or much input is there */
  gboolean redraw;
  gboolean draw_planned; /* the thread wakes for it by itself */
  gboolean closing;
  gint64 deadline_us;
  gboolean closed;

  /* thread */
  gint64 draw_us; /* when to draw next; -1: on request */
  gboolean last_drawn;
  gint64 rest_until_us;
};

static void
wake (TribTraceWriter *w)
{
  guint64 one = 1;

  while (write (w->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
    continue;
}

static guint64
count_lines (const gchar *text, gsize len)
{
  const gchar *end = text + len;
  guint64 n = 0;

  while (text < end && (text = memchr (text, '\n', (gsize) (end - text))) != NULL) {
    n++;
    text++;
  }
  return n;
}

static void
append_losses (GString *out, TribTraceOutlet outlet, const Losses *l)
{
  guint64 all = l->full + l->too_large + l->failed;

  if (outlet == TRIB_TRACE_TO_VIEW) {
    g_string_append_printf (out, "%" G_GUINT64_FORMAT " lines lost\n", all);
    return;
  }
  trib_trace_record_lost (out, g_get_real_time () * 1000, l->full, l->too_large, l->failed);
  g_string_append_c (out, '\n');
}

static gboolean
has_losses (const Losses *l)
{
  return l->full + l->too_large + l->failed > 0;
}

/* with the lock: losses that no later batch reports */
static gboolean
has_last_losses (const TribTraceWriter *w, const Lane *lane)
{
  return w->closing && !lane->end_reported && !lane->gone && has_losses (&lane->losses);
}

/* with the lock: the head of a batch */
static void
put_head (Lane *lane)
{
  g_autoptr (GString) head = g_string_new (lane->mid_line ? "\n" : NULL);

  lane->reported = lane->losses;
  lane->losses = (Losses){ 0 };
  lane->mid_line = FALSE;
  if (has_losses (&lane->reported))
    append_losses (head, lane->outlet, &lane->reported);
  lane->head_bytes = head->len;
  if (head->len > 0)
    g_string_prepend_len (lane->writing, head->str, (gssize) head->len);
}

/* With the lock. The thread has written the last batch of this lane: the next one, after the losses
 * between the two. */
static void
take_batch (TribTraceWriter *w, Lane *lane)
{
  GString *swap = lane->writing;

  g_string_truncate (lane->writing, 0);
  lane->offset = lane->head_bytes = lane->taken_bytes = 0;
  lane->picture = lane->filled = FALSE;
  if (lane->gone || (lane->gathering->len == 0 && !has_last_losses (w, lane)))
    return;
  lane->end_reported = w->closing;
  lane->writing = lane->gathering;
  lane->gathering = swap;
  put_head (lane);
  lane->taken_bytes = lane->writing->len;
}

/* how many records end in the bytes [lane->offset, end) of the batch */
static guint64
records_until (const Lane *lane, gsize end)
{
  gsize from = MAX (lane->offset, lane->head_bytes);

  if (lane->picture || end <= from)
    return 0;
  return count_lines (lane->writing->str + from, end - from);
}

/* With the lock: the rest of the batch is lost, and the losses in its head are still to be
 * reported. */
static void
lose_batch (Lane *lane, guint64 *counter, gboolean to_report)
{
  guint64 lost = records_until (lane, lane->writing->len);

  *counter += lost;
  lane->account.pending -= lost;
  if (to_report)
    lane->losses.failed += lost;
  if (to_report && lane->offset < lane->head_bytes) {
    lane->losses.full += lane->reported.full;
    lane->losses.too_large += lane->reported.too_large;
    lane->losses.failed += lane->reported.failed;
  }
  lane->offset = lane->writing->len;
  lane->taken_bytes = 0;
}

/* with the lock: an outlet that is closed for good keeps nothing */
static void
give_up (Lane *lane)
{
  guint64 lost = count_lines (lane->gathering->str, lane->gathering->len);

  lane->gone = TRUE;
  lose_batch (lane, &lane->account.gone, FALSE);
  lane->account.gone += lost;
  lane->account.pending -= lost;
  g_string_truncate (lane->gathering, 0);
}

static void
note_written (TribTraceWriter *w, Lane *lane, gsize taken)
{
  guint64 n = records_until (lane, lane->offset + taken);

  if (taken == 0)
    return;
  g_mutex_lock (&w->lock);
  lane->account.written += n;
  lane->account.pending -= n;
  lane->offset += taken;
  lane->taken_bytes = lane->writing->len - lane->offset;
  g_mutex_unlock (&w->lock);
  lane->mid_line = !lane->picture && lane->writing->str[lane->offset - 1] != '\n';
}

static void
note_failure (TribTraceWriter *w, Lane *lane, gboolean gone, const GError *error)
{
  g_mutex_lock (&w->lock);
  if (gone)
    give_up (lane);
  else
    lose_batch (lane, &lane->account.failed, TRUE);
  g_mutex_unlock (&w->lock);
  if (!lane->error_reported && w->config.failed != NULL)
    w->config.failed (lane->outlet, error, w->config.user_data);
  lane->error_reported = TRUE;
}

static void
call_back (TribTraceWriter *w, Lane *lane)
{
  while (lane->offset < lane->writing->len) {
    gchar *line = lane->writing->str + lane->offset;
    gchar *end = memchr (line, '\n', lane->writing->len - lane->offset);
    gsize len = (gsize) (end - line);

    *end = '\0';
    w->config.record (line, len, w->config.user_data);
    *end = '\n';
    note_written (w, lane, len + 1);
  }
}

/* writes as much as fits */
static void
write_lane (TribTraceWriter *w, Lane *lane)
{
  lane->blocked = FALSE;
  if (lane->outlet == TRIB_TRACE_TO_CALLBACK) {
    call_back (w, lane);
    return;
  }
  while (lane->offset < lane->writing->len && !lane->blocked) {
    g_autoptr (GError) error = NULL;
    gsize taken;
    TribTraceWrite answer = trib_trace_fd_write (&lane->fd, lane->writing->str + lane->offset,
        lane->writing->len - lane->offset, &taken, &error);

    note_written (w, lane, taken);
    if (answer == TRIB_TRACE_WROTE)
      lane->error_reported = FALSE;
    else if (answer == TRIB_TRACE_LATER)
      lane->blocked = TRUE;
    else
      note_failure (w, lane, answer == TRIB_TRACE_GONE, error);
  }
}

static inline gboolean
has_batch (const Lane *lane)
{
  return lane->offset < lane->writing->len;
}

static gboolean
can_draw (const TribTraceWriter *w)
{
  const Lane *lane = &w->lanes[TRIB_TRACE_TO_VIEW];

  return w->config.draw != NULL && lane->fd.fd >= 0 && !has_batch (lane);
}

/* the picture, when one is scheduled and the terminal has read the previous one */
static void
draw (TribTraceWriter *w)
{
  Lane *lane = &w->lanes[TRIB_TRACE_TO_VIEW];
  gint64 now_us = g_get_monotonic_time ();
  gboolean due, last;

  if (!can_draw (w))
    return;
  g_mutex_lock (&w->lock);
  last = w->closing && !w->last_drawn;
  due = last || (w->draw_us < 0 ? w->redraw : now_us >= w->draw_us);
  if (due)
    w->redraw = FALSE;
  g_mutex_unlock (&w->lock);
  if (!due)
    return;
  w->last_drawn = last;
  g_string_truncate (lane->writing, 0);
  lane->offset = lane->head_bytes = 0;
  lane->picture = TRUE;
  w->draw_us = w->config.draw (now_us, last, lane->writing, w->config.draw_data);
}

/* One round over all outlets; whether any of them still has data. With @ret_closing there is no
 * input after this round. */
static gboolean
work (TribTraceWriter *w, gboolean *ret_closing)
{
  gboolean busy = FALSE, worked = FALSE;

  g_mutex_lock (&w->lock);
  w->asleep = w->resting = FALSE;
  *ret_closing = w->closing;
  for (guint i = 0; i < TRIB_TRACE_N_OUTLETS; i++)
    if (!has_batch (&w->lanes[i]))
      take_batch (w, &w->lanes[i]);
  g_mutex_unlock (&w->lock);
  draw (w);
  for (guint i = 0; i < TRIB_TRACE_N_OUTLETS; i++) {
    worked = worked || has_batch (&w->lanes[i]);
    if (has_batch (&w->lanes[i]))
      write_lane (w, &w->lanes[i]);
    busy = busy || has_batch (&w->lanes[i]);
  }
  if (worked)
    w->rest_until_us = g_get_monotonic_time () + REST_US;
  return busy;
}

static gint
wait_ms (TribTraceWriter *w, gboolean closing, gboolean rests)
{
  gint64 until = -1, left;

  if (closing)
    until = w->deadline_us;
  else if (rests)
    until = w->rest_until_us;
  else if (can_draw (w))
    until = w->draw_us;
  if (until < 0)
    return -1;
  left = until - g_get_monotonic_time ();
  return (gint) CLAMP ((left + 999) / 1000, 0, 60 * 1000);
}

static void
sleep_until_needed (TribTraceWriter *w, gboolean closing, gboolean rests)
{
  struct pollfd fds[1 + TRIB_TRACE_N_OUTLETS] = { { .fd = w->wake_fd, .events = POLLIN } };
  nfds_t n = 1;
  guint64 wakes;

  for (guint i = 0; i < TRIB_TRACE_N_OUTLETS; i++)
    if (w->lanes[i].blocked && has_batch (&w->lanes[i]))
      fds[n++] = (struct pollfd){ .fd = w->lanes[i].fd.fd, .events = POLLOUT };
  if (poll (fds, n, wait_ms (w, closing, rests)) > 0 && (fds[0].revents & POLLIN))
    (void) !read (w->wake_fd, &wakes, sizeof wakes);
}

typedef enum { GO_ON, REST, SLEEP } Next;

/* with the lock: whether the input may wait a little */
static gboolean
may_rest (TribTraceWriter *w, gsize gathered)
{
  w->resting = !w->closing && gathered < w->config.max_bytes / REST_SHARE
               && g_get_monotonic_time () < w->rest_until_us;
  return w->resting;
}

/* With the lock: whether the thread has work. If not, the next input wakes it. */
static Next
what_next (TribTraceWriter *w)
{
  for (guint i = 0; i < TRIB_TRACE_N_OUTLETS; i++) {
    Lane *lane = &w->lanes[i];
    if (!has_batch (lane) && (lane->gathering->len > 0 || has_last_losses (w, lane)))
      return may_rest (w, lane->gathering->len) ? REST : GO_ON;
    lane->taken = has_batch (lane);
  }
  if (can_draw (w) && ((w->redraw && w->draw_us < 0) || (w->closing && !w->last_drawn)))
    return GO_ON;
  if (may_rest (w, 0))
    return REST;
  w->draw_planned = w->draw_us >= 0;
  w->asleep = TRUE;
  return SLEEP;
}

/* A closed reader must not end the process, and no signal handler may run here. */
static void
block_signals (void)
{
  sigset_t all;

  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, NULL);
}

/* @thread: the trace's own */
static gpointer
run (gpointer data)
{
  TribTraceWriter *w = data;

  block_signals ();
  for (;;) {
    gboolean closing, busy = work (w, &closing);
    Next next;

    g_mutex_lock (&w->lock);
    next = what_next (w);
    g_mutex_unlock (&w->lock);
    if (closing && ((next == SLEEP && !busy) || g_get_monotonic_time () >= w->deadline_us))
      return NULL;
    if (next != GO_ON)
      sleep_until_needed (w, closing, next == REST);
  }
}

/**
 * trib_trace_writer_new:
 * @config: copied
 *
 * Returns: (transfer full): a writer without a thread yet
 */
TribTraceWriter *
trib_trace_writer_new (const TribTraceWriterConfig *config)
{
  TribTraceWriter *w = g_new0 (TribTraceWriter, 1);

  w->config = *config;
  w->config.max_bytes = MAX (config->max_bytes, MIN_MAX_BYTES);
  w->wake_fd = -1;
  w->draw_us = -1;
  g_mutex_init (&w->lock);
  for (guint i = 0; i < TRIB_TRACE_N_OUTLETS; i++) {
    w->lanes[i].outlet = (TribTraceOutlet) i;
    w->lanes[i].fd = (TribTraceFd) TRIB_TRACE_FD_INIT;
    w->lanes[i].gathering = g_string_new (NULL);
    w->lanes[i].writing = g_string_new (NULL);
  }
  w->lanes[TRIB_TRACE_TO_CALLBACK].used = config->record != NULL;
  return w;
}

/* before the start; takes the descriptor of @f over */
void
trib_trace_writer_take_fd (TribTraceWriter *w, TribTraceOutlet outlet, TribTraceFd *f)
{
  g_assert (w->thread == NULL && outlet != TRIB_TRACE_TO_CALLBACK);
  w->lanes[outlet].used = TRUE;
  w->lanes[outlet].fd = *f;
  f->fd = -1;
}

/**
 * trib_trace_writer_start:
 * @w: not started
 * @error: %TRIB_TRACE_ERROR_OPEN when the process is out of descriptors or threads
 *
 * Returns: whether the thread runs
 */
gboolean
trib_trace_writer_start (TribTraceWriter *w, GError **error)
{
  g_autoptr (GError) reason = NULL;

  w->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (w->wake_fd < 0) {
    gint number = errno;
    g_set_error (error, TRIB_TRACE_ERROR, TRIB_TRACE_ERROR_OPEN, "Cannot start a trace: %s",
        g_strerror (number));
    return FALSE;
  }
  w->thread = g_thread_try_new ("trib-trace", run, w, &reason);
  if (w->thread == NULL)
    g_set_error (error, TRIB_TRACE_ERROR, TRIB_TRACE_ERROR_OPEN, "Cannot start a trace: %s",
        reason->message);
  return w->thread != NULL;
}

/* with the lock; whether the thread must be woken */
static gboolean
put_in_lane (TribTraceWriter *w, Lane *lane, const gchar *line, gsize len)
{
  gsize max = w->config.max_bytes;
  gsize held = lane->gathering->len + lane->taken_bytes;

  if (held == 0)
    lane->filled = FALSE;
  lane->account.in++;
  if (lane->gone || w->closing) {
    lane->account.gone++;
  } else if (len >= max / 4) {
    lane->account.too_large++;
    lane->losses.too_large++;
  } else if (lane->filled || held + len + 1 + HEAD_BYTES > max) {
    lane->filled = TRUE;
    lane->account.full++;
    lane->losses.full++;
  } else {
    g_string_append_len (lane->gathering, line, (gssize) len);
    g_string_append_c (lane->gathering, '\n');
    lane->account.pending++;
    if (w->resting)
      return held + len >= max / REST_SHARE;
    return w->asleep && !lane->taken;
  }
  return FALSE;
}

/**
 * trib_trace_writer_put:
 * @w: started
 * @outlets: a bit for each; unused ones are skipped
 * @line: without line feed
 * @len: its length in bytes
 *
 * Any thread. Does not wait for an outlet.
 */
void
trib_trace_writer_put (TribTraceWriter *w, guint outlets, const gchar *line, gsize len)
{
  gboolean sleeping = FALSE;

  g_mutex_lock (&w->lock);
  for (guint i = 0; i < TRIB_TRACE_N_OUTLETS; i++)
    if ((outlets & (1u << i)) && w->lanes[i].used)
      sleeping |= put_in_lane (w, &w->lanes[i], line, len);
  if (sleeping)
    w->asleep = w->resting = FALSE;
  g_mutex_unlock (&w->lock);
  if (sleeping)
    wake (w);
}

/* Any thread. There is something new to draw. */
void
trib_trace_writer_redraw (TribTraceWriter *w)
{
  gboolean sleeping;

  g_mutex_lock (&w->lock);
  sleeping = w->asleep && !w->redraw && !w->draw_planned;
  w->redraw = TRUE;
  if (sleeping)
    w->asleep = FALSE;
  g_mutex_unlock (&w->lock);
  if (sleeping)
    wake (w);
}

static void
count_unread (Lane *lane)
{
  guint64 lost = count_lines (lane->gathering->str, lane->gathering->len);

  lose_batch (lane, &lane->account.unread, FALSE);
  lane->account.unread += lost;
  lane->account.pending -= lost;
  g_string_truncate (lane->gathering, 0);
}

/**
 * trib_trace_writer_close:
 * @w: a writer; closing it twice is fine, from one thread at a time
 * @drain_ms: maximum time for writing what is in memory
 */
void
trib_trace_writer_close (TribTraceWriter *w, guint drain_ms)
{
  if (w->closed)
    return;
  w->closed = TRUE;
  g_mutex_lock (&w->lock);
  w->deadline_us = g_get_monotonic_time () + drain_ms * (gint64) 1000;
  w->closing = TRUE;
  g_mutex_unlock (&w->lock);
  if (w->thread != NULL) {
    wake (w);
    g_thread_join (w->thread);
    w->thread = NULL;
  }
  g_mutex_lock (&w->lock);
  for (guint i = 0; i < TRIB_TRACE_N_OUTLETS; i++)
    count_unread (&w->lanes[i]);
  g_mutex_unlock (&w->lock);
  for (guint i = 0; i < TRIB_TRACE_N_OUTLETS; i++)
    trib_trace_fd_close (&w->lanes[i].fd);
}

void
trib_trace_writer_free (TribTraceWriter *w)
{
  trib_trace_writer_close (w, 0);
  /* not before: another thread may have been about to wake it when it ended */
  if (w->wake_fd >= 0)
    close (w->wake_fd);
  for (guint i = 0; i < TRIB_TRACE_N_OUTLETS; i++) {
    g_string_free (w->lanes[i].gathering, TRUE);
    g_string_free (w->lanes[i].writing, TRUE);
  }
  g_mutex_clear (&w->lock);
  g_free (w);
}

void
trib_trace_writer_get_account (
    TribTraceWriter *w, TribTraceOutlet outlet, TribTraceAccount *account)
{
  const Lane *lane = &w->lanes[outlet];

  g_mutex_lock (&w->lock);
  *account = lane->account;
  account->pending_bytes = lane->gathering->len + lane->taken_bytes;
  g_mutex_unlock (&w->lock);
}
