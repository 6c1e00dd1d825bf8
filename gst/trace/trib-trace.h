/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Trace records (contract OBS-6): the outcome of each frame, as JSON lines to a file, a descriptor
 * or a callback, and as a view on a terminal. A call never waits for any of them: records go into
 * bounded memory, and one thread (named "trib-trace") writes them.
 *
 * All functions but trib_trace_new() and trib_trace_free() may be called from any thread, take only
 * a short lock, and do nothing with a %NULL trace.
 *
 * docs/internals/trace.md describes levels, bounds and losses. */

#define TRIB_TRACE_ERROR (trib_trace_error_quark ())
GQuark trib_trace_error_quark (void);

typedef enum {
  TRIB_TRACE_ERROR_OPEN,  /* the path cannot be opened, or the descriptor is not open for writing */
  TRIB_TRACE_ERROR_WRITE, /* a write failed; later ones are tried, as space may be freed */
  TRIB_TRACE_ERROR_GONE,  /* the reader is closed (EPIPE and its like); nothing is tried again */
} TribTraceError;

/* Each level has all of the one before it. */
typedef enum {
  TRIB_TRACE_LEVEL_OFF,     /* nothing */
  TRIB_TRACE_LEVEL_MINIMAL, /* what went wrong: frame_drop and sync_delay records */
  TRIB_TRACE_LEVEL_NORMAL,  /* timing records too */
  TRIB_TRACE_LEVEL_VERBOSE, /* the view too; the records are those of normal */
} TribTraceLevel;

/* destinations of a trace; each has its own limit and counters */
typedef enum {
  TRIB_TRACE_TO_FILE,
  TRIB_TRACE_TO_FD,
  TRIB_TRACE_TO_CALLBACK,
  TRIB_TRACE_TO_VIEW,
  TRIB_TRACE_N_OUTLETS,
} TribTraceOutlet;

typedef enum {
  TRIB_TRACE_DROP_BACKPRESSURE, /* "backpressure": no space for the frames */
  TRIB_TRACE_DROP_TIMEOUT,      /* "timeout": an answer did not arrive in time */
} TribTraceDropReason;

/* how a source answered; for the view */
typedef enum {
  TRIB_TRACE_ANSWER_OBSERVATION,
  TRIB_TRACE_ANSWER_EMPTY,   /* processed, nothing found */
  TRIB_TRACE_ANSWER_SKIPPED, /* the source does not process this frame */
} TribTraceAnswer;

/* an answer whose delay since capture is not known */
#define TRIB_TRACE_NO_DELAY G_MININT64

typedef struct _TribTrace TribTrace;

/* One record, as JSON without a line feed, NUL-terminated, of @len bytes; valid during the call.
 * @thread: the trace's own, without a lock held. It may post on a bus, but must not free the trace.
 */
typedef void (*TribTraceRecordFunc) (const gchar *json, gsize len, gpointer user_data);
/* Called once for each outlet until it works again: a full disk is one message, not one per record.
 * @thread: the trace's own, without a lock held. */
typedef void (*TribTraceErrorFunc) (
    TribTraceOutlet outlet, const GError *error, gpointer user_data);

#define TRIB_TRACE_DEFAULT_MAX_BYTES (1024 * 1024)
#define TRIB_TRACE_DEFAULT_DRAIN_MS 1000

typedef struct {
  TribTraceLevel level;
  const gchar *path;          /* (nullable): appended to, created if necessary */
  gint fd;                    /* -1: none. Duplicated; the caller keeps its own */
  TribTraceRecordFunc record; /* (nullable) */
  gint view_fd;               /* of the view at level verbose; -1: none. Duplicated */
  TribTraceErrorFunc failed;  /* (nullable) */
  gpointer user_data;         /* of record and failed */
  gint64 slow_ns;             /* a timing beyond it is slow; 0: not known */
  gsize max_bytes; /* held for each outlet, 4096 at least; 0: TRIB_TRACE_DEFAULT_MAX_BYTES */
} TribTraceConfig;

/* initial value: no descriptor is -1, not 0 */
#define TRIB_TRACE_CONFIG_INIT \
  {                            \
    .fd = -1, .view_fd = -1    \
  }

/* Counts records; closes: in = written + full + too_large + failed + gone + unread + pending. Lines
 * of the view count like records, its pictures on a terminal do not. */
typedef struct {
  guint64 in;        /* for this outlet at the current level */
  guint64 written;   /* completely, to the kernel or the callback */
  guint64 full;      /* dropped: no space in max_bytes, as the outlet is slow */
  guint64 too_large; /* dropped: one record larger than max_bytes / 4 */
  guint64 failed;    /* dropped: a write failed */
  guint64 gone;      /* dropped: the outlet is closed for good */
  guint64 unread;    /* dropped: not read in time when the trace was closed */
  guint64 pending;   /* in memory */
  gsize pending_bytes;
} TribTraceAccount;

TribTrace *trib_trace_new (const TribTraceConfig *config, GError **error);
void trib_trace_close (TribTrace *trace, guint drain_ms);
void trib_trace_free (TribTrace *trace);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribTrace, trib_trace_free)

void trib_trace_set_level (TribTrace *trace, TribTraceLevel level);
TribTraceLevel trib_trace_get_level (TribTrace *trace);
/* whether records of that level are traced, for callers whose values are expensive */
gboolean trib_trace_wants (TribTrace *trace, TribTraceLevel level);

void trib_trace_timing (TribTrace *trace, guint64 frame_id, const gchar *component,
    gint64 processing_ns, guint queue_depth);
void trib_trace_frame_drop (TribTrace *trace, guint64 frame_id, const guint64 *dropped_frame_ids,
    gsize n_dropped, TribTraceDropReason reason, const gchar *component);
void trib_trace_sync_delay (
    TribTrace *trace, guint64 frame_id, gint64 delay_ns, const gchar *const *waiting_for);

/* A line of another log, at any level: it shares limits, thread and failures with the trace. To
 * all outlets but the view. */
void trib_trace_line (TribTrace *trace, const gchar *json, gsize len);

/* These are for the view only; below level verbose they cost one atomic read. @now_ns is
 * g_get_monotonic_time() * 1000, the clock of the waiting times in the view. */
void trib_trace_set_window (TribTrace *trace, gint64 window_ns);
void trib_trace_opened (
    TribTrace *trace, guint64 frame_id, const gchar *const *expected, gint64 now_ns);
void trib_trace_answered (TribTrace *trace, guint64 frame_id, const gchar *source,
    TribTraceAnswer answer, gint64 delay_ns, gint64 now_ns);
void trib_trace_left (TribTrace *trace, guint64 frame_id, const gchar *reason, gint64 now_ns);

void trib_trace_get_account (TribTrace *trace, TribTraceOutlet outlet, TribTraceAccount *account);
/* "file", "fd", "callback", "view" */
const gchar *trib_trace_outlet_to_string (TribTraceOutlet outlet);

G_END_DECLS
