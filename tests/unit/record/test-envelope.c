/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <string.h>

#include <record/trib-record-fused.h>

typedef struct {
  TribRecordReader *r;
  TribRecordEnvelope e;
  GError *error;
} Fixture;

static void
fixture_init (Fixture *f)
{
  f->r = trib_record_reader_new (NULL);
  f->error = NULL;
}

static void
fixture_clear (Fixture *f)
{
  trib_record_reader_free (f->r);
  g_clear_error (&f->error);
}

/* The text is copied to memory of exactly its size, which lives until the next call, so that a
 * checker of addresses sees a read beyond its end. */
static gboolean
parse (Fixture *f, const gchar *text)
{
  static gchar *copy;

  g_free (copy);
  copy = g_memdup2 (text, strlen (text));
  g_clear_error (&f->error);
  return trib_record_envelope_parse (f->r, TRIB_RECORD_JSON, copy, strlen (text), &f->e, &f->error);
}

#define assert_slice(slice, text) g_assert_cmpmem ((slice).str, (slice).len, (text), strlen (text))

static void
test_observation (void)
{
  const gchar *text
      = "{\"type\":\"face\",\"frame_id\":18446744073709551615,\"t_ns\":-9223372036854775808,"
        "\"source\":\"f\\u00e4ce\",\"processing_ms\":31,\"seq\":7,\"part\":2,\"parts\":3,\"width\":"
        "640,"
        "\"height\":480,\"arrival_ns\":12,\"session\":\"s1\",\"stream\":\"214-1\",\"faces\":[{"
        "\"bbox\":[1,2,3,4],"
        "\"source\":1}],"
        "\"score\":[\"body\"],\"have\":3,\"reason\":{}}";
  Fixture f;

  fixture_init (&f);
  g_assert_true (parse (&f, text));
  g_assert_no_error (f.error);
  g_assert_cmpint (f.e.kind, ==, TRIB_RECORD_KIND_OBS);
  assert_slice (f.e.type, "face");
  assert_slice (f.e.source, "f\xc3\xa4"
                            "ce");
  assert_slice (f.e.session, "s1");
  assert_slice (f.e.stream, "214-1");
  assert_slice (f.e.record, text);
  g_assert_cmpuint (f.e.offset, ==, 0);
  g_assert_cmpuint (f.e.frame_id, ==, G_MAXUINT64);
  g_assert_cmpint (f.e.t_ns, ==, G_MININT64);
  g_assert_cmpfloat (f.e.processing_ms, ==, 31.0);
  g_assert_cmpuint (f.e.seq, ==, 7);
  g_assert_cmpuint (f.e.part, ==, 2);
  g_assert_cmpuint (f.e.parts, ==, 3);
  g_assert_cmpuint (f.e.width, ==, 640);
  g_assert_cmpuint (f.e.height, ==, 480);
  g_assert_true (trib_record_has (&f.e, TRIB_RECORD_FIELD_SESSION));
  /* no field of an observation: body, whatever it holds */
  g_assert_false (trib_record_has (&f.e, TRIB_RECORD_FIELD_SCORE));
  g_assert_false (trib_record_has (&f.e, TRIB_RECORD_FIELD_HAVE));
  g_assert_false (trib_record_has (&f.e, TRIB_RECORD_FIELD_REASON));
  g_assert_true (
      parse (&f, "{\"type\":\"announce\",\"frame_id\":0,\"expected\":[\"a\"],\"reason\":\"b\","
                 "\"wait_ms\":1,\"loop\":true,\"dropped_frame_ids\":[1],\"have\":{}}"));
  g_assert_cmpint (f.e.kind, ==, TRIB_RECORD_KIND_OBS);
  g_assert_cmpuint (f.e.n_names, ==, 0);
  g_assert_null (f.e.reason.str);
  g_assert_null (f.e.have.str);
  g_assert_cmpfloat (f.e.wait_ms, ==, 0);
  g_assert_false (f.e.loop);
  g_assert_cmpuint (f.e.n_dropped, ==, 0);

  g_assert_true (parse (&f, "{\"type\":\"pose\",\"source\":null,\"frame_id\":0,\"t_ns\":null}"));
  assert_slice (f.e.source, "pose");
  g_assert_false (trib_record_has (&f.e, TRIB_RECORD_FIELD_SOURCE));
  g_assert_false (trib_record_has (&f.e, TRIB_RECORD_FIELD_T_NS));
  g_assert_cmpuint (f.e.part, ==, 1);
  g_assert_cmpuint (f.e.parts, ==, 1);
  fixture_clear (&f);
}

static const struct {
  const gchar *text;
  TribRecordKind kind;
} kinds[] = {
  { "{\"source\":\"a\",\"t_ns\":5}", TRIB_RECORD_KIND_OBS },
  { "{\"kind\":\"obs\",\"source\":\"a\",\"t_ns\":5}", TRIB_RECORD_KIND_OBS },
  { "{\"now_ns\":3,\"source\":\"a\",\"t_ns\":5}", TRIB_RECORD_KIND_OBS },
  { "{\"kind\":\"empty\",\"source\":\"a\",\"t_ns\":5}", TRIB_RECORD_KIND_EMPTY },
  { "{\"source\":\"a\",\"t_ns\":5,\"reason\":\"busy\",\"kind\":\"skipped\"}",
      TRIB_RECORD_KIND_SKIPPED },
  { "{\"kind\":\"bound\",\"source\":\"a\",\"t_ns\":5}", TRIB_RECORD_KIND_BOUND },
  { "{\"kind\":\"announce\",\"frame_id\":5}", TRIB_RECORD_KIND_ANNOUNCE },
  { "{\"kind\":\"announce\",\"frame_id\":5,\"expected\":[\"a\",\"b\"]}",
      TRIB_RECORD_KIND_ANNOUNCE },
  { "{\"kind\":\"eos\",\"source\":\"a\"}", TRIB_RECORD_KIND_EOS },
  { "{\"type\":\"fused\",\"t_ns\":5,\"reason\":\"complete\",\"have\":{\"a\":{}},\"missing\":[]}",
      TRIB_RECORD_KIND_FUSED },
  { "{\"type\":\"trig\",\"t_start_ns\":5,\"t_end_ns\":6,\"score\":0.5}", TRIB_RECORD_KIND_TRIGGER },
  { "{\"type\":\"control\",\"command\":\"pause\",\"kind\":\"any\"}", TRIB_RECORD_KIND_CONTROL },
  { "{\"record_type\":\"timing\",\"frame_id\":1,\"component\":\"face\",\"processing_ms\":0.5}",
      TRIB_RECORD_KIND_TIMING },
  { "{\"record_type\":\"frame_drop\",\"dropped_frame_ids\":[1,2],\"reason\":\"timeout\"}",
      TRIB_RECORD_KIND_FRAME_DROP },
  { "{\"record_type\":\"sync_delay\",\"frame_id\":1,\"delay_ms\":2,\"waiting_for\":[\"a\"]}",
      TRIB_RECORD_KIND_SYNC_DELAY },
  { "{\"now_ns\":5}", TRIB_RECORD_KIND_CLOCK },
  { "{\"now_ns\":5,\"stopped\":true,\"expected\":[]}", TRIB_RECORD_KIND_CLOCK },
};

static void
test_kinds (void)
{
  Fixture f;

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++) {
    gboolean ok = parse (&f, kinds[i].text);
    g_assert_no_error (f.error);
    g_assert_true (ok);
    g_assert_cmpint (f.e.kind, ==, kinds[i].kind);
  }
  g_assert_true (parse (&f, kinds[7].text));
  g_assert_cmpuint (f.e.n_names, ==, 2);
  assert_slice (f.e.names[1], "b");
  /* a list that is body leaves the one that is a field alone */
  g_assert_true (parse (&f, "{\"record_type\":\"sync_delay\",\"frame_id\":1,\"delay_ms\":2,"
                            "\"waiting_for\":[\"a\"],\"expected\":[\"b\",\"c\"]}"));
  g_assert_cmpuint (f.e.n_names, ==, 1);
  assert_slice (f.e.names[0], "a");
  g_assert_true (parse (&f, "{\"kind\":\"announce\",\"frame_id\":1,\"expected\":[\"b\",\"c\"],"
                            "\"waiting_for\":[\"a\"]}"));
  g_assert_cmpuint (f.e.n_names, ==, 2);
  assert_slice (f.e.names[0], "b");
  g_assert_true (parse (&f, kinds[9].text));
  assert_slice (f.e.have, "{\"a\":{}}");
  assert_slice (f.e.missing, "[]");
  g_assert_true (parse (&f, kinds[13].text));
  assert_slice (f.e.dropped_frame_ids, "[1,2]");
  g_assert_cmpuint (f.e.n_dropped, ==, 2);
  fixture_clear (&f);
}

#define OBS "\"source\":\"a\",\"frame_id\":1"
#define TEXT_32 "0123456789abcdef0123456789abcdef"
#define TEXT_128 TEXT_32 TEXT_32 TEXT_32 TEXT_32

static const struct {
  const gchar *text;
  TribRecordError code;
  const gchar *message;
} refused[] = {
  { "", TRIB_RECORD_ERROR_TRUNCATED, "at byte 0" },
  { "7", TRIB_RECORD_ERROR_TYPE, "an integer, expected a map at byte 0" },
  { "[]", TRIB_RECORD_ERROR_TYPE, "an array, expected a map at byte 0" },
  { "{" OBS "} x", TRIB_RECORD_ERROR_SYNTAX, "at byte 28" },
  { "{" OBS ",\"t_ns\":", TRIB_RECORD_ERROR_TRUNCATED, "at byte 34" },
  { "{" OBS ",\"x\":[}", TRIB_RECORD_ERROR_SYNTAX, "at byte 32" },
  { "{\"frame_id\":-1,\"x\":[}", TRIB_RECORD_ERROR_SYNTAX, "at byte 20" },
  { "{}", TRIB_RECORD_ERROR_FIELD, "an observation without frame_id and t_ns at byte 0" },
  { "{\"t_ns\":1}", TRIB_RECORD_ERROR_FIELD, "an observation without source and type at byte 0" },
  { "{\"type\":\"\",\"t_ns\":1}", TRIB_RECORD_ERROR_FIELD,
      "an observation without source and type at byte 0" },
  { "{\"type\":7}", TRIB_RECORD_ERROR_FIELD, "type is an integer, expected a text, at byte 8" },
  { "{" OBS ",\"frame_id\":1}", TRIB_RECORD_ERROR_FIELD, "frame_id a second time at byte 38" },
  { "{" OBS ",\"t_ns\":1.0}", TRIB_RECORD_ERROR_FIELD,
      "t_ns is a number, expected an integer, at byte 34" },
  { "{" OBS ",\"t_ns\":9223372036854775808}", TRIB_RECORD_ERROR_FIELD,
      "t_ns is an integer of more than 63 bits, expected an integer, at byte 34" },
  { "{" OBS ",\"seq\":-1}", TRIB_RECORD_ERROR_FIELD,
      "seq is a negative integer, expected a non-negative integer, at byte 33" },
  { "{" OBS ",\"seq\":{\"a\":[1]}}", TRIB_RECORD_ERROR_FIELD,
      "seq is a map, expected a non-negative integer, at byte 33" },
  { "{" OBS ",\"part\":2}", TRIB_RECORD_ERROR_FIELD, "part 2 of 1 parts at byte 0" },
  { "{" OBS ",\"part\":0,\"parts\":1}", TRIB_RECORD_ERROR_FIELD, "part 0 of 1 parts at byte 0" },
  { "{" OBS ",\"kind\":\"maybe\"}", TRIB_RECORD_ERROR_FIELD,
      "kind is \"maybe\", which is no kind of record, at byte 0" },
  { "{" OBS ",\"kind\":\"trig\"}", TRIB_RECORD_ERROR_FIELD,
      "kind is \"trig\", which is no kind of record, at byte 0" },
  { "{" OBS ",\"record_type\":\"x\"}", TRIB_RECORD_ERROR_FIELD,
      "record_type is \"x\", which is no kind of record, at byte 0" },
  { "{" OBS ",\"session\":\"a\\u0000b\"}", TRIB_RECORD_ERROR_FIELD,
      "session is a text with a NUL in it, expected a text, at byte 37" },
  { "{" OBS ",\"session\":\"a\\nb\"}", TRIB_RECORD_ERROR_FIELD,
      "session is a text with a control character, expected a text, at byte 37" },
  { "{" OBS ",\"stream\":\"a_b\"}", TRIB_RECORD_ERROR_FIELD,
      "stream is a text with an underscore, expected a text, at byte 36" },
  { "{" OBS ",\"stream\":\"\\u007f\"}", TRIB_RECORD_ERROR_FIELD,
      "stream is a text with a control character, expected a text, at byte 36" },
  { "{" OBS ",\"stream\":\"" TEXT_128 "\"}", TRIB_RECORD_ERROR_FIELD,
      "stream is a text of more than 127 bytes, expected a text, at byte 36" },
  { "{\"kind\":\"bound\",\"source\":\"a\"}", TRIB_RECORD_ERROR_FIELD,
      "a bound without t_ns at byte 0" },
  { "{\"kind\":\"announce\",\"t_ns\":1,\"expected\":[\"a\",[]]}", TRIB_RECORD_ERROR_FIELD,
      "expected is an array, expected a list of texts, at byte 39" },
  { "{\"type\":\"trig\",\"t_start_ns\":1}", TRIB_RECORD_ERROR_FIELD,
      "a trigger without t_end_ns at byte 0" },
  { "{\"record_type\":\"frame_drop\",\"reason\":\"x\",\"dropped_frame_ids\":[1,-2]}",
      TRIB_RECORD_ERROR_FIELD,
      "dropped_frame_ids is a negative integer, expected a list of non-negative integers, at byte "
      "61" },
};

static void
test_refused (void)
{
  Fixture f;

  fixture_init (&f);
  for (gsize i = 0; i < G_N_ELEMENTS (refused); i++) {
    g_assert_false (parse (&f, refused[i].text));
    g_assert_error (f.error, TRIB_RECORD_ERROR, (gint) refused[i].code);
    if (!g_str_has_suffix (f.error->message, refused[i].message))
      g_assert_cmpstr (f.error->message, ==, refused[i].message);
  }
  fixture_clear (&f);
}

static void
test_batch (void)
{
  const gchar *text
      = "[{\"source\":\"a\",\"t_ns\":1}, 7, [{}], {\"t_ns\":1}, {\"source\":\"b\\n\",\"t_ns\":2}]";
  Fixture f;
  TribRecordSlice first;

  fixture_init (&f);
  trib_record_reader_set (f.r, TRIB_RECORD_JSON, text, strlen (text));
  g_assert_cmpint (trib_record_envelope_read (f.r, &f.e, &f.error), ==, TRIB_RECORD_READ_OK);
  first = f.e.source;
  for (guint i = 0; i < 3; i++) {
    g_assert_cmpint (trib_record_envelope_read (f.r, &f.e, &f.error), ==, TRIB_RECORD_READ_INVALID);
    if (i < 2)
      g_assert_error (f.error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_TYPE);
    else
      g_assert_error (f.error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_FIELD);
    g_clear_error (&f.error);
  }
  g_assert_cmpint (trib_record_envelope_read (f.r, &f.e, &f.error), ==, TRIB_RECORD_READ_OK);
  assert_slice (first, "a");
  assert_slice (f.e.source, "b\n");
  assert_slice (f.e.record, "{\"source\":\"b\\n\",\"t_ns\":2}");
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (trib_record_envelope_read (f.r, &f.e, &f.error), ==, TRIB_RECORD_READ_END);

  text = "[{\"source\":\"a\",\"t_ns\":1} 7";
  trib_record_reader_set (f.r, TRIB_RECORD_JSON, text, strlen (text));
  g_assert_cmpint (trib_record_envelope_read (f.r, &f.e, &f.error), ==, TRIB_RECORD_READ_OK);
  for (guint i = 0; i < 2; i++) {
    g_assert_cmpint (trib_record_envelope_read (f.r, &f.e, &f.error), ==, TRIB_RECORD_READ_BROKEN);
    g_assert_error (f.error, TRIB_RECORD_ERROR, TRIB_RECORD_ERROR_SYNTAX);
    g_clear_error (&f.error);
  }
  fixture_clear (&f);
}

static void
test_msgpack (void)
{
  static const guint8 data[] = { 0x86, 0xa4, 't', 'y', 'p', 'e', 0xa4, 'f', 'a', 'c', 'e', 0xa8,
    'f', 'r', 'a', 'm', 'e', '_', 'i', 'd', 0xcd, 1, 0, 0xa4, 't', '_', 'n', 's', 0xcf, 0, 0, 0, 1,
    0, 0, 0, 0, 0xad, 'p', 'r', 'o', 'c', 'e', 's', 's', 'i', 'n', 'g', '_', 'm', 's', 0xca, 0x3f,
    0x00, 0, 0, 0xfe, 0xc4, 1, 9, 0xa1, 'x', 0xc7, 2, 5, 1, 2 };
  Fixture f;

  fixture_init (&f);
  g_assert_true (
      trib_record_envelope_parse (f.r, TRIB_RECORD_MSGPACK, data, sizeof data, &f.e, &f.error));
  assert_slice (f.e.source, "face");
  g_assert_cmpuint (f.e.frame_id, ==, 256);
  g_assert_cmpint (f.e.t_ns, ==, G_GINT64_CONSTANT (1) << 32);
  g_assert_cmpfloat (f.e.processing_ms, ==, 0.5);
  g_assert_cmpmem (f.e.record.str, f.e.record.len, data, sizeof data);
  fixture_clear (&f);
}

/* every field of an envelope has a value of its own */
static TribRecordEnvelope
make_envelope (TribRecordKind kind)
{
  return (TribRecordEnvelope){ .kind = kind,
    .has = G_MAXUINT64,
    .source = TRIB_RECORD_TEXT ("s\n"),
    .type = TRIB_RECORD_TEXT ("t"),
    .session = TRIB_RECORD_TEXT ("se"),
    .stream = TRIB_RECORD_TEXT ("st"),
    .reason = TRIB_RECORD_TEXT ("r"),
    .component = TRIB_RECORD_TEXT ("c"),
    .trigger_id = TRIB_RECORD_TEXT ("ti"),
    .command = TRIB_RECORD_TEXT ("co"),
    .request_id = TRIB_RECORD_TEXT ("ri"),
    .flush = TRIB_RECORD_TEXT ("fl"),
    .frame_id = 1,
    .seq = 2,
    .queue_depth = 3,
    .epoch = 4,
    .pane = 5,
    .spread_ns = 6,
    .part = 7,
    .parts = 8,
    .width = 9,
    .height = 10,
    .t_ns = -11,
    .t_start_ns = 12,
    .t_end_ns = 13,
    .arrival_ns = 14,
    .publish_ns = 15,
    .now_ns = 16,
    .shift_ns = 22,
    .timestamp_ns = 23,
    .processing_ms = 17.5,
    .threshold_ms = 22.5,
    .delay_ms = 18.5,
    .wait_ms = 19.5,
    .score = 20.5,
    .speed = 21.5,
    .loop = TRUE,
    .stopped = TRUE,
    .flush_all = TRUE,
    .finished = TRUE,
    .names = { TRIB_RECORD_TEXT ("n") },
    .n_names = 1 };
}

static void
write_fused (TribRecordWriter *w, const TribRecordEnvelope *e, TribRecordReader *r)
{
  g_autoptr (GError) error = NULL;
  gboolean ok;

  TribRecordAnswer answers[] = {
    { "a", TRIB_RECORD_JSON, TRIB_RECORD_TEXT ("{\"x\":1,\"delay_ms\":0}"), 2500000, -1 },
    { "b", TRIB_RECORD_JSON, TRIB_RECORD_TEXT ("{\"x\":2}"), 3500000, -1 },
    { "b", TRIB_RECORD_JSON, TRIB_RECORD_TEXT ("{}"), 4500000, 40000000 },
  };
  TribRecordMissing missing[]
      = { { .source = "c", .why = "timeout" }, { "d", "skipped", TRIB_RECORD_TEXT ("busy") } };
  g_autoptr (TribStreamKey) stream = trib_stream_key_from_record (e);
  TribRecordFused fused = { .has_frame_id = TRUE,
    .stream = stream,
    .frame_id = e->frame_id,
    .t_ns = e->t_ns,
    .epoch = e->epoch,
    .pane = (guint) e->pane,
    .reason = e->reason.str,
    .answers = answers,
    .n_answers = G_N_ELEMENTS (answers),
    .missing = missing,
    .n_missing = G_N_ELEMENTS (missing),
    .spread_ns = e->spread_ns,
    .wait_ns = (gint64) (e->wait_ms * 1e6) };
  ok = trib_record_fused_write (w, &fused, r, &error);
  g_assert_no_error (error);
  g_assert_true (ok);
}

static void
assert_fields (const TribRecordEnvelope *read, const TribRecordEnvelope *written)
{
  const guint64 not_fused = TRIB_RECORD_BIT (SEQ) | TRIB_RECORD_BIT (ARRIVAL_NS)
                            | TRIB_RECORD_BIT (PUBLISH_NS) | TRIB_RECORD_BIT (SOURCE);

  for (guint field = 0; field < TRIB_RECORD_N_FIELDS; field++) {
    gsize offset = trib_record_field ((TribRecordFieldId) field)->offset;
    TribRecordSlice *text = (TribRecordSlice *) ((guint8 *) read + offset);
    TribRecordSlice *wanted = (TribRecordSlice *) ((guint8 *) written + offset);
    gboolean there = (trib_record_kind_fields (written->kind) >> field) & 1;

    if (field == TRIB_RECORD_FIELD_KIND && written->kind == TRIB_RECORD_KIND_OBS)
      there = FALSE;
    /* the aligner's records have no transport fields and no source */
    if (written->kind == TRIB_RECORD_KIND_FUSED && (not_fused >> field) & 1)
      there = FALSE;
    g_assert_cmpint (trib_record_has (read, (TribRecordFieldId) field), ==, there);
    if (!there || field == trib_record_kind_info (written->kind)->word)
      continue;
    switch (trib_record_field ((TribRecordFieldId) field)->value) {
      case TRIB_RECORD_VALUE_TEXT:
      case TRIB_RECORD_VALUE_NAMES:
        g_assert_cmpmem (text->str, text->len, wanted->str, wanted->len);
        break;
      case TRIB_RECORD_VALUE_UINT:
      case TRIB_RECORD_VALUE_INT:
      case TRIB_RECORD_VALUE_FLOAT:
        g_assert_cmpint (memcmp (text, wanted, 8), ==, 0);
        break;
      default:
        break;
    }
  }
}

/* what is written reads back as what it was, in both formats, for every kind and every field */
static void
test_write (void)
{
  static const guint64 ids[] = { 3, G_MAXUINT64 };

  for (guint i = 0; i < 2 * TRIB_RECORD_N_KINDS; i++) {
    TribRecordFormat format = i % 2 == 0 ? TRIB_RECORD_JSON : TRIB_RECORD_MSGPACK;
    g_autoptr (GString) out = g_string_new (NULL);
    TribRecordEnvelope e = make_envelope ((TribRecordKind) (i / 2));
    TribRecordWriter w;
    Fixture f;
    gboolean ok;

    fixture_init (&f);
    trib_record_writer_init (&w, format, out);
    if (e.kind == TRIB_RECORD_KIND_FRAME_DROP)
      trib_record_frame_drop_write (&w, &e, ids, 2);
    else if (e.kind == TRIB_RECORD_KIND_FUSED)
      write_fused (&w, &e, f.r);
    else
      trib_record_envelope_write (&w, &e);
    g_assert_true (trib_record_writer_is_complete (&w));
    ok = trib_record_envelope_parse (f.r, format, out->str, out->len, &f.e, &f.error);
    g_assert_no_error (f.error);
    g_assert_true (ok);
    g_assert_cmpint (f.e.kind, ==, e.kind);
    assert_fields (&f.e, &e);
    if (format == TRIB_RECORD_JSON && e.kind == TRIB_RECORD_KIND_FUSED)
      g_assert_cmpstr (out->str, ==,
          "{\"type\":\"fused\",\"frame_id\":1,\"t_ns\":-11,\"session\":\"se\","
          "\"stream\":\"st\",\"epoch\":4,\"pane\":5,\"reason\":"
          "\"r\","
          "\"have\":{\"a\":{\"x\":1,\"delay_ms\":2.5},\"b\":[{\"x\":2,\"delay_ms\":3.5},"
          "{\"delay_ms\":4.5,\"stale_ms\":40.0}]},\"missing\":[{\"source\":\"c\",\"why\":"
          "\"timeout\"},"
          "{\"source\":\"d\",\"why\":\"skipped\",\"reason\":\"busy\"}],\"spread_ns\":6,\"wait_ms\":"
          "19.5}");
    if (e.kind == TRIB_RECORD_KIND_FRAME_DROP)
      g_assert_cmpuint (f.e.n_dropped, ==, 2);
    fixture_clear (&f);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/record-envelope/observation", test_observation);
  g_test_add_func ("/record-envelope/kinds", test_kinds);
  g_test_add_func ("/record-envelope/refused", test_refused);
  g_test_add_func ("/record-envelope/batch", test_batch);
  g_test_add_func ("/record-envelope/msgpack", test_msgpack);
  g_test_add_func ("/record-envelope/write", test_write);
  return g_test_run ();
}
