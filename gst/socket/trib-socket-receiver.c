/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* accept4(), SCM_CREDENTIALS */
#include "trib-socket-receiver.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <common/trib-notice.h>
#include <common/trib-state.h>
#include <record/trib-obs-text.h>
#include <record/trib-record-envelope.h>
#include <record/trib-record-stream.h>

#include "trib-socket-debug.h"
#include "trib-socket-wake.h"

#define READ_BYTES 65536
#define DATAGRAMS_A_ROUND 64
/* a stream of nothing but invalid records, on lines or in lists, is closed */
#define MAX_REFUSED_IN_A_ROW 64
#define BACKLOG 64
#define NOTIFY_EVERY_US G_USEC_PER_SEC
/* pause between a connection that was refused or closed and the next, so that a client that
 * reconnects at once does not occupy the thread */
#define REST_US 10000

typedef enum { CLIENT_NEW, CLIENT_CONNECTED, CLIENT_GONE, CLIENT_REJECTED } ClientState;

static const TribStateRow state_rows[] = {
  [CLIENT_NEW] = { "new", TRIB_STATE (CLIENT_CONNECTED) },
  [CLIENT_CONNECTED] = { "connected", TRIB_STATE (CLIENT_GONE) | TRIB_STATE (CLIENT_REJECTED) },
  [CLIENT_GONE] = { "disconnected", 0 },
  [CLIENT_REJECTED] = { "closed here", 0 },
};
static const TribStateTable states
    = { "sender", &trib_socket_debug, state_rows, G_N_ELEMENTS (state_rows) };

typedef struct {
  ClientState state;
  gchar id[24]; /* for logs */
  gint fd;
  gint pid;       /* 0: not known */
  guint64 sender; /* in the queue */
  gboolean reads; /* the queue has space for what it sends */
  TribRecordStream *stream;
  gint64 half_since_us; /* a record is incomplete; 0: none is */
  gint64 idle_since_us; /* the last record, or the beginning */
  guint refused_in_a_row;
} Client;

/* of one reason, since the last event */
typedef struct {
  TribNotice notice;
  gchar *detail; /* of the last one */
  gint pid;
} Refusals;

struct _TribSocketReceiver {
  /* set once */
  TribSocketType type;
  guint max_clients;
  gsize max_record_bytes;
  gboolean text;
  gint64 record_timeout_us;
  gint64 idle_timeout_us;
  TribSocketReceiverNotify notify;
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
  GString *converted;    /* the record of a text form */
  gint64 rests_until_us; /* the listening socket */
  guint64 last_sender;   /* streams: connections so far */
  Refusals refusals[TRIB_SOCKET_N_NOTICES];
  TribSocketReceiverEvent senders;
  TribNotice senders_notice;
};

/* ---- notifications ---- */

/* @thread: receiver */
static void
note_refused (TribSocketReceiver *r, guint reason, gint pid, const gchar *detail)
{
  Refusals *refusals = &r->refusals[reason];

  TRIB_LOG (&trib_socket_debug, TRIB_LOG_DEBUG, NULL, "process %d: refused, %s: %s", pid,
      trib_socket_reason (reason), detail);
  refusals->pid = pid;
  refusals->notice.n_events++;
  g_free (refusals->detail);
  refusals->detail = g_strdup (detail);
}

static void
note_sender (TribSocketReceiver *r, gint pid, gboolean joined)
{
  TribSocketCounts more = { .clients = joined ? 1 : 0, .clients_now = r->clients->len };

  trib_socket_queue_count (r->queue, &more);
  r->senders.kind = TRIB_SOCKET_SENDERS;
  r->senders.pid = pid;
  r->senders_notice.n_events++;
  if (joined)
    r->senders.joined++;
  else
    r->senders.left++;
}

/* Returns: when the next notification is due; %G_MAXINT64: none is */
static gint64
notify_due (TribSocketReceiver *r, gint64 now)
{
  gint64 next = G_MAXINT64;
  guint64 n;

  for (guint i = 0; i < TRIB_SOCKET_N_NOTICES; i++) {
    Refusals *refusals = &r->refusals[i];

    if (trib_notice_flush (&refusals->notice, now, NOTIFY_EVERY_US, &n)) {
      const TribSocketReceiverEvent event = { .kind = TRIB_SOCKET_REFUSED,
        .reason = trib_socket_reason (i),
        .detail = refusals->detail,
        .pid = refusals->pid,
        .count = n };

      r->notify (&event, r->user_data);
    }
    next = MIN (next, trib_notice_next (&refusals->notice, NOTIFY_EVERY_US));
  }
  if (trib_notice_flush (&r->senders_notice, now, NOTIFY_EVERY_US, &n)) {
    r->senders.connected = r->clients->len;
    r->notify (&r->senders, r->user_data);
    r->senders.joined = r->senders.left = 0;
  }
  return MIN (next, trib_notice_next (&r->senders_notice, NOTIFY_EVERY_US));
}

/* ---- records ---- */

static void
refuse (TribSocketReceiver *r, guint reason, gint pid, const gchar *detail)
{
  trib_socket_queue_refuse (r->queue, reason);
  note_refused (r, reason, pid, detail);
}

static void
keep_record (TribSocketReceiver *r, guint64 sender, TribRecordFormat format, TribRecordSlice bytes)
{
  TribSocketRecord *record = g_malloc (sizeof *record + bytes.len);

  record->arrival_us = g_get_monotonic_time ();
  record->format = format;
  record->len = bytes.len;
  memcpy (record->data, bytes.str, bytes.len);
  trib_socket_queue_push (r->queue, sender, record);
}

/* @value: (inout): a text form, or anything else. FALSE: it is refused */
static gboolean
convert_text (TribSocketReceiver *r, TribRecordSlice *value, gint pid)
{
  g_autoptr (GError) error = NULL;

  if (!r->text || !trib_obs_text_is (value->str, value->len))
    return TRUE;
  g_string_truncate (r->converted, 0);
  if (!trib_obs_text_to_record (value->str, value->len, r->converted, &error)) {
    refuse (r, (guint) error->code, pid, error->message);
    return FALSE;
  }
  *value = (TribRecordSlice){ r->converted->str, r->converted->len };
  return TRUE;
}

/* One map, or a list of maps; each that is no record is counted. After too many in a row the rest
 * is not looked at, and counts as one. @refused_in_a_row: (inout). Returns: the number of records
 */
static guint
parse_value (TribSocketReceiver *r, TribRecordFormat format, TribRecordSlice value, guint64 sender,
    gint pid, guint *refused_in_a_row)
{
  TribRecordEnvelope envelope;
  TribRecordRead result;
  guint good = 0;

  if (!convert_text (r, &value, pid)) {
    (*refused_in_a_row)++;
    return 0;
  }
  trib_record_reader_set (r->reader, format, value.str, value.len);
  do {
    g_autoptr (GError) error = NULL;

    result = trib_record_envelope_read (r->reader, &envelope, &error);
    if (result == TRIB_RECORD_READ_OK) {
      keep_record (r, sender, format, envelope.record);
      good++;
      *refused_in_a_row = 0;
    } else if (result != TRIB_RECORD_READ_END) {
      g_autofree gchar *detail
          = good > 0 && format == TRIB_RECORD_JSON && *value.str == '{'
                ? g_strconcat ("no line feed behind a record: ", error->message, NULL)
                : g_strdup (error->message);

      refuse (r, (guint) error->code, pid, detail);
      (*refused_in_a_row)++;
    }
    if (result == TRIB_RECORD_READ_INVALID && *refused_in_a_row >= MAX_REFUSED_IN_A_ROW) {
      refuse (
          r, TRIB_RECORD_ERROR_LIMIT, pid, "the rest behind too many values that are no records");
      break;
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
parse_datagram (TribSocketReceiver *r, gsize len, gint pid)
{
  gsize begin = skip_blanks (r->buffer->data, len);
  const gchar *text = (const gchar *) r->buffer->data + begin;
  TribRecordFormat format = TRIB_RECORD_JSON;
  guint refused_in_a_row = 0;

  if (begin == len) {
    refuse (r, TRIB_RECORD_ERROR_TRUNCATED, pid, "an empty datagram at byte 0");
    return;
  }
  if (!(r->text && trib_obs_text_is (text, len - begin))
      && !trib_record_guess_format (r->buffer->data[begin], &format)) {
    refuse (r, TRIB_RECORD_ERROR_SYNTAX, pid, "neither JSON nor MessagePack at byte 0");
    return;
  }
  if (format == TRIB_RECORD_MSGPACK)
    begin = 0;
  parse_value (r, format, (TribRecordSlice){ (const gchar *) r->buffer->data + begin, len - begin },
      (guint64) (guint) pid, pid, &refused_in_a_row);
}

static gint
pid_of_message (struct msghdr *message)
{
  for (struct cmsghdr *c = CMSG_FIRSTHDR (message); c != NULL; c = CMSG_NXTHDR (message, c)) {
    struct ucred credentials;

    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
      continue;
    memcpy (&credentials, CMSG_DATA (c), sizeof credentials);
    return (gint) credentials.pid;
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
    parse_datagram (r, (gsize) size, pid_of_message (&message));
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
remove_client (TribSocketReceiver *r, Client *c, ClientState state, const gchar *why)
{
  TribSocketCounts more = { .clients_closed = state == CLIENT_REJECTED ? 1 : 0 };
  gint pid = c->pid;

  trib_socket_queue_leave (r->queue, c->sender);
  TRIB_STATE_SET (&states, c->id, c->state, state, why);
  if (state == CLIENT_REJECTED)
    r->rests_until_us = g_get_monotonic_time () + REST_US;
  /* counted before the connection is closed, so that a client that sees its end finds it counted */
  more.clients_now = r->clients->len - 1;
  trib_socket_queue_count (r->queue, &more);
  g_ptr_array_remove (r->clients, c);
  note_sender (r, pid, FALSE);
}

/* what a record that has begun is reported as */
static const gchar *
too_long (const Client *c)
{
  TribRecordFormat format;

  return trib_record_stream_format (c->stream, &format) && format == TRIB_RECORD_JSON
             ? "no line feed behind a record for too long"
             : "a record was incomplete for too long";
}

/* the complete values of the stream. FALSE: it is to be closed */
static gboolean
parse_values (TribSocketReceiver *r, Client *c)
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
        if (parse_value (r, format, value, c->sender, c->pid, &c->refused_in_a_row) > 0)
          c->idle_since_us = g_get_monotonic_time ();
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

/* The sender closed the connection. A last line of JSON may end with the stream. */
static void
end_client (TribSocketReceiver *r, Client *c)
{
  TribRecordFormat format;

  if (trib_record_stream_format (c->stream, &format) && format == TRIB_RECORD_MSGPACK
      && trib_record_stream_partial (c->stream) > 0) {
    refuse (r, TRIB_SOCKET_HALF, c->pid, "the sender disconnected in the middle of a record");
  } else {
    trib_record_stream_end (c->stream);
    parse_values (r, c);
  }
  remove_client (r, c, CLIENT_GONE, NULL);
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
  if (!parse_values (r, c)) {
    remove_client (r, c, CLIENT_REJECTED, "its stream is not one of records");
    return;
  }
  if (trib_record_stream_partial (c->stream) == 0)
    c->half_since_us = 0;
  else if (c->half_since_us == 0)
    c->half_since_us = g_get_monotonic_time ();
}

/* All places are taken. One that has sent no record for the longest time, and for too long, gives
 * its own to @pid. Returns: whether one did */
static gboolean
close_idle (TribSocketReceiver *r, gint64 now, gint pid)
{
  g_autofree gchar *detail = NULL;
  TribSocketCounts more = { .clients_idle = 1, .clients_now = r->clients->len };
  Client *idlest = NULL;

  for (guint i = 0; r->idle_timeout_us > 0 && i < r->clients->len; i++) {
    Client *c = g_ptr_array_index (r->clients, i);

    if (now - c->idle_since_us >= r->idle_timeout_us
        && (idlest == NULL || c->idle_since_us < idlest->idle_since_us))
      idlest = c;
  }
  if (idlest == NULL)
    return FALSE;
  if (trib_record_stream_partial (idlest->stream) > 0)
    refuse (r, TRIB_SOCKET_HALF, idlest->pid, too_long (idlest));
  detail = g_strdup_printf ("no record for %" G_GINT64_FORMAT " ms: process %d has its place",
      (now - idlest->idle_since_us) / 1000, pid);
  note_refused (r, TRIB_SOCKET_IDLE, idlest->pid, detail);
  trib_socket_queue_count (r->queue, &more);
  remove_client (r, idlest, CLIENT_GONE, detail);
  return TRUE;
}

static void
refuse_client (TribSocketReceiver *r, gint fd, gint pid)
{
  TribSocketCounts more = { .clients_refused = 1, .clients_now = r->clients->len };
  g_autofree gchar *detail
      = g_strdup_printf ("more than %u connections at once: see max-clients", r->max_clients);

  trib_socket_queue_count (r->queue, &more);
  note_refused (r, TRIB_SOCKET_CLIENTS, pid, detail);
  r->rests_until_us = g_get_monotonic_time () + REST_US;
  close (fd);
}

static void
accept_client (TribSocketReceiver *r)
{
  gint fd = accept4 (r->place.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  gint64 now = g_get_monotonic_time ();
  gint pid;
  Client *c;

  if (fd < 0) {
    /* for want of descriptors, for instance: poll() would report it again at once */
    if (errno != EAGAIN && errno != EINTR)
      r->rests_until_us = now + 10 * REST_US;
    return;
  }
  pid = trib_socket_peer_pid (fd);
  if (r->clients->len >= r->max_clients && !close_idle (r, now, pid)) {
    refuse_client (r, fd, pid);
    return;
  }
  c = g_new0 (Client, 1);
  c->fd = fd;
  c->pid = pid;
  c->sender = ++r->last_sender;
  c->idle_since_us = now;
  g_snprintf (c->id, sizeof c->id, "process %d", c->pid);
  TRIB_STATE_SET (&states, c->id, c->state, CLIENT_CONNECTED, NULL);
  c->stream = r->text ? trib_record_stream_new_lines (r->max_record_bytes)
                      : trib_record_stream_new (r->max_record_bytes);
  g_ptr_array_add (r->clients, c);
  note_sender (r, c->pid, TRUE);
}

/* ---- the thread ---- */

/* Closes streams whose record is incomplete for too long. Returns: when the next may be;
 * %G_MAXINT64: none */
static gint64
close_slow (TribSocketReceiver *r, gint64 now)
{
  gint64 next = G_MAXINT64;

  if (r->record_timeout_us == 0)
    return next;
  for (guint i = r->clients->len; i-- > 0;) {
    Client *c = g_ptr_array_index (r->clients, i);
    gint64 deadline = c->half_since_us + r->record_timeout_us;

    if (c->half_since_us == 0)
      continue;
    if (now >= deadline) {
      refuse (r, TRIB_SOCKET_HALF, c->pid, too_long (c));
      remove_client (r, c, CLIENT_REJECTED, too_long (c));
    } else {
      next = MIN (next, deadline);
    }
  }
  return next;
}

/* a new client, or a datagram, whose sender is not known before it is read */
static gboolean
place_reads (TribSocketReceiver *r, gint64 now)
{
  if (r->rests_until_us > now)
    return FALSE;
  return r->type == TRIB_SOCKET_STREAM ? trib_socket_queue_wants_more (r->queue, TRIB_SOCKET_LEFT)
                                       : trib_socket_queue_has_space (r->queue);
}

/* the clients in order, then the place, then the wake */
static void
fill_polls (TribSocketReceiver *r, GArray *polls, gint64 now)
{
  struct pollfd p = { .events = POLLIN };

  g_array_set_size (polls, 0);
  for (guint i = 0; i < r->clients->len; i++) {
    Client *c = g_ptr_array_index (r->clients, i);

    /* a descriptor that is not read must not be polled: its end would be reported again and
     * again */
    c->reads = trib_socket_queue_wants_more (r->queue, c->sender);
    p.fd = c->reads ? c->fd : -1;
    g_array_append_val (polls, p);
  }
  p.fd = place_reads (r, now) ? r->place.fd : -1;
  g_array_append_val (polls, p);
  p.fd = r->wake;
  g_array_append_val (polls, p);
}

static void
read_ready (TribSocketReceiver *r, GArray *polls)
{
  guint n = polls->len - 2;
  struct pollfd *p = (struct pollfd *) (gpointer) polls->data;

  if (p[n + 1].revents != 0)
    trib_socket_wake_reset (r->wake);
  /* from the end, because a client may be removed from the array */
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
  for (guint i = 0; i < DATAGRAMS_A_ROUND && trib_socket_queue_has_space (r->queue); i++) {
    if (!read_datagram (r))
      break;
  }
}

/* the time in which it is not read does not count against a sender */
static void
spare_unread (TribSocketReceiver *r)
{
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < r->clients->len; i++) {
    Client *c = g_ptr_array_index (r->clients, i);

    if (c->reads)
      continue;
    c->idle_since_us = now;
    if (c->half_since_us > 0)
      c->half_since_us = now;
  }
}

static gpointer
run (gpointer data)
{
  TribSocketReceiver *r = data;
  g_autoptr (GArray) polls = g_array_new (FALSE, FALSE, sizeof (struct pollfd));

  while (!g_atomic_int_get (&r->stop)) {
    gint64 now = g_get_monotonic_time ();
    gint64 until = MIN (close_slow (r, now), notify_due (r, now));
    gint n;

    if (r->rests_until_us > now)
      until = MIN (until, r->rests_until_us);
    fill_polls (r, polls, now);
    n = poll ((struct pollfd *) (gpointer) polls->data, polls->len,
        trib_socket_poll_timeout (until, now));
    spare_unread (r);
    if (n > 0)
      read_ready (r, polls);
  }
  return NULL;
}

/**
 * trib_socket_receiver_new:
 * @config: copied
 * @notify: called on the receiver's thread, without locks
 * @user_data: for @notify
 * @error: return location, domain %TRIB_SOCKET_ERROR
 *
 * Returns: (transfer full) (nullable): receives from now on
 */
TribSocketReceiver *
trib_socket_receiver_new (const TribSocketReceiverConfig *config, TribSocketReceiverNotify notify,
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
  r->text = config->text;
  r->converted = g_string_new (NULL);
  r->record_timeout_us = (gint64) config->record_timeout_ms * 1000;
  r->idle_timeout_us = (gint64) config->idle_timeout_ms * 1000;
  r->notify = notify;
  r->user_data = user_data;
  r->place = place;
  /* each datagram carries its sender's credentials; without this option the process is not known */
  if (r->type == TRIB_SOCKET_DATAGRAM)
    setsockopt (place.fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof on);
  r->queue = trib_socket_queue_new (config->max_bytes, config->drop_oldest);
  r->clients = g_ptr_array_new_with_free_func (client_free);
  r->buffer = g_byte_array_new ();
  g_byte_array_set_size (r->buffer, READ_BYTES);
  r->reader = trib_record_reader_new (&limits);
  r->wake = trib_socket_wake_new (error);
  if (r->wake < 0) {
    trib_socket_receiver_free (r);
    return NULL;
  }
  r->thread = g_thread_new ("trib-socket-in", run, r);
  return r;
}

/**
 * trib_socket_receiver_stop:
 * @r: a receiver; no thread may be in trib_socket_receiver_pop()
 *
 * Ends its thread and its connections, removes its file, and drops what is queued. Its counters can
 * be read until it is freed.
 */
void
trib_socket_receiver_stop (TribSocketReceiver *r)
{
  const TribSocketCounts none = { .clients_now = 0 };

  if (r->thread != NULL) {
    g_atomic_int_set (&r->stop, 1);
    trib_socket_wake_set (r->wake);
    g_thread_join (g_steal_pointer (&r->thread));
  }
  trib_socket_place_clear (&r->place);
  g_ptr_array_set_size (r->clients, 0);
  trib_socket_queue_drop_all (r->queue);
  trib_socket_queue_count (r->queue, &none);
}

/* @r: (nullable) (transfer full) */
void
trib_socket_receiver_free (TribSocketReceiver *r)
{
  if (r == NULL)
    return;
  trib_socket_receiver_stop (r);
  if (r->wake >= 0)
    close (r->wake);
  g_ptr_array_unref (r->clients);
  g_byte_array_unref (r->buffer);
  trib_record_reader_free (r->reader);
  g_string_free (r->converted, TRUE);
  trib_socket_queue_free (r->queue);
  for (guint i = 0; i < TRIB_SOCKET_N_NOTICES; i++)
    g_free (r->refusals[i].detail);
  g_free (r);
}

/**
 * trib_socket_receiver_pop:
 * @r: a receiver
 *
 * Blocks until there is a record. One thread at a time.
 *
 * Returns: (transfer full) (nullable): the oldest, for g_free(); %NULL when flushing
 */
TribSocketRecord *
trib_socket_receiver_pop (TribSocketReceiver *r)
{
  gboolean space;
  TribSocketRecord *record = trib_socket_queue_pop (r->queue, &space);

  if (space)
    trib_socket_wake_set (r->wake);
  return record;
}

/**
 * trib_socket_receiver_set_flushing:
 * @r: a receiver
 * @flushing: whether trib_socket_receiver_pop() returns at once
 *
 * Any thread. Queued records are kept.
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
