/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames behind headers in a FIFO (OBS-10): whole, whatever the pieces; half ones; no frames. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <socket/trib-socket-frames.h>

#include <trib-test.h>

#define MAX_BYTES 1000

typedef struct {
  TribTestDir *dir;
  gchar *location;
  TribSocketFrames *frames;
  gint writer;
  guint64 half;
} Rig;

static void
notify (const TribSocketReceiverEvent *event, gpointer user_data)
{
  Rig *rig = user_data;

  if (event->kind == TRIB_SOCKET_REFUSED && g_str_equal (event->reason, "half"))
    rig->half += event->count;
}

static void
open_writer (Rig *rig)
{
  rig->writer = open (rig->location, O_WRONLY | O_CLOEXEC | O_NONBLOCK);
  g_assert_cmpint (rig->writer, >=, 0);
}

static Rig *
rig_new (void)
{
  Rig *rig = g_new0 (Rig, 1);
  g_autoptr (GError) error = NULL;

  rig->dir = trib_test_dir_new ();
  rig->location = g_build_filename (rig->dir, "frames", NULL);
  rig->frames = trib_socket_frames_new (
      &(TribSocketFramesConfig){ .location = rig->location, .mode = 0600, .max_bytes = MAX_BYTES },
      notify, rig, &error);
  g_assert_no_error (error);
  open_writer (rig);
  return rig;
}

static void
rig_free (Rig *rig)
{
  TribSocketCounts counts;

  trib_socket_frames_stop (rig->frames);
  g_assert_false (g_file_test (rig->location, G_FILE_TEST_EXISTS));
  trib_socket_frames_get_counts (rig->frames, &counts);
  g_assert_cmpuint (counts.records_in, ==,
      counts.records_out + counts.refused[TRIB_SOCKET_HALF]
          + counts.refused[TRIB_RECORD_ERROR_SYNTAX]);
  g_assert_cmpuint (counts.clients_now, ==, 0);
  trib_socket_frames_free (rig->frames);
  if (rig->writer >= 0)
    close (rig->writer);
  g_free (rig->location);
  trib_test_dir_free (rig->dir);
  g_free (rig);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static void
put (Rig *rig, gconstpointer bytes, gsize len)
{
  g_assert_cmpint (write (rig->writer, bytes, len), ==, (gssize) len);
}

static void
put_header (Rig *rig, guint32 len, guint64 frame_id, gint64 t_ns)
{
  guint8 bytes[TRIB_SOCKET_HEADER_BYTES];

  trib_socket_frame_header_write (&(TribSocketFrameHeader){ len, frame_id, t_ns }, bytes);
  put (rig, bytes, sizeof bytes);
}

/* with @len bytes between its markers */
static GByteArray *
make_jpeg (guint len, guint8 filling)
{
  GByteArray *jpeg = g_byte_array_new ();

  g_byte_array_append (jpeg, (const guint8 *) "\xff\xd8", 2);
  for (guint i = 0; i < len; i++)
    g_byte_array_append (jpeg, &filling, 1);
  g_byte_array_append (jpeg, (const guint8 *) "\xff\xd9", 2);
  return jpeg;
}

static void
put_frame (Rig *rig, guint64 frame_id, guint len)
{
  g_autoptr (GByteArray) jpeg = make_jpeg (len, (guint8) frame_id);

  put_header (rig, jpeg->len, frame_id, -5);
  put (rig, jpeg->data, jpeg->len);
}

static void
assert_frame (Rig *rig, guint64 frame_id, guint len, guint64 writer)
{
  g_autoptr (GByteArray) jpeg = make_jpeg (len, (guint8) frame_id);
  g_autoptr (GError) error = NULL;
  TribSocketFrame frame;

  g_assert_cmpint (
      trib_socket_frames_read (rig->frames, &frame, &error), ==, TRIB_SOCKET_FRAMES_OK);
  g_assert_no_error (error);
  g_assert_cmpuint (frame.header.frame_id, ==, frame_id);
  g_assert_cmpint (frame.header.t_ns, ==, -5);
  g_assert_cmpmem (frame.data, frame.header.len, jpeg->data, jpeg->len);
  g_assert_cmpuint (frame.writer, ==, writer);
  g_free (frame.data);
}

/* u32 length, u64 frame id, u64 capture time, little-endian: the bytes of OBS-10 */
static void
test_header (void)
{
  static const guint8 wanted[TRIB_SOCKET_HEADER_BYTES]
      = { 0x04, 0x03, 0x02, 0x01, 7, 0, 0, 0, 0, 0, 0, 0x80, 8, 7, 6, 5, 4, 3, 2, 1 };
  const TribSocketFrameHeader header
      = { 0x01020304, G_GUINT64_CONSTANT (0x8000000000000007), 0x0102030405060708 };
  TribSocketFrameHeader back;
  guint8 bytes[TRIB_SOCKET_HEADER_BYTES];

  trib_socket_frame_header_write (&header, bytes);
  g_assert_cmpmem (bytes, sizeof bytes, wanted, sizeof wanted);
  back = trib_socket_frame_header_read (bytes);
  g_assert_cmpuint (back.len, ==, header.len);
  g_assert_cmpuint (back.frame_id, ==, header.frame_id);
  g_assert_cmpint (back.t_ns, ==, header.t_ns);
}

/* several in one write, the smallest, the largest, and one filled up with zeros */
static void
test_frames (void)
{
  g_autoptr (Rig) rig = rig_new ();
  TribSocketFrame frame;

  put_frame (rig, 1, 10);
  put_frame (rig, 2, 0);
  put_frame (rig, 3, MAX_BYTES - 4);
  put_header (rig, 6, 4, 0);
  put (rig, "\xff\xd8\xff\xd9\0\0", 6);
  assert_frame (rig, 1, 10, 1);
  assert_frame (rig, 2, 0, 1);
  assert_frame (rig, 3, MAX_BYTES - 4, 1);
  g_assert_cmpint (trib_socket_frames_read (rig->frames, &frame, NULL), ==, TRIB_SOCKET_FRAMES_OK);
  g_assert_cmpuint (frame.header.len, ==, 6);
  g_free (frame.data);
}

static gpointer
put_bytes_one_by_one (gpointer data)
{
  Rig *rig = data;
  g_autoptr (GByteArray) jpeg = make_jpeg (100, 9);
  guint8 header[TRIB_SOCKET_HEADER_BYTES];

  trib_socket_frame_header_write (&(TribSocketFrameHeader){ jpeg->len, 9, -5 }, header);
  for (guint i = 0; i < sizeof header; i++)
    put (rig, header + i, 1);
  for (guint i = 0; i < jpeg->len; i++)
    put (rig, jpeg->data + i, 1);
  return NULL;
}

static void
test_pieces (void)
{
  g_autoptr (Rig) rig = rig_new ();
  GThread *thread = g_thread_new ("writer", put_bytes_one_by_one, rig);

  assert_frame (rig, 9, 100, 1);
  g_thread_join (thread);
}

static guint64
n_half (Rig *rig)
{
  TribSocketCounts counts;

  trib_socket_frames_get_counts (rig->frames, &counts);
  return counts.refused[TRIB_SOCKET_HALF];
}

static gpointer
put_behind_halves (gpointer data)
{
  Rig *rig = data;

  trib_assert_eventually (n_half (rig) == 1, 20000);
  open_writer (rig);
  put_frame (rig, 2, 10);
  put (rig, "\x04\0\0", 3);
  close (rig->writer);
  trib_assert_eventually (n_half (rig) == 2, 20000);
  open_writer (rig);
  put_frame (rig, 3, 10);
  return NULL;
}

/* in the header and behind it: counted, and the next writer begins anew */
static void
test_half (void)
{
  g_autoptr (Rig) rig = rig_new ();
  GThread *thread;

  put_frame (rig, 1, 10);
  put_header (rig, 100, 2, 0);
  put (rig, "\xff\xd8", 2);
  close (rig->writer);
  thread = g_thread_new ("writers", put_behind_halves, rig);
  assert_frame (rig, 1, 10, 1);
  assert_frame (rig, 2, 10, 2);
  assert_frame (rig, 3, 10, 3);
  g_thread_join (thread);
  g_assert_cmpuint (rig->half, >=, 1);
}

/* a length that no frame has, or bytes that are none: an error that says where, not a guess */
static void
test_lost (void)
{
  static const struct {
    guint32 len;
    const gchar *bytes;
    const gchar *said;
  } rows[] = {
    { 0, "", "*at byte 34*length of 0 bytes*less than a JPEG*" },
    { 3, "\xff\xd8\xff", "*at byte 34*length of 3 bytes*less than a JPEG*" },
    { MAX_BYTES + 1, "", "*length of 1001 bytes*more than max-bytes*" },
    { G_MAXUINT32, "", "*length of 4294967295 bytes*more than max-bytes*" },
    { 8, "\xff\xd8......", "*no JPEG*" },
    { 8, "......\xff\xd9", "*no JPEG*" },
    { 8, "\xff\xd8....\xff\xd8", "*no JPEG*" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (Rig) rig = rig_new ();
    g_autoptr (GError) error = NULL;
    TribSocketFrame frame;

    put_frame (rig, 1, 10);
    put_header (rig, rows[i].len, 2, 0);
    if (*rows[i].bytes != '\0')
      put (rig, rows[i].bytes, rows[i].len);
    assert_frame (rig, 1, 10, 1);
    g_assert_cmpint (
        trib_socket_frames_read (rig->frames, &frame, &error), ==, TRIB_SOCKET_FRAMES_LOST);
    g_assert_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_BOUNDARY);
    g_assert_true (g_pattern_match_simple (rows[i].said, error->message));
  }
}

static gpointer
flush (gpointer data)
{
  Rig *rig = data;

  trib_socket_frames_set_flushing (rig->frames, TRUE);
  return NULL;
}

/* a wait is woken, and what is read in part is kept */
static void
test_flushing (void)
{
  g_autoptr (Rig) rig = rig_new ();
  g_autoptr (GByteArray) jpeg = make_jpeg (50, 4);
  TribSocketFrame frame;
  GThread *thread;

  put_header (rig, jpeg->len, 4, -5);
  put (rig, jpeg->data, 20);
  thread = g_thread_new ("flush", flush, rig);
  g_assert_cmpint (
      trib_socket_frames_read (rig->frames, &frame, NULL), ==, TRIB_SOCKET_FRAMES_FLUSHING);
  g_thread_join (thread);
  trib_socket_frames_set_flushing (rig->frames, FALSE);
  put (rig, jpeg->data + 20, jpeg->len - 20);
  assert_frame (rig, 4, 50, 1);
}

/* one that is there is used, and stays; a file of another type is an error */
static void
test_places (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *location = g_build_filename (dir, "place", NULL);
  const TribSocketFramesConfig config
      = { .location = location, .mode = 0600, .max_bytes = MAX_BYTES };
  g_autoptr (GError) error = NULL;
  TribSocketFrames *frames;

  g_assert_cmpint (mkfifo (location, 0600), ==, 0);
  frames = trib_socket_frames_new (&config, notify, NULL, &error);
  g_assert_no_error (error);
  trib_socket_frames_free (frames);
  g_assert_cmpint (unlink (location), ==, 0);
  g_assert_true (g_file_set_contents (location, "", 0, NULL));
  g_assert_null (trib_socket_frames_new (&config, notify, NULL, &error));
  g_assert_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_OTHER_KIND);
  g_assert_cmpint (unlink (location), ==, 0);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/socket/frames/header", test_header);
  g_test_add_func ("/socket/frames/whole", test_frames);
  g_test_add_func ("/socket/frames/pieces", test_pieces);
  g_test_add_func ("/socket/frames/half", test_half);
  g_test_add_func ("/socket/frames/lost", test_lost);
  g_test_add_func ("/socket/frames/flushing", test_flushing);
  g_test_add_func ("/socket/frames/places", test_places);
  return trib_test_run ();
}
