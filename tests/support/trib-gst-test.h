/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/gst.h>

#include "trib-test.h"

/* For tests that see elements: harness, generic, pipelines.
 *
 *   int
 *   main (int argc, char **argv)
 *   {
 *     trib_gst_test_init (&argc, &argv);
 *     g_test_add_func ("/frameencodebin/jpeg", test_jpeg);
 *     return trib_gst_test_run ();
 *   }
 *
 * trib_gst_test_run() ends with gst_deinit(), where the leaks tracer reports what is still alive.
 */

void trib_gst_test_init (int *argc, char ***argv);
int trib_gst_test_run (void);

gboolean trib_test_need_elements (const gchar *name, ...) G_GNUC_NULL_TERMINATED;

/* A GstHarness that is torn down at the end of its scope. */
typedef GstHarness TribHarness;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (TribHarness, gst_harness_teardown)

GstMessage *trib_bus_wait (GstElement *pipeline, GstMessageType types, guint timeout_ms);
GstMessage *trib_bus_wait_element (
    GstElement *pipeline, const gchar *structure_name, guint timeout_ms);
void trib_run_to_eos (GstElement *pipeline, guint timeout_ms);
void trib_set_state (GstElement *element, GstState state, guint timeout_ms);

/* one element that does not go to READY, and says RESOURCE/SETTINGS */
void trib_assert_settings_refused (const gchar *launch_line);

GstStructure *trib_element_stats (gpointer element);
guint64 trib_structure_uint64 (const GstStructure *structure, const gchar *field);
