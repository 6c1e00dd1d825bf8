/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-socket-frames.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <common/trib-notice.h>

#include "trib-socket-debug.h"
#include "trib-socket-wake.h"

/* SOI, EOI */
#define MIN_FRAME_BYTES 4
#define NOTIFY_EVERY_US G_USEC_PER_SEC

struct _TribSocketFrames {
  /* set once */
  gchar *location;
  gsize max_bytes;
  TribSocketReceiverNotify notify;
  gpointer user_data;
  gint wake;

  gint flushing; /* atomic */

  /* the reading thread */
  TribSocketPlace place;
  gint fd; /* open for reading; -1: stopped */
  guint8 bytes[TRIB_SOCKET_HEADER_BYTES];
  TribSocketFrame frame;
  gsize done;    /* bytes of the header, then of the frame behind it, that were read */
  guint64 begin; /* offset of the header in what the writer wrote */
  gboolean writes;
  TribSocketReceiverEvent senders;
  TribNotice senders_notice;
  TribNotice half_notice;

  GMutex lock;
  /* lock */
  TribSocketCounts counts;
};

/* ---- headers ---- */

void
trib_socket_frame_header_write (
    const TribSocketFrameHeader *header, guint8 ret[TRIB_SOCKET_HEADER_BYTES])
{
  const guint32 len = GUINT32_TO_LE (header->len);
  const guint64 frame_id = GUINT64_TO_LE (header->frame_id);
  const gint64 t_ns = GINT64_TO_LE (header->t_ns);

  memcpy (ret, &len, sizeof len);
  memcpy (ret + 4, &frame_id, sizeof frame_id);
  memcpy (ret + 12, &t_ns, sizeof t_ns);
}

TribSocketFrameHeader
trib_socket_frame_header_read (const guint8 bytes[TRIB_SOCKET_HEADER_BYTES])
{
  guint32 len;
  guint64 frame_id;
  gint64 t_ns;

  memcpy (&len, bytes, sizeof len);
  memcpy (&frame_id, bytes + 4, sizeof frame_id);
  memcpy (&t_ns, bytes + 12, sizeof t_ns);
  return (TribSocketFrameHeader){ GUINT32_FROM_LE (len), GUINT64_FROM_LE (frame_id),
    GINT64_FROM_LE (t_ns) };
}

static gboolean
is_jpeg (const guint8 *data, gsize len)
{
  /* cameras fill up with these */
  while (len > MIN_FRAME_BYTES && data[len - 1] == 0)
    len--;
  return len >= MIN_FRAME_BYTES && data[0] == 0xff && data[1] == 0xd8 && data[len - 2] == 0xff
         && data[len - 1] == 0xd9;
}

/* ---- writers ---- */

/* Returns: when the next notification is due; %G_MAXINT64: none is */
static gint64
notify_due (TribSocketFrames *f)
{
  gint64 now = g_get_monotonic_time ();
  guint64 n;

  if (trib_notice_flush (&f->senders_notice, now, NOTIFY_EVERY_US, &n)) {
    f->senders.connected = f->writes ? 1 : 0;
    f->notify (&f->senders, f->user_data);
    f->senders.joined = f->senders.left = 0;
  }
  if (trib_notice_flush (&f->half_notice, now, NOTIFY_EVERY_US, &n)) {
    const TribSocketReceiverEvent event = { .kind = TRIB_SOCKET_REFUSED,
      .reason = trib_socket_reason (TRIB_SOCKET_HALF),
      .detail = "the writer closed the FIFO in the middle of a frame",
      .count = n };

    f->notify (&event, f->user_data);
  }
  return MIN (trib_notice_next (&f->senders_notice, NOTIFY_EVERY_US),
      trib_notice_next (&f->half_notice, NOTIFY_EVERY_US));
}

static void
forget_frame (TribSocketFrames *f)
{
  g_clear_pointer (&f->frame.data, g_free);
  f->done = 0;
}

static void
writer_joined (TribSocketFrames *f)
{
  if (f->writes)
    return;
  f->writes = TRUE;
  f->frame.writer++;
  f->begin = 0;
  f->senders.joined++;
  f->senders_notice.n_events++;
  TRIB_LOG (&trib_socket_debug, TRIB_LOG_INFO, f->location, "a process writes the FIFO");
  g_mutex_lock (&f->lock);
  f->counts.clients++;
  f->counts.clients_now = 1;
  g_mutex_unlock (&f->lock);
}

static void
writer_left (TribSocketFrames *f)
{
  gboolean half = f->frame.data != NULL || f->done > 0;

  f->writes = FALSE;
  f->senders.left++;
  f->senders_notice.n_events++;
  TRIB_LOG (&trib_socket_debug, TRIB_LOG_INFO, f->location, "no process writes the FIFO%s",
      half ? ", the last frame is incomplete" : "");
  forget_frame (f);
  if (half)
    f->half_notice.n_events++;
  g_mutex_lock (&f->lock);
  f->counts.clients_now = 0;
  f->counts.records_in += half ? 1 : 0;
  f->counts.refused[TRIB_SOCKET_HALF] += half ? 1 : 0;
  g_mutex_unlock (&f->lock);
}

/* All writers have closed it. A descriptor that has seen this reports it for ever; a new one does
 * not. It is opened before the old one is closed, so that a writer always finds a reader. */
static gboolean
reopen (TribSocketFrames *f, GError **error)
{
  gint fd = trib_socket_open_fifo_reader (f->location, error);

  if (fd < 0)
    return FALSE;
  close (f->fd);
  f->fd = fd;
  return TRUE;
}

/* ---- reading ---- */

/* FALSE: @error is set. What cannot be a frame is an error: with its length the begin of the next
 * one is lost. */
static gboolean
check (TribSocketFrames *f, gboolean good, const gchar *why, GError **error)
{
  if (good)
    return TRUE;
  g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_BOUNDARY,
      "the boundary of frames is lost in \"%s\": at byte %" G_GUINT64_FORMAT
      " of its writer there is a header with a length of %u bytes, %s",
      f->location, f->begin, f->frame.header.len, why);
  g_mutex_lock (&f->lock);
  f->counts.records_in++;
  f->counts.refused[TRIB_RECORD_ERROR_SYNTAX]++;
  g_mutex_unlock (&f->lock);
  forget_frame (f);
  return FALSE;
}

static gboolean
header_done (TribSocketFrames *f, GError **error)
{
  f->frame.header = trib_socket_frame_header_read (f->bytes);
  if (!check (f, f->frame.header.len >= MIN_FRAME_BYTES, "less than a JPEG has", error)
      || !check (f, f->frame.header.len <= f->max_bytes, "more than max-bytes", error))
    return FALSE;
  f->frame.data = g_malloc (f->frame.header.len);
  f->done = 0;
  return TRUE;
}

/* @ret: (out): set when its data is not %NULL */
static gboolean
frame_done (TribSocketFrames *f, TribSocketFrame *ret, GError **error)
{
  if (!check (f, is_jpeg (f->frame.data, f->frame.header.len), "and no JPEG of that length", error))
    return FALSE;
  f->frame.arrival_us = g_get_monotonic_time ();
  f->begin += TRIB_SOCKET_HEADER_BYTES + f->frame.header.len;
  *ret = f->frame;
  f->frame.data = NULL;
  f->done = 0;
  g_mutex_lock (&f->lock);
  f->counts.records_in++;
  f->counts.records_out++;
  g_mutex_unlock (&f->lock);
  return TRUE;
}

/* What one read brings. FALSE: @error is set */
static gboolean
read_once (TribSocketFrames *f, TribSocketFrame *ret, GError **error)
{
  gboolean in_frame = f->frame.data != NULL;
  guint8 *to = in_frame ? f->frame.data : f->bytes;
  gsize size = in_frame ? f->frame.header.len : TRIB_SOCKET_HEADER_BYTES;
  gssize n = read (f->fd, to + f->done, size - f->done);

  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return TRUE;
  if (n < 0) {
    g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_FAILED, "cannot read \"%s\": %s",
        f->location, g_strerror (errno));
    return FALSE;
  }
  if (n == 0) {
    if (f->writes)
      writer_left (f);
    return reopen (f, error);
  }
  writer_joined (f);
  f->done += (gsize) n;
  g_mutex_lock (&f->lock);
  f->counts.bytes_in += (guint64) n;
  g_mutex_unlock (&f->lock);
  if (f->done < size)
    return TRUE;
  return in_frame ? frame_done (f, ret, error) : header_done (f, error);
}

/**
 * trib_socket_frames_read:
 * @f: frames
 * @ret: (out): the next frame
 * @error: return location, domain %TRIB_SOCKET_ERROR
 *
 * Blocks until there is a frame. A writer that closes the FIFO may be followed by another. One
 * thread at a time.
 */
TribSocketFramesRead
trib_socket_frames_read (TribSocketFrames *f, TribSocketFrame *ret, GError **error)
{
  ret->data = NULL;
  while (!g_atomic_int_get (&f->flushing)) {
    struct pollfd polls[2] = { { f->fd, POLLIN, 0 }, { f->wake, POLLIN, 0 } };
    gint64 until = notify_due (f);
    gint n = poll (polls, 2, trib_socket_poll_timeout (until, g_get_monotonic_time ()));

    if (n > 0 && polls[1].revents != 0)
      trib_socket_wake_reset (f->wake);
    if (n > 0 && polls[0].revents != 0 && !read_once (f, ret, error))
      return TRIB_SOCKET_FRAMES_LOST;
    if (ret->data != NULL)
      return TRIB_SOCKET_FRAMES_OK;
  }
  return TRIB_SOCKET_FRAMES_FLUSHING;
}

/**
 * trib_socket_frames_set_flushing:
 * @f: frames
 * @flushing: whether trib_socket_frames_read() returns at once
 *
 * Any thread. A frame that is read in part is kept.
 */
void
trib_socket_frames_set_flushing (TribSocketFrames *f, gboolean flushing)
{
  g_atomic_int_set (&f->flushing, flushing);
  trib_socket_wake_set (f->wake);
}

/**
 * trib_socket_frames_new:
 * @config: copied
 * @notify: called by trib_socket_frames_read()
 * @user_data: for @notify
 * @error: return location, domain %TRIB_SOCKET_ERROR
 *
 * Makes the FIFO, unless there is one, and opens it.
 *
 * Returns: (transfer full) (nullable): writers find a reader from now on
 */
TribSocketFrames *
trib_socket_frames_new (const TribSocketFramesConfig *config, TribSocketReceiverNotify notify,
    gpointer user_data, GError **error)
{
  TribSocketPlace place = TRIB_SOCKET_PLACE_INIT;
  TribSocketFrames *f;

  if (!trib_socket_place_make_fifo (&place, config->location, config->mode, error))
    return NULL;
  f = g_new0 (TribSocketFrames, 1);
  f->location = g_strdup (config->location);
  f->max_bytes = config->max_bytes;
  f->notify = notify;
  f->user_data = user_data;
  f->place = place;
  f->senders.kind = TRIB_SOCKET_SENDERS;
  g_mutex_init (&f->lock);
  f->wake = trib_socket_wake_new (error);
  f->fd = f->wake >= 0 ? trib_socket_open_fifo_reader (f->location, error) : -1;
  if (f->fd >= 0)
    return f;
  trib_socket_frames_free (f);
  return NULL;
}

/**
 * trib_socket_frames_stop:
 * @f: frames; no thread may be in trib_socket_frames_read()
 *
 * Closes the FIFO, and removes it if it was made here. The counters can be read until it is freed.
 */
void
trib_socket_frames_stop (TribSocketFrames *f)
{
  trib_socket_place_clear (&f->place);
  if (f->writes)
    writer_left (f);
  if (f->fd >= 0)
    close (f->fd);
  f->fd = -1;
}

/* @f: (nullable) (transfer full) */
void
trib_socket_frames_free (TribSocketFrames *f)
{
  if (f == NULL)
    return;
  trib_socket_frames_stop (f);
  if (f->wake >= 0)
    close (f->wake);
  g_mutex_clear (&f->lock);
  g_free (f->location);
  g_free (f);
}

/* any thread; all of one moment */
void
trib_socket_frames_get_counts (TribSocketFrames *f, TribSocketCounts *ret)
{
  g_mutex_lock (&f->lock);
  *ret = f->counts;
  g_mutex_unlock (&f->lock);
}
