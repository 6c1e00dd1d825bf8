/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE /* accept4() */
#include "trib-socket-sender.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 64
#define TELL_EVERY_US G_USEC_PER_SEC
#define FIRST_PAUSE_US (20 * 1000)
/* a connection that lived longer than this was one: the next attempt comes soon again */
#define GOOD_LIFE_US G_USEC_PER_SEC
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
  TribSocketSenderTell tell;
  gpointer user_data;
  TribSocketPlace place; /* that was made */
  gint wake;
  GThread *thread;

  GMutex lock;
  GCond cond; /* receivers, flushing, pending have changed */
  /* lock */
  GPtrArray *peers; /* listening: those connected; else one, connected or not */
  gboolean stop;
  gboolean flushing;
  TribSocketSenderCounts counts;
  guint64 told_lost; /* a bit for each reason */
  guint64 untold_lost;
  gint64 lost_told_us;
  gchar *detail; /* of the last connection that failed or ended */
  TribSocketSenderEvent changes;
  gint64 changes_told_us;

  /* thread */
  gint64 pause_us;
  gint64 next_try_us;
  gint64 rests_until_us;
};

/* ---- books; @locks: lock ---- */

static void
add_counts (TribSocketSender *s, const TribSocketPeerCounts *more)
{
  s->counts.sent += more->sent;
  s->counts.bytes_out += more->bytes;
  for (guint i = 0; i < TRIB_SOCKET_N_LOST; i++) {
    s->counts.lost[i] += more->lost[i];
    if (more->lost[i] > 0 && !(s->told_lost >> i & 1))
      s->untold_lost |= (guint64) 1 << i;
  }
}

static void
note_change (TribSocketSender *s, gint pid, gboolean joined)
{
  s->changes.kind = TRIB_SOCKET_TOLD_RECEIVERS;
  s->changes.pid = pid;
  if (joined) {
    s->counts.receivers++;
    s->counts.receivers_now++;
    s->changes.joined++;
  } else {
    s->counts.receivers_now--;
    s->changes.left++;
  }
  s->told_lost = 0;
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
join (TribSocketSender *s, TribSocketPeer *peer, gint64 now)
{
  peer->since_us = now;
  peer->pid = s->type == TRIB_SOCKET_STREAM ? trib_socket_peer_pid (peer->fd) : 0;
  note_change (s, peer->pid, TRUE);
  set_detail (s, "connected");
}

static void
set_next_try (TribSocketSender *s, gint64 now)
{
  s->next_try_us = now + s->pause_us;
  s->pause_us = MIN (2 * s->pause_us, s->max_pause_us);
}

/* @number: an errno; 0: it closed its end */
static void
leave (TribSocketSender *s, TribSocketPeer *peer, gint number, GQueue *trash)
{
  TribSocketPeerCounts counts = { 0 };
  gint64 now = g_get_monotonic_time ();
  gint pid = peer->pid;

  trib_socket_peer_disconnect (peer, s->keep && !s->listen, &counts, trash);
  note_change (s, pid, FALSE);
  add_counts (s, &counts);
  set_detail (s, number == 0 ? "the receiver closed the connection" : g_strerror (number));
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

  peer->fd = trib_socket_connect (s->location, s->type, &error);
  if (peer->fd >= 0) {
    join (s, peer, now);
    return;
  }
  set_detail (s, error->message);
  set_next_try (s, now);
}

static void
accept_peer (TribSocketSender *s, gint64 now)
{
  gint fd = accept4 (s->place.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  TribSocketPeer *peer;

  if (fd < 0) {
    if (errno != EAGAIN && errno != EINTR)
      s->rests_until_us = now + 10 * REST_US;
    return;
  }
  if (s->peers->len >= s->max_clients) {
    s->counts.receivers_refused++;
    s->rests_until_us = now + REST_US;
    close (fd);
    return;
  }
  peer = trib_socket_peer_new (fd, s->type);
  g_ptr_array_add (s->peers, peer);
  join (s, peer, now);
}

/* ---- telling; @thread: sender, no lock held ---- */

static void
tell_lost (TribSocketSender *s, TribSocketLost lost, const TribSocketSenderCounts *counts,
    const gchar *detail)
{
  const TribSocketSenderEvent event = {
    .kind = TRIB_SOCKET_TOLD_LOST,
    .reason = trib_socket_lost_to_string (lost),
    .detail = detail,
    .count = lost == TRIB_SOCKET_LOST_NO_RECEIVER ? counts->no_receiver : counts->lost[lost],
  };

  s->tell (&event, s->user_data);
}

/* Receivers may come and go a thousand times a second: what is told of that is not so often. */
static void
tell_due (TribSocketSender *s, gint64 now)
{
  g_autofree gchar *detail = NULL;
  TribSocketSenderEvent changes;
  TribSocketSenderCounts counts;
  gboolean waits, due;
  guint64 lost;

  g_mutex_lock (&s->lock);
  lost = now >= s->lost_told_us + TELL_EVERY_US ? s->untold_lost : 0;
  if (lost != 0) {
    s->told_lost |= lost;
    s->untold_lost = 0;
    s->lost_told_us = now;
  }
  waits = s->changes.joined + s->changes.left > 0;
  due = waits && now >= s->changes_told_us + TELL_EVERY_US;
  if (due) {
    changes = s->changes;
    changes.connected = (guint) s->counts.receivers_now;
    s->changes.joined = s->changes.left = 0;
    s->changes_told_us = now;
  }
  counts = s->counts;
  if (lost != 0 || due)
    detail = g_strdup (s->detail != NULL ? s->detail : "");
  g_mutex_unlock (&s->lock);

  if (due) {
    changes.detail = detail;
    s->tell (&changes, s->user_data);
  }
  for (guint i = 0; i < TRIB_SOCKET_N_LOST; i++) {
    if (lost >> i & 1)
      tell_lost (s, (TribSocketLost) i, &counts, detail);
  }
}

/* Returns: when the next message is due, 0: none; @locks: lock */
static gint64
next_tell (const TribSocketSender *s, gint64 now)
{
  gint64 next = 0;

  if (s->changes.joined + s->changes.left > 0)
    next = MAX (s->changes_told_us + TELL_EVERY_US, now);
  if (s->untold_lost != 0) {
    gint64 due = MAX (s->lost_told_us + TELL_EVERY_US, now);

    next = next > 0 ? MIN (next, due) : due;
  }
  return next;
}

/* ---- the thread ---- */

/* the peers as they are, then the place, then the wake; @locks: lock */
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
  gboolean here = TRUE;
  gint number = 0;

  if (revents & POLLOUT) {
    here = trib_socket_peer_write (peer, &counts, trash, &number);
    add_counts (s, &counts);
  }
  if (here && (revents & ~POLLOUT) != 0)
    here = trib_socket_peer_look (peer, &number);
  if (!here)
    leave (s, peer, number, trash);
}

static void
serve (TribSocketSender *s, GArray *polls, GQueue *trash)
{
  const struct pollfd *p = (const struct pollfd *) (gpointer) polls->data;
  guint n = polls->len - 2;
  guint64 ignored;

  if (p[n + 1].revents != 0 && read (s->wake, &ignored, sizeof ignored) < 0)
    g_assert (errno == EAGAIN || errno == EINTR);
  g_mutex_lock (&s->lock);
  /* from the end, because a peer may leave the array */
  for (guint i = n; i-- > 0;) {
    if (p[i].revents != 0)
      serve_peer (s, g_ptr_array_index (s->peers, i), p[i].revents, trash);
  }
  if (p[n].revents != 0)
    accept_peer (s, g_get_monotonic_time ());
  g_cond_broadcast (&s->cond);
  g_mutex_unlock (&s->lock);
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

static gpointer
run (gpointer data)
{
  TribSocketSender *s = data;
  g_autoptr (GArray) polls = g_array_new (FALSE, FALSE, sizeof (struct pollfd));
  GQueue trash = G_QUEUE_INIT;
  gboolean stop = FALSE;
  sigset_t signals;

  /* a FIFO has no other way to say that its reader went without ending the process */
  sigemptyset (&signals);
  sigaddset (&signals, SIGPIPE);
  pthread_sigmask (SIG_BLOCK, &signals, NULL);
  while (!stop) {
    gint64 now = g_get_monotonic_time (), tell, connect = 0, rests;
    TribSocketPeer *only;

    tell_due (s, now);
    g_mutex_lock (&s->lock);
    only = s->listen ? NULL : g_ptr_array_index (s->peers, 0);
    if (only != NULL && only->fd < 0 && now >= s->next_try_us)
      try_connect (s, now);
    if (only != NULL && only->fd < 0)
      connect = s->next_try_us;
    rests = s->listen && s->rests_until_us > now ? s->rests_until_us : 0;
    fill_polls (s, polls, now);
    stop = s->stop;
    tell = next_tell (s, now);
    g_mutex_unlock (&s->lock);

    if (!stop
        && poll ((struct pollfd *) (gpointer) polls->data, polls->len,
               timeout_until (tell, connect, rests, now))
               > 0)
      serve (s, polls, &trash);
    trib_socket_trash_clear (&trash);
  }
  return NULL;
}

static void
wake (TribSocketSender *s)
{
  const guint64 one = 1;

  /* fails only when it is set as often as it can be: then it is set */
  if (write (s->wake, &one, sizeof one) < 0)
    g_assert (errno == EAGAIN || errno == EINTR);
}

/* ---- life ---- */

static gboolean
make_place (TribSocketSender *s, const TribSocketSenderConfig *config, GError **error)
{
  TribSocketPeer *peer;
  g_autoptr (GError) why = NULL;

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
  peer = trib_socket_peer_new (-1, config->type);
  g_ptr_array_add (s->peers, peer);
  peer->fd = trib_socket_connect (config->location, config->type, &why);
  if (peer->fd >= 0) {
    join (s, peer, g_get_monotonic_time ());
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
 * @tell: called on the sender's thread, with no lock held
 * @user_data: for @tell
 * @error: return location, domain %TRIB_SOCKET_ERROR; that nobody is there yet is none
 *
 * Returns: (transfer full) (nullable): connected, if somebody is there
 */
TribSocketSender *
trib_socket_sender_new (const TribSocketSenderConfig *config, TribSocketSenderTell tell,
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
  s->pause_us = FIRST_PAUSE_US;
  s->tell = tell;
  s->user_data = user_data;
  s->place = TRIB_SOCKET_PLACE_INIT;
  s->peers = g_ptr_array_new_with_free_func ((GDestroyNotify) trib_socket_peer_free);
  g_mutex_init (&s->lock);
  g_cond_init (&s->cond);
  s->changes_told_us = s->lost_told_us = g_get_monotonic_time () - TELL_EVERY_US;
  s->wake = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (s->wake < 0)
    g_set_error (error, TRIB_SOCKET_ERROR, TRIB_SOCKET_ERROR_FAILED,
        "cannot make a descriptor to wake the sender: %s", g_strerror (errno));
  if (s->wake < 0 || !make_place (s, config, error)) {
    trib_socket_sender_free (s, NULL);
    return NULL;
  }
  s->thread = g_thread_new ("trib-socket-out", run, s);
  return s;
}

/**
 * trib_socket_sender_free:
 * @s: (nullable) (transfer full): a sender; nobody may be in trib_socket_sender_push()
 * @ret_counts: (out caller-allocates) (optional): the last books: what still waited is lost
 *
 * Ends its thread and its connections, and removes the file that it made.
 */
void
trib_socket_sender_free (TribSocketSender *s, TribSocketSenderCounts *ret_counts)
{
  TribSocketPeerCounts counts = { 0 };
  GQueue trash = G_QUEUE_INIT;

  if (s == NULL)
    return;
  if (s->thread != NULL) {
    g_mutex_lock (&s->lock);
    s->stop = TRUE;
    g_mutex_unlock (&s->lock);
    wake (s);
    g_thread_join (s->thread);
  }
  for (guint i = 0; i < s->peers->len; i++)
    trib_socket_peer_disconnect (g_ptr_array_index (s->peers, i), FALSE, &counts, &trash);
  add_counts (s, &counts);
  s->counts.receivers_now = 0;
  if (ret_counts != NULL)
    *ret_counts = s->counts;
  trib_socket_trash_clear (&trash);
  trib_socket_place_clear (&s->place);
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
 * Returns: what became of it for now
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
    if (!(s->told_lost >> TRIB_SOCKET_LOST_NO_RECEIVER & 1))
      s->untold_lost |= 1 << TRIB_SOCKET_LOST_NO_RECEIVER;
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
  trib_socket_item_unref (item, &trash);
  g_mutex_unlock (&s->lock);
  trib_socket_trash_clear (&trash);
  wake (s);
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
 * @timeout_us: how long to wait at most, microseconds
 *
 * Waits until everything is written. What is written is the receiver's, even when it is not read yet.
 *
 * Returns: %FALSE when it was flushing, or the time was up
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
 * @flushing: whether trib_socket_sender_push() and trib_socket_sender_drain() give up at once
 *
 * Any thread. What waits to be written stays.
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
