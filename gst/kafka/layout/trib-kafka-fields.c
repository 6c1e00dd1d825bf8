/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "trib-kafka-fields.h"

#include "trib-kafka-names.h"

#include <string.h>

/* longer than any ISO 8601 time in use */
#define MAX_TIME_BYTES 64

typedef struct {
  const TribKafkaField *fields;
  guint n_fields;
  TribJsonReader *reader;
  guint8 *out;
  guint32 seen;
} FieldsParse;

static gboolean
fail_json (TribJsonReader *reader, GError **error)
{
  const GError *why = trib_json_reader_error (reader);

  g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_JSON, "not JSON: %s",
      why ? why->message : "unexpected token");
  return FALSE;
}

static gboolean
fail_field (const TribKafkaField *field, const gchar *why, GError **error)
{
  g_set_error (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_FIELD, "field %s %s", field->name, why);
  return FALSE;
}

static gboolean
keep_time (const FieldsParse *p, const TribKafkaField *field, const gchar *text, GError **error)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time
      = strlen (text) <= MAX_TIME_BYTES ? g_date_time_new_from_iso8601 (text, utc) : NULL;
  gint64 us;

  if (time == NULL)
    return fail_field (field, "is not an ISO 8601 time", error);
  us = g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time);
  if (field->at != TRIB_KAFKA_FIELD_NOWHERE)
    memcpy (p->out + field->at, &us, sizeof us);
  return TRUE;
}

static gboolean
keep_string (const FieldsParse *p, const TribKafkaField *field, GError **error)
{
  gsize len;
  const gchar *text = trib_json_reader_string (p->reader, &len);

  if (strlen (text) != len)
    return fail_field (field, "has a NUL byte", error);
  if (field->type == TRIB_KAFKA_FIELD_TIME)
    return keep_time (p, field, text, error);
  if (field->type == TRIB_KAFKA_FIELD_STATUS) {
    gboolean failed = strcmp (text, TRIB_KAFKA_STATUS_FAILED) == 0;
    if (!failed && strcmp (text, TRIB_KAFKA_STATUS_LINKED) != 0)
      return fail_field (field, "is neither LINKED nor FAILED", error);
    memcpy (p->out + field->at, &failed, sizeof failed);
  } else if (field->type != TRIB_KAFKA_FIELD_STRING) {
    return fail_field (field, "is text", error);
  } else {
    gchar *copy = g_strndup (text, len);
    memcpy (p->out + field->at, &copy, sizeof copy);
  }
  return TRUE;
}

static gboolean
keep_ratio (const FieldsParse *p, const TribKafkaField *field, gdouble ratio, GError **error)
{
  if (ratio < 0)
    return fail_field (field, "is negative", error);
  memcpy (p->out + field->at, &ratio, sizeof ratio);
  return TRUE;
}

static gboolean
keep_u32 (
    const FieldsParse *p, const TribKafkaField *field, gboolean negative, guint64 u, GError **error)
{
  guint32 value = (guint32) u;

  if (negative)
    return fail_field (field, "is negative", error);
  if (u > G_MAXUINT32)
    return fail_field (field, "does not fit 32 bits", error);
  if (field->max > 0 && u > field->max) {
    g_autofree gchar *why = g_strdup_printf ("is above %u", field->max);
    return fail_field (field, why, error);
  }
  memcpy (p->out + field->at, &value, sizeof value);
  return TRUE;
}

static gboolean
keep_integer (
    const FieldsParse *p, const TribKafkaField *field, TribJsonToken token, GError **error)
{
  gint64 i = token == TRIB_JSON_INT ? trib_json_reader_int (p->reader) : 0;
  guint64 u = token == TRIB_JSON_UINT ? trib_json_reader_uint (p->reader) : (guint64) i;
  gboolean big = token == TRIB_JSON_UINT;

  switch (field->type) {
    case TRIB_KAFKA_FIELD_U64:
      if (i < 0)
        return fail_field (field, "is negative", error);
      memcpy (p->out + field->at, &u, sizeof u);
      return TRUE;
    case TRIB_KAFKA_FIELD_U32:
      return keep_u32 (p, field, i < 0, u, error);
    case TRIB_KAFKA_FIELD_PARTITION:
      if (big || i < 0 || i > G_MAXINT32)
        return fail_field (field, "is no partition number", error);
      memcpy (p->out + field->at, &(gint32){ (gint32) i }, sizeof (gint32));
      return TRUE;
    case TRIB_KAFKA_FIELD_OFFSET:
      if (big || i < 0)
        return fail_field (field, "is no offset", error);
      memcpy (p->out + field->at, &i, sizeof i);
      return TRUE;
    case TRIB_KAFKA_FIELD_I64:
    case TRIB_KAFKA_FIELD_CLOCK:
      if (big)
        return fail_field (field, "does not fit 64 bits", error);
      if (field->at != TRIB_KAFKA_FIELD_NOWHERE)
        memcpy (p->out + field->at, &i, sizeof i);
      return TRUE;
    case TRIB_KAFKA_FIELD_RATIO:
      return keep_ratio (p, field, trib_json_reader_double (p->reader), error);
    default:
      return fail_field (field, "is a number", error);
  }
}

static gboolean
keep_boolean (
    const FieldsParse *p, const TribKafkaField *field, TribJsonToken token, GError **error)
{
  gboolean is = token == TRIB_JSON_TRUE;

  if (field->type != TRIB_KAFKA_FIELD_BOOLEAN)
    return fail_field (field, "is true or false", error);
  memcpy (p->out + field->at, &is, sizeof is);
  return TRUE;
}

/* what may be absent may be null, which says as much */
static gboolean
keep_null (const FieldsParse *p, const TribKafkaField *field, GError **error)
{
  switch (field->type) {
    case TRIB_KAFKA_FIELD_PARTITION:
      memcpy (p->out + field->at, &(gint32){ -1 }, sizeof (gint32));
      return TRUE;
    case TRIB_KAFKA_FIELD_OFFSET:
      memcpy (p->out + field->at, &(gint64){ -1 }, sizeof (gint64));
      return TRUE;
    case TRIB_KAFKA_FIELD_RATIO:
      memcpy (p->out + field->at, &(gdouble){ -1 }, sizeof (gdouble));
      return TRUE;
    case TRIB_KAFKA_FIELD_CLOCK:
      return TRUE;
    default:
      return field->optional || fail_field (field, "is null", error);
  }
}

/* the numbers up to the end of the array, whose begin token has been read */
static gboolean
keep_shape (const FieldsParse *p, const TribKafkaField *field, GError **error)
{
  TribKafkaShape shape = { 0 };
  TribJsonToken token;

  while ((token = trib_json_reader_next (p->reader)) != TRIB_JSON_ARRAY_END) {
    if (token == TRIB_JSON_ERROR_TOKEN)
      return fail_json (p->reader, error);
    if ((token != TRIB_JSON_INT || trib_json_reader_int (p->reader) < 0) && token != TRIB_JSON_UINT)
      return fail_field (field, "holds something else than sizes", error);
    if (shape.n == G_N_ELEMENTS (shape.sizes))
      return fail_field (field, "has more than 4 dimensions", error);
    shape.sizes[shape.n++] = trib_json_reader_uint (p->reader);
  }
  memcpy (p->out + field->at, &shape, sizeof shape);
  return TRUE;
}

static gboolean
keep (const FieldsParse *p, const TribKafkaField *field, TribJsonToken token, GError **error)
{
  switch (token) {
    case TRIB_JSON_STRING:
      return keep_string (p, field, error);
    case TRIB_JSON_INT:
    case TRIB_JSON_UINT:
      return keep_integer (p, field, token, error);
    case TRIB_JSON_DOUBLE:
      if (field->type == TRIB_KAFKA_FIELD_RATIO)
        return keep_ratio (p, field, trib_json_reader_double (p->reader), error);
      return fail_field (field, "is a fraction or too large", error);
    case TRIB_JSON_TRUE:
    case TRIB_JSON_FALSE:
      return keep_boolean (p, field, token, error);
    case TRIB_JSON_NULL:
      return keep_null (p, field, error);
    case TRIB_JSON_ARRAY_BEGIN:
      if (field->type == TRIB_KAFKA_FIELD_SHAPE)
        return keep_shape (p, field, error);
      return fail_field (field, "is an array", error);
    case TRIB_JSON_OBJECT_BEGIN:
      return fail_field (field, "is an object", error);
    default:
      return fail_json (p->reader, error);
  }
}

static gint
find_field (const FieldsParse *p, const gchar *prefix, const gchar *name, gsize len)
{
  gsize prefix_len = strlen (prefix);

  for (guint i = 0; i < p->n_fields; i++) {
    const gchar *own = p->fields[i].name;
    if (prefix_len > 0) {
      if (strncmp (own, prefix, prefix_len) != 0)
        continue;
      own += prefix_len;
    }
    /* each member of each record is looked up: most names differ in their first byte */
    if (*own == *name && strlen (own) == len && memcmp (own, name, len) == 0)
      return i;
  }
  return -1;
}

/* the members up to the end of the object, whose begin token has been read; @prefix is "" or
 * "compression." */
static gboolean
read_members (FieldsParse *p, const gchar *prefix, GError **error)
{
  TribJsonToken token;

  while ((token = trib_json_reader_next (p->reader)) == TRIB_JSON_KEY) {
    gsize len;
    const gchar *name = trib_json_reader_string (p->reader, &len);
    gboolean nested = *prefix == '\0' && len == strlen (TRIB_KAFKA_JSON_COMPRESSION)
                      && memcmp (name, TRIB_KAFKA_JSON_COMPRESSION, len) == 0;
    gint i = find_field (p, prefix, name, len);

    if (i < 0 && !nested) {
      if (!trib_json_reader_skip (p->reader))
        return fail_json (p->reader, error);
      continue;
    }
    if (i >= 0 && (p->seen & (1u << i)))
      return fail_field (&p->fields[i], "is repeated", error);
    token = trib_json_reader_next (p->reader);
    if (i >= 0) {
      p->seen |= 1u << i;
      if (!keep (p, &p->fields[i], token, error))
        return FALSE;
    } else if (token != TRIB_JSON_OBJECT_BEGIN) {
      g_set_error_literal (
          error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_FIELD, "field compression is no object");
      return FALSE;
    } else if (!read_members (p, TRIB_KAFKA_JSON_COMPRESSION ".", error)) {
      return FALSE;
    }
  }
  return token == TRIB_JSON_OBJECT_END || fail_json (p->reader, error);
}

/**
 * trib_kafka_fields_read:
 * @fields: (array length=n_fields): the members, at most %TRIB_KAFKA_MAX_FIELDS
 * @n_fields: how many
 * @out: the struct that the table's offsets are of
 * @reader: a reader whose memory is used
 * @text: one JSON object
 * @len: its bytes
 * @error: return location; the message names the field
 *
 * Unknown members are skipped. On failure @out may hold strings already:
 * the caller frees them in either case.
 *
 * Returns: whether @text is such an object
 */
gboolean
trib_kafka_fields_read (const TribKafkaField *fields, guint n_fields, gpointer out,
    TribJsonReader *reader, const gchar *text, gsize len, GError **error)
{
  FieldsParse parse = { fields, n_fields, reader, out, 0 };
  FieldsParse *p = &parse;

  g_return_val_if_fail (n_fields <= TRIB_KAFKA_MAX_FIELDS, FALSE);
  trib_json_reader_reset (p->reader, text, len);
  switch (trib_json_reader_next (p->reader)) {
    case TRIB_JSON_OBJECT_BEGIN:
      break;
    case TRIB_JSON_ERROR_TOKEN:
      return fail_json (p->reader, error);
    default:
      g_set_error_literal (error, TRIB_KAFKA_ERROR, TRIB_KAFKA_ERROR_JSON, "not a JSON object");
      return FALSE;
  }
  if (!read_members (p, "", error))
    return FALSE;
  if (trib_json_reader_next (p->reader) != TRIB_JSON_END)
    return fail_json (p->reader, error);
  for (guint i = 0; i < p->n_fields; i++) {
    if (!p->fields[i].optional && !(p->seen & (1u << i)))
      return fail_field (&p->fields[i], "is absent", error);
  }
  return TRUE;
}
