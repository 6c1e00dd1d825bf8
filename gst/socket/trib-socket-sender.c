/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* accept4() */
#include "trib-socket-sender.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <common/trib-notice.h>

#include "trib-socket-debug.h"
#include "trib-socket-wake.h"

#define BACKLOG 64
#define NOTIFY_EVERY_US G_USEC_PER_SEC
#define FIRST_PAUSE_US (20 * 1000)
/* after a connection that lasted longer than this the pause between attempts starts anew */
#define GOOD_LIFE_US G_USEC_PER_SEC
/* pause before the next connection is accepted */
#define REST_US 10000

struct _TribSocketSender {
  /* set once */
  gchar *location;
  TribSocketType type;
  gboolean listen;
  guint max_clients;
  gsize max_bytes;
  guint max_items;
  gboolean keep;
  gint64 max_pause_us;
  gint64 idle_timeout_us;
  TribSocketSenderNotify notify;
  gpointer user_data;
  TribSocketPlace place; /* created by this sender */
  gint wake;
  GThread *thread;

  GMutex lock;
  GCond cond; /* receivers, flushing or pending items changed */
  /* lock */
  GPtrArray *peers; /* listening: the connected ones; else one, connected or not */
  gboolean stop;
  gboolean flushing;
  TribSocketSenderCounts counts;
  guint64 reported_lost; /* a bit for each reason, until receivers change */
  guint64 new_lost;      /* reasons to report */
  TribNotice lost_notice;
  gchar *detail; /* of the last connection that failed or ended */
  TribSocketSenderEvent changes;
  TribNotice changes_notice;

  /* thread */
  gint64 pause_us;
  gint64 next_try_us;
  gint64 rests_until_us;
};

/* ---- counters; @locks: lock ---- */

static void
note_lost (TribSocketSender *s, TribSocketLost lost)
{
  if (s->reported_lost >> lost & 1)
    return;
  s->new_lost |= (guint64) 1 << lost;
  s->lost_notice.n_events++;
}

static void
add_counts (TribSocketSender *s, const TribSocketPeerCounts *more)
{
  s->counts.sent += more->sent;
  s->counts.bytes_out += more->bytes;
  for (guint i = 0; i < TRIB_SOCKET_N_LOST; i++) {
    s->counts.lost[i] += more->lost[i];
    if (more->lost[i] > 0)
      note_lost (s, (TribSocketLost) i);
  }
}

static void
note_change (TribSocketSender *s, gint pid, gboolean joined)
{
  s->changes.kind = TRIB_SOCKET_RECEIVERS;
  s->changes_notice.n_events++;
  s->changes.pid = pid;
  if (joined) {
    s->counts.receivers++;
    s->counts.receivers_now++;
    s->changes.joined++;
  } else {
    s->counts.receivers_now--;
    s->changes.left++;
  }
  s->reported_lost = 0;
  g_cond_broadcast (&s->cond);
}

static void
set_detail (TribSocketSender *s, const gchar *detail)
{
  g_free (s->detail);
  s->detail = g_strdup (detail);
}

/* ---- connections; @thread: sender, @locks: lock ---- */

static void
add_connection (TribSocketSender *s, TribSocketPeer *peer, gint fd, gint64 now)
{
  trib_socket_peer_connected (peer, fd, now);
  note_change (s, peer->pid, TRUE);
  set_detail (s, "connected");
}

static void
set_next_try (TribSocketSender *s, gint64 now)
{
  s->next_try_us = now + s->pause_us;
  s->pause_us = MIN (2 * s->pause_us, s->max_pause_us);
}

/* @number: an errno; 0: the receiver closed the connection */
static void
end_connection (TribSocketSender *s, TribSocketPeer *peer, gint number, GQueue *trash)
{
  TribSocketPeerCounts counts = { 0 };
  gint64 now = g_get_monotonic_time ();
  const gchar *why = number == 0 ? "the receiver closed the connection" : g_strerror (number);

  trib_socket_peer_disconnect (peer, s->keep && !s->listen, why, &counts, trash);
  note_change (s, peer->pid, FALSE);
  add_counts (s, &counts);
  set_detail (s, why);
  if (s->listen) {
    g_ptr_array_remove (s->peers, peer);
    return;
  }
  if (now - peer->since_us > GOOD_LIFE_US)
    s->pause_us = FIRST_PAUSE_US;
  set_next_try (s, now);
}

static void
try_connect (TribSocketSender *s, gint64 now)
{
  TribSocketPeer *peer = g_ptr_array_index (s->peers, 0);
  g_autoptr (GError) error = NULL;
  gint fd = trib_socket_connect (s->location, s->type, &error);

  if (fd >= 0) {
    add_connection (s, peer, fd, now);
    return;
  }
  TRIB_LOG (&trib_socket_debug, TRIB_LOG_LOG, NULL, "not connected: %s", error->message);
  set_detail (s, error->message);
  set_next_try (s, now);
}

/* All places are taken. The receiver that has read nothing for the longest time, and for too long,
 * gives its own to a new one. Returns: whether one did */
static gboolean
close_idle (TribSocketSender *s, gint64 now, GQueue *trash)
{
  TribSocketPeer *idlest = NULL;

  for (guint i = 0; s->idle_timeout_us > 0 && i < s->peers->len; i++) {
    TribSocketPeer *peer = g_ptr_array_index (s->peers, i);

    if (!g_queue_is_empty (&peer->items) && now - peer->idle_since_us >= s->idle_timeout_us
        && (idlest == NULL || peer->idle_since_us < idlest->idle_since_us))
      idlest = peer;
  }
  if (idlest == NULL)
    return FALSE;
  s->counts.receivers_idle++;
  end_connection (s, idlest, ETIMEDOUT, trash);
  return TRUE;
}

static void
refuse_peer (TribSocketSender *s, gint fd, gint64 now)
{
  g_autofree gchar *detail
      = g_strdup_printf ("more than %u connections at once: see max-clients", s->max_clients);

  TRIB_LOG (&trib_socket_debug, TRIB_LOG_DEBUG, NULL, "connection refused: %s", detail);
  s->counts.receivers_refused++;
  s->changes.kind = TRIB_SOCKET_RECEIVERS;
  s->changes.pid = trib_socket_peer_pid (fd);
  s->changes.refused++;
  s->changes_notice.n_events++;
  set_detail (s, detail);
  s->rests_until_us = now + REST_US;
  close (fd);
}

static void
accept_peer (TribSocketSender *s, gint64 now, GQueue *trash)
{
  gint fd = accept4 (s->place.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  TribSocketPeer *peer;

  if (fd < 0) {
    if (errno != EAGAIN && errno != EINTR)
      s->rests_until_us = now + 10 * REST_US;
    return;
  }
  if (s->peers->len >= s->max_clients && !close_idle (s, now, trash)) {
    refuse_peer (s, fd, now);
    return;
  }
  peer = trib_socket_peer_new (s->type);
  g_ptr_array_add (s->peers, peer);
  add_connection (s, peer, fd, now);
}

/* ---- notifications; @thread: sender, without locks ---- */

static void
notify_lost (TribSocketSender *s, TribSocketLost lost, const TribSocketSenderCounts *counts,
    const gchar *detail)
{
  const TribSocketSenderEvent event = {
    .kind = TRIB_SOCKET_LOST,
    .reason = trib_socket_lost_to_string (lost),
    .detail = detail,
    .count = lost == TRIB_SOCKET_LOST_NO_RECEIVER ? counts->no_receiver : counts->lost[lost],
  };

  s->notify (&event, s->user_data);
}

static void
notify_due (TribSocketSender *s, gint64 now)
{
  g_autofree gchar *detail = NULL;
  TribSocketSenderEvent changes;
  TribSocketSenderCounts counts;
  gboolean has_changes;
  guint64 lost = 0, n;

  g_mutex_lock (&s->lock);
  if (trib_notice_flush (&s->lost_notice, now, NOTIFY_EVERY_US, &n)) {
    lost = s->new_lost;
    s->reported_lost |= lost;
    s->new_lost = 0;
  }
  changes = s->changes;
  has_changes = trib_notice_flush (&s->changes_notice, now, NOTIFY_EVERY_US, &n);
  if (has_changes)
    s->changes.joined = s->changes.left = s->changes.refused = 0;
  counts = s->counts;
  if (lost != 0 || has_changes)
    detail = g_strdup (s->detail != NULL ? s->detail : "");
  g_mutex_unlock (&s->lock);

  if (has_changes) {
    changes.connected = (guint) counts.receivers_now;
    changes.detail = detail;
    s->notify (&changes, s->user_data);
  }
  for (guint i = 0; i < TRIB_SOCKET_N_LOST; i++) {
    if (lost >> i & 1)
      notify_lost (s, (TribSocketLost) i, &counts, detail);
  }
}

/* ---- the thread ---- */

/* the peers in order, then the place, then the wake; @locks: lock */
static void
fill_polls (TribSocketSender *s, GArray *polls, gint64 now)
{
  struct pollfd p;

  g_array_set_size (polls, 0);
  for (guint i = 0; i < s->peers->len; i++) {
    TribSocketPeer *peer = g_ptr_array_index (s->peers, i);

    p = (struct pollfd){ .fd = peer->fd };
    if (peer->type == TRIB_SOCKET_STREAM)
      p.events |= POLLIN;
    if (!g_queue_is_empty (&peer->items))
      p.events |= POLLOUT;
    g_array_append_val (polls, p);
  }
  p = (struct pollfd){ .fd = s->listen && now >= s->rests_until_us ? s->place.fd : -1,
    .events = POLLIN };
  g_array_append_val (polls, p);
  p = (struct pollfd){ .fd = s->wake, .events = POLLIN };
  g_array_append_val (polls, p);
}

/* @locks: lock */
static void
serve_peer (TribSocketSender *s, TribSocketPeer *peer, gshort revents, GQueue *trash)
{
  TribSocketPeerCounts counts = { 0 };
  gboolean connected = TRUE;
  gint number = 0;

  if (revents & POLLOUT) {
    connected = trib_socket_peer_write (peer, &counts, trash, &number);
    add_counts (s, &counts);
  }
  if (connected && (revents & ~POLLOUT) != 0)
    connected = trib_socket_peer_check (peer, &number);
  if (!connected)
    end_connection (s, peer, number, trash);
}

static void
serve (TribSocketSender *s, GArray *polls, GQueue *trash)
{
  const struct pollfd *p = (const struct pollfd *) (gpointer) polls->data;
  guint n = polls->len - 2;

  if (p[n + 1].revents != 0)
    trib_socket_wake_reset (s->wake);
  g_mutex_lock (&s->lock);
  /* from the end, because a peer may be removed from the array */
  for (guint i = n; i-- > 0;) {
    if (p[i].revents != 0)
      serve_peer (s, g_ptr_array_index (s->peers, i), p[i].revents, trash);
  }
  if (p[n].revents != 0)
    accept_peer (s, g_get_monotonic_time (), trash);
  g_cond_broadcast (&s->cond);
  g_mutex_unlock (&s->lock);
}

static gpointer
run (gpointer data)
{
  TribSocketSender *s = data;
  g_autoptr (GArray) polls = g_array_new (FALSE, FALSE, sizeof (struct pollfd));
  GQueue trash = G_QUEUE_INIT;
  gboolean stop = FALSE;
  sigset_t signals;

  /* a FIFO whose reader has closed it raises SIGPIPE, which would end the process */
  sigemptyset (&signals);
  sigaddset (&signals, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
  while (!stop) {
    gint64 now = g_get_monotonic_time (), until;
    TribSocketPeer *only;

    notify_due (s, now);
    g_mutex_lock (&s->lock);
    only = s->listen ? NULL : g_ptr_array_index (s->peers, 0);
    if (only != NULL && only->fd < 0 && now >= s->next_try_us)
      try_connect (s, now);
    until = MIN (trib_notice_next (&s->lost_notice, NOTIFY_EVERY_US),
        trib_notice_next (&s->changes_notice, NOTIFY_EVERY_US));
    if (only != NULL && only->fd < 0)
      until = MIN (until, s->next_try_us);
    if (s->listen && s->rests_until_us > now)
      until = MIN (until, s->rests_until_us);
    fill_polls (s, polls, now);
    stop = s->stop;
    g_mutex_unlock (&s->lock);

    if (!stop
        && poll ((struct pollfd *) (gpointer) polls->data, polls->len,
               trib_socket_poll_timeout (until, now))
               > 0)
      serve (s, polls, &trash);
    trib_socket_trash_clear (&trash);
  }
  return NULL;
}

/* ---- life ---- */

static gboolean
make_place (TribSocketSender *s, const TribSocketSenderConfig *config, GError **error)
{
  TribSocketPeer *peer;
  g_autoptr (GError) why = NULL;
  gint fd;

  if (config->listen && config->type != TRIB_SOCKET_STREAM) {
    g_set_error_literal (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_LOCATION,
        "only a socket for streams can have receivers connect to it");
    return FALSE;
  }
  if (config->listen)
    return trib_socket_place_bind (
        &s->place, config->location, config->type, config->mode, BACKLOG, error);
  if (config->type == TRIB_SOCKET_FIFO
      && !trib_socket_place_make_fifo (&s->place, config->location, config->mode, error))
    return FALSE;
  peer = trib_socket_peer_new (config->type);
  g_ptr_array_add (s->peers, peer);
  fd = trib_socket_connect (config->location, config->type, &why);
  if (fd >= 0) {
    add_connection (s, peer, fd, g_get_monotonic_time ());
    return TRUE;
  }
  if (why->code != TRIB_SOCKET_ERROR_NO_RECEIVER) {
    g_propagate_error (error, g_steal_pointer (&why));
    return FALSE;
  }
  set_detail (s, why->message);
  return TRUE;
}

/**
 * trib_socket_sender_new:
 * @config: copied
 * @notify: called on the sender's thread, without locks
 * @user_data: for @notify
 * @error: return location, domain %TRIB_SOCKET_ERROR; an absent receiver is none
 *
 * Returns: (transfer full) (nullable): connected, if there is a receiver
 */
TribSocketSender *
trib_socket_sender_new (const TribSocketSenderConfig *config, TribSocketSenderNotify notify,
    gpointer user_data, GError **error)
{
  TribSocketSender *s = g_new0 (TribSocketSender, 1);

  s->location = g_strdup (config->location);
  s->type = config->type;
  s->listen = config->listen;
  s->max_clients = config->max_clients;
  s->max_bytes = config->max_bytes;
  s->max_items = MAX (config->max_items, 1);
  s->keep = config->keep;
  s->max_pause_us = MAX (FIRST_PAUSE_US, (gint64) config->max_pause_ms * 1000);
  s->idle_timeout_us = (gint64) config->idle_timeout_ms * 1000;
  s->pause_us = FIRST_PAUSE_US;
  s->notify = notify;
  s->user_data = user_data;
  s->place = TRIB_SOCKET_PLACE_INIT;
  s->peers = g_ptr_array_new_with_free_func ((GDestroyNotify) trib_socket_peer_free);
  g_mutex_init (&s->lock);
  g_cond_init (&s->cond);
  s->wake = trib_socket_wake_new (error);
  if (s->wake < 0 || !make_place (s, config, error)) {
    trib_socket_sender_free (s);
    return NULL;
  }
  s->thread = g_thread_new ("trib-socket-out", run, s);
  return s;
}

/**
 * trib_socket_sender_stop:
 * @s: a sender; no thread may be in trib_socket_sender_push()
 *
 * Ends its thread and its connections, and removes the file that it created; queued items are lost.
 * Its counters can be read until it is freed.
 */
void
trib_socket_sender_stop (TribSocketSender *s)
{
  TribSocketPeerCounts counts = { 0 };
  GQueue trash = G_QUEUE_INIT;

  if (s->thread != NULL) {
    g_mutex_lock (&s->lock);
    s->stop = TRUE;
    g_mutex_unlock (&s->lock);
    trib_socket_wake_set (s->wake);
    g_thread_join (g_steal_pointer (&s->thread));
  }
  g_mutex_lock (&s->lock);
  for (guint i = 0; i < s->peers->len; i++)
    trib_socket_peer_disconnect (
        g_ptr_array_index (s->peers, i), FALSE, "the sender stops", &counts, &trash);
  add_counts (s, &counts);
  s->counts.receivers_now = 0;
  g_mutex_unlock (&s->lock);
  trib_socket_trash_clear (&trash);
  trib_socket_place_clear (&s->place);
}

/* @s: (nullable) (transfer full) */
void
trib_socket_sender_free (TribSocketSender *s)
{
  if (s == NULL)
    return;
  trib_socket_sender_stop (s);
  if (s->wake >= 0)
    close (s->wake);
  g_ptr_array_unref (s->peers);
  g_mutex_clear (&s->lock);
  g_cond_clear (&s->cond);
  g_free (s->location);
  g_free (s->detail);
  g_free (s);
}

/* ---- any thread ---- */

/**
 * trib_socket_sender_push:
 * @s: a sender
 * @parts: what makes up the item, in order; references are taken, nothing is copied
 * @n_parts: how many, at most 32
 * @wait: whether to wait for a receiver when there is none
 *
 * Returns: what was done with the item
 */
TribSocketPush
trib_socket_sender_push (TribSocketSender *s, GBytes *const *parts, guint n_parts, gboolean wait)
{
  TribSocketItem *item = trib_socket_item_new (parts, n_parts);
  TribSocketPeerCounts counts = { 0 };
  GQueue trash = G_QUEUE_INIT;
  TribSocketPush result = TRIB_SOCKET_PUSH_TAKEN;

  g_mutex_lock (&s->lock);
  while (wait && !s->flushing && s->counts.receivers_now == 0)
    g_cond_wait (&s->cond, &s->lock);
  if (s->flushing) {
    result = TRIB_SOCKET_PUSH_FLUSHING;
  } else if (s->counts.receivers_now == 0) {
    result = TRIB_SOCKET_PUSH_NO_RECEIVER;
    s->counts.no_receiver++;
    note_lost (s, TRIB_SOCKET_LOST_NO_RECEIVER);
    TRIB_LOG (&trib_socket_debug, TRIB_LOG_DEBUG, NULL,
        "dropped %" G_GSIZE_FORMAT " bytes: no receiver", item->size);
  } else {
    for (guint i = 0; i < s->peers->len; i++) {
      trib_socket_peer_push (
          g_ptr_array_index (s->peers, i), item, s->max_bytes, s->max_items, &counts, &trash);
      s->counts.copies++;
    }
    add_counts (s, &counts);
  }
  if (result != TRIB_SOCKET_PUSH_FLUSHING) {
    s->counts.items_in++;
    s->counts.bytes_in += item->size;
  }
  g_queue_push_tail (&trash, item);
  g_mutex_unlock (&s->lock);
  trib_socket_trash_clear (&trash);
  trib_socket_wake_set (s->wake);
  return result;
}

/* @locks: lock */
static guint64
count_pending (TribSocketSender *s, guint64 *ret_bytes)
{
  guint64 n = 0;

  *ret_bytes = 0;
  for (guint i = 0; i < s->peers->len; i++) {
    TribSocketPeer *peer = g_ptr_array_index (s->peers, i);

    n += g_queue_get_length (&peer->items);
    *ret_bytes += peer->waiting - peer->begun;
  }
  return n;
}

/**
 * trib_socket_sender_drain:
 * @s: a sender
 * @timeout_us: longest wait, microseconds
 *
 * Blocks until everything is written, whether the receiver has read it or not.
 *
 * Returns: %FALSE when it was flushing, or at the timeout
 */
gboolean
trib_socket_sender_drain (TribSocketSender *s, gint64 timeout_us)
{
  gint64 deadline = g_get_monotonic_time () + timeout_us;
  gboolean in_time = TRUE;
  guint64 bytes, n;

  g_mutex_lock (&s->lock);
  while ((n = count_pending (s, &bytes)) > 0 && !s->flushing && in_time)
    in_time = g_cond_wait_until (&s->cond, &s->lock, deadline);
  g_mutex_unlock (&s->lock);
  return n == 0;
}

/**
 * trib_socket_sender_set_flushing:
 * @s: a sender
 * @flushing: whether trib_socket_sender_push() and trib_socket_sender_drain() return at once
 *
 * Any thread. Queued items are kept.
 */
void
trib_socket_sender_set_flushing (TribSocketSender *s, gboolean flushing)
{
  g_mutex_lock (&s->lock);
  s->flushing = flushing;
  g_cond_broadcast (&s->cond);
  g_mutex_unlock (&s->lock);
}

/**
 * trib_socket_sender_get_counts:
 * @s: a sender
 * @ret: (out caller-allocates): all of one moment
 *
 * Any thread.
 */
void
trib_socket_sender_get_counts (TribSocketSender *s, TribSocketSenderCounts *ret)
{
  g_mutex_lock (&s->lock);
  *ret = s->counts;
  ret->pending = count_pending (s, &ret->pending_bytes);
  g_mutex_unlock (&s->lock);
}
