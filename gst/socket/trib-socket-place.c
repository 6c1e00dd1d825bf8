/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* SO_PEERCRED's struct ucred, O_PATH */
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
  else if (*location != '@' && g_str_has_suffix (location, "/"))
    why = "is the name of a folder";
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

/* ---- a folder of its own for a file that is being made ---- */

/* Inside the location's folder, and closed to all other users: they may move it or remove it, but
 * never put anything else in place of what is in it. */
typedef struct {
  gint folder; /* of the location */
  gint inside;
  gchar name[32];
  gchar entry[65]; /* in it: the location's last part, or the beginning of that */
} Nook;

static gboolean
nook_open (Nook *n, const gchar *location, GError **error)
{
  g_autofree gchar *folder = g_path_get_dirname (location);
  g_autofree gchar *entry = g_path_get_basename (location);
  struct stat st;

  n->inside = -1;
  g_snprintf (n->name, sizeof n->name, ".trib-%08x%08x", g_random_int (), g_random_int ());
  g_strlcpy (n->entry, entry, sizeof n->entry);
  n->folder = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (n->folder < 0 || mkdirat (n->folder, n->name, 0700) != 0)
    return fail (error, errno, "make a folder beside", location);
  n->inside = openat (n->folder, n->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (n->inside < 0 || fstat (n->inside, &st) != 0)
    return fail (error, errno, "use a folder beside", location);
  /* another user's, in its place */
  if (st.st_uid != geteuid () || (st.st_mode & 077) != 0)
    return fail (error, EACCES, "use a folder beside", location);
  return TRUE;
}

static void
nook_close (Nook *n)
{
  if (n->inside >= 0) {
    unlinkat (n->inside, n->entry, 0);
    close (n->inside);
  }
  if (n->folder >= 0) {
    unlinkat (n->folder, n->name, AT_REMOVEDIR);
    close (n->folder);
  }
}

/* Sets the mode, whatever the umask, and gives the file its name. The descriptor stands for the
 * file, so that no path is looked up a second time. Remembers it, so that only this one is
 * removed. Returns: 0, or an errno */
static gint
nook_publish (Nook *n, TribSocketPlace *place, const gchar *location, guint type, guint mode)
{
  g_autofree gchar *entry = g_path_get_basename (location);
  gint fd = openat (n->inside, n->entry, O_PATH | O_NOFOLLOW | O_CLOEXEC);
  gint number = 0;
  gchar self[32];
  struct stat st;

  if (fd < 0)
    return errno;
  g_snprintf (self, sizeof self, "/proc/self/fd/%d", fd);
  if (fstat (fd, &st) != 0)
    number = errno;
  else if ((st.st_mode & S_IFMT) != type || st.st_uid != geteuid ())
    number = EPERM;
  else if ((st.st_mode & 07777) != mode && chmod (self, mode) != 0)
    number = errno;
  else if (linkat (AT_FDCWD, self, n->folder, entry, AT_SYMLINK_FOLLOW) != 0)
    number = errno;
  close (fd);
  if (number != 0)
    return number;
  place->path = g_strdup (location);
  place->device = st.st_dev;
  place->inode = st.st_ino;
  return 0;
}

static gboolean
fail_bind (GError **error, gint number, const gchar *location)
{
  if (number != EADDRINUSE && number != EEXIST)
    return fail (error, number, "make the socket", location);
  g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_IN_USE,
      "another process listens at \"%s\": stop it, or choose another location", location);
  return FALSE;
}

/* @address: a path, or '@' and an abstract name */
static gboolean
bind_and_listen (gint fd, const gchar *address, TribSocketType type, guint backlog)
{
  struct sockaddr_un un;
  socklen_t len = make_address (address, &un);

  return bind (fd, (struct sockaddr *) &un, len) == 0
         && (type != TRIB_SOCKET_STREAM || listen (fd, (gint) backlog) == 0);
}

/* The file appears with its mode, at a socket that listens. */
static gboolean
bind_file (TribSocketPlace *place, const gchar *location, TribSocketType type, guint mode,
    guint backlog, GError **error)
{
  gchar address[sizeof (((struct sockaddr_un *) NULL)->sun_path)];
  gint number = 0;
  Nook nook;

  if (!nook_open (&nook, location, error)) {
    nook_close (&nook);
    return FALSE;
  }
  g_snprintf (address, sizeof address, "/proc/self/fd/%d/%s", nook.inside, nook.entry);
  /* it is made with this mode, less the umask */
  if (fchmod (place->fd, mode) != 0 || !bind_and_listen (place->fd, address, type, backlog))
    number = errno;
  else
    number = nook_publish (&nook, place, location, S_IFSOCK, mode);
  nook_close (&nook);
  return number == 0 || fail_bind (error, number, location);
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
  if (*location == '@') {
    bound = bind_and_listen (place->fd, location, type, backlog)
            || fail_bind (error, errno, location);
  } else {
    lock = lock_folder (location);
    bound = clear_stale (location, type, error)
            && bind_file (place, location, type, mode, backlog, error);
  }
  if (lock >= 0)
    close (lock);
  if (!bound)
    trib_socket_place_clear (place);
  return bound;
}

/* Returns: 0, or an errno */
static gint
make_fifo (TribSocketPlace *place, const gchar *location, guint mode, GError **error)
{
  gint number;
  Nook nook;

  if (!nook_open (&nook, location, error))
    number = -1;
  else if (mkfifoat (nook.inside, nook.entry, mode) != 0)
    number = errno;
  else
    number = nook_publish (&nook, place, location, S_IFIFO, mode);
  nook_close (&nook);
  if (number > 0 && number != EEXIST)
    fail (error, number, "make the FIFO", location);
  return number;
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
  if (lstat (location, &st) != 0) {
    gint number = make_fifo (place, location, mode, error);

    if (number != EEXIST)
      return number == 0;
  }
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
open_fifo (const gchar *location, gint access, gint *ret_number)
{
  gint fd = open (location, access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
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
  fd = type == TRIB_SOCKET_FIFO ? open_fifo (location, O_WRONLY, &number)
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
 * trib_socket_open_fifo_reader:
 * @location: a path
 * @error: return location, domain %TRIB_SOCKET_ERROR
 *
 * Returns: a non-blocking descriptor, the caller's to close; -1 with @error set
 */
gint
trib_socket_open_fifo_reader (const gchar *location, GError **error)
{
  gint number;
  gint fd = open_fifo (location, O_RDONLY, &number);

  if (fd >= 0)
    return fd;
  if (number == EPROTOTYPE)
    g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_OTHER_KIND,
        "\"%s\" exists, but is not a FIFO", location);
  else
    fail (error, number, "read", location);
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
