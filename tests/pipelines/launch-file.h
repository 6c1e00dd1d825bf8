/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* A file under launch-lines/: comments that say what it is, then a pipeline over any number of
 * lines.
 *
 *   # about: one sentence                      required
 *   # expect: eos | error <domain>/<code>      required; for instance error resource/not-found
 *   # warns: <domain>/<code> ...               warnings that belong to it
 *   # needs: element ...                       elements of other packages; without them: skipped
 *   # timeout-s: 30
 *   # parameter: NAME "PART OF THE LINE" MEANING   what examples/launch replaces on request
 */

#define LAUNCH_FILE_TIMEOUT_S 30

typedef struct {
  gchar *path;
  gchar *about;
  gchar *expect; /* "eos", or "resource/not-found" */
  gchar **warns;
  gchar **needs;
  GPtrArray *replaceable; /* parts of the pipeline */
  guint timeout_s;
  gchar *pipeline;
} LaunchFile;

LaunchFile *launch_file_read (const gchar *path, GError **error);
void launch_file_free (LaunchFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LaunchFile, launch_file_free)

/* (nullable): what is missing, with the Debian package that has it */
gchar *launch_file_missing (const LaunchFile *file);
/* (nullable): which option of this build leaves the project's own @element out */
gchar *launch_element_left_out (const gchar *element);
/* (nullable): "resource/not-found" of an error of GStreamer's domains */
gchar *launch_error_name (const GError *error);
