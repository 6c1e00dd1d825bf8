/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* SO_PEERCRED's struct ucred */
#include "trib-socket-place.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* attempts to lock a folder, and the pause between them; without the lock two processes that
 * replace the same dead socket at once could both succeed */
#define LOCK_TRIES 100
#define LOCK_PAUSE_US 2000

G_DEFINE_QUARK (trib - socket - error - quark, trib_socket_error)

static gboolean
fail (GError **error, gint number, const gchar *doing, const gchar *location)
{
  g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_FAILED, "cannot %s \"%s\": %s", doing,
      location, g_strerror (number));
  return FALSE;
}

/**
 * trib_socket_check_location:
 * @location: (nullable): a path, or '@' and an abstract name
 * @type: the type it is to have
 * @error: %TRIB_SOCKET_ERROR_LOCATION
 *
 * Returns: whether @location is a valid name for @type
 */
gboolean
trib_socket_check_location (const gchar *location, TribSocketType type, GError **error)
{
  const gsize max_len = sizeof (((struct sockaddr_un *) NULL)->sun_path);
  const gchar *why = NULL;

  if (location == NULL || *location == '\0' || g_str_equal (location, "@"))
    why = "is not set";
  else if (type == TRIB_SOCKET_FIFO && *location == '@')
    why = "is an abstract name, which a FIFO cannot have";
  else if (type != TRIB_SOCKET_FIFO && strlen (location) >= max_len)
    why = "is longer than the 107 bytes that the name of a socket may have";
  if (why == NULL)
    return TRUE;
  g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_LOCATION, "the location \"%.120s\" %s",
      location != NULL ? location : "", why);
  return FALSE;
}

static socklen_t
make_address (const gchar *location, struct sockaddr_un *ret)
{
  gsize len = strlen (location);

  memset (ret, 0, sizeof *ret);
  ret->sun_family = AF_UNIX;
  memcpy (ret->sun_path, location, len);
  if (*location != '@')
    return sizeof *ret;
  ret->sun_path[0] = '\0';
  return (socklen_t) (offsetof (struct sockaddr_un, sun_path) + len);
}

static gint
make_socket (TribSocketType type)
{
  return socket (AF_UNIX,
      (type == TRIB_SOCKET_STREAM ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static gint
connect_once (const gchar *location, TribSocketType type, gint *ret_number)
{
  struct sockaddr_un address;
  socklen_t len = make_address (location, &address);
  gint fd = make_socket (type);

  *ret_number = 0;
  if (fd >= 0 && connect (fd, (struct sockaddr *) &address, len) == 0)
    return fd;
  *ret_number = errno;
  if (fd >= 0)
    close (fd);
  return -1;
}

/* ---- creating ---- */

/* of the socket's folder, so that no lock file is needed; -1: not locked */
static gint
lock_folder (const gchar *location)
{
  g_autofree gchar *folder = g_path_get_dirname (location);
  gint fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  for (guint i = 0; fd >= 0 && i < LOCK_TRIES; i++) {
    if (flock (fd, LOCK_EX | LOCK_NB) == 0)
      return fd;
    g_usleep (LOCK_PAUSE_US);
  }
  if (fd >= 0)
    close (fd);
  return -1;
}

/* removes a socket that no process listens at; FALSE: the location is in use */
static gboolean
clear_stale (const gchar *location, TribSocketType type, GError **error)
{
  struct stat st;
  gint number, fd;

  if (lstat (location, &st) != 0)
    return errno == ENOENT || fail (error, errno, "look at", location);
  if (!S_ISSOCK (st.st_mode)) {
    g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_OTHER_KIND,
        "\"%s\" exists and is not a socket: remove it, or choose another location", location);
    return FALSE;
  }
  fd = connect_once (location, type, &number);
  if (fd >= 0)
    close (fd);
  if (number == ECONNREFUSED)
    return unlink (location) == 0 || errno == ENOENT || fail (error, errno, "remove", location);
  /* EPROTOTYPE: in use, of the other type; EAGAIN: in use, its backlog is full */
  if (number != 0 && number != EPROTOTYPE && number != EAGAIN)
    return fail (error, number, "use", location);
  g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_IN_USE,
      "another process listens at \"%s\": stop it, or choose another location", location);
  return FALSE;
}

static gboolean
bind_to (
    gint fd, const gchar *location, TribSocketType type, guint mode, guint backlog, GError **error)
{
  struct sockaddr_un address;
  socklen_t len = make_address (location, &address);

  /* the file is created with this mode, less the umask; chmod() sets the rest */
  fchmod (fd, mode);
  if (bind (fd, (struct sockaddr *) &address, len) != 0) {
    gint number = errno;

    if (number != EADDRINUSE)
      return fail (error, number, "make the socket", location);
    g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_IN_USE,
        "another process listens at \"%s\": stop it, or choose another location", location);
    return FALSE;
  }
  if (*location != '@' && chmod (location, mode) != 0)
    return fail (error, errno, "set the mode of", location);
  if (type == TRIB_SOCKET_STREAM && listen (fd, (gint) backlog) != 0)
    return fail (error, errno, "listen at", location);
  return TRUE;
}

/* remembers the file, so that only this one is removed */
static void
own (TribSocketPlace *place, const gchar *location)
{
  struct stat st;

  if (*location == '@' || lstat (location, &st) != 0)
    return;
  place->path = g_strdup (location);
  place->device = st.st_dev;
  place->inode = st.st_ino;
}

/**
 * trib_socket_place_bind:
 * @place: (out caller-allocates): %TRIB_SOCKET_PLACE_INIT
 * @location: a path, or '@' and an abstract name
 * @type: %TRIB_SOCKET_DATAGRAM or %TRIB_SOCKET_STREAM
 * @mode: of the file, such as 0600; an abstract name has none
 * @backlog: connections that may wait to be accepted
 * @error: return location, domain %TRIB_SOCKET_ERROR
 *
 * A socket that a dead process has left is replaced; one of a running process is not.
 *
 * Returns: whether other processes can send there now
 */
gboolean
trib_socket_place_bind (TribSocketPlace *place, const gchar *location, TribSocketType type,
    guint mode, guint backlog, GError **error)
{
  gint lock = -1;
  gboolean bound;

  if (!trib_socket_check_location (location, type, error))
    return FALSE;
  place->fd = make_socket (type);
  if (place->fd < 0)
    return fail (error, errno, "make a socket for", location);
  if (*location != '@')
    lock = lock_folder (location);
  bound = (*location == '@' || clear_stale (location, type, error))
          && bind_to (place->fd, location, type, mode, backlog, error);
  if (bound)
    own (place, location);
  if (lock >= 0)
    close (lock);
  if (!bound)
    trib_socket_place_clear (place);
  return bound;
}

/**
 * trib_socket_place_make_fifo:
 * @place: (out caller-allocates): %TRIB_SOCKET_PLACE_INIT
 * @location: a path
 * @mode: of the file, if it is made
 * @error: return location, domain %TRIB_SOCKET_ERROR
 *
 * Creates a FIFO, unless there is one. It is not opened.
 *
 * Returns: whether there is a FIFO
 */
gboolean
trib_socket_place_make_fifo (
    TribSocketPlace *place, const gchar *location, guint mode, GError **error)
{
  struct stat st;

  if (!trib_socket_check_location (location, TRIB_SOCKET_FIFO, error))
    return FALSE;
  if (mkfifo (location, mode) == 0) {
    if (chmod (location, mode) != 0)
      return fail (error, errno, "set the mode of", location);
    own (place, location);
    return TRUE;
  }
  if (errno != EEXIST)
    return fail (error, errno, "make the FIFO", location);
  if (stat (location, &st) == 0 && S_ISFIFO (st.st_mode))
    return TRUE;
  g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_OTHER_KIND,
      "\"%s\" exists and is not a FIFO: remove it, or choose another location", location);
  return FALSE;
}

/**
 * trib_socket_place_clear:
 * @place: a place
 *
 * Closes it, and removes its file if that is still the one that was created.
 */
void
trib_socket_place_clear (TribSocketPlace *place)
{
  struct stat st;

  if (place->path != NULL && lstat (place->path, &st) == 0 && st.st_dev == place->device
      && st.st_ino == place->inode)
    unlink (place->path);
  if (place->fd >= 0)
    close (place->fd);
  g_free (place->path);
  *place = TRIB_SOCKET_PLACE_INIT;
}

/* ---- connecting ---- */

/* A FIFO is opened for writing only: so it is known whether there is a reader, a new reader begins
 * with a whole picture, and reads an end of file when the writer has closed it. */
static gint
open_fifo (const gchar *location, gint *ret_number)
{
  gint fd = open (location, O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  struct stat st;

  *ret_number = fd < 0 ? errno : 0;
  if (fd >= 0 && (fstat (fd, &st) != 0 || !S_ISFIFO (st.st_mode))) {
    close (fd);
    *ret_number = EPROTOTYPE;
    return -1;
  }
  return fd;
}

/**
 * trib_socket_connect:
 * @location: a path, or '@' and an abstract name
 * @type: its type
 * @error: %TRIB_SOCKET_ERROR_NO_RECEIVER while there is no receiver, other codes for lasting
 *   failures
 *
 * Returns: a non-blocking descriptor, the caller's to close; -1 with @error set
 */
gint
trib_socket_connect (const gchar *location, TribSocketType type, GError **error)
{
  gint number, fd;

  if (!trib_socket_check_location (location, type, error))
    return -1;
  fd = type == TRIB_SOCKET_FIFO ? open_fifo (location, &number)
                                : connect_once (location, type, &number);
  if (fd >= 0)
    return fd;
  if (number == EPROTOTYPE)
    g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_OTHER_KIND,
        "\"%s\" exists, but is not a %s", location,
        type == TRIB_SOCKET_FIFO     ? "FIFO"
        : type == TRIB_SOCKET_STREAM ? "socket for streams (is it one for datagrams?)"
                                     : "socket for datagrams (is it one for streams?)");
  else if (number == ENOENT || number == ECONNREFUSED || number == EAGAIN || number == ENXIO
           || number == EACCES || number == ENOTSOCK)
    g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_NO_RECEIVER,
        "no process %s \"%s\": %s", type == TRIB_SOCKET_FIFO ? "reads" : "listens at", location,
        g_strerror (number));
  else
    fail (error, number, "connect to", location);
  return -1;
}

/**
 * trib_socket_peer_pid:
 * @fd: a connected socket
 *
 * Returns: the process that made the connection; 0: not known
 */
gint
trib_socket_peer_pid (gint fd)
{
  struct ucred credentials;
  socklen_t len = sizeof credentials;

  return getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &credentials, &len) == 0 ? (gint) credentials.pid
                                                                           : 0;
}
