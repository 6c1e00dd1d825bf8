/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-record-fused.h>

#include "trib-align-config.h"

G_BEGIN_DECLS

/* Decides which records form one result, and when it is emitted. Pure: no clock, thread or lock;
 * the same calls give the same events. See docs/internals/alignment.md.
 *
 * Times: `t_ns` is capture time since the Unix epoch; `arrival_ns` and `now_ns` are one
 * monotonic clock that never goes back (an earlier time counts as the latest one). A call with a
 * time first does what was scheduled up to then, so a record that arrives at the instant of a
 * deadline is after it. */

typedef enum {
  TRIB_ALIGN_KIND_OBS,      /* an observation */
  TRIB_ALIGN_KIND_EMPTY,    /* processed, nothing found */
  TRIB_ALIGN_KIND_SKIPPED,  /* the source does not process this frame */
  TRIB_ALIGN_KIND_BOUND,    /* no more records at or before t_ns */
  TRIB_ALIGN_KIND_ANNOUNCE, /* the frame exists; its sources */
  TRIB_ALIGN_KIND_EOS,      /* the source has ended */
} TribAlignKind;

/* Returns a payload to the caller once nothing needs it. @thread: that of a call into the
 * aligner, or of trib_align_result_free() */
typedef void (*TribAlignRelease) (gpointer user_data, gpointer payload);

/**
 * TribAlignRecord:
 * @kind: its kind
 * @stream: (nullable): which stream its frame is of
 * @source: (nullable): name of its source; %NULL: of an announce
 * @owner: (nullable): where the source sends from; see trib_align_streams_forget_owner()
 * @has_frame_id: whether @frame_id is set
 * @has_seq: whether @seq is set
 * @t_ns: capture time
 * @part: from 1 on; 0: the only part
 * @parts: number of parts; 0 or 1: one
 * @is_late: its source sent it after its deadline: an old time is no clock jump
 * @expected: (nullable) (array zero-terminated=1): of an announce: its sources; %NULL: as
 *   configured
 * @arrival_ns: set by the aligner
 * @format: of @text
 * @text: (nullable): the observation; it is in @payload
 * @reason: (nullable): of a skipped frame, likewise
 * @payload: (nullable) (transfer full)
 * @bytes: what @payload holds, for the bound
 */
typedef struct {
  TribAlignKind kind;
  TribStreamKey *stream;
  const gchar *source;
  gpointer owner;
  gboolean has_frame_id;
  guint64 frame_id;
  gboolean has_seq;
  guint64 seq;
  gint64 t_ns;
  guint part;
  guint parts;
  gboolean is_late;
  const gchar *const *expected;
  gint64 arrival_ns;
  TribRecordFormat format;
  TribRecordSlice text;
  TribRecordSlice reason;
  gpointer payload;
  gsize bytes;
} TribAlignRecord;

typedef enum {
  TRIB_ALIGN_REASON_COMPLETE,
  TRIB_ALIGN_REASON_SKIPPED, /* all have answered, one at least that it had no time or space */
  TRIB_ALIGN_REASON_TIMEOUT,
  TRIB_ALIGN_REASON_WATERMARK,
  TRIB_ALIGN_REASON_EOS,
  TRIB_ALIGN_REASON_OVERFLOW,
  TRIB_ALIGN_REASON_JUMP,
  TRIB_ALIGN_REASON_LATE, /* late-policy forward or update */
} TribAlignReason;

typedef enum {
  TRIB_ALIGN_DROPPED_INCOMPLETE,  /* missing-policy drop */
  TRIB_ALIGN_DROPPED_REPLACED,    /* duplicate-policy last */
  TRIB_ALIGN_DROPPED_IMPLAUSIBLE, /* a single time far ahead */
  TRIB_ALIGN_DROPPED_SOURCES,     /* more than 64 sources */
  TRIB_ALIGN_DROPPED_UNMATCHED,   /* approximate: in no set */
  TRIB_ALIGN_DROPPED_FLUSHED,
  TRIB_ALIGN_N_DROPPED
} TribAlignDropped;

typedef struct {
  TribAlignRelease release;
  gpointer user_data;
} TribAlignOwner;

/**
 * TribAlignPart:
 * @index: of the source
 * @record: (nullable): its record
 */
typedef struct {
  guint index;
  const TribAlignRecord *record;
} TribAlignPart;

/**
 * TribAlignResult:
 * @fused: the fused record, sources in the order in which they are known; its texts live as long
 *   as the result
 * @have: (array): beside each of its answers
 * @absent: (array): beside each of its missing sources; a record is one that skipped the frame
 * @reason: why it was emitted
 * @bytes: of its records
 * @owner: of their payloads
 */
typedef struct {
  TribRecordFused fused;
  TribAlignPart *have;
  TribAlignPart *absent;
  TribAlignReason reason;
  gsize bytes;
  TribAlignOwner owner;
} TribAlignResult;

void trib_align_result_free (TribAlignResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribAlignResult, trib_align_result_free)

typedef enum {
  TRIB_ALIGN_EVENT_EMIT,       /* result: the receiver's from then on */
  TRIB_ALIGN_EVENT_SYNC_DELAY, /* result: emitted next; by_ns: its age, above window x threshold */
  TRIB_ALIGN_EVENT_OPENED,     /* record: its frame is open from now on */
  TRIB_ALIGN_EVENT_ACCEPTED,   /* record: it waits in a frame */
  TRIB_ALIGN_EVENT_ANNOUNCE,   /* frame */
  TRIB_ALIGN_EVENT_LATE,       /* record: by_ns; `accepted`: not dropped by the policy */
  TRIB_ALIGN_EVENT_DUPLICATE,  /* record */
  TRIB_ALIGN_EVENT_DROP,       /* record: why */
  TRIB_ALIGN_EVENT_IDLE,       /* source */
  TRIB_ALIGN_EVENT_ACTIVE,     /* source */
  TRIB_ALIGN_EVENT_ALL_IDLE,   /* t_ns: no records up to there will arrive */
  TRIB_ALIGN_EVENT_JUMP,       /* source, by_ns: a new epoch */
  TRIB_ALIGN_EVENT_UNSYNCED,   /* source, by_ns */
  TRIB_ALIGN_EVENT_SYNCED,     /* source */
  TRIB_ALIGN_EVENT_HOLDER,     /* source: it holds the watermark now; NULL: none */
  TRIB_ALIGN_EVENT_ID_REUSE,   /* record */
  TRIB_ALIGN_EVENT_SOURCE,     /* source: its first record */
  TRIB_ALIGN_EVENT_STATS,      /* every stats-interval-ms while records arrive */
} TribAlignEventKind;

/**
 * TribAlignEvent:
 * @now_ns: when
 * @stream: (nullable): which stream it is about
 * @align: the aligner of that stream
 * @record: (nullable): what it is about, valid during the call
 * @result: (nullable): likewise, but for EMIT
 * @by_time: the cause is time alone, not another call
 * @source: (nullable): likewise
 */
typedef struct {
  TribAlignEventKind kind;
  gint64 now_ns;
  TribStreamKey *stream;
  const struct _TribAlign *align;
  guint64 epoch;
  TribAlignResult *result;
  const TribAlignRecord *record;
  const gchar *source;
  gint64 t_ns;
  gint64 by_ns;
  gboolean accepted;
  gboolean by_time;
  TribAlignDropped dropped;
} TribAlignEvent;

typedef void (*TribAlignFunc) (gpointer user_data, const TribAlignEvent *event);

/* records by outcome; announces, bounds and eos are not counted */
typedef struct {
  guint64 in;
  guint64 emitted; /* in groups; an update does not count again */
  guint64 late;    /* under any late-policy */
  guint64 duplicate;
  guint64 dropped[TRIB_ALIGN_N_DROPPED];
  guint64 pending;
} TribAlignCounts;

/**
 * TribAlignSourceInfo:
 * @name: the aligner's
 * @owner: (nullable): of its last record
 * @counts: of its records
 * @max_t_ns: latest plausible capture time, %G_MININT64: none
 * @offset_p10_ns: (of the last 64 frames) capture time less the reference source's
 * @delay_p10_ns: (of the last 64 frames) arrival less capture time
 */
typedef struct {
  const gchar *name;
  gconstpointer owner;
  gboolean required;
  gboolean expected;
  gboolean idle;
  gboolean ended;
  gboolean unsynced;
  TribAlignCounts counts;
  gint64 max_t_ns;
  gint64 last_arrival_ns;
  guint n_offsets;
  gint64 offset_ns;
  gint64 offset_p10_ns, offset_p50_ns, offset_p90_ns;
  guint n_delays;
  gint64 delay_p10_ns, delay_p50_ns, delay_p90_ns;
} TribAlignSourceInfo;

typedef struct {
  TribAlignCounts counts; /* of all sources */
  guint64 groups_emitted; /* pane 0 */
  guint64 groups_updated; /* by late-policy: later panes, and late records alone */
  guint64 groups_dropped; /* missing-policy drop, flush */
  guint64 by_reason[TRIB_ALIGN_REASON_LATE + 1];
  guint64 id_reuse;
  guint64 jumps;
  guint64 source_dropped;   /* records of sources beyond the bound, in counts too */
  guint64 source_forgotten; /* records of forgotten sources, likewise */
  guint64 source_conflicts; /* records of a source that had another owner */
  guint64 open;
  guint64 peak_open;
  guint64 pending_bytes;
  guint64 epoch;
  gint64 watermark_ns; /* G_MININT64: none yet */
} TribAlignTotals;

typedef struct _TribAlign TribAlign;

TribAlign *trib_align_new (const TribAlignConfig *config, TribAlignFunc func,
    TribAlignRelease release, gpointer user_data, GError **error);
void trib_align_free (TribAlign *a);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribAlign, trib_align_free)

void trib_align_push (TribAlign *a, const TribAlignRecord *record, gint64 arrival_ns);
void trib_align_advance (TribAlign *a, gint64 now_ns);
gint64 trib_align_next_deadline (const TribAlign *a);
void trib_align_bound (TribAlign *a, const gchar *source, gint64 t_ns, gint64 now_ns);
void trib_align_eos (TribAlign *a, const gchar *source, gint64 now_ns);
void trib_align_finish (TribAlign *a, gint64 now_ns);
void trib_align_flush_source (TribAlign *a, const gchar *source, gint64 now_ns);
void trib_align_flush (TribAlign *a, gint64 now_ns);
void trib_align_set_stopped (TribAlign *a, gboolean stopped, gint64 now_ns);
void trib_align_set_capture_offset (TribAlign *a, gint64 offset_ns);
gboolean trib_align_set_sources (TribAlign *a, const gchar *sources, GError **error);

/* an announced frame */
typedef struct {
  gboolean has_frame_id;
  guint64 frame_id;
  gint64 t_ns;
} TribAlignFrame;

GArray *trib_align_get_unanswered (
    const TribAlign *a, const gchar *source, gint64 from_ns, gint64 until_ns);
const gchar *trib_align_get_holder (const TribAlign *a);
TribStreamKey *trib_align_get_stream (const TribAlign *a);
guint trib_align_get_n_sources (const TribAlign *a);
void trib_align_get_source (const TribAlign *a, guint index, TribAlignSourceInfo *ret_info);
void trib_align_get_totals (const TribAlign *a, TribAlignTotals *ret_totals);

gint64 trib_align_delay (gint64 delay_ns, gint64 shift_ns);
const gchar *trib_align_reason_to_string (TribAlignReason reason);
const gchar *trib_align_dropped_to_string (TribAlignDropped dropped);
const gchar *trib_align_kind_to_string (TribAlignKind kind);

G_END_DECLS
