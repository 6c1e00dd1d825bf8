/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <common/trib-time.h>

#include "trib-align.h"

G_BEGIN_DECLS

#define NO_TIME G_MININT64
#define NEVER G_MAXINT64
#define TRIB_ALIGN_MAX_NAME 255
#define SAMPLES 64 /* of offsets, delays and gaps that are kept */
#define MIN_GAPS 8 /* of a source, before a lower bound is believed */

/* an item of `sources`, `lateness` or `source-offset` */
typedef struct {
  gchar *name;
  gboolean required;
  gint64 ns;
} SourceSpec;

GArray *trib_align_specs_new (void);
const SourceSpec *trib_align_specs_find (const GArray *specs, const gchar *name);
gboolean trib_align_parse_sources (const gchar *text, GArray **ret_specs, GError **error);
gboolean trib_align_parse_times (
    const gchar *setting, const gchar *text, gdouble least_ms, GArray **ret_specs, GError **error);

typedef struct _Source Source;
typedef struct _Entry Entry;
typedef struct _Group Group;

/* one record that was taken; group, search, quarantine and hold-last each have a reference */
struct _Entry {
  guint n_refs;
  Entry *next;
  Source *source;
  TribAlignKind kind;
  gboolean has_frame_id;
  guint64 frame_id;
  gboolean has_seq;
  guint64 seq;
  gint64 t; /* offset included */
  gint64 arrival;
  gint64
      waits_since; /* approximate: its arrival, or that of a younger record that was there before */
  guint part;
  guint parts;
  gboolean is_late;
  gpointer payload;
  gsize bytes;
};

/* the last SAMPLES of a quantity */
typedef struct {
  gint64 values[SAMPLES];
  guint n;
  guint next;
} Samples;

struct _Source {
  gchar *name;
  guint index;
  gboolean listed;   /* in `sources` */
  gboolean required; /* of those, or learned */
  gboolean seen;
  gboolean ended;
  gint64 ended_at;
  gboolean idle;
  gboolean aligning; /* came back, and is not counted until it has caught up */
  gboolean unsynced;
  gint64 lateness;
  gint64 offset;
  gint64 max_t; /* latest plausible capture time */
  gint64 bound;
  gint64 max_active; /* active time at which `max_t` was set */
  gint64 last_active;
  gint64 last_arrival;
  gint64 last_t;
  Entry *quarantine;
  Entry *held; /* hold-last */
  Samples gaps;
  Samples offsets; /* to the reference, of a frame */
  Samples delays;  /* arrival less capture time */

  /* approximate */
  GQueue heads; /* of Entry, by time */
  GQueue past;  /* of Entry: passed over while the search goes on */
  gint64 used_t;
  gboolean lost; /* its oldest went since the last search */

  TribAlignCounts counts;
};

struct _Group {
  GList order;  /* in `open`, by time */
  GList fifo;   /* in `opened`, by opening */
  GList left;   /* in `left`, by leaving */
  Group *chain; /* of the same frame id */
  gboolean has_frame_id;
  guint64 frame_id;
  gint64 t;
  gint64 opened_at;
  gint64 deadline;  /* NEVER: none */
  guint64 expected; /* bits of sources */
  guint64 answered;
  guint64 skipped;
  gboolean is_announced; /* there without a record, too */
  gboolean is_named;     /* the announcement said who will answer */
  gboolean is_left;
  gint64 left_at;
  guint pane;
  Entry *first, *last;
  guint n_entries;
  gsize bytes;
};

struct _TribAlign {
  TribAlignConfig config;
  gint64 window, max_wait, length, max_interval, idle_timeout, retain; /* ns; 0: off */
  TribAlignFunc func;
  TribAlignRelease release;
  gpointer user_data;
  GArray *specs; /* of `sources`; empty: learned */
  GArray *lateness;
  GArray *offsets;
  gchar *reference;

  gint64 now;
  gint64 started_at;   /* first record; NO_TIME */
  gint64 last_arrival; /* of a plausible record */
  gboolean stopped;
  gint64 stopped_at;
  gint64 stopped_ns; /* in all, before the present stop */
  gint64 capture_offset;
  gboolean has_capture_offset;
  gboolean capture_offset_is_set; /* from outside; else the first record told it */

  GPtrArray *sources; /* of Source */
  GHashTable *by_name;
  Source *holder;

  GQueue open;   /* of Group, by (time, frame id) */
  GQueue opened; /* by (opening, time) */
  GQueue left;   /* tombstones, oldest first */
  GHashTable *by_id;
  guint n_nameless;   /* of both: without a frame id */
  guint64 left_bytes; /* of entries that left groups still hold */

  guint64 epoch;
  gint64 watermark;
  gint64 newest;      /* latest plausible time of any source */
  gint64 emitted;     /* time of the last group that left in order; NO_TIME */
  gint64 next_window; /* tumbling: what comes after the last that left; NO_TIME */

  /* approximate */
  gint pivot; /* index of a source, -1: none */
  gint64 pivot_t, candidate_start, candidate_end;
  Entry *candidate[TRIB_ALIGN_MAX_SOURCES];

  gint64 next_stats;
  TribAlignTotals totals;
  GArray *have;
  GArray *missing;
};

static inline guint64
bit_of (const Source *s)
{
  return G_GUINT64_CONSTANT (1) << s->index;
}

static inline Source *
source_at (const TribAlign *a, guint index)
{
  return (Source *) a->sources->pdata[index];
}

static inline Group *
first_open (const TribAlign *a)
{
  return a->open.head ? (Group *) a->open.head->data : NULL;
}

/* trib-align-source.c */
Source *trib_align_source_get (TribAlign *a, const gchar *name);
Source *trib_align_source_find (const TribAlign *a, const gchar *name);
void trib_align_source_free (Source *s);
void trib_align_source_forget (TribAlign *a, Source *s);
void trib_align_forget_capture_offset (TribAlign *a);
void trib_align_apply_specs (TribAlign *a);
Source *trib_align_reference (const TribAlign *a);
gint64 trib_align_active_time (const TribAlign *a);
void trib_align_source_came (TribAlign *a, Source *s);
void trib_align_source_passed (TribAlign *a, Source *s, gint64 t);
gint64 trib_align_idle_deadline (const TribAlign *a);
gboolean trib_align_source_is_idle_due (const TribAlign *a, const Source *s);
void trib_align_update_watermark (TribAlign *a);
gint64 trib_align_clock_deadline (const TribAlign *a, gint64 t);
gint64 trib_align_lower_bound (const TribAlign *a, const Source *s);
void trib_align_samples_add (Samples *samples, gint64 value);
gint64 trib_align_samples_percentile (const Samples *samples, guint percent);
void trib_align_source_sample (TribAlign *a, const Group *g);

/* trib-align-group.c */
Entry *trib_align_entry_new (TribAlign *a, Source *s, const TribAlignRecord *record);
void trib_align_entry_unref (TribAlign *a, Entry *e);
Group *trib_align_group_find (const TribAlign *a, gboolean has_id, guint64 id, gint64 t);
Group *trib_align_group_open (TribAlign *a, gboolean has_id, guint64 id, gint64 t);
void trib_align_group_add (TribAlign *a, Group *g, Entry *e);
void trib_align_group_take (TribAlign *a, Group *g, Entry *e);
gboolean trib_align_group_is_complete (const TribAlign *a, const Group *g);
gboolean trib_align_group_waits_for_ended (const TribAlign *a, const Group *g);
void trib_align_group_close (TribAlign *a, Group *g);
void trib_align_group_free (TribAlign *a, Group *g);
void trib_align_expire_left (TribAlign *a);

/* trib-align-leave.c */
void trib_align_tell (TribAlign *a, TribAlignEvent *event);
void trib_align_tell_source (TribAlign *a, TribAlignEventKind kind, const Source *s, gint64 by);
void trib_align_tell_record (TribAlign *a, TribAlignEvent *event, const Entry *e);
void trib_align_leave (TribAlign *a, Group *g, TribAlignReason reason);
void trib_align_leave_set (
    TribAlign *a, Entry *const *entries, TribAlignReason reason, gint64 opened);
void trib_align_late (TribAlign *a, Entry *e, Group *g, gint64 by);
void trib_align_duplicate (TribAlign *a, Entry *e);
void trib_align_drop (TribAlign *a, Entry *e, TribAlignDropped why);

/* trib-align-jump.c */
gboolean trib_align_jump_check (TribAlign *a, Entry *e);
void trib_align_jump_give_up (TribAlign *a, Source *s);

/* trib-align-sets.c */
void trib_align_sets_add (TribAlign *a, Entry *e);
void trib_align_sets_restart (TribAlign *a);
void trib_align_sets_timeout (TribAlign *a);
void trib_align_sets_keep_bounds (TribAlign *a);
void trib_align_sets_finish (TribAlign *a, TribAlignReason reason);
void trib_align_sets_flush_source (TribAlign *a, Source *s);
gint64 trib_align_sets_deadline (const TribAlign *a);

/* trib-align-due.c */
void trib_align_move_to (TribAlign *a, gint64 now);
void trib_align_drain (TribAlign *a);
void trib_align_keep_bounds (TribAlign *a);
void trib_align_leave_all (TribAlign *a, TribAlignReason reason);
void trib_align_tell_stats (TribAlign *a);

/* trib-align.c */
void trib_align_accept (TribAlign *a, Entry *e);

G_END_DECLS
