/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <string.h>

#include "trib-record-fields.h"
#include "trib-record-reader.h"
#include "trib-record-writer.h"

G_BEGIN_DECLS

/* The envelope of a record: the fields that say what it is about, which source it is from and when,
 * read out of one map of either format. The body (faces, poses, whatever a source says) is passed
 * over and stays where it is.
 *
 * Which fields there are, and which kind of record has which, is the table of trib-record-fields.c;
 * docs/records.md says it in words. Rules:
 *   - a field that is null, or an empty text, is not there;
 *   - a field of the record's kind that is there twice, or has a value it cannot have, makes the
 *     record unusable (TRIB_RECORD_ERROR_FIELD); a member that is no field of its kind is body, and
 *     may be anything;
 *   - `session` and `stream` are ids as in frame identities (gst/common/trib-frame-id.h);
 *   - integers are integers: 5.0 is refused where one is due. */

#define TRIB_RECORD_MAX_TEXT_BYTES 255 /* of a text field */
#define TRIB_RECORD_MAX_NAMES 64       /* of a list of names */

typedef struct {
  TribRecordKind kind;
  guint64 has; /* a bit for each TribRecordFieldId that is there, see trib_record_has() */

  TribRecordSlice type;
  TribRecordSlice source; /* when read: the type where the record names no source */
  TribRecordSlice session;
  TribRecordSlice stream;
  TribRecordSlice reason;
  TribRecordSlice component;
  TribRecordSlice trigger_id;
  TribRecordSlice command;
  TribRecordSlice request_id;
  TribRecordSlice flush;
  guint64 frame_id;
  guint64 seq;
  guint64 queue_depth;
  guint64 epoch;
  guint64 pane;
  guint64 spread_ns;
  guint64 part;  /* from 1 on */
  guint64 parts; /* how many; when read: 1 where the record has none, and part is 1 then, too */
  guint64 width;
  guint64 height;
  guint64 records;
  guint64 full;
  guint64 too_large;
  guint64 failed;
  gint64 t_ns;
  gint64 t_start_ns;
  gint64 t_end_ns;
  gint64 arrival_ns;
  gint64 publish_ns;
  gint64 now_ns;
  gint64 shift_ns;
  gint64 timestamp_ns;
  gdouble processing_ms;
  gdouble threshold_ms;
  gdouble delay_ms;
  gdouble wait_ms;
  gdouble score;
  gdouble speed;
  gboolean late;
  gboolean is_slow;
  gboolean loop;
  gboolean stopped;
  gboolean flush_all;
  gboolean finished;
  TribRecordSlice names[TRIB_RECORD_MAX_NAMES]; /* expected, or waiting_for */
  guint n_names;
  /* values as they stand, in the record's format */
  TribRecordSlice dropped_frame_ids;
  guint64 n_dropped; /* how many frame ids those are */
  TribRecordSlice have;
  TribRecordSlice missing;

  TribRecordSlice record; /* all of the map as it stands */
  gsize offset;           /* where it begins in the data */
} TribRecordEnvelope;

/* whether a field is there: trib_record_has (&e, TRIB_RECORD_FIELD_FRAME_ID) */
static inline gboolean
trib_record_has (const TribRecordEnvelope *e, TribRecordFieldId field)
{
  return (e->has >> field) & 1;
}

typedef enum {
  TRIB_RECORD_READ_END,     /* no more records in this data */
  TRIB_RECORD_READ_OK,      /* the envelope is filled */
  TRIB_RECORD_READ_INVALID, /* this record is unusable, the error says why; the next can be read */
  TRIB_RECORD_READ_BROKEN,  /* the data cannot be read any further, the error says why */
} TribRecordRead;

TribRecordRead trib_record_envelope_read (
    TribRecordReader *r, TribRecordEnvelope *ret_envelope, GError **error);
gboolean trib_record_envelope_parse (TribRecordReader *r, TribRecordFormat format,
    gconstpointer data, gsize len, TribRecordEnvelope *ret_envelope, GError **error);

/* Writers. Each writes the word of the envelope's kind, and the fields that `has` names. */
#define TRIB_RECORD_TEXT(text) ((TribRecordSlice){ (text), strlen (text) })

void trib_record_envelope_begin (TribRecordWriter *w, const TribRecordEnvelope *e);
void trib_record_envelope_write (TribRecordWriter *w, const TribRecordEnvelope *e);
void trib_record_frame_drop_write (
    TribRecordWriter *w, const TribRecordEnvelope *e, const guint64 *frame_ids, gsize n);
void trib_record_envelope_write_fields (
    TribRecordWriter *w, const TribRecordEnvelope *e, guint first, guint behind);

G_END_DECLS
