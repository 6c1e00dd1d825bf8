/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* memrchr() */
#include "trib-trace-outlet.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static gint
retry_open (const gchar *path, gint flags)
{
  gint fd;

  do {
    fd = open (path, flags | O_CLOEXEC | O_NOCTTY, 0666);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

static void
look_at (TribTraceFd *f)
{
  struct stat st;

  if (fstat (f->fd, &st) != 0)
    return;
  f->regular = S_ISREG (st.st_mode);
  f->socket = S_ISSOCK (st.st_mode);
  f->terminal = isatty (f->fd);
}

/**
 * trib_trace_fd_open_path:
 * @f: (out caller-allocates): %TRIB_TRACE_FD_INIT
 * @path: a file, created if necessary (mode 0666 less the umask); a FIFO, terminal or
 *   device
 * @error: %TRIB_TRACE_ERROR_OPEN, naming @path
 *
 * Does not wait: a FIFO is opened for reading too, so that it needs no reader yet and outlives
 * one.
 *
 * Returns: whether it is open
 */
gboolean
trib_trace_fd_open_path (TribTraceFd *f, const gchar *path, GError **error)
{
  struct stat st;
  gboolean fifo = stat (path, &st) == 0 && S_ISFIFO (st.st_mode);

  f->fd = retry_open (path, (fifo ? O_RDWR : O_WRONLY | O_APPEND | O_CREAT) | O_NONBLOCK);
  if (f->fd < 0) {
    gint number = errno;
    g_set_error (error, TRIB_TRACE_ERROR, TRIB_TRACE_ERROR_OPEN,
        "Cannot open \"%s\" for appending: %s", path, g_strerror (number));
    return FALSE;
  }
  look_at (f);
  return TRUE;
}

/* O_NONBLOCK affects all processes that share an open file, for instance the shell of a terminal. A
 * file that is opened again is not shared. */
static gboolean
open_anew (TribTraceFd *f)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/self/fd/%d", f->fd);
  gint fd = retry_open (path, O_WRONLY | O_NONBLOCK);

  if (fd < 0)
    return FALSE;
  close (f->fd);
  f->fd = fd;
  return TRUE;
}

/**
 * trib_trace_fd_open_dup:
 * @f: (out caller-allocates): %TRIB_TRACE_FD_INIT
 * @fd: owned by the caller; its flags are not changed
 * @error: %TRIB_TRACE_ERROR_OPEN: @fd is closed, or open for reading only
 *
 * Returns: whether it can be written to
 */
gboolean
trib_trace_fd_open_dup (TribTraceFd *f, gint fd, GError **error)
{
  gint flags = fcntl (fd, F_GETFL);
  gint number = flags < 0 ? errno : EBADF;
  struct stat st;

  if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY) {
    f->fd = fcntl (fd, F_DUPFD_CLOEXEC, 3);
    number = errno;
  }
  if (f->fd < 0) {
    g_set_error (error, TRIB_TRACE_ERROR, TRIB_TRACE_ERROR_OPEN,
        "Cannot write to file descriptor %d: %s", fd,
        flags >= 0 && number == EBADF ? "it is open for reading only" : g_strerror (number));
    return FALSE;
  }
  look_at (f);
  if (f->regular || f->socket)
    return TRUE;
  if (fstat (f->fd, &st) == 0 && (S_ISFIFO (st.st_mode) || f->terminal) && open_anew (f))
    return TRUE;
  f->poll_first = (flags & O_NONBLOCK) == 0;
  return TRUE;
}

void
trib_trace_fd_close (TribTraceFd *f)
{
  if (f->fd >= 0)
    close (f->fd);
  f->fd = -1;
}

/* what fits a pipe in one piece: whole lines, or a part of one that is longer than that */
static gsize
piece (const gchar *lines, gsize len)
{
  const gchar *end;

  if (len <= PIPE_BUF)
    return len;
  end = memrchr (lines, '\n', PIPE_BUF);
  return end != NULL ? (gsize) (end - lines) + 1 : PIPE_BUF;
}

static gboolean
has_room (gint fd)
{
  struct pollfd p = { .fd = fd, .events = POLLOUT };

  /* also with POLLERR and POLLHUP: the write gives the reason */
  return poll (&p, 1, 0) != 0;
}

static gssize
write_once (TribTraceFd *f, const gchar *data, gsize len)
{
  gssize n;

  if (f->poll_first && !has_room (f->fd)) {
    errno = EAGAIN;
    return -1;
  }
  do {
    n = f->socket ? send (f->fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL) : write (f->fd, data, len);
  } while (n < 0 && errno == EINTR);
  return n;
}

static gboolean
stays (const TribTraceFd *f, gint number)
{
  switch (number) {
    case EPIPE:
    case EBADF:
    case ECONNRESET:
    case ECONNREFUSED:
    case ENOTCONN:
    case EDESTADDRREQ:
    case ENXIO:
    case ENODEV:
      return TRUE;
    case EIO: /* a terminal that was closed */
      return f->terminal;
    default:
      return FALSE;
  }
}

static TribTraceWrite
judge_error (TribTraceFd *f, gint number, GError **error)
{
  if (number == EAGAIN || number == EWOULDBLOCK)
    return TRIB_TRACE_LATER;
  if (!stays (f, number)) {
    g_set_error (error, TRIB_TRACE_ERROR, TRIB_TRACE_ERROR_WRITE,
        "Cannot write the trace: %s; its records are lost until it can be written again",
        g_strerror (number));
    return TRIB_TRACE_FAILED;
  }
  g_set_error (error, TRIB_TRACE_ERROR, TRIB_TRACE_ERROR_GONE,
      "Cannot write the trace any more: %s; it ends here", g_strerror (number));
  trib_trace_fd_close (f);
  return TRIB_TRACE_GONE;
}

/* Removes the first part of a line from the end of the file, unless another writer has appended. */
static void
take_back (TribTraceFd *f, gsize part)
{
  struct stat st;
  off_t here = lseek (f->fd, 0, SEEK_CUR);

  if (here < (off_t) part || fstat (f->fd, &st) != 0 || st.st_size != here)
    return;
  if (ftruncate (f->fd, here - (off_t) part) == 0)
    lseek (f->fd, here - (off_t) part, SEEK_SET);
}

static TribTraceWrite
write_file (TribTraceFd *f, const gchar *lines, gsize len, gsize *ret_taken, GError **error)
{
  gsize done = 0, whole;
  const gchar *end;

  while (done < len) {
    gssize n = write_once (f, lines + done, len - done);
    gint number = n < 0 ? errno : ENOSPC;

    if (n > 0) {
      done += (gsize) n;
      continue;
    }
    end = memrchr (lines, '\n', done);
    whole = end != NULL ? (gsize) (end - lines) + 1 : 0;
    if (whole < done)
      take_back (f, done - whole);
    *ret_taken = whole;
    return judge_error (f, number, error);
  }
  *ret_taken = done;
  return TRIB_TRACE_WROTE;
}

/**
 * trib_trace_fd_write:
 * @f: open
 * @lines: whole lines, or the rest of them
 * @len: more than 0
 * @ret_taken: (out): bytes that were written, with any result; to a file always whole lines
 * @error: set for FAILED and GONE
 *
 * One write to a file is one batch; to anything else it is at most PIPE_BUF bytes, which a pipe
 * takes whole or not at all. The thread must have SIGPIPE and SIGXFSZ blocked.
 */
TribTraceWrite
trib_trace_fd_write (
    TribTraceFd *f, const gchar *lines, gsize len, gsize *ret_taken, GError **error)
{
  gssize n;

  *ret_taken = 0;
  if (f->regular)
    return write_file (f, lines, len, ret_taken, error);
  n = write_once (f, lines, piece (lines, len));
  if (n < 0)
    return judge_error (f, errno, error);
  *ret_taken = (gsize) n;
  return n > 0 ? TRIB_TRACE_WROTE : TRIB_TRACE_LATER;
}
