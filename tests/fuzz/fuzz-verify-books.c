/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <kafka/verify/trib-kafka-verify.h>

#include "fuzz.h"

/* Records with their headers, in any order and of any content, into the verifier's books: they
 * close at every moment, and at the end nothing is open. A record is text, ended by a line with
 * only a dot:
 *
 *   B0 7            topic (M, B or R; N: of runs; S sweeps), partition, offset
 *   THE KEY
 *   name: value     headers, then an empty line
 *
 *   THE VALUE
 *   .
 */

#define MAX_RECORDS 64
#define MAX_HEADERS 8

typedef struct {
  const gchar *text;
  gsize len;
} Piece;

/* the part of @rest up to @end, which is passed over */
static Piece
take (Piece *rest, const gchar *end)
{
  gsize len = strlen (end), at = 0, used;
  Piece piece;

  while (at + len <= rest->len && memcmp (rest->text + at, end, len) != 0)
    at++;
  piece = (Piece){ rest->text, at + len <= rest->len ? at : rest->len };
  used = at + len <= rest->len ? at + len : rest->len;
  rest->text += used;
  rest->len -= used;
  return piece;
}

static guint
read_headers (Piece *rest, TribKafkaHeader *headers, gchar **names)
{
  guint n = 0;

  while (rest->len > 0 && n < MAX_HEADERS) {
    Piece line = take (rest, "\n");
    Piece name;

    if (line.len == 0)
      break;
    name = take (&line, ": ");
    names[n] = g_strndup (name.text, name.len);
    headers[n].name = names[n];
    headers[n].value = line.len > 0 ? line.text : NULL;
    headers[n].len = line.len;
    n++;
  }
  return n;
}

static void
add_record (TribKafkaVerify *v, Piece piece)
{
  TribKafkaHeader headers[MAX_HEADERS];
  gchar *names[MAX_HEADERS] = { NULL };
  Piece where = take (&piece, "\n"), key = take (&piece, "\n");
  TribKafkaVerifyRecord r = { .key = key.text, .key_len = key.len, .headers = headers };
  gchar kind = where.len > 0 ? where.text[0] : 'S';

  if (kind == 'N') {
    trib_kafka_verify_add_run (v, "runs", 0, 0, piece.text, piece.len);
    return;
  }
  if (kind != 'M' && kind != 'B' && kind != 'R') {
    trib_kafka_verify_sweep (v);
    return;
  }
  r.topic = kind == 'M'   ? TRIB_KAFKA_TOPIC_METADATA
            : kind == 'B' ? TRIB_KAFKA_TOPIC_BINARY
                          : TRIB_KAFKA_TOPIC_REGISTRY;
  r.partition = where.len > 1 && where.text[1] == '1';
  if (where.len > 3)
    r.offset = where.text[3] - '0';
  r.offset = MAX (r.offset, 0);
  r.n_headers = read_headers (&piece, headers, names);
  r.value = piece.len > 0 ? piece.text : NULL;
  r.value_len = piece.len;
  trib_kafka_verify_add (v, &r);
  for (guint i = 0; i < r.n_headers; i++)
    g_free (names[i]);
}

static void
check_books (const TribKafkaVerifyCounts *c)
{
  g_assert (c->entries
            == c->proven + c->failed + c->mismatched + c->missing + c->expired + c->unproven
                   + c->pending);
}

static void
check_all_books (const TribKafkaVerify *v)
{
  g_autoptr (GPtrArray) streams = trib_kafka_verify_list_streams (v);
  guint64 entries = 0;

  check_books (trib_kafka_verify_get_counts (v));
  for (guint i = 0; i < streams->len; i++) {
    const TribKafkaVerifyStream *s = g_ptr_array_index (streams, i);
    check_books (&s->counts);
    entries += s->counts.entries;
  }
  g_assert (entries == trib_kafka_verify_get_counts (v)->entries);
}

static void
check_findings (const TribKafkaVerify *v, guint max_findings)
{
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_KINDS; i++) {
    const GPtrArray *list = trib_kafka_verify_get_findings (v, i);
    g_assert (list->len <= max_findings);
    g_assert (trib_kafka_verify_get_found (v, i) >= list->len);
    for (guint k = 0; k < list->len; k++)
      g_assert (((TribKafkaFinding *) g_ptr_array_index (list, k))->detail[0] != '\0');
  }
}

static void
run_books (const gchar *text, gsize size, const gchar *const *sessions)
{
  /* few frames may be open, so that the bound is met, too */
  TribKafkaVerifyConfig config = { .sessions = sessions, .max_open = 6, .max_findings = 3 };
  g_autoptr (TribKafkaVerify) v = NULL;
  Piece rest = { text, size };

  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    config.topics[i] = trib_kafka_default_topics[i];
  v = trib_kafka_verify_new (&config);
  for (guint i = 0; i < TRIB_KAFKA_VERIFY_N_TOPICS; i++)
    trib_kafka_verify_set_low (v, i, 0, 0);
  for (guint n = 0; rest.len > 0 && n < MAX_RECORDS; n++) {
    add_record (v, take (&rest, "\n.\n"));
    check_all_books (v);
    g_assert (trib_kafka_verify_get_open (v) <= config.max_open);
  }
  trib_kafka_verify_finish (v);
  check_all_books (v);
  check_findings (v, config.max_findings);
  g_assert (trib_kafka_verify_get_open (v) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  /* in seeds beginnings of names that can be read in several ways */
  static const gchar *const sessions[] = { "s", "lab", "my", NULL };

  run_books ((const gchar *) data, size, NULL);
  run_books ((const gchar *) data, size, sessions);
  return 0;
}
