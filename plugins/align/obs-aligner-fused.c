/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fused record of a group: the observations' own bytes between a few of ours. */
#include "obs-aligner-fused.h"

#include <string.h>

#include <record/trib-record-fused.h>

/* Returns: (transfer full): a group whose members are to be filled in */
ObsGroup *
obs_group_new (guint n_members, guint n_missing)
{
  ObsGroup *group = g_malloc0 (
      sizeof (ObsGroup) + n_members * sizeof (ObsMember) + n_missing * sizeof (ObsMissing));

  group->members = (ObsMember *) (group + 1);
  group->n_members = n_members;
  group->missing = (ObsMissing *) (group->members + n_members);
  group->n_missing = n_missing;
  return group;
}

void
obs_group_free (ObsGroup *group)
{
  for (guint i = 0; i < group->n_members; i++)
    obs_payload_unref (group->members[i].payload);
  for (guint i = 0; i < group->n_missing; i++)
    g_clear_pointer (&group->missing[i].payload, obs_payload_unref);
  g_free (group);
}

static gdouble
to_ms (gint64 ns)
{
  return (gdouble) ns / (gdouble) GST_MSECOND;
}

static gboolean
put_group (TribRecordWriter *w, const ObsGroup *group, TribRecordReader *reader, GError **error)
{
  g_autofree TribRecordAnswer *answers = g_new (TribRecordAnswer, group->n_members);
  TribRecordEnvelope e = {
    .kind = TRIB_RECORD_KIND_FUSED,
    .has = TRIB_RECORD_BIT (T_NS) | TRIB_RECORD_BIT (EPOCH) | TRIB_RECORD_BIT (PANE)
           | TRIB_RECORD_BIT (REASON) | TRIB_RECORD_BIT (SPREAD_NS) | TRIB_RECORD_BIT (WAIT_MS)
           | (group->has_frame_id ? TRIB_RECORD_BIT (FRAME_ID) : 0),
    .frame_id = group->frame_id,
    .t_ns = group->t_ns,
    .epoch = group->epoch,
    .pane = group->pane,
    .reason = TRIB_RECORD_TEXT (group->reason),
    .spread_ns = group->spread_ns,
    .wait_ms = to_ms (group->wait_ns),
  };

  for (guint i = 0; i < group->n_members; i++) {
    const ObsMember *m = &group->members[i];
    answers[i] = (TribRecordAnswer){ .source = TRIB_RECORD_TEXT (m->source),
      .format = m->payload->format,
      .record = m->payload->record,
      .delay_ms = to_ms (m->delay_ns),
      .stale_ms = m->stale_ns >= 0 ? to_ms (m->stale_ns) : -1 };
  }
  if (!trib_record_fused_begin (w, &e, answers, group->n_members, reader, error))
    return FALSE;
  for (guint i = 0; i < group->n_missing; i++) {
    const ObsMissing *m = &group->missing[i];
    trib_record_fused_missing (
        w, m->source, m->why, m->payload ? m->payload->reason : (TribRecordSlice){ NULL, 0 });
  }
  trib_record_fused_end (w, &e);
  return TRUE;
}

static void
free_string (gpointer data)
{
  g_string_free (data, TRUE);
}

/**
 * obs_group_to_buffer:
 * @group: a group
 * @format: what to write
 * @reader: for records of the other format; given other data
 * @error: return location, in the domain %TRIB_RECORD_ERROR
 *
 * Returns: (transfer full) (nullable): its fused record; %NULL when a record of it cannot be said in
 * @format
 */
GstBuffer *
obs_group_to_buffer (
    const ObsGroup *group, TribRecordFormat format, TribRecordReader *reader, GError **error)
{
  /* what is around an observation, and around all of them */
  GString *out = g_string_sized_new (group->bytes + 64 * group->n_members + 256);
  TribRecordWriter w;
  GstBuffer *buffer;

  trib_record_writer_init (&w, format, out);
  if (!put_group (&w, group, reader, error)) {
    g_string_free (out, TRUE);
    return NULL;
  }
  buffer = gst_buffer_new_wrapped_full (
      0, out->str, out->allocated_len, 0, out->len, out, free_string);
  GST_BUFFER_PTS (buffer) = group->pts;
  return buffer;
}
