/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-record-reader.h"

G_BEGIN_DECLS

/* The text forms of observations and triggers (contract OBS-10), from and to records:
 *
 *   OBS src=face frame=7 t_ns=5 faces=1 f0=id:0,conf:0.950,x:0.1000,y:0.1000,w:0.2000,h:0.2000
 *   TRIG label=wave t_start_ns=0 t_end_ns=9 faces=1 score=0.850 reason=hands
 *
 * Words are separated by blanks. Keys that are not known are ignored. */

/* whether @text, behind blanks, begins as a text form does; else it may be JSON */
gboolean trib_obs_text_is (const gchar *text, gsize len);

/* Appends a record of JSON. On error @out is as before. @error: domain TRIB_RECORD_ERROR */
gboolean trib_obs_text_to_record (const gchar *text, gsize len, GString *out, GError **error);

/* Appends the text form of a record, without a line feed; of one that has `signals` the record
 * itself, as JSON. On error @out is as before: a record without a text form is
 * %TRIB_RECORD_ERROR_TYPE, one that lacks what that needs is %TRIB_RECORD_ERROR_FIELD. */
gboolean trib_obs_text_from_record (TribRecordReader *reader, TribRecordFormat format,
    TribRecordSlice record, GString *out, GError **error);

G_END_DECLS
