/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include <record/trib-obs-text.h>

#include "fuzz.h"

/* OBS-10: what a text form becomes is JSON, and has a text form again, which becomes the same text
 * once more; what is refused leaves nothing. Any bytes as a record, too. */
int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  const gchar *text = (const gchar *) data;
  g_autoptr (TribRecordReader) reader = trib_record_reader_new (NULL);
  g_autoptr (GString) record = g_string_new (NULL), again = g_string_new (NULL);
  g_autoptr (GError) error = NULL;

  for (gint format = TRIB_RECORD_JSON; format <= TRIB_RECORD_MSGPACK; format++) {
    if (!trib_obs_text_from_record (
            reader, (TribRecordFormat) format, (TribRecordSlice){ text, size }, again, &error)) {
      g_assert (error != NULL && again->len == 0);
      g_clear_error (&error);
    }
    g_string_truncate (again, 0);
  }
  if (!trib_obs_text_to_record (text, size, record, &error)) {
    g_assert (error != NULL && error->domain == TRIB_RECORD_ERROR && record->len == 0);
    return 0;
  }
  g_assert (trib_obs_text_is (text, size));
  trib_record_reader_set (reader, TRIB_RECORD_JSON, record->str, record->len);
  g_assert (trib_record_reader_next (reader) == TRIB_RECORD_MAP_BEGIN);
  g_assert (trib_record_reader_skip (reader));
  g_assert (trib_record_reader_next (reader) == TRIB_RECORD_END);
  /* of other types, or without the members that the text form needs, there is none */
  trib_obs_text_from_record (
      reader, TRIB_RECORD_JSON, (TribRecordSlice){ record->str, record->len }, again, NULL);
  return 0;
}
