/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-socket-wake.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <common/trib-time.h>

#include "trib-socket-place.h"

#define MAX_TIMEOUT_MS 60000

/* Returns: a descriptor, the caller's to close; -1 with @error set */
gint
trib_socket_wake_new (GError **error)
{
  gint fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);

  if (fd < 0)
    g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_FAILED,
        "cannot make a descriptor to wake a thread: %s", g_strerror (errno));
  return fd;
}

/* any thread */
void
trib_socket_wake_set (gint fd)
{
  const guint64 one = 1;

  /* fails only when the counter is at its largest: then it is set */
  if (write (fd, &one, sizeof one) < 0)
    g_assert (errno == EAGAIN || errno == EINTR);
}

void
trib_socket_wake_reset (gint fd)
{
  guint64 ignored;

  if (read (fd, &ignored, sizeof ignored) < 0)
    g_assert (errno == EAGAIN || errno == EINTR);
}

/* @until: monotonic, microseconds; %G_MAXINT64: no limit. Returns: milliseconds, rounded up */
gint
trib_socket_poll_timeout (gint64 until, gint64 now)
{
  if (until == G_MAXINT64)
    return -1;
  return (gint) CLAMP (trib_time_add (trib_time_sub (until, now), 999) / 1000, 0, MAX_TIMEOUT_MS);
}
