/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of sockets and FIFOs: their mode, and another process that swaps them meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <socket/trib-socket-place.h>
#include <trib-test.h>

#define N_ROUNDS 2000
#define MODE 0666

static mode_t
mode_of (const gchar *path)
{
  struct stat st;

  g_assert_cmpint (lstat (path, &st), ==, 0);
  return st.st_mode & 07777;
}

static gboolean
make (TribSocketPlace *place, const gchar *location, TribSocketType type, guint mode)
{
  g_autoptr (GError) error = NULL;
  gboolean made;

  *place = TRIB_SOCKET_PLACE_INIT;
  made = type == TRIB_SOCKET_FIFO
             ? trib_socket_place_make_fifo (place, location, mode, &error)
             : trib_socket_place_bind (place, location, type, mode, 10, &error);
  g_assert_true (made == (error == NULL));
  if (!made)
    g_assert_true (error->domain == TRIB_SOCKET_ERROR);
  return made;
}

static void
assert_empty (const gchar *dir)
{
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);

  g_assert_cmpstr (g_dir_read_name (entries), ==, NULL);
}

/* whatever the umask takes away; nothing is left behind (OBS-9) */
static void
test_mode (gconstpointer data)
{
  static const guint modes[] = { 0600, 0640, 0666, 0777, 0400, 0 };
  TribSocketType type = (TribSocketType) GPOINTER_TO_INT (data);
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *location = g_build_filename (dir, "place", NULL);
  mode_t before = umask (027);

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    TribSocketPlace place;

    g_assert_true (make (&place, location, type, modes[i]));
    g_assert_cmpuint (mode_of (location), ==, modes[i]);
    trib_socket_place_clear (&place);
    assert_empty (dir);
  }
  umask (before);
}

/* names that are as long as a socket's may be, and a relative one */
static void
test_names (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *before = g_get_current_dir ();
  g_autofree gchar *name = g_strnfill (107, 'n');
  TribSocketPlace place;
  gint fd;

  g_assert_cmpint (chdir (dir), ==, 0);
  g_assert_true (make (&place, name, TRIB_SOCKET_STREAM, 0600));
  fd = trib_socket_connect (name, TRIB_SOCKET_STREAM, NULL);
  g_assert_cmpint (fd, >=, 0);
  close (fd);
  trib_socket_place_clear (&place);
  g_assert_false (make (&place, "folder/", TRIB_SOCKET_STREAM, 0600));
  g_assert_false (make (&place, "absent/place", TRIB_SOCKET_FIFO, 0600));
  assert_empty (dir);
  g_assert_cmpint (chdir (before), ==, 0);
}

/* ---- another process with rights in the folder ---- */

typedef struct {
  const gchar *dir;
  const gchar *location;
  const gchar *secret;        /* a file of this user's, 0600 */
  const gchar *secret_socket; /* a socket or FIFO of this user's, 0600 */
  gint stop;                  /* atomic */
  gint swaps;                 /* atomic */
} Watcher;

/* a link to the file, or the socket under another name, in place of what was made */
static void
swap (Watcher *w, const gchar *path, guint round)
{
  struct stat st;

  if (lstat (path, &st) != 0 || S_ISLNK (st.st_mode))
    return;
  if (S_ISDIR (st.st_mode)) {
    g_autofree gchar *away = g_strdup_printf ("%s/away-%u", w->dir, round);

    if (rename (path, away) != 0)
      return;
  } else if (unlink (path) != 0) {
    return;
  }
  if (round % 2 == 0 ? symlink (w->secret, path) == 0 : link (w->secret_socket, path) == 0)
    g_atomic_int_inc (&w->swaps);
}

static gpointer
watch (gpointer data)
{
  Watcher *w = data;

  for (guint round = 0; !g_atomic_int_get (&w->stop); round++) {
    g_autoptr (GDir) entries = g_dir_open (w->dir, 0, NULL);
    const gchar *name;

    swap (w, w->location, round);
    /* one round in four: folders, too */
    while (round % 4 == 3 && (name = g_dir_read_name (entries)) != NULL) {
      g_autofree gchar *path = g_build_filename (w->dir, name, NULL);

      if (!g_str_has_prefix (name, "away-"))
        swap (w, path, round);
    }
  }
  return NULL;
}

static void
empty (const gchar *dir)
{
  g_autoptr (GDir) entries = g_dir_open (dir, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (entries)) != NULL) {
    g_autofree gchar *path = g_build_filename (dir, name, NULL);

    if (unlink (path) != 0)
      rmdir (path);
  }
}

/* Another process puts a link in place of each file that appears: the file that it leads to keeps
 * its mode, and so does a socket that is moved there (OBS-9). */
static void
test_watcher (gconstpointer data)
{
  TribSocketType type = (TribSocketType) GPOINTER_TO_INT (data);
  g_autoptr (TribTestDir) dir = trib_test_dir_new (), own = trib_test_dir_new ();
  g_autofree gchar *location = g_build_filename (dir, "place", NULL);
  g_autofree gchar *secret = g_build_filename (own, "secret", NULL);
  g_autofree gchar *secret_socket = g_build_filename (own, "socket", NULL);
  Watcher watcher = { dir, location, secret, secret_socket, 0, 0 };
  TribSocketPlace kept;
  GThread *thread;
  mode_t before = umask (077);
  guint made = 0, n = type == TRIB_SOCKET_STREAM ? N_ROUNDS : N_ROUNDS / 4;

  g_assert_true (g_file_set_contents (secret, "precious", -1, NULL));
  g_assert_cmpint (chmod (secret, 0600), ==, 0);
  g_assert_true (make (&kept, secret_socket, type, 0600));
  thread = g_thread_new ("watcher", watch, &watcher);
  for (guint i = 0; i < n || g_atomic_int_get (&watcher.swaps) < (gint) n / 10; i++) {
    TribSocketPlace place;

    if (make (&place, location, type, MODE))
      made++;
    g_assert_cmpuint (mode_of (secret), ==, 0600);
    g_assert_cmpuint (mode_of (secret_socket), ==, 0600);
    trib_socket_place_clear (&place);
    empty (dir);
  }
  g_atomic_int_set (&watcher.stop, 1);
  g_thread_join (thread);
  empty (dir);
  g_test_message ("%u made, %d swapped", made, watcher.swaps);
  g_assert_cmpuint (mode_of (secret), ==, 0600);
  trib_socket_place_clear (&kept);
  umask (before);
}

int
main (int argc, char **argv)
{
  static const struct {
    const gchar *name;
    TribSocketType type;
  } types[] = { { "stream", TRIB_SOCKET_STREAM }, { "datagram", TRIB_SOCKET_DATAGRAM },
    { "fifo", TRIB_SOCKET_FIFO } };

  trib_test_init (&argc, &argv);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    g_autofree gchar *mode = g_strconcat ("/socket-place/OBS-9/mode/", types[i].name, NULL);
    g_autofree gchar *watcher = g_strconcat ("/socket-place/OBS-9/watcher/", types[i].name, NULL);

    g_test_add_data_func (mode, GINT_TO_POINTER (types[i].type), test_mode);
    g_test_add_data_func (watcher, GINT_TO_POINTER (types[i].type), test_watcher);
  }
  g_test_add_func ("/socket-place/OBS-9/names", test_names);
  return trib_test_run ();
}
