/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-record.h>

G_BEGIN_DECLS

/* Finds the records of each frame of a video; they are kept until that frame, within limits. Pure:
 * it reads no clock and takes no lock. For each frame, in the order of the video,
 * trib_overlay_join_find() is called any number of times, then trib_overlay_join_leave() once. */

/**
 * TribOverlayKey:
 * @has_id: whether @id is known
 * @id: number of the frame
 * @session: hash of the session's name, 0 without: frames of different sessions are never the same
 * @t_ns: capture time, ns; %TRIB_OVERLAY_NO_TIME without
 * @running_ns: running time, ns; %TRIB_OVERLAY_NO_TIME without
 * @stream: hash of the stream's name, as @session
 *
 * Identity of a frame, or of a record about one. Where both have session, stream and capture time,
 * one id is one frame only at one time. Keys are compared by ids where both have one, else
 * by running time, else by capture time, else by the capture time of one and the running time of
 * the other.
 */
typedef struct {
  gboolean has_id;
  guint64 id;
  guint32 session;
  gint64 t_ns;
  gint64 running_ns;
  guint32 stream;
} TribOverlayKey;

#define TRIB_OVERLAY_NO_TIME G_MININT64

guint32 trib_overlay_session_hash (const gchar *session, gsize len);

typedef struct {
  TribOverlayKey key;
  TribRecordFormat format;
  gchar *data;
  gsize len;
  gboolean is_fused;
  gint64 arrival_ns; /* monotonic */

  /*< private >*/
  gint references; /* atomic */
} TribOverlayRecord;

TribOverlayRecord *trib_overlay_record_new (
    const TribOverlayKey *key, TribRecordFormat format, gconstpointer data, gsize len);
TribOverlayRecord *trib_overlay_record_ref (TribOverlayRecord *record);
void trib_overlay_record_unref (TribOverlayRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribOverlayRecord, trib_overlay_record_unref)

/* in = used + late + unmatched + dropped + pending */
typedef struct {
  guint64 in;
  guint64 used;      /* drawn on their frame */
  guint64 late;      /* after their frame */
  guint64 unmatched; /* a later frame arrived, and theirs never did */
  guint64 dropped;   /* beyond the limits, or by a flush */
  guint64 pending;
  guint64 pending_bytes;
} TribOverlayCounts;

typedef struct _TribOverlayJoin TribOverlayJoin;

TribOverlayJoin *trib_overlay_join_new (void);
void trib_overlay_join_free (TribOverlayJoin *join);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribOverlayJoin, trib_overlay_join_free)

void trib_overlay_join_set_bounds (TribOverlayJoin *join, guint max_records, guint64 max_bytes);
void trib_overlay_join_add (TribOverlayJoin *join, TribOverlayRecord *record);
void trib_overlay_join_pass (TribOverlayJoin *join, gint64 running_ns);
void trib_overlay_join_forget (TribOverlayJoin *join);
void trib_overlay_join_restart (TribOverlayJoin *join);

guint trib_overlay_join_find (
    TribOverlayJoin *join, const TribOverlayKey *frame, gint64 tolerance_ns, GPtrArray *records);
gboolean trib_overlay_join_is_passed (
    const TribOverlayJoin *join, const TribOverlayKey *frame, gint64 tolerance_ns);
void trib_overlay_join_leave (
    TribOverlayJoin *join, const TribOverlayKey *frame, gint64 tolerance_ns, gboolean use);
gint64 trib_overlay_join_held (TribOverlayJoin *join, const TribOverlayKey *frame, gint64 now_ns,
    gint64 hold_ns, GPtrArray *records);

void trib_overlay_join_get_counts (const TribOverlayJoin *join, TribOverlayCounts *ret_counts);

G_END_DECLS
