/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* accept4(), SCM_CREDENTIALS */
#include "trib-socket-receiver.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <record/trib-record-envelope.h>
#include <record/trib-record-stream.h>

#define READ_BYTES 65536
#define DATAGRAMS_A_ROUND 64
/* a stream that sends nothing but lines that are no record is no sender of records */
#define MAX_REFUSED_IN_A_ROW 64
#define BACKLOG 64
#define TELL_EVERY_US G_USEC_PER_SEC
/* between a connection that was refused or ended and the next: whoever connects again and again does
 * not get all of the thread */
#define REST_US 10000

typedef struct {
  gint fd;
  gint pid;
  TribRecordStream *stream;
  gint64 half_since_us; /* a record has begun; 0: none has */
  guint refused_in_a_row;
} Client;

struct _TribSocketReceiver {
  /* set once */
  TribSocketType type;
  guint max_clients;
  gsize max_record_bytes;
  gint64 record_timeout_us;
  TribSocketReceiverTell tell;
  gpointer user_data;
  TribSocketPlace place;
  gint wake;
  TribSocketQueue *queue;
  GThread *thread;

  gint stop; /* atomic */

  /* thread */
  GPtrArray *clients;
  GByteArray *buffer;
  TribRecordReader *reader;
  gint64 rests_until_us; /* the listening socket */
  TribSocketReceiverEvent refused, senders;
  gchar *refused_detail;
  gint64 refused_told_us, senders_told_us;
};

/* ---- telling ---- */

/* @thread: receiver */
static void
note_refused (TribSocketReceiver *r, const gchar *reason, gint pid, const gchar *detail)
{
  r->refused.kind = TRIB_SOCKET_TOLD_REFUSED;
  r->refused.reason = reason;
  r->refused.pid = pid;
  r->refused.count++;
  g_free (r->refused_detail);
  r->refused_detail = g_strdup (detail);
}

static void
note_sender (TribSocketReceiver *r, gint pid, gboolean joined)
{
  TribSocketCounts more = { .clients = joined ? 1 : 0, .clients_now = r->clients->len };

  trib_socket_queue_count (r->queue, &more);
  r->senders.kind = TRIB_SOCKET_TOLD_SENDERS;
  r->senders.pid = pid;
  if (joined)
    r->senders.joined++;
  else
    r->senders.left++;
}

/* Tells what is due. Returns: when the next is, 0: nothing is left to be told. */
static gint64
tell_due (TribSocketReceiver *r, gint64 now)
{
  gint64 next = 0;

  if (r->refused.count > 0 && now >= r->refused_told_us + TELL_EVERY_US) {
    r->refused.detail = r->refused_detail;
    r->tell (&r->refused, r->user_data);
    r->refused.count = 0;
    r->refused_told_us = now;
  }
  if (r->senders.joined + r->senders.left > 0 && now >= r->senders_told_us + TELL_EVERY_US) {
    r->senders.connected = r->clients->len;
    r->tell (&r->senders, r->user_data);
    r->senders.joined = r->senders.left = 0;
    r->senders_told_us = now;
  }
  if (r->refused.count > 0)
    next = r->refused_told_us + TELL_EVERY_US;
  if (r->senders.joined + r->senders.left > 0)
    next = next > 0 ? MIN (next, r->senders_told_us + TELL_EVERY_US)
                    : r->senders_told_us + TELL_EVERY_US;
  return next;
}

/* ---- records ---- */

static void
refuse (TribSocketReceiver *r, guint reason, gint pid, const gchar *detail)
{
  trib_socket_queue_refuse (r->queue, reason);
  note_refused (r, trib_socket_reason (reason), pid, detail);
}

static void
keep_record (TribSocketReceiver *r, TribRecordFormat format, TribRecordSlice bytes)
{
  TribSocketRecord *record = g_malloc (sizeof *record + bytes.len);

  record->arrival_us = g_get_monotonic_time ();
  record->format = format;
  record->len = bytes.len;
  memcpy (record->data, bytes.str, bytes.len);
  trib_socket_queue_push (r->queue, record);
}

/* One map, or a list of maps. Returns: how many of them were records; of those that were not, each is
 * counted. */
static guint
take_value (TribSocketReceiver *r, TribRecordFormat format, TribRecordSlice value, gint pid)
{
  TribRecordEnvelope envelope;
  TribRecordRead result;
  guint good = 0;

  trib_record_reader_set (r->reader, format, value.str, value.len);
  do {
    g_autoptr (GError) error = NULL;

    result = trib_record_envelope_read (r->reader, &envelope, &error);
    if (result == TRIB_RECORD_READ_OK) {
      keep_record (r, format, envelope.record);
      good++;
    } else if (result != TRIB_RECORD_READ_END) {
      refuse (r, (guint) error->code, pid, error->message);
    }
  } while (result == TRIB_RECORD_READ_OK || result == TRIB_RECORD_READ_INVALID);
  return good;
}

/* ---- datagrams ---- */

static gsize
skip_blanks (const guint8 *bytes, gsize len)
{
  gsize i = 0;

  while (i < len && bytes[i] != '\0' && strchr (" \t\r\n", (gchar) bytes[i]) != NULL)
    i++;
  return i;
}

static void
take_datagram (TribSocketReceiver *r, gsize len, gint pid)
{
  gsize begin = skip_blanks (r->buffer->data, len);
  TribRecordFormat format;

  if (begin == len) {
    refuse (r, TRIB_RECORD_ERROR_TRUNCATED, pid, "an empty datagram at byte 0");
    return;
  }
  if (!trib_record_guess_format (r->buffer->data[begin], &format)) {
    refuse (r, TRIB_RECORD_ERROR_SYNTAX, pid, "neither JSON nor MessagePack at byte 0");
    return;
  }
  if (format == TRIB_RECORD_MSGPACK)
    begin = 0;
  take_value (
      r, format, (TribRecordSlice){ (const gchar *) r->buffer->data + begin, len - begin }, pid);
}

static gint
pid_of_message (struct msghdr *message)
{
  for (struct cmsghdr *c = CMSG_FIRSTHDR (message); c != NULL; c = CMSG_NXTHDR (message, c)) {
    struct ucred who;

    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
      continue;
    memcpy (&who, CMSG_DATA (c), sizeof who);
    return (gint) who.pid;
  }
  return 0;
}

/* FALSE: there is none */
static gboolean
read_datagram (TribSocketReceiver *r)
{
  union {
    struct cmsghdr align;
    gchar bytes[CMSG_SPACE (sizeof (struct ucred))];
  } control;
  struct iovec part;
  struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control };
  TribSocketCounts more = { .clients_now = 0 };
  gssize size = recv (r->place.fd, NULL, 0, MSG_PEEK | MSG_TRUNC);

  if (size < 0)
    return FALSE;
  g_byte_array_set_size (
      r->buffer, MAX (r->buffer->len, (guint) MIN ((gsize) size, r->max_record_bytes)));
  part = (struct iovec){ r->buffer->data, r->buffer->len };
  message.msg_controllen = sizeof control;
  size = recvmsg (r->place.fd, &message, MSG_TRUNC | MSG_CMSG_CLOEXEC);
  if (size < 0)
    return FALSE;
  more.bytes_in = (guint64) size;
  trib_socket_queue_count (r->queue, &more);
  if ((gsize) size > r->max_record_bytes || (gsize) size > r->buffer->len)
    refuse (r, TRIB_RECORD_ERROR_LIMIT, pid_of_message (&message),
        "a datagram larger than the limit at byte 0");
  else
    take_datagram (r, (gsize) size, pid_of_message (&message));
  return TRUE;
}

/* ---- streams ---- */

static void
client_free (gpointer data)
{
  Client *c = data;

  close (c->fd);
  trib_record_stream_free (c->stream);
  g_free (c);
}

static void
drop_client (TribSocketReceiver *r, Client *c, gboolean ended_by_us)
{
  TribSocketCounts more = { .clients_closed = ended_by_us ? 1 : 0 };
  gint pid = c->pid;

  if (ended_by_us)
    r->rests_until_us = g_get_monotonic_time () + REST_US;
  /* who sees the end of its connection can count on its being counted */
  more.clients_now = r->clients->len - 1;
  trib_socket_queue_count (r->queue, &more);
  g_ptr_array_remove (r->clients, c);
  note_sender (r, pid, FALSE);
}

/* what the stream has by now. FALSE: it is to be ended */
static gboolean
take_values (TribSocketReceiver *r, Client *c)
{
  for (;;) {
    g_autoptr (GError) error = NULL;
    TribRecordFormat format;
    TribRecordSlice value;

    switch (trib_record_stream_next (c->stream, &value, &error)) {
      case TRIB_RECORD_STREAM_MORE:
        return TRUE;
      case TRIB_RECORD_STREAM_VALUE:
        trib_record_stream_format (c->stream, &format);
        if (take_value (r, format, value, c->pid) > 0)
          c->refused_in_a_row = 0;
        else
          c->refused_in_a_row++;
        break;
      case TRIB_RECORD_STREAM_LOST:
        refuse (r, (guint) error->code, c->pid, error->message);
        c->refused_in_a_row++;
        break;
      case TRIB_RECORD_STREAM_BROKEN:
        refuse (r, (guint) error->code, c->pid, error->message);
        return FALSE;
    }
    c->half_since_us = 0;
    if (c->refused_in_a_row >= MAX_REFUSED_IN_A_ROW)
      return FALSE;
  }
}

/* The sender went. A last line of JSON may end with the stream. */
static void
end_client (TribSocketReceiver *r, Client *c)
{
  TribRecordFormat format;

  if (trib_record_stream_format (c->stream, &format) && format == TRIB_RECORD_MSGPACK
      && trib_record_stream_partial (c->stream) > 0) {
    refuse (r, TRIB_SOCKET_HALF, c->pid, "the sender went in the middle of a record");
  } else {
    trib_record_stream_end (c->stream);
    take_values (r, c);
  }
  drop_client (r, c, FALSE);
}

static void
read_client (TribSocketReceiver *r, Client *c)
{
  TribSocketCounts more = { .clients_now = r->clients->len };
  gssize n;

  g_byte_array_set_size (r->buffer, MAX (r->buffer->len, READ_BYTES));
  n = read (c->fd, r->buffer->data, READ_BYTES);
  if (n < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  if (n <= 0) {
    end_client (r, c);
    return;
  }
  more.bytes_in = (guint64) n;
  trib_socket_queue_count (r->queue, &more);
  trib_record_stream_push (c->stream, r->buffer->data, (gsize) n);
  if (!take_values (r, c)) {
    drop_client (r, c, TRUE);
    return;
  }
  if (trib_record_stream_partial (c->stream) == 0)
    c->half_since_us = 0;
  else if (c->half_since_us == 0)
    c->half_since_us = g_get_monotonic_time ();
}

static void
accept_client (TribSocketReceiver *r)
{
  gint fd = accept4 (r->place.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  Client *c;

  if (fd < 0) {
    /* out of descriptors, say: it would be ready again at once */
    if (errno != EAGAIN && errno != EINTR)
      r->rests_until_us = g_get_monotonic_time () + 10 * REST_US;
    return;
  }
  if (r->clients->len >= r->max_clients) {
    TribSocketCounts more = { .clients_refused = 1, .clients_now = r->clients->len };
    g_autofree gchar *detail
        = g_strdup_printf ("more than %u connections at once: see max-clients", r->max_clients);

    trib_socket_queue_count (r->queue, &more);
    note_refused (r, "clients", trib_socket_peer_pid (fd), detail);
    r->rests_until_us = g_get_monotonic_time () + REST_US;
    close (fd);
    return;
  }
  c = g_new0 (Client, 1);
  c->fd = fd;
  c->pid = trib_socket_peer_pid (fd);
  c->stream = trib_record_stream_new (r->max_record_bytes);
  g_ptr_array_add (r->clients, c);
  note_sender (r, c->pid, TRUE);
}

/* ---- the thread ---- */

/* Ends streams whose record is half for too long. Returns: when the next will be, 0: none. */
static gint64
end_slow (TribSocketReceiver *r, gint64 now)
{
  gint64 next = 0;

  if (r->record_timeout_us == 0)
    return 0;
  for (guint i = r->clients->len; i-- > 0;) {
    Client *c = g_ptr_array_index (r->clients, i);
    gint64 due = c->half_since_us + r->record_timeout_us;

    if (c->half_since_us == 0)
      continue;
    if (now >= due) {
      refuse (r, TRIB_SOCKET_HALF, c->pid, "the sender left a record half for too long");
      drop_client (r, c, TRUE);
    } else {
      next = next > 0 ? MIN (next, due) : due;
    }
  }
  return next;
}

static gint
timeout_until (gint64 a, gint64 b, gint64 c, gint64 now)
{
  gint64 next = G_MAXINT64;

  for (guint i = 0; i < 3; i++) {
    gint64 time = i == 0 ? a : i == 1 ? b : c;

    if (time > 0)
      next = MIN (next, time);
  }
  if (next == G_MAXINT64)
    return -1;
  return (gint) CLAMP ((next - now + 999) / 1000, 0, 60000);
}

/* the clients as they are, then the place, then the wake; @reads: whether there is room for records */
static void
fill_polls (TribSocketReceiver *r, GArray *polls, gboolean reads, gboolean accepts)
{
  struct pollfd p = { .events = POLLIN };

  g_array_set_size (polls, 0);
  for (guint i = 0; i < r->clients->len; i++) {
    Client *c = g_ptr_array_index (r->clients, i);

    /* a descriptor that is not looked at must not be there: it would tell of its end again and again */
    p.fd = reads ? c->fd : -1;
    g_array_append_val (polls, p);
  }
  p.fd = accepts ? r->place.fd : -1;
  g_array_append_val (polls, p);
  p.fd = r->wake;
  g_array_append_val (polls, p);
}

static void
read_ready (TribSocketReceiver *r, GArray *polls)
{
  guint n = polls->len - 2;
  struct pollfd *p = (struct pollfd *) (gpointer) polls->data;
  guint64 ignored;

  if (p[n + 1].revents != 0 && read (r->wake, &ignored, sizeof ignored) < 0)
    g_assert (errno == EAGAIN || errno == EINTR);
  /* from the end, because a client may leave the array */
  for (guint i = n; i-- > 0;) {
    if (p[i].revents != 0)
      read_client (r, g_ptr_array_index (r->clients, i));
  }
  if (p[n].revents == 0)
    return;
  if (r->type == TRIB_SOCKET_STREAM) {
    accept_client (r);
    return;
  }
  for (guint i = 0; i < DATAGRAMS_A_ROUND && trib_socket_queue_wants_more (r->queue); i++) {
    if (!read_datagram (r))
      break;
  }
}

static gpointer
run (gpointer data)
{
  TribSocketReceiver *r = data;
  g_autoptr (GArray) polls = g_array_new (FALSE, FALSE, sizeof (struct pollfd));

  while (!g_atomic_int_get (&r->stop)) {
    gint64 now = g_get_monotonic_time ();
    gboolean reads = trib_socket_queue_wants_more (r->queue);
    gint64 slow = reads ? end_slow (r, now) : 0;
    gint64 rests = r->rests_until_us > now ? r->rests_until_us : 0;
    gint64 tell = tell_due (r, now);

    fill_polls (r, polls, reads, rests == 0 && (reads || r->type == TRIB_SOCKET_STREAM));
    if (poll ((struct pollfd *) (gpointer) polls->data, polls->len,
            timeout_until (slow, rests, tell, now))
        > 0)
      read_ready (r, polls);
    /* nobody is slow because we were */
    for (guint i = 0; !reads && i < r->clients->len; i++) {
      Client *c = g_ptr_array_index (r->clients, i);

      if (c->half_since_us > 0)
        c->half_since_us = g_get_monotonic_time ();
    }
  }
  return NULL;
}

static void
wake (TribSocketReceiver *r)
{
  const guint64 one = 1;

  /* fails only when it is set as often as it can be: then it is set */
  if (write (r->wake, &one, sizeof one) < 0)
    g_assert (errno == EAGAIN || errno == EINTR);
}

/**
 * trib_socket_receiver_new:
 * @config: copied
 * @tell: called on the receiver's thread, with no lock held
 * @user_data: for @tell
 * @error: return location, domain %TRIB_SOCKET_ERROR
 *
 * Returns: (transfer full) (nullable): receives from now on
 */
TribSocketReceiver *
trib_socket_receiver_new (const TribSocketReceiverConfig *config, TribSocketReceiverTell tell,
    gpointer user_data, GError **error)
{
  TribSocketPlace place = TRIB_SOCKET_PLACE_INIT;
  const TribRecordLimits limits = { .max_bytes = config->max_record_bytes };
  TribSocketReceiver *r;
  const gint on = 1;

  if (!trib_socket_place_bind (
          &place, config->location, config->type, config->mode, BACKLOG, error))
    return NULL;
  r = g_new0 (TribSocketReceiver, 1);
  r->type = config->type;
  r->max_clients = config->max_clients;
  r->max_record_bytes = config->max_record_bytes;
  r->record_timeout_us = (gint64) config->record_timeout_ms * 1000;
  r->tell = tell;
  r->user_data = user_data;
  r->place = place;
  /* who sends a datagram comes with it; without, it is merely not told */
  if (r->type == TRIB_SOCKET_DATAGRAM)
    setsockopt (place.fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  r->queue = trib_socket_queue_new (config->max_bytes, config->drop_oldest);
  r->clients = g_ptr_array_new_with_free_func (client_free);
  r->buffer = g_byte_array_new ();
  g_byte_array_set_size (r->buffer, READ_BYTES);
  r->reader = trib_record_reader_new (&limits);
  r->refused_told_us = r->senders_told_us = g_get_monotonic_time () - TELL_EVERY_US;
  r->wake = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (r->wake < 0) {
    g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_FAILED,
        "cannot make a descriptor to wake the receiver: %s", g_strerror (errno));
    trib_socket_receiver_free (r, NULL);
    return NULL;
  }
  r->thread = g_thread_new ("trib-socket-in", run, r);
  return r;
}

/**
 * trib_socket_receiver_free:
 * @r: (nullable) (transfer full): a receiver; nobody may be in trib_socket_receiver_pop()
 * @ret_counts: (out caller-allocates) (optional): the last books: what still waited is dropped
 *
 * Ends its thread and its connections, and removes its file.
 */
void
trib_socket_receiver_free (TribSocketReceiver *r, TribSocketCounts *ret_counts)
{
  const TribSocketCounts none = { .clients_now = 0 };

  if (r == NULL)
    return;
  if (r->thread != NULL) {
    g_atomic_int_set (&r->stop, 1);
    wake (r);
    g_thread_join (r->thread);
  }
  trib_socket_place_clear (&r->place);
  if (r->wake >= 0)
    close (r->wake);
  g_ptr_array_unref (r->clients);
  g_byte_array_unref (r->buffer);
  trib_record_reader_free (r->reader);
  trib_socket_queue_drop_all (r->queue);
  trib_socket_queue_count (r->queue, &none);
  if (ret_counts != NULL)
    trib_socket_queue_get_counts (r->queue, ret_counts);
  trib_socket_queue_free (r->queue);
  g_free (r->refused_detail);
  g_free (r);
}

/**
 * trib_socket_receiver_pop:
 * @r: a receiver
 *
 * Waits for a record. One thread at a time.
 *
 * Returns: (transfer full) (nullable): the oldest, for g_free(); %NULL when flushing
 */
TribSocketRecord *
trib_socket_receiver_pop (TribSocketReceiver *r)
{
  gboolean room;
  TribSocketRecord *record = trib_socket_queue_pop (r->queue, &room);

  if (room)
    wake (r);
  return record;
}

/**
 * trib_socket_receiver_set_flushing:
 * @r: a receiver
 * @flushing: whether trib_socket_receiver_pop() gives up at once
 *
 * Any thread. Records that wait stay.
 */
void
trib_socket_receiver_set_flushing (TribSocketReceiver *r, gboolean flushing)
{
  trib_socket_queue_set_flushing (r->queue, flushing);
}

/**
 * trib_socket_receiver_get_counts:
 * @r: a receiver
 * @ret: (out caller-allocates): all of one moment
 *
 * Any thread.
 */
void
trib_socket_receiver_get_counts (TribSocketReceiver *r, TribSocketCounts *ret)
{
  trib_socket_queue_get_counts (r->queue, ret);
}
