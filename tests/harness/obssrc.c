/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records through sockets, from any sender, whatever else is sent (OBS-9). */
#include "obs-socket-rig.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_SENDERS 4
#define N_RECORDS 1000

typedef struct {
  TribTestDir *dir;
  gchar *location;
  GstElement *element;
  GstHarness *h;
} Rig;

static Rig *
rig_new (const gchar *properties, const gchar *caps)
{
  Rig *rig = g_new0 (Rig, 1);
  GstElement *element;

  rig->dir = trib_test_dir_new ();
  rig->location = g_build_filename (rig->dir, "obs.sock", NULL);
  element = rig_element ("obssrc", rig->location, properties);
  rig->h = gst_harness_new_with_element (element, NULL, "src");
  gst_object_unref (element);
  rig->element = rig->h->element;
  gst_harness_set_sink_caps_str (rig->h, caps);
  gst_harness_play (rig->h);
  return rig;
}

static void
rig_free (Rig *rig)
{
  gst_element_set_state (rig->element, GST_STATE_NULL);
  rig_assert_src_closes (rig->element);
  g_assert_cmpuint (rig_stat (rig->element, "pending"), ==, 0);
  g_assert_false (g_file_test (rig->location, G_FILE_TEST_EXISTS));
  /* messages on it have the element */
  gst_element_set_bus (rig->element, NULL);
  gst_harness_teardown (rig->h);
  g_free (rig->location);
  trib_test_dir_free (rig->dir);
  g_free (rig);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static gchar *
pull_text (Rig *rig)
{
  g_autoptr (GstBuffer) buffer = gst_harness_pull (rig->h);
  gsize size;
  gchar *text;

  g_assert_nonnull (buffer);
  g_assert_true (GST_BUFFER_PTS_IS_VALID (buffer));
  size = gst_buffer_get_size (buffer);
  text = g_malloc0 (size + 1);
  gst_buffer_extract (buffer, 0, text, size);
  return text;
}

static void
assert_next (Rig *rig, const gchar *wanted)
{
  g_autofree gchar *text = pull_text (rig);

  g_assert_cmpstr (text, ==, wanted);
}

#define FACE(id) "{\"type\":\"face\",\"frame_id\":" #id ",\"t_ns\":0}"
/* the same in MessagePack: {"type":"face","frame_id":7,"t_ns":0} */
#define PACKED       \
  "\x83\xa4type\xa4" \
  "face\xa8"         \
  "frame_id\x07\xa4t_ns\x00"
#define PACKED_LEN (sizeof PACKED - 1)

/* ---- what is sent comes out ---- */

typedef struct {
  const gchar *location;
  gint type;
  guint number;
} Sender;

static gchar *
record_of (guint sender, guint i)
{
  /* of odd lengths and spacing, which must come out as they went in */
  return g_strdup_printf ("{ \"type\": \"face\", \"source\": \"s%u\", \"frame_id\": %u, \"t_ns\": "
                          "0, \"faces\": [%*s] }",
      sender, i, (gint) (i % 700), "");
}

static gpointer
send_many (gpointer data)
{
  const Sender *s = data;
  gint fd = rig_connect (s->location, s->type);

  for (guint i = 0; i < N_RECORDS; i++) {
    g_autofree gchar *record = record_of (s->number, i);
    g_autofree gchar *line = g_strconcat (record, "\n", NULL);

    if (s->type == SOCK_DGRAM) {
      rig_send_text (fd, record);
    } else {
      gsize cut = i % strlen (line);

      rig_send (fd, line, cut);
      rig_send_text (fd, line + cut);
    }
  }
  close (fd);
  return NULL;
}

/* thousands of records of several processes, to the byte, in each sender's order (OBS-9) */
static void
check_many (gint type, const gchar *properties)
{
  g_autoptr (Rig) rig = rig_new (properties, "application/json");
  Sender senders[N_SENDERS];
  GThread *threads[N_SENDERS];
  guint next[N_SENDERS] = { 0 };

  for (guint i = 0; i < N_SENDERS; i++) {
    senders[i] = (Sender){ rig->location, type, i };
    threads[i] = g_thread_new ("sender", send_many, &senders[i]);
  }
  for (guint n = 0; n < N_SENDERS * N_RECORDS; n++) {
    g_autofree gchar *text = pull_text (rig);
    const gchar *name = strstr (text, ": \"s");
    g_autofree gchar *wanted = NULL;
    guint sender;

    g_assert_nonnull (name);
    sender = (guint) (name[4] - '0');
    g_assert_cmpuint (sender, <, N_SENDERS);
    wanted = record_of (sender, next[sender]++);
    g_assert_cmpstr (text, ==, wanted);
  }
  for (guint i = 0; i < N_SENDERS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (rig_stat (rig->element, "records-out"), ==, N_SENDERS * N_RECORDS);
  if (type == SOCK_STREAM) {
    rig_wait_stat (rig->element, "clients", N_SENDERS);
    trib_assert_eventually (rig_stat (rig->element, "clients-now") == 0, RIG_WAIT_MS);
  }
}

static void
test_many_streams (void)
{
  check_many (SOCK_STREAM, "max-bytes=20000");
}

static void
test_many_datagrams (void)
{
  check_many (SOCK_DGRAM, "socket-type=datagram max-bytes=20000");
}

/* a byte at a time, both formats beside each other; a list is records; the last line needs no end
 */
static void
test_formats (void)
{
  g_autoptr (Rig) rig = rig_new ("", "application/json");
  gint json = rig_connect (rig->location, SOCK_STREAM);
  gint packed = rig_connect (rig->location, SOCK_STREAM);

  for (guint i = 0; i < PACKED_LEN; i++)
    rig_send (packed, PACKED + i, 1);
  assert_next (rig, FACE (7));
  rig_send_text (json, "[" FACE (1) ", " FACE (2) "]\n");
  assert_next (rig, FACE (1));
  assert_next (rig, FACE (2));
  rig_send (packed, "\x91" PACKED PACKED, 1 + 2 * PACKED_LEN);
  assert_next (rig, FACE (7));
  assert_next (rig, FACE (7));
  rig_send_text (json, FACE (3));
  close (json);
  assert_next (rig, FACE (3));
  close (packed);
}

#define QUALITY \
  "{\"type\":\"quality\",\"source\":\"quality\",\"frame_id\":1,\"t_ns\":2,\"blur\":7.5}"

/* text forms and JSON, beside each other; what is neither is passed over (OBS-10) */
static void
test_text (gconstpointer data)
{
  gint type = GPOINTER_TO_INT (data);
  g_autoptr (Rig) rig = rig_new (
      type == SOCK_DGRAM ? "format=text socket-type=datagram" : "format=text", "application/json");
  gint fd = rig_connect (rig->location, type);

  rig_send_text (fd, "OBS src=quality frame=1 t_ns=2 blur:7.5\n");
  rig_send_text (fd, "OBS src=quality frame=1\n");
  rig_send_text (fd, "OBSERVE\n");
  rig_send_text (fd, FACE (1) "\n");
  rig_send_text (fd, "TRIG t_start_ns=1 t_end_ns=2 label=wave\n");
  assert_next (rig, QUALITY);
  assert_next (rig, FACE (1));
  assert_next (rig, "{\"type\":\"trig\",\"label\":\"wave\",\"t_start_ns\":1,\"t_end_ns\":2}");
  g_assert_cmpuint (rig_stat (rig->element, "refused-field"), ==, 1);
  g_assert_cmpuint (rig_stat (rig->element, "refused-syntax"), ==, 1);
  rig_send_text (fd, "OBS src=quality frame=1 t_ns=2 blur:7.5");
  close (fd);
  assert_next (rig, QUALITY);
}

/* downstream has MessagePack only */
static void
test_to_msgpack (void)
{
  g_autoptr (Rig) rig = rig_new ("socket-type=datagram", "application/x-msgpack");
  gint fd = rig_connect (rig->location, SOCK_DGRAM);

  rig_send_text (fd, " " FACE (7) "\n");
  rig_send (fd, PACKED, PACKED_LEN);
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GstBuffer) buffer = gst_harness_pull (rig->h);

    g_assert_cmpuint (gst_buffer_get_size (buffer), ==, PACKED_LEN);
    g_assert_cmpint (gst_buffer_memcmp (buffer, 0, PACKED, PACKED_LEN), ==, 0);
  }
  close (fd);
}

/* ---- what is no record ---- */

static void
check_refused (Rig *rig, const gchar *reason)
{
  g_autoptr (GstMessage) message = NULL;
  const GstStructure *s;
  gint pid;

  /* each reason has its own */
  do {
    g_clear_pointer (&message, gst_message_unref);
    message = trib_bus_wait_element (rig->element, "obssrc-refused", RIG_WAIT_MS);
    s = gst_message_get_structure (message);
  } while (!g_str_equal (gst_structure_get_string (s, "reason"), reason));
  g_assert_true (gst_structure_get_int (s, "pid", &pid));
  g_assert_cmpint (pid, ==, getpid ());
  g_assert_cmpuint (trib_structure_uint64 (s, "count"), >=, 1);
}

static void
assert_refused_detail (Rig *rig, const gchar *wanted)
{
  g_autoptr (GstMessage) message
      = trib_bus_wait_element (rig->element, "obssrc-refused", RIG_WAIT_MS);
  const gchar *detail = gst_structure_get_string (gst_message_get_structure (message), "detail");

  g_test_message ("%s", detail);
  g_assert_nonnull (strstr (detail, wanted));
}

static void
give_bus (Rig *rig)
{
  g_autoptr (GstBus) bus = gst_bus_new ();

  gst_element_set_bus (rig->element, bus);
}

/* connections that cannot be read any further are closed, and no other is touched */
static void
test_garbage_streams (void)
{
  static const struct {
    const gchar *bytes;
    gsize len;
    const gchar *counter;
  } cases[] = {
    { "GET / HTTP/1.1\r\n", 16, "refused-syntax" },
    { "\0\0\0\0", 4, "refused-syntax" },
    { "\x81\xa1\x61\xc1", 4, "refused-syntax" },
    { "\xdf\xff\xff\xff\xff", 5, "refused-limit" },
    { PACKED "\x07", PACKED_LEN + 1, "refused-type" },
  };
  g_autoptr (Rig) rig = rig_new ("", "application/json");
  gint good = rig_connect (rig->location, SOCK_STREAM);

  give_bus (rig);
  rig_send_text (good, "{\"type\":\"face\",");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gint bad = rig_connect (rig->location, SOCK_STREAM);
    guint64 before = rig_stat (rig->element, cases[i].counter);

    rig_send (bad, cases[i].bytes, cases[i].len);
    g_assert_null (rig_read_line (bad));
    rig_wait_stat (rig->element, cases[i].counter, before + 1);
    close (bad);
  }
  check_refused (rig, "syntax");
  g_assert_cmpuint (rig_stat (rig->element, "clients-closed"), ==, G_N_ELEMENTS (cases));
  assert_next (rig, FACE (7));
  rig_send_text (good, "\"frame_id\":1,\"t_ns\":0}\n");
  assert_next (rig, FACE (1));
  close (good);
}

/* a line that is no record is passed over; a sender of nothing else is closed */
static void
test_garbage_lines (void)
{
  g_autoptr (Rig) rig = rig_new ("max-record-bytes=100", "application/json");
  g_autofree gchar *long_line = g_strnfill (300, ' ');
  gint fd = rig_connect (rig->location, SOCK_STREAM);

  rig_send_text (fd, FACE (1) "\n{\"half\n[1]\n{\"type\":\"face\",\"frame_id\":-1}\n\n");
  rig_send_text (fd, long_line);
  rig_send_text (fd, "\n" FACE (2) "\n");
  assert_next (rig, FACE (1));
  assert_next (rig, FACE (2));
  g_assert_cmpuint (
      rig_stat (rig->element, "refused-syntax") + rig_stat (rig->element, "refused-truncated"), ==,
      1);
  g_assert_cmpuint (rig_stat (rig->element, "refused-type"), ==, 1);
  g_assert_cmpuint (rig_stat (rig->element, "refused-field"), ==, 1);
  g_assert_cmpuint (rig_stat (rig->element, "refused-limit"), ==, 1);
  for (guint i = 0; i < 64; i++)
    rig_send_text (fd, "{\n");
  g_assert_null (rig_read_line (fd));
  g_assert_cmpuint (rig_stat (rig->element, "clients-closed"), ==, 1);
  close (fd);
}

static void
test_garbage_datagrams (void)
{
  g_autoptr (Rig) rig = rig_new ("socket-type=datagram max-record-bytes=100", "application/json");
  g_autofree gchar *large = g_strnfill (1000, '{');
  gint fd = rig_connect (rig->location, SOCK_DGRAM);

  give_bus (rig);
  g_assert_cmpint (send (fd, "", 0, 0), ==, 0);
  rig_send_text (fd, large);
  rig_send_text (fd, "hello");
  rig_send_text (fd, FACE (1) FACE (2));
  rig_send (fd, PACKED, PACKED_LEN - 1);
  rig_send_text (fd, FACE (3));
  /* the first is good by itself, what follows it is not */
  assert_next (rig, FACE (1));
  assert_next (rig, FACE (3));
  check_refused (rig, "truncated");
  g_assert_cmpuint (rig_stat (rig->element, "refused-truncated"), ==, 2);
  g_assert_cmpuint (rig_stat (rig->element, "refused-limit"), ==, 1);
  g_assert_cmpuint (rig_stat (rig->element, "refused-syntax"), ==, 2);
  close (fd);
}

/* each in a list counts, too: a sender of lists of nothing is closed, whatever is before it */
static void
test_garbage_lists (gconstpointer data)
{
  gint type = GPOINTER_TO_INT (data);
  g_autoptr (Rig) rig
      = rig_new (type == SOCK_DGRAM ? "socket-type=datagram" : "", "application/json");
  g_autoptr (GString) list = g_string_new ("[" FACE (1));
  gint fd = rig_connect (rig->location, type), second;

  for (guint i = 0; i < 1000; i++)
    g_string_append (list, ",0");
  g_string_append (list, "," FACE (2) "]\n");
  rig_send_text (fd, list->str);
  assert_next (rig, FACE (1));
  /* and the rest of the list, once */
  rig_wait_stat (rig->element, "refused-limit", 1);
  g_assert_cmpuint (rig_stat (rig->element, "refused-type"), ==, 64);
  second = rig_connect (rig->location, type);
  /* one good in 64 is enough */
  for (guint i = 0; i < 3; i++)
    rig_send_text (second, "[0,0,0," FACE (3) ",0]\n");
  for (guint i = 0; i < 3; i++)
    assert_next (rig, FACE (3));
  if (type == SOCK_STREAM) {
    g_assert_null (rig_read_line (fd));
    g_assert_cmpuint (rig_stat (rig->element, "clients-closed"), ==, 1);
  }
  close (fd);
  close (second);
}

/* JSON without a line feed behind each record is named as that, whichever way it is noticed */
static void
test_no_line_feed (void)
{
  g_autoptr (Rig) rig = rig_new ("record-timeout-ms=50", "application/json");
  gint fd = rig_connect (rig->location, SOCK_STREAM);

  give_bus (rig);
  rig_send_text (fd, FACE (1) FACE (2) "\n");
  assert_next (rig, FACE (1));
  assert_refused_detail (rig, "no line feed behind a record");
  rig_send_text (fd, FACE (3) FACE (4));
  assert_refused_detail (rig, "no line feed behind a record");
  g_assert_null (rig_read_line (fd));
  g_assert_cmpuint (rig_stat (rig->element, "refused-half"), ==, 1);
  close (fd);
}

/* a sender that dies in the middle, or stays there for ever */
static void
test_half (void)
{
  g_autoptr (Rig) rig = rig_new ("record-timeout-ms=50", "application/json");
  gint dies = rig_connect (rig->location, SOCK_STREAM), stays, idle;

  rig_send (dies, PACKED, 5);
  close (dies);
  rig_wait_stat (rig->element, "refused-half", 1);
  idle = rig_connect (rig->location, SOCK_STREAM);
  stays = rig_connect (rig->location, SOCK_STREAM);
  rig_send_text (stays, FACE (1) "\n{\"type\"");
  assert_next (rig, FACE (1));
  g_assert_null (rig_read_line (stays));
  g_assert_cmpuint (rig_stat (rig->element, "refused-half"), ==, 2);
  /* nothing begun, nothing half */
  rig_send_text (idle, FACE (2) "\n");
  assert_next (rig, FACE (2));
  close (stays);
  close (idle);
}

static void
test_max_clients (void)
{
  g_autoptr (Rig) rig = rig_new ("max-clients=1 idle-timeout-ms=0", "application/json");
  gint one = rig_connect (rig->location, SOCK_STREAM), two;

  give_bus (rig);
  rig_send_text (one, FACE (1) "\n");
  assert_next (rig, FACE (1));
  two = rig_connect (rig->location, SOCK_STREAM);
  g_assert_null (rig_read_line (two));
  check_refused (rig, "clients");
  g_assert_cmpuint (rig_stat (rig->element, "clients-refused"), ==, 1);
  close (one);
  trib_assert_eventually (rig_stat (rig->element, "clients-now") == 0, RIG_WAIT_MS);
  close (two);
  two = rig_connect (rig->location, SOCK_STREAM);
  rig_send_text (two, FACE (2) "\n");
  assert_next (rig, FACE (2));
  close (two);
}

/* With all places taken, the one that has been silent for the longest time gives its own to a new
 * one; the others keep theirs (OBS-9). */
static void
test_idle (void)
{
  g_autoptr (Rig) rig = rig_new ("max-clients=2 idle-timeout-ms=1", "application/json");
  gint silent = rig_connect (rig->location, SOCK_STREAM), busy, third;
  guint n = 0;

  give_bus (rig);
  /* neither blanks nor half a record are a record */
  rig_send_text (silent, "\n\n {\"type\"");
  rig_wait_stat (rig->element, "clients-now", 1);
  busy = rig_connect (rig->location, SOCK_STREAM);
  rig_send_text (busy, FACE (1) "\n");
  assert_next (rig, FACE (1));
  /* refused, as long as neither is silent for long enough */
  do {
    n++;
    third = rig_connect (rig->location, SOCK_STREAM);
    rig_send_text (third, FACE (2) "\n");
    trib_assert_eventually (
        rig_stat (rig->element, "clients") + rig_stat (rig->element, "clients-refused") >= 2 + n,
        RIG_WAIT_MS);
  } while (rig_stat (rig->element, "clients-idle") == 0 && close (third) == 0);
  g_assert_null (rig_read_line (silent));
  assert_next (rig, FACE (2));
  rig_send_text (busy, FACE (3) "\n");
  assert_next (rig, FACE (3));
  g_assert_cmpuint (rig_stat (rig->element, "clients-idle"), ==, 1);
  g_assert_cmpuint (rig_stat (rig->element, "clients-closed"), ==, 0);
  g_assert_cmpuint (rig_stat (rig->element, "refused-half"), ==, 1);
  close (silent);
  close (busy);
  close (third);
}

/* a newcomer that finds no place is reported, whatever else is refused at the same time */
static void
test_newcomer_reported (void)
{
  g_autoptr (Rig) rig = rig_new ("max-clients=1", "application/json");
  gint one = rig_connect (rig->location, SOCK_STREAM), two;

  give_bus (rig);
  rig_send_text (one, FACE (1) "\n7\n");
  assert_next (rig, FACE (1));
  check_refused (rig, "type");
  two = rig_connect (rig->location, SOCK_STREAM);
  g_assert_null (rig_read_line (two));
  rig_send_text (one, "7\n7\n7\n");
  check_refused (rig, "clients");
  close (one);
  close (two);
}

static void
test_senders_reported (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *location = g_build_filename (dir, "obs.sock", NULL);
  GstElement *element = rig_element ("obssrc", location, "");
  g_autoptr (GstBus) bus = gst_bus_new ();
  guint64 joined = 0, left = 0;
  gint fd;

  gst_element_set_bus (element, bus);
  gst_element_set_state (element, GST_STATE_PAUSED);
  fd = rig_connect (location, SOCK_STREAM);
  close (fd);
  while (joined < 1 || left < 1) {
    g_autoptr (GstMessage) message = trib_bus_wait_element (element, "obssrc-senders", RIG_WAIT_MS);
    const GstStructure *s = gst_message_get_structure (message);

    joined += trib_structure_uint64 (s, "joined");
    left += trib_structure_uint64 (s, "left");
  }
  g_assert_cmpuint (joined, ==, 1);
  g_assert_cmpuint (left, ==, 1);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
}

/* ---- a slow pipeline ---- */

static gulong
block (Rig *rig)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (rig->element, "src");

  return gst_pad_add_probe (
      pad, GST_PAD_PROBE_TYPE_BLOCK | GST_PAD_PROBE_TYPE_BUFFER, NULL, NULL, NULL);
}

static void
unblock (Rig *rig, gulong id)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (rig->element, "src");

  gst_pad_remove_probe (pad, id);
}

static gboolean
can_send (gint fd, const gchar *text)
{
  gssize n = send (fd, text, strlen (text), MSG_NOSIGNAL | MSG_DONTWAIT);

  g_assert_true (n == (gssize) strlen (text) || errno == EAGAIN);
  return n > 0;
}

/* senders are held up, and nothing is lost; what is there is bounded */
static void
test_block (gconstpointer data)
{
  gint type = GPOINTER_TO_INT (data);
  g_autoptr (Rig) rig
      = rig_new (type == SOCK_DGRAM ? "max-bytes=1000 socket-type=datagram" : "max-bytes=1000",
          "application/json");
  gint fd = rig_connect (rig->location, type);
  const gint room = 2048;
  gulong id = block (rig);
  guint sent = 0;

  setsockopt (fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
  rig_send_text (fd, FACE (1) "\n");
  sent++;
  rig_wait_stat (rig->element, "records-out", 1);
  /* until the pipeline, the element and the system are all full */
  while (rig_stat (rig->element, "pending-bytes") < 1000)
    sent += can_send (fd, FACE (1) "\n") ? 1 : 0;
  while (can_send (fd, FACE (1) "\n"))
    sent++;
  g_assert_cmpuint (rig_stat (rig->element, "pending-bytes"), <, 1000 + 3 * 65536);
  unblock (rig, id);
  while (sent-- > 0)
    assert_next (rig, FACE (1));
  g_assert_cmpuint (rig_stat (rig->element, "dropped-oldest"), ==, 0);
  close (fd);
}

/* until the queue is full, and all that was read is in it; the sender is blocked, or has paused */
static void
flood (Rig *rig, gint fd, gboolean blocks)
{
  const gsize len = strlen (FACE (9) "\n");
  guint64 sent = 0;

  while (rig_stat (rig->element, "pending-bytes") < (blocks ? 200000 : 190000)) {
    for (guint i = 0; i < 100; i++)
      sent += can_send (fd, FACE (9) "\n") ? 1 : 0;
  }
  if (!blocks)
    rig_wait_stat (rig->element, "records-in", sent);
  trib_assert_eventually (
      (rig_stat (rig->element, "records-in") + 1) * len > rig_stat (rig->element, "bytes-in"),
      RIG_WAIT_MS);
}

/* records of one that sends without a pause delay another's by one each, however many are queued
 * (OBS-9) */
static void
test_flood (gconstpointer on_full)
{
  gboolean blocks = g_str_equal (on_full, "block");
  g_autofree gchar *properties
      = g_strdup_printf ("max-bytes=200000 on-full=%s", (const gchar *) on_full);
  g_autoptr (Rig) rig = rig_new (properties, "application/json");
  g_autoptr (GString) all = g_string_new (NULL);
  gint bad = rig_connect (rig->location, SOCK_STREAM), good;
  gulong id = block (rig);
  guint64 before;

  flood (rig, bad, blocks);
  good = rig_connect (rig->location, SOCK_STREAM);
  for (guint i = 0; i < 100; i++)
    g_string_append (all, FACE (1) "\n");
  before = rig_stat (rig->element, "records-in");
  g_assert_true (can_send (good, all->str));
  rig_wait_stat (rig->element, "records-in", before + 100);
  g_assert_cmpuint (rig_stat (rig->element, "pending-bytes"), <, 200000 + 2 * 3 * 65536);
  unblock (rig, id);
  /* one was on its way */
  assert_next (rig, FACE (9));
  for (guint i = 0; i < 100; i++) {
    assert_next (rig, FACE (9));
    assert_next (rig, FACE (1));
  }
  close (bad);
  close (good);
}

static void
test_drop_oldest (void)
{
  g_autoptr (Rig) rig = rig_new ("max-bytes=1000 on-full=drop-oldest", "application/json");
  gint fd = rig_connect (rig->location, SOCK_STREAM);
  gulong id = block (rig);
  guint64 pending;

  rig_send_text (fd, FACE (1) "\n");
  rig_wait_stat (rig->element, "records-out", 1);
  for (guint i = 0; i < 1000; i++)
    rig_send_text (fd, FACE (2) "\n");
  rig_send_text (fd, FACE (3) "\n");
  rig_wait_stat (rig->element, "records-in", 1002);
  pending = rig_stat (rig->element, "pending");
  g_assert_cmpuint (rig_stat (rig->element, "pending-bytes"), <=, 1000);
  g_assert_cmpuint (rig_stat (rig->element, "dropped-oldest"), ==, 1001 - pending);
  unblock (rig, id);
  assert_next (rig, FACE (1));
  while (--pending > 0)
    assert_next (rig, FACE (2));
  assert_next (rig, FACE (3));
  close (fd);
}

/* ---- states ---- */

/* to NULL with the pipeline held up, senders held up, nothing sent, and up again, at once */
static void
test_states (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *location = g_build_filename (dir, "obs.sock", NULL);
  GstElement *element = rig_element ("obssrc", location, "max-bytes=500");
  g_autoptr (GstElement) pipeline = gst_pipeline_new (NULL);
  GstElement *sink = gst_element_factory_make ("fakesink", NULL);

  /* waits for the clock at every buffer */
  g_object_set (sink, "sync", TRUE, "ts-offset", 3600 * GST_SECOND, NULL);
  gst_bin_add_many (GST_BIN (pipeline), element, sink, NULL);
  g_assert_true (gst_element_link (element, sink));
  for (guint round = 0; round < 20; round++) {
    gint fd;

    gst_element_set_state (pipeline, round % 2 ? GST_STATE_PLAYING : GST_STATE_PAUSED);
    fd = rig_connect (location, SOCK_STREAM);
    for (guint i = 0; i < 100 && round % 3 != 0; i++)
      can_send (fd, FACE (1) "\n");
    if (round % 4 == 1 && round % 3 != 0)
      rig_wait_stat (element, "records-in", 1);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    rig_assert_src_closes (element);
    g_assert_false (g_file_test (location, G_FILE_TEST_EXISTS));
    close (fd);
  }
  gst_object_unref (element);
}

static void
test_flush (void)
{
  g_autoptr (Rig) rig = rig_new ("", "application/json");
  gint fd = rig_connect (rig->location, SOCK_STREAM);

  rig_send_text (fd, FACE (1) "\n");
  assert_next (rig, FACE (1));
  g_assert_true (gst_element_send_event (rig->element, gst_event_new_flush_start ()));
  g_assert_true (gst_element_send_event (rig->element, gst_event_new_flush_stop (TRUE)));
  rig_send_text (fd, FACE (2) "\n");
  assert_next (rig, FACE (2));
  close (fd);
}

/* ---- places ---- */

static void
assert_start_error (GstElement *element, GQuark domain, gint code)
{
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (element, bus);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  message = trib_bus_wait (element, GST_MESSAGE_ERROR, RIG_WAIT_MS);
  gst_message_parse_error (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_error (error, domain, code);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
}

/* a dead process's socket is replaced; a living one's, and what is no socket, are not */
static void
test_places (gconstpointer data)
{
  gint type = GPOINTER_TO_INT (data);
  const gchar *properties = type == SOCK_DGRAM ? "socket-type=datagram mode=0640" : "mode=0640";
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *location = g_build_filename (dir, "obs.sock", NULL);
  g_autofree gchar *file = g_build_filename (dir, "file", NULL);
  GstElement *element = rig_element ("obssrc", location, properties);
  GstElement *second = rig_element ("obssrc", location, properties);
  GstElement *other
      = rig_element ("obssrc", location, type == SOCK_DGRAM ? "" : "socket-type=datagram");
  GstElement *on_file = rig_element ("obssrc", file, properties);
  GstElement *long_name = rig_element ("obssrc", "unused", properties);
  g_autofree gchar *very_long = g_strnfill (200, 'x');
  struct stat st;

  close (rig_listen (location, type));
  g_assert_true (g_file_test (location, G_FILE_TEST_EXISTS));
  trib_set_state (element, GST_STATE_READY, RIG_WAIT_MS);
  gst_element_set_state (element, GST_STATE_PAUSED);
  g_assert_cmpint (stat (location, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0640);
  assert_start_error (second, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY);
  assert_start_error (other, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY);
  g_assert_true (g_file_test (location, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_set_contents (file, "precious", -1, NULL));
  assert_start_error (on_file, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ);
  g_assert_true (g_file_test (file, G_FILE_TEST_EXISTS));
  g_object_set (long_name, "location", very_long, NULL);
  assert_start_error (long_name, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  g_object_set (long_name, "location", NULL, NULL);
  assert_start_error (long_name, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS);
  /* what somebody has put in its place is somebody's */
  g_assert_cmpint (unlink (location), ==, 0);
  g_assert_true (g_file_set_contents (location, "other", -1, NULL));
  gst_element_set_state (element, GST_STATE_NULL);
  g_assert_true (g_file_test (location, G_FILE_TEST_EXISTS));
  gst_object_unref (element);
  gst_object_unref (second);
  gst_object_unref (other);
  gst_object_unref (on_file);
  gst_object_unref (long_name);
}

static void
test_abstract (void)
{
  g_autofree gchar *location = g_strdup_printf ("@trib-test-%d", getpid ());
  GstElement *element = rig_element ("obssrc", location, "num-buffers=1");
  g_autoptr (TribHarness) h = gst_harness_new_with_element (element, NULL, "src");
  g_autoptr (GstBuffer) buffer = NULL;
  gint fd;

  gst_object_unref (element);
  gst_harness_play (h);
  fd = rig_connect (location, SOCK_STREAM);
  rig_send_text (fd, FACE (1) "\n");
  buffer = gst_harness_pull (h);
  g_assert_nonnull (buffer);
  close (fd);
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/obssrc/OBS-9/many-streams", test_many_streams);
  g_test_add_func ("/obssrc/OBS-9/many-datagrams", test_many_datagrams);
  g_test_add_func ("/obssrc/OBS-9/formats", test_formats);
  g_test_add_data_func ("/obssrc/OBS-10/text-stream", GINT_TO_POINTER (SOCK_STREAM), test_text);
  g_test_add_data_func ("/obssrc/OBS-10/text-datagram", GINT_TO_POINTER (SOCK_DGRAM), test_text);
  g_test_add_func ("/obssrc/to-msgpack", test_to_msgpack);
  g_test_add_func ("/obssrc/garbage/streams", test_garbage_streams);
  g_test_add_func ("/obssrc/garbage/lines", test_garbage_lines);
  g_test_add_func ("/obssrc/garbage/datagrams", test_garbage_datagrams);
  g_test_add_data_func (
      "/obssrc/garbage/lists-stream", GINT_TO_POINTER (SOCK_STREAM), test_garbage_lists);
  g_test_add_data_func (
      "/obssrc/garbage/lists-datagram", GINT_TO_POINTER (SOCK_DGRAM), test_garbage_lists);
  g_test_add_func ("/obssrc/no-line-feed", test_no_line_feed);
  g_test_add_func ("/obssrc/half", test_half);
  g_test_add_func ("/obssrc/max-clients", test_max_clients);
  g_test_add_func ("/obssrc/OBS-9/idle", test_idle);
  g_test_add_func ("/obssrc/newcomer-reported", test_newcomer_reported);
  g_test_add_func ("/obssrc/senders-reported", test_senders_reported);
  g_test_add_data_func ("/obssrc/full/block-stream", GINT_TO_POINTER (SOCK_STREAM), test_block);
  g_test_add_data_func ("/obssrc/full/block-datagram", GINT_TO_POINTER (SOCK_DGRAM), test_block);
  g_test_add_func ("/obssrc/full/drop-oldest", test_drop_oldest);
  g_test_add_data_func ("/obssrc/OBS-9/flood/block", "block", test_flood);
  g_test_add_data_func ("/obssrc/OBS-9/flood/drop-oldest", "drop-oldest", test_flood);
  g_test_add_func ("/obssrc/states", test_states);
  g_test_add_func ("/obssrc/flush", test_flush);
  g_test_add_data_func ("/obssrc/places/stream", GINT_TO_POINTER (SOCK_STREAM), test_places);
  g_test_add_data_func ("/obssrc/places/datagram", GINT_TO_POINTER (SOCK_DGRAM), test_places);
  g_test_add_func ("/obssrc/places/abstract", test_abstract);
  return trib_gst_test_run ();
}
