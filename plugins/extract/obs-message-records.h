/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-record-reader.h>

#include "obs-in-flight.h"

G_BEGIN_DECLS

/* Results of a frame as records (OBS-1). */

/**
 * ObsRecordNames:
 * @source: (nullable): name of the source in the records
 * @type: (nullable): type of all records
 * @last_type: type of empty records, unless @type is set
 *
 * All are owned.
 */
typedef struct {
  gchar *source;
  gchar *type;
  gchar *last_type;
} ObsRecordNames;

typedef struct {
  ObsInFlight *in_flight;
  ObsRecordNames *names;
  TribRecordReader *reader;
  TribRecordFormat format;
  const GstSegment *segment; /* of the records */
} ObsRecordMaker;

void obs_record_maker_add (
    ObsRecordMaker *m, const ObsInFlightResult *result, GstBuffer *buffer, GPtrArray *records);

G_END_DECLS
