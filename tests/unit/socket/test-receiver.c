/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Random garbage from many, and one that sends records: all of those come, and the books close
 * (OBS-9). */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <socket/trib-socket-receiver.h>
#include <trib-test.h>

#define N_HOSTILE 300
#define N_GOOD 300
#define RECORD "{\"type\":\"face\",\"frame_id\":%u,\"t_ns\":0}\n"

typedef struct {
  gint refused; /* atomic */
  gint senders;
} Events;

static void
notify (const TribSocketReceiverEvent *event, gpointer user_data)
{
  Events *events = user_data;

  if (event->kind == TRIB_SOCKET_REFUSED) {
    g_assert_nonnull (event->reason);
    g_assert_nonnull (event->detail);
    g_assert_cmpuint (event->count, >, 0);
    g_atomic_int_inc (&events->refused);
  } else {
    g_atomic_int_inc (&events->senders);
  }
}

static gint
connect_to (const gchar *location, TribSocketType type)
{
  g_autoptr (GError) error = NULL;
  gint fd;

  /* the backlog may be full for a while */
  while ((fd = trib_socket_connect (location, type, &error)) < 0) {
    g_assert_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_NO_RECEIVER);
    g_clear_error (&error);
    trib_test_pause ();
  }
  return fd;
}

/* bytes of every kind, often such as begin like a record */
static void
send_garbage (gint fd, GRand *rand)
{
  static const gchar *const begins[] = { "", "{", "[", "{\"type\":\"face\",", "\x81", "\xdc",
    "\x83\xa4type", "{\"type\":\"face\",\"frame_id\":1,\"t_ns\":0}" };
  g_autoptr (GString) bytes
      = g_string_new (begins[g_rand_int_range (rand, 0, G_N_ELEMENTS (begins))]);

  for (gint n = g_rand_int_range (rand, 0, 3000); n > 0; n--)
    g_string_append_c (bytes, (gchar) g_rand_int_range (rand, 0, 256));
  send (fd, bytes->str, bytes->len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

typedef struct {
  const gchar *location;
  TribSocketType type;
  guint32 seed;
} Hostile;

static gpointer
be_hostile (gpointer data)
{
  const Hostile *h = data;
  GRand *rand = g_rand_new_with_seed (h->seed);

  for (guint i = 0; i < N_HOSTILE; i++) {
    gint fd = connect_to (h->location, h->type);

    for (gint n = g_rand_int_range (rand, 0, 4); n > 0; n--)
      send_garbage (fd, rand);
    close (fd);
  }
  g_rand_free (rand);
  return NULL;
}

static void
send_good (gint fd, guint number)
{
  g_autofree gchar *text = g_strdup_printf (RECORD, number);
  gsize at = 0;

  while (at < strlen (text)) {
    gssize n = send (fd, text + at, strlen (text) - at, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (n > 0)
      at += (gsize) n;
    else
      trib_test_pause ();
  }
}

static void
check_books (const TribSocketCounts *c)
{
  guint64 sum = c->records_out + c->dropped_oldest + c->dropped_flush + c->pending;

  for (guint i = 0; i < TRIB_SOCKET_N_REASONS; i++)
    sum += c->refused[i];
  g_assert_cmpuint (c->records_in, ==, sum);
}

static void
test_hostile (gconstpointer data)
{
  TribSocketType type = (TribSocketType) GPOINTER_TO_INT (data);
  g_autoptr (TribTestDir) dir = trib_test_dir_new ();
  g_autofree gchar *location = g_build_filename (dir, "obs.sock", NULL);
  const TribSocketReceiverConfig config = { .location = location,
    .type = type,
    .mode = 0600,
    .max_clients = 1024,
    .max_record_bytes = 2000,
    .max_bytes = 10000 };
  g_autoptr (GError) error = NULL;
  Events events = { 0, 0 };
  TribSocketReceiver *r = trib_socket_receiver_new (&config, notify, &events, &error);
  Hostile hostile = { location, type, g_test_rand_int () & G_MAXINT32 };
  TribSocketCounts counts;
  GThread *thread;
  guint next = 0;
  gint good;

  g_assert_no_error (error);
  good = connect_to (location, type);
  thread = g_thread_new ("hostile", be_hostile, &hostile);
  while (next < N_GOOD) {
    g_autofree gchar *wanted = g_strdup_printf (RECORD, 1000000 + next);
    gboolean there = FALSE;

    send_good (good, 1000000 + next);
    while (!there) {
      g_autofree TribSocketRecord *record = trib_socket_receiver_pop (r);

      there = record->len == strlen (wanted) - 1 && memcmp (record->data, wanted, record->len) == 0;
    }
    next++;
  }
  /* the others may still be blocked: records are not popped any more */
  trib_socket_receiver_get_counts (r, &counts);
  while (counts.pending > 0 || counts.clients_now > 1) {
    if (counts.pending > 0)
      g_free (trib_socket_receiver_pop (r));
    else
      trib_test_pause ();
    trib_socket_receiver_get_counts (r, &counts);
  }
  g_thread_join (thread);
  close (good);
  trib_socket_receiver_stop (r);
  trib_socket_receiver_get_counts (r, &counts);
  trib_socket_receiver_free (r);
  check_books (&counts);
  g_assert_cmpuint (counts.records_in, >, counts.records_out);
  g_assert_cmpint (g_atomic_int_get (&events.refused), >=, 1);
  g_assert_false (g_file_test (location, G_FILE_TEST_EXISTS));
}

static gpointer
pop_one (gpointer data)
{
  return trib_socket_receiver_pop (data);
}

static void
test_flushing (void)
{
  g_autofree gchar *location = g_strdup_printf ("@trib-receiver-%d", getpid ());
  const TribSocketReceiverConfig config = { .location = location,
    .type = TRIB_SOCKET_STREAM,
    .max_clients = 1,
    .max_record_bytes = 100,
    .max_bytes = 100 };
  Events events = { 0, 0 };
  g_autoptr (GError) error = NULL;
  TribSocketReceiver *r = trib_socket_receiver_new (&config, notify, &events, &error), *second;
  GThread *thread;

  g_assert_no_error (error);
  second = trib_socket_receiver_new (&config, notify, &events, &error);
  g_assert_null (second);
  g_assert_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_IN_USE);
  thread = g_thread_new ("pops", pop_one, r);
  trib_socket_receiver_set_flushing (r, TRUE);
  g_assert_null (g_thread_join (thread));
  trib_socket_receiver_free (r);
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_data_func (
      "/socket-receiver/hostile/stream", GINT_TO_POINTER (TRIB_SOCKET_STREAM), test_hostile);
  g_test_add_data_func (
      "/socket-receiver/hostile/datagram", GINT_TO_POINTER (TRIB_SOCKET_DATAGRAM), test_hostile);
  g_test_add_func ("/socket-receiver/flushing", test_flushing);
  return trib_test_run ();
}
