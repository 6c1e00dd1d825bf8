/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trib-record-writer.h"

G_BEGIN_DECLS

/* Puts a map that was read into a record that is written, as it stands: no token is looked at
 * again, no number takes another form. */

void trib_record_writer_begin_map_from (TribRecordWriter *w, TribRecordSlice map);

G_END_DECLS
