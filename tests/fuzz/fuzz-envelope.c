/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <record/trib-record-envelope.h>
#include <record/trib-record-transcode.h>

#include "fuzz.h"

/* The first byte says which format the rest is taken for. Reading records of any data comes to an
 * end. What is one record has an envelope inside the data or the reader's memory, and what is
 * written of the envelope alone reads back as the same envelope. */

static void
check_same (const TribRecordEnvelope *a, const TribRecordEnvelope *b)
{
  g_assert (a->kind == b->kind && a->part == b->part && a->parts == b->parts);
  for (guint i = 0; i < TRIB_RECORD_N_FIELDS; i++) {
    const TribRecordField *field = trib_record_field ((TribRecordFieldId) i);
    gconstpointer pa = (const guint8 *) a + field->offset, pb = (const guint8 *) b + field->offset;
    const TribRecordSlice *ta = pa, *tb = pb;

    if (field->value == TRIB_RECORD_VALUE_WORD || !trib_record_has (a, (TribRecordFieldId) i))
      continue;
    g_assert (trib_record_has (b, (TribRecordFieldId) i));
    if (field->value == TRIB_RECORD_VALUE_TEXT)
      g_assert (ta->len == tb->len && memcmp (ta->str, tb->str, ta->len) == 0);
    else if (field->value == TRIB_RECORD_VALUE_BOOLEAN)
      g_assert (*(const gboolean *) pa == *(const gboolean *) pb);
    else if (field->value == TRIB_RECORD_VALUE_FLOAT)
      g_assert (*(const gdouble *) pa == *(const gdouble *) pb);
    else if (field->value != TRIB_RECORD_VALUE_NAMES)
      g_assert (memcmp (pa, pb, 8) == 0);
  }
  g_assert (a->n_names == b->n_names);
  for (guint i = 0; i < a->n_names; i++)
    g_assert (a->names[i].len == b->names[i].len
              && memcmp (a->names[i].str, b->names[i].str, a->names[i].len) == 0);
}

static void
check_written (const TribRecordEnvelope *e, TribRecordFormat format)
{
  g_autoptr (TribRecordReader) r = trib_record_reader_new (NULL);
  g_autoptr (GString) out = g_string_new (NULL);
  TribRecordEnvelope back;
  TribRecordWriter w;
  gboolean ok;

  /* these have values that the envelope alone does not write */
  if (e->kind == TRIB_RECORD_KIND_FUSED || e->kind == TRIB_RECORD_KIND_FRAME_DROP)
    return;
  trib_record_writer_init (&w, format, out);
  trib_record_envelope_write (&w, e);
  ok = trib_record_envelope_parse (r, format, out->str, out->len, &back, NULL);
  g_assert (ok);
  check_same (e, &back);
}

static void
read_all (TribRecordReader *r, size_t size)
{
  TribRecordEnvelope e;
  TribRecordRead got;
  gsize n = 0;

  do {
    g_autoptr (GError) error = NULL;

    got = trib_record_envelope_read (r, &e, &error);
    g_assert (
        (error != NULL) == (got == TRIB_RECORD_READ_INVALID || got == TRIB_RECORD_READ_BROKEN));
    g_assert (error == NULL || error->domain == TRIB_RECORD_ERROR);
    g_assert (got != TRIB_RECORD_READ_OK || e.offset + e.record.len <= size);
    g_assert (n++ <= size);
  } while (got == TRIB_RECORD_READ_OK || got == TRIB_RECORD_READ_INVALID);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  g_autoptr (TribRecordReader) r = trib_record_reader_new (NULL);
  g_autoptr (GError) error = NULL;
  TribRecordFormat format;
  TribRecordEnvelope e;

  if (size == 0)
    return 0;
  format = data[0] % 2 == 0 ? TRIB_RECORD_JSON : TRIB_RECORD_MSGPACK;
  trib_record_reader_set (r, format, data + 1, size - 1);
  read_all (r, size);
  if (trib_record_envelope_parse (r, format, data + 1, size - 1, &e, &error)) {
    check_written (&e, TRIB_RECORD_JSON);
    check_written (&e, TRIB_RECORD_MSGPACK);
  } else {
    g_assert (error->domain == TRIB_RECORD_ERROR);
    g_assert (strstr (error->message, " at byte ") != NULL);
  }
  return 0;
}
