/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trace-rig.h"

#include <string.h>

#include <record/trib-json-reader.h>

#include "trib-test.h"

void
rig_on_record (const gchar *json, gsize len, gpointer user_data)
{
  RigSeen *seen = user_data;

  g_assert_cmpuint (strlen (json), ==, len);
  g_mutex_lock (&seen->lock);
  seen->thread = g_thread_self ();
  g_string_append (seen->records, json);
  g_string_append_c (seen->records, '\n');
  g_mutex_unlock (&seen->lock);
}

void
rig_on_error (TribTraceOutlet outlet, const GError *error, gpointer user_data)
{
  RigSeen *seen = user_data;

  g_mutex_lock (&seen->lock);
  seen->n_errors++;
  g_clear_error (&seen->error);
  seen->error = g_error_copy (error);
  seen->outlet = outlet;
  g_mutex_unlock (&seen->lock);
}

guint
rig_errors (RigSeen *seen)
{
  guint n;

  g_mutex_lock (&seen->lock);
  n = seen->n_errors;
  g_mutex_unlock (&seen->lock);
  return n;
}

RigSeen *
rig_seen_new (void)
{
  RigSeen *seen = g_new0 (RigSeen, 1);

  g_mutex_init (&seen->lock);
  seen->records = g_string_new (NULL);
  return seen;
}

void
rig_seen_free (RigSeen *seen)
{
  g_mutex_clear (&seen->lock);
  g_string_free (seen->records, TRUE);
  g_clear_error (&seen->error);
  g_free (seen);
}

TribTrace *
rig_open (const TribTraceConfig *config)
{
  g_autoptr (GError) error = NULL;
  TribTrace *trace = trib_trace_new (config, &error);

  g_assert_no_error (error);
  return trace;
}

TribTraceAccount
rig_account (TribTrace *trace, TribTraceOutlet outlet)
{
  TribTraceAccount a;

  trib_trace_get_account (trace, outlet, &a);
  g_assert_cmpuint (
      a.in, ==, a.written + a.full + a.too_large + a.failed + a.gone + a.unread + a.pending);
  return a;
}

/* takes the times out of the records, as they differ */
void
rig_strip_times (gchar *text)
{
  static const gchar name[] = ",\"timestamp_ns\":";
  gchar *to = text;

  for (const gchar *at = text, *end; *at;) {
    if (g_str_has_prefix (at, name)
        && *(end = at + strlen (name) + strspn (at + strlen (name), "0123456789")) == '}')
      at = end;
    else
      *to++ = *at++;
  }
  *to = '\0';
}

gchar *
rig_contents (const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  rig_strip_times (text);
  return g_steal_pointer (&text);
}

/* lines of which each is whole JSON; returns how many hold @word */
guint
rig_count_records (const gchar *text, const gchar *word)
{
  guint n = 0;

  while (*text != '\0') {
    const gchar *end = strchr (text, '\n');
    g_autoptr (GError) error = NULL;
    g_autofree gchar *line = NULL;

    g_assert_nonnull (end);
    trib_json_validate (text, (gsize) (end - text), NULL, &error);
    g_assert_no_error (error);
    line = g_strndup (text, (gsize) (end - text));
    n += strstr (line, word) != NULL;
    text = end + 1;
  }
  return n;
}

/* the sum of "records" in the lines about losses */
guint64
rig_told_losses (const gchar *text)
{
  guint64 sum = 0;

  while ((text = strstr (text, "\"trace_lost\",\"records\":")) != NULL) {
    text += strlen ("\"trace_lost\",\"records\":");
    sum += g_ascii_strtoull (text, NULL, 10);
  }
  return sum;
}

void
rig_one_of_each (TribTrace *trace, guint64 frame_id)
{
  static const gchar *const sources[] = { "gesture", NULL };
  guint64 dropped = frame_id - 1;

  trib_trace_timing (trace, frame_id, "face", 12 * MS, 1);
  trib_trace_frame_drop (trace, frame_id, &dropped, 1, TRIB_TRACE_DROP_BACKPRESSURE, NULL);
  trib_trace_sync_delay (trace, frame_id, 150 * MS, sources);
}
