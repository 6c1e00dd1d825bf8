/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-stats-posts.h"

#include <string.h>

/* `application/x-<element>-stats` is the structure, `<element>-stats` the message */
#define STRUCTURE_PREFIX "application/x-"

/* @thread: the clock's */
static gboolean
post (GstClock *clock, GstClockTime time, GstClockID id, gpointer user_data)
{
  g_autoptr (GstElement) element = g_weak_ref_get (user_data);
  GstStructure *stats = NULL;
  g_autofree gchar *name = NULL;

  if (element == NULL)
    return FALSE;
  g_object_get (element, "stats", &stats, NULL);
  name = g_strdup (gst_structure_get_name (stats) + strlen (STRUCTURE_PREFIX));
  gst_structure_set_name (stats, name);
  gst_element_post_message (element, gst_message_new_element (GST_OBJECT (element), stats));
  return TRUE;
}

static void
weak_ref_free (gpointer ref)
{
  g_weak_ref_clear (ref);
  g_free (ref);
}

/**
 * trib_stats_posts_start:
 * @id: where the wait is kept; %NULL before
 * @element: has a property `stats`
 * @interval_ms: time between two messages; 0: none, and nothing is begun
 *
 * On the way from READY to PAUSED.
 */
void
trib_stats_posts_start (GstClockID *id, GstElement *element, guint interval_ms)
{
  g_autoptr (GstClock) clock = NULL;
  GWeakRef *ref;

  if (interval_ms == 0)
    return;
  clock = gst_system_clock_obtain ();
  ref = g_new0 (GWeakRef, 1);
  g_weak_ref_init (ref, element);
  *id = gst_clock_new_periodic_id (
      clock, gst_clock_get_time (clock) + interval_ms * GST_MSECOND, interval_ms * GST_MSECOND);
  gst_clock_id_wait_async (*id, post, ref, weak_ref_free);
}

/**
 * trib_stats_posts_stop:
 * @id: as started, or %NULL
 *
 * On the way from PAUSED to READY. A message that is being made is still posted.
 */
void
trib_stats_posts_stop (GstClockID *id)
{
  if (*id == NULL)
    return;
  gst_clock_id_unschedule (*id);
  g_clear_pointer (id, gst_clock_id_unref);
}
