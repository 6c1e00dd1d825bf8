/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <common/trib-time.h>

#include "trib-align.h"

G_BEGIN_DECLS

#define NO_TIME G_MININT64
#define NEVER G_MAXINT64
#define TRIB_ALIGN_MAX_NAME 255
#define SAMPLES 64 /* kept of offsets, delays and gaps */
#define MIN_GAPS 8 /* of a source, before a lower bound is used */

/* an item of `sources`, `lateness` or `source-offset` */
typedef struct {
  gchar *name;
  gboolean required;
  gint64 ns;
} TribAlignSourceSpec;

GArray *trib_align_specs_new (void);
const TribAlignSourceSpec *trib_align_specs_find (const GArray *specs, const gchar *name);
gboolean trib_align_parse_sources (const gchar *text, GArray **ret_specs, GError **error);
gboolean trib_align_parse_times (
    const gchar *setting, const gchar *text, gdouble least_ms, GArray **ret_specs, GError **error);

typedef struct _TribAlignSource TribAlignSource;
typedef struct _TribAlignEntry TribAlignEntry;
typedef struct _TribAlignGroup TribAlignGroup;

/* one accepted record; group, search, quarantine, hold-last and results each hold a reference */
struct _TribAlignEntry {
  TribAlignRecord record; /* first; its time with the offset included */
  gint n_refs;            /* atomic */
  TribAlignEntry *next;
  TribAlignSource *source;
  guint place; /* while a window is sorted */
  /* approximate: its arrival, or that of a younger record that arrived before it */
  gint64 waits_since;
};

/* the last SAMPLES of a quantity */
typedef struct {
  gint64 values[SAMPLES];
  guint n;
  guint next;
} TribAlignSamples;

typedef enum {
  TRIB_ALIGN_SOURCE_ACTIVE,
  TRIB_ALIGN_SOURCE_REJOINING, /* was idle; does not hold the watermark until it has caught up */
  TRIB_ALIGN_SOURCE_IDLE,
  TRIB_ALIGN_SOURCE_ENDED,
} TribAlignSourceState;

struct _TribAlignSource {
  gchar *name; /* counted: results outlive their source */
  gpointer owner;
  guint index;
  gboolean listed;   /* in `sources` */
  gboolean required; /* of those, or learned */
  gboolean seen;
  TribAlignSourceState state;
  gint64 ended_at;
  gboolean unsynced;
  gint64 lateness;
  gint64 offset;
  gint64 max_t; /* latest plausible capture time */
  gint64 bound;
  gint64 max_active; /* active time at which `max_t` was set */
  gint64 last_active;
  gint64 last_arrival;
  gint64 last_t;
  TribAlignEntry *quarantine;
  TribAlignEntry *held; /* hold-last */
  TribAlignSamples gaps;
  TribAlignSamples offsets; /* to the reference, of a frame */
  TribAlignSamples delays;  /* arrival less capture time */

  /* approximate */
  GQueue heads; /* of TribAlignEntry, by time */
  GQueue past;  /* of TribAlignEntry: skipped by the search */
  gint64 used_t;
  gboolean lost; /* its oldest record was dropped since the last search */

  TribAlignCounts counts;
};

struct _TribAlignGroup {
  GList order;           /* in `open`, by time */
  GList fifo;            /* in `opened`, by opening */
  GList closed;          /* in `closed`, by closing */
  TribAlignGroup *chain; /* of the same frame id */
  gboolean has_frame_id;
  guint64 frame_id;
  gint64 t;
  gint64 opened_at;
  gint64 deadline;  /* NEVER: none */
  guint64 expected; /* bits of sources */
  guint64 answered;
  guint64 skipped;
  gboolean is_announced; /* it exists without a record */
  gboolean is_named;     /* the announce lists its sources */
  gboolean is_closed;
  gint64 closed_at;
  guint pane;
  TribAlignEntry *first, *last;
  guint n_entries;
  gsize bytes;
};

struct _TribAlign {
  TribStreamKey *stream; /* (nullable) */
  TribAlignConfig config;
  gint64 window, max_wait, length, max_interval, idle_timeout, retain; /* ns; 0: off */
  TribAlignFunc func;
  TribAlignOwner owner; /* of payloads; its user_data is for @func, too */
  GArray *specs;        /* of `sources`; empty: learned */
  GArray *lateness;
  GArray *offsets;

  gint64 now;
  gboolean is_moving;  /* time advances, no call of the user is in effect */
  gint64 started_at;   /* first record; NO_TIME */
  gint64 last_arrival; /* of a plausible record */
  gboolean stopped;
  gint64 stopped_at;
  gint64 stopped_ns; /* sum, before the current stop */
  gint64 capture_offset;
  gboolean has_capture_offset;
  gboolean capture_offset_is_set; /* by the user; else by the first record */

  GPtrArray *sources; /* of TribAlignSource */
  GHashTable *by_name;
  TribAlignSource *holder;

  GQueue open;   /* of TribAlignGroup, by (time, frame id) */
  GQueue opened; /* by (opening, time) */
  GQueue closed; /* tombstones, oldest first */
  GHashTable *by_id;
  guint n_nameless;     /* of both: without a frame id */
  guint64 closed_bytes; /* of entries that closed groups still hold */

  guint64 epoch;
  gint64 watermark;
  gint64 newest;      /* latest plausible time of any source */
  gint64 emitted;     /* latest time of the emitted groups; NO_TIME */
  gint64 next_window; /* tumbling: start of the window after the last emitted; NO_TIME */

  /* approximate */
  gint pivot; /* index of a source, -1: none */
  gint64 pivot_t, candidate_start, candidate_end;
  TribAlignEntry *candidate[TRIB_ALIGN_MAX_SOURCES];

  gint64 next_stats;
  TribAlignTotals totals;
};

static inline guint64
bit_of (const TribAlignSource *s)
{
  return G_GUINT64_CONSTANT (1) << s->index;
}

static inline gboolean
is_idle (const TribAlignSource *s)
{
  return s->state == TRIB_ALIGN_SOURCE_IDLE;
}

static inline gboolean
has_ended (const TribAlignSource *s)
{
  return s->state == TRIB_ALIGN_SOURCE_ENDED;
}

static inline TribAlignSource *
source_at (const TribAlign *a, guint index)
{
  return (TribAlignSource *) a->sources->pdata[index];
}

static inline TribAlignGroup *
first_open (const TribAlign *a)
{
  return a->open.head ? (TribAlignGroup *) a->open.head->data : NULL;
}

/* trib-align-source.c */
TribAlignSource *trib_align_source_get (TribAlign *a, const gchar *name);
TribAlignSource *trib_align_source_find (const TribAlign *a, const gchar *name);
void trib_align_source_set_state (TribAlignSource *s, TribAlignSourceState state, const gchar *why);
void trib_align_source_free (TribAlignSource *s);
void trib_align_source_forget (TribAlign *a, TribAlignSource *s);
void trib_align_forget_capture_offset (TribAlign *a);
void trib_align_apply_specs (TribAlign *a);
guint trib_align_count_lasting_sources (const TribAlign *a);
TribAlignSource *trib_align_reference (const TribAlign *a);
gint64 trib_align_active_time (const TribAlign *a);
void trib_align_source_note_arrival (TribAlign *a, TribAlignSource *s);
void trib_align_source_note_progress (TribAlign *a, TribAlignSource *s, gint64 t);
gint64 trib_align_idle_deadline (const TribAlign *a);
gboolean trib_align_source_is_silent (const TribAlign *a, const TribAlignSource *s);
void trib_align_update_watermark (TribAlign *a);
gint64 trib_align_clock_deadline (const TribAlign *a, gint64 t);
gint64 trib_align_lower_bound (const TribAlign *a, const TribAlignSource *s);
void trib_align_samples_add (TribAlignSamples *samples, gint64 value);
gint64 trib_align_samples_percentile (const TribAlignSamples *samples, guint percent);
void trib_align_source_sample (TribAlign *a, const TribAlignGroup *g);

/* trib-align-group.c */
TribAlignEntry *trib_align_entry_new (
    TribAlign *a, TribAlignSource *s, const TribAlignRecord *record);
TribAlignEntry *trib_align_entry_ref (TribAlignEntry *e);
void trib_align_entry_unref (TribAlignEntry *e, const TribAlignOwner *owner);
void trib_align_pending_add (TribAlign *a, const TribAlignEntry *e);
void trib_align_pending_remove (TribAlign *a, const TribAlignEntry *e);
TribAlignGroup *trib_align_group_find (const TribAlign *a, gboolean has_id, guint64 id, gint64 t);
TribAlignGroup *trib_align_group_open (TribAlign *a, gboolean has_id, guint64 id, gint64 t);
void trib_align_group_add (TribAlign *a, TribAlignGroup *g, TribAlignEntry *e);
void trib_align_group_take (TribAlign *a, TribAlignGroup *g, TribAlignEntry *e);
void trib_align_group_sort (TribAlignGroup *g);
gboolean trib_align_group_is_complete (const TribAlign *a, const TribAlignGroup *g);
gboolean trib_align_group_waits_for_ended (const TribAlign *a, const TribAlignGroup *g);
guint64 trib_align_expected_now (const TribAlign *a);
gboolean trib_align_is_spared (const TribAlignRecord *record);
TribAlignReason trib_align_group_complete_reason (const TribAlign *a, const TribAlignGroup *g);
gboolean trib_align_group_is_overtaken (const TribAlign *a, const TribAlignGroup *g);
void trib_align_group_close (TribAlign *a, TribAlignGroup *g);
void trib_align_group_free (TribAlign *a, TribAlignGroup *g);
void trib_align_expire_closed (TribAlign *a);

/* trib-align-emit.c */
void trib_align_notify (TribAlign *a, TribAlignEvent *event);
void trib_align_notify_source (
    TribAlign *a, TribAlignEventKind kind, const TribAlignSource *s, gint64 by);
void trib_align_notify_record (TribAlign *a, TribAlignEvent *event, const TribAlignEntry *e);
void trib_align_emit (TribAlign *a, TribAlignGroup *g, TribAlignReason reason);
void trib_align_emit_set (
    TribAlign *a, TribAlignEntry *const *entries, TribAlignReason reason, gint64 opened);
void trib_align_late (TribAlign *a, TribAlignEntry *e, TribAlignGroup *g, gint64 by);
void trib_align_accepted (TribAlign *a, TribAlignEntry *e);
void trib_align_duplicate (TribAlign *a, TribAlignEntry *e);
void trib_align_drop (TribAlign *a, TribAlignEntry *e, TribAlignDropped why);

/* trib-align-jump.c */
TribAlignEntry *trib_align_quarantine_take (TribAlign *a, TribAlignSource *s);
gboolean trib_align_jump_check (TribAlign *a, TribAlignEntry *e);
void trib_align_quarantine_settle (TribAlign *a, TribAlignSource *s);

/* trib-align-sets.c */
void trib_align_sets_add (TribAlign *a, TribAlignEntry *e);
void trib_align_sets_restart (TribAlign *a);
void trib_align_sets_timeout (TribAlign *a);
void trib_align_sets_enforce_limits (TribAlign *a);
void trib_align_sets_finish (TribAlign *a, TribAlignReason reason);
void trib_align_sets_flush_source (TribAlign *a, TribAlignSource *s);
gint64 trib_align_sets_deadline (const TribAlign *a);

/* trib-align-schedule.c */
void trib_align_move_to (TribAlign *a, gint64 now);
void trib_align_drain (TribAlign *a);
void trib_align_enforce_limits (TribAlign *a);
void trib_align_emit_all (TribAlign *a, TribAlignReason reason);
void trib_align_notify_stats (TribAlign *a);

/* trib-align.c */
void trib_align_accept (TribAlign *a, TribAlignEntry *e);
void trib_align_settle_all (TribAlign *a, TribAlignReason reason);

/* for trib-align-streams.c */
gboolean trib_align_is_idle (const TribAlign *a);
gint64 trib_align_distance (const TribAlign *a, const TribAlignRecord *record);
void trib_align_limit (TribAlign *a, guint max_pending, guint64 max_pending_bytes);

G_END_DECLS
