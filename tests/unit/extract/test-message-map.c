/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The language of the mapping: what is read, what is refused and where. */
#include <extract/trib-message-map.h>
#include <string.h>
#include <trib-test.h>

static TribMessageMap *
map_of (const gchar *text)
{
  g_autoptr (GError) error = NULL;
  TribMessageMap *map = trib_message_map_new (text, &error);

  g_assert_no_error (error);
  return map;
}

static const TribMessageValue *
value_of (const TribMessageRule *rule, guint index, const gchar *key)
{
  const TribMessageMember *member = g_ptr_array_index (rule->members, index);

  g_assert_cmpstr (member->key, ==, key);
  return member->value;
}

static const TribMessageValue *
item_of (const TribMessageValue *value, guint index)
{
  g_assert_cmpuint (index, <, value->items->len);
  return g_ptr_array_index (value->items, index);
}

static void
test_rule (void)
{
  g_autoptr (TribMessageMap) map
      = map_of (" barcode : element=zbar, type=barcode,\n list = codes, each=\"all of them\", "
                "text=symbol, score=quality, *, time=frame ; ; other: * ;");
  const TribMessageRule *rule = trib_message_map_rule (map, 0);

  g_assert_cmpstr (rule->message, ==, "barcode");
  g_assert_cmpstr (rule->element, ==, "zbar");
  g_assert_cmpstr (rule->type, ==, "barcode");
  g_assert_cmpstr (rule->list, ==, "codes");
  g_assert_cmpstr (rule->each, ==, "all of them");
  g_assert_cmpint (rule->time, ==, TRIB_MESSAGE_TIME_FRAME);
  g_assert_true (rule->all);
  g_assert_cmpuint (rule->members->len, ==, 2);
  g_assert_cmpstr (value_of (rule, 0, "text")->text, ==, "symbol");
  g_assert_cmpstr (value_of (rule, 1, "score")->text, ==, "quality");
  rule = trib_message_map_rule (map, 1);
  g_assert_cmpstr (rule->message, ==, "other");
  g_assert_null (rule->type);
  g_assert_true (rule->all);
}

static void
test_values (void)
{
  g_autoptr (TribMessageMap) map = map_of (
      "m: list=l, a=x.y->z, b=\"odd, name\", c='it is, so', d=-1.5e1, e=true, f=[x,[y],2], "
      "g=centred(x,y,w,h), h=pairs(cells), \"time\"=when, i=9lives, j=[]");
  const TribMessageRule *rule = trib_message_map_rule (map, 0);
  const TribMessageValue *value;

  value = value_of (rule, 0, "a");
  g_assert_cmpint (value->kind, ==, TRIB_MESSAGE_VALUE_FIELD);
  g_assert_cmpstr (value->text, ==, "x.y->z");
  g_assert_cmpstr (value_of (rule, 1, "b")->text, ==, "odd, name");
  value = value_of (rule, 2, "c");
  g_assert_cmpint (value->kind, ==, TRIB_MESSAGE_VALUE_TEXT);
  g_assert_cmpstr (value->text, ==, "it is, so");
  value = value_of (rule, 3, "d");
  g_assert_cmpint (value->kind, ==, TRIB_MESSAGE_VALUE_NUMBER);
  g_assert_cmpfloat (value->number, ==, -15);
  g_assert_cmpint (value_of (rule, 4, "e")->kind, ==, TRIB_MESSAGE_VALUE_BOOLEAN);
  value = value_of (rule, 5, "f");
  g_assert_cmpint (value->kind, ==, TRIB_MESSAGE_VALUE_LIST);
  g_assert_cmpint (item_of (value, 1)->kind, ==, TRIB_MESSAGE_VALUE_LIST);
  g_assert_cmpstr (item_of (item_of (value, 1), 0)->text, ==, "y");
  g_assert_cmpfloat (item_of (value, 2)->number, ==, 2);
  value = value_of (rule, 6, "g");
  g_assert_cmpint (value->kind, ==, TRIB_MESSAGE_VALUE_CENTRED);
  g_assert_cmpuint (value->items->len, ==, 4);
  value = value_of (rule, 7, "h");
  g_assert_cmpint (value->kind, ==, TRIB_MESSAGE_VALUE_PAIRS);
  g_assert_cmpstr (value->text, ==, "cells");
  g_assert_cmpstr (value_of (rule, 8, "time")->text, ==, "when");
  g_assert_cmpint (rule->time, ==, TRIB_MESSAGE_TIME_AUTO);
  g_assert_cmpint (value_of (rule, 9, "i")->kind, ==, TRIB_MESSAGE_VALUE_FIELD);
  g_assert_cmpuint (value_of (rule, 10, "j")->items->len, ==, 0);
}

static void
test_find (void)
{
  g_autoptr (TribMessageMap) map = map_of (
      "level: element=other, type=o, *; track*: type=t, *; level: type=mine, element=level, *");
  g_autoptr (TribMessageMap) any = map_of ("*: *");

  g_assert_cmpstr (trib_message_map_find (map, "level", "level")->type, ==, "mine");
  g_assert_cmpstr (trib_message_map_find (map, "level", "other")->type, ==, "o");
  g_assert_null (trib_message_map_find (map, "level", NULL));
  g_assert_cmpstr (trib_message_map_find (map, "tracker", NULL)->type, ==, "t");
  g_assert_cmpstr (trib_message_map_find (map, "track", "x")->type, ==, "t");
  g_assert_null (trib_message_map_find (map, "trac", "x"));
  g_assert_cmpstr (trib_message_map_find (map, "motion", "motioncells")->type, ==, "motion");
  g_assert_nonnull (trib_message_map_find (any, "", NULL));
  g_assert_cmpstr (trib_message_map_type_of (any, "zbar"), ==, "barcode");
  g_assert_null (trib_message_map_type_of (any, "identity"));
}

/* what cannot be, and where: the character that the message names */
static void
test_refused (void)
{
  static const struct {
    const gchar *text;
    TribMessageMapError code;
    guint at;
  } rows[] = {
    { "m", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 2 },
    { "m:", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 3 },
    { ": *", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 1 },
    { "m: a", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 5 },
    { "m: a=", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 6 },
    { "m: a=b c", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 8 },
    { "m: a=b,", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 8 },
    { "m: a=[b", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 8 },
    { "m: a='b", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 6 },
    { "m: a=\"\"", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 6 },
    { "m: a=b, a=c", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 9 },
    { "m: type=a, type=b, *", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 17 },
    { "m: a=f(b)", TRIB_MESSAGE_MAP_ERROR_NAME, 6 },
    { "m: a=centred(b)", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 6 },
    { "m: a=pairs([b])", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 6 },
    { "m: time=now, *", TRIB_MESSAGE_MAP_ERROR_NAME, 9 },
    { "m: type=fused, *", TRIB_MESSAGE_MAP_ERROR_NAME, 9 },
    { "m: list=frame_id, *", TRIB_MESSAGE_MAP_ERROR_NAME, 9 },
    { "m: each=b, *", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 1 },
    { "ok: *; m: width=b", TRIB_MESSAGE_MAP_ERROR_NAME, 8 },
    { "ä: \"ö\"=ü ö", TRIB_MESSAGE_MAP_ERROR_SYNTAX, 10 },
    { "m: a=[[[[[[[[[b]]]]]]]]]", TRIB_MESSAGE_MAP_ERROR_LIMIT, 15 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *begin = g_strdup_printf ("mapping, character %u: ", rows[i].at);

    g_test_message ("%s", rows[i].text);
    g_assert_null (trib_message_map_new (rows[i].text, &error));
    g_assert_error (error, TRIB_MESSAGE_MAP_ERROR, (gint) rows[i].code);
    g_test_message ("%s", error->message);
    g_assert_true (g_str_has_prefix (error->message, begin));
  }
}

static void
test_limits (void)
{
  g_autofree gchar *longest = g_strnfill (TRIB_MESSAGE_MAP_MAX_BYTES, ';');
  g_autofree gchar *longer = g_strnfill (TRIB_MESSAGE_MAP_MAX_BYTES + 1, ';');
  g_autoptr (GError) error = NULL;
  g_autoptr (TribMessageMap) map = map_of (longest);

  g_assert_null (trib_message_map_new (longer, &error));
  g_assert_error (error, TRIB_MESSAGE_MAP_ERROR, TRIB_MESSAGE_MAP_ERROR_LIMIT);
  g_clear_error (&error);
  g_assert_null (trib_message_map_new ("\xff: *", &error));
  g_assert_error (error, TRIB_MESSAGE_MAP_ERROR, TRIB_MESSAGE_MAP_ERROR_SYNTAX);
}

/* the page of the language shows the rules as they are */
static void
test_page (void)
{
  const gchar *root = g_getenv ("TRIB_SOURCE_ROOT");
  g_autofree gchar *path = NULL, *page = NULL;

  g_assert_nonnull (root);
  path = g_build_filename (root, "docs", "internals", "message-map.md", NULL);
  g_assert_true (g_file_get_contents (path, &page, NULL, NULL));
  g_assert_nonnull (strstr (page, trib_message_map_built_in ()));
}

int
main (int argc, char **argv)
{
  trib_test_init (&argc, &argv);
  g_test_add_func ("/message-map/rule", test_rule);
  g_test_add_func ("/message-map/values", test_values);
  g_test_add_func ("/message-map/find", test_find);
  g_test_add_func ("/message-map/refused", test_refused);
  g_test_add_func ("/message-map/limits", test_limits);
  g_test_add_func ("/message-map/page", test_page);
  return trib_test_run ();
}
