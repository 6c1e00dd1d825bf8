/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "generic.h"

#include <trib-test.h>

/* Up and down three times, alone, without data; then nothing of the element may be left. What a
 * process opens once it opens in the first round, or later where threads were slow: a leak is what
 * each round adds. */

#define ROUNDS 3
#define MAX_ROUNDS 5
#define WAIT_MS 5000
#define FILES_WAIT_MS 1000

static const GstState ladder[] = { GST_STATE_READY, GST_STATE_PAUSED, GST_STATE_PLAYING,
  GST_STATE_PAUSED, GST_STATE_READY, GST_STATE_NULL };

static guint
count_open_files (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint n = 0;

  while (dir && g_dir_read_name (dir))
    n++;
  return n;
}

static gboolean
files_are_closed (gpointer data)
{
  return count_open_files () <= *(guint *) data;
}

static void
climb (GstElement *element, gboolean sink, guint round, GPtrArray *problems)
{
  for (guint i = 0; i < G_N_ELEMENTS (ladder); i++) {
    GstState state = ladder[i];
    GstStateChangeReturn result = gst_element_set_state (element, state);
    const gchar *name = gst_element_state_get_name (state);

    /* A sink without data waits for its first buffer; nothing else may. */
    if (result == GST_STATE_CHANGE_ASYNC && (!sink || state <= GST_STATE_READY))
      result = gst_element_get_state (element, NULL, NULL, trib_test_scale (WAIT_MS) * GST_MSECOND);
    if (result == GST_STATE_CHANGE_FAILURE)
      generic_problem (problems, "round %u: cannot go to %s", round, name);
    else if (result == GST_STATE_CHANGE_ASYNC && (!sink || state <= GST_STATE_READY))
      generic_problem (problems, "round %u: does not reach %s", round, name);
  }
}

static void
note_end (gpointer data, GObject *object)
{
  *(gboolean *) data = TRUE;
}

static void
drop_last_ref (GstElement *element, const gchar *when, GPtrArray *problems)
{
  gboolean ended = FALSE;

  g_object_weak_ref (G_OBJECT (element), note_end, &ended);
  gst_object_unref (element);
  if (!ended) {
    generic_problem (problems, "%s: a reference to the element is kept", when);
    g_object_weak_unref (G_OBJECT (element), note_end, &ended);
  }
}

void
generic_check_states (GstElementFactory *factory, GPtrArray *problems)
{
  g_autoptr (TribWatchdog) watchdog = trib_watchdog_new (60);
  GstElement *element = generic_make (factory);
  g_autoptr (GstBus) bus = gst_bus_new ();
  gboolean sink, leaks = FALSE;

  drop_last_ref (element, "made and dropped", problems);

  element = generic_make (factory);
  gst_element_set_bus (element, bus);
  sink = GST_OBJECT_FLAG_IS_SET (element, GST_ELEMENT_FLAG_SINK);
  for (guint round = 1; round <= ROUNDS || (leaks && round <= MAX_ROUNDS); round++) {
    g_autofree gchar *when = g_strdup_printf ("round %u", round);
    guint files = count_open_files ();

    climb (element, sink, round, problems);
    generic_drain_bus (bus, TRUE, when, problems);
    leaks = round > 1 && !trib_wait_until (files_are_closed, &files, FILES_WAIT_MS);
  }
  if (leaks)
    generic_problem (
        problems, "leaves open files in each round, %u in the end", count_open_files ());
  gst_element_set_bus (element, NULL);
  gst_bus_set_flushing (bus, TRUE);
  drop_last_ref (element, "after three rounds", problems);
}
