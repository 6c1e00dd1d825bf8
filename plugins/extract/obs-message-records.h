/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <record/trib-record-reader.h>

#include "obs-message-book.h"

G_BEGIN_DECLS

/* What is known of a frame, as records (OBS-1). */

/**
 * ObsRecordNames:
 * @source: (nullable): name of the source in the records
 * @type: (nullable): type of all records
 * @last_type: type of a record that says that nothing was found, unless @type is set
 *
 * All are owned.
 */
typedef struct {
  gchar *source;
  gchar *type;
  gchar *last_type;
} ObsRecordNames;

typedef struct {
  ObsMessageBook *book;
  ObsRecordNames *names;
  TribRecordReader *reader;
  TribRecordFormat format;
  const GstSegment *segment; /* of what goes out */
} ObsRecordMaker;

void obs_record_maker_add (
    ObsRecordMaker *m, const ObsAnswer *answer, GstBuffer *buffer, GPtrArray *records);

G_END_DECLS
