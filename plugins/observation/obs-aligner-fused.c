/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The fused record of a group: the observations' own bytes between a few of ours. */
#define _GNU_SOURCE /* memmem */
#include "obs-aligner-fused.h"

#include <string.h>

#include <record/trib-record-splice.h>
#include <record/trib-record-transcode.h>

/* members that are ours to say; a record that brings its own loses it */
static const gchar *const ours[] = { "delay_ms", "stale_ms", NULL };

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

static gboolean
may_have_ours (TribRecordSlice record)
{
  for (guint i = 0; ours[i] != NULL; i++) {
    if (memmem (record.str, record.len, ours[i], strlen (ours[i])) != NULL)
      return TRUE;
  }
  return FALSE;
}

/* Byte by byte when it is in the format that is written, and says nothing that we say. */
static gboolean
begin_observation (
    TribRecordWriter *w, const ObsPayload *payload, TribRecordReader *reader, GError **error)
{
  if (payload->format == w->format && !may_have_ours (payload->record)) {
    trib_record_writer_begin_map_from (w, payload->record);
    return TRUE;
  }
  trib_record_reader_set (reader, payload->format, payload->record.str, payload->record.len);
  trib_record_reader_next (reader);
  trib_record_writer_begin_map (w);
  return trib_record_copy_members (reader, w, ours, error);
}

static gdouble
to_ms (gint64 ns)
{
  return (gdouble) ns / (gdouble) GST_MSECOND;
}

static gboolean
put_observation (
    TribRecordWriter *w, const ObsMember *member, TribRecordReader *reader, GError **error)
{
  if (!begin_observation (w, member->payload, reader, error))
    return FALSE;
  trib_record_writer_key (w, "delay_ms");
  trib_record_writer_double (w, to_ms (member->delay_ns));
  if (member->stale_ns >= 0) {
    trib_record_writer_key (w, "stale_ms");
    trib_record_writer_double (w, to_ms (member->stale_ns));
  }
  trib_record_writer_end_map (w);
  return TRUE;
}

/* a source with several records, of parts or of append, has a list */
static gboolean
put_have (TribRecordWriter *w, const ObsGroup *group, TribRecordReader *reader, GError **error)
{
  trib_record_writer_key (w, "have");
  trib_record_writer_begin_map (w);
  for (guint i = 0; i < group->n_members;) {
    const ObsMember *first = &group->members[i];
    guint n = 1;

    while (i + n < group->n_members && first[n].source == first->source)
      n++;
    trib_record_writer_key (w, first->source);
    if (n > 1)
      trib_record_writer_begin_array (w);
    for (guint k = 0; k < n; k++) {
      if (!put_observation (w, first + k, reader, error))
        return FALSE;
    }
    if (n > 1)
      trib_record_writer_end_array (w);
    i += n;
  }
  trib_record_writer_end_map (w);
  return TRUE;
}

static void
put_text (TribRecordWriter *w, const gchar *key, const gchar *text)
{
  trib_record_writer_key (w, key);
  trib_record_writer_string (w, text);
}

static void
put_missing (TribRecordWriter *w, const ObsGroup *group)
{
  trib_record_writer_key (w, "missing");
  trib_record_writer_begin_array (w);
  for (guint i = 0; i < group->n_missing; i++) {
    const ObsMissing *m = &group->missing[i];

    trib_record_writer_begin_map (w);
    put_text (w, "source", m->source);
    put_text (w, "why", m->why);
    if (m->payload && m->payload->reason.str) {
      trib_record_writer_key (w, "reason");
      trib_record_writer_string_len (w, m->payload->reason.str, m->payload->reason.len);
    }
    trib_record_writer_end_map (w);
  }
  trib_record_writer_end_array (w);
}

static gboolean
put_group (TribRecordWriter *w, const ObsGroup *group, TribRecordReader *reader, GError **error)
{
  trib_record_writer_begin_map (w);
  put_text (w, "type", "fused");
  if (group->has_frame_id) {
    trib_record_writer_key (w, "frame_id");
    trib_record_writer_uint (w, group->frame_id);
  }
  trib_record_writer_key (w, "t_ns");
  trib_record_writer_int (w, group->t_ns);
  trib_record_writer_key (w, "epoch");
  trib_record_writer_uint (w, group->epoch);
  trib_record_writer_key (w, "pane");
  trib_record_writer_uint (w, group->pane);
  put_text (w, "reason", group->reason);
  if (!put_have (w, group, reader, error))
    return FALSE;
  put_missing (w, group);
  trib_record_writer_key (w, "spread_ns");
  trib_record_writer_uint (w, group->spread_ns);
  trib_record_writer_key (w, "wait_ms");
  trib_record_writer_double (w, to_ms (group->wait_ns));
  trib_record_writer_end_map (w);
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
