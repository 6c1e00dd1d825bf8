/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text forms of observations and triggers, to records and back (OBS-10). */
#include <string.h>

#include <record/trib-obs-text.h>

static void
test_both_ways (void)
{
  static const struct {
    const gchar *text, *record;
  } cases[] = {
    { "OBS src=face frame=1234 t_ns=5 faces=2 "
      "f0=id:0,conf:0.950,expr:0.800,yaw:1.0,pitch:2.0,x:0.1000,y:0.1000,w:0.2000,h:0.2000 "
      "f1=id:7,conf:0.500",
        "{\"type\":\"face\",\"source\":\"face\",\"frame_id\":1234,\"t_ns\":5,"
        "\"units\":\"relative\",\"faces\":[{\"id\":0,\"confidence\":0.95,\"expression\":0.8,"
        "\"yaw\":1.0,\"pitch\":2.0,\"bbox\":[0.1,0.1,0.2,0.2]},{\"id\":7,\"confidence\":0.5}]}" },
    { "OBS src=face frame=0 t_ns=-1 faces=0",
        "{\"type\":\"face\",\"source\":\"face\",\"frame_id\":0,\"t_ns\":-1,\"units\":\"relative\","
        "\"faces\":[]}" },
    { "OBS src=pose frame=9 t_ns=9223372036854775807 poses=1 p0=id:0,conf:0.900,hr:1,hw:0,wc:2",
        "{\"type\":\"pose\",\"source\":\"pose\",\"frame_id\":9,\"t_ns\":9223372036854775807,"
        "\"poses\":[{\"id\":0,\"confidence\":0.9,\"hand_raised\":true,\"hand_wave\":false,"
        "\"wave_count\":2}]}" },
    { "OBS src=quality frame=3 t_ns=4 blur:712.6,bright:119.9,contrast:0.525,gate:1",
        "{\"type\":\"quality\",\"source\":\"quality\",\"frame_id\":3,\"t_ns\":4,\"blur\":712.6,"
        "\"brightness\":119.9,\"contrast\":0.525,\"gate_open\":true}" },
    { "TRIG label=wave t_start_ns=1 t_end_ns=9 faces=2 score=0.850 reason=hands",
        "{\"type\":\"trig\",\"label\":\"wave\",\"t_start_ns\":1,\"t_end_ns\":9,\"faces\":2,"
        "\"score\":0.85,\"reason\":\"hands\"}" },
  };
  g_autoptr (TribRecordReader) reader = trib_record_reader_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GString) out = g_string_new ("");
    const TribRecordSlice record = { cases[i].record, strlen (cases[i].record) };

    g_assert_true (trib_obs_text_is (cases[i].text, strlen (cases[i].text)));
    g_assert_true (trib_obs_text_to_record (cases[i].text, strlen (cases[i].text), out, &error));
    g_assert_no_error (error);
    g_assert_cmpstr (out->str, ==, cases[i].record);
    g_string_truncate (out, 0);
    g_assert_true (trib_obs_text_from_record (reader, TRIB_RECORD_JSON, record, out, &error));
    g_assert_cmpstr (out->str, ==, cases[i].text);
  }
}

/* what other writers of the forms do */
static void
test_lenient (void)
{
  static const gchar text[] = " OBS  t_ns=2 new=7 frame=1 gate:0 colour:red src=quality \r\n";
  g_autoptr (GString) out = g_string_new ("");
  g_autoptr (GError) error = NULL;

  g_assert_true (trib_obs_text_to_record (text, strlen (text), out, &error));
  g_assert_cmpstr (out->str, ==,
      "{\"type\":\"quality\",\"source\":\"quality\",\"frame_id\":1,\"t_ns\":2,\"gate_open\":"
      "false}");
  g_string_truncate (out, 0);
  g_assert_true (trib_obs_text_to_record ("OBS src=gesture frame=1 t_ns=2", 30, out, &error));
  g_assert_cmpstr (
      out->str, ==, "{\"type\":\"gesture\",\"source\":\"gesture\",\"frame_id\":1,\"t_ns\":2}");
  g_assert_false (trib_obs_text_is ("OBSERVE src=face", 16));
  g_assert_false (trib_obs_text_is ("{\"type\":1}", 10));
  g_assert_false (trib_obs_text_is ("", 0));
}

static void
test_refused_text (void)
{
  static const struct {
    const gchar *text;
    TribRecordError code;
  } cases[] = {
    { "", TRIB_RECORD_ERROR_SYNTAX },
    { "OBSERVE", TRIB_RECORD_ERROR_SYNTAX },
    { "OBS", TRIB_RECORD_ERROR_FIELD },
    { "OBS src= frame=1 t_ns=2", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=\xff frame=1 t_ns=2", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=face frame=1", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=face frame=1x t_ns=2", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=face frame=99999999999999999999 t_ns=2", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=face frame=1 t_ns=2 faces=1", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=face frame=1 t_ns=2 faces=-1", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=face frame=1 t_ns=2 faces=4000000000", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=face frame=1 t_ns=2 faces=1 f0=conf:nan", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=face frame=1 t_ns=2 faces=1 f0=conf:0x10", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=face frame=1 t_ns=2 faces=1 f0=conf:1e999", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=face frame=1 t_ns=2 faces=1 f0=x:1,y:1,w:1", TRIB_RECORD_ERROR_FIELD },
    { "OBS src=pose frame=1 t_ns=2 poses=1 p0=hr:2", TRIB_RECORD_ERROR_FIELD },
    { "TRIG label=x t_start_ns=1", TRIB_RECORD_ERROR_FIELD },
  };
  g_autoptr (GString) many = g_string_new ("OBS src=face frame=1 t_ns=2");
  g_autoptr (GString) out = g_string_new ("kept");

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *exact = g_memdup2 (cases[i].text, strlen (cases[i].text));

    g_test_message ("%s", cases[i].text);
    g_assert_false (trib_obs_text_to_record (exact, strlen (cases[i].text), out, &error));
    g_assert_error (error, TRIB_RECORD_ERROR, (gint) cases[i].code);
    g_assert_cmpstr (out->str, ==, "kept");
  }
  for (guint i = 0; i < 2000; i++)
    g_string_append (many, " a=b");
  g_assert_false (trib_obs_text_to_record (many->str, many->len, out, NULL));
}

/* pixels are divided by the size; what has no text form is refused, or left out */
static void
test_from_records (void)
{
  static const struct {
    const gchar *record, *text; /* NULL: refused */
    TribRecordError code;
  } cases[] = {
    { "{\"faces\":[{\"bbox\":[64,48,32,24],\"expression\":\"happy\",\"confidence\":1}],"
      "\"frame_id\":1,\"t_ns\":2,\"width\":640,\"height\":480,\"type\":\"face\"}",
        "OBS src=face frame=1 t_ns=2 faces=1 f0=conf:1.000,x:0.1000,y:0.1000,w:0.0500,h:0.0500" },
    { "{\"type\":\"face\",\"frame_id\":1,\"t_ns\":2,\"faces\":[{\"bbox\":[1,2,3,4]}]}", NULL,
        TRIB_RECORD_ERROR_FIELD },
    { "{\"type\":\"face\",\"frame_id\":1,\"t_ns\":2,\"units\":\"relative\",\"faces\":[{\"bbox\":"
      "[1,2,3]}]}",
        NULL, TRIB_RECORD_ERROR_FIELD },
    { "{\"type\":\"face\",\"frame_id\":1,\"t_ns\":2,\"faces\":[1]}", NULL, TRIB_RECORD_ERROR_TYPE },
    { "{\"type\":\"face\",\"t_ns\":2}", NULL, TRIB_RECORD_ERROR_FIELD },
    { "{\"type\":\"hands\",\"frame_id\":1,\"t_ns\":2}", NULL, TRIB_RECORD_ERROR_TYPE },
    { "[]", NULL, TRIB_RECORD_ERROR_TYPE },
    { "{\"type\":", NULL, TRIB_RECORD_ERROR_TRUNCATED },
    { "{\"type\":\"trig\",\"t_start_ns\":1,\"t_end_ns\":2,\"reason\":\"two hands\"}",
        "TRIG t_start_ns=1 t_end_ns=2 reason=two_hands" },
    { "{\"source\":\"face\",\"frame_id\":1,\"t_ns\":2,\"signals\":{\"a\":1.5}}",
        "{\"source\":\"face\",\"frame_id\":1,\"t_ns\":2,\"signals\":{\"a\":1.5}}" },
  };
  g_autoptr (TribRecordReader) reader = trib_record_reader_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GString) out = g_string_new ("");
    const TribRecordSlice record = { cases[i].record, strlen (cases[i].record) };
    gboolean good = trib_obs_text_from_record (reader, TRIB_RECORD_JSON, record, out, &error);

    g_test_message ("%s", cases[i].record);
    if (cases[i].text == NULL) {
      g_assert_false (good);
      g_assert_error (error, TRIB_RECORD_ERROR, (gint) cases[i].code);
      g_assert_cmpstr (out->str, ==, "");
    } else {
      g_assert_no_error (error);
      g_assert_cmpstr (out->str, ==, cases[i].text);
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/obs-text/OBS-10/both-ways", test_both_ways);
  g_test_add_func ("/obs-text/OBS-10/lenient", test_lenient);
  g_test_add_func ("/obs-text/OBS-10/refused", test_refused_text);
  g_test_add_func ("/obs-text/OBS-10/from-records", test_from_records);
  return g_test_run ();
}
