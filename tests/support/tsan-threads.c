/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Announces to the thread sanitizer the locks and threads that it does not know, in programs
 * that are built with -fsanitize=thread.
 *
 * GMutex, GCond, GOnce and GAsyncQueue stand on futexes and atomics of GLib's own: without this,
 * correct programs have reports. The functions of these names here precede GLib's: they announce
 * what happens and call GLib's. librdkafka uses the C11 threads of glibc, which the sanitizer does
 * not know, so that their threads crash in it: here they are the POSIX ones, as they are inside
 * glibc. */
#include <dlfcn.h>
#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <threads.h>

/* of the sanitizer's runtime: sanitizer/tsan_interface.h, which Debian has for clang only */
void __tsan_mutex_pre_lock (void *address, unsigned flags);
void __tsan_mutex_post_lock (void *address, unsigned flags, int recursion);
int __tsan_mutex_pre_unlock (void *address, unsigned flags);
void __tsan_mutex_post_unlock (void *address, unsigned flags);
void __tsan_acquire (void *address);
void __tsan_release (void *address);

#pragma GCC visibility push(default) /* libraries shall find them */

#define TRY_LOCK 0x10
#define TRY_LOCK_FAILED 0x20

static void (*real_lock) (GMutex *);
static void (*real_unlock) (GMutex *);
static gboolean (*real_trylock) (GMutex *);
static void (*real_wait) (GCond *, GMutex *);
static gboolean (*real_wait_until) (GCond *, GMutex *, gint64);
static gboolean (*real_once_enter) (volatile void *);
static void (*real_once_leave) (volatile void *, gsize);
static gpointer (*real_once) (GOnce *, GThreadFunc, gpointer);
static void (*real_push) (GAsyncQueue *, gpointer);
static gpointer (*real_pop) (GAsyncQueue *);
static gpointer (*real_try_pop) (GAsyncQueue *);
static gpointer (*real_timeout_pop) (GAsyncQueue *, guint64);

/* locks are taken before any constructor of ours: GLib has its own */
static void
find (void)
{
  static gboolean found;

  if (found)
    return;
  *(void **) &real_lock = dlsym (RTLD_NEXT, "g_mutex_lock");
  *(void **) &real_unlock = dlsym (RTLD_NEXT, "g_mutex_unlock");
  *(void **) &real_trylock = dlsym (RTLD_NEXT, "g_mutex_trylock");
  *(void **) &real_wait = dlsym (RTLD_NEXT, "g_cond_wait");
  *(void **) &real_wait_until = dlsym (RTLD_NEXT, "g_cond_wait_until");
  *(void **) &real_once_enter = dlsym (RTLD_NEXT, "g_once_init_enter");
  *(void **) &real_once_leave = dlsym (RTLD_NEXT, "g_once_init_leave");
  *(void **) &real_once = dlsym (RTLD_NEXT, "g_once_impl");
  *(void **) &real_push = dlsym (RTLD_NEXT, "g_async_queue_push");
  *(void **) &real_pop = dlsym (RTLD_NEXT, "g_async_queue_pop");
  *(void **) &real_try_pop = dlsym (RTLD_NEXT, "g_async_queue_try_pop");
  *(void **) &real_timeout_pop = dlsym (RTLD_NEXT, "g_async_queue_timeout_pop");
  found = TRUE;
}

static void __attribute__ ((constructor)) find_early (void)
{
  find ();
}

void
g_mutex_lock (GMutex *mutex)
{
  if (real_lock == NULL)
    find ();
  __tsan_mutex_pre_lock (mutex, 0);
  real_lock (mutex);
  __tsan_mutex_post_lock (mutex, 0, 0);
}

void
g_mutex_unlock (GMutex *mutex)
{
  __tsan_mutex_pre_unlock (mutex, 0);
  real_unlock (mutex);
  __tsan_mutex_post_unlock (mutex, 0);
}

gboolean
g_mutex_trylock (GMutex *mutex)
{
  gboolean locked;

  __tsan_mutex_pre_lock (mutex, TRY_LOCK);
  locked = real_trylock (mutex);
  __tsan_mutex_post_lock (mutex, locked ? TRY_LOCK : TRY_LOCK | TRY_LOCK_FAILED, 0);
  return locked;
}

void
g_cond_wait (GCond *cond, GMutex *mutex)
{
  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
  real_wait (cond, mutex);
  __tsan_mutex_pre_lock (mutex, 0);
  __tsan_mutex_post_lock (mutex, 0, 0);
}

gboolean
g_cond_wait_until (GCond *cond, GMutex *mutex, gint64 end_time)
{
  gboolean woken;

  __tsan_mutex_pre_unlock (mutex, 0);
  __tsan_mutex_post_unlock (mutex, 0);
  woken = real_wait_until (cond, mutex, end_time);
  __tsan_mutex_pre_lock (mutex, 0);
  __tsan_mutex_post_lock (mutex, 0, 0);
  return woken;
}

gboolean (g_once_init_enter) (volatile void *location)
{
  gboolean mine = real_once_enter (location);

  __tsan_acquire ((void *) location);
  return mine;
}

void (g_once_init_leave) (volatile void *location, gsize result)
{
  __tsan_release ((void *) location);
  real_once_leave (location, result);
  /* again, where the sanitizer sees it: later callers only read this in line */
  __atomic_store_n ((gsize *) location, result, __ATOMIC_RELEASE);
}

typedef struct {
  GThreadFunc func;
  gpointer arg;
  GOnce *once;
} Once;

static gpointer
call_once_func (gpointer data)
{
  Once *o = data;
  gpointer result = o->func (o->arg);

  __tsan_release (o->once);
  return result;
}

gpointer
g_once_impl (GOnce *once, GThreadFunc func, gpointer arg)
{
  Once o = { func, arg, once };
  gpointer result = real_once (once, call_once_func, &o);

  __tsan_acquire (once);
  __atomic_store_n (&once->status, G_ONCE_STATUS_READY, __ATOMIC_RELEASE);
  return result;
}

/* A queue's lock is taken inside GLib, where no call can be caught. GstHarness hands buffers
 * over through one. */

void
g_async_queue_push (GAsyncQueue *queue, gpointer data)
{
  __tsan_release (queue);
  real_push (queue, data);
}

gpointer
g_async_queue_pop (GAsyncQueue *queue)
{
  gpointer data = real_pop (queue);

  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_try_pop (GAsyncQueue *queue)
{
  gpointer data = real_try_pop (queue);

  __tsan_acquire (queue);
  return data;
}

gpointer
g_async_queue_timeout_pop (GAsyncQueue *queue, guint64 timeout)
{
  gpointer data = real_timeout_pop (queue, timeout);

  __tsan_acquire (queue);
  return data;
}

/* C11 threads: glibc's types are the POSIX ones under other names */

typedef struct {
  thrd_start_t func;
  void *arg;
} Start;

static void *
start_thread (void *data)
{
  Start start = *(Start *) data;

  g_free (data);
  return GINT_TO_POINTER (start.func (start.arg));
}

int
thrd_create (thrd_t *thread, thrd_start_t func, void *arg)
{
  Start *start = g_new (Start, 1);

  *start = (Start){ func, arg };
  if (pthread_create (thread, NULL, start_thread, start) == 0)
    return thrd_success;
  g_free (start);
  return thrd_error;
}

int
thrd_join (thrd_t thread, int *result)
{
  void *value = NULL;
  int failed = pthread_join (thread, &value);

  if (result)
    *result = GPOINTER_TO_INT (value);
  return failed ? thrd_error : thrd_success;
}

int
thrd_detach (thrd_t thread)
{
  return pthread_detach (thread) ? thrd_error : thrd_success;
}

int
mtx_init (mtx_t *mutex, int type)
{
  pthread_mutexattr_t kind;

  pthread_mutexattr_init (&kind);
  pthread_mutexattr_settype (
      &kind, type & mtx_recursive ? PTHREAD_MUTEX_RECURSIVE : PTHREAD_MUTEX_NORMAL);
  return pthread_mutex_init ((pthread_mutex_t *) mutex, &kind) ? thrd_error : thrd_success;
}

void
mtx_destroy (mtx_t *mutex)
{
  pthread_mutex_destroy ((pthread_mutex_t *) mutex);
}

int
mtx_lock (mtx_t *mutex)
{
  return pthread_mutex_lock ((pthread_mutex_t *) mutex) ? thrd_error : thrd_success;
}

int
mtx_trylock (mtx_t *mutex)
{
  return pthread_mutex_trylock ((pthread_mutex_t *) mutex) ? thrd_busy : thrd_success;
}

int
mtx_unlock (mtx_t *mutex)
{
  return pthread_mutex_unlock ((pthread_mutex_t *) mutex) ? thrd_error : thrd_success;
}

int
cnd_init (cnd_t *cond)
{
  return pthread_cond_init ((pthread_cond_t *) cond, NULL) ? thrd_error : thrd_success;
}

void
cnd_destroy (cnd_t *cond)
{
  pthread_cond_destroy ((pthread_cond_t *) cond);
}

int
cnd_signal (cnd_t *cond)
{
  return pthread_cond_signal ((pthread_cond_t *) cond) ? thrd_error : thrd_success;
}

int
cnd_broadcast (cnd_t *cond)
{
  return pthread_cond_broadcast ((pthread_cond_t *) cond) ? thrd_error : thrd_success;
}

int
cnd_wait (cnd_t *cond, mtx_t *mutex)
{
  return pthread_cond_wait ((pthread_cond_t *) cond, (pthread_mutex_t *) mutex) ? thrd_error
                                                                                : thrd_success;
}

int
cnd_timedwait (cnd_t *cond, mtx_t *mutex, const struct timespec *until)
{
  int failed = pthread_cond_timedwait ((pthread_cond_t *) cond, (pthread_mutex_t *) mutex, until);

  if (failed == ETIMEDOUT)
    return thrd_timedout;
  return failed ? thrd_error : thrd_success;
}
