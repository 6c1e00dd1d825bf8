/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "obs-in-flight.h"

G_BEGIN_DECLS

/* Last element inside messageextract: converts the output of the analysing branch to records. */

#define OBS_TYPE_RECORD_WRITER (obs_record_writer_get_type ())
G_DECLARE_FINAL_TYPE (ObsRecordWriter, obs_record_writer, OBS, RECORD_WRITER, GstElement)

GstElement *obs_record_writer_new (ObsInFlight *in_flight);
void obs_record_writer_set_names (
    ObsRecordWriter *self, const gchar *source, const gchar *type, const gchar *usual_type);

G_END_DECLS
