/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "obs-aligner-payload.h"

G_BEGIN_DECLS

/* A group that left the aligner, on its way to become a fused record. */

typedef struct {
  const gchar *source; /* the aligner's */
  ObsPayload *payload; /* (transfer full) */
  gint64 delay_ns;     /* arrival less capture, on the clocks they are on */
  gint64
      stale_ns; /* of an older record that stands in, how much older; -1: it is the frame's own */
} ObsMember;

typedef struct {
  const gchar *source;
  const gchar *why;    /* a literal */
  ObsPayload *payload; /* (nullable) (transfer full): of a source that skipped the frame */
} ObsMissing;

/* one piece of memory, with what it points to */
typedef struct {
  gboolean has_frame_id;
  guint64 frame_id;
  gint64 t_ns;
  guint64 epoch;
  guint pane;
  const gchar *reason; /* a literal */
  ObsMember *members;  /* those of a source beside each other */
  guint n_members;
  ObsMissing *missing;
  guint n_missing;
  guint64 spread_ns;
  gint64 wait_ns;
  GstClockTime pts;
  gsize bytes; /* of the records, as counted */
} ObsGroup;

ObsGroup *obs_group_new (guint n_members, guint n_missing);
void obs_group_free (ObsGroup *group);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ObsGroup, obs_group_free)

GstBuffer *obs_group_to_buffer (
    const ObsGroup *group, TribRecordFormat format, TribRecordReader *reader, GError **error);

G_END_DECLS
