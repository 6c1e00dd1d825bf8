/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>

#include <kafka/layout/trib-kafka-hints.h>

#include "fuzz.h"

/* One text, read as the metadata that any producer may have written. What is taken is text that can
 * be shown; what is refused leaves nothing behind. */

static void
check_text (const gchar *text)
{
  g_assert (text == NULL || g_utf8_validate (text, -1, NULL));
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (TribJsonReader) reader = trib_json_reader_new ("", 0, NULL);
  g_auto (TribKafkaHints) hints = {
    NULL,
  };
  gboolean taken = trib_kafka_hints_parse (&hints, reader, (const gchar *) data, size);

  check_text (hints.caps);
  check_text (hints.content_type);
  check_text (hints.pixel_format);
  check_text (hints.format);
  if (!taken)
    g_assert (hints.caps == NULL && hints.content_type == NULL && hints.pixel_format == NULL
              && hints.format == NULL && hints.width == 0 && hints.height == 0
              && hints.channels == 0);
  return 0;
}
