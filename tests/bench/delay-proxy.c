/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A long line on loopback: a TCP proxy that hands on every byte a given time after it came.
 *
 *     delay-proxy LISTEN_PORT TARGET_PORT DELAY_US
 *
 * The delay holds each way, so the round trip grows by twice that. Bandwidth is not limited: up to
 * IN_FLIGHT_BYTES are on their way in each direction. Ends with its standard input. */
#include <gio/gio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 262144
#define IN_FLIGHT_BYTES (128 * 1024 * 1024)

typedef struct {
  gint64 due_us; /* monotonic */
  gssize size;   /* 0: the end */
  guint8 data[];
} Chunk;

/* one way of one connection: a thread that reads and one that writes */
typedef struct {
  GSocketConnection *from, *to;
  GMutex lock;
  GCond changed;
  GQueue chunks;
  gsize bytes;
  gint users;
} Way;

static gint64 delay_us;

static void
way_unref (Way *way)
{
  if (!g_atomic_int_dec_and_test (&way->users))
    return;
  g_queue_clear_full (&way->chunks, g_free);
  g_object_unref (way->from);
  g_object_unref (way->to);
  g_free (way);
}

static gpointer
read_thread (gpointer data)
{
  Way *way = data;
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (way->from));
  g_autofree guint8 *buffer = g_malloc (CHUNK);
  gssize n;

  do {
    Chunk *chunk;
    n = g_input_stream_read (in, buffer, CHUNK, NULL, NULL);
    n = MAX (n, 0);
    chunk = g_malloc (sizeof *chunk + n);
    chunk->due_us = g_get_monotonic_time () + delay_us;
    chunk->size = n;
    memcpy (chunk->data, buffer, n);
    g_mutex_lock (&way->lock);
    while (way->bytes > IN_FLIGHT_BYTES)
      g_cond_wait (&way->changed, &way->lock);
    way->bytes += n;
    g_queue_push_tail (&way->chunks, chunk);
    g_cond_broadcast (&way->changed);
    g_mutex_unlock (&way->lock);
  } while (n > 0);
  way_unref (way);
  return NULL;
}

static gpointer
write_thread (gpointer data)
{
  Way *way = data;
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (way->to));
  gboolean open = TRUE, last = FALSE;

  while (!last) {
    Chunk *chunk;
    g_mutex_lock (&way->lock);
    while ((chunk = g_queue_pop_head (&way->chunks)) == NULL)
      g_cond_wait (&way->changed, &way->lock);
    way->bytes -= chunk->size;
    g_cond_broadcast (&way->changed);
    while (g_cond_wait_until (&way->changed, &way->lock, chunk->due_us))
      ;
    g_mutex_unlock (&way->lock);
    last = chunk->size == 0;
    open = open && g_output_stream_write_all (out, chunk->data, chunk->size, NULL, NULL, NULL);
    if (last || !open)
      g_socket_shutdown (g_socket_connection_get_socket (way->to), FALSE, TRUE, NULL);
    if (!open) /* there is no receiver any more: the other side is closed, too */
      g_socket_shutdown (g_socket_connection_get_socket (way->from), TRUE, FALSE, NULL);
    g_free (chunk);
  }
  way_unref (way);
  return NULL;
}

static void
begin_way (GSocketConnection *from, GSocketConnection *to)
{
  Way *way = g_new0 (Way, 1);

  way->from = g_object_ref (from);
  way->to = g_object_ref (to);
  way->users = 2;
  g_mutex_init (&way->lock);
  g_cond_init (&way->changed);
  g_queue_init (&way->chunks);
  g_thread_unref (g_thread_new ("read", read_thread, way));
  g_thread_unref (g_thread_new ("write", write_thread, way));
}

static gpointer
end_with_input (gpointer data)
{
  while (getchar () != EOF)
    ;
  exit (0);
}

static GSocketConnection *
no_delay (GSocketConnection *connection)
{
  g_socket_set_option (g_socket_connection_get_socket (connection), 6 /* IPPROTO_TCP */,
      1 /* TCP_NODELAY */, 1, NULL);
  return connection;
}

int
main (int argc, char **argv)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;

  if (argc != 4)
    g_error ("usage: delay-proxy LISTEN_PORT TARGET_PORT DELAY_US");
  delay_us = g_ascii_strtoll (argv[3], NULL, 10);
  if (!g_socket_listener_add_inet_port (listener, atoi (argv[1]), NULL, &error))
    g_error ("%s", error->message);
  g_thread_unref (g_thread_new ("input", end_with_input, NULL));
  for (;;) {
    g_autoptr (GSocketConnection) from = g_socket_listener_accept (listener, NULL, NULL, &error);
    g_autoptr (GSocketConnection) to = NULL;
    if (from == NULL)
      g_error ("%s", error->message);
    to = g_socket_client_connect_to_host (client, "127.0.0.1", atoi (argv[2]), NULL, NULL);
    if (to == NULL)
      continue;
    begin_way (no_delay (from), no_delay (to));
    begin_way (to, from);
  }
}
