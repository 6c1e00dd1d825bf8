/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Records and frames through sockets and FIFOs, read at once, slowly, or not at all (OBS-9).
 */
#include "obs-socket-rig.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define N_RECORDS 2000

typedef struct {
  TribTestDir *dir;
  gchar *location;
  GstElement *element;
  GstHarness *h;
  GstBus *bus;
} Rig;

static Rig *
rig_new (const gchar *properties, const gchar *caps, gint *listener, gint type)
{
  Rig *rig = g_new0 (Rig, 1);
  GstElement *element;

  rig->dir = trib_test_dir_new ();
  rig->location = g_build_filename (rig->dir, "place", NULL);
  if (listener != NULL)
    *listener = rig_listen (rig->location, type);
  element = rig_element ("obssink", rig->location, properties);
  rig->bus = gst_bus_new ();
  gst_element_set_bus (element, rig->bus);
  rig->h = gst_harness_new_with_element (element, "sink", NULL);
  gst_object_unref (element);
  rig->element = rig->h->element;
  gst_harness_set_src_caps_str (rig->h, caps);
  return rig;
}

static void
rig_free (Rig *rig)
{
  gst_element_set_state (rig->element, GST_STATE_NULL);
  rig_assert_sink_closes (rig->element);
  g_assert_cmpuint (rig_stat (rig->element, "pending"), ==, 0);
  gst_element_set_bus (rig->element, NULL);
  gst_object_unref (rig->bus);
  gst_harness_teardown (rig->h);
  g_free (rig->location);
  trib_test_dir_free (rig->dir);
  g_free (rig);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rig, rig_free)

static void
push (Rig *rig, const gchar *text)
{
  g_assert_cmpint (
      gst_harness_push (rig->h, gst_buffer_new_memdup (text, strlen (text))), ==, GST_FLOW_OK);
}

static void
assert_line (gint fd, const gchar *wanted)
{
  g_autofree gchar *line = rig_read_line (fd);

  g_assert_cmpstr (line, ==, wanted);
}

static void
wait_dropped (Rig *rig, const gchar *reason)
{
  g_autoptr (GstMessage) message
      = trib_bus_wait_element (rig->element, "obssink-dropped", RIG_WAIT_MS);
  const GstStructure *s = gst_message_get_structure (message);

  g_assert_cmpstr (gst_structure_get_string (s, "reason"), ==, reason);
  g_assert_cmpuint (trib_structure_uint64 (s, "count"), >=, 1);
  g_assert_nonnull (gst_structure_get_string (s, "detail"));
}

/* ---- somebody listens ---- */

static gpointer
push_many (gpointer data)
{
  Rig *rig = data;

  for (guint i = 0; i < N_RECORDS; i++) {
    g_autofree gchar *text = g_strdup_printf ("{\"n\":%u,\"pad\":[%*s]}", i, (gint) (i % 900), "");

    push (rig, text);
  }
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_eos ()));
  return NULL;
}

/* all of them, to the byte, in order, when there is room for them */
static void
test_stream (void)
{
  gint listener, fd;
  g_autoptr (Rig) rig
      = rig_new ("max-records=5000 drain-ms=60000", "application/json", &listener, SOCK_STREAM);
  GThread *thread = g_thread_new ("pusher", push_many, rig);

  fd = rig_accept (listener);
  for (guint i = 0; i < N_RECORDS; i++) {
    g_autofree gchar *text = g_strdup_printf ("{\"n\":%u,\"pad\":[%*s]}", i, (gint) (i % 900), "");

    assert_line (fd, text);
  }
  g_thread_join (thread);
  g_assert_cmpuint (rig_stat (rig->element, "sent"), ==, N_RECORDS);
  gst_element_set_state (rig->element, GST_STATE_NULL);
  g_assert_null (rig_read_line (fd));
  close (fd);
  close (listener);
}

/* a record is one line, whatever blanks it has; MessagePack stays what it is */
static void
test_framing (void)
{
  gint listener, fd;
  gchar bytes[5];
  g_autoptr (Rig) rig = rig_new ("", "application/json", &listener, SOCK_STREAM);

  push (rig, "{\n  \"a\": 1\n}\n");
  gst_harness_push (rig->h, gst_buffer_new ());
  fd = rig_accept (listener);
  assert_line (fd, "{   \"a\": 1 } ");
  gst_harness_set_src_caps_str (rig->h, "application/x-msgpack");
  push (rig, "\x81\xa1\x61\n\x81");
  g_assert_cmpint (recv (fd, bytes, 5, MSG_WAITALL), ==, 5);
  g_assert_cmpint (memcmp (bytes, "\x81\xa1\x61\n\x81", 5), ==, 0);
  close (fd);
  close (listener);
}

static void
test_datagram (void)
{
  gint listener;
  g_autoptr (Rig) rig = rig_new ("socket-type=datagram", "application/json", &listener, SOCK_DGRAM);
  g_autofree gchar *huge = g_strnfill (4 * 1024 * 1024, 'x');
  g_autofree gchar *one = NULL, *two = NULL;

  push (rig, "{\"n\":1}");
  push (rig, huge);
  push (rig, "{\"n\":2}");
  one = rig_read_datagram (listener);
  two = rig_read_datagram (listener);
  g_assert_cmpstr (one, ==, "{\"n\":1}");
  g_assert_cmpstr (two, ==, "{\"n\":2}");
  rig_wait_stat (rig->element, "sent", 2);
  g_assert_cmpuint (rig_stat (rig->element, "dropped-large"), ==, 1);
  wait_dropped (rig, "large");
  close (listener);
}

/* ---- no receiver, or none any more ---- */

static void
check_comes_later (gint type, const gchar *properties)
{
  g_autoptr (Rig) rig = rig_new (properties, "application/json", NULL, 0);
  gint listener, fd;

  push (rig, "{\"n\":0}");
  g_assert_cmpuint (rig_stat (rig->element, "dropped-no-receiver"), ==, 1);
  wait_dropped (rig, "no-receiver");
  for (guint round = 0; round < 3; round++) {
    g_autofree gchar *got = NULL;

    listener = rig_listen (rig->location, type);
    rig_wait_stat (rig->element, "receivers", round + 1);
    push (rig, "{\"n\":1}");
    fd = type == SOCK_STREAM ? rig_accept (listener) : listener;
    got = type == SOCK_STREAM ? rig_read_line (fd) : rig_read_datagram (fd);
    g_assert_cmpstr (got, ==, "{\"n\":1}");
    close (fd);
    if (type == SOCK_STREAM)
      close (listener);
    g_assert_cmpint (unlink (rig->location), ==, 0);
    /* a datagram finds out when it is sent */
    while (rig_stat (rig->element, "receivers-now") > 0) {
      push (rig, "{\"n\":2}");
      trib_test_pause ();
    }
  }
}

static void
test_comes_later (void)
{
  check_comes_later (SOCK_STREAM, "");
  check_comes_later (SOCK_DGRAM, "socket-type=datagram");
}

static void
test_receivers_reported (void)
{
  gint listener;
  g_autoptr (Rig) rig = rig_new ("", "application/json", &listener, SOCK_STREAM);
  g_autoptr (GstMessage) message
      = trib_bus_wait_element (rig->element, "obssink-receivers", RIG_WAIT_MS);
  const GstStructure *s = gst_message_get_structure (message);
  guint connected;
  gint pid;

  g_assert_true (gst_structure_get_uint (s, "connected", &connected));
  g_assert_cmpuint (connected, ==, 1);
  g_assert_cmpuint (trib_structure_uint64 (s, "joined"), ==, 1);
  g_assert_cmpuint (trib_structure_uint64 (s, "left"), ==, 0);
  g_assert_true (gst_structure_get_int (s, "pid", &pid));
  g_assert_cmpint (pid, ==, getpid ());
  close (listener);
}

static gpointer
push_one (gpointer data)
{
  Rig *rig = data;

  return GINT_TO_POINTER (gst_harness_push (rig->h, gst_buffer_new_memdup ("{\"n\":1}", 7)));
}

/* waits for a receiver; one that goes without having read anything leaves it to the next */
static void
test_wait (void)
{
  g_autoptr (Rig) rig = rig_new ("on-no-receiver=wait", "application/json", NULL, 0);
  GThread *thread = g_thread_new ("pusher", push_one, rig);
  gint listener = rig_listen (rig->location, SOCK_STREAM), fd = rig_accept (listener);

  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, GST_FLOW_OK);
  assert_line (fd, "{\"n\":1}");
  g_assert_cmpuint (rig_stat (rig->element, "dropped-no-receiver"), ==, 0);
  close (fd);
  close (listener);
}

/* a state change wakes a wait, within a moment */
static void
test_wait_states (void)
{
  for (guint i = 0; i < 10; i++) {
    g_autoptr (Rig) rig = rig_new ("on-no-receiver=wait", "application/json", NULL, 0);
    GThread *thread = g_thread_new ("pusher", push_one, rig);

    if (i % 2)
      trib_test_pause ();
    gst_element_set_state (rig->element, GST_STATE_NULL);
    /* EOS is what GstBaseSink says where its pad stopped just before the buffer */
    g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), !=, GST_FLOW_OK);
  }
}

static void
test_wait_flush (void)
{
  g_autoptr (Rig) rig = rig_new ("on-no-receiver=wait", "application/json", NULL, 0);
  GThread *thread = g_thread_new ("pusher", push_one, rig);
  gint listener, fd;

  gst_harness_push_event (rig->h, gst_event_new_flush_start ());
  g_assert_cmpint (GPOINTER_TO_INT (g_thread_join (thread)), ==, GST_FLOW_FLUSHING);
  gst_harness_push_event (rig->h, gst_event_new_flush_stop (TRUE));
  listener = rig_listen (rig->location, SOCK_STREAM);
  gst_harness_push_event (rig->h, gst_event_new_segment (&(GstSegment){ .format = GST_FORMAT_TIME,
                                      .rate = 1,
                                      .applied_rate = 1,
                                      .stop = GST_CLOCK_TIME_NONE,
                                      .duration = GST_CLOCK_TIME_NONE }));
  push (rig, "{\"n\":2}");
  fd = rig_accept (listener);
  assert_line (fd, "{\"n\":2}");
  close (fd);
  close (listener);
}

static void
test_error (void)
{
  g_autoptr (Rig) rig = rig_new ("on-no-receiver=error", "application/json", NULL, 0);
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_cmpint (gst_harness_push (rig->h, gst_buffer_new_memdup ("{}", 2)), ==, GST_FLOW_ERROR);
  message = trib_bus_wait (rig->element, GST_MESSAGE_ERROR, RIG_WAIT_MS);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE);
}

/* ---- others connect ---- */

/* a reader that does not read loses records, whole ones; the other one has all of them */
static void
test_listen (void)
{
  g_autoptr (Rig) rig = rig_new ("listen=true max-records=100", "application/json", NULL, 0);
  g_autofree gchar *pad = g_strnfill (10000, 'x');
  gint slow = rig_connect (rig->location, SOCK_STREAM);
  gint fast = rig_connect (rig->location, SOCK_STREAM);
  guint last = 0, lines = 0, sent;

  rig_wait_stat (rig->element, "receivers-now", 2);
  for (sent = 1; rig_stat (rig->element, "dropped-slow") == 0; sent++) {
    g_autofree gchar *text = g_strdup_printf ("{\"n\":%u,\"pad\":\"%s\"}", sent, pad);

    push (rig, text);
    assert_line (fast, text);
  }
  wait_dropped (rig, "slow");
  g_assert_true (gst_harness_push_event (rig->h, gst_event_new_flush_start ()));
  shutdown (slow, SHUT_WR);
  close (fast);
  for (;;) {
    g_autofree gchar *line = rig_read_line (slow);
    guint n;

    if (line == NULL)
      break;
    g_assert_cmpuint (strlen (line), >=, 10000);
    g_assert_true (g_str_has_suffix (line, "x\"}"));
    n = (guint) g_ascii_strtoull (line + 5, NULL, 10);
    g_assert_cmpuint (n, >, last);
    last = n;
    lines++;
  }
  g_assert_cmpuint (lines, <, sent);
  close (slow);
}

static void
test_listen_many (void)
{
  g_autoptr (Rig) rig
      = rig_new ("listen=true max-clients=2 mode=0640", "application/json", NULL, 0);
  guint64 refused = 0;
  gint one = rig_connect (rig->location, SOCK_STREAM), two, three;
  struct stat st;

  g_assert_cmpint (stat (rig->location, &st), ==, 0);
  g_assert_cmpint (st.st_mode & 0777, ==, 0640);
  two = rig_connect (rig->location, SOCK_STREAM);
  rig_wait_stat (rig->element, "receivers-now", 2);
  three = rig_connect (rig->location, SOCK_STREAM);
  g_assert_null (rig_read_line (three));
  g_assert_cmpuint (rig_stat (rig->element, "receivers-refused"), ==, 1);
  while (refused == 0) {
    g_autoptr (GstMessage) message
        = trib_bus_wait_element (rig->element, "obssink-receivers", RIG_WAIT_MS);

    refused = trib_structure_uint64 (gst_message_get_structure (message), "refused");
  }
  push (rig, "{\"n\":1}");
  assert_line (one, "{\"n\":1}");
  assert_line (two, "{\"n\":1}");
  close (one);
  close (two);
  close (three);
  trib_assert_eventually (rig_stat (rig->element, "receivers-now") == 0, RIG_WAIT_MS);
  push (rig, "{\"n\":2}");
  g_assert_cmpuint (rig_stat (rig->element, "dropped-no-receiver"), ==, 1);
}

/* Text forms, one each of a list; what has none is counted and reported (OBS-10). */
static void
test_text (gconstpointer data)
{
  gint type = GPOINTER_TO_INT (data), listener, fd;
  g_autoptr (Rig) rig
      = rig_new (type == SOCK_DGRAM ? "format=text socket-type=datagram" : "format=text",
          "application/json", &listener, type);
  static const gchar *const wanted[] = { "OBS src=quality frame=1 t_ns=2 blur:7.5",
    "TRIG t_start_ns=1 t_end_ns=2", "{\"source\":\"a\",\"frame_id\":1,\"t_ns\":2,\"signals\":{}}" };

  push (rig, "[{\"type\":\"quality\",\"frame_id\":1,\"t_ns\":2,\"blur\":7.5},"
             "{\"type\":\"hands\",\"frame_id\":1,\"t_ns\":2},7,"
             "{\"type\":\"trig\",\"t_start_ns\":1,\"t_end_ns\":2}]");
  push (rig, "{\"source\":\"a\",\"frame_id\":1,\"t_ns\":2,\"signals\":{}}");
  wait_dropped (rig, "text");
  g_assert_cmpuint (rig_stat (rig->element, "refused-text"), ==, 2);
  g_assert_cmpuint (rig_stat (rig->element, "records-in"), ==, 5);
  fd = type == SOCK_DGRAM ? listener : rig_accept (listener);
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++) {
    g_autofree gchar *got = type == SOCK_DGRAM ? rig_read_datagram (fd) : rig_read_line (fd);

    g_assert_cmpstr (got, ==, wanted[i]);
  }
  if (type != SOCK_DGRAM)
    close (fd);
  close (listener);
}

/* One that never reads gives its place to a new one; one that reads does not, and neither does one
 * for which nothing waits. */
static void
test_listen_idle (void)
{
  g_autoptr (Rig) rig = rig_new (
      "listen=true max-clients=2 idle-timeout-ms=1 max-records=100", "application/json", NULL, 0);
  g_autofree gchar *blanks = g_strnfill (100000, ' ');
  g_autofree gchar *large = g_strdup_printf ("{\"n\":0%s}", blanks);
  gint stuck = rig_connect (rig->location, SOCK_STREAM), quiet, third;
  guint n = 0;

  rig_wait_stat (rig->element, "receivers-now", 1);
  for (guint i = 0; i < 100; i++)
    push (rig, large);
  g_assert_cmpuint (rig_stat (rig->element, "pending"), >, 0);
  quiet = rig_connect (rig->location, SOCK_STREAM);
  rig_wait_stat (rig->element, "receivers-now", 2);
  do {
    n++;
    third = rig_connect (rig->location, SOCK_STREAM);
    trib_assert_eventually (
        rig_stat (rig->element, "receivers") + rig_stat (rig->element, "receivers-refused")
            >= 2 + n,
        RIG_WAIT_MS);
  } while (rig_stat (rig->element, "receivers-idle") == 0 && close (third) == 0);
  push (rig, "{\"n\":1}");
  assert_line (third, "{\"n\":1}");
  assert_line (quiet, "{\"n\":1}");
  close (stuck);
  close (quiet);
  close (third);
}

/* ---- a FIFO ---- */

/* SOI, its number, that many bytes, EOI: as large as a frame, larger than a pipe */
static GstBuffer *
frame_of (guint number, gsize size)
{
  GstBuffer *buffer = gst_buffer_new ();
  guint8 *bytes = g_malloc (size);

  memset (bytes, (gint) (number & 0x7f), size);
  memcpy (bytes, "\xff\xd8", 2);
  gst_buffer_append_memory (
      buffer, gst_memory_new_wrapped (0, bytes, size, 0, size, bytes, g_free));
  bytes = g_memdup2 ("\xff\xd9", 2);
  gst_buffer_append_memory (buffer, gst_memory_new_wrapped (0, bytes, 2, 0, 2, bytes, g_free));
  return buffer;
}

static void
read_all (gint fd, guint8 *bytes, gsize len)
{
  while (len > 0) {
    gssize n = read (fd, bytes, len);

    g_assert_cmpint (n, >, 0);
    bytes += n;
    len -= (gsize) n;
  }
}

#define FRAME 300000

/* receivers that come and go as fast as they can: each may be reported, and is not */
static void
test_come_and_go (void)
{
  g_autoptr (Rig) rig = rig_new ("listen=true", "application/json", NULL, 0);
  gint64 begun = g_get_monotonic_time ();
  guint n_messages = 0;
  GstMessage *message;

  for (guint i = 1; i <= 200; i++) {
    gint fd = rig_connect (rig->location, SOCK_STREAM);

    rig_wait_stat (rig->element, "receivers", i);
    close (fd);
    while (rig_stat (rig->element, "receivers-now") > 0)
      g_thread_yield ();
    push (rig, "{}");
  }
  g_assert_cmpuint (rig_stat (rig->element, "dropped-no-receiver"), ==, 200);
  gst_element_set_state (rig->element, GST_STATE_READY);
  while ((message = gst_bus_pop_filtered (rig->bus, GST_MESSAGE_ELEMENT)) != NULL) {
    n_messages += gst_message_has_name (message, "obssink-dropped");
    gst_message_unref (message);
  }
  g_assert_cmpuint (n_messages, >=, 1);
  /* for one reason, one a second, however long all that took */
  g_assert_cmpuint (n_messages, <=, 2 + (g_get_monotonic_time () - begun) / G_USEC_PER_SEC);
}

/* frames are whole, also when the reader is slow; the next reader begins with SOI */
static void
test_fifo (void)
{
  g_autoptr (Rig) rig = rig_new ("socket-type=fifo", "image/jpeg", NULL, 0);
  g_autofree guint8 *bytes = g_malloc (FRAME + 2);

  gst_harness_push (rig->h, frame_of (1, FRAME));
  g_assert_cmpuint (rig_stat (rig->element, "dropped-no-receiver"), ==, 1);
  for (guint round = 1; round <= 3; round++) {
    gint fd = open (rig->location, O_RDONLY | O_CLOEXEC);

    rig_wait_stat (rig->element, "receivers", round);
    for (guint i = 0; i < 10; i++)
      g_assert_cmpint (gst_harness_push (rig->h, frame_of (i, FRAME)), ==, GST_FLOW_OK);
    g_assert_cmpuint (rig_stat (rig->element, "pending"), <=, 2);
    /* the one that is begun, or no: then the last, whole; and the reader dies in the middle of one
     */
    for (;;) {
      read_all (fd, bytes, FRAME + 2);
      g_assert_cmpint (memcmp (bytes, "\xff\xd8", 2), ==, 0);
      g_assert_cmpint (memcmp (bytes + FRAME, "\xff\xd9", 2), ==, 0);
      for (gsize i = 3; i < FRAME; i++)
        g_assert_cmpuint (bytes[i], ==, bytes[2]);
      if (bytes[2] == 9)
        break;
    }
    gst_harness_push (rig->h, frame_of (10, FRAME));
    read_all (fd, bytes, 1000);
    close (fd);
    trib_assert_eventually (rig_stat (rig->element, "receivers-now") == 0, RIG_WAIT_MS);
    g_assert_cmpuint (rig_stat (rig->element, "dropped-gone"), ==, round);
  }
  gst_element_set_state (rig->element, GST_STATE_NULL);
  g_assert_false (g_file_test (rig->location, G_FILE_TEST_EXISTS));
}

/* one that was there stays there; its reader reads to an end */
static void
test_fifo_there (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *location = g_build_filename (dir, "fifo", NULL);
  GstElement *element = rig_element ("obssink", location, "socket-type=fifo");
  g_autoptr (TribHarness) h = NULL;
  gint fd;

  g_assert_cmpint (mkfifo (location, 0600), ==, 0);
  fd = open (location, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  h = gst_harness_new_with_element (element, "sink", NULL);
  gst_object_unref (element);
  fcntl (fd, F_SETFL, 0);
  gst_harness_set_src_caps_str (h, "application/json");
  gst_harness_push (h, gst_buffer_new_memdup ("{}", 2));
  assert_line (fd, "{}");
  gst_element_set_state (h->element, GST_STATE_NULL);
  g_assert_null (rig_read_line (fd));
  g_assert_true (g_file_test (location, G_FILE_TEST_EXISTS));
  close (fd);
}

/* ---- settings ---- */

static void
check_start_error (const gchar *location, const gchar *properties, gint code)
{
  GstElement *element = rig_element ("obssink", location, properties);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (element, bus);
  g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==, GST_STATE_CHANGE_FAILURE);
  message = trib_bus_wait (element, GST_MESSAGE_ERROR, RIG_WAIT_MS);
  gst_message_parse_error (message, &error, NULL);
  g_test_message ("%s", error->message);
  g_assert_error (error, GST_RESOURCE_ERROR, code);
  gst_element_set_state (element, GST_STATE_NULL);
  gst_element_set_bus (element, NULL);
  gst_object_unref (element);
}

static void
test_refused_settings (void)
{
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *file = g_build_filename (dir, "file", NULL);
  g_autofree gchar *place = g_build_filename (dir, "place", NULL);
  gint listener = rig_listen (place, SOCK_STREAM);

  g_assert_true (g_file_set_contents (file, "precious", -1, NULL));
  check_start_error (file, "listen=true socket-type=datagram", GST_RESOURCE_ERROR_SETTINGS);
  check_start_error (file, "listen=true socket-type=fifo", GST_RESOURCE_ERROR_SETTINGS);
  check_start_error ("@abstract", "socket-type=fifo", GST_RESOURCE_ERROR_SETTINGS);
  check_start_error (file, "socket-type=fifo", GST_RESOURCE_ERROR_OPEN_WRITE);
  check_start_error (file, "listen=true", GST_RESOURCE_ERROR_OPEN_WRITE);
  check_start_error (place, "listen=true", GST_RESOURCE_ERROR_BUSY);
  check_start_error (place, "socket-type=datagram", GST_RESOURCE_ERROR_OPEN_WRITE);
  check_start_error ("\"\"", "", GST_RESOURCE_ERROR_SETTINGS);
  g_assert_true (g_file_test (file, G_FILE_TEST_EXISTS));
  close (listener);
}

/* what one element of this project sends, the other one has: both formats, both kinds (OBS-9) */
static void
test_to_obssrc (void)
{
  static const gchar *const kinds[] = { "stream", "datagram" };

  for (guint i = 0; i < 4; i++) {
    g_autofree gchar *location = g_strdup_printf ("@trib-obssink-%d-%u", getpid (), i);
    g_autofree gchar *out = g_strdup_printf ("socket-type=%s", kinds[i % 2]);
    g_autofree gchar *in = g_strdup_printf ("socket-type=%s on-no-receiver=wait", kinds[i % 2]);
    GstElement *src = rig_element ("obssrc", location, out);
    GstElement *sink = rig_element ("obssink", location, in);
    g_autoptr (TribHarness) from = gst_harness_new_with_element (src, NULL, "src");
    g_autoptr (TribHarness) to = NULL;

    gst_object_unref (src);
    gst_harness_set_sink_caps_str (from, i < 2 ? "application/json" : "application/x-msgpack");
    gst_harness_play (from);
    to = gst_harness_new_with_element (sink, "sink", NULL);
    gst_object_unref (sink);
    gst_harness_set_src_caps_str (to, "application/json");
    for (guint n = 0; n < 200; n++) {
      const gchar *text = "{\"type\":\"face\",\"frame_id\":7,\"t_ns\":0}";
      g_autoptr (GstBuffer) buffer = NULL;

      gst_harness_push (to, gst_buffer_new_memdup (text, strlen (text)));
      buffer = gst_harness_pull (from);
      g_assert_nonnull (buffer);
      if (i < 2)
        g_assert_cmpint (gst_buffer_memcmp (buffer, 0, text, strlen (text)), ==, 0);
      else
        g_assert_cmpint (gst_buffer_memcmp (buffer, 0, "\x83\xa4type", 6), ==, 0);
    }
  }
}

int
main (int argc, char **argv)
{
  trib_gst_test_init (&argc, &argv);
  g_test_add_func ("/obssink/OBS-9/stream", test_stream);
  g_test_add_func ("/obssink/OBS-9/framing", test_framing);
  g_test_add_func ("/obssink/OBS-9/datagram", test_datagram);
  g_test_add_func ("/obssink/comes-later", test_comes_later);
  g_test_add_func ("/obssink/receivers-reported", test_receivers_reported);
  g_test_add_func ("/obssink/wait/receiver", test_wait);
  g_test_add_func ("/obssink/wait/states", test_wait_states);
  g_test_add_func ("/obssink/wait/flush", test_wait_flush);
  g_test_add_func ("/obssink/error", test_error);
  g_test_add_func ("/obssink/listen/slow", test_listen);
  g_test_add_func ("/obssink/listen/many", test_listen_many);
  g_test_add_data_func ("/obssink/OBS-10/text-stream", GINT_TO_POINTER (SOCK_STREAM), test_text);
  g_test_add_data_func ("/obssink/OBS-10/text-datagram", GINT_TO_POINTER (SOCK_DGRAM), test_text);
  g_test_add_func ("/obssink/listen/idle", test_listen_idle);
  g_test_add_func ("/obssink/listen/come-and-go", test_come_and_go);
  g_test_add_func ("/obssink/fifo/OBS-9/readers", test_fifo);
  g_test_add_func ("/obssink/fifo/there", test_fifo_there);
  g_test_add_func ("/obssink/refused-settings", test_refused_settings);
  if (trib_test_need_elements ("obssrc", NULL))
    g_test_add_func ("/obssink/OBS-9/to-obssrc", test_to_obssrc);
  return trib_gst_test_run ();
}
